//! What became of the values of a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts. Each value counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Lines, CSV records or JSON lines, without a header.
    pub records: u64,
    /// Rewrapped (in a dry run: to be rewrapped), by the version that they had.
    pub rewrapped: BTreeMap<u32, u64>,
    /// Of the latest version already.
    pub up_to_date: u64,
    /// Nothing there.
    pub empty: u64,
    /// No ciphertexts, and copied as they are because the user wants it so.
    pub others: u64,
    /// Not rewrapped, and copied as they are: a record that cannot be read counts once.
    pub failed: u64,
}

impl Tally {
    /// Counts one more of an old version.
    pub fn rewrapped(&mut self, version: u32) {
        *self.rewrapped.entry(version).or_default() += 1;
    }

    /// How many of all versions.
    pub fn rewrapped_in_all(&self) -> u64 {
        self.rewrapped.values().sum()
    }

    /// Adds all counts of `other`.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.up_to_date += other.up_to_date;
        self.empty += other.empty;
        self.others += other.others;
        self.failed += other.failed;
        for (&version, count) in &other.rewrapped {
            *self.rewrapped.entry(version).or_default() += count;
        }
    }

    /// Whether there are records, but no value in any of them: a mistyped name, mostly.
    pub fn found_nothing(&self) -> bool {
        let values = self.rewrapped_in_all() + self.up_to_date + self.others + self.failed;
        self.records > 0 && values == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up() {
        let mut all = Tally::default();
        let mut part = Tally {
            records: 3,
            empty: 1,
            ..Tally::default()
        };
        assert!(!all.found_nothing() && part.found_nothing());
        part.rewrapped(2);
        part.rewrapped(2);
        all.add(&part);
        all.add(&part);
        assert_eq!((all.records, all.empty, all.rewrapped_in_all()), (6, 2, 4));
        assert_eq!(all.rewrapped[&2], 4);
        assert!(!all.found_nothing());
    }
}
