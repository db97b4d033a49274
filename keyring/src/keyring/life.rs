//! The life of a keyring: opened over a store, initialized, unsealed, sealed.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, RwLock};
use uuid::Uuid;

use super::{
    Keyring, Shared, counters::Counters, load, mounts::encode_table, paths, records::gateway_path,
};
use crate::{
    barrier::{Barrier, RootKey},
    clock::Clock,
    error::Error,
    mount::Mount,
    record::StoreId,
    seal::{self, Seal, SealConfiguration, Step},
    secret::SecretBytes,
    share::{SealParameters, Share},
    store::{Store, Txn},
};

/// How long a seal waits for operations in flight to let go of their keys.
const LONGEST_WAIT_FOR_READERS: Duration = Duration::from_secs(10);

/// How long a seal waits for the store to take what was counted since the last time.
const LONGEST_SETTLING: Duration = Duration::from_secs(5);

/// What is known about the seal.
pub(super) enum Life {
    /// The store holds no installation.
    Uninitialized,
    /// It does; shares open it.
    Initialized(Seal),
}

/// The shares of a new keyring, to be handed out and forgotten.
pub struct Initialized {
    /// As many as were asked for.
    pub shares: Vec<Share>,
    /// The new installation.
    pub store_id: Uuid,
}

/// What everybody may know about the seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealStatus {
    /// Whether the store holds an installation.
    pub initialized: bool,
    /// Whether shares are needed.
    pub sealed: bool,
    /// Shares needed; 0 before initialization.
    pub threshold: u8,
    /// Shares that exist; 0 before initialization.
    pub shares: u8,
    /// Shares given in the current attempt.
    pub progress: u8,
    /// Names the current attempt.
    pub nonce: Option<Uuid>,
    /// The installation.
    pub store_id: Option<Uuid>,
}

impl Keyring {
    /// Opens a keyring over `store`. It is sealed, whatever it was before.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Seal`] if the stored seal configuration cannot be read.
    pub async fn open(store: Arc<dyn Store>, clock: Clock) -> Result<Self, Error> {
        let life = match store.get(&paths::seal_configuration()).await? {
            None => Life::Uninitialized,
            Some(stored) => Life::Initialized(Seal::new(SealConfiguration::parse(&stored.bytes)?)),
        };
        let (open, life) = (ArcSwapOption::empty(), RwLock::new(life));
        Ok(Self {
            shared: Arc::new(Shared {
                store,
                clock,
                open,
                life,
                planned: Notify::new(),
                counters: Counters::default(),
            }),
        })
    }

