//! Reading numbers, switches and durations the way the peers do: also from strings.
//!
//! For use as `#[serde(default, deserialize_with = "lenient::number")]` on an `Option`. A missing
//! field and `null` are `None`; what does not fit is an error that names the expected form.

use std::fmt;

use serde::Deserializer;
use serde::de::{self, Visitor};

/// A whole number, not negative: `3` or `"3"`.
pub fn number<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: TryFrom<u64>,
    D: Deserializer<'de>,
{
    let form = Form {
        expected: "a whole number, not negative",
        parse: |text| text.parse().ok(),
    };
    in_range(deserializer.deserialize_any(form)?)
}

/// A switch: `true`, `"true"`, `"1"`, `1` and their opposites.
pub fn switch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let form = Form {
        expected: "true or false",
        parse: parse_switch,
    };
    match deserializer.deserialize_any(form)? {
        None => Ok(None),
        Some(0) => Ok(Some(false)),
        Some(1) => Ok(Some(true)),
        Some(_) => Err(de::Error::custom("expected true or false")),
    }
}

/// Seconds: `3600`, `"3600"`, `"1h"` or `"1h30m"`.
pub fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_any(Form {
        expected: "seconds, or a duration such as \"24h\"",
        parse: parse_seconds,
    })
}

/// Reads `"90"` (seconds) or parts of a number and one of the units `d h m s`, as in `"1h30m"`.
/// An empty text is zero, as in the peers. `None` if the text is neither, or too large.
pub fn parse_seconds(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return if text.is_empty() {
            Some(0)
        } else {
            text.parse().ok()
        };
    }
    let mut total = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        let (unit, after) = match rest.as_bytes()[digits] {
            b'd' => (86_400, &rest[digits + 1..]),
            b'h' => (3_600, &rest[digits + 1..]),
            b'm' => (60, &rest[digits + 1..]),
            b's' => (1, &rest[digits + 1..]),
            _ => return None,
        };
        total = total.checked_add(count.checked_mul(unit)?)?;
        rest = after;
    }
    Some(total)
}

fn parse_switch(text: &str) -> Option<u64> {
    match text {
        "true" | "True" | "TRUE" | "t" | "T" | "1" => Some(1),
        "false" | "False" | "FALSE" | "f" | "F" | "0" | "" => Some(0),
        _ => None,
    }
}

fn in_range<T: TryFrom<u64>, E: de::Error>(value: Option<u64>) -> Result<Option<T>, E> {
    value
        .map(|value| T::try_from(value).map_err(|_| E::custom("the number is too large")))
        .transpose()
}

/// A visitor that ends in a number, whatever the form.
struct Form {
    expected: &'static str,
    parse: fn(&str) -> Option<u64>,
}

impl<'de> Visitor<'de> for Form {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(u64::from(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        u64::try_from(value)
            .map(Some)
            .map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        (self.parse)(text)
            .map(Some)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Message {
        #[serde(default, deserialize_with = "number")]
        count: Option<u32>,
        #[serde(default, deserialize_with = "switch")]
        on: Option<bool>,
        #[serde(default, deserialize_with = "seconds")]
        period: Option<u64>,
    }

    fn read(json: &str) -> Result<Message, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn missing_and_null_are_none() {
        for json in ["{}", r#"{"count":null,"on":null,"period":null}"#] {
            let message = read(json).unwrap();
            assert!(message.count.is_none() && message.on.is_none() && message.period.is_none());
        }
    }

    #[test]
    fn strings_count_as_numbers() {
        assert_eq!(read(r#"{"count":"3"}"#).unwrap().count, Some(3));
        assert_eq!(read(r#"{"count":3}"#).unwrap().count, Some(3));
        assert_eq!(read(r#"{"on":"true"}"#).unwrap().on, Some(true));
        assert_eq!(read(r#"{"on":false}"#).unwrap().on, Some(false));
        assert_eq!(read(r#"{"period":"24h"}"#).unwrap().period, Some(86_400));
        assert_eq!(read(r#"{"period":3600}"#).unwrap().period, Some(3_600));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for json in [
            r#"{"count":-1}"#,
            r#"{"count":"-1"}"#,
            r#"{"count":4294967296}"#,
            r#"{"count":1.5}"#,
            r#"{"count":[]}"#,
            r#"{"on":"yes"}"#,
            r#"{"on":2}"#,
            r#"{"period":"24x"}"#,
            r#"{"period":"h"}"#,
            r#"{"period":"24é"}"#,
            r#"{"period":{}}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn durations_add_up_and_never_overflow() {
        assert_eq!(parse_seconds("1d2h3m4s"), Some(93_784));
        assert_eq!(parse_seconds(""), Some(0));
        assert_eq!(parse_seconds("1h30"), None);
        assert_eq!(parse_seconds("18446744073709551615h"), None);
        assert_eq!(parse_seconds("99999999999999999999"), None);
    }
}
