//! Reserving encryptions before they are made, so that the stored count is an upper bound even
//! after a crash.
//!
//! ```text
//! the sealed record of a budget, before the barrier seals it (numbers are big-endian)
//! ┌────────┬─────────────────────────────────────────────┐
//! │ schema │ encryptions reserved by all replicas so far │
//! │ 1 byte │ 8 bytes                                     │
//! └────────┴─────────────────────────────────────────────┘
//! ```
//! A replica adds a block by compare-and-swap and uses it afterwards, by an atomic decrement in
//! memory. What it has not used when it is sealed it gives back; what it has not used when it
//! crashes counts as used.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{
    Keyring,
    open::{MountEntry, Open, Slot},
    paths,
};
use crate::{
    error::Error,
    key::{Key, KeyError, KeyVersion},
    name::KeyName,
    secret::SecretBytes,
    store::{Path, Revision, StoreError},
    version::Version,
};

const SCHEMA: u8 = 1;

/// How often a reservation starts over because others reserve at the same time.
const ATTEMPTS: usize = 50;

/// An error that may only say that encryptions must be reserved first.
pub trait RunsShort {
    /// The version that has none reserved; `None`: it says something else.
    fn runs_short(&self) -> Option<Version>;
}

impl RunsShort for KeyError {
    fn runs_short(&self) -> Option<Version> {
        match self {
            Self::NoneReserved { version } => Some(*version),
            _ => None,
        }
    }
}

impl RunsShort for Error {
    fn runs_short(&self) -> Option<Version> {
        match self {
            Self::Key(error) => error.runs_short(),
            _ => None,
        }
    }
}

/// How a reservation went.
enum Reserved {
    /// There is something to use, or nothing will ever be again: trying tells.
    Done(Arc<Key>),
    /// The version has used its share, and the key can rotate.
    RotateFirst,
    /// Somebody else wrote at the same time.
    Again,
}

impl Keyring {
    /// Runs `operation`, which encrypts with a key, and reserves encryptions whenever it says that
    /// none are left. `key` is then the key as it has become: it may have rotated.
    ///
    /// `wanted`: how many encryptions the caller has still to make.
    ///
    /// # Errors
    /// What `operation` says; [`Error::Store`] if nothing could be reserved.
    pub async fn encrypting<T, E: From<Error> + RunsShort>(
        &self,
        mount: &Arc<MountEntry>,
        key: &mut Arc<Key>,
        wanted: usize,
        mut operation: impl FnMut(&Key) -> Result<T, E>,
    ) -> Result<T, E> {
        loop {
            let outcome = operation(key);
            let Some(version) = outcome.as_ref().err().and_then(RunsShort::runs_short) else {
                self.reserve_ahead(mount, key);
                return outcome;
            };
            let (name, wanted) = (key.name().clone(), wanted.max(1) as u64);
            *key = self
                .reserve_encryptions(mount, name, version, wanted)
                .await?;
        }
    }

    /// Reserves at least `wanted` encryptions of a version, or as many as its budget leaves, if
    /// fewer are reserved. A version that has used its share is rotated instead where that is
    /// possible. Returns the key as it is afterwards.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Store`], [`Error::Sealed`].
    pub async fn reserve_encryptions(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        version: Version,
        wanted: u64,
    ) -> Result<Arc<Key>, Error> {
        let mount = mount.clone();
        self.detached(move |keyring| async move {
            let slot = mount.slots.pin().get(&name).cloned();
            let slot = slot.ok_or(Error::KeyNotFound)?;
            let _one_at_a_time = slot.reserving.lock().await;
            for _ in 0..ATTEMPTS {
                let reserved = keyring.try_reserve(&mount, &slot, version, wanted);
                match reserved.await? {
                    Reserved::Done(key) => return Ok(key),
                    Reserved::Again => {}
                    Reserved::RotateFirst => {
                        match keyring.rotate_key_from(&mount, name.clone(), version).await {
                            Ok(rotated) => {
                                if rotated {
                                    keyring
                                        .shared
                                        .counters
                                        .budget_rotations
                                        .fetch_add(1, Relaxed);
                                    tracing::info!(
                                        key = %name, %version,
                                        "rotated: the version has made its share of encryptions"
                                    );
                                }
                                return slot.key.load_full().ok_or(Error::KeyNotFound);
                            }
                            // Another replica was first, or the key is no longer to be rotated:
                            // memory knows by now.
                            Err(Error::Policy(_) | Error::Store(StoreError::Conflict { .. })) => {}
                            Err(error) => return Err(error),
                        }
                    }
                }
            }
            Err(Error::Store(StoreError::Conflict {
                path: paths::key_budget(mount.mount().id, &name, version),
            }))
        })
        .await
    }

