//! Keys that come from outside, wrapped for the way.
//!
//! Whoever imports makes an AES-256 key for this one time, wraps the key material with it
//! (AES-KWP, see [`key_wrap`]), and wraps it with the mount's RSA-4096 public key (OAEP, RFC 8017):
//! ```text
//! ┌── RSA-OAEP(one-time key) ──┬── AES-KWP(one-time key, key material) ──┐
//! │ 512 bytes                  │ …                                       │
//! └────────────────────────────┴─────────────────────────────────────────┘
//! ```

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{
        KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384,
        OAEP_SHA512_MGF1SHA512, OaepAlgorithm, OaepPrivateDecryptingKey, PrivateDecryptingKey,
    },
};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::{
    key_wrap, pem,
    rsa::{RsaEncryption, RsaPublicKey},
    secret::{Secret256, SecretBytes},
};

const WRAPPED_KEY_BYTES: usize = 512;

/// Why a wrapped key was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is no longer than its first part.
    #[error("provided ciphertext is too short")]
    TooShort,
    /// It was not wrapped for this mount, with this hash function, or was changed. Which of these
    /// it is, is not said.
    #[error(
        "the key could not be unwrapped; wrap it with this mount's wrapping_key and the stated hash_function"
    )]
    NotUnwrapped,
    /// Symmetric keys have no public part that could come first.
    #[error("provided type does not support importing key versions")]
    NoPublicPart,
    /// A second public key for a version.
    #[error("cannot add a public key to a key version that already has a public key set")]
    PublicPartThere,
    /// A second private key for a version.
    #[error("private key imported, key version cannot be updated")]
    PrivatePartThere,
    /// The private key belongs to another public key.
    #[error("cannot import key, key pair does not match")]
    OtherKey,
    /// No version has this number.
    #[error("no such key version")]
    NoSuchVersion,
    /// Another's public key makes no key to derive from.
    #[error(
        "unable to import only public key for derived Ed25519 key: imported key should not be an Ed25519 key pair but is instead an HKDF key"
    )]
    DerivedPublicKey,
    /// The key was replaced by one of another type while this one was on its way.
    #[error("the key has another type meanwhile; read it, and import a key that fits")]
    OtherType,
    /// A key of this name exists and cannot take this version.
    #[error("the derived key exists with another type, or was not imported; choose another name")]
    DerivedKeyExists,
    /// The random source failed, or there is nothing to wrap.
    #[error("the key could not be wrapped")]
    NotWrapped,
    /// The wrapping key could not be generated or read.
    #[error("the wrapping key cannot be used")]
    WrappingKey,
}

/// The hash function of the OAEP wrapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of FIPS 180-4")]
pub enum OaepHash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl OaepHash {
    /// Reads the API's name, in upper or lower case.
    pub fn new(name: &str) -> Option<Self> {
        match &*name.to_ascii_uppercase() {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA384" => Some(Self::Sha384),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn padding(self) -> RsaEncryption {
        match self {
            Self::Sha1 => RsaEncryption::OaepSha1,
            Self::Sha256 => RsaEncryption::OaepSha256,
            Self::Sha384 => RsaEncryption::OaepSha384,
            Self::Sha512 => RsaEncryption::OaepSha512,
        }
    }

    fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
            Self::Sha384 => &OAEP_SHA384_MGF1SHA384,
            Self::Sha512 => &OAEP_SHA512_MGF1SHA512,
        }
    }
}

/// A mount's RSA-4096 key that keys are wrapped with. AWS-LC wipes it when it is dropped.
pub struct WrappingKey(PrivateDecryptingKey);

impl WrappingKey {
    /// Generates one; this takes seconds.
    ///
    /// # Errors
    /// [`ImportError::WrappingKey`].
    pub fn generate() -> Result<Self, ImportError> {
        PrivateDecryptingKey::generate(KeySize::Rsa4096)
            .map(Self)
            .map_err(|_| ImportError::WrappingKey)
    }

    /// Reads a PKCS #8 document.
    ///
    /// # Errors
    /// [`ImportError::WrappingKey`].
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, ImportError> {
        PrivateDecryptingKey::from_pkcs8(document)
            .map(Self)
            .map_err(|_| ImportError::WrappingKey)
    }

    /// The PKCS #8 document, to be stored.
    ///
    /// # Errors
    /// [`ImportError::WrappingKey`].
    pub fn to_pkcs8(&self) -> Result<SecretBytes, ImportError> {
        let document: Pkcs8V1Der<'_> = self.0.as_der().map_err(|_| ImportError::WrappingKey)?;
        Ok(SecretBytes::copy_of(document.as_ref()))
    }

    /// The public key as PEM.
    ///
    /// # Errors
    /// [`ImportError::WrappingKey`].
    pub fn public_pem(&self) -> Result<String, ImportError> {
        let public = self.0.public_key();
        let der: PublicKeyX509Der<'_> = public.as_der().map_err(|_| ImportError::WrappingKey)?;
        Ok(pem::encode(pem::PUBLIC_KEY, der.as_ref()))
    }

    /// Unwraps key material.
    ///
    /// # Errors
    /// [`ImportError`].
    pub fn unwrap(self, wrapped: &[u8], hash: OaepHash) -> Result<SecretBytes, ImportError> {
        let failed = |_| ImportError::NotUnwrapped;
        let (one_time_key, material) = wrapped
            .split_at_checked(WRAPPED_KEY_BYTES)
            .ok_or(ImportError::TooShort)?;
        if material.is_empty() {
            return Err(ImportError::TooShort);
        }
        let private = OaepPrivateDecryptingKey::new(self.0).map_err(failed)?;
        let mut opened = Zeroizing::new(vec![0; private.min_output_size()]);
        let one_time_key = private
            .decrypt(hash.algorithm(), one_time_key, &mut opened, None)
            .map_err(failed)?;
        let one_time_key = Secret256::copy_of(one_time_key).ok_or(ImportError::NotUnwrapped)?;
        key_wrap::unwrap(&one_time_key, material).map_err(|_| ImportError::NotUnwrapped)
    }
}

/// Wraps key material for `wrapping_key`, as whoever imports does.
///
/// # Errors
/// [`ImportError::NotWrapped`].
pub fn wrap(
    wrapping_key: &RsaPublicKey,
    hash: OaepHash,
    material: &[u8],
) -> Result<Vec<u8>, ImportError> {
    let failed = |_| ImportError::NotWrapped;
    let one_time_key = Secret256::fill_with(|key| SystemRandom::new().fill(key)).map_err(failed)?;
    let mut wrapped = wrapping_key
        .encrypt(hash.padding(), one_time_key.expose())
        .map_err(|_| ImportError::NotWrapped)?;
    let material = key_wrap::wrap(&one_time_key, material).map_err(|_| ImportError::NotWrapped)?;
    wrapped.extend_from_slice(&material);
    Ok(wrapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwraps_what_it_wraps() {
        let key = WrappingKey::generate().unwrap();
        let spki = pem::decode(&key.public_pem().unwrap()).unwrap().content;
        let public = RsaPublicKey::from_spki(&spki).unwrap();
        let document = key.to_pkcs8().unwrap();
        for (hash, len) in [
            (OaepHash::Sha1, 16),
            (OaepHash::Sha256, 32),
            (OaepHash::Sha384, 33),
            (OaepHash::Sha512, 1219),
        ] {
            let material = vec![7; len];
            let wrapped = wrap(&public, hash, &material).unwrap();
            let key = WrappingKey::from_pkcs8(document.expose()).unwrap();
            assert!(key.unwrap(&wrapped, hash).unwrap().matches(&material));
        }
    }
}
