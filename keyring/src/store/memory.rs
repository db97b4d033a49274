//! A store that forgets everything when it is dropped: for tests, and for nothing else.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::{future::BoxFuture, stream::BoxStream};

use super::{Change, Path, Revision, Snapshot, Store, StoreError, Stored, Txn, changes::Changes};

/// Records in memory.
pub struct MemoryStore {
    held: Mutex<Held>,
    changes: Changes,
}

#[derive(Default)]
struct Held {
    revision: Revision,
    records: BTreeMap<Path, Stored>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            held: Mutex::default(),
            changes: Changes::after(Revision::default()),
        }
    }

    /// A commit checks before it changes, so a panic elsewhere leaves nothing half done.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit_now(&self, txn: Txn) -> Result<Revision, StoreError> {
        let mut held = self.held();
        let effect = txn.effect(|path| Ok(held.records.get(path).map(|stored| stored.revision)))?;
        if effect.is_empty() {
            return Ok(held.revision);
        }
        let revision = Revision(held.revision.0 + 1);
        held.revision = revision;
        for (path, bytes) in effect.clone() {
            match bytes {
                Some(bytes) => held.records.insert(path, Stored { revision, bytes }),
                None => held.records.remove(&path),
            };
        }
        // Still under the lock, so that watchers see commits in their order.
        self.changes.publish(Change {
            revision,
            records: effect.into_iter().collect(),
        });
        Ok(revision)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn load(&self) -> BoxFuture<'_, Result<(Revision, Snapshot), StoreError>> {
        Box::pin(async {
            let held = self.held();
            let records = held
                .records
                .iter()
                .map(|(path, stored)| (path.clone(), stored.clone()));
            let records = records.collect();
            Ok((held.revision, Snapshot { records }))
        })
    }

    fn get<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(async { Ok(self.held().records.get(path).cloned()) })
    }

    fn commit(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, StoreError>> {
        Box::pin(async { self.commit_now(txn) })
    }

    fn watch(&self, from: Revision) -> BoxStream<'static, Result<Change, StoreError>> {
        self.changes.watch(from)
    }
}

#[cfg(test)]
super::suite::suite!(MemoryStore::new);
