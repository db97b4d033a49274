//! Values that must not stay in memory or appear in a log.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A text that is wiped when dropped: a token, a share, or a plaintext in base64.
///
/// The buffers that the JSON parser and the network stack use on the way are not covered.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

/// Bytes that are wiped when dropped: a plaintext.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

/// The text is not padded standard base64 (RFC 4648, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not standard base64")]
pub struct InvalidBase64;

impl SecretText {
    /// Takes ownership of `text` without a copy.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Encodes `bytes` as padded standard base64.
    pub fn from_base64_of(bytes: &[u8]) -> Self {
        Self(base64_simd::STANDARD.encode_to_string(bytes))
    }

    /// Decodes padded standard base64.
    pub fn decode_base64(&self) -> Result<SecretBytes, InvalidBase64> {
        base64_simd::STANDARD
            .decode_to_vec(&self.0)
            .map(SecretBytes)
            .map_err(|_| InvalidBase64)
    }

    /// The secret itself, for sending it or for showing it to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no character at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl SecretBytes {
    /// Takes ownership of `bytes` without a copy.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The secret itself, for using it.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

// Serde's own message for a wrong type quotes the value, so every other type is refused here
// without looking at it.
impl Visitor<'_> for TextVisitor {
    type Value = SecretText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretText, E> {
        Ok(SecretText(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<SecretText, E> {
        Ok(SecretText(text))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretText, E> {
        Err(E::custom("expected a string, found a number"))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretText, E> {
        Err(E::custom("expected a string, found a number"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretText, E> {
        Err(E::custom("expected a string, found a number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(
            format!("{:?}", SecretText::new("s.token")),
            "SecretText(..)"
        );
        assert_eq!(
            format!("{:?}", SecretBytes::new(*b"abc")),
            "SecretBytes(..)"
        );
    }

    #[test]
    fn a_wrong_type_is_refused_without_quoting_it() {
        for json in ["4711", "-4711", "4711.5"] {
            let error = serde_json::from_str::<SecretText>(json).unwrap_err();
            assert!(!error.to_string().contains("4711"), "{error}");
        }
        assert!(serde_json::from_str::<SecretText>("[]").is_err());
        assert!(serde_json::from_str::<SecretText>("null").is_err());
    }

    #[test]
    fn json_escapes_are_undone() {
        let text: SecretText = serde_json::from_str(r#""a\/b\u003d""#).unwrap();
        assert_eq!(text.expose(), "a/b=");
    }

    #[test]
    fn base64_is_strict() {
        let refused = |text: &str| SecretText::new(text).decode_base64().unwrap_err();
        for text in ["!", "aGk", "aGk=\n", "aGl=", "-_-_"] {
            assert_eq!(refused(text), InvalidBase64, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn base64_round_trips(bytes: Vec<u8>) {
            let decoded = SecretText::from_base64_of(&bytes).decode_base64().unwrap();
            proptest::prop_assert_eq!(decoded.expose(), &bytes[..]);
        }
    }
}
