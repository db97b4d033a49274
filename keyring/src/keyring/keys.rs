//! Changes to keys: create, rotate, configure, trim, soft-delete, delete, restore.
//!
//! Every change has the same shape: a pure rule makes the next key and the records to write; the
//! commit expects the policy record unchanged; only then does memory show the next key. A commit
//! that fails leaves memory as the store has it, which is read again if its outcome is unknown.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    Keyring,
    budget::encode_budget,
    open::{MountEntry, Open, Slot, StoredUsage},
    paths,
};
use crate::{
    error::Error,
    key::{Key, KeyPolicy, KeyVersion, KeyVersionError, NewKey, Settings, SettingsWarning},
    name::KeyName,
    secret::SecretBytes,
    store::{Path, Revision, StoreError},
    version::Version,
};

/// What a change writes, deletes and leaves in memory (`None`: no key).
pub(super) struct Transition {
    pub(super) key: Option<Key>,
    pub(super) put: Vec<(Path, SecretBytes)>,
    pub(super) delete: Vec<Path>,
    /// What must be unchanged besides the policy record.
    pub(super) expect: Vec<(Path, Option<Revision>)>,
    /// Whether the key's versions are other ones afterwards, so that what is known of their use
    /// no longer holds.
    pub(super) other_key: bool,
}

impl Keyring {
    /// Creates a key, or returns the one that exists; the flag says whether it was created.
    ///
    /// # Errors
    /// [`Error::Policy`] if the type does not allow what is asked; [`Error::Store`].
    pub async fn create_key(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        new: NewKey,
    ) -> Result<(Arc<Key>, bool), Error> {
        let policy = KeyPolicy::create(new)?;
        if let Some(key) = mount.key(name.as_str()) {
            return Ok((key, false));
        }
        let mut created = false;
        let key = self
            .change(mount, name.clone(), {
                let (mount, keyring) = (mount.mount().id, self.clone());
                move |current| match current {
                    Some(_) => Ok(None),
                    None => {
                        let now = keyring.shared.clock.now();
                        let version = Arc::new(generate(&policy, Version::FIRST, now)?);
                        let key = Key::new(name.clone(), policy, vec![version])
                            .map_err(|missing| Error::missing_version(&name, missing))?;
                        Ok(Some(
                            Transition::write_all(mount, key).with_first_block(mount),
                        ))
                    }
                }
            })
            .await?;
        created |= key.1;
        Ok((key.0.ok_or(Error::KeyNotFound)?, created))
    }

    /// Adds a version to a key.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`], [`Error::Store`].
    pub async fn rotate_key(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
    ) -> Result<Arc<Key>, Error> {
        let id = mount.mount().id;
        let clock = self.shared.clock.clone();
        self.change_existing(mount, name, move |key| rotation(id, key, clock.now()))
            .await
    }

    /// Adds a version to a key, unless `version` is no longer its latest one.
    pub(super) async fn rotate_key_from(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        version: Version,
    ) -> Result<bool, Error> {
        let id = mount.mount().id;
        let clock = self.shared.clock.clone();
        let changed = self.change(mount, name, move |key| {
            let key = key.ok_or(Error::KeyNotFound)?;
            if key.policy().latest_version != version {
                return Ok(None);
            }
            rotation(id, key, clock.now()).map(Some)
        });
        Ok(changed.await?.1)
    }

    /// Changes the settings of a key.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`], [`Error::Store`].
    pub async fn configure_key(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        settings: Settings,
    ) -> Result<(Arc<Key>, Option<SettingsWarning>), Error> {
        let id = mount.mount().id;
        let current = mount.key(name.as_str()).ok_or(Error::KeyNotFound)?;
        let (_, warning) = current.policy().configure(settings)?;
        let key = self
            .change_existing(mount, name, move |key| {
                let (policy, _) = key.policy().configure(settings)?;
                Ok(Transition::write_policy(id, key.with_policy(policy)))
            })
            .await?;
        self.give_back_beyond_budget(mount, &key).await?;
        Ok((key, warning))
    }

    /// Drops the versions below `min_available_version` for good.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`], [`Error::Store`].
    pub async fn trim_key(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        min_available_version: i64,
    ) -> Result<Arc<Key>, Error> {
        let id = mount.mount().id;
        self.change_existing(mount, name, move |key| {
            let policy = key.policy().trim(min_available_version)?;
            Ok(Transition::drop_versions(id, key, policy))
        })
        .await
    }

