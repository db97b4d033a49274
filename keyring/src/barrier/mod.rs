//! The barrier: records go out sealed and come back opened, or not at all.
//!
//! ```text
//! root key ── opens ──▶ barrier keys, one per term ── open ──▶ records
//! ```
//!
//! A record opens only at the path and in the installation where it was sealed. What the barrier
//! does not notice is a whole store, or a record, that was put back to an earlier state.

mod record_key;
mod root_key;
mod terms;

pub(crate) use record_key::RecordKey;
pub use root_key::RootKey;
pub use terms::{Barrier, KEYS_PATH};

use crate::{
    record::{RecordError, Term},
    store::Path,
};

/// Why the barrier did not seal or open a record. For operators: callers are told less.
#[derive(Debug, thiserror::Error)]
pub enum BarrierError {
    /// The stored bytes are not a record.
    #[error("the record at {path} is damaged: {reason}; restore it from a backup")]
    Malformed {
        /// Where it was read.
        path: Path,
        /// What is wrong with it.
        reason: RecordError,
    },
    /// The record names a barrier key that is not there.
    #[error(
        "the record at {path} was sealed in term {term}, which this replica does not know; \
         seal and unseal it to load the barrier keys again"
    )]
    UnknownTerm {
        /// Where it was read.
        path: Path,
        /// The term it names.
        term: Term,
    },
    /// The record was changed, moved or taken from elsewhere.
    #[error(
        "the record at {path} does not open: it was changed, moved, or comes from another \
         installation; restore it from a backup"
    )]
    NotAuthentic {
        /// Where it was read.
        path: Path,
    },
    /// The barrier keys opened, but a release that this one does not know wrote them.
    #[error(
        "the barrier keys at {path} are not readable: {reason}; use the release that wrote them"
    )]
    Keys {
        /// Where they were read.
        path: Path,
        /// What is wrong with them.
        reason: &'static str,
    },
    /// There are no more terms.
    #[error("the barrier has been rotated as often as it can be")]
    NoMoreTerms,
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes; check that getrandom(2) is allowed")]
    NoRandom,
}
