//! A key: its policy and its versions, as one immutable value.
//!
//! A change makes a new [`Key`] that shares the versions it kept, so that a reader works on one
//! state from beginning to end and never waits for a writer.

mod agree;
pub mod backup;
mod certificate;
mod crypt;
mod error;
mod key_version;
mod mac;
mod material;
mod policy;
mod sign;

use std::sync::Arc;

pub use certificate::{CertificateChain, CertificateError};
pub use crypt::{Decrypt, Encrypt, EncryptionPadding, Plaintext, Sealed};
pub use error::KeyError;
pub use key_version::{KeyVersion, KeyVersionError};
pub use mac::Mac;
pub use material::{HMAC_KEY_BYTES, KeyPair, Material, PrivateKey};
pub use policy::{
    Derivation, Event, Imported, KeyPolicy, NewKey, PolicyError, Settings, SettingsWarning,
};

pub use sign::{Marshaling, Signature, SignatureOptions, SignaturePadding};

use crate::{name::KeyName, version::Version};

/// A key at one moment.
pub struct Key {
    name: KeyName,
    policy: KeyPolicy,
    /// In ascending order and without gaps, ending with the policy's latest version.
    versions: Vec<Arc<KeyVersion>>,
}

impl Key {
    /// Puts a key together. `versions` ascend without gaps to the policy's latest version.
    ///
    /// # Errors
    /// The first version that is missing between the oldest available and the latest.
    pub fn new(
        name: KeyName,
        policy: KeyPolicy,
        versions: Vec<Arc<KeyVersion>>,
    ) -> Result<Self, Version> {
        let oldest = policy.min_available_version.unwrap_or(Version::FIRST);
        let mut found = versions.iter().map(|version| version.number());
        for expected in oldest.up_to(policy.latest_version) {
            if found.next() != Some(expected) {
                return Err(expected);
            }
        }
        Ok(Self {
            name,
            policy,
            versions,
        })
    }

    /// The key's name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key's policy.
    pub fn policy(&self) -> &KeyPolicy {
        &self.policy
    }

    /// The version with this number, if it has not been trimmed.
    pub fn version(&self, number: Version) -> Option<&Arc<KeyVersion>> {
        let oldest = self.versions.first()?.number().number();
        let index = number.number().checked_sub(oldest)?;
        self.versions.get(index as usize)
    }

    /// Every version that is still kept, oldest first.
    pub fn versions(&self) -> &[Arc<KeyVersion>] {
        &self.versions
    }

    /// The versions that can decrypt: from the minimum decryption version on, oldest first.
    pub fn usable_versions(&self) -> impl Iterator<Item = &Arc<KeyVersion>> {
        let oldest = self.policy.min_decryption_version;
        self.versions
            .iter()
            .filter(move |version| version.number() >= oldest)
    }

    /// The same key with one more version.
    #[must_use]
    pub fn with_version(&self, policy: KeyPolicy, version: Arc<KeyVersion>) -> Self {
        let mut versions = self.versions.clone();
        versions.push(version);
        Self {
            name: self.name.clone(),
            policy,
            versions,
        }
    }

    /// The same key with `version` in the place of the one of the same number.
    #[must_use]
    pub fn with_replaced_version(&self, version: Arc<KeyVersion>) -> Self {
        let mut versions = self.versions.clone();
        if let Some(place) = versions
            .iter_mut()
            .find(|place| place.number() == version.number())
        {
            *place = version;
        }
        Self {
            name: self.name.clone(),
            policy: self.policy.clone(),
            versions,
        }
    }

    /// The same key under another policy; versions that it no longer makes available are dropped.
    #[must_use]
    pub fn with_policy(&self, policy: KeyPolicy) -> Self {
        let oldest = policy.min_available_version.unwrap_or(Version::FIRST);
        let kept = self
            .versions
            .iter()
            .filter(|version| version.number() >= oldest);
        Self {
            name: self.name.clone(),
            versions: kept.cloned().collect(),
            policy,
        }
    }
}