    /// Marks a key as deleted, or takes the mark away; the flag says whether that changed anything.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Store`].
    pub async fn set_soft_deleted(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        soft_deleted: bool,
    ) -> Result<(Arc<Key>, bool), Error> {
        let id = mount.mount().id;
        let before = mount.key(name.as_str()).ok_or(Error::KeyNotFound)?;
        let changed = before.policy().soft_deleted != soft_deleted;
        let key = self
            .change_existing(mount, name, move |key| {
                let policy = key.policy().with_soft_deleted(soft_deleted);
                Ok(Transition::write_policy(id, key.with_policy(policy)))
            })
            .await?;
        Ok((key, changed))
    }

    /// Deletes a key for good.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`] if deletion is not allowed, [`Error::Store`].
    pub async fn delete_key(&self, mount: &Arc<MountEntry>, name: KeyName) -> Result<(), Error> {
        let id = mount.mount().id;
        self.change(mount, name, move |key| {
            let key = key.ok_or(Error::KeyNotFound)?;
            key.policy().allows_deletion()?;
            let delete = record_paths(id, key);
            Ok(Some(Transition {
                key: None,
                put: Vec::new(),
                delete,
                expect: Vec::new(),
                other_key: true,
            }))
        })
        .await?;
        Ok(())
    }

    /// Writes a key that was made elsewhere. `replace` allows it to take the place of another.
    /// What a version's bytes have encrypted here counts on, whatever else is said of them.
    ///
    /// # Errors
    /// [`Error::KeyExists`], [`Error::Store`].
    pub async fn restore_key(
        &self,
        mount: &Arc<MountEntry>,
        key: Key,
        replace: bool,
    ) -> Result<Arc<Key>, Error> {
        let id = mount.mount().id;
        let slot = mount.slots.pin().get(key.name()).cloned();
        // Nobody here reserves until the key has changed; of other replicas the commit tells.
        let _reserving = match &slot {
            Some(slot) => Some(slot.reserving.lock().await),
            None => None,
        };
        let stored = if replace {
            self.stored_budgets(mount, key.name()).await?
        } else {
            BTreeMap::new()
        };
        let restored = self
            .change(mount, key.name().clone(), move |current| {
                let mut delete = Vec::new();
                if let Some(current) = current {
                    if !replace {
                        return Err(Error::KeyExists(current.name().to_string()));
                    }
                    delete = record_paths(id, current);
                }
                let versions = key.versions().to_vec();
                let name = key.name().clone();
                let mut transition = Transition::write_all(id, key);
                for version in versions {
                    let path = paths::key_budget(id, &name, version.number());
                    let known = current.iter().flat_map(|current| current.versions());
                    // Also under another number: it is the bytes that must not encrypt too often.
                    let known = known.filter(|known| known.encrypts_as(&version));
                    let (mut most, mut seen) = (version.meter().reserved(), Vec::new());
                    let mut here = None;
                    for known in known {
                        let number = known.number();
                        most = most.max(known.meter().reserved());
                        let Some((revision, reserved)) = stored.get(&number) else {
                            continue;
                        };
                        most = most.max(*reserved);
                        seen.push((paths::key_budget(id, &name, number), *revision));
                        if number == version.number() {
                            here = Some(*reserved);
                        }
                    }
                    version.meter().learn(most);
                    if here == Some(most) {
                        // Left as it is, so that what others reserve meanwhile counts, too.
                        seen.retain(|(kept, _)| *kept != path);
                        delete.retain(|kept| *kept != path);
                    } else if most > 0 {
                        transition.put.push((path, encode_budget(most)));
                    }
                    transition.expect.extend(seen);
                }
                delete.retain(|path| !transition.put.iter().any(|(kept, _)| kept == path));
                Ok(Some(Transition {
                    delete,
                    other_key: true,
                    ..transition
                }))
            })
            .await?;
        restored.0.ok_or(Error::KeyNotFound)
    }

    /// Reads a key from the store again, in case another replica changed it. Callers that ask for
    /// the same key at the same time share one read.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Barrier`], [`Error::Sealed`].
    pub async fn refresh_key(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
    ) -> Result<Option<Arc<Key>>, Error> {
        let mount = mount.clone();
        self.detached(move |keyring| async move {
            let _life = keyring.shared.life.read().await;
            let unsealed = keyring.unsealed()?;
            let open = unsealed.open();
            let (slot, mut revision) = keyring.lock_slot(open, &mount, &name).await?;
            let read = keyring
                .reload(open, &mount, &name, &slot, &mut revision)
                .await;
            mount.give_up_if_empty(&name, &slot, &revision);
            read?;
            Ok(slot.key.load_full())
        })
        .await
    }

