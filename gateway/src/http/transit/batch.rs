//! The answers to a batch: one result an item, and the status that follows from them.

use http::StatusCode;
use sealgate_keyring::{key::Sealed, secret::SecretBytes, version::Version};
use serde::{Serialize, Serializer};

use crate::http::{Answer, Fields};

/// What came of one item: a result, or the sentence that says why not.
pub type Outcome<T> = Result<T, String>;

/// `{"batch_results": […]}`.
#[derive(Serialize)]
pub struct BatchResults<T> {
    /// One an item, in the order of the request.
    pub batch_results: Vec<T>,
}

/// The result of an encryption.
#[derive(Serialize)]
pub struct Encrypted {
    #[serde(serialize_with = "ciphertext")]
    ciphertext: Sealed,
    key_version: u32,
}

impl Encrypted {
    /// The ciphertext and the version that made it.
    pub fn new(sealed: Sealed) -> Self {
        Self {
            key_version: sealed.version.number(),
            ciphertext: sealed,
        }
    }

    /// The version that encrypted.
    pub fn version(&self) -> Version {
        self.ciphertext.version
    }
}

/// The result of a decryption.
#[derive(Default, Serialize)]
pub struct Decrypted {
    plaintext: Base64,
}

impl Decrypted {
    /// The message, to be shown as base64.
    pub fn new(message: &[u8]) -> Self {
        let mut text = String::new();
        sealgate_keyring::base64::encode_append(message, &mut text);
        Self {
            plaintext: Base64(Some(SecretBytes::from_vec(text.into_bytes()))),
        }
    }
}

/// Base64 of a message; wiped when dropped.
#[derive(Default)]
struct Base64(Option<SecretBytes>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.as_ref().map_or(&[][..], SecretBytes::expose);
        serializer.serialize_str(str::from_utf8(text).map_err(serde::ser::Error::custom)?)
    }
}

fn ciphertext<S: Serializer>(sealed: &Sealed, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&sealed.to_text())
}

/// One encrypted item: the result or the error, and the item's reference.
#[derive(Serialize)]
pub struct EncryptedItem<'r> {
    #[serde(flatten)]
    result: Option<Encrypted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    reference: &'r str,
}

/// One decrypted item. The plaintext is there, though empty, beside an error.
#[derive(Serialize)]
pub struct DecryptedItem<'r> {
    #[serde(flatten)]
    result: Decrypted,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    reference: &'r str,
}

impl<'r> EncryptedItem<'r> {
    /// Puts an item's outcome beside its reference.
    pub fn new(outcome: Outcome<Encrypted>, reference: &'r str) -> Self {
        let (result, error) = split(outcome);
        Self {
            result,
            error,
            reference,
        }
    }
}

impl<'r> DecryptedItem<'r> {
    /// Puts an item's outcome beside its reference.
    pub fn new(outcome: Outcome<Decrypted>, reference: &'r str) -> Self {
        let (result, error) = split(outcome);
        Self {
            result: result.unwrap_or_default(),
            error,
            reference,
        }
    }
}

fn split<T>(outcome: Outcome<T>) -> (Option<T>, Option<String>) {
    match outcome {
        Ok(result) => (Some(result), None),
        Err(error) => (None, Some(error)),
    }
}

/// How many items went well, and how many did not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Items with a result.
    pub successes: usize,
    /// Items with an error.
    pub failures: usize,
}

impl Tally {
    /// Counts an outcome.
    pub fn count<T>(&mut self, outcome: &Outcome<T>) {
        match outcome {
            Ok(_) => self.successes += 1,
            Err(_) => self.failures += 1,
        }
    }

    /// Puts the status on a batch's answer: 400 if an item failed, unless some did not and the
    /// caller asked for another status in that case.
    pub fn judge(self, answer: Answer, fields: &Fields<'_>) -> Result<Answer, crate::error::Error> {
        let asked = fields.integer("partial_failure_response_code")?;
        if self.failures == 0 {
            return Ok(answer);
        }
        let Some(asked) = asked.filter(|_| self.successes > 0) else {
            return Ok(answer.status(StatusCode::BAD_REQUEST));
        };
        let status = u16::try_from(asked)
            .ok()
            .filter(|asked| (200..600).contains(asked));
        Ok(match status.and_then(|asked| StatusCode::from_u16(asked).ok()) {
            Some(status) => answer.status(status),
            None => answer.status(StatusCode::BAD_REQUEST).warn(Some(
                "invalid HTTP response code override from partial_failure_response_code, reverting to 400",
            )),
        })
    }
}
