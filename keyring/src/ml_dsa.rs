//! ML-DSA (FIPS 204), signatures that quantum computers do not break.
//!
//! "Pure" ML-DSA with an empty context and fresh randomness for each signature: AWS-LC's Rust
//! interface offers no other, so there is no parameter for a context.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, AsRawBytes},
    error::Unspecified,
    signature::{
        KeyPair, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, ParsedPublicKey,
        PqdsaKeyPair, PqdsaSigningAlgorithm, PqdsaVerificationAlgorithm,
    },
};
use pkcs8::{
    PrivateKeyInfoRef,
    der::{Decode, Encode, asn1::OctetStringRef},
    spki::SubjectPublicKeyInfoRef,
};
use zeroize::Zeroizing;

use crate::{algorithm::MlDsaParameters, der, secret::SecretBytes, wipe::bleached_by};

/// Length of a seed, from which a private key is expanded, in bytes.
pub const SEED_BYTES: usize = 32;

/// How much stack is overwritten below its operations, which work on whole matrices there.
pub const STACK_BYTES: usize = 192 << 10;

/// Why a key was not taken, or nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MlDsaError {
    /// It is no key, or one of another type or parameter set.
    #[error("this is no ML-DSA private key of the parameter set; give one in PKCS #8, as DER")]
    PrivateKey,
    /// It is no key, or one of another type or parameter set.
    #[error(
        "this is no ML-DSA public key of the parameter set; give a SubjectPublicKeyInfo, as DER"
    )]
    PublicKey,
    /// The system's random source failed, or there is no memory.
    #[error("the operation failed inside the cryptographic library")]
    Library,
}

/// A private key, expanded once. Threads share it without a lock.
///
/// It lies in the heap of AWS-LC, which wipes what it frees.
pub struct MlDsaPrivateKey {
    parameters: MlDsaParameters,
    pair: PqdsaKeyPair,
    public: MlDsaPublicKey,
    document: SecretBytes,
}

impl MlDsaPrivateKey {
    /// Generates one.
    ///
    /// # Errors
    /// [`MlDsaError::Library`].
    pub fn generate(parameters: MlDsaParameters) -> Result<Self, MlDsaError> {
        let pair = bleached_by::<STACK_BYTES, _>(|| PqdsaKeyPair::generate(parameters.signing()));
        Self::new(parameters, pair.map_err(|Unspecified| MlDsaError::Library)?)
    }

    /// Expands a seed (FIPS 204, algorithm 6); the caller still owns, and must wipe, the original.
    ///
    /// # Errors
    /// [`MlDsaError::PrivateKey`] unless there are [`SEED_BYTES`].
    pub fn from_seed(parameters: MlDsaParameters, seed: &[u8]) -> Result<Self, MlDsaError> {
        let pair =
            bleached_by::<STACK_BYTES, _>(|| PqdsaKeyPair::from_seed(parameters.signing(), seed));
        Self::new(parameters, pair.map_err(|_| MlDsaError::PrivateKey)?)
    }

    /// Reads a PKCS #8 document (RFC 9881) with a seed, an expanded key, or both.
    ///
    /// # Errors
    /// [`MlDsaError::PrivateKey`].
    pub fn from_pkcs8(parameters: MlDsaParameters, document: &[u8]) -> Result<Self, MlDsaError> {
        if !der::is_pkcs8(document) {
            return Err(MlDsaError::PrivateKey);
        }
        let pair = bleached_by::<STACK_BYTES, _>(|| {
            PqdsaKeyPair::from_pkcs8(parameters.signing(), document)
        });
        Self::new(parameters, pair.map_err(|_| MlDsaError::PrivateKey)?)
    }

    fn new(parameters: MlDsaParameters, pair: PqdsaKeyPair) -> Result<Self, MlDsaError> {
        let public = MlDsaPublicKey::from_bytes(parameters, pair.public_key().as_ref())?;
        let document = bleached_by::<STACK_BYTES, _>(|| pair.to_pkcs8v1())
            .map(|document| SecretBytes::copy_of(document.as_ref()))
            // AWS-LC writes the seed or nothing.
            .or_else(|Unspecified| expanded_document(&pair, &public))?;
        Ok(Self {
            parameters,
            pair,
            public,
            document,
        })
    }

