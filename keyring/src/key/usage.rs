//! How often and when each version of a key was used: one small record a key.
//!
//! Every replica counts for itself and adds what it counted to the record now and then, so the
//! record holds sums. The time of a use is that of the addition: never earlier than the use
//! itself, and later by one interval at most.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Counts, Use};
use crate::version::Version;

/// How often a version was used in one way, and when it last was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Timestamp,
}

/// The uses of every version of a key. What was never used is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usage(BTreeMap<Version, BTreeMap<Use, Used>>);

impl Usage {
    /// Adds uses that were counted up to `now`.
    pub fn add(&mut self, version: Version, counts: Counts, now: Timestamp) {
        for (use_, count) in Use::ALL.into_iter().zip(counts) {
            if count == 0 {
                continue;
            }
            let used = self.0.entry(version).or_default().entry(use_);
            let used = used.or_insert(Used {
                count: 0,
                last: now,
            });
            used.count = used.count.saturating_add(count);
            used.last = used.last.max(now);
        }
    }

    /// The uses of a version.
    pub fn of(&self, version: Version) -> impl Iterator<Item = (Use, Used)> {
        let uses = self.0.get(&version).into_iter().flatten();
        uses.map(|(use_, used)| (*use_, *used))
    }

    /// Forgets versions below `oldest`.
    pub fn trim(&mut self, oldest: Version) {
        self.0 = self.0.split_off(&oldest);
    }

    /// The record, for the barrier to seal: JSON.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("versions and uses are keys that JSON can have")
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// What is wrong with its JSON.
    pub fn decode(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn adds_up_in_any_order_and_reads_what_it_writes(
            mut additions in prop::collection::vec((1u32..5, any::<[u16; 5]>(), 0i64..1000), 0..20),
        ) {
            let sum = |additions: &[(u32, [u16; 5], i64)]| {
                let mut usage = Usage::default();
                for (version, counts, second) in additions {
                    let counts = counts.map(u64::from);
                    let now = Timestamp::from_second(*second).unwrap();
                    usage.add(Version::new(*version).unwrap(), counts, now);
                }
                usage
            };
            let usage = sum(&additions);
            additions.reverse();
            prop_assert_eq!(&sum(&additions), &usage);
            prop_assert_eq!(Usage::decode(&usage.encode()).unwrap(), usage);
        }

        #[test]
        fn never_panics(record: Vec<u8>) {
            let _ = Usage::decode(&record);
        }
    }
}
