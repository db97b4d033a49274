//! The gateway's one error type, and its one mapping to HTTP.

use std::borrow::Cow;

use crate::auth::NoRandomness;
use http::StatusCode;
use sealgate_keyring::{
    error::Error as KeyringError, import::ImportError, key::KeyError, key::KeyVersionError,
    keyring::RunsShort, store::StoreError, version::Version,
};

/// Why a request was not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is wrong; the sentence says what to change.
    #[error("{0}")]
    BadRequest(Cow<'static, str>),
    /// Nothing there: a key that does not exist, an empty list. The peers say so without a word.
    #[error("")]
    Absent,
    /// No operation has this path.
    #[error("1 error occurred:\n\t* unsupported path\n\n")]
    UnsupportedPath,
    /// The path exists, but not with this method.
    #[error("1 error occurred:\n\t* unsupported operation\n\n")]
    UnsupportedOperation,
    /// A path that is open to everyone exists, but not with this method. The peers put no frame
    /// around it there.
    #[error("unsupported operation")]
    UnsupportedOnOpenPath,
    /// A method that means nothing on this path, or at all.
    #[error("")]
    MethodNotAllowed,
    /// No mount lies on the path.
    #[error("no handler for route \"{0}\". route entry not found.")]
    NoMount(String),
    /// No mount lies on the path, or the caller may not know of it.
    #[error(
        "preflight capability check returned 403, please ensure client's policies grant access to \
         path {0:?}"
    )]
    Hidden(String),
    /// No token, a wrong one, or one that may not do this: which one is not said.
    #[error("permission denied")]
    PermissionDenied,
    /// The work took longer than the caller waits.
    #[error(
        "the batch was not done within limits.request_timeout; send fewer items at once, or raise the limit"
    )]
    TooLong,
    /// The operating system gave no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The keyring refused or failed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

impl Error {
    /// A 400 with this sentence.
    pub fn bad_request(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::BadRequest(sentence.into())
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Absent | Self::UnsupportedPath | Self::NoMount(_) => StatusCode::NOT_FOUND,
            Self::UnsupportedOperation | Self::UnsupportedOnOpenPath | Self::MethodNotAllowed => {
                StatusCode::METHOD_NOT_ALLOWED
            }
            Self::Hidden(_) | Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::TooLong => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoRandomness(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Keyring(error) => keyring_status(error),
        }
    }

    /// The sentence for the caller; `None` where the peers answer with an empty list.
    /// What only an operator should read is left to the log.
    pub fn sentence(&self) -> Option<String> {
        match self {
            Self::Absent | Self::MethodNotAllowed => None,
            Self::Keyring(KeyringError::Sealed | KeyringError::NotInitialized) => {
                Some("Vault is sealed".to_owned())
            }
            Self::Keyring(KeyringError::AlreadyInitialized) => {
                Some("Vault is already initialized".to_owned())
            }
            Self::Keyring(KeyringError::Store(StoreError::Conflict { .. })) => {
                Some("the key was changed by another request; retry".to_owned())
            }
            Self::Keyring(KeyringError::Store(_) | KeyringError::Interrupted) => {
                Some("the store is unavailable; retry, and see the server's log".to_owned())
            }
            Self::Keyring(KeyringError::Barrier(_)) => {
                Some("a stored record could not be opened; see the server's log".to_owned())
            }
            Self::BadRequest(_)
            | Self::UnsupportedPath
            | Self::UnsupportedOperation
            | Self::UnsupportedOnOpenPath
            | Self::TooLong
            | Self::NoRandomness(_)
            | Self::NoMount(_)
            | Self::Hidden(_)
            | Self::PermissionDenied
            | Self::Keyring(_) => Some(self.to_string()),
        }
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::Keyring(error.into())
    }
}

impl RunsShort for Error {
    fn runs_short(&self) -> Option<Version> {
        match self {
            Self::Keyring(error) => error.runs_short(),
            _ => None,
        }
    }
}

fn keyring_status(error: &KeyringError) -> StatusCode {
    match error {
        KeyringError::Sealed | KeyringError::NotInitialized => StatusCode::SERVICE_UNAVAILABLE,
        KeyringError::AlreadyInitialized
        | KeyringError::KeyNotFound
        | KeyringError::KeyExists(_)
        | KeyringError::MountInUse(_)
        | KeyringError::MountNotFound
        | KeyringError::MountGone
        | KeyringError::BadRecordName(_)
        | KeyringError::Policy(_)
        | KeyringError::Backup(_)
        | KeyringError::Certificate(_)
        | KeyringError::Seal(_) => StatusCode::BAD_REQUEST,
        KeyringError::Key(KeyError::NoRandomness)
        | KeyringError::KeyVersion(KeyVersionError::NoRandomness)
        | KeyringError::Import(ImportError::WrappingKey | ImportError::NotWrapped) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        KeyringError::Import(_) => StatusCode::BAD_REQUEST,
        // Reserving and trying again went on for too long.
        KeyringError::Key(KeyError::NoneReserved { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        KeyringError::Key(_) => StatusCode::BAD_REQUEST,
        KeyringError::KeyVersion(_) => StatusCode::BAD_REQUEST,
        KeyringError::Store(StoreError::Conflict { .. }) => StatusCode::CONFLICT,
        KeyringError::Store(StoreError::Corrupted { .. }) | KeyringError::Barrier(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        KeyringError::Store(
            StoreError::InUse { .. }
            | StoreError::NotAStore { .. }
            | StoreError::Compacted { .. }
            | StoreError::Unavailable { .. },
        )
        | KeyringError::StillInUse
        | KeyringError::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
    }
}
