//! From a store's snapshot to the open keyring in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    keys::decode_policy,
    mounts::decode_table,
    open::{MountEntry, MountTable, Open, Slot},
    paths::{self, KeyRecord},
};
use crate::{
    barrier::Barrier,
    error::Error,
    key::{Key, KeyPolicy, KeyVersion},
    name::KeyName,
    store::{Path, Revision, Snapshot, Stored},
    version::Version,
};

/// The open keyring, and records that belong to no mount: what a crash left of a removed one.
pub(super) struct Loaded {
    pub(super) open: Open,
    pub(super) orphans: Vec<Path>,
}

/// Opens every record of `snapshot`.
///
/// # Errors
/// The first record that is missing, corrupted or not where it was written.
pub(super) fn load(barrier: Barrier, snapshot: &Snapshot) -> Result<Loaded, Error> {
    let stored: HashMap<&Path, &Stored> = snapshot
        .records
        .iter()
        .map(|(path, stored)| (path, stored))
        .collect();

    let mut table_revision = None;
    let mut table = MountTable::new();
    if let Some(stored) = stored.get(&paths::mounts()) {
        let record = barrier.open(&paths::mounts(), &stored.bytes)?;
        table_revision = Some(stored.revision);
        for (path, mount) in decode_table(record.expose())? {
            table.insert(path, Arc::new(MountEntry::new(mount)));
        }
    }
    let by_id: HashMap<Uuid, &Arc<MountEntry>> = table
        .values()
        .map(|entry| (entry.mount().id, entry))
        .collect();

    let mut orphans = Vec::new();
    let mut keys: BTreeMap<(Uuid, KeyName), Parts> = BTreeMap::new();
    for (path, stored) in &snapshot.records {
        let Some(record) = KeyRecord::parse(path) else {
            continue;
        };
        if !by_id.contains_key(&record.mount) {
            orphans.push(path.clone());
            continue;
        }
        let parts = keys.entry((record.mount, record.name)).or_default();
        match record.version {
            None => parts.policy = Some((path, stored)),
            Some(version) => {
                parts.versions.insert(version, (path, stored));
            }
        }
    }
    for ((id, name), parts) in keys {
        let (key, revision) = parts.assemble(&barrier, &name)?;
        let slot = Slot {
            key: Some(Arc::new(key)).into(),
            change: Arc::new(Mutex::new(Some(revision))),
        };
        by_id[&id].slots.pin().insert(name, Arc::new(slot));
    }
    let open = Open {
        barrier,
        table: ArcSwap::from_pointee(table),
        table_change: Mutex::new(table_revision),
        wrapping_keys: Mutex::new(()),
    };
    Ok(Loaded { open, orphans })
}

/// The records of one key.
#[derive(Default)]
struct Parts<'s> {
    policy: Option<(&'s Path, &'s Stored)>,
    versions: BTreeMap<Version, (&'s Path, &'s Stored)>,
}

impl Parts<'_> {
    fn assemble(self, barrier: &Barrier, name: &KeyName) -> Result<(Key, Revision), Error> {
        let (path, stored) = self.policy.ok_or_else(|| Error::missing_policy(name))?;
        let policy: KeyPolicy = decode_policy(path, barrier.open(path, &stored.bytes)?.expose())?;
        let mut versions = Vec::new();
        for (number, (path, stored)) in self.versions {
            let record = barrier.open(path, &stored.bytes)?;
            let version = KeyVersion::decode(policy.key_type, number, record.expose())?;
            versions.push(Arc::new(version));
        }
        let key = Key::new(name.clone(), policy, versions)
            .map_err(|missing| Error::missing_version(name, missing))?;
        Ok((key, stored.revision))
    }
}
