//! The seal: shares give the seal key, and the seal key unwraps the root key.
//!
//! ```text
//! shares ── Shamir ──▶ seal key ── AES-256-GCM ──▶ root key ──▶ barrier keys
//! ```
//!
//! A rekey wraps the same root key under a new seal key with new shares, and touches nothing else.

mod configuration;
mod machine;
mod wrap;

pub use configuration::{CONFIGURATION_PATH, SealConfiguration};
pub use machine::{Progress, Seal, Step};
pub use wrap::{Initialized, Rekeyed, initialize, rekey};

use crate::{
    record::RecordError,
    share::{ParametersError, ShareError},
};

/// Why the seal did not do as asked. For operators.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The share belongs to another installation. The progress is kept.
    #[error("this share belongs to another installation; give a share of this one")]
    ForeignShare,
    /// The share belongs to another share set of this installation. The progress is kept.
    #[error(
        "this share belongs to another share set, such as the one before a rekey; \
         give a share of the current set"
    )]
    OtherShareSet,
    /// The share claims the current share set, but contradicts it. The progress is kept.
    #[error("share {number} contradicts the seal configuration and was forged; give another one")]
    Forged {
        /// The number that it claims.
        number: u8,
    },
    /// Another share with this number was given before. The progress is kept.
    #[error(
        "share {number} was given before with another content, so one of the two is wrong; \
         start over with a reset"
    )]
    Contradiction {
        /// The number of both.
        number: u8,
    },
    /// The threshold was reached, but the key does not unwrap the root key. The progress is 0.
    #[error(
        "the shares do not fit together: at least one of them is wrong; \
         start over with share 1 of {need}"
    )]
    SharesDoNotFit {
        /// The threshold.
        need: u8,
    },
    /// The stored configuration is not one.
    #[error("the seal configuration at {CONFIGURATION_PATH} is not readable: {reason}")]
    Configuration {
        /// What is wrong with it.
        reason: String,
    },
    /// The stored configuration was written by a later release.
    #[error(
        "the seal configuration at {CONFIGURATION_PATH} has schema {found}; \
         use the release that wrote it"
    )]
    Schema {
        /// Its schema.
        found: u32,
    },
    /// The stored configuration's numbers do not go together.
    #[error("the seal configuration at {CONFIGURATION_PATH} is damaged: {0}")]
    Parameters(ParametersError),
    /// The stored configuration's wrapped root key is not a record.
    #[error("the wrapped root key at {CONFIGURATION_PATH} is damaged: {0}")]
    WrappedRootKey(RecordError),
    /// Splitting or joining failed.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes; check that getrandom(2) is allowed")]
    NoRandom,
}
