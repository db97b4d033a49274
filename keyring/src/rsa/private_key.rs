//! Private keys: generated, read, written, and what they do.

use std::{fmt, sync::OnceLock};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand,
    rsa::{
        KeyPair, KeyPairComponents, KeySize, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey,
        PrivateDecryptingKey, PublicKeyComponents,
    },
};
use pkcs8::PrivateKeyInfoRef;
use zeroize::Zeroizing;

use super::{
    RsaComponents, RsaEncryption, RsaError, RsaPublicKey, RsaScheme, STACK_BYTES,
    components::Numbers, emsa, raw::RawPrivateKey,
};
use crate::{
    algorithm::RsaSize,
    secret::SecretBytes,
    wipe::{bleached, bleached_by},
};

/// A private key, expanded once. Threads share it without a lock. AWS-LC wipes what it holds, and
/// the numbers are [`SecretBytes`].
pub struct RsaPrivateKey {
    size: RsaSize,
    public: RsaPublicKey,
    numbers: Numbers,
    signing: KeyPair,
    /// Expanded by the first decryption.
    decrypting: OnceLock<DecryptingKeys>,
    /// Expanded by the first use of a hash function that AWS-LC does not sign with.
    raw: OnceLock<Box<RawPrivateKey>>,
}

/// One key in the two forms that AWS-LC asks for.
struct DecryptingKeys {
    oaep: OaepPrivateDecryptingKey,
    pkcs1v15: Pkcs1PrivateDecryptingKey,
}

impl RsaPrivateKey {
    /// Generates a key with the public exponent 65537. This takes up to seconds.
    ///
    /// # Errors
    /// [`RsaError::Failed`].
    pub fn generate(size: RsaSize) -> Result<Self, RsaError> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        let document: Pkcs8V1Der<'_> = bleached_by::<STACK_BYTES, _>(|| {
            let key = KeyPair::generate(size).map_err(|_| RsaError::Failed)?;
            key.as_der().map_err(|_| RsaError::Failed)
        })?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads a PKCS #8 document (RFC 5958), with the algorithm rsaEncryption or RSASSA-PSS.
    ///
    /// # Errors
    /// [`RsaError::Encoding`], [`RsaError::Size`], [`RsaError::MultiPrime`],
    /// [`RsaError::Inconsistent`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, RsaError> {
        Self::from_components(&RsaComponents::from_pkcs8(der)?)
    }

    /// Reads an `RSAPrivateKey` (RFC 8017, A.1.2).
    ///
    /// # Errors
    /// As [`from_pkcs8`](Self::from_pkcs8).
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, RsaError> {
        Self::from_components(&RsaComponents::from_pkcs1(der)?)
    }

    /// Takes the numbers themselves. Leading zeros do no harm. Whether `p` and `q` are prime is not
    /// tested, as nowhere else: a wrong number gives a key that contradicts itself.
    ///
    /// # Errors
    /// [`RsaError::Size`]; [`RsaError::Inconsistent`] also for a public exponent that is even, 1 or
    /// longer than 33 bits.
    pub fn from_components(components: &RsaComponents) -> Result<Self, RsaError> {
        bleached_by::<STACK_BYTES, _>(|| Self::build(components))
    }

    fn build(components: &RsaComponents) -> Result<Self, RsaError> {
        let (size, numbers) = components.complete()?;
        let signing = KeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents {
                n: &numbers.n,
                e: &numbers.e,
            },
            d: numbers.d.expose(),
            p: numbers.p.expose(),
            q: numbers.q.expose(),
            dP: numbers.dp.expose(),
            dQ: numbers.dq.expose(),
            qInv: numbers.qinv.expose(),
        })
        .map_err(|_| RsaError::Inconsistent)?;
        Ok(Self {
            size,
            public: RsaPublicKey::from_components(&numbers.n, &numbers.e)?,
            signing,
            numbers,
            decrypting: OnceLock::new(),
            raw: OnceLock::new(),
        })
    }

    /// Every number of the key.
    pub fn components(&self) -> RsaComponents {
        self.numbers.to_components()
    }

    /// Writes a PKCS #8 document, with the algorithm rsaEncryption.
    pub fn to_pkcs8(&self) -> SecretBytes {
        SecretBytes::copy_of(self.document().as_ref())
    }

    /// Writes an `RSAPrivateKey`.
    pub fn to_pkcs1(&self) -> SecretBytes {
        let document = self.document();
        let info = PrivateKeyInfoRef::try_from(document.as_ref()).expect("AWS-LC writes PKCS #8");
        SecretBytes::copy_of(info.private_key.as_bytes())
    }

    fn document(&self) -> Pkcs8V1Der<'static> {
        let document = bleached_by::<STACK_BYTES, _>(|| self.signing.as_der());
        document.expect("AWS-LC has every number of a private key")
    }

    /// The length of the modulus.
    pub fn size(&self) -> RsaSize {
        self.size
    }

    /// The public key.
    pub fn public_key(&self) -> &RsaPublicKey {
        &self.public
    }

    /// Signs a digest. The signature is as long as the modulus.
    ///
    /// # Errors
    /// [`RsaError::DigestLength`], [`RsaError::SaltLength`]; [`RsaError::MessageTooLong`] without a
    /// hash function; [`RsaError::Failed`].
    pub fn sign(&self, scheme: RsaScheme, digest: &[u8]) -> Result<Vec<u8>, RsaError> {
        scheme.check(digest.len(), self.size)?;
        let Some((encoding, digest)) = scheme.signed_by_aws_lc(digest) else {
            return self.sign_ourselves(scheme, digest);
        };
        let mut signature = vec![0; self.size.bytes()];
        bleached(|| (self.signing).sign_digest(encoding, &digest, &mut signature))
            .map_err(|_| RsaError::Failed)?;
        Ok(signature)
    }

    /// Signs a checked digest with any hash function.
    pub(super) fn sign_ourselves(
        &self,
        scheme: RsaScheme,
        digest: &[u8],
    ) -> Result<Vec<u8>, RsaError> {
        let encoded = match scheme {
            RsaScheme::Pss { hash, salt } => {
                let mut bytes = vec![0; salt.signing_bytes(hash, self.size)];
                rand::fill(&mut bytes).map_err(|_| RsaError::Failed)?;
                emsa::pss(hash, digest, &bytes, self.size)
            }
            RsaScheme::Pkcs1v15 { hash } => emsa::pkcs1v15(hash, digest, self.size)?,
        };
        let raw = self
            .raw
            .get_or_init(|| Box::new(RawPrivateKey::new(&self.numbers)));
        Ok(raw.raise(&encoded)?.into_vec())
    }

    /// Decrypts a ciphertext, which must be as long as the modulus.
    ///
    /// Whatever is wrong with it, the error is the same, and AWS-LC takes the same time to find
    /// out, with two exceptions that betray nothing which the sender does not know: another length
    /// than the modulus, and a number above the modulus, are refused at once. With
    /// [`RsaEncryption::Pkcs1v15`] the mere fact that there is an error is what an attacker needs.
    ///
    /// # Errors
    /// [`RsaError::Decryption`].
    pub fn decrypt(
        &self,
        padding: RsaEncryption,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, RsaError> {
        if ciphertext.len() != self.size.bytes() {
            return Err(RsaError::Decryption);
        }
        let keys = (self.decrypting).get_or_init(|| DecryptingKeys::new(self.document().as_ref()));
        let mut buffer = Zeroizing::new(vec![0; self.size.bytes()]);
        let plaintext = bleached(|| match padding.oaep() {
            Some(algorithm) => (keys.oaep).decrypt(algorithm, ciphertext, &mut buffer, None),
            None => keys.pkcs1v15.decrypt(ciphertext, &mut buffer),
        });
        match plaintext {
            Ok(plaintext) => Ok(SecretBytes::copy_of(plaintext)),
            Err(_) => Err(RsaError::Decryption),
        }
    }
}

