//! The crate's one error type.

use crate::{
    barrier::BarrierError,
    import::ImportError,
    key::{CertificateError, KeyError, KeyVersionError, PolicyError, backup::BackupError},
    name::KeyName,
    seal::SealError,
    store::StoreError,
    version::Version,
};

/// Why the keyring did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Shares must be given first.
    #[error("the keyring is sealed")]
    Sealed,
    /// It was never initialized.
    #[error("the keyring is not initialized")]
    NotInitialized,
    /// It was initialized before.
    #[error("the keyring is already initialized")]
    AlreadyInitialized,
    /// The key does not exist.
    #[error("key not found")]
    KeyNotFound,
    /// A key of this name exists.
    #[error("key {0:?} already exists")]
    KeyExists(String),
    /// Another mount stands on the path, or within it, or around it.
    #[error("path is already in use at {0}")]
    MountInUse(String),
    /// No mount stands on the path.
    #[error("no mount at this path")]
    MountNotFound,
    /// The mount was removed while a change to one of its keys was waiting.
    #[error("the mount was removed")]
    MountGone,
    /// A record's name is empty, too long, or has an empty segment.
    #[error("{0:?} cannot name a record")]
    BadRecordName(String),
    /// A key refused an operation.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key's policy does not allow a change.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A key version could not be made or read.
    #[error(transparent)]
    KeyVersion(#[from] KeyVersionError),
    /// A text is no backup that can be restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A wrapped key was not taken.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A certificate request was not made, or a chain not taken.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A share or the seal's state does not allow it.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A record could not be sealed or opened.
    #[error(transparent)]
    Barrier(#[from] BarrierError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An operation in flight held on to its keys; it wipes them when it ends.
    #[error("sealed, but an operation in flight still holds its keys; they are wiped when it ends")]
    StillInUse,
    /// The task that made a change ended early; its outcome is unknown.
    #[error("the change was interrupted; read the state again")]
    Interrupted,
}

impl Error {
    pub(crate) fn missing_version(name: &KeyName, missing: Version) -> Self {
        Self::Store(StoreError::Corrupted {
            path: format!("key {name}, version {missing}"),
            reason: "the record is missing".to_owned(),
        })
    }

    pub(crate) fn missing_barrier_terms() -> Self {
        Self::Store(StoreError::Corrupted {
            path: "barrier/terms".to_owned(),
            reason: "the record is missing".to_owned(),
        })
    }

    pub(crate) fn missing_policy(name: &KeyName) -> Self {
        Self::Store(StoreError::Corrupted {
            path: format!("key {name}"),
            reason: "its versions are there, but not its policy".to_owned(),
        })
    }

    /// Whether a commit may have happened although it was answered with this error.
    pub(crate) fn leaves_outcome_unknown(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Unavailable { .. } | StoreError::Conflict { .. })
        )
    }
}
