//! The public object: a keyring that is sealed or open, and everything one can do with it.
//!
//! Reads take no lock and never touch the store. A change runs in a task of its own, so that a
//! caller who goes away cannot leave the memory behind the store; it is committed first and seen
//! in memory afterwards.

mod budget;
mod counters;
mod imports;
mod keys;
mod life;
mod load;
mod mounts;
mod open;
mod paths;
mod records;
mod usage;
mod versions;

use std::{future::Future, sync::Arc};

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, RwLock};

pub use budget::RunsShort;
pub use counters::LifeCounts;
pub use life::{Initialized, SealStatus};
pub use open::{MountEntry, Unsealed};
pub use records::SealedRecord;

use crate::{clock::Clock, error::Error, store::Store};
use counters::Counters;
use life::Life;
use open::Open;

/// A keyring over one store. Clones share it.
#[derive(Clone)]
pub struct Keyring {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    clock: Clock,
    /// Present while unsealed. Dropping the last handle to it wipes every key.
    open: ArcSwapOption<Open>,
    /// Changes hold it for reading, sealing and unsealing for writing: a change never puts a key
    /// back into memory after a seal.
    life: RwLock<Life>,
    /// Told when something is planned that will be due sooner than anybody would look.
    planned: Notify,
    counters: Counters,
}

impl Keyring {
    /// Everything that is readable while unsealed.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::NotInitialized`].
    pub fn unsealed(&self) -> Result<Unsealed, Error> {
        self.shared
            .open
            .load_full()
            .map(Unsealed::new)
            .ok_or(Error::Sealed)
    }

    /// Runs a change to its end, even if the caller goes away.
    async fn detached<T, F>(&self, change: impl FnOnce(Self) -> F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        tokio::spawn(change(self.clone()))
            .await
            .unwrap_or(Err(Error::Interrupted))
    }
}
