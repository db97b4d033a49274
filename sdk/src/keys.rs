//! Administration of the keys of one mount.

use sealgate_wire::transit::{
    CacheConfig, ConfigureKey, CreateKey, Key, KeyNames, KeysConfig, TrimKey,
};
use serde::Serialize;

use crate::{Error, Transit};

#[derive(Serialize)]
struct Nothing {}

impl Transit {
    /// Creates a key. One that exists already is left as it is, and returned.
    pub async fn create_key(&self, name: &str, settings: &CreateKey) -> Result<Key, Error> {
        self.http()
            .post(&self.of_key("keys", name)?, settings)
            .await?
            .data()
    }

    /// Settings and versions of a key.
    pub async fn read_key(&self, name: &str) -> Result<Key, Error> {
        self.http().get(&self.of_key("keys", name)?).await?.data()
    }

    /// Names of all keys, in order.
    pub async fn list_keys(&self) -> Result<Vec<String>, Error> {
        let answer = self
            .http()
            .get_with(&self.path("keys"), "list=true")
            .await?;
        match answer.data::<KeyNames>() {
            Ok(names) => Ok(names.keys),
            // No keys at all: 404 without a word. With words, the mount is not there.
            Err(Error::Refused {
                status: 404,
                errors,
            }) if errors.is_empty() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Adds a version, which then encrypts by default.
    pub async fn rotate_key(&self, name: &str) -> Result<Key, Error> {
        let path = self.of_key("keys", name)?.then("rotate");
        self.http().post(&path, &Nothing {}).await?.data()
    }

    /// Changes the settings that are given.
    pub async fn configure_key(&self, name: &str, change: &ConfigureKey) -> Result<Key, Error> {
        let path = self.of_key("keys", name)?.then("config");
        self.http().post(&path, change).await?.data()
    }

    /// Takes a version out of use until it is enabled. Sealgate only.
    pub async fn disable_key_version(&self, name: &str, version: u32) -> Result<Key, Error> {
        self.change_version(name, version, "disable").await
    }

    /// Puts a version into use again, and calls off its destruction. Sealgate only.
    pub async fn enable_key_version(&self, name: &str, version: u32) -> Result<Key, Error> {
        self.change_version(name, version, "enable").await
    }

    /// Disables a version and deletes its bytes after the key's `destroy_wait`. Sealgate only.
    pub async fn destroy_key_version(&self, name: &str, version: u32) -> Result<Key, Error> {
        self.change_version(name, version, "destroy").await
    }

    /// Calls off the destruction of a version, which stays disabled. Sealgate only.
    pub async fn restore_key_version(&self, name: &str, version: u32) -> Result<Key, Error> {
        self.change_version(name, version, "restore").await
    }

    async fn change_version(
        &self,
        name: &str,
        version: u32,
        how: &'static str,
    ) -> Result<Key, Error> {
        let path = self.of_key("keys", name)?.then("versions");
        let path = path.name(&version.to_string())?.then(how);
        self.http().post(&path, &Nothing {}).await?.data()
    }

    /// Removes all versions older than `oldest_kept` for good. What they encrypted is lost.
    pub async fn trim_key(&self, name: &str, oldest_kept: u32) -> Result<Key, Error> {
        let path = self.of_key("keys", name)?.then("trim");
        let request = TrimKey {
            min_available_version: Some(oldest_kept),
        };
        self.http().post(&path, &request).await?.data()
    }

    /// Deletes a key for good, if its settings allow it. What it encrypted is lost.
    pub async fn delete_key(&self, name: &str) -> Result<(), Error> {
        self.http()
            .delete(&self.of_key("keys", name)?)
            .await?
            .done()
    }

    /// Puts a key out of use until it is restored.
    pub async fn soft_delete_key(&self, name: &str) -> Result<Key, Error> {
        let path = self.of_key("keys", name)?.then("soft-delete");
        self.http().delete(&path).await?.data()
    }

    /// Takes back [`soft_delete_key`](Self::soft_delete_key).
    pub async fn restore_key(&self, name: &str) -> Result<Key, Error> {
        let path = self.of_key("keys", name)?.then("soft-delete-restore");
        self.http().post(&path, &Nothing {}).await?.data()
    }

    /// Settings of all keys of the mount.
    pub async fn keys_config(&self) -> Result<KeysConfig, Error> {
        self.http().get(&self.path("config/keys")).await?.data()
    }

    /// Changes the settings of all keys of the mount.
    pub async fn set_keys_config(&self, config: &KeysConfig) -> Result<KeysConfig, Error> {
        self.http()
            .post(&self.path("config/keys"), config)
            .await?
            .data()
    }

    /// How many keys the mount keeps open.
    pub async fn cache_config(&self) -> Result<CacheConfig, Error> {
        self.http().get(&self.path("cache-config")).await?.data()
    }
}
