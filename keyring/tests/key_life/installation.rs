//! A keyring with one mount over a store, and its shares.

use std::sync::Arc;

use sealgate_keyring::{
    clock::Clock,
    error::Error,
    key::Key,
    keyring::{Keyring, MountEntry},
    mount::{Mount, MountPath},
    name::KeyName,
    share::{SealParameters, Share},
    store::Store,
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The keys that the tests use.
pub const NAMES: [&str; 3] = ["one", "two", "three"];

pub struct Installation {
    pub keyring: Keyring,
    pub store: Arc<dyn Store>,
    shares: Vec<Zeroizing<String>>,
}

impl Installation {
    /// Initialized and unsealed, with an empty mount.
    pub async fn create(store: Arc<dyn Store>) -> Self {
        let keyring = Keyring::open(store.clone(), Clock::system()).await.unwrap();
        let parameters = SealParameters::new(3, 2).unwrap();
        let mount = Mount::new(mount_path(), Default::default());
        let made = keyring
            .initialize(parameters, Uuid::new_v4(), vec![mount], vec![])
            .await;
        let shares = made
            .unwrap()
            .shares
            .iter()
            .map(Share::expose_base64)
            .collect();
        let installation = Self {
            keyring,
            store,
            shares,
        };
        installation.unseal().await;
        installation
    }

    pub async fn unseal(&self) {
        unseal(&self.keyring, &self.shares).await;
    }

    /// What a new process finds in the store.
    pub async fn restarted(&self) -> Keyring {
        restarted(&self.store, &self.shares).await
    }

    pub fn mount(&self) -> Arc<MountEntry> {
        mount_of(&self.keyring)
    }

    pub fn key(&self, name: &str) -> Result<Arc<Key>, Error> {
        self.mount().key(name).ok_or(Error::KeyNotFound)
    }

    /// Fails unless memory says what a new process would read from the store.
    pub async fn assert_memory_is_store(&self) {
        let (memory, stored) = (self.mount(), mount_of(&self.restarted().await));
        assert_eq!(memory.key_names(), stored.key_names());
        for name in memory.key_names() {
            let key = |mount: &MountEntry| mount.key(name.as_str()).unwrap();
            let (memory, stored) = (key(&memory), key(&stored));
            assert_eq!(memory.policy(), stored.policy(), "{name}");
            assert_eq!(memory.versions().len(), stored.versions().len(), "{name}");
            for (here, there) in memory.versions().iter().zip(stored.versions()) {
                assert_eq!(
                    (here.number(), here.created()),
                    (there.number(), there.created())
                );
                assert!(
                    here.encode().matches(there.encode().expose()),
                    "{name} {}",
                    here.number()
                );
            }
        }
    }
}

pub fn name(text: &str) -> KeyName {
    KeyName::new(text).unwrap()
}

async fn restarted(store: &Arc<dyn Store>, shares: &[Zeroizing<String>]) -> Keyring {
    let keyring = Keyring::open(store.clone(), Clock::system()).await.unwrap();
    unseal(&keyring, shares).await;
    keyring
}

async fn unseal(keyring: &Keyring, shares: &[Zeroizing<String>]) {
    for share in &shares[..2] {
        keyring.unseal(Share::parse(share).unwrap()).await.unwrap();
    }
    assert!(!keyring.seal_status().await.sealed);
}

fn mount_path() -> MountPath {
    MountPath::new("transit").unwrap()
}

fn mount_of(keyring: &Keyring) -> Arc<MountEntry> {
    keyring.unsealed().unwrap().mount(&mount_path()).unwrap()
}
