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
    hash::HashAlgorithm,
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
    /// tested: a wrong number gives a key that contradicts itself, as
    /// [`check_pair`](Self::check_pair) finds out.
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

    /// Refuses a key that does not undo what its public part does. It costs a signature, so it is
    /// for keys that come from elsewhere: nobody has tested whether their primes are prime.
    ///
    /// # Errors
    /// [`RsaError::Inconsistent`].
    pub fn check_pair(&self) -> Result<(), RsaError> {
        let hash = HashAlgorithm::Sha2_256;
        let scheme = RsaScheme::Pkcs1v15 { hash: Some(hash) };
        let digest = hash.digest(b"whether the two parts belong together");
        let signature = self.sign(scheme, digest.as_bytes());
        let belongs = |signature: &Vec<u8>| {
            let public = &self.public;
            public.verify(scheme, digest.as_bytes(), signature)
        };
        let checked = signature.ok().filter(belongs);
        checked.map(|_| ()).ok_or(RsaError::Inconsistent)
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

/// A key one of whose "primes" is a multiple of 3.
#[cfg(test)]
pub(crate) mod composite {
    use super::*;

    const N: &str = "\
        a9b2838981a86aa8e8d0515d14c0274744df14bfab1c12df3afac9965e9aff60fc28da9790ce0176\
        ff408a4e3bee705c438b69362a806f59183f327c703ae7ab67199bc4f38f59f6f70ba651701291b6\
        4531d87b70707677aee68e9fece261b5b6a9aafcede83126bdf65ff5d50a84c4ce840cc810e323b9\
        3f07ecc1d7a7dcf3074446af04a317e404ab36269a4755c03b46f3fd2b0462d6e941d05b35f96b25\
        613c8a07aa1bca9579025254a819cc68d088f8491cb84b51d78b6c6cb7b4e6ed1c7f468253e15980\
        795b1cb38d229f613a52c5dcffe580ddb9f3d0c8660573798022dc727dc809e00a1726439e65369d\
        dea159a6a8e8ff98d1f3ffc10bf1356b";
    const D: &str = "\
        058f836ee8903fba7c32835005038ce5f1744be641f1a00eaf8c933979ad238c2687222e9040a7dc\
        a1dd980a9b3d23726a863172e46ea3f76beb7a3888a6ed7b78dbe6764c32d8d456610bd8a44eff76\
        550b1e9860e5568472773c9a31f5731534c0978945347413dc6aabd74edd52df6e12f6a641a367c2\
        c4b57a4519cf76d6742cdcadd8fb4dc381213de158e2899de9cf1c05debd7a1888ee3f7bd97b6f54\
        dfd42526605f1fad4151846fa1fb84dd967464e2aa48e5955a99aa17bde5a13943e3f0777cd5212d\
        801a6598a9e6c9e6231540488d43eace0509434255f34dc21315e779cb296edb246d063ee8946add\
        53ac53413d98539edf627b1c05163e89";
    const P: &str = "\
        d9a0f6a71f34d50007847a9deadfc98d8dedd0e23b8be484d591fefed66bb1255adcc4c904e93780\
        3a32fc5dc03734ba8928b6ba1c70fa86aa1de4ced598085befd17145ca8c904ab833eb259320bf1c\
        e5566087e714343edd6fe0532df9f146dac9234ffc079ad21ad951684caecc48d50f6aeaddc4c6eb\
        a724e78c07bf8839";
    const Q: &str = "\
        c79e15b6846fc820fa05c52de05a6f3c760864bb5bca2bb5320d1bcb7ac242937770e1230bc6beab\
        08004cd3bfc0dfe88895ccba319f9ae950b61aca68a79d13191abf310e8857a603ec0add401b8795\
        b19fc96e6c4462faca3e2acc7459075e3c361293bd07e5a8651e664c874203d7ec770f4505301dd4\
        af25d1c13ddc02c3";

    pub(crate) fn key() -> RsaPrivateKey {
        let bytes = |hex: &str| -> Vec<u8> {
            let digits = (0..hex.len()).step_by(2);
            digits
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect()
        };
        let secret = |hex| SecretBytes::from_vec(bytes(hex));
        let components = RsaComponents {
            n: bytes(N),
            e: vec![1, 0, 1],
            d: secret(D),
            p: secret(P),
            q: secret(Q),
            dp: None,
            dq: None,
            qinv: None,
        };
        RsaPrivateKey::from_components(&components).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rsa::SaltLength;

    #[test]
    fn finds_out_that_a_prime_is_none() {
        let refused = composite::key().check_pair();
        assert!(matches!(refused, Err(RsaError::Inconsistent)));
        for size in RsaSize::ALL {
            RsaPrivateKey::generate(size).unwrap().check_pair().unwrap();
        }
    }

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
