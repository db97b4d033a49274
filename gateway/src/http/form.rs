//! Bodies as an HTML form or `curl -d name=value` sends them.

use bytes::Bytes;
use http::{HeaderMap, header};

use super::Query;

const FORM: &str = "application/x-www-form-urlencoded";

/// The body as JSON. `curl -d` calls everything a form, so a body that looks like JSON is left
/// alone, as the peers do.
pub fn into_json(headers: &HeaderMap, body: Bytes) -> Bytes {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let is_form = kind.is_some_and(|kind| {
        kind.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case(FORM)
    });
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if !is_form || matches!(first, None | Some(b'{' | b'[')) {
        return body;
    }
    let Ok(text) = std::str::from_utf8(&body) else {
        return body;
    };
    let members: serde_json::Map<_, _> = Query::parse(Some(text))
        .into_pairs()
        .map(|(name, value)| (name, serde_json::Value::String(value)))
        .collect();
    serde_json::to_vec(&members)
        .expect("a map of strings is JSON")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(kind: &'static str, body: &'static str) -> Bytes {
        let headers = [(header::CONTENT_TYPE, kind.parse().unwrap())]
            .into_iter()
            .collect();
        into_json(&headers, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn only_forms_become_json() {
        assert_eq!(
            converted(FORM, "plaintext=aGk%3D"),
            r#"{"plaintext":"aGk="}"#
        );
        assert_eq!(converted(FORM, r#" {"a": 1}"#), r#" {"a": 1}"#);
        assert_eq!(converted(FORM, ""), "");
        assert_eq!(converted("text/plain", "a=b"), "a=b");
        let with_charset = "application/x-www-form-urlencoded; charset=utf-8";
        assert_eq!(converted(with_charset, "a=b+c"), r#"{"a":"b c"}"#);
    }
}
