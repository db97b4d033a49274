//! Certificate requests that a key signs, and certificates that are kept beside its versions.
//!
//! A request (RFC 2986) is made of a template: its subject and attributes stay, byte for byte, its
//! public key and signature are replaced. Of a chain only the form is looked at, and that its leaf
//! is for the version's public key: who trusts it is not a question for a keyring. The sentences
//! are the peers'.

use oids::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ED_25519, ML_DSA_44, ML_DSA_65,
    ML_DSA_87, SHA_256_WITH_RSA,
};
use x509_cert::{
    certificate::{CertificateInner, Raw},
    der::{
        self, Decode, Encode,
        asn1::{Any, BitString, Null, ObjectIdentifier},
    },
    ext::pkix::BasicConstraints,
    name::Name,
    request::{CertReq, CertReqInfo, Version as RequestVersion},
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
};

use super::{Key, KeyVersion, Marshaling, Material, SignatureOptions, SignaturePadding};
use crate::{
    algorithm::{Algorithm, Curve, KeyType, MlDsaParameters},
    base64,
    hash::HashAlgorithm,
    key::KeyError,
    pem,
    version::Version,
    versioned,
};

/// Algorithms of signatures and public keys.
mod oids {
    use super::ObjectIdentifier;

    // RFC 5758, section 3.2.
    pub const ECDSA_WITH_SHA_256: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
    pub const ECDSA_WITH_SHA_384: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
    pub const ECDSA_WITH_SHA_512: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
    // RFC 8017, appendix C.
    pub const SHA_256_WITH_RSA: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
    pub const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
    // RFC 5480, section 2.1.1.
    pub const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
    // RFC 8410, section 3.
    pub const ED_25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
    // RFC 9881, section 2.
    pub const ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
    pub const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
    pub const ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");
}

/// Why no request was made, or a chain was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum CertificateError {
    #[error("could not decode PEM CSR")]
    RequestPem,
    #[error("the CSR is malformed; give a PKCS #10 request: {0}")]
    Request(String),
    #[error("could not create the csr: no such key version")]
    RequestVersion,
    #[error("could not create the csr: private key not imported for key version selected")]
    RequestPublicOnly,
    #[error("could not create the csr: {0}")]
    RequestSignature(KeyError),
    #[error("key type '{0}' does not support signing")]
    SigningNotSupported(KeyType),
    #[error("operation not supported for keys with derivation enabled")]
    Derived,
    #[error("refusing to use soft-deleted key")]
    SoftDeleted,
    #[error("could not decode a PEM block in the certificate chain")]
    ChainPem,
    #[error("provided certificate chain did not contain any valid PEM encoded certificate")]
    ChainEmpty,
    #[error("could not parse a certificate in the certificate chain: {0}")]
    Certificate(String),
    #[error(
        "failed to persist certificate chain: certificate in the first element is not a valid leaf certificate"
    )]
    LeafIsCa,
    #[error(
        "failed to persist certificate chain: certificate in the last element is not a valid CA certificate"
    )]
    LastIsNoCa,
    #[error(
        "failed to persist certificate chain: could not validate if there is only one leaf certificate in the provided chain"
    )]
    SeveralLeaves,
    #[error("failed to persist certificate chain: no such key version")]
    ChainVersion,
    #[error(
        "failed to persist certificate chain: could not validate key match between leaf certificate key and key entry in transit: provided leaf certificate public key algorithm '{found}' does not match the transit key type '{expected}'"
    )]
    OtherAlgorithm {
        found: &'static str,
        expected: KeyType,
    },
    #[error(
        "failed to persist certificate chain: leaf certificate public key does not match the selected key version"
    )]
    OtherKey,
}

/// A chain whose form is right.
pub struct CertificateChain {
    certificates: Vec<Vec<u8>>,
    leaf_algorithm: ObjectIdentifier,
    leaf_key: Vec<u8>,
}

