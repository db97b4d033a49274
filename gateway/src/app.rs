//! What every handler reaches: the keyring, the tokens and the limits.

use std::{sync::Arc, time::Duration};

use sealgate_keyring::{
    clock::Clock,
    error::Error as KeyringError,
    keyring::{Initialized, Keyring, SealStatus},
    mount::{Mount, MountPath},
    share::{SealParameters, Share},
    store::Store,
};
use tokio::{
    sync::{Mutex, Semaphore},
    time::MissedTickBehavior,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    auth::{Caller, RootToken, Tokens},
    config::Limits,
    error::Error,
    http::sys,
};

/// The API's level and, as semver's build metadata, our own version. Clients of the peers switch
/// features on by it.
pub const VERSION: &str = concat!("2.7.2+sealgate.", env!("CARGO_PKG_VERSION"));

/// The day of this release, in the form in which the peers state when they were made.
pub const RELEASE_DATE: &str = "2026-11-24T00:00:00Z";

/// The kind of store that the status names.
pub const STORAGE_TYPE: &str = "rocksdb";

/// The mount that an initialization makes.
const FIRST_MOUNT: &str = "transit/";

/// How often keys are looked at that rotate by themselves.
const ROTATION_CHECK: Duration = Duration::from_secs(60);

/// How often at least versions are looked at that are to be destroyed.
const DESTRUCTION_CHECK: Duration = Duration::from_secs(60);

/// The server without its sockets.
pub struct App {
    /// The keys.
    pub keyring: Keyring,
    /// Who may use them.
    pub tokens: Tokens,
    /// What one request may ask.
    pub limits: Limits,
    /// The time.
    pub clock: Clock,
    /// Held by work that would keep short requests waiting.
    pub long_work: Semaphore,
    /// Held by requests with long bodies.
    pub long_bodies: Semaphore,
    /// Held while the keyring and the tokens are opened or closed, so that both are at the end.
    turning: Mutex<()>,
}

/// What an initialization gives to its operator, once.
pub struct Founding {
    /// The shares.
    pub shares: Vec<Share>,
    /// The first token.
    pub root_token: Zeroizing<String>,
}

impl App {
    /// A sealed server over `store`.
    ///
    /// # Errors
    /// [`KeyringError`] if the store cannot be read.
    pub async fn open(
        store: Arc<dyn Store>,
        clock: Clock,
        limits: Limits,
    ) -> Result<Self, KeyringError> {
        let keyring = Keyring::open(store, clock.clone()).await?;
        let tokens = Tokens::sealed(clock.clone());
        Ok(Self {
            keyring,
            tokens,
            limits,
            clock,
            turning: Mutex::new(()),
            long_work: Semaphore::new(processors()),
            long_bodies: Semaphore::new(processors()),
        })
    }

    /// Founds an installation with `transit/` and a root token. The server stays sealed.
    ///
    /// # Errors
    /// [`KeyringError::AlreadyInitialized`], [`KeyringError::Store`], [`Error::NoRandomness`];
    /// nothing was written then.
    pub async fn initialize(&self, parameters: SealParameters) -> Result<Founding, Error> {
        let store = Uuid::new_v4();
        let RootToken { token, records } = RootToken::create(store, &self.clock)?;
        let path = MountPath::new(FIRST_MOUNT).expect("a fixed path is well formed");
        let mount = Mount::new(path, sys::MountFacts::default().into_attributes());
        let made = self
            .keyring
            .initialize(parameters, store, vec![mount], records)
            .await?;
        let Initialized { shares, .. } = made;
        Ok(Founding {
            shares,
            root_token: token,
        })
    }

    /// Takes one share; with the last one needed, the server opens.
    ///
    /// # Errors
    /// [`KeyringError`] with what to do; the server then stays sealed.
    pub async fn unseal(&self, share: Share) -> Result<SealStatus, KeyringError> {
        let _turning = self.turning.lock().await;
        let was_sealed = self.keyring.unsealed().is_err();
        let status = self.keyring.unseal(share).await?;
        if let (true, false, Some(store)) = (was_sealed, status.sealed, status.store_id) {
            if let Err(error) = self.tokens.unseal(&self.keyring, store).await {
                self.keyring.seal().await?;
                return Err(error);
            }
            tracing::info!(store_id = %store, "unsealed");
        }
        Ok(status)
    }

    /// Throws away every key.
    ///
    /// # Errors
    /// [`KeyringError::StillInUse`]; the server is sealed nevertheless.
    pub async fn seal(&self) -> Result<(), KeyringError> {
        let _turning = self.turning.lock().await;
        let was_unsealed = self.keyring.unsealed().is_ok();
        self.tokens.seal();
        match self.keyring.seal().await {
            Err(KeyringError::NotInitialized) => Ok(()),
            outcome => {
                if was_unsealed {
                    tracing::info!("sealed");
                }
                outcome
            }
        }
    }

    /// Lets `token`, which somebody chose, be a root token.
    ///
    /// # Errors
    /// [`KeyringError`] if it cannot be stored.
    pub async fn choose_root_token(&self, token: &str) -> Result<(), KeyringError> {
        let caller = Caller::root("token", "auth/token/create", self.clock.now());
        self.tokens.choose(&self.keyring, token, caller).await
    }

    /// Does what keys need without being asked, for as long as it is polled: rotates them, destroys
    /// versions, and stores every `usage_interval` how they were used.
    pub async fn keep_keys(&self, usage_interval: Duration) {
        tokio::join!(
            self.rotate_due_keys(),
            self.destroy_due_versions(),
            self.store_usage(usage_interval),
        );
    }

    async fn rotate_due_keys(&self) {
        let mut ticks = tokio::time::interval(ROTATION_CHECK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.keyring.rotate_due_keys().await {
                Ok(0) | Err(KeyringError::Sealed | KeyringError::NotInitialized) => {}
                Ok(keys) => tracing::info!(keys, "rotated keys whose period was over"),
                Err(error) => tracing::error!(%error, "a key's rotation is due and failed"),
            }
        }
    }

    /// Looks when the next destruction is due, and when one is planned or the server is unsealed.
    async fn destroy_due_versions(&self) {
        loop {
            let next = match self.keyring.destroy_due_versions().await {
                Ok((versions, next)) => {
                    if versions > 0 {
                        tracing::info!(versions, "destroyed key versions whose wait was over");
                    }
                    next
                }
                Err(KeyringError::Sealed | KeyringError::NotInitialized) => None,
                Err(error) => {
                    tracing::error!(%error, "a key version's destruction is due and failed");
                    None
                }
            };
            let until = |at: jiff::Timestamp| at.duration_since(self.clock.now()).unsigned_abs();
            let wait = next.map_or(DESTRUCTION_CHECK, until);
            tokio::select! {
                () = tokio::time::sleep(wait.min(DESTRUCTION_CHECK)) => {}
                () = self.keyring.destruction_planned() => {}
            }
        }
    }

    async fn store_usage(&self, interval: Duration) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.keyring.store_usage().await {
                Ok(_) | Err(KeyringError::Sealed | KeyringError::NotInitialized) => {}
                Err(error) => {
                    tracing::warn!(%error, "uses of keys were not stored; they are later")
                }
            }
        }
    }
}

/// How many threads can work at once.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
