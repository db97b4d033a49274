//! What is in memory while the keyring is open.

use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use papaya::HashMap;
use tokio::sync::Mutex;

use crate::{
    barrier::Barrier,
    key::{Key, Usage},
    mount::{Mount, MountPath},
    name::KeyName,
    store::Revision,
};

/// All that a seal throws away.
pub(super) struct Open {
    pub(super) barrier: Barrier,
    pub(super) table: ArcSwap<MountTable>,
    /// Held while the mount table changes.
    pub(super) table_change: Mutex<Option<Revision>>,
    /// Held while a wrapping key is generated, so that it happens once.
    pub(super) wrapping_keys: Mutex<()>,
}

pub(super) type MountTable = BTreeMap<MountPath, Arc<MountEntry>>;

/// A mount and its keys.
pub struct MountEntry {
    mount: ArcSwap<Mount>,
    pub(super) slots: HashMap<KeyName, Arc<Slot>>,
}

/// The place of one key. It is empty while the key is being created or deleted.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) key: ArcSwapOption<Key>,
    /// Held while the key changes; knows the revision of the stored policy.
    pub(super) change: Arc<Mutex<Option<Revision>>>,
    /// Held while encryptions are reserved, so that many who find none left cause one commit.
    pub(super) reserving: Mutex<()>,
    /// The stored uses of the key's versions, and the revision that wrote them.
    pub(super) usage: std::sync::Mutex<StoredUsage>,
}

/// The record of a key's uses as it is stored.
#[derive(Clone, Debug, Default)]
pub(super) struct StoredUsage {
    pub(super) revision: Option<Revision>,
    pub(super) usage: Usage,
}

impl Slot {
    pub(super) fn stored_usage(&self) -> MutexGuard<'_, StoredUsage> {
        // Nothing panics while it is held, and each change is whole.
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MountEntry {
    pub(super) fn new(mount: Mount) -> Self {
        Self {
            mount: ArcSwap::from_pointee(mount),
            slots: HashMap::new(),
        }
    }

    pub(super) fn replace_mount(&self, mount: Mount) {
        self.mount.store(Arc::new(mount));
    }

    /// The mount as it is now.
    pub fn mount(&self) -> Arc<Mount> {
        self.mount.load_full()
    }

    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<Arc<Key>> {
        self.slots.pin().get(name)?.key.load_full()
    }

    /// How often and when the versions of a key were used: what is stored, and what was counted
    /// here since.
    pub fn usage(&self, name: &str, now: Timestamp) -> Option<Usage> {
        let slot = self.slots.pin().get(name)?.clone();
        let key = slot.key.load_full()?;
        let mut usage = slot.stored_usage().usage.clone();
        for version in key.versions() {
            usage.add(version.number(), version.meter().counts(), now);
        }
        Some(usage)
    }

    /// The names of all keys, in order.
    pub fn key_names(&self) -> Vec<KeyName> {
        let slots = self.slots.pin();
        let present = slots.iter().filter(|(_, slot)| slot.key.load().is_some());
        let mut names: Vec<KeyName> = present.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    }

    pub(super) fn slot(&self, name: &KeyName) -> Arc<Slot> {
        self.slots
            .pin()
            .get_or_insert_with(name.clone(), Arc::default)
            .clone()
    }

    /// Forgets the place of a key that is not there, so that names nobody created take no memory.
    /// Only for who has locked `slot`, with what the lock keeps: others find it gone when they
    /// have locked it.
    pub(super) fn give_up_if_empty(
        &self,
        name: &KeyName,
        slot: &Arc<Slot>,
        _locked: &Option<Revision>,
    ) {
        if slot.key.load().is_none() && self.holds(name, slot) {
            self.slots.pin().remove(name);
        }
    }

    pub(super) fn holds(&self, name: &KeyName, slot: &Arc<Slot>) -> bool {
        self.slots
            .pin()
            .get(name)
            .is_some_and(|current| Arc::ptr_eq(current, slot))
    }
}

/// A handle to the open keyring. Let go of it soon: a seal waits for every handle.
#[derive(Clone)]
pub struct Unsealed(Arc<Open>);

impl Unsealed {
    pub(super) fn new(open: Arc<Open>) -> Self {
        Self(open)
    }

    pub(super) fn open(&self) -> &Arc<Open> {
        &self.0
    }

    /// Every mount, in the order of the paths.
    pub fn mounts(&self) -> Vec<Arc<Mount>> {
        self.0
            .table
            .load()
            .values()
            .map(|entry| entry.mount())
            .collect()
    }

    /// The mount on exactly this path.
    pub fn mount(&self, path: &MountPath) -> Option<Arc<MountEntry>> {
        self.0.table.load().get(path).cloned()
    }

    /// The mount that `path` lies in, and what of `path` is left behind the mount's own.
    /// Mounts do not overlap, so there is one at most.
    pub fn route<'p>(&self, path: &'p str) -> Option<(Arc<MountEntry>, &'p str)> {
        self.0.table.load().iter().find_map(|(mount, entry)| {
            let rest = path.strip_prefix(mount.as_str().trim_end_matches('/'))?;
            let rest = if rest.is_empty() {
                rest
            } else {
                rest.strip_prefix('/')?
            };
            Some((entry.clone(), rest))
        })
    }
}
