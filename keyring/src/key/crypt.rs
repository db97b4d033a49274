//! What a key does with a message: encrypt and decrypt, in one buffer.
//!
//! ```text
//! Plaintext   ┌── headroom ──┬── message ──┐
//! Sealed      └───── nonce ──┴─ ciphertext ┴─ tag ─┘
//! ```
//! A rewrap decrypts and encrypts in the same buffer without a copy.

use std::ops::RangeInclusive;

use zeroize::Zeroizing;

use super::{Derivation, Key, KeyVersion};
use crate::{
    aead::{Cipher, CipherError, TAG_BYTES},
    algorithm::KeyType,
    base64::{self, Base64Error},
    ciphertext::{Ciphertext, CiphertextError, write_text},
    kdf,
    version::Version,
};

/// Room for the longest nonce in front of a message.
const HEADROOM: usize = 24;

/// Why a key does not do as asked. The sentences are the peers'.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum KeyError {
    #[error("refusing to use soft-deleted key")]
    SoftDeleted,
    #[error("requested version for encryption is negative")]
    EncryptionVersionNegative,
    #[error("requested version for encryption is higher than the latest key version")]
    EncryptionVersionTooNew,
    #[error("requested version for encryption is less than the minimum encryption key version")]
    EncryptionVersionTooOld,
    #[error("no such key version")]
    NoSuchVersion,
    #[error("invalid ciphertext: version is too new")]
    VersionTooNew,
    #[error("ciphertext or signature version is disallowed by policy (too old)")]
    VersionTooOld,
    #[error(transparent)]
    Ciphertext(#[from] CiphertextError),
    #[error(
        "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key"
    )]
    MissingContext,
    #[error("invalid ciphertext length")]
    CiphertextLength,
    /// Wrong key, context, associated data or a changed byte: which one is not said.
    #[error("{}: message authentication failed", cipher_family(*key_type))]
    Authenticity { key_type: KeyType },
    #[error("the message is too long for this key type")]
    MessageTooLong,
    #[error("the operating system's random source failed")]
    NoRandomness,
}

/// The word that peers put in front of an authentication failure.
fn cipher_family(key_type: KeyType) -> &'static str {
    match key_type {
        KeyType::Aes128Gcm96 | KeyType::Aes256Gcm96 => "cipher",
        _ => "chacha20poly1305",
    }
}

/// A message in a buffer that has room for the nonce in front; wiped when dropped.
pub struct Plaintext {
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
}

impl Plaintext {
    /// Copies a message.
    pub fn copy_of(message: &[u8]) -> Self {
        let mut buffer = Self::buffer_for(message.len());
        buffer.extend_from_slice(message);
        Self {
            buffer,
            start: HEADROOM,
        }
    }

    /// Decodes a message.
    ///
    /// # Errors
    /// [`Base64Error`], as Go's decoder words it.
    pub fn from_base64(text: &[u8]) -> Result<Self, Base64Error> {
        let mut buffer = Self::buffer_for(text.len() / 4 * 3 + 3);
        base64::decode_append(text, &mut buffer)?;
        Ok(Self {
            buffer,
            start: HEADROOM,
        })
    }

    fn buffer_for(message_len: usize) -> Zeroizing<Vec<u8>> {
        let mut buffer = Zeroizing::new(Vec::with_capacity(HEADROOM + message_len + TAG_BYTES));
        buffer.resize(HEADROOM, 0);
        buffer
    }

    /// The message itself.
    pub fn expose(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

/// `nonce ‖ ciphertext ‖ tag` and the version of the key that made it.
pub struct Sealed {
    /// The version that encrypted.
    pub version: Version,
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
}

impl Sealed {
    /// `nonce ‖ ciphertext ‖ tag`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Writes `vault:v<N>:<base64>` behind what `out` already holds.
    pub fn write_text(&self, out: &mut String) {
        write_text(self.version, self.as_bytes(), out);
    }

    /// `vault:v<N>:<base64>`.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write_text(&mut text);
        text
    }
}

/// What an encryption is asked for, beside the message.
#[derive(Clone, Copy, Default)]
pub struct Encrypt<'a> {
    /// The version to encrypt with as the caller wrote it; 0: the latest.
    pub version: i64,
    /// The context for derivation; empty: none.
    pub context: &'a [u8],
    /// Bytes that are authenticated but not encrypted.
    pub associated_data: &'a [u8],
}

