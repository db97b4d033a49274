//! The closed table of key types: what each is called, is made of and supports.
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
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on P-256 (FIPS 186-5).
    EcdsaP256,
    /// ECDSA on P-384 (FIPS 186-5).
    EcdsaP384,
    /// ECDSA on P-521 (FIPS 186-5).
    EcdsaP521,
    /// RSA with 2048 bits (RFC 8017).
    Rsa2048,
    /// RSA with 3072 bits (RFC 8017).
    Rsa3072,
    /// RSA with 4096 bits (RFC 8017).
    Rsa4096,
    /// HMAC with a key of 32 to 512 bytes (FIPS 198-1).
    Hmac,
    /// ML-DSA-44 (FIPS 204).
    MlDsa44,
    /// ML-DSA-65 (FIPS 204).
    MlDsa65,
    /// ML-DSA-87 (FIPS 204).
    MlDsa87,
    /// CMAC with AES-128 (NIST SP 800-38B).
    Aes128Cmac,
    /// CMAC with AES-256 (NIST SP 800-38B).
    Aes256Cmac,
}

/// A key type's algorithm with its parameter: what the key's material must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Authenticated encryption with a symmetric key.
    Aead(AeadAlgorithm),
    /// Ed25519.
    Ed25519,
    /// ECDSA, and key agreement, on a curve.
    Ecdsa(Curve),
    /// RSA signatures and encryption.
    Rsa(RsaSize),
    /// HMAC.
    Hmac,
    /// ML-DSA.
    MlDsa(MlDsaParameters),
    /// CMAC.
    Cmac(CmacAlgorithm),
}

/// A cipher that encrypts and authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "as the key types of the same names")]
pub enum AeadAlgorithm {
    Aes128Gcm96,
    Aes256Gcm96,
    Chacha20Poly1305,
    Xchacha20Poly1305,
}

/// A NIST curve (SP 800-186).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names of SP 800-186")]
pub enum Curve {
    P256,
    P384,
    P521,
}

/// The length of an RSA modulus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the lengths in bits")]
pub enum RsaSize {
    Bits2048,
    Bits3072,
    Bits4096,
}

/// A parameter set of ML-DSA (FIPS 204, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names of FIPS 204")]
pub enum MlDsaParameters {
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

/// The block cipher below a CMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names of FIPS 197")]
pub enum CmacAlgorithm {
    Aes128,
    Aes256,
}

/// A name or number that no key type has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown key type")]
pub struct UnknownKeyType;

impl KeyType {
    /// Every key type, in the order of the documentation.
    pub const ALL: [Self; 17] = [
        Self::Aes128Gcm96,
        Self::Aes256Gcm96,
        Self::Chacha20Poly1305,
        Self::Xchacha20Poly1305,
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Hmac,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
        Self::Aes128Cmac,
        Self::Aes256Cmac,
    ];

