//! A keyring with one mount over a store, and its shares.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use sealgate_keyring::{
    clock::Clock,
    error::Error,
    key::{Encrypt, Key, Plaintext, Sealed},
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
    /// What the clock says, in seconds since 1970.
    seconds: Arc<AtomicI64>,
}

/// What the clock says at first.
pub const START: i64 = 1_800_000_000;

impl Installation {
    /// Initialized and unsealed, with an empty mount.
    pub async fn create(store: Arc<dyn Store>) -> Self {
        let seconds = Arc::new(AtomicI64::new(START));
        let keyring = Keyring::open(store.clone(), clock(&seconds)).await.unwrap();
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
            seconds,
        };
        installation.unseal().await;
        installation
    }

    pub async fn unseal(&self) {
        unseal(&self.keyring, &self.shares).await;
    }

    /// What a new process finds in the store.
    pub async fn restarted(&self) -> Keyring {
        let clock = clock(&self.seconds);
        let keyring = Keyring::open(self.store.clone(), clock).await.unwrap();
        unseal(&keyring, &self.shares).await;
        keyring
    }

    /// Lets time pass, as far as the keyring can see.
    pub fn wait(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::AcqRel);
    }

    pub fn now(&self) -> i64 {
        self.seconds.load(Ordering::Acquire)
    }

    /// Encrypts as the gateway does: reserves encryptions when none are left.
    pub async fn encrypt(
        &self,
        name: &str,
        request: Encrypt<'_>,
        plaintext: &[u8],
    ) -> Result<Sealed, Error> {
        let mut key = self.key(name)?;
        self.keyring
            .encrypting(&self.mount(), &mut key, 1, |key| {
                Ok(key.encrypt(request, Plaintext::copy_of(plaintext))?)
            })
            .await
    }

    /// The records of a key: what stands behind its name in their paths.
    pub async fn paths_of(&self, name: &str) -> BTreeSet<String> {
        let (_, snapshot) = self.store.load().await.unwrap();
        let inside = format!("/{name}/");
        let paths = snapshot.records.iter().map(|(path, _)| path.as_str());
        paths
            .filter_map(|path| Some(path.split_once(&inside)?.1.to_owned()))
            .collect()
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
            let (mut versions, mut budgets) = (BTreeSet::new(), BTreeSet::new());
            for path in self.paths_of(name.as_str()).await {
                match path.split_once('/') {
                    Some(("versions", number)) => versions.insert(number.to_owned()),
                    Some(("budget", number)) => budgets.insert(number.to_owned()),
                    _ => true,
                };
            }
            let kept = memory.versions().iter().map(|v| v.number().to_string());
            assert_eq!(versions, kept.collect(), "{name}");
            assert!(budgets.is_subset(&versions), "{name}: {budgets:?}");
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

fn clock(seconds: &Arc<AtomicI64>) -> Clock {
    let seconds = seconds.clone();
    Clock::from_fn(move || Timestamp::from_second(seconds.load(Ordering::Acquire)).unwrap())
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

pub fn mount_of(keyring: &Keyring) -> Arc<MountEntry> {
    keyring.unsealed().unwrap().mount(&mount_path()).unwrap()
}
