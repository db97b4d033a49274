//! Keys that authenticate.

use std::sync::Arc;

use ring::{
    aead::{AES_128_GCM, AES_256_GCM, LessSafeKey, UnboundKey},
    hmac,
};
use sealgate_keyring::{
    algorithm::CmacAlgorithm,
    hash::HashAlgorithm,
    mac::{Cmac, HmacKey},
    secret::SecretBytes,
};

use crate::{
    scan::Needles,
    subject::{Subject, Work},
};

/// Lengths of messages: less than a block, blocks, and many.
const MESSAGE_BYTES: [usize; 6] = [0, 1, 16, 64, 200, 5000];

pub fn subjects() -> Vec<Box<dyn Subject>> {
    let hmac = HashAlgorithm::ALL.into_iter();
    let cmac = [CmacAlgorithm::Aes128, CmacAlgorithm::Aes256].into_iter();
    hmac.map(|hash| Box::new(Hmac(hash)) as _)
        .chain(cmac.map(|algorithm| Box::new(BlockMac(algorithm)) as _))
        .collect()
}

struct Hmac(HashAlgorithm);

impl Subject for Hmac {
    fn name(&self) -> String {
        format!("hmac {}", self.0)
    }

    fn key_bytes(&self) -> usize {
        32
    }

    fn needles(&self, key: &[u8]) -> Needles {
        let mut needles = Needles::default();
        needles.add("key", key);
        let algorithm = match self.0 {
            HashAlgorithm::Sha1 => Some(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            HashAlgorithm::Sha2_256 => Some(hmac::HMAC_SHA256),
            HashAlgorithm::Sha2_384 => Some(hmac::HMAC_SHA384),
            HashAlgorithm::Sha2_512 => Some(hmac::HMAC_SHA512),
            HashAlgorithm::Sha2_224
            | HashAlgorithm::Sha3_224
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_384
            | HashAlgorithm::Sha3_512 => None,
        };
        if let Some(algorithm) = algorithm {
            needles.add_expanded("expanded key", key, |key| hmac::Key::new(algorithm, key));
        }
        if self.0 == HashAlgorithm::Sha2_224 {
            needles.add_expanded("expanded key", key, |key| {
                aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA224, key)
            });
        }
        needles
    }

    fn work(&self, key: &SecretBytes) -> Work {
        // The original is there too while the key lives; HMAC with SHA-3 has no other piece of it.
        let key_and_original = (
            HmacKey::new(self.0, key.expose()),
            SecretBytes::copy_of(key.expose()),
        );
        Arc::new(move || {
            let (key, _) = &key_and_original;
            for len in MESSAGE_BYTES {
                let message = vec![7; len];
                let tag = key.tag(&message);
                assert!(key.verify(&message, tag.as_ref()));
            }
        })
    }
}

struct BlockMac(CmacAlgorithm);

impl Subject for BlockMac {
    fn name(&self) -> String {
        format!("cmac {:?}", self.0)
    }

    fn key_bytes(&self) -> usize {
        self.0.key_bytes()
    }

    fn needles(&self, key: &[u8]) -> Needles {
        let mut needles = Needles::default();
        needles.add("key", key);
        // Both libraries expand AES keys alike.
        let algorithm = match self.0 {
            CmacAlgorithm::Aes128 => &AES_128_GCM,
            CmacAlgorithm::Aes256 => &AES_256_GCM,
        };
        needles.add_expanded("expanded key", key, |key| {
            LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap())
        });
        needles
    }

    fn work(&self, key: &SecretBytes) -> Work {
        let cmac = Cmac::new(self.0, key.expose()).unwrap();
        Arc::new(move || {
            for len in MESSAGE_BYTES {
                let message = vec![7; len];
                assert!(cmac.verify(&message, &cmac.tag(&message)));
            }
        })
    }
}
