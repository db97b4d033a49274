//! A key: its policy and its versions, as one immutable value.
//!
//! A change makes a new [`Key`] that shares the versions it kept, so that a reader works on one
//! state from beginning to end and never waits for a writer.

mod agree;
pub mod backup;
mod budget;
mod certificate;
mod crypt;
mod error;
mod key_version;
mod mac;
mod material;
mod meter;
mod policy;
mod revocation;
mod sign;
mod usage;

use std::sync::Arc;

pub use budget::{Budget, BudgetSettings, LARGEST_BLOCK};
pub use certificate::{CertificateChain, CertificateError};
pub use crypt::{Decrypt, Encrypt, EncryptionPadding, Plaintext, Sealed};
pub use error::KeyError;
pub use key_version::{KeyVersion, KeyVersionError};
pub use mac::Mac;
pub use material::{HMAC_KEY_BYTES, KeyPair, Material, PrivateKey};
pub use meter::{Counts, Meter, Use};
pub use policy::{
    Derivation, Event, Imported, KeyPolicy, NewKey, PolicyError, Settings, SettingsWarning,
};
pub use revocation::{
    DEFAULT_DESTROY_WAIT_SECONDS, LONGEST_DESTROY_WAIT_SECONDS, Revocation, Revocations,
};
pub use usage::{Usage, Used};

pub use sign::{Marshaling, Signature, SignatureOptions, SignaturePadding};

use crate::{name::KeyName, version::Version};

/// A key at one moment.
pub struct Key {
    name: KeyName,
    policy: KeyPolicy,
    /// In ascending order, ending with the policy's latest version. Only versions that were
    /// destroyed are missing in between.
    versions: Vec<Arc<KeyVersion>>,
}

impl Key {
    /// Puts a key together. `versions` ascend to the policy's latest version; only those that
    /// were destroyed are missing.
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
        let kept = |number: &Version| !policy.revocations.is_destroyed(*number);
        for expected in oldest.up_to(policy.latest_version).filter(kept) {
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

    /// The version with this number, in use or not, if it has not been trimmed or destroyed.
    pub fn version(&self, number: Version) -> Option<&Arc<KeyVersion>> {
        let oldest = self.versions.first()?.number().number();
        let index = number.number().checked_sub(oldest)? as usize;
        // Where versions are missing, the others are nearer to the front.
        match self.versions.get(index) {
            Some(version) if version.number() == number => Some(version),
            _ => {
                let found = self.versions.binary_search_by_key(&number, |v| v.number());
                self.versions.get(found.ok()?)
            }
        }
    }

    /// Every version that is still kept, oldest first.
    pub fn versions(&self) -> &[Arc<KeyVersion>] {
        &self.versions
    }

    /// The versions from the oldest one that decrypts on, oldest first; disabled ones are among
    /// them.
    pub fn current_versions(&self) -> impl Iterator<Item = &Arc<KeyVersion>> {
        let oldest = self.policy.oldest_decrypting();
        self.versions
            .iter()
            .filter(move |version| version.number() >= oldest)
    }

    /// The versions that decrypt, oldest first.
    pub fn usable_versions(&self) -> impl Iterator<Item = &Arc<KeyVersion>> {
        self.current_versions()
            .filter(|version| self.policy.revocations.of(version.number()).is_none())
    }

    /// How much of its budget a version has used; `None`: it has none, or there is no such
    /// version.
    pub fn budget(&self, version: Version) -> Option<Budget> {
        Some(Budget {
            version,
            encryptions: self.version(version)?.meter().encryptions(),
            limit: self.policy.encryption_limit()?,
        })
    }

    /// Whether a version may reserve no more encryptions, as far as known here.
    pub fn is_used_up(&self, version: Version) -> bool {
        let reserved = self
            .version(version)
            .map(|version| version.meter().reserved());
        let limit = self.policy.encryption_limit();
        matches!((reserved, limit), (Some(reserved), Some(limit)) if reserved >= limit)
    }

    /// Whether the next block of the latest version should be reserved before it is needed.
    pub fn runs_low(&self) -> bool {
        let low = self.policy.low_mark();
        let latest = self.policy.latest_version;
        low > 0
            && self.version(latest).is_some_and(|version| {
                // A version that has not encrypted here yet reserves when it does.
                let meter = version.meter();
                meter.left() < low && meter.left() > 0 && !self.is_used_up(latest)
            })
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

    /// The same key under another policy; versions that it no longer makes available, or has
    /// destroyed, are dropped.
    #[must_use]
    pub fn with_policy(&self, policy: KeyPolicy) -> Self {
        let oldest = policy.min_available_version.unwrap_or(Version::FIRST);
        let kept = self.versions.iter().filter(|version| {
            let number = version.number();
            number >= oldest && !policy.revocations.is_destroyed(number)
        });
        Self {
            name: self.name.clone(),
            versions: kept.cloned().collect(),
            policy,
        }
    }
}
