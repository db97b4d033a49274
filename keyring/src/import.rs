//! Keys that come from outside, wrapped for the way.
//!
//! Whoever imports makes an AES-256 key for this one time, wraps the key material with it
//! (AES-KWP, RFC 5649), and wraps it with the mount's RSA-4096 public key (OAEP, RFC 8017):
//! ```text
//! ┌── RSA-OAEP(one-time key) ──┬── AES-KWP(one-time key, key material) ──┐
//! │ 512 bytes                  │ …                                       │
//! └────────────────────────────┴─────────────────────────────────────────┘
//! ```

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    key_wrap::{AES_256, AesKek, KeyWrapPadded},
    rsa::{
        KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384,
        OAEP_SHA512_MGF1SHA512, OaepAlgorithm, OaepPrivateDecryptingKey, PrivateDecryptingKey,
    },
};
use zeroize::Zeroizing;

use crate::{pem, secret::SecretBytes};

const WRAPPED_KEY_BYTES: usize = 512;
const ONE_TIME_KEY_BYTES: usize = 32;

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
        if one_time_key.len() != ONE_TIME_KEY_BYTES {
            return Err(ImportError::NotUnwrapped);
        }
        let kek = AesKek::new(&AES_256, one_time_key).map_err(failed)?;
        let mut output = Zeroizing::new(vec![0; material.len()]);
        let key = kek
            .unwrap_with_padding(material, &mut output)
            .map_err(failed)?;
        Ok(SecretBytes::copy_of(key))
    }
}