    /// Creates an installation with its mounts and the gateway's first records, in one commit.
    /// The keyring stays sealed.
    ///
    /// # Errors
    /// [`Error::AlreadyInitialized`], [`Error::Store`].
    pub async fn initialize(
        &self,
        parameters: SealParameters,
        store_id: Uuid,
        mounts: Vec<Mount>,
        records: Vec<(&'static str, SecretBytes)>,
    ) -> Result<Initialized, Error> {
        self.detached(move |keyring| async move {
            let mut life = keyring.shared.life.write().await;
            if matches!(*life, Life::Initialized(_)) {
                return Err(Error::AlreadyInitialized);
            }
            let id = StoreId::new(store_id);
            let barrier = Barrier::random(id)?;
            let new = seal::initialize(parameters, id)?;
            let mut put = vec![
                (
                    paths::seal_configuration(),
                    new.configuration.to_json().into(),
                ),
                (
                    paths::barrier_terms(),
                    barrier.seal_keys(&new.root_key)?.into(),
                ),
            ];
            let table = encode_table(mounts.into_iter());
            let table = (
                paths::mounts(),
                barrier.seal(&paths::mounts(), table.expose())?.into(),
            );
            put.push(table);
            for (name, content) in records {
                let path = gateway_path(name)?;
                let sealed = barrier.seal(&path, content.expose())?.into();
                put.push((path, sealed));
            }
            let expect = vec![(paths::seal_configuration(), None)];
            keyring
                .shared
                .store
                .commit(Txn {
                    expect,
                    put,
                    delete: Vec::new(),
                })
                .await?;
            *life = Life::Initialized(Seal::new(new.configuration));
            Ok(Initialized {
                shares: new.shares,
                store_id,
            })
        })
        .await
    }

    /// What everybody may know about the seal.
    pub async fn seal_status(&self) -> SealStatus {
        self.shared.life.read().await.status()
    }

    /// Takes one share. With the last one that is needed, every record is read and opened.
    ///
    /// # Errors
    /// [`Error::NotInitialized`]; [`Error::Seal`], which says whether to go on or to start over;
    /// [`Error::Store`] and [`Error::Barrier`] if what is stored cannot be read: the keyring then
    /// stays sealed.
    pub async fn unseal(&self, share: Share) -> Result<SealStatus, Error> {
        self.detached(move |keyring| async move {
            let mut life = keyring.shared.life.write().await;
            let seal = life.seal()?;
            if let Step::Opened(root_key) = seal.provide(share)? {
                let store_id = seal.configuration().store_id;
                if let Err(error) = keyring.load(store_id, root_key).await {
                    seal.seal();
                    return Err(error);
                }
            }
            Ok(life.status())
        })
        .await
    }

    /// Forgets the shares of the current attempt.
    ///
    /// # Errors
    /// Never for an initialized keyring; before, there is nothing to forget.
    pub async fn reset_unseal(&self) -> SealStatus {
        let mut life = self.shared.life.write().await;
        if let Life::Initialized(seal) = &mut *life {
            seal.reset();
        }
        life.status()
    }

    /// Seals: throws away every key, waiting for operations in flight to end.
    ///
    /// # Errors
    /// [`Error::NotInitialized`]; [`Error::StillInUse`] if an operation held on to its keys for
    /// ten seconds. New operations are refused nevertheless, and the last one to end wipes.
    pub async fn seal(&self) -> Result<(), Error> {
        self.detached(|keyring| async move {
            let mut life = keyring.shared.life.write().await;
            life.seal()?.seal();
            let Some(open) = keyring.shared.open.swap(None) else {
                return Ok(());
            };
            // New operations are refused already; a store that is stuck delays the end only this
            // much, and loses counts, not keys.
            let settled = keyring.settle(&open);
            if tokio::time::timeout(LONGEST_SETTLING, settled)
                .await
                .is_err()
            {
                tracing::warn!("sealed before all uses of keys were stored");
            }
            let last_reader = Arc::downgrade(&open);
            drop(open);
            // A change that waits for this lock holds the open keyring: it must be let in to be told
            // that the keyring is sealed.
            drop(life);
            let gone = async {
                while last_reader.strong_count() > 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            tokio::time::timeout(LONGEST_WAIT_FOR_READERS, gone)
                .await
                .map_err(|_| Error::StillInUse)
        })
        .await
    }

    async fn load(&self, store_id: StoreId, root_key: RootKey) -> Result<(), Error> {
        let shared = &self.shared;
        let (_, snapshot) = shared.store.load().await?;
        // Opening a hundred thousand records takes a while; others answer meanwhile.
        let loaded = tokio::task::spawn_blocking(move || {
            let terms = paths::barrier_terms();
            let stored = snapshot.records.iter().find(|(path, _)| *path == terms);
            let (_, stored) = stored.ok_or_else(Error::missing_barrier_terms)?;
            let barrier = Barrier::open_keys(store_id, &root_key, &stored.bytes)?;
            load::load(barrier, &snapshot)
        });
        let loaded = loaded.await.map_err(|_| Error::Interrupted)??;
        self.delete_records(&loaded.orphans).await?;
        shared.open.store(Some(Arc::new(loaded.open)));
        // What became due while it was sealed is looked at now.
        shared.planned.notify_one();
        Ok(())
    }
}

impl Life {
    fn seal(&mut self) -> Result<&mut Seal, Error> {
        match self {
            Self::Uninitialized => Err(Error::NotInitialized),
            Self::Initialized(seal) => Ok(seal),
        }
    }

    fn status(&self) -> SealStatus {
        let Self::Initialized(seal) = self else {
            return SealStatus {
                initialized: false,
                sealed: true,
                threshold: 0,
                shares: 0,
                progress: 0,
                nonce: None,
                store_id: None,
            };
        };
        let (configuration, progress) = (seal.configuration(), seal.progress());
        SealStatus {
            initialized: true,
            sealed: seal.is_sealed(),
            threshold: configuration.parameters.threshold(),
            shares: configuration.parameters.shares(),
            progress: progress.have,
            nonce: progress.nonce,
            store_id: Some(configuration.store_id.uuid()),
        }
    }
}
