//! Versions that were taken out of use: disabled, waiting to be destroyed, destroyed.
//!
//! ```text
//!             disable                destroy              after destroy_wait
//! enabled ─────────────▶ disabled ─────────────▶ destroying ─────────────▶ destroyed
//!    ▲ ◀──── enable ──────┘   ▲ ◀─── restore ───────┘   │                  for good
//!    └────────────────────────┼──────── enable ─────────┘
//!    └──────────────────── destroy disables at once
//! ```

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::policy::{KeyPolicy, PolicyError};
use crate::version::Version;

/// How long the bytes of a version outlive the order to destroy it, unless the key says
/// otherwise: a day, in seconds.
pub const DEFAULT_DESTROY_WAIT_SECONDS: u64 = 24 * 3600;

/// The longest wait before a destruction: ten years, in seconds.
pub const LONGEST_DESTROY_WAIT_SECONDS: u64 = 3650 * 24 * 3600;

/// What a version is, when it is not in use. Every state but the last can be left again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Revocation {
    /// It does nothing until it is enabled.
    Disabled {
        /// When it was disabled.
        since: Timestamp,
    },
    /// It does nothing, and its bytes are deleted soon.
    Destroying {
        /// When it was disabled.
        since: Timestamp,
        /// When its bytes are deleted.
        at: Timestamp,
    },
    /// Its bytes are gone, and its number stays taken.
    Destroyed {
        /// When its bytes were deleted.
        at: Timestamp,
    },
}

/// The versions of a key that are out of use, and how long a destruction waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocations {
    /// How long the bytes of a version outlive the order to destroy it.
    pub destroy_wait_seconds: u64,
    versions: BTreeMap<Version, Revocation>,
}

impl Default for Revocations {
    fn default() -> Self {
        Self {
            destroy_wait_seconds: DEFAULT_DESTROY_WAIT_SECONDS,
            versions: BTreeMap::new(),
        }
    }
}

impl Revocations {
    /// Why `version` does not work; `None`: it does.
    pub fn of(&self, version: Version) -> Option<Revocation> {
        self.versions.get(&version).copied()
    }

    /// Every version that is out of use, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (Version, Revocation)> {
        self.versions
            .iter()
            .map(|(version, state)| (*version, *state))
    }

    /// Whether the bytes of `version` are gone.
    pub fn is_destroyed(&self, version: Version) -> bool {
        matches!(self.of(version), Some(Revocation::Destroyed { .. }))
    }

    /// When the next version is to be destroyed.
    pub fn next_destruction(&self) -> Option<Timestamp> {
        let waiting = self.versions.values().filter_map(|state| match state {
            Revocation::Destroying { at, .. } => Some(*at),
            Revocation::Disabled { .. } | Revocation::Destroyed { .. } => None,
        });
        waiting.min()
    }

    /// Forgets what is known about versions below `oldest`.
    pub(super) fn trim(&mut self, oldest: Version) {
        self.versions = self.versions.split_off(&oldest);
    }
}

impl KeyPolicy {
    /// The policy with `version` disabled. Nothing changes for one that does not work already.
    ///
    /// # Errors
    /// If there is no such version, or it was destroyed.
    pub fn disable(&self, version: Version, now: Timestamp) -> Result<Self, PolicyError> {
        Ok(match self.revocation_of(version, now)? {
            Some(_) => self.clone(),
            None => self.with_revocation(version, Some(Revocation::Disabled { since: now })),
        })
    }

    /// The policy with `version` in use again, whatever was planned for it.
    ///
    /// # Errors
    /// If there is no such version, or it was destroyed.
    pub fn enable(&self, version: Version, now: Timestamp) -> Result<Self, PolicyError> {
        self.revocation_of(version, now)?;
        Ok(self.with_revocation(version, None))
    }

    /// The policy with the destruction of `version` called off; the version stays disabled.
    ///
    /// # Errors
    /// If there is no such version, it was destroyed, or its destruction was not planned.
    pub fn call_off_destruction(
        &self,
        version: Version,
        now: Timestamp,
    ) -> Result<Self, PolicyError> {
        match self.revocation_of(version, now)? {
            Some(Revocation::Destroying { since, .. }) => {
                Ok(self.with_revocation(version, Some(Revocation::Disabled { since })))
            }
            _ => Err(PolicyError::DestructionNotPlanned { version }),
        }
    }

