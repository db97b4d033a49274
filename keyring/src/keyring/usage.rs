//! Storing how often and when keys were used: now and then, never by the operation.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Keyring,
    open::{MountEntry, Open, StoredUsage},
    paths,
};
use crate::{
    barrier::Barrier,
    error::Error,
    key::{Counts, Key, KeyVersion, Usage},
    name::KeyName,
    secret::SecretBytes,
    store::{Path, StoreError, Stored},
    version::Version,
};

/// Records that are on their way at once; the store writes them together.
const AT_ONCE: usize = 64;

/// How often a record is written anew because another replica wrote it.
const ATTEMPTS: usize = 10;

impl Keyring {
    /// Adds the uses that were counted since the last time to the stored ones. Writes nothing for
    /// keys that were not used. Returns how many records were written.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::Store`]: what was not stored is kept and added the next time.
    /// If the outcome of a write is unknown it may be added twice.
    pub async fn store_usage(&self) -> Result<usize, Error> {
        self.detached(|keyring| async move {
            let _life = keyring.shared.life.read().await;
            let unsealed = keyring.unsealed()?;
            keyring.store_counted(unsealed.open()).await
        })
        .await
    }

    /// What a seal does last: stores uses, and gives back encryptions that were reserved and not
    /// made. Nothing of it may fail a seal.
    pub(super) async fn settle(&self, open: &Open) {
        if let Err(error) = self.store_counted(open).await {
            tracing::warn!(%error, "the last uses of keys were not stored");
        }
        let mut reserved = Vec::new();
        for entry in open.table.load().values() {
            let id = entry.mount().id;
            for (name, key) in keys(entry) {
                let left = |version: &&Arc<KeyVersion>| version.meter().left() > 0;
                let versions = key.versions().iter().filter(left);
                reserved.extend(versions.map(|version| (id, name.clone(), version.clone())));
            }
        }
        let given_back = stream::iter(reserved).map(|(id, name, version)| async move {
            self.give_back(open, id, &name, &version, u64::MAX).await
        });
        let given_back = given_back.buffer_unordered(AT_ONCE);
        if let Err(error) = given_back.try_collect::<()>().await {
            tracing::warn!(%error, "encryptions that were reserved and not made were not given back");
        }
    }

    async fn store_counted(&self, open: &Open) -> Result<usize, Error> {
        let mut used = Vec::new();
        for entry in open.table.load().values() {
            let keys = keys(entry).filter(|(_, key)| !counted(key).is_empty());
            used.extend(keys.map(|(name, _)| (entry.clone(), name)));
        }
        let written = stream::iter(used)
            .map(|(entry, name)| async move { self.store_usage_of(open, &entry, &name).await })
            .buffer_unordered(AT_ONCE)
            .try_fold(0, async |sum, written| Ok(sum + usize::from(written)))
            .await?;
        let counter = &self.shared.counters.usage_records;
        counter.fetch_add(written as u64, Relaxed);
        Ok(written)
    }

    /// Adds what was counted of one key. The key must not change or go meanwhile, or the record
    /// would outlive it.
    async fn store_usage_of(
        &self,
        open: &Open,
        mount: &MountEntry,
        name: &KeyName,
    ) -> Result<bool, Error> {
        let Some(slot) = mount.slots.pin().get(name).cloned() else {
            return Ok(false);
        };
        let (id, now) = (mount.mount().id, self.shared.clock.now());
        let path = paths::key_usage(id, name);
        let mut revision = slot.change.lock().await;
        for _ in 0..ATTEMPTS {
            let Some(key) = slot.key.load_full() else {
                return Ok(false);
            };
            let counted = counted(&key);
            if counted.is_empty() {
                return Ok(false);
            }
            let StoredUsage {
                revision: written,
                mut usage,
            } = slot.stored_usage().clone();
            for (version, counts) in &counted {
                usage.add(version.number(), *counts, now);
            }
            let oldest = key.policy().min_available_version;
            usage.trim(oldest.unwrap_or(Version::FIRST));
            let expect = vec![
                (paths::key_policy(id, name), *revision),
                (path.clone(), written),
            ];
            let put = vec![(path.clone(), SecretBytes::from_vec(usage.encode()))];
            match self.commit(open, expect, put, Vec::new()).await {
                Ok(at) => {
                    let mut stored = slot.stored_usage();
                    (stored.revision, stored.usage) = (Some(at), usage);
                    for (version, counts) in counted {
                        version.meter().stored(counts);
                    }
                    return Ok(true);
                }
                Err(Error::Store(StoreError::Conflict { .. })) => {
                    self.reload(open, mount, name, &slot, &mut revision).await?;
                    let stored = match self.shared.store.get(&path).await? {
                        None => StoredUsage::default(),
                        Some(stored) => decode_usage(&path, &stored, &open.barrier)?,
                    };
                    *slot.stored_usage() = stored;
                }
                Err(error) => return Err(error),
            }
        }
        // Others write all the time; what was counted waits for the next turn.
        Ok(false)
    }
}

fn keys(mount: &MountEntry) -> impl Iterator<Item = (KeyName, Arc<Key>)> {
    mount.key_names().into_iter().filter_map(|name| {
        let key = mount.key(name.as_str())?;
        Some((name, key))
    })
}

/// The versions of a key that were used since the last time.
fn counted(key: &Key) -> Vec<(Arc<KeyVersion>, Counts)> {
    let versions = key.versions().iter();
    versions
        .map(|version| (version.clone(), version.meter().counts()))
        .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
        .collect()
}

pub(super) fn decode_usage(
    path: &Path,
    stored: &Stored,
    barrier: &Barrier,
) -> Result<StoredUsage, Error> {
    let record = barrier.open(path, &stored.bytes)?;
    let usage = Usage::decode(record.expose()).map_err(|error| {
        let (path, reason) = (path.to_string(), error.to_string());
        Error::Store(StoreError::Corrupted { path, reason })
    })?;
    Ok(StoredUsage {
        revision: Some(stored.revision),
        usage,
    })
}