impl Key {
    /// Encrypts `plaintext`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn encrypt(&self, request: Encrypt<'_>, plaintext: Plaintext) -> Result<Sealed, KeyError> {
        let version = self.encryption_version(request.version)?;
        let Plaintext { mut buffer, start } = plaintext;
        let key_type = self.aead();
        let nonce_start = start - key_type.nonce_bytes();
        let number = version.number();
        let sealed = match self.policy().derivation {
            Derivation::None => {
                random_nonce(&mut buffer[nonce_start..start])?;
                version
                    .cipher()
                    .seal(&mut buffer, nonce_start, request.associated_data)
            }
            Derivation::PerContext => {
                let derived =
                    kdf::derive_cipher(key_type, version.key(), context(request.context)?);
                random_nonce(&mut buffer[nonce_start..start])?;
                derived.seal(&mut buffer, nonce_start, request.associated_data)
            }
            Derivation::PerContextByCounter => {
                let context = context(request.context)?;
                let derived = kdf::derive_cipher_by_counter(key_type, version.key(), context);
                random_nonce(&mut buffer[nonce_start..start])?;
                derived.seal(&mut buffer, nonce_start, request.associated_data)
            }
            Derivation::Convergent => {
                let (derived, nonce_key) =
                    kdf::derive_convergent(key_type, version.key(), context(request.context)?);
                let (head, message) = buffer.split_at_mut(start);
                kdf::convergent_nonce(&nonce_key, message, &mut head[nonce_start..]);
                derived.seal(&mut buffer, nonce_start, request.associated_data)
            }
        };
        sealed.map_err(|error| self.cipher_error(error))?;
        Ok(Sealed {
            version: number,
            buffer,
            start: nonce_start,
        })
    }

    /// Decrypts `ciphertext`.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::VersionTooNew`] may mean that another replica rotated the key.
    pub fn decrypt(
        &self,
        ciphertext: &str,
        derivation_context: &[u8],
        associated_data: &[u8],
    ) -> Result<Plaintext, KeyError> {
        if self.policy().soft_deleted {
            return Err(KeyError::SoftDeleted);
        }
        let ciphertext = Ciphertext::parse(ciphertext)?;
        let number = self.decryption_version(ciphertext.version())?;
        let mut buffer = Zeroizing::new(ciphertext.decode()?);
        let version = self.version(number).ok_or(KeyError::NoSuchVersion)?;
        let key_type = self.aead();
        let derived: Cipher;
        let cipher = match self.policy().derivation {
            Derivation::None => version.cipher(),
            Derivation::PerContext | Derivation::Convergent => {
                derived = kdf::derive_cipher(key_type, version.key(), context(derivation_context)?);
                &derived
            }
            Derivation::PerContextByCounter => {
                let context = context(derivation_context)?;
                derived = kdf::derive_cipher_by_counter(key_type, version.key(), context);
                &derived
            }
        };
        if buffer.len() < key_type.nonce_bytes() {
            return Err(KeyError::CiphertextLength);
        }
        cipher
            .open(&mut buffer, associated_data)
            .map_err(|error| self.cipher_error(error))?;
        Ok(Plaintext {
            buffer,
            start: key_type.nonce_bytes(),
        })
    }

    /// Decrypts with whatever version made `ciphertext`, and encrypts again.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn rewrap(&self, ciphertext: &str, request: Encrypt<'_>) -> Result<Sealed, KeyError> {
        let plaintext = self.decrypt(ciphertext, request.context, request.associated_data)?;
        self.encrypt(request, plaintext)
    }

    /// Whether `ciphertext` names a version above the latest one known here.
    pub fn knows_no_version_of(&self, ciphertext: &str) -> bool {
        let latest = i64::from(self.policy().latest_version.number());
        Ciphertext::parse(ciphertext).is_ok_and(|ciphertext| ciphertext.version() > latest)
    }

    fn encryption_version(&self, asked: i64) -> Result<&KeyVersion, KeyError> {
        let policy = self.policy();
        if policy.soft_deleted {
            return Err(KeyError::SoftDeleted);
        }
        let number = match asked {
            0 => policy.latest_version,
            ..0 => return Err(KeyError::EncryptionVersionNegative),
            asked => u32::try_from(asked)
                .ok()
                .and_then(Version::new)
                .filter(|&number| number <= policy.latest_version)
                .ok_or(KeyError::EncryptionVersionTooNew)?,
        };
        if policy
            .min_encryption_version
            .is_some_and(|oldest| number < oldest)
        {
            return Err(KeyError::EncryptionVersionTooOld);
        }
        if number < policy.min_decryption_version {
            // What could never be decrypted again is not encrypted.
            return Err(KeyError::NoSuchVersion);
        }
        self.version(number)
            .map(|version| &**version)
            .ok_or(KeyError::NoSuchVersion)
    }

    fn decryption_version(&self, asked: i64) -> Result<Version, KeyError> {
        let policy = self.policy();
        let usable: RangeInclusive<i64> = i64::from(policy.min_decryption_version.number())
            ..=i64::from(policy.latest_version.number());
        if asked > *usable.end() {
            return Err(KeyError::VersionTooNew);
        }
        if asked < *usable.start() {
            return Err(KeyError::VersionTooOld);
        }
        u32::try_from(asked)
            .ok()
            .and_then(Version::new)
            .ok_or(KeyError::NoSuchVersion)
    }

    fn aead(&self) -> crate::algorithm::AeadAlgorithm {
        match self.policy().key_type.algorithm() {
            crate::algorithm::Algorithm::Aead(aead) => aead,
            _ => unreachable!(),
        }
    }

    fn cipher_error(&self, error: CipherError) -> KeyError {
        match error {
            CipherError::Authenticity => KeyError::Authenticity {
                key_type: self.policy().key_type,
            },
            CipherError::TooLong => KeyError::MessageTooLong,
        }
    }
}

fn context(context: &[u8]) -> Result<&[u8], KeyError> {
    if context.is_empty() {
        Err(KeyError::MissingContext)
    } else {
        Ok(context)
    }
}

fn random_nonce(nonce: &mut [u8]) -> Result<(), KeyError> {
    crate::aead::fill_random_nonce(nonce).map_err(|_| KeyError::NoRandomness)
}
