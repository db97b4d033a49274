//! What a transaction does to a store, decided in one place for every store.

use std::{collections::BTreeMap, sync::Arc};

use super::{Path, Revision, StoreError, Txn};

/// The records that a commit writes, by path; `None` for one that it deletes.
pub(super) type Effect = BTreeMap<Path, Option<Arc<[u8]>>>;

impl Txn {
    /// Checks the expectations and says what changes. `current` tells when a path was last
    /// written.
    pub(super) fn effect(
        self,
        mut current: impl FnMut(&Path) -> Result<Option<Revision>, StoreError>,
    ) -> Result<Effect, StoreError> {
        for (path, expected) in self.expect {
            if current(&path)? != expected {
                return Err(StoreError::Conflict { path });
            }
        }
        let mut effect = Effect::new();
        for path in self.delete {
            if current(&path)?.is_some() {
                effect.insert(path, None);
            }
        }
        for (path, bytes) in self.put {
            effect.insert(path, Some(bytes));
        }
        Ok(effect)
    }
}
