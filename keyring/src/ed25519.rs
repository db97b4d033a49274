//! Ed25519 (RFC 8032).

use std::fmt;

use ring::{
    rand::{SecureRandom, SystemRandom},
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};

use crate::{
    der, kdf,
    secret::{Secret256, SecretBytes},
    wipe::{DEEP_BYTES, Wiped, bleached, bleached_by},
};

/// Length of a seed and of a public key, in bytes.
pub const KEY_BYTES: usize = 32;
/// Length of a signature, in bytes.
pub const SIGNATURE_BYTES: usize = 64;

/// What stands before the seed in a PKCS #8 document of version 1 (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20,
];
/// What stands before the key in a SubjectPublicKeyInfo (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 0x21, 0];

/// Why a key was not taken or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ed25519Error {
    /// It is no key, one of another type, or its parts contradict each other.
    #[error("this is no Ed25519 private key; give one in PKCS #8, as DER")]
    PrivateKey,
    /// It is no key, or one of another type.
    #[error("this is no Ed25519 public key; give its 32 bytes or a SubjectPublicKeyInfo, as DER")]
    PublicKey,
    /// The operating system gave no random bytes.
    #[error("the operating system's random source failed")]
    NoRandomness,
}

/// A private key, expanded once and wiped when dropped. Threads share it without a lock.
pub struct Ed25519PrivateKey {
    seed: Secret256,
    pair: Wiped<Ed25519KeyPair>,
    public: Ed25519PublicKey,
}

impl Ed25519PrivateKey {
    /// Generates one.
    ///
    /// # Errors
    /// [`Ed25519Error::NoRandomness`].
    pub fn generate() -> Result<Self, Ed25519Error> {
        let seed = Secret256::fill_with(|seed| SystemRandom::new().fill(seed))
            .map_err(|_| Ed25519Error::NoRandomness)?;
        Ok(Self::expand(seed))
    }

    /// Makes one of its seed, which RFC 8032 calls the private key; the caller still owns, and must
    /// wipe, the original.
    ///
    /// # Errors
    /// [`Ed25519Error::PrivateKey`] unless there are 32 bytes.
    pub fn from_seed(seed: &[u8]) -> Result<Self, Ed25519Error> {
        let seed = Secret256::copy_of(seed).ok_or(Ed25519Error::PrivateKey)?;
        Ok(Self::expand(seed))
    }

    /// Reads a PKCS #8 document (RFC 8410), with the public key or without.
    ///
    /// # Errors
    /// [`Ed25519Error::PrivateKey`].
    pub fn from_pkcs8(document: &[u8]) -> Result<Self, Ed25519Error> {
        if !der::is_pkcs8(document) {
            return Err(Ed25519Error::PrivateKey);
        }
        // ring reads it too, but does not give the seed back. AWS-LC does so only in what it does
        // not wipe, so the seed is taken from the one form that it writes.
        let seed = bleached_by::<DEEP_BYTES, _>(|| {
            let pair = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(document).ok()?;
            let written = pair.to_pkcs8v1().ok()?;
            Secret256::copy_of(written.as_ref().strip_prefix(&PKCS8_PREFIX)?)
        });
        Ok(Self::expand(seed.ok_or(Ed25519Error::PrivateKey)?))
    }

    fn expand(seed: Secret256) -> Self {
        let pair = Wiped::build(|| Ed25519KeyPair::from_seed_unchecked(seed.expose()))
            .expect("ring takes every seed of 32 bytes");
        let public = Ed25519PublicKey::from_bytes(pair.public_key().as_ref())
            .expect("ring's public keys have 32 bytes");
        Self { seed, pair, public }
    }

    /// The seed, which RFC 8032 calls the private key.
    pub fn seed(&self) -> &Secret256 {
        &self.seed
    }

    /// The PKCS #8 document, version 1, without the public key.
    pub fn to_pkcs8(&self) -> SecretBytes {
        let len = PKCS8_PREFIX.len() + KEY_BYTES;
        let document: Result<_, Ed25519Error> = SecretBytes::fill_with(len, |document| {
            let (prefix, seed) = document.split_at_mut(PKCS8_PREFIX.len());
            prefix.copy_from_slice(&PKCS8_PREFIX);
            seed.copy_from_slice(self.seed.expose());
            Ok(())
        });
        document.expect("copying does not fail")
    }

    /// The public key.
    pub fn public_key(&self) -> &Ed25519PublicKey {
        &self.public
    }

    /// The seed followed by the public key: what Go calls the private key.
    pub fn expanded(&self) -> SecretBytes {
        let expanded = SecretBytes::fill_with(2 * KEY_BYTES, |form| {
            let (seed, public) = form.split_at_mut(KEY_BYTES);
            seed.copy_from_slice(self.seed.expose());
            public.copy_from_slice(self.public.as_bytes());
            Ok::<_, std::convert::Infallible>(())
        });
        let Ok(expanded) = expanded;
        expanded
    }

    /// Reads the seed followed by the public key.
    ///
    /// # Errors
    /// [`Ed25519Error::PrivateKey`] for another length, or if the two do not belong together.
    pub fn from_expanded(expanded: &[u8]) -> Result<Self, Ed25519Error> {
        let (seed, public) = expanded
            .split_at_checked(KEY_BYTES)
            .ok_or(Ed25519Error::PrivateKey)?;
        let key = Self::from_seed(seed)?;
        if key.public.as_bytes() != public {
            return Err(Ed25519Error::PrivateKey);
        }
        Ok(key)
    }

