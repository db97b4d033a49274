//! Changes to one version of a key: disable, enable, destroy.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use jiff::Timestamp;

use super::{Keyring, keys::Transition, open::MountEntry};
use crate::{
    error::Error,
    key::{Key, KeyPolicy, PolicyError},
    name::KeyName,
    store::StoreError,
    version::Version,
};

impl Keyring {
    /// Takes a version out of use; the flag says whether that changed anything.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`] if there is no such version, [`Error::Store`].
    pub async fn disable_version(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        version: Version,
    ) -> Result<(Arc<Key>, bool), Error> {
        self.revoke(mount, name, move |policy, now| policy.disable(version, now))
            .await
    }

    /// Puts a version into use again, and calls off its destruction; the flag says whether that
    /// changed anything.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`] if the version is not there or was destroyed,
    /// [`Error::Store`].
    pub async fn enable_version(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        version: Version,
    ) -> Result<(Arc<Key>, bool), Error> {
        self.revoke(mount, name, move |policy, now| policy.enable(version, now))
            .await
    }

    /// Calls off the destruction of a version, which stays disabled.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`] if no destruction is planned, [`Error::Store`].
    pub async fn restore_version(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        version: Version,
    ) -> Result<Arc<Key>, Error> {
        let restored = self.revoke(mount, name, move |policy, now| {
            policy.call_off_destruction(version, now)
        });
        Ok(restored.await?.0)
    }

    /// Disables a version and plans its destruction after the key's `destroy_wait`; at once if
    /// that is 0.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`] if it is the latest version or not there,
    /// [`Error::Store`].
    pub async fn destroy_version(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        version: Version,
    ) -> Result<Arc<Key>, Error> {
        let (key, _) = self
            .revoke(mount, name, move |policy, now| {
                Ok(policy.plan_destruction(version, now)?.destroy_due(now))
            })
            .await?;
        if key.version(version).is_none() {
            self.shared
                .counters
                .destroyed_versions
                .fetch_add(1, Relaxed);
        }
        self.shared.planned.notify_one();
        Ok(key)
    }

    /// Destroys every version whose wait is over. Returns how many, and when the next one is due.
    ///
    /// # Errors
    /// The first error, after every other key had its turn. That another replica was first is none.
    pub async fn destroy_due_versions(&self) -> Result<(usize, Option<Timestamp>), Error> {
        let (mut destroyed, mut next) = (0, None::<Timestamp>);
        let mut failed = None;
        for mount in self.unsealed()?.mounts() {
            let Some(entry) = self.unsealed()?.mount(&mount.path) else {
                continue;
            };
            for name in entry.key_names() {
                let due_at = |key: &Key| key.policy().revocations.next_destruction();
                let Some(mut key) = entry.key(name.as_str()) else {
                    continue;
                };
                if due_at(&key).is_some_and(|at| at <= self.shared.clock.now()) {
                    let before = key.versions().len();
                    let changed =
                        self.revoke(&entry, name, |policy, now| Ok(policy.destroy_due(now)));
                    match changed.await {
                        Ok((changed, _)) => key = changed,
                        Err(Error::KeyNotFound | Error::MountGone) => continue,
                        // Memory shows what the other replica wrote; the next look sees the rest.
                        Err(Error::Store(StoreError::Conflict { .. })) => continue,
                        Err(error) => {
                            failed.get_or_insert(error);
                            continue;
                        }
                    }
                    destroyed += before.saturating_sub(key.versions().len());
                }
                next = [next, due_at(&key)].into_iter().flatten().min();
            }
        }
        let counter = &self.shared.counters.destroyed_versions;
        counter.fetch_add(destroyed as u64, Relaxed);
        failed.map_or(Ok((destroyed, next)), Err)
    }

    /// Waits until a destruction is planned, or the keyring is unsealed: then
    /// [`destroy_due_versions`](Self::destroy_due_versions) may have something to do.
    pub async fn destruction_planned(&self) {
        self.shared.planned.notified().await;
    }

    async fn revoke(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        rule: impl FnOnce(&KeyPolicy, Timestamp) -> Result<KeyPolicy, PolicyError> + Send + 'static,
    ) -> Result<(Arc<Key>, bool), Error> {
        let (id, clock) = (mount.mount().id, self.shared.clock.clone());
        let (key, changed) = self
            .change(mount, name, move |key| {
                let key = key.ok_or(Error::KeyNotFound)?;
                let policy = rule(key.policy(), clock.now())?;
                Ok((policy != *key.policy()).then(|| Transition::drop_versions(id, key, policy)))
            })
            .await?;
        Ok((key.ok_or(Error::KeyNotFound)?, changed))
    }
}
