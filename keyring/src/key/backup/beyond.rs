//! What a backup says beyond the peers' policy: revoked versions, the sliding minimum, budgets.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::{
    key::{BudgetSettings, Key, KeyPolicy, Revocation, Revocations},
    version::Version,
};

/// What the peers' policy cannot say. A peer takes a version that is disabled here for one in
/// use, and finds that one destroyed here is missing.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Beyond {
    min_decryption_version: u32,
    min_encryption_version: u32,
    min_decryption_lag: Option<NonZeroU32>,
    budget: BudgetSettings,
    revocations: Revocations,
    /// Encryptions that were reserved when the backup was taken.
    pub encryptions: BTreeMap<Version, u64>,
}

impl Beyond {
    pub fn of(key: &Key) -> Self {
        let policy = key.policy();
        let counted = key.versions().iter().filter_map(|version| {
            let reserved = version.meter().reserved();
            (reserved > 0).then_some((version.number(), reserved))
        });
        Self {
            min_decryption_version: policy.min_decryption_version.number(),
            min_encryption_version: policy.min_encryption_version.map_or(0, Version::number),
            min_decryption_lag: policy.min_decryption_lag,
            budget: policy.budget,
            revocations: policy.revocations.clone(),
            encryptions: counted.collect(),
        }
    }

    /// Lays it over the peers' policy, which it must not contradict.
    pub fn restore(self, policy: KeyPolicy) -> Result<KeyPolicy, BackupError> {
        if self.min_decryption_version == 0 {
            // The backup of a peer.
            return Ok(policy);
        }
        let oldest = policy.min_available_version.unwrap_or(Version::FIRST);
        let possible = |(version, state): (Version, Revocation)| {
            (oldest..=policy.latest_version).contains(&version)
                && (version != policy.latest_version
                    || matches!(state, Revocation::Disabled { .. }))
        };
        if !self.revocations.iter().all(possible) {
            return Err(BackupError::Versions);
        }
        let minimum = Version::new(self.min_decryption_version).unwrap_or(Version::FIRST);
        let restored = KeyPolicy {
            min_decryption_version: minimum,
            min_encryption_version: Version::new(self.min_encryption_version),
            min_decryption_lag: self.min_decryption_lag,
            budget: self.budget,
            revocations: self.revocations,
            ..policy.clone()
        };
        // The peers' policy has the effective minimums.
        let same = restored.oldest_decrypting() == policy.min_decryption_version
            && restored.oldest_encrypting() == policy.min_encryption_version;
        same.then_some(restored).ok_or(BackupError::Versions)
    }
}
