//! One version of a key: its secret, its HMAC key, when it was made, and the expanded cipher.
//!
//! ```text
//! the sealed record of a version, before the barrier seals it (numbers are big-endian)
//! ┌────────┬──────────────────┬──────────────────┬─────────┬─────┬──────────────┬──────────┐
//! │ schema │ created, seconds │ created, nanosec.│ key len │ key │ HMAC key len │ HMAC key │
//! │ 1 byte │ 8 bytes          │ 4 bytes          │ 2 bytes │ …   │ 2 bytes      │ …        │
//! └────────┴──────────────────┴──────────────────┴─────────┴─────┴──────────────┴──────────┘
//! ```

use std::convert::Infallible;

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use crate::{
    aead::Cipher,
    algorithm::{AeadAlgorithm, Algorithm, KeyType},
    secret::SecretBytes,
    version::Version,
};

const SCHEMA: u8 = 1;
const HEADER_BYTES: usize = 1 + 8 + 4;
const HMAC_KEY_BYTES: usize = 32;

/// Why bytes do not make a key version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyVersionError {
    /// The operating system gave no random bytes.
    #[error("the operating system's random source failed")]
    NoRandomness,
    /// The key has the wrong number of bytes for its type.
    #[error("a key of this type has {expected} bytes, not {found}")]
    KeyLength {
        /// What the type asks for.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// The HMAC key is missing or longer than a record can hold.
    #[error("an HMAC key has 1 to 65535 bytes")]
    HmacKeyLength,
    /// The record ends early, goes on too long, or has another schema.
    #[error("the key version record is malformed")]
    Malformed,
}

/// One version of a key.
#[derive(Debug)]
pub struct KeyVersion {
    number: Version,
    created: Timestamp,
    key: SecretBytes,
    hmac_key: SecretBytes,
    cipher: Cipher,
}

impl KeyVersion {
    /// A new version with random keys.
    ///
    /// # Errors
    /// [`KeyVersionError::NoRandomness`].
    pub fn generate(
        key_type: KeyType,
        number: Version,
        created: Timestamp,
    ) -> Result<Self, KeyVersionError> {
        let key = random(aead(key_type)?.key_bytes())?;
        Self::from_secrets(key_type, number, created, key, Self::random_hmac_key()?)
    }

    /// An HMAC key for a version that comes without one.
    ///
    /// # Errors
    /// [`KeyVersionError::NoRandomness`].
    pub fn random_hmac_key() -> Result<SecretBytes, KeyVersionError> {
        random(HMAC_KEY_BYTES)
    }

    /// A version from keys that exist already: a restored backup, an import, a stored record.
    ///
    /// # Errors
    /// If a key has the wrong length.
    pub fn from_secrets(
        key_type: KeyType,
        number: Version,
        created: Timestamp,
        key: SecretBytes,
        hmac_key: SecretBytes,
    ) -> Result<Self, KeyVersionError> {
        let (expected, found) = (aead(key_type)?.key_bytes(), key.len());
        if hmac_key.is_empty() || hmac_key.len() > usize::from(u16::MAX) {
            return Err(KeyVersionError::HmacKeyLength);
        }
        let cipher = Cipher::new(aead(key_type)?, key.expose())
            .map_err(|_| KeyVersionError::KeyLength { expected, found })?;
        Ok(Self {
            number,
            created,
            key,
            hmac_key,
            cipher,
        })
    }

    /// The version's number.
    pub fn number(&self) -> Version {
        self.number
    }

    /// When the version was made.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// The key itself: to derive from, to export and to back up.
    pub fn key(&self) -> &SecretBytes {
        &self.key
    }

    /// The key for HMACs, which every version has beside its own.
    pub fn hmac_key(&self) -> &SecretBytes {
        &self.hmac_key
    }

    /// The expanded key.
    pub(super) fn cipher(&self) -> &Cipher {
        &self.cipher
    }

