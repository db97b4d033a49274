//! Public keys: read, written, and what they do.

use std::{fmt, sync::OnceLock};

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa::{
        OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents,
    },
    signature::ParsedPublicKey,
};
use pkcs1::RsaPublicKeyRef;
use pkcs8::spki::SubjectPublicKeyInfoRef;

use super::{
    RsaEncryption, RsaError, RsaScheme,
    components::{is_rsa, size_of, trimmed},
    emsa,
    raw::RawPublicKey,
    signature::VERIFIED_BY_AWS_LC,
};
use crate::algorithm::RsaSize;

/// A public key, expanded once. Threads share it without a lock.
pub struct RsaPublicKey {
    n: Box<[u8]>,
    e: Box<[u8]>,
    size: RsaSize,
    spki: Box<[u8]>,
    oaep: OaepPublicEncryptingKey,
    pkcs1v15: Pkcs1PublicEncryptingKey,
    /// One for each of [`VERIFIED_BY_AWS_LC`], expanded by its first use.
    verifying: Box<[OnceLock<ParsedPublicKey>]>,
    /// Expanded by the first use of a scheme that AWS-LC does not verify.
    raw: OnceLock<Box<RawPublicKey>>,
}

impl RsaPublicKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280, section 4.1).
    ///
    /// # Errors
    /// [`RsaError::Encoding`], [`RsaError::Size`], [`RsaError::Inconsistent`].
    pub fn from_spki(der: &[u8]) -> Result<Self, RsaError> {
        let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| RsaError::Encoding)?;
        if !is_rsa(info.algorithm.oid) {
            return Err(RsaError::Encoding);
        }
        let bits = info.subject_public_key.as_bytes();
        let key = RsaPublicKeyRef::try_from(bits.ok_or(RsaError::Encoding)?)
            .map_err(|_| RsaError::Encoding)?;
        Self::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    /// Takes the modulus and the exponent, big-endian.
    ///
    /// # Errors
    /// [`RsaError::Size`]; [`RsaError::Inconsistent`] if either is even, or the exponent is 1 or
    /// longer than 33 bits.
    pub fn from_components(n: &[u8], e: &[u8]) -> Result<Self, RsaError> {
        let (n, e) = (trimmed(n), trimmed(e));
        let size = size_of(n)?;
        let components = PublicKeyComponents { n, e };
        let spki: PublicKeyX509Der<'_> = components.as_der().map_err(|_| RsaError::Inconsistent)?;
        let key =
            PublicEncryptingKey::from_der(spki.as_ref()).map_err(|_| RsaError::Inconsistent)?;
        Ok(Self {
            n: n.into(),
            e: e.into(),
            size,
            spki: spki.as_ref().into(),
            oaep: OaepPublicEncryptingKey::new(key.clone()).map_err(|_| RsaError::Failed)?,
            pkcs1v15: Pkcs1PublicEncryptingKey::new(key).map_err(|_| RsaError::Failed)?,
            verifying: VERIFIED_BY_AWS_LC.iter().map(|_| OnceLock::new()).collect(),
            raw: OnceLock::new(),
        })
    }

    /// Writes a `SubjectPublicKeyInfo`.
    pub fn to_spki(&self) -> Vec<u8> {
        self.spki.to_vec()
    }

    /// The modulus, big-endian, as long as [`RsaSize::bytes`] says.
    pub fn n(&self) -> &[u8] {
        &self.n
    }

    /// The public exponent, big-endian, without leading zeros.
    pub fn e(&self) -> &[u8] {
        &self.e
    }

    /// The length of the modulus.
    pub fn size(&self) -> RsaSize {
        self.size
    }

    /// Whether `signature` is one of `digest`. It is not if the digest or the salt has a length
    /// that cannot be signed.
    pub fn verify(&self, scheme: RsaScheme, digest: &[u8], signature: &[u8]) -> bool {
        if signature.len() != self.size.bytes() || scheme.check(digest.len(), self.size).is_err() {
            return false;
        }
        if let Some((index, digest)) = scheme.verified_by_aws_lc(digest) {
            let key = self.verifying[index].get_or_init(|| {
                ParsedPublicKey::new(&VERIFIED_BY_AWS_LC[index], &self.spki)
                    .expect("AWS-LC reads what it wrote")
            });
            if key.verify_digest_sig(&digest, signature).is_ok() {
                return true;
            }
            // Signed with another salt than the longest?
            if !scheme.takes_any_salt() {
                return false;
            }
        }
        self.verify_ourselves(scheme, digest, signature)
    }

    /// Verifies a signature of a checked digest with any scheme.
    pub(super) fn verify_ourselves(
        &self,
        scheme: RsaScheme,
        digest: &[u8],
        signature: &[u8],
    ) -> bool {
        let raw = (self.raw).get_or_init(|| Box::new(RawPublicKey::new(&self.n, &self.e)));
        let Some(mut encoded) = raw.raise(signature) else {
            return false;
        };
        match scheme {
            RsaScheme::Pss { hash, salt } => {
                emsa::is_pss(hash, digest, salt.verifying_bytes(hash), &mut encoded)
            }
            // Encoding anew and comparing leaves nothing to be read leniently.
            RsaScheme::Pkcs1v15 { hash } => {
                emsa::pkcs1v15(hash, digest, self.size).is_ok_and(|expected| *expected == *encoded)
            }
        }
    }

    /// Encrypts a message. The ciphertext is as long as the modulus.
    ///
    /// # Errors
    /// [`RsaError::MessageTooLong`], [`RsaError::Failed`].
    pub fn encrypt(&self, padding: RsaEncryption, plaintext: &[u8]) -> Result<Vec<u8>, RsaError> {
        let longest = padding.longest(self.size);
        if plaintext.len() > longest {
            return Err(RsaError::MessageTooLong { longest });
        }
        let mut ciphertext = vec![0; self.size.bytes()];
        let written = match padding.oaep() {
            Some(algorithm) => self
                .oaep
                .encrypt(algorithm, plaintext, &mut ciphertext, None),
            None => self.pkcs1v15.encrypt(plaintext, &mut ciphertext),
        };
        written.map_err(|_| RsaError::Failed)?;
        Ok(ciphertext)
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({} bits)", self.size.bits())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{hash::HashAlgorithm, rsa::SaltLength};

    fn bytes(hex: &Value) -> Vec<u8> {
        let hex = hex.as_str().unwrap().as_bytes();
        hex.chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// Checks that AWS-LC and we think the same of each signature. Returns how many are valid, and
    /// how many are not.
    fn compare(json: &str, scheme: RsaScheme, hash: HashAlgorithm) -> (usize, usize) {
        let file: Value = serde_json::from_str(json).unwrap();
        let mut counts = (0, 0);
        for group in file["testGroups"].as_array().unwrap() {
            let key = RsaPublicKey::from_spki(&bytes(&group["publicKeyDer"])).unwrap();
            for test in group["tests"].as_array().unwrap() {
                let digest = hash.digest(&bytes(&test["msg"]));
                let (digest, signature) = (digest.as_bytes(), bytes(&test["sig"]));
                assert!(scheme.verified_by_aws_lc(digest).is_some());
                let verified = key.verify(scheme, digest, &signature);
                let ours = key.verify_ourselves(scheme, digest, &signature);
                // Raw numbers may lack leading zeros; signatures may not.
                let right_length = signature.len() == key.size.bytes();
                assert_eq!(verified, ours && right_length, "{test}");
                if verified {
                    counts.0 += 1
                } else {
                    counts.1 += 1
                }
            }
        }
        counts
    }

    #[test]
    fn we_verify_as_aws_lc_does() {
        let hash = HashAlgorithm::Sha2_256;
        let json =
            include_str!("../../tests/vectors/wycheproof/rsa_signature_2048_sha256_test.json");
        let scheme = RsaScheme::Pkcs1v15 { hash: Some(hash) };
        assert_eq!(compare(json, scheme, hash), (9, 250));

        let hash = HashAlgorithm::Sha2_512;
        let json =
            include_str!("../../tests/vectors/wycheproof/rsa_pss_4096_sha512_mgf1_64_test.json");
        let salt = SaltLength::Hash;
        assert_eq!(
            compare(json, RsaScheme::Pss { hash, salt }, hash),
            (132, 47)
        );
    }
}
