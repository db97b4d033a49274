//! The parts that all files of Wycheproof have in common.

use std::ops::Deref;

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
pub struct File<Group> {
    #[serde(rename = "testGroups")]
    pub groups: Vec<Group>,
}

/// Bytes that are written in hexadecimal.
#[derive(Default)]
pub struct Bytes(Vec<u8>);

impl Deref for Bytes {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        let pairs = hex.as_bytes().chunks(2);
        Ok(Self(
            pairs
                .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect(),
        ))
    }
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
