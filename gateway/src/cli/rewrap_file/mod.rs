//! `sealgate rewrap-file`: every ciphertext of a file, with the latest version of its key.
//!
//! ```text
//! input ──records──▶ values ──batches──▶ server ──▶ new texts in the old places ──▶ output
//! ```
//! All other bytes stay as they are. What parses is pure; [`run`] and [`destination`] do the work.

mod args;
mod batch;
pub mod csv;
mod destination;
pub mod journal;
pub mod json;
mod lines;
pub mod record;
mod report;
mod run;
mod shape;
mod tally;

use std::io;
use std::path::PathBuf;

pub use args::RewrapFileArgs;
pub use tally::Tally;

use self::csv::HeaderError;
use self::journal::{JournalError, Stale};
use self::record::Fault;

pub(super) const ABOUT: &str = "\
Rewrap every ciphertext in a file with the latest version of its key.

Without further options each line of the file is one ciphertext. --column makes the file CSV, \
--field makes it JSON lines; only the values that they name are rewrapped, and all other bytes \
stay as they are. The plaintexts do not leave the server.

Values that have the latest version already are not sent. The output grows beside its final \
place, in FILE.partial, and appears whole or not at all. A run that was interrupted is continued \
with --resume.";

/// Why a file was not rewrapped.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum FileError {
    #[error("cannot read the input")]
    Read(#[source] io::Error),
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "the input is not a regular file: write it to one first, or an interrupted run could not go on"
    )]
    NotRegular,
    #[error("the output is the input: give --in-place instead of --out to replace it")]
    SameFile,
    #[error(
        "{} was left by a run that was interrupted: --resume goes on with it, --restart throws it \
         away",
        partial.display()
    )]
    LeftOver { partial: PathBuf },
    #[error(
        "{} is a link, has more than one name or is no regular file; no run leaves such a thing: \
         find out who made it, and remove it",
        path.display()
    )]
    Planted { path: PathBuf },
    #[error("another run is writing {}", partial.display())]
    Busy { partial: PathBuf },
    #[error(
        "the run that left {} cannot be resumed: {reason}; --restart throws it away",
        partial.display()
    )]
    Stale { partial: PathBuf, reason: Stale },
    #[error("{} is no journal: {reason}; --restart begins anew", path.display())]
    Journal { path: PathBuf, reason: JournalError },
    #[error("the record at line {line} is longer than {limit} bytes: is this the right format?")]
    RecordTooLong { line: u64, limit: usize },
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("the header cannot be read: {0}")]
    HeaderFault(Fault),
    #[error(
        "the input was changed while it was read; nothing was written to the output: run it again \
         with --restart"
    )]
    Changed,
    #[error("interrupted; what is done is kept: repeat the command with --resume")]
    Interrupted,
}
