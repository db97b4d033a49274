//! The parts that all files of Wycheproof have in common.

mod bytes;

use serde::Deserialize;

pub use bytes::Bytes;

#[derive(Deserialize)]
pub struct File<Group> {
    #[serde(rename = "testGroups")]
    pub groups: Vec<Group>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Valid,
    Invalid,
    /// Either is right: what is tested is allowed, but not wise.
    Acceptable,
}

impl Outcome {
    /// Whether the vector must be taken.
    pub fn is_valid(self) -> bool {
        assert_ne!(self, Self::Acceptable);
        self == Self::Valid
    }
}

pub fn count((valid, invalid): &mut (usize, usize), was_valid: bool) {
    if was_valid {
        *valid += 1;
    } else {
        *invalid += 1;
    }
}