    async fn try_reserve(
        &self,
        mount: &MountEntry,
        slot: &Slot,
        version: Version,
        wanted: u64,
    ) -> Result<Reserved, Error> {
        let _life = self.shared.life.read().await;
        let unsealed = self.unsealed()?;
        let (open, id) = (unsealed.open(), mount.mount().id);
        let key = slot.key.load_full().ok_or(Error::KeyNotFound)?;
        let (policy, name) = (key.policy(), key.name());
        let Some(held) = key.version(version).cloned() else {
            return Ok(Reserved::Done(key));
        };
        let meter = held.meter();
        if policy.encryption_limit().is_none() || meter.left() >= wanted {
            return Ok(Reserved::Done(key));
        }
        let path = paths::key_budget(id, name, version);
        let (revision, reserved) = self.stored_budget(open, &path).await?;
        meter.learn(reserved);
        let due = policy
            .rotates_after()
            .is_some_and(|after| reserved >= after);
        if due && version == policy.latest_version && policy.can_rotate() {
            return Ok(Reserved::RotateFirst);
        }
        let block = policy.next_block(reserved, wanted);
        if block == 0 {
            return Ok(Reserved::Done(key));
        }
        // No budget is written for a version that is gone.
        let version_path = paths::key_version(id, name, version);
        let Some(stored) = self.shared.store.get(&version_path).await? else {
            return Err(Error::KeyNotFound);
        };
        let expect = vec![
            (path.clone(), revision),
            (version_path, Some(stored.revision)),
        ];
        let put = vec![(path, encode_budget(reserved + block))];
        match self.commit(open, expect, put, Vec::new()).await {
            Ok(_) => {
                meter.credit(block, reserved + block);
                self.shared.counters.reservations.fetch_add(1, Relaxed);
                Ok(Reserved::Done(key))
            }
            Err(Error::Store(StoreError::Conflict { .. })) => Ok(Reserved::Again),
            Err(error) => Err(error),
        }
    }

    /// Reserves the next block of the latest version, if the one in use is nearly empty, beside the
    /// caller, who need not wait for it.
    pub fn reserve_ahead(&self, mount: &Arc<MountEntry>, key: &Arc<Key>) {
        if !key.runs_low() {
            return;
        }
        let slot = mount.slots.pin().get(key.name()).cloned();
        let idle = slot.is_some_and(|slot| slot.reserving.try_lock().is_ok());
        if !idle {
            return;
        }
        let (keyring, mount, key) = (self.clone(), mount.clone(), key.clone());
        tokio::spawn(async move {
            let (name, version) = (key.name().clone(), key.policy().latest_version);
            let wanted = key.policy().low_mark();
            drop(key);
            // A failure is met again by whoever finds the block empty.
            let reserved = keyring.reserve_encryptions(&mount, name, version, wanted);
            if let Err(error) = reserved.await {
                tracing::warn!(%error, "no encryptions could be reserved early");
            }
        });
    }

