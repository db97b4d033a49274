//! Bytes as files of vectors write them.

use std::ops::Deref;

use serde::{Deserialize, Deserializer};

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
