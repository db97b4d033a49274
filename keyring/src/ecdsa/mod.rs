//! ECDSA (FIPS 186-5) and key agreement (SP 800-56A) on the NIST curves.
//!
//! Through AWS-LC, since ring signs only messages, and callers of the API bring digests.

mod form;
mod private_key;
mod public_key;
mod signature;

use aws_lc_rs::{
    digest::{Digest, SHA256, SHA384, SHA512},
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
        ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaSigningAlgorithm,
    },
};

use crate::algorithm::Curve;

pub use form::{SignatureForm, check_der};
pub use private_key::EcdsaPrivateKey;
pub use public_key::EcdsaPublicKey;
pub use signature::{MalformedSignature, der_to_jws, jws_to_der};

/// Longest digest that is signed on P-521, in bytes. AWS-LC's Rust interface takes no longer one.
const P521_DIGEST_BYTES: usize = 64;

/// Why a key was not taken, or nothing was signed or agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EcdsaError {
    /// It is no key, one of another type or curve, or its parts contradict each other.
    #[error("this is no private key of the curve; give one in PKCS #8 or SEC 1, as DER")]
    PrivateKey,
    /// It is no key, one of another type or curve, or its point is not on the curve.
    #[error("this is no public key of the curve; give a SubjectPublicKeyInfo, as DER")]
    PublicKey,
    /// The two keys are not on one curve.
    #[error("the public key is on another curve than the private key")]
    OtherCurve,
    /// There is nothing to sign.
    #[error("the digest is empty; give the output of a hash function")]
    EmptyDigest,
    /// See [`EcdsaPrivateKey::sign`].
    #[error("the digest is longer than 64 bytes; give the output of a hash function")]
    DigestTooLong,
    /// The system's random source failed, or there is no memory.
    #[error("the operation failed inside the cryptographic library")]
    Library,
}

impl Curve {
    /// Signatures of this curve with the hash function whose digests are as long as AWS-LC takes
    /// them; which function it was does not enter the signature.
    const fn ecdsa(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        }
    }

    /// A digest as [`ecdsa`](Self::ecdsa) takes it: the number that FIPS 186-5, section 6.4.1,
    /// makes of it. That is its leftmost bits, as many as the curve's order has, or, if it is
    /// shorter, the whole of it, which zeros in front do not change.
    fn digest(self, digest: &[u8]) -> Result<Digest, EcdsaError> {
        let (algorithm, len) = match self {
            Self::P256 => (&SHA256, 32),
            Self::P384 => (&SHA384, 48),
            Self::P521 => (&SHA512, P521_DIGEST_BYTES),
        };
        if digest.is_empty() {
            return Err(EcdsaError::EmptyDigest);
        }
        if self == Self::P521 && digest.len() > P521_DIGEST_BYTES {
            return Err(EcdsaError::DigestTooLong);
        }
        let leftmost = &digest[..digest.len().min(len)];
        let mut number = [0; P521_DIGEST_BYTES];
        number[len - leftmost.len()..len].copy_from_slice(leftmost);
        Ok(Digest::import_less_safe(&number[..len], algorithm)
            .expect("as long as the hash function's digests"))
    }
}

#[cfg(test)]
mod tests;
