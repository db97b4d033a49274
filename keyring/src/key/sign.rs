//! What a key does with a message that shall be recognized later: sign and verify.
//!
//! The order of the checks and the sentences are the peers'. What is wrong with the form of a
//! signature is an error; whether it fits the message is yes or no, and nothing more.

use super::{Key, KeyError, KeyVersion, Material, Use};
use crate::{
    base64, ecdsa,
    ed25519::{self, Ed25519PrivateKey},
    hash::HashAlgorithm,
    rsa::{RsaScheme, SaltLength},
    version::Version,
    versioned::{self, VersionedError},
};

/// How a signature is made and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureOptions {
    /// The hash function for ECDSA and RSA; `None`: the input is padded as it is, for RSA with
    /// PKCS #1 v1.5 only.
    pub hash: Option<HashAlgorithm>,
    /// Whether the input is a digest already.
    pub prehashed: bool,
    /// The padding of RSA.
    pub padding: SignaturePadding,
    /// How the signature is written.
    pub marshaling: Marshaling,
}

/// The padding of an RSA signature (RFC 8017, section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignaturePadding {
    /// RSASSA-PSS with a salt of this length.
    Pss(SaltLength),
    /// RSASSA-PKCS1-v1_5.
    Pkcs1v15,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marshaling {
    /// ECDSA's two numbers in ASN.1, and standard base64: for X.509 and openssl.
    Asn1,
    /// ECDSA's two numbers side by side, and base64url without padding: for JWS (RFC 7518).
    Jws,
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The version that signed.
    pub version: Version,
    /// `vault:v<N>:<base64>`.
    pub text: String,
    /// The public key that verifies it, if it was derived for the context.
    pub derived_public_key: Option<[u8; 32]>,
}

