//! Shares of the seal key: Shamir's secret sharing with labels.
//!
//! A label says which installation and which share set a share belongs to, so that a wrong share
//! is named instead of spoiling the key.

mod format;
mod parameters;
mod shamir;

pub use format::{Share, ShareLabel, ShareSetId};
pub use parameters::{ParametersError, SealParameters};
pub use shamir::{join, split};

/// Why something is not a share, or why shares give no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// Not as long as a share.
    #[error(
        "this is not a share: a share has {} characters of base64 or {} of hex, and this has {found}",
        format::BASE64_CHARACTERS,
        format::HEX_CHARACTERS
    )]
    Length {
        /// Characters given, without the white space around them.
        found: usize,
    },
    /// Neither base64 nor hex.
    #[error("this is not a share: it is neither standard base64 nor hex; copy it again")]
    Encoding,
    /// Written by a later release, or no share at all.
    #[error(
        "this share has version {found}, and this release reads version {} only",
        format::VERSION
    )]
    Version {
        /// The version byte.
        found: u8,
    },
    /// Mistyped or damaged.
    #[error("this share is mistyped or damaged: its checksum is wrong; copy it again")]
    Checksum,
    /// The checksum is right, but the numbers are not those of a share.
    #[error("this share was not made by Sealgate: its number and its threshold count from 1")]
    Numbers,
    /// Shares of several installations or share sets.
    #[error("these shares do not belong together; use shares of one share set")]
    Mixed,
    /// One share twice.
    #[error("share {number} was given twice; give another one")]
    Duplicate {
        /// Its number.
        number: u8,
    },
    /// Too few shares.
    #[error("{have} of {need} shares are there; give {} more", need.saturating_sub(*have))]
    TooFew {
        /// Shares given.
        have: usize,
        /// The threshold.
        need: usize,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes; check that getrandom(2) is allowed")]
    NoRandom,
}
