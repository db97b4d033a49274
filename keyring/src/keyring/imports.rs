//! Keys that come from outside: backups of the peers, wrapped keys, and the mount's wrapping key.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Keyring, keys::Transition, open::MountEntry, paths};
use crate::{
    error::Error,
    import::WrappingKey,
    key::{Imported, Key, KeyPolicy, KeyVersion, NewKey, backup},
    name::KeyName,
    secret::SecretBytes,
    version::Version,
};

impl Keyring {
    /// Takes a plaintext backup of a key, in the peers' format, and notes that it was taken.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`] if the key does not allow it, [`Error::Store`].
    pub async fn back_up_key(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
    ) -> Result<Zeroizing<String>, Error> {
        let (id, clock) = (mount.mount().id, self.shared.clock.clone());
        let key = self
            .change_existing(mount, name, move |key| {
                let policy = key.policy().back_up(clock.now())?;
                Ok(Transition::write_policy(id, key.with_policy(policy)))
            })
            .await?;
        Ok(backup::write(&key))
    }

    /// Restores a backup that was made here or by a peer, under another name if one is given.
    ///
    /// # Errors
    /// [`Error::Backup`], [`Error::KeyExists`] unless `replace`, [`Error::Store`].
    pub async fn restore_backup(
        &self,
        mount: &Arc<MountEntry>,
        text: &str,
        name: Option<KeyName>,
        replace: bool,
    ) -> Result<Arc<Key>, Error> {
        let key = backup::read(text, name, self.shared.clock.now())?;
        self.restore_key(mount, key, replace).await
    }

    /// Creates a key whose first version comes from outside.
    ///
    /// # Errors
    /// [`Error::KeyExists`], [`Error::KeyVersion`] if the material has the wrong length,
    /// [`Error::Store`].
    pub async fn import_key(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        new: NewKey,
        imported: Imported,
        material: SecretBytes,
    ) -> Result<Arc<Key>, Error> {
        let policy = KeyPolicy {
            imported: Some(imported),
            ..KeyPolicy::create(new)?
        };
        let version = self.version_from(&policy, Version::FIRST, material)?;
        let key = Key::new(name.clone(), policy, vec![version])
            .map_err(|missing| Error::missing_version(&name, missing))?;
        self.restore_key(mount, key, false).await
    }

    /// Adds a version from outside to an imported key.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`], [`Error::KeyVersion`], [`Error::Store`].
    pub async fn import_key_version(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        material: SecretBytes,
    ) -> Result<Arc<Key>, Error> {
        let (id, keyring) = (mount.mount().id, self.clone());
        self.change_existing(mount, name, move |key| {
            let policy = key.policy().import_version()?;
            let number = policy.latest_version;
            let version = keyring.version_from(&policy, number, material)?;
            let record = (paths::key_version(id, key.name(), number), version.encode());
            let mut transition = Transition::write_policy(id, key.with_version(policy, version));
            transition.put.push(record);
            Ok(transition)
        })
        .await
    }

    /// The mount's wrapping key, generated when it is first asked for. It is read from the store
    /// each time: importing is rare, and a key that is not in memory cannot be found there.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Barrier`], [`Error::Import`].
    pub async fn wrapping_key(&self, mount: &Arc<MountEntry>) -> Result<WrappingKey, Error> {
        let path = paths::wrapping_key(mount.mount().id);
        self.detached(move |keyring| async move {
            let _life = keyring.shared.life.read().await;
            let unsealed = keyring.unsealed()?;
            let barrier = &unsealed.open().barrier;
            let _one_at_a_time = unsealed.open().wrapping_keys.lock().await;
            if let Some(stored) = keyring.shared.store.get(&path).await? {
                let document = barrier.open(&path, &stored.bytes)?;
                return Ok(WrappingKey::from_pkcs8(document.expose())?);
            }
            let generated = tokio::task::spawn_blocking(WrappingKey::generate).await;
            let key = generated.map_err(|_| Error::Interrupted)??;
            let put = vec![(path.clone(), key.to_pkcs8()?)];
            keyring
                .commit(unsealed.open(), vec![(path, None)], put, Vec::new())
                .await?;
            Ok(key)
        })
        .await
    }

    fn version_from(
        &self,
        policy: &KeyPolicy,
        number: Version,
        material: SecretBytes,
    ) -> Result<Arc<KeyVersion>, Error> {
        let (now, hmac_key) = (self.shared.clock.now(), KeyVersion::random_hmac_key()?);
        let version = KeyVersion::from_secrets(policy.key_type, number, now, material, hmac_key)?;
        Ok(Arc::new(version))
    }
}
