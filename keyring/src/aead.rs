//! Authenticated encryption with an expanded key, in place.
//!
//! ```text
//! before seal   ┌─ anything ─┬─ nonce ─┬─ plaintext ──┐
//! after seal    └─ anything ─┴─ nonce ─┴─ ciphertext ─┴─ tag ─┐
//! before open                ┌─ nonce ─┬─ ciphertext ─┬─ tag ─┘
//! after open                 └─ nonce ─┴─ plaintext ──┘
//! ```

use std::fmt;

use chacha20poly1305::{
    AeadInOut, KeyInit, XChaCha20Poly1305,
    aead::{Error, Nonce as XNonce, Tag as XTag},
};
use ring::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    error::Unspecified,
    rand::{SecureRandom, SystemRandom},
};

use crate::{
    algorithm::AeadAlgorithm,
    secret::Secret256,
    wipe::{Wiped, bleached},
};

/// Length of the tag behind every ciphertext, in bytes. It is the same for every key type.
pub const TAG_BYTES: usize = 16;

/// Why a message was not encrypted or decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// Wrong key, nonce or associated data, or a changed, missing or added byte: which is not said.
    #[error("message authentication failed")]
    Authenticity,
    /// The algorithm's counter would wrap: AES-GCM ends at 64 GiB, the others at 256 GiB.
    #[error("the message is too long")]
    TooLong,
}

/// A key of another length than its type asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key has the wrong length")]
pub struct WrongKeyLength;

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random source failed")]
pub struct NoRandomness;

/// Fills a nonce from the operating system's random source.
///
/// # Errors
/// [`NoRandomness`]; the nonce must then not be used.
pub fn fill_random_nonce(nonce: &mut [u8]) -> Result<(), NoRandomness> {
    SystemRandom::new()
        .fill(nonce)
        .map_err(|Unspecified| NoRandomness)
}

/// A key, expanded once and wiped when dropped. Threads share it without a lock.
pub struct Cipher {
    algorithm: AeadAlgorithm,
    expanded: Expanded,
}

enum Expanded {
    /// With AES instructions it works in registers and leaves no key on the stack.
    AesGcm(Wiped<LessSafeKey>),
    /// Leaves its key on the stack.
    Chacha(Wiped<LessSafeKey>),
    /// Leaves its key on the stack. There is nothing to expand.
    Xchacha(Secret256),
}

