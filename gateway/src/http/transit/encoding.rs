//! Bytes as text in an answer: base64 or hex, and wiped afterwards.

use sealgate_keyring::{base64, secret::SecretBytes};
use serde::{Serialize, Serializer};

use crate::{error::Error, http::Fields};

/// How a caller wants bytes written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Standard base64.
    Base64,
    /// Lower-case hex.
    Hex,
}

impl Encoding {
    /// What `format` in the body asks for.
    ///
    /// # Errors
    /// 400 if it asks for anything else; `refusal` words it.
    pub fn asked(
        fields: &Fields<'_>,
        default: Self,
        refusal: impl FnOnce(&str) -> String,
    ) -> Result<Self, Error> {
        match fields.string("format")?.as_deref() {
            None => Ok(default),
            Some("base64") => Ok(Self::Base64),
            Some("hex") => Ok(Self::Hex),
            Some(other) => Err(Error::bad_request(refusal(other))),
        }
    }
}

/// Encoded bytes; wiped when dropped.
pub struct Encoded(SecretBytes);

impl Encoded {
    /// Encodes `bytes`.
    pub fn new(bytes: &[u8], encoding: Encoding) -> Self {
        let mut text = String::new();
        match encoding {
            Encoding::Base64 => base64::encode_append(bytes, &mut text),
            Encoding::Hex => {
                // One allocation of the right size, so that none with secrets is left behind.
                text.reserve_exact(bytes.len() * 2);
                for byte in bytes {
                    text.push(digit(byte >> 4));
                    text.push(digit(byte & 15));
                }
            }
        }
        Self(SecretBytes::from_vec(text.into_bytes()))
    }
}

impl Serialize for Encoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = str::from_utf8(self.0.expose()).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(text)
    }
}

/// Without a table, whose cache lines would tell which digits were read.
fn digit(nibble: u8) -> char {
    // 39 is the way from behind '9' to 'a'.
    char::from(b'0' + nibble + 39 * u8::from(nibble > 9))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], encoding: Encoding) -> String {
        serde_json::to_string(&Encoded::new(bytes, encoding)).unwrap()
    }

    #[test]
    fn writes_every_byte() {
        let all: Vec<u8> = (0..=255).collect();
        let hex: String = all.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(text(&all, Encoding::Hex), format!("\"{hex}\""));
        assert_eq!(text(b"\xfb\xff\x00", Encoding::Base64), "\"+/8A\"");
        assert_eq!(text(b"", Encoding::Hex), "\"\"");
    }
}
