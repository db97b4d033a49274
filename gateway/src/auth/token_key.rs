//! The keys that seal tokens, and the form of a sealed token.
//!
//! ```text
//! token      "sgt." ‖ base64url without padding of
//!
//! offset  bytes  content
//! 0       4      key id, big-endian
//! 4       12     nonce: random
//! 16      n      the caller (JSON with short names), AES-256-GCM under the key
//! 16 + n  16     tag
//!
//! associated data: "sealgate token" ‖ store id in its text form ‖ key id (4)
//!
//! record token/keys, sealed by the barrier
//!
//! offset  bytes  content
//! 0       1      version: 1
//! 1       32     digest key: HMAC-SHA-256 of tokens that somebody chose
//! 33      36 k   k times: key id (4, big-endian) ‖ key (32); the last key seals new tokens
//! ```

use aes_gcm::{
    Aes256Gcm, Nonce, Tag,
    aead::{AeadInOut, KeyInit},
};
use base64_simd::URL_SAFE_NO_PAD;
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use sealgate_keyring::{
    secret::{Secret256, SecretBytes},
    wipe::bleached,
};
use uuid::Uuid;

use super::caller::Caller;

const PREFIX: &str = "sgt.";
const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const FIRST_KEY: KeyId = KeyId(1);

/// No token is longer, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Names a token key within one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KeyId(u32);

/// The random source of the operating system failed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// The keys that seal and open tokens.
pub struct TokenKeys {
    digest_key: Secret256,
    /// Never empty; the last one seals.
    keys: Vec<(KeyId, Secret256)>,
}

impl TokenKeys {
    /// New random keys.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate() -> Result<Self, NoRandomness> {
        let random = SystemRandom::new();
        let key = || Secret256::fill_with(|bytes| random.fill(bytes).map_err(|_| NoRandomness));
        Ok(Self {
            digest_key: key()?,
            keys: vec![(FIRST_KEY, key()?)],
        })
    }

    /// The record `token/keys`.
    pub fn encode(&self) -> SecretBytes {
        let len = 1 + KEY_BYTES + self.keys.len() * (ID_BYTES + KEY_BYTES);
        let filled = SecretBytes::fill_with(len, |bytes| {
            bytes[0] = VERSION;
            bytes[1..=KEY_BYTES].copy_from_slice(self.digest_key.expose());
            let rest = bytes[1 + KEY_BYTES..].chunks_exact_mut(ID_BYTES + KEY_BYTES);
            for (chunk, (id, key)) in rest.zip(&self.keys) {
                chunk[..ID_BYTES].copy_from_slice(&id.0.to_be_bytes());
                chunk[ID_BYTES..].copy_from_slice(key.expose());
            }
            Ok::<_, std::convert::Infallible>(())
        });
        match filled {
            Ok(bytes) => bytes,
            Err(never) => match never {},
        }
    }

    /// Reads the record `token/keys`; `None` if it is none.
    pub fn decode(record: &[u8]) -> Option<Self> {
        let (&[VERSION], rest) = record.split_first_chunk::<1>()? else {
            return None;
        };
        let (digest_key, rest) = rest.split_at_checked(KEY_BYTES)?;
        let chunks = rest.chunks_exact(ID_BYTES + KEY_BYTES);
        if !chunks.remainder().is_empty() {
            return None;
        }
        let keys: Option<Vec<_>> = chunks
            .map(|chunk| {
                let (id, key) = chunk.split_first_chunk::<ID_BYTES>()?;
                Some((KeyId(u32::from_be_bytes(*id)), Secret256::copy_of(key)?))
            })
            .collect();
        let keys = keys.filter(|keys| !keys.is_empty())?;
        Some(Self {
            digest_key: Secret256::copy_of(digest_key)?,
            keys,
        })
    }

    /// Seals what a token says.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn seal(&self, store: Uuid, caller: &Caller) -> Result<String, NoRandomness> {
        let (id, key) = self.keys.last().expect("token keys are never empty");
        let mut nonce = [0; NONCE_BYTES];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| NoRandomness)?;
        let mut sealed = [&id.0.to_be_bytes()[..], &nonce].concat();
        let start = sealed.len();
        serde_json::to_writer(&mut sealed, caller).expect("a caller's map keys are strings");
        let place = associated_data(store, *id);
        let caller = &mut sealed[start..];
        let tag = bleached(|| {
            cipher(key).encrypt_inout_detached(&Nonce::from(nonce), &place, caller.into())
        })
        .expect("a caller is shorter than AES-GCM's limit");
        sealed.extend_from_slice(&tag);
        Ok(format!(
            "{PREFIX}{}",
            URL_SAFE_NO_PAD.encode_to_string(sealed)
        ))
    }

    /// Opens a token; `None` if it was not sealed here, or not as it stands.
    pub fn open(&self, store: Uuid, token: &str) -> Option<Caller> {
        let text = token
            .strip_prefix(PREFIX)
            .filter(|text| text.len() <= MAX_TOKEN_BYTES)?;
        let mut bytes = URL_SAFE_NO_PAD.decode_to_vec(text).ok()?;
        let (id, rest) = bytes.split_first_chunk_mut::<ID_BYTES>()?;
        let (nonce, rest) = rest.split_first_chunk_mut::<NONCE_BYTES>()?;
        let (sealed, tag) = rest.split_last_chunk_mut::<TAG_BYTES>()?;
        let id = KeyId(u32::from_be_bytes(*id));
        let (_, key) = self.keys.iter().find(|(known, _)| *known == id)?;
        let place = associated_data(store, id);
        let (nonce, tag, text) = (Nonce::from(*nonce), Tag::from(*tag), &mut *sealed);
        bleached(|| cipher(key).decrypt_inout_detached(&nonce, &place, text.into(), &tag)).ok()?;
        serde_json::from_slice(sealed).ok()
    }

    /// The keyed digest under which a token that somebody chose is stored.
    pub fn digest(&self, token: &str) -> [u8; 32] {
        let mut digest = [0; 32];
        bleached(|| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, self.digest_key.expose());
            digest.copy_from_slice(hmac::sign(&key, token.as_bytes()).as_ref());
        });
        digest
    }
}

