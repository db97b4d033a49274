//! The closed table of key types: what each is called, measures and supports.
//!
//! A new type is a new variant; every property below then refuses to compile until it has an
//! answer for it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a key is made for and which algorithm it is used with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum KeyType {
    /// AES-128 in GCM with 96-bit nonces (NIST SP 800-38D).
    Aes128Gcm96,
    /// AES-256 in GCM with 96-bit nonces (NIST SP 800-38D).
    Aes256Gcm96,
    /// ChaCha20-Poly1305 (RFC 8439).
    Chacha20Poly1305,
    /// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha).
    Xchacha20Poly1305,
}

/// A name or number that no key type has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown key type")]
pub struct UnknownKeyType;

impl KeyType {
    /// Every key type, in the order of the documentation.
    pub const ALL: [Self; 4] = [
        Self::Aes128Gcm96,
        Self::Aes256Gcm96,
        Self::Chacha20Poly1305,
        Self::Xchacha20Poly1305,
    ];

    /// The name in the API, such as `aes256-gcm96`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128Gcm96 => "aes128-gcm96",
            Self::Aes256Gcm96 => "aes256-gcm96",
            Self::Chacha20Poly1305 => "chacha20-poly1305",
            Self::Xchacha20Poly1305 => "xchacha20-poly1305",
        }
    }

    /// The number that stands for the type in the peers' key backups.
    pub const fn peer_number(self) -> u32 {
        match self {
            Self::Aes256Gcm96 => 0,
            Self::Chacha20Poly1305 => 5,
            Self::Aes128Gcm96 => 8,
            Self::Xchacha20Poly1305 => 11,
        }
    }

    /// The type that `number` stands for in the peers' key backups.
    ///
    /// # Errors
    /// [`UnknownKeyType`], also for types that only the peers have.
    pub fn from_peer_number(number: u32) -> Result<Self, UnknownKeyType> {
        Self::ALL
            .into_iter()
            .find(|t| t.peer_number() == number)
            .ok_or(UnknownKeyType)
    }

    /// Length of the secret key, in bytes.
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::Aes128Gcm96 => 16,
            Self::Aes256Gcm96 | Self::Chacha20Poly1305 | Self::Xchacha20Poly1305 => 32,
        }
    }

    /// Length of the nonce in front of every ciphertext, in bytes.
    pub const fn nonce_bytes(self) -> usize {
        match self {
            Self::Aes128Gcm96 | Self::Aes256Gcm96 | Self::Chacha20Poly1305 => 12,
            Self::Xchacha20Poly1305 => 24,
        }
    }

    /// How many messages one version may encrypt under random nonces; `None`: no practical limit.
    ///
    /// With 96-bit random nonces 2^32 messages keep the probability that any two share a nonce
    /// below 2^-32 (NIST SP 800-38D, section 8.3). 192-bit nonces do not meet.
    pub const fn message_limit(self) -> Option<u64> {
        match self {
            Self::Aes128Gcm96 | Self::Aes256Gcm96 | Self::Chacha20Poly1305 => Some(1 << 32),
            Self::Xchacha20Poly1305 => None,
        }
    }

    /// Whether keys of this type encrypt.
    pub const fn supports_encryption(self) -> bool {
        match self {
            Self::Aes128Gcm96
            | Self::Aes256Gcm96
            | Self::Chacha20Poly1305
            | Self::Xchacha20Poly1305 => true,
        }
    }

    /// Whether keys of this type decrypt.
    pub const fn supports_decryption(self) -> bool {
        match self {
            Self::Aes128Gcm96
            | Self::Aes256Gcm96
            | Self::Chacha20Poly1305
            | Self::Xchacha20Poly1305 => true,
        }
    }

    /// Whether a key can be derived from a context for each use.
    pub const fn supports_derivation(self) -> bool {
        match self {
            Self::Aes128Gcm96
            | Self::Aes256Gcm96
            | Self::Chacha20Poly1305
            | Self::Xchacha20Poly1305 => true,
        }
    }

    /// Whether equal plaintexts can be made to give equal ciphertexts.
    pub const fn supports_convergent_encryption(self) -> bool {
        match self {
            Self::Aes128Gcm96
            | Self::Aes256Gcm96
            | Self::Chacha20Poly1305
            | Self::Xchacha20Poly1305 => true,
        }
    }

    /// Whether bytes can be authenticated beside the ciphertext.
    pub const fn supports_associated_data(self) -> bool {
        match self {
            Self::Aes128Gcm96
            | Self::Aes256Gcm96
            | Self::Chacha20Poly1305
            | Self::Xchacha20Poly1305 => true,
        }
    }

    /// Whether keys of this type sign and verify.
    pub const fn supports_signing(self) -> bool {
        match self {
            Self::Aes128Gcm96
            | Self::Aes256Gcm96
            | Self::Chacha20Poly1305
            | Self::Xchacha20Poly1305 => false,
        }
    }
}

impl FromStr for KeyType {
    type Err = UnknownKeyType;

    fn from_str(name: &str) -> Result<Self, UnknownKeyType> {
        Self::ALL
            .into_iter()
            .find(|t| t.name() == name)
            .ok_or(UnknownKeyType)
    }
}

impl TryFrom<String> for KeyType {
    type Error = UnknownKeyType;

    fn try_from(name: String) -> Result<Self, UnknownKeyType> {
        name.parse()
    }
}

impl From<KeyType> for &'static str {
    fn from(key_type: KeyType) -> Self {
        key_type.name()
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for key_type in KeyType::ALL {
            assert_eq!(key_type.to_string().parse(), Ok(key_type));
            assert_eq!(
                KeyType::from_peer_number(key_type.peer_number()),
                Ok(key_type)
            );
            let json = serde_json::to_string(&key_type).unwrap();
            assert_eq!(json, format!("\"{key_type}\""));
            assert_eq!(serde_json::from_str::<KeyType>(&json).unwrap(), key_type);
        }
        assert_eq!("AES256-GCM96".parse::<KeyType>(), Err(UnknownKeyType));
        assert_eq!(KeyType::from_peer_number(1), Err(UnknownKeyType));
    }
}
