//! Where sealed records are kept: one interface, several stores.
//!
//! A store sees only sealed bytes and paths. It owes the keyring four things:
//!
//! 1. A [`commit`](Store::commit) that was answered survives a crash, and happens whole or not
//!    at all.
//! 2. A commit whose expectations do not hold changes nothing and answers
//!    [`StoreError::Conflict`].
//! 3. [`get`](Store::get) is linearizable: it sees every commit that was answered before it began.
//! 4. Revisions only grow, and every change has one.
//!
//! `suite` holds the tests of these four, and each store runs them.

mod changes;
mod memory;
#[cfg(feature = "rocksdb")]
mod rocksdb;
#[cfg(test)]
mod suite;
mod transaction;

use std::{fmt, sync::Arc};

use futures_util::{future::BoxFuture, stream::BoxStream};

pub use memory::MemoryStore;
#[cfg(feature = "rocksdb")]
pub use rocksdb::RocksdbStore;

/// The place of a record: segments joined by `/`, such as `seal/configuration`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Arc<str>);

impl Path {
    /// Longest path, in bytes. It fits a key name, a mount id and the fixed segments around them.
    pub const MAX_BYTES: usize = 1024;

    /// Parses a path: 1 to [`Path::MAX_BYTES`] bytes, no empty segment, no control character.
    pub fn new(text: impl Into<Arc<str>>) -> Option<Self> {
        let text = text.into();
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        let clean = text.split('/').all(|segment| !segment.is_empty())
            && !text.chars().any(char::is_control);
        (fits && clean).then_some(Self(text))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.0)
    }
}

/// Counts the commits of a store. The first commit has revision 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// A record as the store holds it: sealed bytes and the revision that last wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The commit that wrote these bytes.
    pub revision: Revision,
    /// The sealed record.
    pub bytes: Arc<[u8]>,
}

/// Everything in a store at one revision.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The records, in the order of their paths.
    pub records: Vec<(Path, Stored)>,
}

/// What a commit changes, and what must hold for it to happen.
///
/// A commit that changes nothing answers the current revision. Deletes come before puts: a path
/// in both ends up written.
#[derive(Clone, Debug, Default)]
pub struct Txn {
    /// Each path must have been last written at this revision; `None`: must not exist.
    pub expect: Vec<(Path, Option<Revision>)>,
    /// Records to write.
    pub put: Vec<(Path, Arc<[u8]>)>,
    /// Records to delete. A path that does not exist is no error.
    pub delete: Vec<Path>,
}

/// One commit, as a watcher sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The revision of the commit.
    pub revision: Revision,
    /// The written records; `None` for a deleted one.
    pub records: Vec<(Path, Option<Arc<[u8]>>)>,
}

/// Why a store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An expectation of a commit does not hold; nothing was changed.
    #[error("{path} was changed by somebody else; read it again and retry")]
    Conflict {
        /// The first path whose expectation failed.
        path: Path,
    },
    /// Another process has the store open.
    #[error("{location} is in use by another process; stop it first, or choose another path")]
    InUse {
        /// The directory or address.
        location: String,
    },
    /// There is something at the store's place, but no store that this release can open.
    #[error("{location} cannot be opened as a store: {reason}")]
    NotAStore {
        /// The directory or address.
        location: String,
        /// What is there instead, and what to do.
        reason: String,
    },
    /// Stored bytes are not what was written.
    #[error("the record at {path} is corrupted: {reason}")]
    Corrupted {
        /// The record, or the file where no record is known.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A watcher asked for changes that the store no longer holds; load again.
    #[error("changes since revision {} are no longer kept", from.0)]
    Compacted {
        /// The revision asked for.
        from: Revision,
    },
    /// The store could not be reached or written. The outcome of a commit is unknown.
    #[error("the store is unavailable: {reason}")]
    Unavailable {
        /// What the store said.
        reason: String,
    },
}

/// A durable map from paths to sealed records with atomic compare-and-swap.
pub trait Store: Send + Sync + 'static {
    /// Reads everything, at one revision.
    fn load(&self) -> BoxFuture<'_, Result<(Revision, Snapshot), StoreError>>;

    /// Reads one record; linearizable.
    fn get<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Option<Stored>, StoreError>>;

    /// Writes all of `txn` durably, or nothing.
    fn commit(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, StoreError>>;

    /// Every commit after `from`, in order, each once. Ends with an error that says why.
    fn watch(&self, from: Revision) -> BoxStream<'static, Result<Change, StoreError>>;
}
