//! The members of a request's JSON object, read as the peers read them.
//!
//! Vault and OpenBao convert between JSON types where it makes sense: `"2"` is a number and
//! `1` is true. Clients rely on it.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::error::Error;

/// A member's name and what it says, as a text.
pub type TextMember<'b> = (Cow<'b, str>, Cow<'b, str>);

/// The members of one JSON object.
#[derive(Debug, Default)]
pub struct Fields<'b> {
    members: Vec<(Cow<'b, str>, &'b RawValue)>,
}

impl<'b> Fields<'b> {
    /// Reads a body: one JSON object, or nothing, or `null`.
    ///
    /// # Errors
    /// 400 if the body is anything else.
    pub fn parse(body: &'b [u8]) -> Result<Self, Error> {
        let Members(members) = parse_strict(body)?;
        Ok(Self { members })
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The member as it stands in the body.
    pub fn raw(&self, field: &str) -> Option<&'b RawValue> {
        // Of members with the same name the last one counts.
        self.members
            .iter()
            .rev()
            .find(|(name, _)| name == field)
            .map(|(_, value)| *value)
    }

    /// Every member as a text: a number as it stands, `null` as nothing.
    ///
    /// # Errors
    /// The name of the first member that is a truth value, a list or an object.
    pub fn into_texts(self) -> Result<Vec<TextMember<'b>>, Cow<'b, str>> {
        self.members
            .into_iter()
            .map(|(name, raw)| match scalar(raw) {
                Some(Scalar::Null) => Ok((name, "".into())),
                Some(Scalar::Number(text)) => Ok((name, text.into())),
                Some(Scalar::String(text)) => Ok((name, text)),
                Some(Scalar::Bool(_)) | None => Err(name),
            })
            .collect()
    }

    /// Whether there is a member of this name that is not `null`.
    pub fn gives(&self, field: &str) -> bool {
        let mut members = self.members.iter();
        members.any(|(name, value)| name == field && value.get() != "null")
    }

    /// Whether there is a member of this name.
    pub fn holds(&self, field: &str) -> bool {
        self.members.iter().any(|(name, _)| name == field)
    }

    /// A string; a number or a truth value is taken as its text.
    ///
    /// # Errors
    /// 400 if it is a list or an object.
    pub fn string(&self, field: &'static str) -> Result<Option<Cow<'b, str>>, Error> {
        self.convert(
            field,
            |scalar| match scalar {
                Scalar::Null => Some("".into()),
                Scalar::Bool(value) => Some(if value { "1" } else { "0" }.into()),
                Scalar::Number(text) => Some(text.into()),
                Scalar::String(text) => Some(text),
            },
            "string",
        )
    }

    /// An integer; a string is read as Go's `ParseInt` with base 0 does.
    ///
    /// # Errors
    /// 400 if it is no integer.
    pub fn integer(&self, field: &'static str) -> Result<Option<i64>, Error> {
        self.convert(
            field,
            |scalar| match scalar {
                Scalar::Null => Some(0),
                Scalar::Bool(value) => Some(i64::from(value)),
                Scalar::Number(text) => text.parse().ok(),
                Scalar::String(text) => parse_integer(&text),
            },
            "int",
        )
    }

    /// A truth value; a string is read as Go's `ParseBool` does.
    ///
    /// # Errors
    /// 400 if it is no truth value.
    pub fn boolean(&self, field: &'static str) -> Result<Option<bool>, Error> {
        self.convert(
            field,
            |scalar| match scalar {
                Scalar::Null => Some(false),
                Scalar::Bool(value) => Some(value),
                Scalar::Number(text) => match text {
                    "0" => Some(false),
                    "1" => Some(true),
                    _ => None,
                },
                Scalar::String(text) if text.is_empty() => Some(false),
                Scalar::String(text) => parse_bool(&text),
            },
            "bool",
        )
    }

    /// A duration in seconds: a number of them, or a text such as `24h`. `null` is no duration.
    ///
    /// # Errors
    /// 400 if it is no duration, or negative.
    pub fn seconds(&self, field: &'static str) -> Result<Option<u64>, Error> {
        let Some(raw) = self.raw(field) else {
            return Ok(None);
        };
        let number = match scalar(raw) {
            Some(Scalar::Null) => return Ok(None),
            Some(Scalar::Number(text)) => text.parse().ok(),
            Some(Scalar::String(text)) => parse_seconds(&text),
            Some(Scalar::Bool(_)) | None => None,
        };
        let number: i64 = number.ok_or_else(|| conversion(field, "duration", raw))?;
        u64::try_from(number).map(Some).map_err(|_| {
            Error::bad_request(format!(
                "Field validation failed: error converting input for field {field:?}: cannot provide negative value '{number}'"
            ))
        })
    }

    /// The warning about members that `known` does not name.
    pub fn unrecognized(&self, known: impl Fn(&str) -> bool) -> Option<String> {
        let unknown = self
            .members
            .iter()
            .map(|(name, _)| &**name)
            .filter(|name| !known(name));
        let mut names: Vec<&str> = unknown.collect();
        names.sort_unstable();
        names.dedup();
        (!names.is_empty()).then(|| {
            format!(
                "Endpoint ignored these unrecognized parameters: [{}]",
                names.join(" ")
            )
        })
    }

    fn convert<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(Scalar<'b>) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>, Error> {
        let Some(raw) = self.raw(field) else {
            return Ok(None);
        };
        scalar(raw)
            .and_then(read)
            .map(Some)
            .ok_or_else(|| conversion(field, expected, raw))
    }
}

/// Reads a body whose members are not converted: one JSON object, or nothing, or `null`.
///
/// # Errors
/// 400 if the body is anything else, or a member has another type.
pub fn parse_strict<'b, T: Deserialize<'b> + Default>(body: &'b [u8]) -> Result<T, Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    let malformed = |reason: &dyn fmt::Display| {
        Error::bad_request(format!("failed to decode JSON input: {reason}"))
    };
    if body.trim_ascii_start().starts_with(b"[") {
        // A list could be read as the members of a struct in their order.
        return Err(malformed(&"expected an object, got a list"));
    }
    let read = serde_json::from_slice::<Option<T>>(body).map_err(|error| malformed(&error))?;
    Ok(read.unwrap_or_default())
}