impl Cipher {
    /// Expands `key`; the caller still owns, and must wipe, the original.
    ///
    /// # Errors
    /// [`WrongKeyLength`] unless the key has [`AeadAlgorithm::key_bytes`].
    pub fn new(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Self, WrongKeyLength> {
        let expand = |ring_algorithm| {
            Wiped::build(|| UnboundKey::new(ring_algorithm, key).map(LessSafeKey::new))
                .map_err(|Unspecified| WrongKeyLength)
        };
        let expanded = match algorithm {
            AeadAlgorithm::Aes128Gcm96 => Expanded::AesGcm(expand(&aead::AES_128_GCM)?),
            AeadAlgorithm::Aes256Gcm96 => Expanded::AesGcm(expand(&aead::AES_256_GCM)?),
            AeadAlgorithm::Chacha20Poly1305 => Expanded::Chacha(expand(&aead::CHACHA20_POLY1305)?),
            AeadAlgorithm::Xchacha20Poly1305 => {
                Expanded::Xchacha(Secret256::copy_of(key).ok_or(WrongKeyLength)?)
            }
        };
        Ok(Self {
            algorithm,
            expanded,
        })
    }

    /// The algorithm.
    pub fn algorithm(&self) -> AeadAlgorithm {
        self.algorithm
    }

    /// Encrypts `nonce ‖ plaintext`, which `buffer` holds from `start` on, and appends the tag.
    ///
    /// One nonce used for two messages betrays both, and lets anybody forge a third: it comes from
    /// [`fill_random_nonce`] or [`convergent_nonce`](crate::kdf::convergent_nonce).
    ///
    /// # Errors
    /// [`CipherError::TooLong`]; the buffer is as before.
    ///
    /// # Panics
    /// If the buffer holds no whole nonce from `start` on.
    pub fn seal(
        &self,
        buffer: &mut Vec<u8>,
        start: usize,
        associated_data: &[u8],
    ) -> Result<(), CipherError> {
        let (nonce, message) = buffer[start..].split_at_mut(self.algorithm.nonce_bytes());
        let tag = match &self.expanded {
            Expanded::AesGcm(key) => ring_seal(key, nonce, associated_data, message),
            Expanded::Chacha(key) => bleached(|| ring_seal(key, nonce, associated_data, message)),
            Expanded::Xchacha(key) => {
                bleached(|| xchacha_seal(key, nonce, associated_data, message))
            }
        }?;
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// Decrypts `nonce ‖ ciphertext ‖ tag` to `nonce ‖ plaintext`.
    ///
    /// # Errors
    /// [`CipherError::Authenticity`]; the buffer then holds no plaintext, and no message either.
    pub fn open(&self, buffer: &mut Vec<u8>, associated_data: &[u8]) -> Result<(), CipherError> {
        let (nonce, sealed) = buffer
            .split_at_mut_checked(self.algorithm.nonce_bytes())
            .ok_or(CipherError::Authenticity)?;
        match &self.expanded {
            Expanded::AesGcm(key) => ring_open(key, nonce, associated_data, sealed),
            Expanded::Chacha(key) => bleached(|| ring_open(key, nonce, associated_data, sealed)),
            Expanded::Xchacha(key) => {
                bleached(|| xchacha_open(key, nonce, associated_data, sealed))
            }
        }?;
        buffer.truncate(buffer.len() - TAG_BYTES);
        Ok(())
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cipher({})", self.algorithm)
    }
}

fn ring_seal(
    key: &LessSafeKey,
    nonce: &[u8],
    associated_data: &[u8],
    message: &mut [u8],
) -> Result<[u8; TAG_BYTES], CipherError> {
    let nonce = Nonce::try_assume_unique_for_key(nonce).expect("ring's nonces have 12 bytes");
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(associated_data), message)
        .map_err(|Unspecified| CipherError::TooLong)?;
    Ok(tag.as_ref().try_into().expect("ring's tags have 16 bytes"))
}

fn ring_open(
    key: &LessSafeKey,
    nonce: &[u8],
    associated_data: &[u8],
    sealed: &mut [u8],
) -> Result<(), CipherError> {
    let nonce = Nonce::try_assume_unique_for_key(nonce).expect("ring's nonces have 12 bytes");
    key.open_in_place(nonce, Aad::from(associated_data), sealed)
        .map_err(|Unspecified| CipherError::Authenticity)?;
    Ok(())
}

fn xchacha_seal(
    key: &Secret256,
    nonce: &[u8],
    associated_data: &[u8],
    message: &mut [u8],
) -> Result<[u8; TAG_BYTES], CipherError> {
    XChaCha20Poly1305::new(key.expose().into())
        .encrypt_inout_detached(xchacha_nonce(nonce), associated_data, message.into())
        .map(Into::into)
        .map_err(|Error| CipherError::TooLong)
}

fn xchacha_open(
    key: &Secret256,
    nonce: &[u8],
    associated_data: &[u8],
    sealed: &mut [u8],
) -> Result<(), CipherError> {
    let (message, tag) = sealed
        .split_last_chunk_mut::<TAG_BYTES>()
        .ok_or(CipherError::Authenticity)?;
    let tag: &XTag<XChaCha20Poly1305> = (&*tag).into();
    XChaCha20Poly1305::new(key.expose().into())
        .decrypt_inout_detached(xchacha_nonce(nonce), associated_data, message.into(), tag)
        .map_err(|Error| CipherError::Authenticity)
}

fn xchacha_nonce(nonce: &[u8]) -> &XNonce<XChaCha20Poly1305> {
    nonce.try_into().expect("XChaCha20's nonces have 24 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce_and(algorithm: AeadAlgorithm, message: &[u8]) -> Vec<u8> {
        let mut buffer = vec![0; algorithm.nonce_bytes()];
        fill_random_nonce(&mut buffer).unwrap();
        buffer.extend_from_slice(message);
        buffer
    }

    #[test]
    fn opens_what_it_seals_and_nothing_else() {
        for algorithm in AeadAlgorithm::ALL {
            let cipher = Cipher::new(algorithm, &vec![7; algorithm.key_bytes()]).unwrap();
            for len in [0, 1, 15, 16, 64, 1000] {
                let clear = nonce_and(algorithm, &vec![9; len]);
                let mut sealed = clear.clone();
                cipher.seal(&mut sealed, 0, b"place").unwrap();
                assert_eq!(sealed.len(), clear.len() + TAG_BYTES);

                let mut opened = sealed.clone();
                cipher.open(&mut opened, b"place").unwrap();
                assert_eq!(opened, clear);

                let refused = |mut bytes: Vec<u8>, associated_data: &[u8]| {
                    assert_eq!(
                        cipher.open(&mut bytes, associated_data),
                        Err(CipherError::Authenticity)
                    );
                };
                refused(sealed.clone(), b"elsewhere");
                for at in 0..sealed.len() {
                    let mut changed = sealed.clone();
                    changed[at] ^= 1;
                    refused(changed, b"place");
                }
                for end in 0..sealed.len() {
                    refused(sealed[..end].to_vec(), b"place");
                }
                sealed.push(0);
                refused(sealed, b"place");
            }
        }
    }

    #[test]
    fn leaves_what_is_in_front_alone() {
        for algorithm in AeadAlgorithm::ALL {
            let cipher = Cipher::new(algorithm, &vec![7; algorithm.key_bytes()]).unwrap();
            let message = nonce_and(algorithm, b"message");
            let mut behind = [b"front".as_slice(), &message].concat();
            cipher.seal(&mut behind, 5, b"").unwrap();
            let mut alone = message;
            cipher.seal(&mut alone, 0, b"").unwrap();
            assert_eq!(behind, [b"front".as_slice(), &alone].concat());
        }
    }

    #[test]
    fn refuses_keys_of_other_lengths() {
        for algorithm in AeadAlgorithm::ALL {
            for len in (0..70).filter(|&len| len != algorithm.key_bytes()) {
                assert_eq!(
                    Cipher::new(algorithm, &vec![0; len]).err(),
                    Some(WrongKeyLength)
                );
            }
        }
    }
}