    /// The record of this version, for the barrier to seal.
    pub fn encode(&self) -> SecretBytes {
        let (key, hmac_key) = (self.key.expose(), self.hmac_key.expose());
        let len = HEADER_BYTES + 2 + key.len() + 2 + hmac_key.len();
        let encoded = SecretBytes::fill_with(len, |mut out| {
            let mut put = |bytes: &[u8]| {
                let (head, tail) = std::mem::take(&mut out).split_at_mut(bytes.len());
                head.copy_from_slice(bytes);
                out = tail;
            };
            put(&[SCHEMA]);
            put(&self.created.as_second().to_be_bytes());
            put(&self.created.subsec_nanosecond().to_be_bytes());
            for secret in [key, hmac_key] {
                let len = u16::try_from(secret.len()).expect("checked when the version was made");
                put(&len.to_be_bytes());
                put(secret);
            }
            Ok::<(), Infallible>(())
        });
        let Ok(encoded) = encoded;
        encoded
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// [`KeyVersionError`]: the record is malformed or does not fit the key type.
    pub fn decode(
        key_type: KeyType,
        number: Version,
        record: &[u8],
    ) -> Result<Self, KeyVersionError> {
        let mut rest = record;
        let [schema] = take::<1>(&mut rest)?;
        let seconds = i64::from_be_bytes(take(&mut rest)?);
        let nanoseconds = i32::from_be_bytes(take(&mut rest)?);
        let key = take_secret(&mut rest)?;
        let hmac_key = take_secret(&mut rest)?;
        let created =
            Timestamp::new(seconds, nanoseconds).map_err(|_| KeyVersionError::Malformed)?;
        // Seconds and nanoseconds of different signs would come back as other numbers.
        let same = (created.as_second(), created.subsec_nanosecond()) == (seconds, nanoseconds);
        if schema != SCHEMA || !rest.is_empty() || !same {
            return Err(KeyVersionError::Malformed);
        }
        Self::from_secrets(key_type, number, created, key, hmac_key)
    }
}

fn aead(key_type: KeyType) -> Result<AeadAlgorithm, KeyVersionError> {
    match key_type.algorithm() {
        Algorithm::Aead(aead) => Ok(aead),
        _ => Err(KeyVersionError::Malformed),
    }
}

fn random(len: usize) -> Result<SecretBytes, KeyVersionError> {
    SecretBytes::fill_with(len, |bytes| SystemRandom::new().fill(bytes))
        .map_err(|_| KeyVersionError::NoRandomness)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], KeyVersionError> {
    let (head, tail) = rest.split_first_chunk().ok_or(KeyVersionError::Malformed)?;
    *rest = tail;
    Ok(*head)
}

fn take_secret(rest: &mut &[u8]) -> Result<SecretBytes, KeyVersionError> {
    let len = usize::from(u16::from_be_bytes(take(rest)?));
    let (secret, tail) = rest
        .split_at_checked(len)
        .ok_or(KeyVersionError::Malformed)?;
    *rest = tail;
    Ok(SecretBytes::copy_of(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_it_writes_and_nothing_shorter() {
        let created = Timestamp::new(1_700_000_000, 123_456_789).unwrap();
        let number = Version::new(7).unwrap();
        let version = KeyVersion::generate(KeyType::Aes256Gcm96, number, created).unwrap();
        let record = version.encode();
        let read = KeyVersion::decode(KeyType::Aes256Gcm96, number, record.expose()).unwrap();
        assert_eq!(read.created(), created);
        assert!(read.key().matches(version.key().expose()));
        assert!(read.hmac_key().matches(version.hmac_key().expose()));
        for len in 0..record.len() {
            let cut = &record.expose()[..len];
            assert!(
                KeyVersion::decode(KeyType::Aes256Gcm96, number, cut).is_err(),
                "{len}"
            );
        }
        assert!(KeyVersion::decode(KeyType::Aes128Gcm96, number, record.expose()).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(record: Vec<u8>) {
            let _ = KeyVersion::decode(KeyType::Aes128Gcm96, Version::FIRST, &record);
        }
    }
}
