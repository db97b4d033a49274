//! Changes to the mount table.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Keyring,
    open::{MountEntry, MountTable, Open},
    paths,
};
use crate::{
    error::Error,
    mount::{Mount, MountPath},
    secret::SecretBytes,
    store::{Path, StoreError},
};

/// Records deleted in one commit; etcd takes 128 operations at most.
const DELETES_PER_COMMIT: usize = 100;

impl Keyring {
    /// Adds a mount.
    ///
    /// # Errors
    /// [`Error::MountInUse`] if its path overlaps another's; [`Error::Store`].
    pub async fn create_mount(&self, mount: Mount) -> Result<(), Error> {
        self.change_table(move |table| {
            if let Some(other) = table.keys().find(|other| other.overlaps(&mount.path)) {
                return Err(Error::MountInUse(other.to_string()));
            }
            table.insert(mount.path.clone(), Arc::new(MountEntry::new(mount)));
            Ok(())
        })
        .await
    }

    /// Replaces what may change about a mount: its settings and attributes.
    ///
    /// # Errors
    /// [`Error::MountNotFound`], [`Error::Store`].
    pub async fn change_mount(
        &self,
        path: MountPath,
        change: impl FnOnce(&mut Mount) + Send + 'static,
    ) -> Result<(), Error> {
        self.detached(move |keyring| async move {
            let _life = keyring.shared.life.read().await;
            let unsealed = keyring.unsealed()?;
            let open = unsealed.open();
            let mut revision = open.table_change.lock().await;
            let table = open.table.load_full();
            let entry = table.get(&path).ok_or(Error::MountNotFound)?;
            let mut mount = (*entry.mount()).clone();
            let (id, path) = (mount.id, mount.path.clone());
            change(&mut mount);
            // Whatever the change did, a mount keeps its identity and its place.
            (mount.id, mount.path) = (id, path);
            let mounts = table.values().map(|other| {
                let other = other.mount();
                if other.id == id {
                    mount.clone()
                } else {
                    (*other).clone()
                }
            });
            let put = vec![(paths::mounts(), encode_table(mounts))];
            let expect = vec![(paths::mounts(), *revision)];
            *revision = Some(keyring.commit(open, expect, put, Vec::new()).await?);
            entry.replace_mount(mount);
            Ok(())
        })
        .await
    }

    /// Removes a mount and deletes all its keys. Returns whether there was one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn delete_mount(&self, path: MountPath) -> Result<bool, Error> {
        let Some(entry) = self.unsealed()?.mount(&path) else {
            return Ok(false);
        };
        let id = entry.mount().id;
        self.change_table(move |table| {
            table.retain(|_, entry| entry.mount().id != id);
            Ok(())
        })
        .await?;
        // The keys are out of reach now. Records that a crash leaves behind go at the next unseal.
        let keyring = self.clone();
        self.detached(move |_| async move { keyring.sweep_mount(&entry).await })
            .await?;
        Ok(true)
    }

    async fn sweep_mount(&self, entry: &MountEntry) -> Result<(), Error> {
        let id = entry.mount().id;
        let mut records = vec![paths::wrapping_key(id)];
        for name in entry.key_names() {
            let slot = entry.slot(&name);
            let _change = slot.change.lock().await;
            if let Some(key) = slot.key.swap(None) {
                records.extend(super::keys::record_paths(id, &key));
            }
        }
        self.delete_records(&records).await
    }

    pub(super) async fn delete_records(&self, records: &[Path]) -> Result<(), Error> {
        for delete in records.chunks(DELETES_PER_COMMIT) {
            let txn = crate::store::Txn {
                delete: delete.to_vec(),
                ..Default::default()
            };
            self.shared.store.commit(txn).await?;
        }
        Ok(())
    }

    async fn change_table(
        &self,
        change: impl FnOnce(&mut MountTable) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        self.detached(move |keyring| async move {
            let _life = keyring.shared.life.read().await;
            let unsealed = keyring.unsealed()?;
            let open: &Arc<Open> = unsealed.open();
            let mut revision = open.table_change.lock().await;
            let mut table = (*open.table.load_full()).clone();
            change(&mut table)?;
            let mounts = table.values().map(|entry| (*entry.mount()).clone());
            let put = vec![(paths::mounts(), encode_table(mounts))];
            let expect = vec![(paths::mounts(), *revision)];
            *revision = Some(keyring.commit(open, expect, put, Vec::new()).await?);
            open.table.store(Arc::new(table));
            Ok(())
        })
        .await
    }
}

pub(super) fn encode_table(mounts: impl Iterator<Item = Mount>) -> SecretBytes {
    let mounts: Vec<Mount> = mounts.collect();
    SecretBytes::from_vec(serde_json::to_vec(&mounts).expect("a mount's map keys are strings"))
}

pub(super) fn decode_table(json: &[u8]) -> Result<BTreeMap<MountPath, Mount>, Error> {
    let mounts: Vec<Mount> = serde_json::from_slice(json).map_err(|error| {
        let (path, reason) = (paths::mounts().to_string(), error.to_string());
        Error::Store(StoreError::Corrupted { path, reason })
    })?;
    Ok(mounts
        .into_iter()
        .map(|mount| (mount.path.clone(), mount))
        .collect())
}