    /// The algorithm and its parameter.
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Aes128Gcm96 => Algorithm::Aead(AeadAlgorithm::Aes128Gcm96),
            Self::Aes256Gcm96 => Algorithm::Aead(AeadAlgorithm::Aes256Gcm96),
            Self::Chacha20Poly1305 => Algorithm::Aead(AeadAlgorithm::Chacha20Poly1305),
            Self::Xchacha20Poly1305 => Algorithm::Aead(AeadAlgorithm::Xchacha20Poly1305),
            Self::Ed25519 => Algorithm::Ed25519,
            Self::EcdsaP256 => Algorithm::Ecdsa(Curve::P256),
            Self::EcdsaP384 => Algorithm::Ecdsa(Curve::P384),
            Self::EcdsaP521 => Algorithm::Ecdsa(Curve::P521),
            Self::Rsa2048 => Algorithm::Rsa(RsaSize::Bits2048),
            Self::Rsa3072 => Algorithm::Rsa(RsaSize::Bits3072),
            Self::Rsa4096 => Algorithm::Rsa(RsaSize::Bits4096),
            Self::Hmac => Algorithm::Hmac,
            Self::MlDsa44 => Algorithm::MlDsa(MlDsaParameters::MlDsa44),
            Self::MlDsa65 => Algorithm::MlDsa(MlDsaParameters::MlDsa65),
            Self::MlDsa87 => Algorithm::MlDsa(MlDsaParameters::MlDsa87),
            Self::Aes128Cmac => Algorithm::Cmac(CmacAlgorithm::Aes128),
            Self::Aes256Cmac => Algorithm::Cmac(CmacAlgorithm::Aes256),
        }
    }

    /// The name in the API, such as `aes256-gcm96`. The three of ML-DSA share one and differ in
    /// their [`parameter_set`](Self::parameter_set).
    pub const fn name(self) -> &'static str {
        match self {
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => "ml-dsa",
            other => other.record_name(),
        }
    }

    /// `44`, `65` or `87` for ML-DSA.
    pub const fn parameter_set(self) -> Option<&'static str> {
        match self {
            Self::MlDsa44 => Some("44"),
            Self::MlDsa65 => Some("65"),
            Self::MlDsa87 => Some("87"),
            _ => None,
        }
    }

    /// The type that the API calls by this name and, for ML-DSA, this parameter set.
    ///
    /// # Errors
    /// [`UnknownKeyType`]; for ML-DSA also without one of its parameter sets.
    pub fn from_api(name: &str, parameter_set: &str) -> Result<Self, UnknownKeyType> {
        Self::ALL
            .into_iter()
            .find(|t| t.name() == name && t.parameter_set().is_none_or(|set| set == parameter_set))
            .ok_or(UnknownKeyType)
    }

    /// The name in stored records, which no two types share.
    const fn record_name(self) -> &'static str {
        match self {
            Self::Aes128Gcm96 => "aes128-gcm96",
            Self::Aes256Gcm96 => "aes256-gcm96",
            Self::Chacha20Poly1305 => "chacha20-poly1305",
            Self::Xchacha20Poly1305 => "xchacha20-poly1305",
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::EcdsaP521 => "ecdsa-p521",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::Hmac => "hmac",
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
            Self::Aes128Cmac => "aes128-cmac",
            Self::Aes256Cmac => "aes256-cmac",
        }
    }

    /// The number that stands for the type in OpenBao's key backups; `None` for types that it does
    /// not have.
    pub const fn peer_number(self) -> Option<u32> {
        match self {
            Self::Aes256Gcm96 => Some(0),
            Self::EcdsaP256 => Some(1),
            Self::Ed25519 => Some(2),
            Self::Rsa2048 => Some(3),
            Self::Rsa4096 => Some(4),
            Self::Chacha20Poly1305 => Some(5),
            Self::EcdsaP384 => Some(6),
            Self::EcdsaP521 => Some(7),
            Self::Aes128Gcm96 => Some(8),
            Self::Rsa3072 => Some(9),
            Self::Hmac => Some(10),
            Self::Xchacha20Poly1305 => Some(11),
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 | Self::Aes128Cmac | Self::Aes256Cmac => {
                None
            }
        }
    }

    /// Whether keys of this type encrypt and decrypt.
    pub const fn supports_encryption(self) -> bool {
        matches!(self.algorithm(), Algorithm::Aead(_) | Algorithm::Rsa(_))
    }

    /// Whether a key can be derived from a context for each use.
    pub const fn supports_derivation(self) -> bool {
        matches!(self.algorithm(), Algorithm::Aead(_) | Algorithm::Ed25519)
    }

    /// Whether equal plaintexts can be made to give equal ciphertexts.
    pub const fn supports_convergent_encryption(self) -> bool {
        matches!(self.algorithm(), Algorithm::Aead(_))
    }

    /// Whether bytes can be authenticated beside the ciphertext.
    pub const fn supports_associated_data(self) -> bool {
        matches!(self.algorithm(), Algorithm::Aead(_))
    }

    /// Whether keys of this type sign and verify.
    pub const fn supports_signing(self) -> bool {
        match self.algorithm() {
            Algorithm::Ed25519 | Algorithm::Ecdsa(_) | Algorithm::Rsa(_) | Algorithm::MlDsa(_) => {
                true
            }
            Algorithm::Aead(_) | Algorithm::Hmac | Algorithm::Cmac(_) => false,
        }
    }

    /// Whether a key of this type has a public part, which can be shown and imported alone.
    pub const fn has_public_key(self) -> bool {
        self.supports_signing()
    }

    /// Whether keys of this type agree on a secret with another's public key.
    pub const fn supports_key_agreement(self) -> bool {
        matches!(self.algorithm(), Algorithm::Ecdsa(_))
    }
}

