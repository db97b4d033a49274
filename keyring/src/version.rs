//! The version of a key: 1, 2, 3, …

use std::{fmt, num::NonZeroU32};

use serde::{Deserialize, Serialize};

/// A version of a key, counted from 1. A rotation adds the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(NonZeroU32);

impl Version {
    /// The version that every key starts with.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// `None` for 0, which peers use to say "the latest".
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number as it stands in `vault:v<N>:`.
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// The version that a rotation adds after this one; `None` after 2^32 − 1 rotations.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// Every version from this one up to and including `last`.
    pub fn up_to(self, last: Self) -> impl DoubleEndedIterator<Item = Self> {
        (self.number()..=last.number()).filter_map(Self::new)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
