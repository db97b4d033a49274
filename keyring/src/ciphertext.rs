//! The text form of a ciphertext: `vault:v<N>:<base64(nonce ‖ ciphertext ‖ tag)>`.

use crate::{
    base64,
    version::Version,
    versioned::{self, VersionedError},
};

/// What is wrong with the form of a ciphertext. The sentences are the peers'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CiphertextError {
    /// It does not start with `vault:v`.
    #[error("invalid ciphertext: no prefix")]
    NoPrefix,
    /// Nothing stands behind the version.
    #[error("invalid ciphertext: wrong number of fields")]
    WrongNumberOfFields,
    /// The version is no number.
    #[error("invalid ciphertext: version number could not be decoded")]
    BadVersion,
    /// What stands behind the version is no base64.
    #[error("invalid ciphertext: could not decode base64")]
    BadBase64,
}

/// A ciphertext as a caller sent it, split but not yet decoded.
///
/// The version is any integer here, because whether it is too old or too new is for the key to
/// say, and before the base64 is looked at, as the peers do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ciphertext<'a> {
    version: i64,
    encoded: &'a str,
}

impl<'a> Ciphertext<'a> {
    /// Splits the text form.
    ///
    /// # Errors
    /// [`CiphertextError`], which names the first thing that is wrong.
    pub fn parse(text: &'a str) -> Result<Self, CiphertextError> {
        let (version, encoded) = versioned::parse(text).map_err(|error| match error {
            VersionedError::NoPrefix => CiphertextError::NoPrefix,
            VersionedError::WrongNumberOfFields => CiphertextError::WrongNumberOfFields,
            VersionedError::BadVersion => CiphertextError::BadVersion,
        })?;
        // Before versions were counted from 1, the first one was called 0.
        let version = if version == 0 { 1 } else { version };
        Ok(Self { version, encoded })
    }

    /// The version as it stands in the text; it may be negative or larger than any key has.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Decodes `nonce ‖ ciphertext ‖ tag`.
    ///
    /// # Errors
    /// [`CiphertextError::BadBase64`].
    pub fn decode(&self) -> Result<Vec<u8>, CiphertextError> {
        base64::decode(self.encoded.as_bytes()).map_err(|_| CiphertextError::BadBase64)
    }
}

/// Writes the text form of `sealed` (`nonce ‖ ciphertext ‖ tag`) behind what `out` already holds.
pub fn write_text(version: Version, sealed: &[u8], out: &mut String) {
    versioned::write_prefix(version, out);
    base64::encode_append(sealed, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_what_is_wrong() {
        for (text, error) in [
            ("", CiphertextError::NoPrefix),
            ("vault:1:", CiphertextError::NoPrefix),
            ("vault:v1", CiphertextError::WrongNumberOfFields),
            ("vault:vx:AAAA", CiphertextError::BadVersion),
            ("vault:v:AAAA", CiphertextError::BadVersion),
            (
                "vault:v99999999999999999999:AAAA",
                CiphertextError::BadVersion,
            ),
        ] {
            assert_eq!(Ciphertext::parse(text), Err(error), "{text}");
        }
        let bad = Ciphertext::parse("vault:v1:!").unwrap();
        assert_eq!(bad.decode(), Err(CiphertextError::BadBase64));
    }

    #[test]
    fn reads_version_zero_as_one() {
        assert_eq!(Ciphertext::parse("vault:v0:AAAA").unwrap().version(), 1);
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(number in 1u32.., sealed: Vec<u8>) {
            let mut text = String::new();
            write_text(Version::new(number).unwrap(), &sealed, &mut text);
            let ciphertext = Ciphertext::parse(&text).unwrap();
            prop_assert_eq!(ciphertext.version(), i64::from(number));
            prop_assert_eq!(ciphertext.decode().unwrap(), sealed);
        }
    }
}