    /// The policy with `version` disabled, and its destruction planned after the wait that the
    /// key is set to. A destruction that is planned already comes no later by it.
    ///
    /// # Errors
    /// If there is no such version, it was destroyed, or it is the latest one.
    pub fn plan_destruction(&self, version: Version, now: Timestamp) -> Result<Self, PolicyError> {
        let state = self.revocation_of(version, now)?;
        if version == self.latest_version {
            return Err(PolicyError::LatestNotDestroyed { version });
        }
        let wait = i64::try_from(self.revocations.destroy_wait_seconds).unwrap_or(i64::MAX);
        let at = now
            .checked_add(SignedDuration::from_secs(wait))
            .unwrap_or(Timestamp::MAX);
        let (since, at) = match state {
            Some(Revocation::Destroying { since, at: planned }) => (since, planned.min(at)),
            Some(Revocation::Disabled { since }) => (since, at),
            Some(Revocation::Destroyed { .. }) | None => (now, at),
        };
        Ok(self.with_revocation(version, Some(Revocation::Destroying { since, at })))
    }

    /// The policy with every version destroyed whose wait is over.
    #[must_use]
    pub fn destroy_due(&self, now: Timestamp) -> Self {
        let mut next = self.clone();
        for state in next.revocations.versions.values_mut() {
            if matches!(state, Revocation::Destroying { at, .. } if *at <= now) {
                *state = Revocation::Destroyed { at: now };
            }
        }
        next
    }

    /// What `version` is at `now`; one whose wait is over counts as destroyed.
    fn revocation_of(
        &self,
        version: Version,
        now: Timestamp,
    ) -> Result<Option<Revocation>, PolicyError> {
        let oldest = self.min_available_version.unwrap_or(Version::FIRST);
        if version < oldest || version > self.latest_version {
            return Err(PolicyError::NoSuchVersion);
        }
        match self.revocations.of(version) {
            Some(Revocation::Destroyed { at }) => {
                Err(PolicyError::VersionDestroyed { version, at })
            }
            Some(Revocation::Destroying { at, .. }) if at <= now => {
                Err(PolicyError::VersionDestroyed { version, at })
            }
            state => Ok(state),
        }
    }

    fn with_revocation(&self, version: Version, state: Option<Revocation>) -> Self {
        let mut next = self.clone();
        match state {
            Some(state) => next.revocations.versions.insert(version, state),
            None => next.revocations.versions.remove(&version),
        };
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        algorithm::KeyType,
        key::{BudgetSettings, NewKey},
    };

    #[test]
    fn reads_policies_that_were_written_before_there_were_any() {
        let policy = KeyPolicy::create(NewKey::of_type(KeyType::Aes256Gcm96)).unwrap();
        let mut json = serde_json::to_value(&policy).unwrap();
        for member in ["revocations", "budget", "min_decryption_lag"] {
            assert!(json.as_object_mut().unwrap().remove(member).is_some());
        }
        let read: KeyPolicy = serde_json::from_value(json).unwrap();
        assert_eq!(read, policy);
        assert_eq!(read.budget, BudgetSettings::default());
    }

    #[test]
    fn reads_what_it_writes() {
        let mut policy = KeyPolicy::create(NewKey::of_type(KeyType::Aes256Gcm96)).unwrap();
        let version = |number| Version::new(number).unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        policy.latest_version = version(12);
        policy = policy.disable(version(10), now).unwrap();
        policy = policy.plan_destruction(version(2), now).unwrap();
        policy.revocations.destroy_wait_seconds = 0;
        policy = policy.plan_destruction(version(3), now).unwrap();
        policy = policy.destroy_due(now);
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<KeyPolicy>(&json).unwrap(), policy);
        let at = now + SignedDuration::from_hours(24);
        assert_eq!(policy.revocations.next_destruction(), Some(at));
        assert!(policy.revocations.is_destroyed(version(3)));
    }
}
