//! The messages of a transit mount.

mod backup;
mod config;
mod crypt;
mod key;
mod sign;

pub use backup::{BackupAnswer, RestoreRequest};
pub use config::{CacheConfig, KeysConfig};
pub use crypt::{
    BatchAnswer, CiphertextAnswer, CiphertextResult, DecryptItem, DecryptRequest, EncryptItem,
    EncryptRequest, PlaintextAnswer, PlaintextResult, RewrapItem, RewrapRequest,
};
pub use key::{ConfigureKey, CreateKey, Key, KeyNames, KeyVersion, TrimKey, VersionState};
pub use sign::{CmacAnswer, HmacAnswer, SignAnswer, SignRequest, VerifyAnswer, VerifyRequest};
