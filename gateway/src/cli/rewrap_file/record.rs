//! What all file formats have in common: records, and ciphertexts at places in them.

use std::ops::Range;

/// A text in a record that may be a ciphertext, and where its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The bytes to replace, quotes included.
    pub span: Range<usize>,
    /// The quotation mark around the text, if there is one.
    pub quote: Option<u8>,
    /// The text that the bytes stand for.
    pub text: String,
}

/// What a format finds in one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The values to rewrap, by position, none within another.
    pub values: Vec<Value>,
    /// The record's own context, in base64.
    pub context: Option<String>,
    /// The record's own associated data, in base64.
    pub associated_data: Option<String>,
}

/// Why a record is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum Fault {
    #[error("it is not UTF-8 text")]
    NotText,
    #[error("it is no JSON object: {0}")]
    Json(&'static str),
    #[error("{0} is not a string")]
    NotString(String),
    #[error("there is no column {0}")]
    NoColumn(usize),
    #[error("{0} is missing or empty")]
    Missing(String),
    #[error("{0} is not base64")]
    NotBase64(String),
    #[error("{0:?} is not a ciphertext; it should begin with vault:v")]
    NotCiphertext(String),
}

/// The version in `vault:v<N>:<base64>`, if `text` has that form and no other character.
///
/// Such a text needs no escaping in JSON, and no quotes in CSV with a sane delimiter, so it can
/// take another's place byte for byte. Whether it decrypts is not known.
pub fn ciphertext_version(text: &str) -> Option<u32> {
    let (version, body) = text.strip_prefix("vault:v")?.split_once(':')?;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    if !version.bytes().all(|byte| byte.is_ascii_digit())
        || body.is_empty()
        || !body.bytes().all(is_base64)
    {
        return None;
    }
    version.parse().ok().filter(|&version| version > 0)
}

/// A text for a message: not too long.
pub(super) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 40;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciphertexts_are_told_by_their_form() {
        assert_eq!(ciphertext_version("vault:v1:aGk="), Some(1));
        assert_eq!(ciphertext_version("vault:v4294967295:a+/="), Some(u32::MAX));
        for text in [
            "",
            "vault:v",
            "vault:v1",
            "vault:v1:",
            "vault:v0:aGk=",
            "vault:v-1:aGk=",
            "vault:v+1:aGk=",
            "vault:v4294967296:aGk=",
            "vault:v1:a\"",
            "vault:v1:a b",
            "vault:v1:aGk=\n",
            "Vault:v1:aGk=",
            "vault:vé:aGk=",
        ] {
            assert_eq!(ciphertext_version(text), None, "{text:?}");
        }
    }

    #[test]
    fn excerpts_end_between_characters() {
        assert_eq!(excerpt("é"), "é");
        assert_eq!(excerpt(&"é".repeat(41)), "é".repeat(40) + "…");
    }
}