impl Key {
    /// Signs `input` with the version that the caller asked for; 0: the latest.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn sign(
        &self,
        version: i64,
        context: &[u8],
        input: &[u8],
        options: SignatureOptions,
    ) -> Result<Signature, KeyError> {
        let version = self.signing_version(version)?;
        let mut derived_public_key = None;
        let signature = match version.material() {
            Material::Ecdsa(pair) => {
                let key = pair.private().ok_or(KeyError::NoPrivatePart)?;
                let digest = options.digest(input);
                let signature = key.sign(&digest).map_err(|_| KeyError::NoSignature)?;
                match options.marshaling {
                    Marshaling::Asn1 => signature,
                    Marshaling::Jws => ecdsa::der_to_jws(key.curve(), &signature)
                        .map_err(|_| KeyError::NoSignature)?,
                }
            }
            Material::Ed25519(pair) => {
                let key = pair.private().ok_or(KeyError::NoPrivatePart)?;
                match self.derived_ed25519(key, context)? {
                    None => key.sign(input).to_vec(),
                    Some(derived) => {
                        derived_public_key = Some(*derived.public_key().as_bytes());
                        derived.sign(input).to_vec()
                    }
                }
            }
            Material::Rsa(pair) => {
                let key = pair.private().ok_or(KeyError::NoPrivatePart)?;
                let scheme = options.rsa_scheme(key.size().bytes())?;
                key.sign(scheme, &options.digest(input))
                    .map_err(|error| KeyError::Signature(error.to_string()))?
            }
            Material::MlDsa(pair) => {
                let key = pair.private().ok_or(KeyError::NoPrivatePart)?;
                key.sign(input).map_err(|_| KeyError::NoSignature)?
            }
            Material::Aead { .. } | Material::Hmac(_) | Material::Cmac { .. } => {
                return Err(KeyError::SigningNotSupported(self.policy().key_type));
            }
        };
        version.meter().count(Use::Sign);
        let mut text = String::new();
        versioned::write_prefix(version.number(), &mut text);
        match options.marshaling {
            Marshaling::Asn1 => base64::encode_append(&signature, &mut text),
            Marshaling::Jws => base64::encode_url_append(&signature, &mut text),
        }
        Ok(Signature {
            version: version.number(),
            text,
            derived_public_key,
        })
    }

    /// Whether `signature` was made of `input` by a version that still verifies.
    ///
    /// # Errors
    /// [`KeyError`] if the signature has no usable form;
    /// [`KeyError::SignatureVersionTooNew`] may mean that another replica rotated the key.
    pub fn verify(
        &self,
        signature: &str,
        context: &[u8],
        input: &[u8],
        options: SignatureOptions,
    ) -> Result<bool, KeyError> {
        let policy = self.policy();
        if policy.soft_deleted {
            return Err(KeyError::SoftDeleted);
        }
        if !policy.key_type.supports_signing() {
            return Err(KeyError::VerificationNotSupported(policy.key_type));
        }
        let (number, encoded) = versioned::parse(signature).map_err(|error| match error {
            VersionedError::NoPrefix => KeyError::SignatureNoPrefix,
            VersionedError::WrongNumberOfFields => KeyError::SignatureFields,
            VersionedError::BadVersion => KeyError::SignatureVersion,
        })?;
        if number > i64::from(policy.latest_version.number()) {
            return Err(KeyError::SignatureVersionTooNew);
        }
        if number < i64::from(policy.oldest_decrypting().number()) {
            return Err(KeyError::VersionTooOld);
        }
        let signature = match options.marshaling {
            Marshaling::Asn1 => base64::decode(encoded.as_bytes()).ok(),
            Marshaling::Jws => base64::decode_url(encoded.as_bytes()),
        };
        let signature = signature.ok_or(KeyError::SignatureBase64)?;
        let version = u32::try_from(number)
            .ok()
            .and_then(Version::new)
            .ok_or(KeyError::NoSuchVersion)?;
        let version = self.working_version(version)?;
        let is_valid = match version.material() {
            Material::Ecdsa(pair) => {
                let key = pair.public();
                let signature = match options.marshaling {
                    Marshaling::Asn1 => {
                        ecdsa::check_der(&signature)?;
                        signature
                    }
                    // Numbers that do not fit the curve fit no message either.
                    Marshaling::Jws => match ecdsa::jws_to_der(key.curve(), &signature) {
                        Ok(signature) => signature,
                        Err(_) => return Ok(false),
                    },
                };
                key.verify(&options.digest(input), &signature)
            }
            Material::Ed25519(pair) => match pair.private() {
                Some(key) => match self.derived_ed25519(key, context)? {
                    None => pair.public().verify(input, &signature),
                    Some(derived) => derived.public_key().verify(input, &signature),
                },
                None => pair.public().verify(input, &signature),
            },
            Material::Rsa(pair) => {
                let key = pair.public();
                let scheme = options.rsa_scheme(key.size().bytes())?;
                key.verify(scheme, &options.digest(input), &signature)
            }
            Material::MlDsa(pair) => pair.public().verify(input, &signature),
            Material::Aead { .. } | Material::Hmac(_) | Material::Cmac { .. } => {
                return Err(KeyError::VerificationNotSupported(policy.key_type));
            }
        };
        Ok(version.verified(Use::Verify, is_valid))
    }

    /// The public key that a derived Ed25519 key has in `context`; `None` for other keys.
    ///
    /// # Errors
    /// [`KeyError::MissingSigningContext`].
    pub fn derived_public_key(
        &self,
        version: &KeyVersion,
        context: &[u8],
    ) -> Result<Option<[u8; 32]>, KeyError> {
        let Material::Ed25519(pair) = version.material() else {
            return Ok(None);
        };
        let Some(key) = pair.private() else {
            return Ok(None);
        };
        let derived = self.derived_ed25519(key, context)?;
        Ok(derived.map(|derived| *derived.public_key().as_bytes()))
    }

    fn signing_version(&self, asked: i64) -> Result<&KeyVersion, KeyError> {
        let policy = self.policy();
        if policy.soft_deleted {
            return Err(KeyError::SoftDeleted);
        }
        if !policy.key_type.supports_signing() {
            return Err(KeyError::SigningNotSupported(policy.key_type));
        }
        let number = match asked {
            0 => policy.latest_version,
            ..0 => return Err(KeyError::SigningVersionNegative),
            asked => u32::try_from(asked)
                .ok()
                .and_then(Version::new)
                .filter(|&number| number <= policy.latest_version)
                .ok_or(KeyError::SigningVersionTooNew)?,
        };
        if policy
            .oldest_encrypting()
            .is_some_and(|oldest| number < oldest)
        {
            return Err(KeyError::SigningVersionTooOld);
        }
        if number < policy.oldest_decrypting() {
            // What could never be verified again is not signed.
            return Err(KeyError::NoSuchVersion);
        }
        self.working_version(number).map(|version| &**version)
    }

    fn derived_ed25519(
        &self,
        key: &Ed25519PrivateKey,
        context: &[u8],
    ) -> Result<Option<Ed25519PrivateKey>, KeyError> {
        let derivation = self.policy().derivation;
        if !derivation.needs_context() {
            return Ok(None);
        }
        if context.is_empty() {
            return Err(KeyError::MissingSigningContext);
        }
        Ok(Some(ed25519::derive_ed25519(key, context)))
    }
}

impl SignatureOptions {
    /// What ECDSA and RSA work on: the digest of `input`, or `input` if it is one already.
    fn digest<'i>(&self, input: &'i [u8]) -> std::borrow::Cow<'i, [u8]> {
        match self.hash {
            Some(hash) if !self.prehashed => hash.digest(input).as_bytes().to_vec().into(),
            _ => input.into(),
        }
    }

    fn rsa_scheme(&self, key_bytes: usize) -> Result<RsaScheme, KeyError> {
        match (self.padding, self.hash) {
            (SignaturePadding::Pkcs1v15, hash) => Ok(RsaScheme::Pkcs1v15 { hash }),
            (SignaturePadding::Pss(salt), Some(hash)) => {
                if let SaltLength::Bytes(asked) = salt {
                    // RFC 8017, section 9.1.1: emLen - hLen - 2.
                    let longest = key_bytes - hash.digest_bytes() - 2;
                    if usize::from(asked) > longest {
                        return Err(KeyError::SaltLength(asked));
                    }
                }
                Ok(RsaScheme::Pss { hash, salt })
            }
            (SignaturePadding::Pss(_), None) => Err(KeyError::NoHashWithPss),
        }
    }
}
