//! Tokens of a running server: verified by opening them, and remembered once they are.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use papaya::HashMap;
use ring::digest::{SHA256, digest};
use sealgate_keyring::{
    clock::Clock,
    error::Error as KeyringError,
    keyring::Keyring,
    secret::SecretBytes,
    store::{Revision, StoreError},
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    caller::Caller,
    token_key::{NoRandomness, TokenKeys},
};
use crate::error::Error;

/// The gateway's record with the keys.
const KEYS_RECORD: &str = "token/keys";
/// The gateway's record with the tokens that somebody chose.
const CHOSEN_RECORD: &str = "token/chosen";

/// Callers remembered at most. Beyond it, all are forgotten and verified again as they call.
const MAX_REMEMBERED: usize = 16 * 1024;

/// Verifies tokens while the keyring is unsealed; holds nothing while it is sealed.
pub struct Tokens {
    clock: Clock,
    open: ArcSwapOption<Open>,
}

/// All that a seal throws away.
struct Open {
    store: Uuid,
    keys: TokenKeys,
    chosen: Vec<Chosen>,
    /// Callers by the SHA-256 of their token. Only what was verified gets in.
    remembered: HashMap<[u8; 32], Arc<Caller>>,
}

/// A token that somebody chose, such as the root token of a development server. Only its keyed
/// digest is stored.
#[derive(Serialize, Deserialize)]
struct Chosen {
    digest: [u8; 32],
    caller: Caller,
}

/// The root token of a new store, and what the store must hold for it to be worth anything.
pub struct RootToken {
    /// The token. Nobody can show it again.
    pub token: Zeroizing<String>,
    /// The gateway's first records.
    pub records: Vec<(&'static str, SecretBytes)>,
}

impl Tokens {
    /// Tokens of a sealed server.
    pub fn sealed(clock: Clock) -> Self {
        Self {
            clock,
            open: ArcSwapOption::empty(),
        }
    }

    /// Reads keys and chosen tokens from the keyring, which was just unsealed.
    ///
    /// # Errors
    /// [`KeyringError`] if a record is missing, corrupted or cannot be read.
    pub async fn unseal(&self, keyring: &Keyring, store: Uuid) -> Result<(), KeyringError> {
        let record = keyring.record(KEYS_RECORD).await?;
        let keys = record.and_then(|record| TokenKeys::decode(record.content.expose()));
        let keys = keys.ok_or_else(|| corrupted(KEYS_RECORD))?;
        let (chosen, _) = chosen(keyring).await?;
        let open = Open {
            store,
            keys,
            chosen,
            remembered: HashMap::new(),
        };
        self.open.store(Some(Arc::new(open)));
        Ok(())
    }

    /// Forgets keys, tokens and callers.
    pub fn seal(&self) {
        self.open.store(None);
    }

    /// Who this token stands for. A token that was seen before costs one SHA-256 and a look-up.
    ///
    /// # Errors
    /// [`Error::PermissionDenied`] if it is no token of this store or has expired;
    /// 503 while sealed.
    pub fn verify(&self, token: &str) -> Result<Arc<Caller>, Error> {
        let open = self.open.load();
        let open = open.as_ref().ok_or(KeyringError::Sealed)?;
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        let remembered = open.remembered.pin();
        let caller = match remembered.get(&key) {
            Some(caller) => caller.clone(),
            None => {
                let caller = Arc::new(open.identify(token).ok_or(Error::PermissionDenied)?);
                if remembered.len() >= MAX_REMEMBERED {
                    remembered.clear();
                }
                remembered.insert(key, caller.clone());
                caller
            }
        };
        if caller.has_expired(self.clock.now()) {
            remembered.remove(&key);
            return Err(Error::PermissionDenied);
        }
        Ok(caller)
    }