impl AeadAlgorithm {
    /// Every cipher.
    pub const ALL: [Self; 4] = [
        Self::Aes128Gcm96,
        Self::Aes256Gcm96,
        Self::Chacha20Poly1305,
        Self::Xchacha20Poly1305,
    ];

    /// Length of the key, in bytes.
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
}

impl From<AeadAlgorithm> for KeyType {
    fn from(algorithm: AeadAlgorithm) -> Self {
        match algorithm {
            AeadAlgorithm::Aes128Gcm96 => Self::Aes128Gcm96,
            AeadAlgorithm::Aes256Gcm96 => Self::Aes256Gcm96,
            AeadAlgorithm::Chacha20Poly1305 => Self::Chacha20Poly1305,
            AeadAlgorithm::Xchacha20Poly1305 => Self::Xchacha20Poly1305,
        }
    }
}

impl fmt::Display for AeadAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        KeyType::from(*self).fmt(f)
    }
}

impl RsaSize {
    /// Every size.
    pub const ALL: [Self; 3] = [Self::Bits2048, Self::Bits3072, Self::Bits4096];

    /// Length of the modulus, in bits.
    pub const fn bits(self) -> usize {
        match self {
            Self::Bits2048 => 2048,
            Self::Bits3072 => 3072,
            Self::Bits4096 => 4096,
        }
    }

    /// Length of the modulus, of a signature and of a ciphertext, in bytes.
    pub const fn bytes(self) -> usize {
        self.bits() / 8
    }
}

impl Curve {
    /// Every curve.
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The name in SP 800-186, as the API shows it.
    pub const fn nist_name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Length of a coordinate and of a scalar, in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl CmacAlgorithm {
    /// Length of the key, in bytes.
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }
}

impl FromStr for KeyType {
    type Err = UnknownKeyType;

    fn from_str(name: &str) -> Result<Self, UnknownKeyType> {
        Self::ALL
            .into_iter()
            .find(|t| t.record_name() == name)
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
        key_type.record_name()
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.record_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for key_type in KeyType::ALL {
            assert_eq!(key_type.to_string().parse(), Ok(key_type));
            let set = key_type.parameter_set().unwrap_or("");
            assert_eq!(KeyType::from_api(key_type.name(), set), Ok(key_type));
            let json = serde_json::to_string(&key_type).unwrap();
            assert_eq!(json, format!("\"{key_type}\""));
            assert_eq!(serde_json::from_str::<KeyType>(&json).unwrap(), key_type);
        }
        assert_eq!("AES256-GCM96".parse::<KeyType>(), Err(UnknownKeyType));
        assert_eq!(KeyType::from_api("ml-dsa", ""), Err(UnknownKeyType));
        assert_eq!(KeyType::from_api("ml-dsa-44", ""), Err(UnknownKeyType));
    }

    #[test]
    fn numbers_are_of_one_type_each() {
        let mut numbers: Vec<u32> = KeyType::ALL
            .into_iter()
            .filter_map(KeyType::peer_number)
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..=11).collect::<Vec<_>>());
    }
}
