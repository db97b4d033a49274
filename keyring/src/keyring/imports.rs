//! Keys that come from outside: backups of the peers, wrapped keys, and the mount's wrapping key.

use std::sync::Arc;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Keyring, keys::Transition, open::MountEntry, paths};
use crate::{
    algorithm::{Algorithm, KeyType},
    error::Error,
    import::{ImportError, WrappingKey},
    key::{CertificateChain, Imported, Key, KeyPolicy, KeyVersion, Material, NewKey, backup},
    name::KeyName,
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
    /// [`Error::KeyExists`], [`Error::Import`], [`Error::Policy`], [`Error::Store`].
    pub async fn import_key(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        new: NewKey,
        imported: Imported,
        material: Material,
    ) -> Result<Arc<Key>, Error> {
        let policy = KeyPolicy {
            imported: Some(imported),
            hmac_bytes: hmac_bytes(&material),
            ..KeyPolicy::create(new)?
        };
        refuse_other_type(&policy, &material)?;
        refuse_derived_public(&policy, &material)?;
        let now = self.shared.clock.now();
        let version = Arc::new(KeyVersion::of_material(Version::FIRST, now, material)?);
        let key = Key::new(name.clone(), policy, vec![version])
            .map_err(|missing| Error::missing_version(&name, missing))?;
        self.restore_key(mount, key, false).await
    }

    /// Adds a version from outside to an imported key. A private key that belongs to the latest
    /// version, of which only the public part is known, completes that version instead.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`], [`Error::Import`], [`Error::Store`].
    pub async fn import_key_version(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        material: Material,
    ) -> Result<Arc<Key>, Error> {
        let (id, clock) = (mount.mount().id, self.shared.clock.clone());
        self.change_existing(mount, name, move |key| {
            let mut policy = key.policy().import_version()?;
            refuse_other_type(&policy, &material)?;
            refuse_derived_public(&policy, &material)?;
            let latest = key.policy().latest_version;
            if let Some(latest) = key.version(latest)
                && completes(latest, &material)
            {
                return complete(id, key, latest, material);
            }
            policy.hmac_bytes = hmac_bytes(&material);
            let number = policy.latest_version;
            let version = Arc::new(KeyVersion::of_material(number, clock.now(), material)?);
            let record = (paths::key_version(id, key.name(), number), version.encode());
            let mut transition = Transition::write_policy(id, key.with_version(policy, version));
            transition.put.push(record);
            Ok(transition)
        })
        .await
    }

    /// Adds the private part to a version of which only the public part is known.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Policy`], [`Error::Import`], [`Error::Store`].
    pub async fn complete_key_version(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        number: i64,
        material: Material,
    ) -> Result<Arc<Key>, Error> {
        let id = mount.mount().id;
        self.change_existing(mount, name, move |key| {
            refuse_other_type(&key.policy().import_version()?, &material)?;
            let number = u32::try_from(number).ok().and_then(Version::new);
            let version = number.and_then(|number| key.version(number));
            let version = version.ok_or(ImportError::NoSuchVersion)?;
            if !key.policy().key_type.has_public_key() {
                return Err(ImportError::NoPublicPart.into());
            }
            if version.material().is_whole() {
                return Err(ImportError::PrivatePartThere.into());
            }
            if !material.is_whole() {
                return Err(ImportError::PublicPartThere.into());
            }
            if !completes(version, &material) {
                return Err(ImportError::OtherKey.into());
            }
            complete(id, key, version, material)
        })
        .await
    }

    /// Writes the result of a key agreement as a key of its own, or as the next version of one
    /// that such a result made before.
    ///
    /// # Errors
    /// [`Error::Import`] if another key has the name, [`Error::Policy`], [`Error::Store`].
    pub async fn import_agreed_key(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        key_type: KeyType,
        material: Material,
    ) -> Result<Arc<Key>, Error> {
        match mount.key(name.as_str()) {
            None => {
                let imported = Imported {
                    allow_rotation: false,
                };
                self.import_key(mount, name, NewKey::of_type(key_type), imported, material)
                    .await
            }
            Some(key) if key.policy().key_type == key_type && key.policy().imported.is_some() => {
                self.import_key_version(mount, name, material).await
            }
            Some(_) => Err(ImportError::DerivedKeyExists.into()),
        }
    }

    /// Replaces the certificates of a version (`None`: there is none of the number that was asked
    /// for), if their leaf is for its public key.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`], [`Error::Certificate`], [`Error::KeyVersion`] if they are too many,
    /// [`Error::Store`].
    pub async fn set_certificates(
        &self,
        mount: &Arc<MountEntry>,
        name: KeyName,
        number: Option<Version>,
        chain: CertificateChain,
    ) -> Result<Arc<Key>, Error> {
        let id = mount.mount().id;
        self.change_existing(mount, name, move |key| {
            key.supports_certificates()?;
            let (version, certificates) = chain.for_version(key, number)?;
            let version = version.with_certificates(certificates)?;
            Ok(replace_version(id, key, version))
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
}

/// Whether `material` is the private part of what `version` knows only the public part of.
fn completes(version: &KeyVersion, material: &Material) -> bool {
    !version.material().is_whole()
        && material.is_whole()
        && version.material().public_spki() == material.public_spki()
}

fn complete(
    mount: Uuid,
    key: &Key,
    version: &KeyVersion,
    material: Material,
) -> Result<Transition, Error> {
    let version = version.with_material(material)?;
    Ok(replace_version(mount, key, version))
}

fn replace_version(mount: Uuid, key: &Key, version: KeyVersion) -> Transition {
    let record = (
        paths::key_version(mount, key.name(), version.number()),
        version.encode(),
    );
    // The policy is written too, unchanged: its revision is what other changes are ordered by.
    let next = key.with_replaced_version(Arc::new(version));
    let mut transition = Transition::write_policy(mount, next);
    transition.put.push(record);
    transition
}

fn hmac_bytes(material: &Material) -> Option<u16> {
    match material {
        Material::Hmac(key) => u16::try_from(key.len()).ok(),
        _ => None,
    }
}

/// What a caller's material was made for may have been another key: the one that has the name now
/// decides. A record that does not fit its key would keep the whole keyring from opening.
fn refuse_other_type(policy: &KeyPolicy, material: &Material) -> Result<(), ImportError> {
    let fits = match (material, policy.key_type.algorithm()) {
        (Material::Aead { cipher, .. }, Algorithm::Aead(expected)) => {
            cipher.algorithm() == expected
        }
        (Material::Hmac(_), Algorithm::Hmac) | (Material::Ed25519(_), Algorithm::Ed25519) => true,
        (Material::Cmac { key, .. }, Algorithm::Cmac(expected)) => {
            key.len() == expected.key_bytes()
        }
        (Material::Ecdsa(pair), Algorithm::Ecdsa(expected)) => pair.public().curve() == expected,
        (Material::Rsa(pair), Algorithm::Rsa(expected)) => pair.public().size() == expected,
        (Material::MlDsa(pair), Algorithm::MlDsa(expected)) => {
            pair.public().parameters() == expected
        }
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(ImportError::OtherType)
    }
}

fn refuse_derived_public(policy: &KeyPolicy, material: &Material) -> Result<(), ImportError> {
    if policy.derivation.needs_context() && !material.is_whole() {
        return Err(ImportError::DerivedPublicKey);
    }
    Ok(())
}
