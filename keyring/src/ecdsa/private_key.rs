//! Private keys.

use std::fmt;

use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521},
    encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, EcPrivateKeyRfc5915Der},
    error::{KeyRejected, Unspecified},
    signature::EcdsaKeyPair,
};

use super::{EcdsaError, EcdsaPublicKey};
use crate::{
    algorithm::Curve,
    der,
    secret::SecretBytes,
    wipe::{DEEP_BYTES, bleached_by},
};

/// A private key on a curve with its public key. Threads share it without a lock.
///
/// It lies in the heap of AWS-LC, which wipes what it frees.
pub struct EcdsaPrivateKey {
    pair: EcdsaKeyPair,
    public: EcdsaPublicKey,
}

impl EcdsaPrivateKey {
    /// Generates one.
    ///
    /// # Errors
    /// [`EcdsaError::Library`].
    pub fn generate(curve: Curve) -> Result<Self, EcdsaError> {
        let pair = bleached_by::<DEEP_BYTES, _>(|| EcdsaKeyPair::generate(curve.ecdsa()));
        Self::new(curve, pair.map_err(|Unspecified| EcdsaError::Library)?)
    }

    /// Reads a PKCS #8 document (RFC 5958), with the public key or without.
    ///
    /// # Errors
    /// [`EcdsaError::PrivateKey`].
    pub fn from_pkcs8(curve: Curve, document: &[u8]) -> Result<Self, EcdsaError> {
        if !der::is_pkcs8(document) {
            return Err(EcdsaError::PrivateKey);
        }
        Self::from_document(|| EcdsaKeyPair::from_pkcs8(curve.ecdsa(), document), curve)
    }

    /// Reads a SEC 1 document (RFC 5915), with the public key and the curve's name or without.
    ///
    /// # Errors
    /// [`EcdsaError::PrivateKey`].
    pub fn from_sec1(curve: Curve, document: &[u8]) -> Result<Self, EcdsaError> {
        if !der::is_sec1(document) {
            return Err(EcdsaError::PrivateKey);
        }
        Self::from_document(
            || EcdsaKeyPair::from_private_key_der(curve.ecdsa(), document),
            curve,
        )
    }

    /// AWS-LC remembers whether a document lacked the public key, and then writes none. Made anew
    /// from the scalar, all keys write theirs.
    fn from_document(
        read: impl FnOnce() -> Result<EcdsaKeyPair, KeyRejected>,
        curve: Curve,
    ) -> Result<Self, EcdsaError> {
        let read = bleached_by::<DEEP_BYTES, _>(read).map_err(|_| EcdsaError::PrivateKey)?;
        Self::from_scalar(curve, scalar(&read).expose())
    }

    /// Makes one of the scalar, big-endian, which may be shorter than the curve's.
    ///
    /// # Errors
    /// [`EcdsaError::PrivateKey`] unless it is at least one and less than the curve's order.
    pub fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, EcdsaError> {
        let from = curve.bytes().checked_sub(scalar.len());
        let from = from.ok_or(EcdsaError::PrivateKey)?;
        let padded = SecretBytes::fill_with(curve.bytes(), |padded| {
            padded[from..].copy_from_slice(scalar);
            Ok(())
        })?;
        let pair = bleached_by::<DEEP_BYTES, _>(|| {
            let private = agreement::PrivateKey::from_private_key(ecdh(curve), padded.expose())?;
            let public = private.compute_public_key()?;
            EcdsaKeyPair::from_private_key_and_public_key(
                curve.ecdsa(),
                padded.expose(),
                public.as_ref(),
            )
        });
        Self::new(
            curve,
            pair.map_err(|_: KeyRejected| EcdsaError::PrivateKey)?,
        )
    }

    fn new(curve: Curve, pair: EcdsaKeyPair) -> Result<Self, EcdsaError> {
        use aws_lc_rs::signature::KeyPair;
        let public = EcdsaPublicKey::from_point(curve, pair.public_key().as_ref())?;
        Ok(Self { pair, public })
    }

    /// The curve.
    pub fn curve(&self) -> Curve {
        self.public.curve()
    }

    /// The public key.
    pub fn public_key(&self) -> &EcdsaPublicKey {
        &self.public
    }

    /// The scalar, big-endian, [`Curve::bytes`] long.
    pub fn scalar(&self) -> SecretBytes {
        scalar(&self.pair)
    }

    /// The PKCS #8 document, version 1, with the public key.
    pub fn to_pkcs8(&self) -> SecretBytes {
        let document =
            bleached_by::<DEEP_BYTES, _>(|| self.pair.to_pkcs8v1()).expect("a key that was parsed");
        SecretBytes::copy_of(document.as_ref())
    }

    /// The SEC 1 document (RFC 5915) with the public key and the curve's name.
    pub fn to_sec1(&self) -> SecretBytes {
        let document: EcPrivateKeyRfc5915Der<'_> =
            bleached_by::<DEEP_BYTES, _>(|| self.pair.private_key().as_der())
                .expect("a key that was parsed");
        SecretBytes::copy_of(document.as_ref())
    }

    /// Signs a digest; the signature is DER.
    ///
    /// A digest that is longer than the curve's order is cut to its leftmost bits, as FIPS 186-5
    /// says.
    ///
    /// # Errors
    /// [`EcdsaError::EmptyDigest`]; [`EcdsaError::DigestTooLong`] on P-521 above 64 bytes, which no
    /// hash function gives; [`EcdsaError::Library`].
    pub fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, EcdsaError> {
        let digest = self.curve().digest(digest)?;
        bleached_by::<DEEP_BYTES, _>(|| self.pair.sign_digest(&digest))
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|Unspecified| EcdsaError::Library)
    }

    /// The secret this key has in common with `peer`'s owner: the first coordinate of their
    /// product, big-endian, [`Curve::bytes`] long (SP 800-56A, section 5.7.1.2).
    ///
    /// # Errors
    /// [`EcdsaError::OtherCurve`]; [`EcdsaError::Library`].
    pub fn agree(&self, peer: &EcdsaPublicKey) -> Result<SecretBytes, EcdsaError> {
        if peer.curve() != self.curve() {
            return Err(EcdsaError::OtherCurve);
        }
        let ecdh = ecdh(self.curve());
        let scalar = self.scalar();
        bleached_by::<DEEP_BYTES, _>(|| {
            let private = agreement::PrivateKey::from_private_key(ecdh, scalar.expose())
                .map_err(|_| EcdsaError::Library)?;
            agreement::agree(
                &private,
                agreement::UnparsedPublicKey::new(ecdh, peer.point()),
                EcdsaError::Library,
                |secret| Ok(SecretBytes::copy_of(secret)),
            )
        })
    }
}

impl fmt::Debug for EcdsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcdsaPrivateKey({:?})", self.curve())
    }
}

fn scalar(pair: &EcdsaKeyPair) -> SecretBytes {
    let scalar: EcPrivateKeyBin<'_> =
        bleached_by::<DEEP_BYTES, _>(|| pair.private_key().as_be_bytes())
            .expect("a key that was parsed");
    SecretBytes::copy_of(scalar.as_ref())
}

fn ecdh(curve: Curve) -> &'static agreement::Algorithm {
    match curve {
        Curve::P256 => &ECDH_P256,
        Curve::P384 => &ECDH_P384,
        Curve::P521 => &ECDH_P521,
    }
}