    /// Rotates every key whose automatic rotation is due; returns how many were rotated. Of several
    /// replicas one does it: a rotation expects the version that was seen to be due to be the
    /// latest, in memory and in the store.
    ///
    /// # Errors
    /// The first error, after every other key had its turn.
    pub async fn rotate_due_keys(&self) -> Result<usize, Error> {
        let now = self.shared.clock.now();
        let mut rotated = 0;
        let mut failed = None;
        for mount in self.unsealed()?.mounts() {
            let Some(entry) = self.unsealed()?.mount(&mount.path) else {
                continue;
            };
            for name in entry.key_names() {
                let due = entry.key(name.as_str()).and_then(|key| {
                    let latest = key.policy().latest_version;
                    let created = key.version(latest)?.created();
                    key.policy().rotation_is_due(created, now).then_some(latest)
                });
                let Some(version) = due else {
                    continue;
                };
                match self.rotate_key_from(&entry, name, version).await {
                    Ok(done) => rotated += usize::from(done),
                    // Another replica was first. Memory says so by now.
                    Err(Error::Store(StoreError::Conflict { .. })) => {}
                    Err(error) => {
                        failed.get_or_insert(error);
                    }
                }
            }
        }
        failed.map_or(Ok(rotated), Err)
    }

    pub(super) async fn change_existing(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        rule: impl FnOnce(&Key) -> Result<Transition, Error> + Send + 'static,
    ) -> Result<Arc<Key>, Error> {
        let changed = self
            .change(mount, name, |key| {
                rule(key.ok_or(Error::KeyNotFound)?).map(Some)
            })
            .await?;
        changed.0.ok_or(Error::KeyNotFound)
    }

    /// Applies `rule` to the key as it is and commits what it says; `Ok(None)` changes nothing.
    /// Returns the key afterwards and whether anything was written.
    pub(super) async fn change(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        rule: impl FnOnce(Option<&Key>) -> Result<Option<Transition>, Error> + Send + 'static,
    ) -> Result<(Option<Arc<Key>>, bool), Error> {
        let mount = mount.clone();
        self.detached(move |keyring| async move {
            let _life = keyring.shared.life.read().await;
            let unsealed = keyring.unsealed()?;
            let open = unsealed.open();
            let (slot, mut revision) = keyring.lock_slot(open, &mount, &name).await?;
            let changed = keyring.change_locked(open, &mount, &name, &slot, &mut revision, rule);
            let changed = changed.await;
            mount.give_up_if_empty(&name, &slot, &revision);
            changed
        })
        .await
    }

    async fn change_locked(
        &self,
        open: &Open,
        mount: &MountEntry,
        name: &KeyName,
        slot: &Slot,
        revision: &mut Option<Revision>,
        rule: impl FnOnce(Option<&Key>) -> Result<Option<Transition>, Error> + Send + 'static,
    ) -> Result<(Option<Arc<Key>>, bool), Error> {
        let current = slot.key.load_full();
        // A rule may generate an RSA key, which takes seconds.
        let ruled = tokio::task::spawn_blocking({
            let current = current.clone();
            move || rule(current.as_deref())
        });
        let ruled = ruled.await.map_err(|_| Error::Interrupted)??;
        let Some(transition) = ruled else {
            return Ok((current, false));
        };
        let Transition {
            key,
            put,
            delete,
            mut expect,
            other_key,
        } = transition;
        expect.insert(0, (paths::key_policy(mount.mount().id, name), *revision));
        let written = self.commit(open, expect, put, delete).await;
        match written {
            Ok(at) => {
                *revision = key.is_some().then_some(at);
                let key = key.map(Arc::new);
                slot.key.store(key.clone());
                if other_key {
                    *slot.stored_usage() = StoredUsage::default();
                }
                Ok((key, true))
            }
            Err(error) => {
                if error.leaves_outcome_unknown() {
                    self.reload(open, mount, name, slot, revision).await?;
                }
                Err(error)
            }
        }
    }