    /// Signs a message. The same message always gets the same signature.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        bleached(|| self.pair.sign(message))
            .as_ref()
            .try_into()
            .expect("ring's signatures have 64 bytes")
    }
}

impl fmt::Debug for Ed25519PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519PrivateKey")
    }
}

/// A public key. Whether its bytes are a point of the curve shows when it verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ed25519PublicKey([u8; KEY_BYTES]);

impl Ed25519PublicKey {
    /// Takes the key's 32 bytes.
    ///
    /// # Errors
    /// [`Ed25519Error::PublicKey`] for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Ed25519Error> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| Ed25519Error::PublicKey)
    }

    /// Reads a SubjectPublicKeyInfo (RFC 8410), of which there is one form only.
    ///
    /// # Errors
    /// [`Ed25519Error::PublicKey`].
    pub fn from_spki(document: &[u8]) -> Result<Self, Ed25519Error> {
        let key = document.strip_prefix(&SPKI_PREFIX);
        Self::from_bytes(key.ok_or(Ed25519Error::PublicKey)?)
    }

    /// The SubjectPublicKeyInfo (RFC 8410).
    pub fn to_spki(&self) -> Vec<u8> {
        [SPKI_PREFIX.as_slice(), &self.0].concat()
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Whether `signature` is this key's for `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(message, signature)
            .is_ok()
    }
}

/// The private key that is derived from `key` for `context`: HKDF-SHA256 of key and context gives
/// the seed.
///
/// `key` is derived from in the peers' form: the seed followed by the public key, 64 bytes.
pub fn derive_ed25519(key: &Ed25519PrivateKey, context: &[u8]) -> Ed25519PrivateKey {
    let seed = kdf::derive(&key.expanded(), context, KEY_BYTES)
        .expect("a seed is shorter than 8160 bytes");
    Ed25519PrivateKey::from_seed(seed.expose()).expect("derived with that length")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[derive(serde::Deserialize)]
    struct Derived {
        key: String,
        context: String,
        message: String,
        public_key: String,
        signature: String,
    }

    #[test]
    fn derives_as_the_peer_does() {
        let json = include_str!("../tests/vectors/derived_ed25519.json");
        let peer: Derived = serde_json::from_str(json).unwrap();
        let exported = bytes(&peer.key);
        let key = Ed25519PrivateKey::from_seed(&exported[..32]).unwrap();
        assert_eq!(key.public_key().as_bytes().as_slice(), &exported[32..]);
        let derived = derive_ed25519(&key, &bytes(&peer.context));
        let public = bytes(&peer.public_key);
        assert_eq!(derived.public_key().as_bytes().as_slice(), public);
        let signature = derived.sign(&bytes(&peer.message));
        assert_eq!(signature.as_slice(), bytes(&peer.signature));
    }

    #[test]
    fn encodes_as_go_does() {
        let json = include_str!("../tests/vectors/go_keys.json");
        let keys: Vec<serde_json::Value> = serde_json::from_str(json).unwrap();
        let go = keys.iter().find(|key| key["type"] == "Ed25519").unwrap();
        let [seed, pkcs8, spki] =
            ["scalar", "pkcs8", "spki"].map(|name| bytes(go[name].as_str().unwrap()));
        let key = Ed25519PrivateKey::from_seed(&seed).unwrap();
        assert!(key.to_pkcs8().matches(&pkcs8));
        assert_eq!(key.public_key().to_spki(), spki);
        let read = Ed25519PrivateKey::from_pkcs8(&pkcs8).unwrap();
        assert!(read.seed().matches(&seed));
        let public = Ed25519PublicKey::from_spki(&spki).unwrap();
        assert_eq!(&public, key.public_key());
    }

    #[test]
    fn refuses_other_documents() {
        let key = Ed25519PrivateKey::generate().unwrap();
        let document = key.to_pkcs8();
        let refused = |bytes: &[u8]| {
            assert_eq!(
                Ed25519PrivateKey::from_pkcs8(bytes).err(),
                Some(Ed25519Error::PrivateKey)
            );
        };
        refused(&[document.expose(), &[0]].concat());
        refused(&document.expose()[..47]);
        refused(&key.public_key().to_spki());
        refused(b"");
        let elliptic = crate::ecdsa::EcdsaPrivateKey::generate(crate::algorithm::Curve::P256);
        refused(elliptic.unwrap().to_pkcs8().expose());
        for len in (0..70).filter(|&len| len != 32) {
            assert!(Ed25519PrivateKey::from_seed(&vec![1; len]).is_err());
            assert!(Ed25519PublicKey::from_bytes(&vec![1; len]).is_err());
        }
        assert!(Ed25519PublicKey::from_spki(key.public_key().as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn verifies_what_it_signs_and_nothing_else(
            seed: [u8; 32],
            message: Vec<u8>,
            at in 0..SIGNATURE_BYTES,
            bit in 0_u8..8,
        ) {
            let key = Ed25519PrivateKey::from_seed(&seed).unwrap();
            let signature = key.sign(&message);
            prop_assert!(key.public_key().verify(&message, &signature));
            let mut changed = signature;
            changed[at] ^= 1 << bit;
            prop_assert!(!key.public_key().verify(&message, &changed));
            prop_assert!(!key.public_key().verify(&message, &signature[..at]));
            let other = [message.as_slice(), &[0]].concat();
            prop_assert!(!key.public_key().verify(&other, &signature));
            let stranger = derive_ed25519(&key, b"context");
            prop_assert!(!stranger.public_key().verify(&message, &signature));
        }
    }
}