    /// Gives back what is reserved beyond what the key's settings, which have just changed, allow.
    pub(super) async fn give_back_beyond_budget(
        &self,
        mount: &Arc<MountEntry>,
        key: &Arc<Key>,
    ) -> Result<(), Error> {
        let policy = key.policy();
        let Some(limit) = policy.encryption_limit() else {
            return Ok(());
        };
        let block = policy.usual_block();
        let after = policy.rotates_after().filter(|_| policy.can_rotate());
        let excess = |version: &Arc<KeyVersion>| {
            let latest = version.number() == policy.latest_version;
            let end = after.filter(|_| latest).unwrap_or(limit);
            let meter = version.meter();
            let beyond = meter.reserved().saturating_sub(end);
            // Nor does one replica keep more than a block of a budget that has become small.
            beyond.max(meter.left().saturating_sub(block))
        };
        let beyond = key.versions().iter().filter(|version| excess(version) > 0);
        let beyond: Vec<_> = beyond
            .map(|version| (version.clone(), excess(version)))
            .collect();
        if beyond.is_empty() {
            return Ok(());
        }
        let (id, name) = (mount.mount().id, key.name().clone());
        self.detached(move |keyring| async move {
            let _life = keyring.shared.life.read().await;
            let unsealed = keyring.unsealed()?;
            for (version, excess) in beyond {
                keyring
                    .give_back(unsealed.open(), id, &name, &version, excess)
                    .await?;
            }
            Ok(())
        })
        .await
    }

    /// Gives back up to `most` encryptions of a version that are reserved here and not made.
    pub(super) async fn give_back(
        &self,
        open: &Open,
        mount: uuid::Uuid,
        name: &KeyName,
        version: &KeyVersion,
        most: u64,
    ) -> Result<(), Error> {
        // Out of reach first, in the store afterwards: a crash in between only counts too much.
        let unused = version.meter().retract(most);
        if unused == 0 {
            return Ok(());
        }
        let path = paths::key_budget(mount, name, version.number());
        let version_path = paths::key_version(mount, name, version.number());
        for _ in 0..ATTEMPTS {
            // Another key may have taken the name, and its count must not sink.
            let Some(stored) = self.shared.store.get(&version_path).await? else {
                return Ok(());
            };
            let record = open.barrier.open(&version_path, &stored.bytes)?;
            if !version.encode().matches(record.expose()) {
                return Ok(());
            }
            let (revision, reserved) = self.stored_budget(open, &path).await?;
            version.meter().learn(reserved);
            let (Some(_), Some(rest)) = (revision, reserved.checked_sub(unused)) else {
                return Ok(());
            };
            let expect = vec![
                (path.clone(), revision),
                (version_path.clone(), Some(stored.revision)),
            ];
            let put = vec![(path.clone(), encode_budget(rest))];
            match self.commit(open, expect, put, Vec::new()).await {
                Ok(_) => {
                    version.meter().learn(rest);
                    return Ok(());
                }
                Err(Error::Store(StoreError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) async fn stored_budget(
        &self,
        open: &Open,
        path: &Path,
    ) -> Result<(Option<Revision>, u64), Error> {
        let Some(stored) = self.shared.store.get(path).await? else {
            return Ok((None, 0));
        };
        let record = open.barrier.open(path, &stored.bytes)?;
        Ok((Some(stored.revision), decode_budget(path, record.expose())?))
    }
}

pub(super) fn encode_budget(reserved: u64) -> SecretBytes {
    let mut record = vec![SCHEMA];
    record.extend_from_slice(&reserved.to_be_bytes());
    SecretBytes::from_vec(record)
}

pub(super) fn decode_budget(path: &Path, record: &[u8]) -> Result<u64, Error> {
    match record.split_first() {
        Some((&SCHEMA, reserved)) => reserved.try_into().map(u64::from_be_bytes).ok(),
        _ => None,
    }
    .ok_or_else(|| {
        let (path, reason) = (path.to_string(), "it is no budget".to_owned());
        Error::Store(StoreError::Corrupted { path, reason })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes_and_nothing_else(reserved: u64, other: Vec<u8>) {
            let path = Path::new("budget").unwrap();
            let record = encode_budget(reserved);
            prop_assert_eq!(decode_budget(&path, record.expose()).unwrap(), reserved);
            let is_budget = other.len() == record.len() && other[0] == SCHEMA;
            prop_assert_eq!(decode_budget(&path, &other).is_ok(), is_budget);
        }
    }
}