    /// How many encryptions all replicas have reserved of each version of a key, and the
    /// revision of the record that says so.
    async fn stored_budgets(
        &self,
        mount: &MountEntry,
        name: &KeyName,
    ) -> Result<BTreeMap<Version, (Option<Revision>, u64)>, Error> {
        let (unsealed, id) = (self.unsealed()?, mount.mount().id);
        let mut budgets = BTreeMap::new();
        let Some(key) = mount.key(name.as_str()) else {
            return Ok(budgets);
        };
        for version in key.versions() {
            let path = paths::key_budget(id, name, version.number());
            let budget = self.stored_budget(unsealed.open(), &path).await?;
            budgets.insert(version.number(), budget);
        }
        Ok(budgets)
    }

    /// The slot of a key, locked for a change. A slot that was given up meanwhile is not used.
    async fn lock_slot(
        &self,
        open: &Open,
        mount: &Arc<MountEntry>,
        name: &KeyName,
    ) -> Result<(Arc<Slot>, tokio::sync::OwnedMutexGuard<Option<Revision>>), Error> {
        loop {
            let id = mount.mount().id;
            if !open
                .table
                .load()
                .values()
                .any(|entry| entry.mount().id == id)
            {
                return Err(Error::MountGone);
            }
            let slot = mount.slot(name);
            let guard = slot.change.clone().lock_owned().await;
            if mount.holds(name, &slot) {
                return Ok((slot, guard));
            }
        }
    }

    /// Makes memory say what the store says about one key.
    pub(super) async fn reload(
        &self,
        open: &Open,
        mount: &MountEntry,
        name: &KeyName,
        slot: &Slot,
        revision: &mut Option<Revision>,
    ) -> Result<(), Error> {
        let id = mount.mount().id;
        let store = &self.shared.store;
        let path = paths::key_policy(id, name);
        let Some(stored) = store.get(&path).await? else {
            *revision = None;
            slot.key.store(None);
            return Ok(());
        };
        if Some(stored.revision) == *revision {
            return Ok(());
        }
        let policy = decode_policy(&path, open.barrier.open(&path, &stored.bytes)?.expose())?;
        let oldest = policy.min_available_version.unwrap_or(Version::FIRST);
        let mut versions = Vec::new();
        // Each version is read, also one whose number is known here: it may be that of another
        // key, which was restored over the one in memory.
        let known = slot.key.load_full();
        let kept = |number: &Version| !policy.revocations.is_destroyed(*number);
        for number in oldest.up_to(policy.latest_version).filter(kept) {
            let path = paths::key_version(id, name, number);
            let stored = store.get(&path).await?;
            let stored = stored.ok_or_else(|| Error::missing_version(name, number))?;
            let record = open.barrier.open(&path, &stored.bytes)?;
            let version = KeyVersion::decode(policy.key_type, number, record.expose())?;
            let known = known.as_ref().and_then(|key| key.version(number));
            let same = known.filter(|known| known.is_same(&version)).cloned();
            // Its counters go on.
            versions.push(same.unwrap_or_else(|| Arc::new(version)));
        }
        let key = Key::new(name.clone(), policy, versions)
            .map_err(|missing| Error::missing_version(name, missing))?;
        slot.key.store(Some(Arc::new(key)));
        *revision = Some(stored.revision);
        Ok(())
    }
}

impl Transition {
    pub(super) fn write_policy(mount: uuid::Uuid, key: Key) -> Self {
        let path = paths::key_policy(mount, key.name());
        let put = vec![(path, encode_policy(key.policy()))];
        Self {
            key: Some(key),
            put,
            delete: Vec::new(),
            expect: Vec::new(),
            other_key: false,
        }
    }

    /// The key under a policy that keeps fewer versions.
    pub(super) fn drop_versions(mount: uuid::Uuid, key: &Key, policy: KeyPolicy) -> Self {
        let next = key.with_policy(policy);
        let dropped = key.versions().iter().map(|version| version.number());
        let dropped = dropped.filter(|number| next.version(*number).is_none());
        let delete = dropped.flat_map(|number| version_paths(mount, key.name(), number));
        Self {
            delete: delete.collect(),
            ..Self::write_policy(mount, next)
        }
    }

    /// Reserves the first block of the key's latest version, which is new, in the same commit. It
    /// cannot be used before: nobody sees the version until then.
    fn with_first_block(mut self, mount: uuid::Uuid) -> Self {
        if let Some(key) = &self.key {
            let number = key.policy().latest_version;
            let block = key.policy().next_block(0, 1);
            if let (Some(version), 1..) = (key.version(number), block) {
                version.meter().credit(block, block);
                let path = paths::key_budget(mount, key.name(), number);
                self.put.push((path, encode_budget(block)));
            }
        }
        self
    }