impl CertificateChain {
    /// Reads PEM, the leaf first. Blocks with other labels are passed over.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        if text.trim().is_empty() {
            return Err(CertificateError::ChainEmpty);
        }
        // A block on one line, or text behind the last, is more likely a slip than a chain.
        let slipped =
            |line: &str| line.starts_with("-----BEGIN ") && line.matches("-----").count() != 2;
        if text.lines().map(str::trim_end).any(slipped) || !text.trim_end().ends_with("-----") {
            return Err(CertificateError::ChainPem);
        }
        let blocks = pem::decode_all(text).map_err(|_| CertificateError::ChainPem)?;
        let certificates: Vec<Vec<u8>> = blocks
            .into_iter()
            .filter(|block| matches!(&*block.label, pem::CERTIFICATE | "X509 CERTIFICATE"))
            .map(|block| block.content)
            .collect();
        let mut leaf = None;
        let mut authorities = Vec::new();
        for der in &certificates {
            // Of names, serial numbers and dates nothing is asked, so the raw profile reads them.
            let read = CertificateInner::<Raw>::from_der(der)
                .map_err(|error| CertificateError::Certificate(error.to_string()))?;
            let constraints = read
                .tbs_certificate()
                .get_extension::<BasicConstraints>()
                .map_err(|error| CertificateError::Certificate(error.to_string()))?;
            authorities.push(constraints.is_some_and(|(_, constraints)| constraints.ca));
            leaf.get_or_insert(read);
        }
        let leaf = leaf.ok_or(CertificateError::ChainEmpty)?;
        match authorities.as_slice() {
            [true, ..] => return Err(CertificateError::LeafIsCa),
            [_, .., false] => return Err(CertificateError::LastIsNoCa),
            [_, middle @ .., _] if middle.contains(&false) => {
                return Err(CertificateError::SeveralLeaves);
            }
            _ => {}
        }
        let key = leaf.tbs_certificate().subject_public_key_info();
        let malformed = |error: der::Error| CertificateError::Certificate(error.to_string());
        Ok(Self {
            leaf_algorithm: key.algorithm.oid,
            leaf_key: key.to_der().map_err(malformed)?,
            certificates,
        })
    }

    /// The version, and the certificates, DER, the leaf first, if the leaf is for its public key.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn for_version(
        self,
        key: &Key,
        version: Option<Version>,
    ) -> Result<(&KeyVersion, Vec<Vec<u8>>), CertificateError> {
        let version = usable_version(key, version).ok_or(CertificateError::ChainVersion)?;
        let key_type = key.policy().key_type;
        let (expected, _) = names(key_type.algorithm());
        let found = named(self.leaf_algorithm);
        if Some(found) != expected {
            return Err(CertificateError::OtherAlgorithm {
                found,
                expected: key_type,
            });
        }
        if version.material().public_spki() != Some(self.leaf_key) {
            return Err(CertificateError::OtherKey);
        }
        Ok((version, self.certificates))
    }
}

