//! What a key does with a message: encrypt and decrypt, in one buffer.
//!
//! ```text
//! Plaintext   ┌── headroom ──┬── message ──┐
//! Sealed      └───── nonce ──┴─ ciphertext ┴─ tag ─┘
//! ```
//! A rewrap decrypts and encrypts in the same buffer without a copy.

use std::{ops::RangeInclusive, sync::Arc};

use zeroize::Zeroizing;

use super::{Derivation, Key, KeyError, KeyPair, KeyVersion, Material, Revocation, Use};
use crate::{
    aead::{Cipher, CipherError, TAG_BYTES},
    algorithm::AeadAlgorithm,
    base64::{self, Base64Error},
    ciphertext::{Ciphertext, write_text},
    kdf,
    rsa::{RsaEncryption, RsaError, RsaPrivateKey},
    secret::SecretBytes,
    version::Version,
};

/// Room for the longest nonce in front of a message.
const HEADROOM: usize = 24;

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

/// How RSA pads what it encrypts (RFC 8017, section 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EncryptionPadding {
    /// OAEP with SHA-256.
    #[default]
    Oaep,
    /// PKCS #1 v1.5. Whoever may ask for decryptions at will can read messages with it
    /// (Bleichenbacher's attack): only for peers that know nothing else.
    Pkcs1v15,
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
    /// The padding of RSA.
    pub padding: EncryptionPadding,
}

/// What a decryption is told, beside the ciphertext.
#[derive(Clone, Copy, Default)]
pub struct Decrypt<'a> {
    /// The context for derivation; empty: none.
    pub context: &'a [u8],
    /// Bytes that were authenticated but not encrypted.
    pub associated_data: &'a [u8],
    /// The padding of RSA.
    pub padding: EncryptionPadding,
}