impl DecryptingKeys {
    /// Reads what AWS-LC wrote.
    fn new(document: &[u8]) -> Self {
        let key = bleached_by::<STACK_BYTES, _>(|| PrivateDecryptingKey::from_pkcs8(document))
            .expect("AWS-LC reads what it wrote");
        let same_size = "both forms take keys of the same sizes";
        Self {
            oaep: OaepPrivateDecryptingKey::new(key.clone()).expect(same_size),
            pkcs1v15: Pkcs1PrivateDecryptingKey::new(key).expect(same_size),
        }
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPrivateKey({} bits)", self.size.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hash::HashAlgorithm, rsa::SaltLength};

    /// PKCS #1 v1.5 signatures have no randomness, so both ways give the same.
    #[test]
    fn our_signatures_are_those_of_aws_lc() {
        for size in RsaSize::ALL {
            let key = RsaPrivateKey::generate(size).unwrap();
            for hash in [
                HashAlgorithm::Sha2_256,
                HashAlgorithm::Sha2_384,
                HashAlgorithm::Sha2_512,
            ] {
                let scheme = RsaScheme::Pkcs1v15 { hash: Some(hash) };
                for message in 0..20_u8 {
                    let digest = hash.digest(&[message]);
                    let digest = digest.as_bytes();
                    assert!(scheme.signed_by_aws_lc(digest).is_some());
                    assert_eq!(
                        key.sign(scheme, digest).unwrap(),
                        key.sign_ourselves(scheme, digest).unwrap()
                    );
                }
            }
        }
    }

    #[test]
    fn each_verifies_the_other() {
        let key = RsaPrivateKey::generate(RsaSize::Bits2048).unwrap();
        for hash in HashAlgorithm::ALL {
            let digest = hash.digest(b"message");
            let digest = digest.as_bytes();
            for salt in [SaltLength::Auto, SaltLength::Hash, SaltLength::Bytes(0)] {
                let scheme = RsaScheme::Pss { hash, salt };
                for signature in [
                    key.sign(scheme, digest).unwrap(),
                    key.sign_ourselves(scheme, digest).unwrap(),
                ] {
                    assert!(key.public_key().verify(scheme, digest, &signature));
                }
            }
        }
    }

    #[test]
    fn debug_shows_the_size_only() {
        let key = RsaPrivateKey::generate(RsaSize::Bits2048).unwrap();
        assert_eq!(format!("{key:?}"), "RsaPrivateKey(2048 bits)");
        let shown = format!("{:?}", key.components());
        assert!(shown.contains("d: SecretBytes(256 bytes)"), "{shown}");
    }

    #[test]
    fn completes_what_is_missing() {
        let key = RsaPrivateKey::generate(RsaSize::Bits2048).unwrap();
        let mut components = key.components();
        (components.dp, components.dq, components.qinv) = (None, None, None);
        let again = RsaPrivateKey::from_components(&components).unwrap();
        assert!(again.to_pkcs8().matches(key.to_pkcs8().expose()));
    }
}