impl Key {
    /// Whether certificates have a meaning for this key.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn supports_certificates(&self) -> Result<(), CertificateError> {
        let policy = self.policy();
        if !policy.key_type.supports_signing() {
            return Err(CertificateError::SigningNotSupported(policy.key_type));
        }
        if policy.derivation.needs_context() {
            return Err(CertificateError::Derived);
        }
        if policy.soft_deleted {
            return Err(CertificateError::SoftDeleted);
        }
        Ok(())
    }

    /// A certificate request as PEM, made of `template` ("" for an empty one), signed by a version
    /// (`None`: there is none of the number that was asked for).
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn certificate_request(
        &self,
        template: &str,
        version: Option<Version>,
    ) -> Result<String, CertificateError> {
        let (subject, attributes) = if template.is_empty() {
            Default::default()
        } else {
            let block = pem::decode(template).map_err(|_| CertificateError::RequestPem)?;
            let request = CertReq::from_der(&block.content)
                .map_err(|error| CertificateError::Request(error.to_string()))?;
            (request.info.subject, request.info.attributes)
        };
        let version = usable_version(self, version).ok_or(CertificateError::RequestVersion)?;
        if !version.material().is_whole() {
            return Err(CertificateError::RequestPublicOnly);
        }
        self.signed_request(version, subject, attributes)
    }

    fn signed_request(
        &self,
        version: &KeyVersion,
        subject: Name,
        attributes: x509_cert::attr::Attributes,
    ) -> Result<String, CertificateError> {
        let unsupported = CertificateError::SigningNotSupported(self.policy().key_type);
        let malformed = |error: der::Error| CertificateError::Request(error.to_string());
        let spki = version
            .material()
            .public_spki()
            .ok_or(unsupported.clone())?;
        let info = CertReqInfo {
            version: RequestVersion::V1,
            subject,
            public_key: SubjectPublicKeyInfoOwned::from_der(&spki).map_err(malformed)?,
            attributes,
        };
        let (algorithm, hash) = match version.material() {
            Material::Ecdsa(pair) => match pair.public().curve() {
                Curve::P256 => (ECDSA_WITH_SHA_256, HashAlgorithm::Sha2_256),
                Curve::P384 => (ECDSA_WITH_SHA_384, HashAlgorithm::Sha2_384),
                Curve::P521 => (ECDSA_WITH_SHA_512, HashAlgorithm::Sha2_512),
            },
            Material::Rsa(_) => (SHA_256_WITH_RSA, HashAlgorithm::Sha2_256),
            Material::Ed25519(_) => (ED_25519, HashAlgorithm::Sha2_512),
            Material::MlDsa(pair) => (
                match pair.public().parameters() {
                    MlDsaParameters::MlDsa44 => ML_DSA_44,
                    MlDsaParameters::MlDsa65 => ML_DSA_65,
                    MlDsaParameters::MlDsa87 => ML_DSA_87,
                },
                HashAlgorithm::Sha2_512,
            ),
            Material::Aead { .. } | Material::Hmac(_) | Material::Cmac { .. } => {
                return Err(unsupported);
            }
        };
        let options = SignatureOptions {
            hash: Some(hash),
            prehashed: false,
            padding: SignaturePadding::Pkcs1v15,
            marshaling: Marshaling::Asn1,
        };
        let signed = info.to_der().map_err(malformed)?;
        let signature = self
            .sign(i64::from(version.number().number()), b"", &signed, options)
            .map_err(CertificateError::RequestSignature)?;
        let (_, encoded) =
            versioned::parse(&signature.text).expect("a signature that was just made has its form");
        let signature = base64::decode(encoded.as_bytes()).expect("and so has what stands in it");
        let parameters = (algorithm == SHA_256_WITH_RSA).then(|| Any::from(Null));
        let request = CertReq {
            info,
            algorithm: AlgorithmIdentifierOwned {
                oid: algorithm,
                parameters,
            },
            signature: BitString::from_bytes(&signature).map_err(malformed)?,
        };
        let der = request.to_der().map_err(malformed)?;
        Ok(pem::encode(pem::CERTIFICATE_REQUEST, &der))
    }
}

/// A version that is neither too old nor gone.
fn usable_version(key: &Key, version: Option<Version>) -> Option<&KeyVersion> {
    let number = version.filter(|&number| number >= key.policy().oldest_decrypting())?;
    key.version(number).map(|version| &**version)
}

/// What X.509, in the peers' language, calls a key's algorithm, and its identifier.
fn names(algorithm: Algorithm) -> (Option<&'static str>, Option<ObjectIdentifier>) {
    let known = |name, oid| (Some(name), Some(oid));
    match algorithm {
        Algorithm::Ecdsa(_) => known("ECDSA", oids::EC),
        Algorithm::Rsa(_) => known("RSA", oids::RSA),
        Algorithm::Ed25519 => known("Ed25519", ED_25519),
        Algorithm::MlDsa(MlDsaParameters::MlDsa44) => known("ML-DSA-44", ML_DSA_44),
        Algorithm::MlDsa(MlDsaParameters::MlDsa65) => known("ML-DSA-65", ML_DSA_65),
        Algorithm::MlDsa(MlDsaParameters::MlDsa87) => known("ML-DSA-87", ML_DSA_87),
        Algorithm::Aead(_) | Algorithm::Hmac | Algorithm::Cmac(_) => (None, None),
    }
}

fn named(oid: ObjectIdentifier) -> &'static str {
    KeyType::ALL
        .into_iter()
        .map(|key_type| names(key_type.algorithm()))
        .find(|(_, other)| *other == Some(oid))
        .and_then(|(name, _)| name)
        .unwrap_or("unknown")
}