    /// The parameter set.
    pub fn parameters(&self) -> MlDsaParameters {
        self.parameters
    }

    /// The PKCS #8 document (RFC 9881): with the seed alone, unless the key was read from a
    /// document without one; then with the expanded key.
    pub fn to_pkcs8(&self) -> SecretBytes {
        SecretBytes::copy_of(self.document.expose())
    }

    /// The public key.
    pub fn public_key(&self) -> &MlDsaPublicKey {
        &self.public
    }

    /// Signs a message. The same message gets another signature each time.
    ///
    /// # Errors
    /// [`MlDsaError::Library`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, MlDsaError> {
        let mut signature = vec![0; self.parameters.signing().signature_len()];
        bleached_by::<STACK_BYTES, _>(|| self.pair.sign(message, &mut signature))
            .map_err(|Unspecified| MlDsaError::Library)?;
        Ok(signature)
    }
}

impl fmt::Debug for MlDsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MlDsaPrivateKey({:?})", self.parameters)
    }
}

/// The PKCS #8 document of a key whose seed nobody knows, with the expanded key (RFC 9881,
/// section 6).
fn expanded_document(
    pair: &PqdsaKeyPair,
    public: &MlDsaPublicKey,
) -> Result<SecretBytes, MlDsaError> {
    let expanded = bleached_by::<STACK_BYTES, _>(|| pair.private_key().as_raw_bytes())
        .map_err(|Unspecified| MlDsaError::Library)?;
    let spki = public.to_spki();
    let spki = SubjectPublicKeyInfoRef::from_der(&spki).expect("AWS-LC wrote it");
    let expanded_key = OctetStringRef::new(expanded.as_ref())
        .and_then(|key| key.to_der())
        .map(Zeroizing::new)
        .expect("a key of a few thousand bytes can be written");
    let expanded_key = OctetStringRef::new(&expanded_key).expect("it is no longer than that");
    let document = PrivateKeyInfoRef::new(spki.algorithm, expanded_key)
        .to_der()
        .expect("it is no longer than that");
    Ok(SecretBytes::from_vec(document))
}

/// A public key, parsed once. Threads share it without a lock.
pub struct MlDsaPublicKey {
    parameters: MlDsaParameters,
    /// Made from the key's bytes, which it keeps.
    parsed: ParsedPublicKey,
}

impl MlDsaPublicKey {
    /// Takes the key's bytes (FIPS 204, algorithm 22).
    ///
    /// # Errors
    /// [`MlDsaError::PublicKey`] for another length than the parameter set's.
    pub fn from_bytes(parameters: MlDsaParameters, bytes: &[u8]) -> Result<Self, MlDsaError> {
        if bytes.len() != parameters.signing().public_key_len() {
            return Err(MlDsaError::PublicKey);
        }
        let parsed = ParsedPublicKey::new(parameters.verification(), bytes)
            .map_err(|_| MlDsaError::PublicKey)?;
        Ok(Self { parameters, parsed })
    }

    /// Reads a SubjectPublicKeyInfo (RFC 9881).
    ///
    /// # Errors
    /// [`MlDsaError::PublicKey`].
    pub fn from_spki(parameters: MlDsaParameters, document: &[u8]) -> Result<Self, MlDsaError> {
        if !der::is_spki(document) {
            return Err(MlDsaError::PublicKey);
        }
        let key_bytes = parameters.signing().public_key_len();
        // AWS-LC tells parameter sets apart by the key's length alone, so the document has to be
        // what it would write.
        document
            .len()
            .checked_sub(key_bytes)
            .and_then(|start| Self::from_bytes(parameters, &document[start..]).ok())
            .filter(|key| key.to_spki() == document)
            .ok_or(MlDsaError::PublicKey)
    }

    /// The SubjectPublicKeyInfo (RFC 9881).
    pub fn to_spki(&self) -> Vec<u8> {
        let document = self.parsed.as_der().expect("a key that was parsed");
        document.as_ref().to_vec()
    }

    /// The parameter set.
    pub fn parameters(&self) -> MlDsaParameters {
        self.parameters
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.parsed.as_ref()
    }

