//! Keys that encrypt.

use std::sync::Arc;

use ring::{
    aead::{self, LessSafeKey, UnboundKey},
    hmac,
};
use sealgate_keyring::{
    aead::{Cipher, fill_random_nonce},
    algorithm::AeadAlgorithm,
    kdf,
    secret::SecretBytes,
};

use crate::{
    scan::Needles,
    subject::{Subject, Work},
};

pub const CONTEXT: &[u8] = b"the context that keys are derived for";

struct CipherKey {
    algorithm: AeadAlgorithm,
    use_: Use,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Use {
    Plain,
    Derived,
    Convergent,
}

pub fn subjects() -> Vec<Box<dyn Subject>> {
    let mut subjects: Vec<Box<dyn Subject>> = Vec::new();
    for algorithm in AeadAlgorithm::ALL {
        for use_ in [Use::Plain, Use::Derived, Use::Convergent] {
            subjects.push(Box::new(CipherKey { algorithm, use_ }));
        }
    }
    subjects
}

impl Subject for CipherKey {
    fn name(&self) -> String {
        format!("{} {:?}", self.algorithm, self.use_)
    }

    fn key_bytes(&self) -> usize {
        self.algorithm.key_bytes()
    }

    fn needles(&self, key: &[u8]) -> Needles {
        let mut needles = Needles::default();
        needles.add("key", key);
        let mut encryption_key = key.to_vec();
        if self.use_ != Use::Plain {
            let extract = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
            let pseudorandom_key = hmac::sign(&extract, key);
            needles.add("pseudorandom key", pseudorandom_key.as_ref());
            needles.add_expanded(
                "expanded pseudorandom key",
                pseudorandom_key.as_ref(),
                |key| hmac::Key::new(hmac::HMAC_SHA256, key),
            );
            let len = self.algorithm.key_bytes() + 32;
            let derived = kdf::derive(&SecretBytes::copy_of(key), CONTEXT, len).unwrap();
            let (encryption, nonce_key) = derived.expose().split_at(self.algorithm.key_bytes());
            encryption_key = encryption.to_vec();
            needles.add("derived key", encryption);
            if self.use_ == Use::Convergent {
                needles.add("nonce key", nonce_key);
                needles.add_expanded("expanded nonce key", nonce_key, |key| {
                    hmac::Key::new(hmac::HMAC_SHA256, key)
                });
            }
        }
        let ring = match self.algorithm {
            AeadAlgorithm::Aes128Gcm96 => Some(&aead::AES_128_GCM),
            AeadAlgorithm::Aes256Gcm96 => Some(&aead::AES_256_GCM),
            AeadAlgorithm::Chacha20Poly1305 => Some(&aead::CHACHA20_POLY1305),
            AeadAlgorithm::Xchacha20Poly1305 => None,
        };
        if let Some(algorithm) = ring {
            needles.add_expanded("expanded key", &encryption_key, |key| {
                LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap())
            });
        }
        needles
    }

    fn work(&self, key: &SecretBytes) -> Work {
        let algorithm = self.algorithm;
        let random = |_: &[u8], nonce: &mut [u8]| fill_random_nonce(nonce).unwrap();
        let key = SecretBytes::copy_of(key.expose());
        match self.use_ {
            Use::Plain => {
                let cipher = Cipher::new(algorithm, key.expose()).unwrap();
                Arc::new(move || seal_and_open(algorithm, &cipher, random))
            }
            Use::Derived => Arc::new(move || {
                let cipher = kdf::derive_cipher(algorithm, &key, CONTEXT);
                seal_and_open(algorithm, &cipher, random);
            }),
            Use::Convergent => Arc::new(move || {
                let (cipher, nonce_key) = kdf::derive_convergent(algorithm, &key, CONTEXT);
                seal_and_open(algorithm, &cipher, |message, nonce| {
                    kdf::convergent_nonce(&nonce_key, message, nonce);
                });
            }),
        }
    }
}

/// Messages of every length at which the implementations change their ways.
fn seal_and_open(algorithm: AeadAlgorithm, cipher: &Cipher, make_nonce: impl Fn(&[u8], &mut [u8])) {
    for len in [0, 1, 16, 63, 64, 65, 129, 192, 256, 500, 1024, 4096, 65_536] {
        let nonce_len = algorithm.nonce_bytes();
        let mut buffer = vec![7; nonce_len + len];
        let (nonce, message) = buffer.split_at_mut(nonce_len);
        make_nonce(message, nonce);
        cipher.seal(&mut buffer, 0, CONTEXT).unwrap();
        let mut forged = buffer.clone();
        forged[nonce_len] ^= 1;
        cipher.open(&mut forged, CONTEXT).unwrap_err();
        cipher.open(&mut buffer, CONTEXT).unwrap();
    }
}
