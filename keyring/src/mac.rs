//! Message authentication codes: HMAC (FIPS 198-1) and CMAC (NIST SP 800-38B).

use std::{convert::Infallible, fmt};

use aws_lc_rs::{cmac, hmac as aws_hmac};
use hmac::{KeyInit, Mac, SimpleHmac};
use ring::hmac as ring_hmac;
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use subtle::ConstantTimeEq;

use crate::{
    aead::WrongKeyLength,
    algorithm::CmacAlgorithm,
    hash::HashAlgorithm,
    wipe::{DEEP_BYTES, Wiped, bleached, bleached_by},
};

/// Length of a CMAC that is not truncated, in bytes.
pub const CMAC_BYTES: usize = 16;
/// Length of the shortest CMAC that [`Cmac::verify`] accepts, in bytes.
pub const MIN_CMAC_BYTES: usize = 4;

/// Length of the longest tag, in bytes.
const MAX_TAG_BYTES: usize = 64;

/// An HMAC, as long as the digests of its hash function.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    bytes: [u8; MAX_TAG_BYTES],
    len: usize,
}

impl Tag {
    fn copy_of(tag: &[u8]) -> Self {
        let mut bytes = [0; MAX_TAG_BYTES];
        bytes[..tag.len()].copy_from_slice(tag);
        Self {
            bytes,
            len: tag.len(),
        }
    }
}

impl AsRef<[u8]> for Tag {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// A key for HMAC with one hash function, expanded once and wiped when dropped. Threads share it
/// without a lock.
pub struct HmacKey(Expanded);

enum Expanded {
    /// SHA-1, SHA-256, SHA-384, SHA-512.
    Ring(Wiped<ring_hmac::Key>),
    /// SHA-224, which ring lacks.
    AwsLc(Wiped<aws_lc_rs::hmac::Key>),
    // SHA-3, which ring and AWS-LC lack with HMAC.
    Sha3_224(Wiped<SimpleHmac<Sha3_224>>),
    Sha3_256(Wiped<SimpleHmac<Sha3_256>>),
    Sha3_384(Wiped<SimpleHmac<Sha3_384>>),
    Sha3_512(Wiped<SimpleHmac<Sha3_512>>),
}

impl HmacKey {
    /// Expands `key`, which may have any length; the caller still owns, and must wipe, the
    /// original.
    pub fn new(hash: HashAlgorithm, key: &[u8]) -> Self {
        let ring = |algorithm| Expanded::Ring(expand(|| ring_hmac::Key::new(algorithm, key)));
        Self(match hash {
            HashAlgorithm::Sha1 => ring(ring_hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            HashAlgorithm::Sha2_224 => {
                Expanded::AwsLc(expand(|| aws_hmac::Key::new(aws_hmac::HMAC_SHA224, key)))
            }
            HashAlgorithm::Sha2_256 => ring(ring_hmac::HMAC_SHA256),
            HashAlgorithm::Sha2_384 => ring(ring_hmac::HMAC_SHA384),
            HashAlgorithm::Sha2_512 => ring(ring_hmac::HMAC_SHA512),
            HashAlgorithm::Sha3_224 => Expanded::Sha3_224(expand(|| sha3_key(key))),
            HashAlgorithm::Sha3_256 => Expanded::Sha3_256(expand(|| sha3_key(key))),
            HashAlgorithm::Sha3_384 => Expanded::Sha3_384(expand(|| sha3_key(key))),
            HashAlgorithm::Sha3_512 => Expanded::Sha3_512(expand(|| sha3_key(key))),
        })
    }

    /// The message's tag. To compare it with another, use [`verify`](Self::verify).
    pub fn tag(&self, message: &[u8]) -> Tag {
        match &self.0 {
            Expanded::Ring(key) => {
                bleached(|| Tag::copy_of(ring_hmac::sign(key, message).as_ref()))
            }
            Expanded::AwsLc(key) => {
                bleached_by::<DEEP_BYTES, _>(|| Tag::copy_of(aws_hmac::sign(key, message).as_ref()))
            }
            Expanded::Sha3_224(key) => sha3_tag(&**key, message),
            Expanded::Sha3_256(key) => sha3_tag(&**key, message),
            Expanded::Sha3_384(key) => sha3_tag(&**key, message),
            Expanded::Sha3_512(key) => sha3_tag(&**key, message),
        }
    }

    /// Whether `tag` is the message's, whole, compared in constant time.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        self.tag(message).as_ref().ct_eq(tag).into()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey")
    }
}

/// The HMAC of a message with a key that is used once; see [`HmacKey`].
pub fn hmac(hash: HashAlgorithm, key: &[u8], message: &[u8]) -> Tag {
    HmacKey::new(hash, key).tag(message)
}

/// Whether `tag` is the message's HMAC, whole, compared in constant time; see [`HmacKey`].
pub fn verify_hmac(hash: HashAlgorithm, key: &[u8], message: &[u8], tag: &[u8]) -> bool {
    HmacKey::new(hash, key).verify(message, tag)
}

fn expand<K>(build: impl FnOnce() -> K) -> Wiped<K> {
    match Wiped::build(|| Ok::<_, Infallible>(build())) {
        Ok(key) => key,
        Err(never) => match never {},
    }
}

fn sha3_key<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn sha3_tag<M: Mac + Clone>(key: &M, message: &[u8]) -> Tag {
    bleached(|| Tag::copy_of(&key.clone().chain_update(message).finalize().into_bytes()))
}

/// A key for CMAC, expanded once. Threads share it without a lock.
///
/// It lies in the heap of AWS-LC, which wipes what it frees.
pub struct Cmac(cmac::Key);

impl Cmac {
    /// Expands `key`; the caller still owns, and must wipe, the original.
    ///
    /// # Errors
    /// [`WrongKeyLength`] unless the key has [`CmacAlgorithm::key_bytes`].
    pub fn new(algorithm: CmacAlgorithm, key: &[u8]) -> Result<Self, WrongKeyLength> {
        let algorithm = match algorithm {
            CmacAlgorithm::Aes128 => cmac::AES_128,
            CmacAlgorithm::Aes256 => cmac::AES_256,
        };
        bleached_by::<DEEP_BYTES, _>(|| cmac::Key::new(algorithm, key))
            .map(Self)
            .map_err(|_| WrongKeyLength)
    }

