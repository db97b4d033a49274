//! The messages of a transit mount.

mod config;
mod crypt;
mod key;

pub use config::{CacheConfig, KeysConfig};
pub use crypt::{
    BatchAnswer, CiphertextAnswer, CiphertextResult, DecryptItem, DecryptRequest, EncryptItem,
    EncryptRequest, PlaintextAnswer, PlaintextResult, RewrapItem, RewrapRequest,
};
pub use key::{ConfigureKey, CreateKey, Key, KeyNames, KeyVersion, TrimKey};