    /// Whether `signature` is this key's for `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for MlDsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MlDsaPublicKey({:?})", self.parameters)
    }
}

impl MlDsaParameters {
    /// Every parameter set.
    pub const ALL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    const fn signing(self) -> &'static PqdsaSigningAlgorithm {
        match self {
            Self::MlDsa44 => &ML_DSA_44_SIGNING,
            Self::MlDsa65 => &ML_DSA_65_SIGNING,
            Self::MlDsa87 => &ML_DSA_87_SIGNING,
        }
    }

    const fn verification(self) -> &'static PqdsaVerificationAlgorithm {
        match self {
            Self::MlDsa44 => &aws_lc_rs::signature::ML_DSA_44,
            Self::MlDsa65 => &aws_lc_rs::signature::ML_DSA_65,
            Self::MlDsa87 => &aws_lc_rs::signature::ML_DSA_87,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifies_what_it_signs_and_nothing_else() {
        for parameters in MlDsaParameters::ALL {
            let key = MlDsaPrivateKey::generate(parameters).unwrap();
            let public = MlDsaPublicKey::from_spki(parameters, &key.public_key().to_spki());
            let public = public.unwrap();
            assert_eq!(public.as_bytes(), key.public_key().as_bytes());
            let signature = key.sign(b"message").unwrap();
            assert!(public.verify(b"message", &signature));
            assert_ne!(key.sign(b"message").unwrap(), signature);
            assert!(!public.verify(b"massage", &signature));
            assert!(!public.verify(b"message", &signature[1..]));
            for at in (0..signature.len()).step_by(97) {
                let mut changed = signature.clone();
                changed[at] ^= 1;
                assert!(!public.verify(b"message", &changed), "{at}");
            }
            let stranger = MlDsaPrivateKey::generate(parameters).unwrap();
            assert!(!stranger.public_key().verify(b"message", &signature));
        }
    }

    #[test]
    fn documents_lead_back() {
        for parameters in MlDsaParameters::ALL {
            let key = MlDsaPrivateKey::from_seed(parameters, &[7; SEED_BYTES]).unwrap();
            let document = key.to_pkcs8();
            assert!(document.expose().ends_with(&[7; SEED_BYTES]));
            let read = MlDsaPrivateKey::from_pkcs8(parameters, document.expose()).unwrap();
            assert!(read.to_pkcs8().matches(document.expose()));
            let signature = read.sign(b"message").unwrap();
            assert!(key.public_key().verify(b"message", &signature));
            for other in MlDsaParameters::ALL
                .into_iter()
                .filter(|&it| it != parameters)
            {
                let refused = MlDsaPrivateKey::from_pkcs8(other, document.expose()).err();
                assert_eq!(refused, Some(MlDsaError::PrivateKey));
            }
            let more = [document.expose(), &[0]].concat();
            assert!(MlDsaPrivateKey::from_pkcs8(parameters, &more).is_err());
            assert!(MlDsaPrivateKey::from_seed(parameters, &[7; 31]).is_err());
            let public = key.public_key().as_bytes();
            assert!(MlDsaPublicKey::from_bytes(parameters, &public[1..]).is_err());
            assert!(MlDsaPublicKey::from_spki(parameters, public).is_err());
        }
    }
    #[test]
    fn keys_without_a_seed_keep_the_expanded_key() {
        for parameters in MlDsaParameters::ALL {
            let key = MlDsaPrivateKey::from_seed(parameters, &[7; SEED_BYTES]).unwrap();
            let document = expanded_document(&key.pair, key.public_key()).unwrap();
            let read = MlDsaPrivateKey::from_pkcs8(parameters, document.expose()).unwrap();
            assert!(read.to_pkcs8().matches(document.expose()));
            assert_eq!(read.public_key().as_bytes(), key.public_key().as_bytes());
            let signature = read.sign(b"message").unwrap();
            assert!(key.public_key().verify(b"message", &signature));

            let mut changed = document.expose().to_vec();
            *changed.last_mut().unwrap() ^= 1;
            let refused = MlDsaPrivateKey::from_pkcs8(parameters, &changed).err();
            assert_eq!(refused, Some(MlDsaError::PrivateKey));
        }
    }
}
