//! From a store's snapshot to the open keyring in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    budget::decode_budget,
    keys::decode_policy,
    mounts::decode_table,
    open::{MountEntry, MountTable, Open, Slot, StoredUsage},
    paths::{self, KeyRecord, Part},
    usage::decode_usage,
};
use crate::{
    barrier::Barrier,
    error::Error,
    key::{Key, KeyPolicy, KeyVersion},
    name::KeyName,
    store::{Path, Snapshot, Stored},
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
        match record.part {
            Part::Policy => parts.policy = Some((path, stored)),
            Part::Version(version) => {
                parts.versions.insert(version, (path, stored));
            }
            Part::Budget(version) => parts.budgets.push((version, path, stored)),
            Part::Usage => parts.usage = Some((path, stored)),
        }
    }
    for ((id, name), parts) in keys {
        let slot = parts.assemble(&barrier, &name)?;
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
    budgets: Vec<(Version, &'s Path, &'s Stored)>,
    usage: Option<(&'s Path, &'s Stored)>,
}

impl Parts<'_> {
    fn assemble(self, barrier: &Barrier, name: &KeyName) -> Result<Slot, Error> {
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
        for (number, path, stored) in self.budgets {
            if let Some(version) = key.version(number) {
                let record = barrier.open(path, &stored.bytes)?;
                version.meter().learn(decode_budget(path, record.expose())?);
            }
        }
        let usage = match self.usage {
            None => StoredUsage::default(),
            Some((path, stored)) => decode_usage(path, stored, barrier)?,
        };
        Ok(Slot {
            key: Some(Arc::new(key)).into(),
            change: Arc::new(Mutex::new(Some(stored.revision))),
            usage: usage.into(),
            ..Slot::default()
        })
    }
}