fn conversion(field: &str, expected: &str, raw: &RawValue) -> Error {
    let found = match raw.get().as_bytes().first() {
        Some(b'[') => "a list",
        Some(b'{') => "an object",
        Some(b'"') => "a string that cannot be read as one",
        Some(b't' | b'f') => "a truth value",
        _ => "a number that cannot be read as one",
    };
    Error::bad_request(format!(
        "Field validation failed: error converting input for field {field:?}: expected type '{expected}', got {found}"
    ))
}

/// A JSON value that is neither a list nor an object.
enum Scalar<'b> {
    Null,
    Bool(bool),
    Number(&'b str),
    String(Cow<'b, str>),
}

fn scalar(raw: &RawValue) -> Option<Scalar<'_>> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'n' => Some(Scalar::Null),
        b't' => Some(Scalar::Bool(true)),
        b'f' => Some(Scalar::Bool(false)),
        b'"' => {
            let Text(text) = serde_json::from_str(text).ok()?;
            Some(Scalar::String(text))
        }
        b'[' | b'{' => None,
        _ => Some(Scalar::Number(text)),
    }
}

/// A string, borrowed from the body where it has no escapes.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Text<'b>(#[serde(borrow)] pub Cow<'b, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Members(members) = Members::deserialize(deserializer)?;
        Ok(Self { members })
    }
}

#[derive(Default)]
struct Members<'b>(Vec<(Cow<'b, str>, &'b RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                // Empty objects in a long list must cost nothing.
                let mut members = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Go's `strconv.ParseInt(text, 0, 64)`, and 0 for an empty text.
fn parse_integer(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, digits) = match text.as_bytes()[0] {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &*lower),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

/// Go's `strconv.ParseBool`.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Seconds, or a Go duration such as `1h30m`, or days such as `2d`; 0 for an empty text.
/// Parts of a second are dropped.
pub fn parse_seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0);
    }
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    if let Some(days) = text.strip_suffix('d') {
        return days.parse::<i64>().ok()?.checked_mul(86_400);
    }
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        rest = &rest[end..];
        total += number * unit;
    }
    // Above a century nothing is a sensible period, and the conversion below stays exact.
    (total < 3.2e9).then_some(sign * total as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, number) in [
            ("2", 2),
            ("0x2", 2),
            ("010", 8),
            ("1_000", 1000),
            ("", 0),
            ("-3", -3),
            ("+4", 4),
        ] {
            assert_eq!(parse_integer(text), Some(number), "{text}");
        }
        for text in ["1.0", " 2", "two", "0x", "-", "--1", "9223372036854775808"] {
            assert_eq!(parse_integer(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_seconds_or_go_durations() {
        for (text, seconds) in [
            ("3600", 3600),
            ("24h", 86_400),
            ("1h30m", 5400),
            ("2d", 172_800),
            ("5000000ms", 5000),
        ] {
            assert_eq!(parse_seconds(text), Some(seconds), "{text}");
        }
        for text in ["h", "1x", "1h1", "one", "1e99h"] {
            assert_eq!(parse_seconds(text), None, "{text}");
        }
    }

    #[test]
    fn names_what_is_not_known() {
        let body = br#"{"b": 1, "plaintext": "eA==", "a": [{"b": 2}], "b": 3}"#;
        let fields = Fields::parse(body).unwrap();
        assert_eq!(fields.string("plaintext").unwrap().unwrap(), "eA==");
        let warning = "Endpoint ignored these unrecognized parameters: [a b]";
        assert_eq!(
            fields.unrecognized(|name| name == "plaintext").unwrap(),
            warning
        );
        assert_eq!(fields.integer("b").unwrap(), Some(3));
    }

    #[test]
    fn only_an_object_is_a_body() {
        for body in ["", "  \n", "null", "{}", " {} "] {
            assert!(Fields::parse(body.as_bytes()).is_ok(), "{body}");
        }
        for body in [
            "[]", "5", "\"x\"", "true", "{", "{\"a\":}", "\u{0}", "{} {}", "{} x",
        ] {
            assert!(Fields::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