fn cipher(key: &Secret256) -> Aes256Gcm {
    Aes256Gcm::new(key.expose().into())
}

fn associated_data(store: Uuid, key: KeyId) -> Vec<u8> {
    let store = store.to_string();
    [
        b"sealgate token".as_slice(),
        store.as_bytes(),
        &key.0.to_be_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn sealed() -> (TokenKeys, Uuid, Caller, String) {
        let (keys, store) = (TokenKeys::generate().unwrap(), Uuid::new_v4());
        let caller = Caller::root("root", "auth/token/root", Timestamp::now());
        let token = keys.seal(store, &caller).unwrap();
        (keys, store, caller, token)
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let (keys, store, caller, token) = sealed();
        assert_eq!(keys.open(store, &token), Some(caller));
        assert_eq!(keys.open(Uuid::new_v4(), &token), None, "another store");
        assert_eq!(
            TokenKeys::generate().unwrap().open(store, &token),
            None,
            "another key"
        );
        for at in PREFIX.len()..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(keys.open(store, &changed), None, "changed at {at}");
        }
        for garbage in [
            "",
            "sgt.",
            "sgt.AAAA",
            "s.abc",
            "sgt.!",
            &token[..token.len() - 1],
        ] {
            assert_eq!(keys.open(store, garbage), None, "{garbage}");
        }
        assert_eq!(keys.open(store, &format!("{token}=")), None);
    }

    #[test]
    fn records_are_read_back_or_refused() {
        let (keys, store, caller, token) = sealed();
        let record = keys.encode();
        let again = TokenKeys::decode(record.expose()).unwrap();
        assert_eq!(again.open(store, &token), Some(caller));
        assert_eq!(again.digest("root"), keys.digest("root"));
        assert_ne!(again.digest("root"), keys.digest("toor"));
        let record = record.expose();
        for broken in [
            &record[..0],
            &record[..33],
            &record[..record.len() - 1],
            &record[1..],
        ] {
            assert!(TokenKeys::decode(broken).is_none());
        }
    }
}