    fn write_all(mount: uuid::Uuid, key: Key) -> Self {
        let versions = key.versions().iter().map(|version| {
            (
                paths::key_version(mount, key.name(), version.number()),
                version.encode(),
            )
        });
        let versions: Vec<_> = versions.collect();
        let mut transition = Self::write_policy(mount, key);
        transition.put.extend(versions);
        transition
    }
}

fn generate(
    policy: &KeyPolicy,
    number: Version,
    now: Timestamp,
) -> Result<KeyVersion, KeyVersionError> {
    let hmac_bytes = policy.hmac_bytes.map_or(0, usize::from);
    KeyVersion::generate(policy.key_type, hmac_bytes, number, now)
}

/// The next version of `key` and what it is written as.
fn rotation(mount: uuid::Uuid, key: &Key, now: Timestamp) -> Result<Transition, Error> {
    let policy = key.policy().rotate(key.name().as_str())?;
    let number = policy.latest_version;
    let version = Arc::new(generate(&policy, number, now)?);
    let record = (
        paths::key_version(mount, key.name(), number),
        version.encode(),
    );
    let mut transition = Transition::write_policy(mount, key.with_version(policy, version));
    transition.put.push(record);
    Ok(transition.with_first_block(mount))
}

fn version_paths(mount: uuid::Uuid, name: &KeyName, number: Version) -> [Path; 2] {
    [
        paths::key_version(mount, name, number),
        paths::key_budget(mount, name, number),
    ]
}

pub(super) fn record_paths(mount: uuid::Uuid, key: &Key) -> Vec<Path> {
    let versions = key.versions().iter();
    let mut paths: Vec<Path> = versions
        .flat_map(|version| version_paths(mount, key.name(), version.number()))
        .collect();
    paths.push(paths::key_policy(mount, key.name()));
    paths.push(paths::key_usage(mount, key.name()));
    paths
}

fn encode_policy(policy: &KeyPolicy) -> SecretBytes {
    let json = serde_json::to_vec(policy).expect("a policy has no map keys that are not strings");
    SecretBytes::from_vec(json)
}

pub(super) fn decode_policy(path: &Path, json: &[u8]) -> Result<KeyPolicy, Error> {
    serde_json::from_slice(json).map_err(|error| {
        let (path, reason) = (path.to_string(), error.to_string());
        Error::Store(StoreError::Corrupted { path, reason })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        algorithm::KeyType,
        clock::Clock,
        mount::{Mount, MountPath},
        share::SealParameters,
        store::MemoryStore,
    };

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn names_of_no_key_take_no_memory() {
        let clock = Clock::from_fn(|| Timestamp::UNIX_EPOCH);
        let keyring = Keyring::open(Arc::new(MemoryStore::new()), clock)
            .await
            .unwrap();
        let parameters = SealParameters::new(1, 1).unwrap();
        let path = MountPath::new("transit").unwrap();
        let mounts = vec![Mount::new(path.clone(), Default::default())];
        let made = keyring.initialize(parameters, uuid::Uuid::new_v4(), mounts, Vec::new());
        for share in made.await.unwrap().shares {
            keyring.unseal(share).await.unwrap();
        }
        let mount = keyring.unsealed().unwrap().mount(&path).unwrap();
        for number in 0..1000 {
            let name = KeyName::new(&format!("unknown-{number}")).unwrap();
            let read = keyring.refresh_key(&mount, name.clone()).await;
            assert!(read.unwrap().is_none());
            let refused = keyring.rotate_key(&mount, name.clone()).await;
            assert!(matches!(refused, Err(Error::KeyNotFound)));
            let nothing = keyring.change(&mount, name, |_| Ok(None)).await;
            assert!(!nothing.unwrap().1);
        }
        assert_eq!(mount.slots.len(), 0);

        // Whoever creates a key meets those who look for it, and finds it afterwards.
        let name = KeyName::new("one").unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..100 {
            let (keyring, mount, name) = (keyring.clone(), mount.clone(), name.clone());
            tasks.spawn(async move {
                if number == 50 {
                    let new = NewKey::of_type(KeyType::Aes256Gcm96);
                    keyring.create_key(&mount, name, new).await.unwrap();
                } else {
                    keyring.refresh_key(&mount, name).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        assert!(mount.key("one").is_some());
        assert_eq!(mount.slots.len(), 1);
    }
}