    /// Lets `token` stand for `caller` from now on.
    ///
    /// # Errors
    /// [`KeyringError`] if it cannot be stored.
    pub async fn choose(
        &self,
        keyring: &Keyring,
        token: &str,
        caller: Caller,
    ) -> Result<(), KeyringError> {
        let (store, digest) = {
            let open = self.open.load();
            let open = open.as_ref().ok_or(KeyringError::Sealed)?;
            (open.store, open.keys.digest(token))
        };
        let (mut all, revision) = chosen(keyring).await?;
        all.push(Chosen { digest, caller });
        let record = serde_json::to_vec(&all).expect("a caller's map keys are strings");
        keyring
            .put_record(CHOSEN_RECORD, revision, SecretBytes::from_vec(record))
            .await?;
        self.unseal(keyring, store).await
    }
}

impl Open {
    fn identify(&self, token: &str) -> Option<Caller> {
        if let Some(caller) = self.keys.open(self.store, token) {
            return Some(caller);
        }
        if self.chosen.is_empty() {
            return None;
        }
        let digest = self.keys.digest(token);
        let same = |chosen: &&Chosen| chosen.digest.ct_eq(&digest).into();
        self.chosen
            .iter()
            .find(same)
            .map(|chosen| chosen.caller.clone())
    }
}

impl RootToken {
    /// A root token for the store that will have this id.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn create(store: Uuid, clock: &Clock) -> Result<Self, NoRandomness> {
        let keys = TokenKeys::generate()?;
        let caller = Caller::root("root", "auth/token/root", clock.now());
        let token = keys.seal(store, &caller)?.into();
        Ok(Self {
            token,
            records: vec![(KEYS_RECORD, keys.encode())],
        })
    }
}

async fn chosen(keyring: &Keyring) -> Result<(Vec<Chosen>, Option<Revision>), KeyringError> {
    let Some(record) = keyring.record(CHOSEN_RECORD).await? else {
        return Ok((Vec::new(), None));
    };
    let all = serde_json::from_slice(record.content.expose());
    let all = all.map_err(|_| corrupted(CHOSEN_RECORD))?;
    Ok((all, Some(record.revision)))
}

fn corrupted(record: &str) -> KeyringError {
    KeyringError::Store(StoreError::Corrupted {
        path: format!("gateway/{record}"),
        reason: "it is missing, or not what was written".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};

    fn open(keys: TokenKeys, chosen: Vec<Chosen>) -> (Tokens, Uuid) {
        let store = Uuid::new_v4();
        let tokens = Tokens::sealed(Clock::system());
        let open = Open {
            store,
            keys,
            chosen,
            remembered: HashMap::new(),
        };
        tokens.open.store(Some(Arc::new(open)));
        (tokens, store)
    }

    fn remembered(tokens: &Tokens) -> usize {
        tokens.open.load().as_ref().unwrap().remembered.len()
    }

    #[test]
    fn remembers_callers_but_no_garbage() {
        let keys = TokenKeys::generate().unwrap();
        let again = TokenKeys::decode(keys.encode().expose()).unwrap();
        let (tokens, store) = open(again, Vec::new());
        let root = Caller::root("root", "auth/token/root", Timestamp::now());
        let token = keys.seal(store, &root).unwrap();
        for _ in 0..3 {
            assert_eq!(*tokens.verify(&token).unwrap(), root);
            assert!(matches!(
                tokens.verify("sgt.AAAA"),
                Err(Error::PermissionDenied)
            ));
        }
        assert_eq!(remembered(&tokens), 1);
        tokens.seal();
        assert!(matches!(
            tokens.verify(&token),
            Err(Error::Keyring(KeyringError::Sealed))
        ));
    }

    #[test]
    fn what_is_remembered_expires() {
        let keys = TokenKeys::generate().unwrap();
        let again = TokenKeys::decode(keys.encode().expose()).unwrap();
        let (mut tokens, store) = open(again, Vec::new());
        let mut caller = Caller::root("pod", "auth/kubernetes/login", Timestamp::now());
        caller.expires = Some(caller.issued + SignedDuration::from_secs(60));
        let token = keys.seal(store, &caller).unwrap();
        assert!(tokens.verify(&token).is_ok());
        tokens.clock = Clock::from_fn(|| Timestamp::now() + SignedDuration::from_secs(60));
        assert!(matches!(
            tokens.verify(&token),
            Err(Error::PermissionDenied)
        ));
        assert_eq!(remembered(&tokens), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let keys = TokenKeys::generate().unwrap();
        let again = TokenKeys::decode(keys.encode().expose()).unwrap();
        let (tokens, store) = open(again, Vec::new());
        let root = Caller::root("root", "auth/token/root", Timestamp::now());
        for _ in 0..MAX_REMEMBERED + 10 {
            tokens.verify(&keys.seal(store, &root).unwrap()).unwrap();
        }
        assert_eq!(remembered(&tokens), 10);
    }

    #[test]
    fn chosen_tokens_are_known_by_their_digest() {
        let keys = TokenKeys::generate().unwrap();
        let caller = Caller::root("token", "auth/token/create", Timestamp::now());
        let chosen = Chosen {
            digest: keys.digest("root"),
            caller: caller.clone(),
        };
        let (tokens, _) = open(keys, vec![chosen]);
        assert_eq!(*tokens.verify("root").unwrap(), caller);
        assert!(tokens.verify("toor").is_err() && tokens.verify("").is_err());
    }
}