    /// The message's tag; its first bytes are the message's shorter tags. To compare it with
    /// another, use [`verify`](Self::verify).
    pub fn tag(&self, message: &[u8]) -> [u8; CMAC_BYTES] {
        let tag = bleached(|| cmac::sign(&self.0, message)).expect("CMAC takes every message");
        tag.as_ref().try_into().expect("a tag is a block of AES")
    }

    /// Whether `tag` is the message's, or its first bytes, [`MIN_CMAC_BYTES`] at least; compared
    /// in constant time. A shorter tag is easier to guess, so look at its length first.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        (MIN_CMAC_BYTES..=CMAC_BYTES).contains(&tag.len())
            && self.tag(message)[..tag.len()].ct_eq(tag).into()
    }
}

impl fmt::Debug for Cmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cmac({:?})", self.0.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cmac_tags_may_be_truncated_to_four_bytes() {
        for algorithm in [CmacAlgorithm::Aes128, CmacAlgorithm::Aes256] {
            let cmac = Cmac::new(algorithm, &vec![7; algorithm.key_bytes()]).unwrap();
            let tag = cmac.tag(b"message");
            for len in 0..=CMAC_BYTES {
                assert_eq!(cmac.verify(b"message", &tag[..len]), len >= MIN_CMAC_BYTES);
            }
            assert!(!cmac.verify(b"message", &[tag.as_slice(), &[0]].concat()));
            assert!(!cmac.verify(b"massage", &tag));
        }
    }

    proptest! {
        #[test]
        fn verifies_whole_and_unchanged_tags(
            hash in prop::sample::select(&HashAlgorithm::ALL),
            key: Vec<u8>,
            message: Vec<u8>,
            at: prop::sample::Index,
            bit in 0_u8..8,
        ) {
            let tag = hmac(hash, &key, &message);
            prop_assert_eq!(tag.as_ref().len(), hash.digest_bytes());
            let key = HmacKey::new(hash, &key);
            prop_assert!(key.verify(&message, tag.as_ref()));
            let at = at.index(tag.as_ref().len());
            prop_assert!(!key.verify(&message, &tag.as_ref()[..at]));
            let mut changed = tag.as_ref().to_vec();
            changed[at] ^= 1 << bit;
            prop_assert!(!key.verify(&message, &changed));
            let other = [message.as_slice(), &[0]].concat();
            prop_assert!(!key.verify(&other, tag.as_ref()));
        }
    }
}