impl Key {
    /// Encrypts `plaintext`.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn encrypt(&self, request: Encrypt<'_>, plaintext: Plaintext) -> Result<Sealed, KeyError> {
        let version = self.encryption_version(request.version)?;
        self.take_encryption(version)?;
        let number = version.number();
        let sealed = match version.material() {
            Material::Aead { key, cipher } => {
                let algorithm = cipher.algorithm();
                let Plaintext { mut buffer, start } = plaintext;
                let start = self.seal(request, (key, cipher), algorithm, &mut buffer, start)?;
                Sealed {
                    version: number,
                    buffer,
                    start,
                }
            }
            Material::Rsa(pair) => {
                if !request.associated_data.is_empty() {
                    return Err(KeyError::NoAssociatedData(self.policy().key_type));
                }
                let padding = rsa_padding(request.padding);
                let sealed = pair.public().encrypt(padding, plaintext.expose())?;
                Sealed {
                    version: number,
                    buffer: Zeroizing::new(sealed),
                    start: 0,
                }
            }
            _ => return Err(KeyError::EncryptionNotSupported(self.policy().key_type)),
        };
        version.meter().count(Use::Encrypt);
        Ok(sealed)
    }

    /// Encrypts the message that `buffer` holds from `start` on; returns where the nonce begins.
    fn seal(
        &self,
        request: Encrypt<'_>,
        (key, cipher): (&SecretBytes, &Cipher),
        algorithm: AeadAlgorithm,
        buffer: &mut Vec<u8>,
        start: usize,
    ) -> Result<usize, KeyError> {
        let nonce_start = start - algorithm.nonce_bytes();
        let derived: Cipher;
        let cipher = match self.policy().derivation {
            Derivation::None => cipher,
            Derivation::PerContext => {
                derived = kdf::derive_cipher(algorithm, key, context(request.context)?);
                &derived
            }
            Derivation::PerContextByCounter => {
                derived = kdf::derive_cipher_by_counter(algorithm, key, context(request.context)?);
                &derived
            }
            Derivation::Convergent => {
                let (convergent, nonce_key) =
                    kdf::derive_convergent(algorithm, key, context(request.context)?);
                let (head, message) = buffer.split_at_mut(start);
                kdf::convergent_nonce(&nonce_key, message, &mut head[nonce_start..]);
                derived = convergent;
                &derived
            }
        };
        if self.policy().derivation != Derivation::Convergent {
            random_nonce(&mut buffer[nonce_start..start])?;
        }
        cipher
            .seal(buffer, nonce_start, request.associated_data)
            .map_err(|error| self.cipher_error(error))?;
        Ok(nonce_start)
    }

    /// Decrypts `ciphertext`.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::VersionTooNew`] may mean that another replica rotated the key.
    pub fn decrypt(&self, ciphertext: &str, request: Decrypt<'_>) -> Result<Plaintext, KeyError> {
        let policy = self.policy();
        if policy.soft_deleted {
            return Err(KeyError::SoftDeleted);
        }
        if !policy.key_type.supports_encryption() {
            return Err(KeyError::DecryptionNotSupported(policy.key_type));
        }
        let ciphertext = Ciphertext::parse(ciphertext)?;
        let number = self.decryption_version(ciphertext.version())?;
        let mut buffer = Zeroizing::new(ciphertext.decode()?);
        let version = self.working_version(number)?;
        let (key, cipher) = match version.material() {
            Material::Aead { key, cipher } => (key, cipher),
            Material::Rsa(pair) => {
                let plaintext = self.decrypt_rsa(pair, request, &buffer)?;
                version.meter().count(Use::Decrypt);
                return Ok(plaintext);
            }
            _ => return Err(KeyError::DecryptionNotSupported(policy.key_type)),
        };
        let algorithm = cipher.algorithm();
        let derived: Cipher;
        let cipher = match policy.derivation {
            Derivation::None => cipher,
            Derivation::PerContext | Derivation::Convergent => {
                derived = kdf::derive_cipher(algorithm, key, context(request.context)?);
                &derived
            }
            Derivation::PerContextByCounter => {
                derived = kdf::derive_cipher_by_counter(algorithm, key, context(request.context)?);
                &derived
            }
        };
        if buffer.len() < algorithm.nonce_bytes() {
            return Err(KeyError::CiphertextLength);
        }
        cipher
            .open(&mut buffer, request.associated_data)
            .map_err(|error| self.cipher_error(error))?;
        version.meter().count(Use::Decrypt);
        Ok(Plaintext {
            buffer,
            start: algorithm.nonce_bytes(),
        })
    }

    fn decrypt_rsa(
        &self,
        pair: &KeyPair<RsaPrivateKey>,
        request: Decrypt<'_>,
        ciphertext: &[u8],
    ) -> Result<Plaintext, KeyError> {
        if !request.associated_data.is_empty() {
            return Err(KeyError::NoAssociatedData(self.policy().key_type));
        }
        let key = pair.private().ok_or(KeyError::NoPrivatePartToDecrypt)?;
        let padding = rsa_padding(request.padding);
        let message = key
            .decrypt(padding, ciphertext)
            .map_err(|_| self.cipher_error(CipherError::Authenticity))?;
        // With headroom, so that a rewrap to a key version of any type finds its place.
        Ok(Plaintext::copy_of(message.expose()))
    }

    /// Decrypts with whatever version made `ciphertext`, and encrypts again.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn rewrap(&self, ciphertext: &str, request: Encrypt<'_>) -> Result<Sealed, KeyError> {
        let decrypt = Decrypt {
            context: request.context,
            associated_data: request.associated_data,
            padding: request.padding,
        };
        let plaintext = self.decrypt(ciphertext, decrypt)?;
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
        if !policy.key_type.supports_encryption() {
            return Err(KeyError::EncryptionNotSupported(policy.key_type));
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
            .oldest_encrypting()
            .is_some_and(|oldest| number < oldest)
        {
            return Err(KeyError::EncryptionVersionTooOld);
        }
        if number < policy.oldest_decrypting() {
            // What could never be decrypted again is not encrypted.
            return Err(KeyError::NoSuchVersion);
        }
        self.working_version(number).map(|version| &**version)
    }

    /// The version of this number, if it is in use. Every operation with a version's key asks
    /// here.
    ///
    /// # Errors
    /// If the version is disabled, or its key is gone.
    pub fn working_version(&self, number: Version) -> Result<&Arc<KeyVersion>, KeyError> {
        let name = || self.name().to_string();
        match self.policy().revocations.of(number) {
            None => self.version(number).ok_or(KeyError::NoSuchVersion),
            Some(Revocation::Disabled { .. }) => Err(KeyError::VersionDisabled {
                name: name(),
                version: number,
            }),
            Some(Revocation::Destroying { at, .. }) => Err(KeyError::VersionDestroying {
                name: name(),
                version: number,
                at,
            }),
            Some(Revocation::Destroyed { at }) => Err(KeyError::VersionDestroyed {
                version: number,
                at,
            }),
        }
    }

    /// Takes one of the encryptions that were reserved, where they are counted.
    fn take_encryption(&self, version: &KeyVersion) -> Result<(), KeyError> {
        let Some(limit) = self.policy().encryption_limit() else {
            return Ok(());
        };
        if version.meter().take() {
            return Ok(());
        }
        let version = version.number();
        // Instead of ending, the latest version is followed by another, if that is allowed.
        let rotates = version == self.policy().latest_version && self.policy().can_rotate();
        Err(if self.is_used_up(version) && !rotates {
            KeyError::BudgetUsedUp { version, limit }
        } else {
            KeyError::NoneReserved { version }
        })
    }

    fn decryption_version(&self, asked: i64) -> Result<Version, KeyError> {
        let policy = self.policy();
        let usable: RangeInclusive<i64> = i64::from(policy.oldest_decrypting().number())
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

    fn cipher_error(&self, error: CipherError) -> KeyError {
        match error {
            CipherError::Authenticity => KeyError::Authenticity {
                key_type: self.policy().key_type,
            },
            CipherError::TooLong => KeyError::MessageTooLong,
        }
    }
}

fn rsa_padding(padding: EncryptionPadding) -> RsaEncryption {
    match padding {
        EncryptionPadding::Oaep => RsaEncryption::OaepSha256,
        EncryptionPadding::Pkcs1v15 => RsaEncryption::Pkcs1v15,
    }
}

impl From<RsaError> for KeyError {
    fn from(error: RsaError) -> Self {
        match error {
            RsaError::MessageTooLong { .. } => Self::RsaMessageTooLong,
            _ => Self::NoRandomness,
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
