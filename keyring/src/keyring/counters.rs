//! Numbers about the life of keys, for metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Keyring, open::Unsealed};
use crate::key::Budget;

/// What happened since the process started.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) reservations: AtomicU64,
    pub(super) budget_rotations: AtomicU64,
    pub(super) destroyed_versions: AtomicU64,
    pub(super) usage_records: AtomicU64,
}

/// What happened since the process started, as it was at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LifeCounts {
    /// Blocks of encryptions that were reserved after a version's first one.
    pub reservations: u64,
    /// Rotations because a version had used its share of encryptions.
    pub budget_rotations: u64,
    /// Versions whose bytes were deleted after their wait.
    pub destroyed_versions: u64,
    /// Records of uses that were written.
    pub usage_records: u64,
}

impl Keyring {
    /// What happened to keys since the process started.
    pub fn life_counts(&self) -> LifeCounts {
        let counters = &self.shared.counters;
        LifeCounts {
            reservations: counters.reservations.load(Relaxed),
            budget_rotations: counters.budget_rotations.load(Relaxed),
            destroyed_versions: counters.destroyed_versions.load(Relaxed),
            usage_records: counters.usage_records.load(Relaxed),
        }
    }
}

impl Unsealed {
    /// The latest version that has used the largest share of its budget, with its mount and key.
    /// Looks at every key.
    pub fn fullest_budget(&self) -> Option<(String, String, Budget)> {
        let mut fullest: Option<(String, String, Budget)> = None;
        for mount in self.mounts() {
            let Some(entry) = self.mount(&mount.path) else {
                continue;
            };
            for name in entry.key_names() {
                let budget = entry
                    .key(name.as_str())
                    .and_then(|key| key.budget(key.policy().latest_version));
                let Some(budget) = budget else {
                    continue;
                };
                let fuller = fullest
                    .as_ref()
                    .is_none_or(|(_, _, other)| budget.share() > other.share());
                if fuller {
                    fullest = Some((mount.path.to_string(), name.to_string(), budget));
                }
            }
        }
        fullest
    }
}
