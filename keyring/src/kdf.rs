//! Keys derived from a key and a context: HKDF-SHA256 (RFC 5869) without salt, and the nonces of
//! convergent encryption.
//!
//! The peers derive in the same way, so that keys restored from their backups give the same
//! ciphertexts:
//! ```text
//! derived      encryption key               = HKDF(key, salt = none, info = context)
//! convergent   encryption key ‖ nonce key   = HKDF(key, salt = none, info = context)
//!              nonce                        = first bytes of HMAC-SHA256(nonce key, plaintext)
//! ```

use ring::{
    error::Unspecified,
    hkdf::{self, HKDF_SHA256},
    hmac::{self, HMAC_SHA256},
};

use crate::{
    aead::Cipher,
    algorithm::AeadAlgorithm,
    secret::{Secret256, SecretBytes},
    wipe::bleached,
};

/// Length of the key that convergent nonces are made with, in bytes.
const NONCE_KEY_BYTES: usize = 32;

/// More bytes were asked for than HKDF-SHA256 gives: 255 × 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("HKDF-SHA256 gives at most 8160 bytes")]
pub struct TooManyBytes;

/// The key that makes the nonces of convergent encryption, derived beside the encryption key.
#[derive(Debug)]
pub struct NonceKey(Secret256);

/// Derives `len` bytes from `key` and `context`: HKDF-SHA256, no salt, the context as info.
///
/// # Errors
/// [`TooManyBytes`] above 255 × 32.
pub fn derive(key: &SecretBytes, context: &[u8], len: usize) -> Result<SecretBytes, TooManyBytes> {
    derive_with_salt(key, &[], context, len)
}

fn derive_with_salt(
    key: &SecretBytes,
    salt: &[u8],
    context: &[u8],
    len: usize,
) -> Result<SecretBytes, TooManyBytes> {
    bleached(|| {
        let pseudorandom_key = hkdf::Salt::new(HKDF_SHA256, salt).extract(key.expose());
        let info = [context];
        SecretBytes::fill_with(len, |out| {
            pseudorandom_key.expand(&info, Length(len))?.fill(out)
        })
        .map_err(|Unspecified| TooManyBytes)
    })
}

/// The cipher of a derived key for `context`.
pub fn derive_cipher(algorithm: AeadAlgorithm, key: &SecretBytes, context: &[u8]) -> Cipher {
    let encryption_key =
        derive(key, context, algorithm.key_bytes()).expect("a key is shorter than 8160 bytes");
    Cipher::new(algorithm, encryption_key.expose()).expect("derived with the length of the type")
}

/// The cipher of a key derived by HMAC-SHA256 in counter mode (NIST SP 800-108) with one block:
/// HMAC(key, 0 ‖ context ‖ 256), both numbers as 32 bits. Shorter keys take its first bytes.
pub fn derive_cipher_by_counter(
    algorithm: AeadAlgorithm,
    key: &SecretBytes,
    context: &[u8],
) -> Cipher {
    bleached(|| {
        let mut block = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, key.expose()));
        block.update(&0_u32.to_be_bytes());
        block.update(context);
        block.update(&256_u32.to_be_bytes());
        let block = block.sign();
        let encryption_key = &block.as_ref()[..algorithm.key_bytes()];
        Cipher::new(algorithm, encryption_key).expect("a block is as long as the longest key")
    })
}

/// The cipher of a convergent key for `context`, and the key of its nonces.
pub fn derive_convergent(
    algorithm: AeadAlgorithm,
    key: &SecretBytes,
    context: &[u8],
) -> (Cipher, NonceKey) {
    let len = algorithm.key_bytes() + NONCE_KEY_BYTES;
    let both = derive(key, context, len).expect("two keys are shorter than 8160 bytes");
    let (encryption_key, nonce_key) = both.expose().split_at(algorithm.key_bytes());
    let cipher =
        Cipher::new(algorithm, encryption_key).expect("derived with the length of the type");
    (
        cipher,
        NonceKey(Secret256::copy_of(nonce_key).expect("derived with that length")),
    )
}

/// Fills `nonce` with the first bytes of HMAC-SHA256 of the plaintext, so that equal plaintexts
/// encrypt equally. Equality of plaintexts is what such a ciphertext betrays.
///
/// # Panics
/// If the nonce is longer than 32 bytes.
pub fn convergent_nonce(nonce_key: &NonceKey, plaintext: &[u8], nonce: &mut [u8]) {
    bleached(|| {
        let key = hmac::Key::new(HMAC_SHA256, nonce_key.0.expose());
        nonce.copy_from_slice(&hmac::sign(&key, plaintext).as_ref()[..nonce.len()]);
    });
}

/// How many bytes ring is asked to expand.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vector {
        ikm: String,
        salt: String,
        info: String,
        size: usize,
        okm: String,
    }

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// Whether the vector gave bytes (and the right ones) or an error.
    fn derives(vector: &Vector) -> bool {
        let (key, info) = (
            SecretBytes::copy_of(&bytes(&vector.ikm)),
            bytes(&vector.info),
        );
        match derive_with_salt(&key, &bytes(&vector.salt), &info, vector.size) {
            Ok(derived) => {
                assert_eq!(derived.expose(), bytes(&vector.okm));
                true
            }
            Err(TooManyBytes) => false,
        }
    }

    #[test]
    fn agrees_with_rfc_5869() {
        let json = include_str!("../tests/vectors/hkdf.json");
        let vectors: Vec<Vector> = serde_json::from_str(json).unwrap();
        assert_eq!(vectors.len(), 3);
        assert!(vectors.iter().all(derives));
    }

    #[test]
    fn agrees_with_wycheproof() {
        let json = include_str!("../tests/vectors/wycheproof/hkdf_sha256_test.json");
        let file: serde_json::Value = serde_json::from_str(json).unwrap();
        let mut counts = (0, 0);
        for group in file["testGroups"].as_array().unwrap() {
            for test in group["tests"].as_array().unwrap() {
                let derived = derives(&serde_json::from_value(test.clone()).unwrap());
                assert_eq!(derived, test["result"] == "valid", "{test}");
                if derived {
                    counts.0 += 1
                } else {
                    counts.1 += 1
                }
            }
        }
        assert_eq!(counts, (83, 3));
    }

    #[test]
    fn refuses_more_than_hkdf_gives() {
        let key = SecretBytes::copy_of(b"key");
        assert_eq!(derive(&key, b"", 255 * 32).unwrap().len(), 8160);
        assert_eq!(derive(&key, b"", 255 * 32 + 1).err(), Some(TooManyBytes));
    }

    #[test]
    fn convergent_and_derived_keys_agree() {
        let key = SecretBytes::copy_of(&[1; 32]);
        for algorithm in AeadAlgorithm::ALL {
            let (convergent, nonce_key) = derive_convergent(algorithm, &key, b"context");
            let mut buffer = vec![0; algorithm.nonce_bytes()];
            convergent_nonce(&nonce_key, b"plaintext", &mut buffer);
            buffer.extend_from_slice(b"plaintext");
            let clear = buffer.clone();
            convergent.seal(&mut buffer, 0, b"").unwrap();
            derive_cipher(algorithm, &key, b"context")
                .open(&mut buffer, b"")
                .unwrap();
            assert_eq!(buffer, clear);
        }
    }
}
