//! Keys and values in the database.
//!
//! ```text
//! key                  value
//! "m/format"           value of revision 0, bytes "sealgate store 1"
//! "m/revision"         value of the latest revision, no bytes
//! "r/" ‖ path          value of the record
//!
//! value:
//! offset  bytes  content
//! 0       8      revision of the commit that wrote it, big endian
//! 8       8      checksum: first bytes of SHA-256(key length (4, big endian) ‖ key ‖
//!                revision (8, big endian) ‖ bytes)
//! 16      n      bytes: the sealed record
//! ```
//!
//! The checksum finds accidents; against a forger the record is sealed.

use std::sync::Arc;

use ::rocksdb::{DB, Direction, IteratorMode, WriteBatch};
use ring::digest::{Context, SHA256};

use super::{directory::Directory, failure, options};
use crate::store::{Path, Revision, StoreError, Stored};

pub(super) const REVISION_KEY: &[u8] = b"m/revision";
const FORMAT_KEY: &[u8] = b"m/format";
const FORMAT: &[u8] = b"sealgate store 1";
const RECORD_PREFIX: &[u8] = b"r/";
const HEAD_BYTES: usize = 16;

/// Checks that the database is a store of this format, or makes it one if the directory is new.
/// Answers its latest revision.
pub(super) fn open(db: &DB, directory: &Directory) -> Result<Revision, StoreError> {
    let read = |key: &[u8]| db.get(key).map_err(|e| failure(&e, &directory.name()));
    let format = match read(FORMAT_KEY)? {
        Some(format) => decode(FORMAT_KEY, &format)?,
        None if directory.is_new() => {
            return create(db).map_err(|e| failure(&e, &directory.name()));
        }
        None => return Err(corrupted(FORMAT_KEY, "it is missing")),
    };
    if *format.bytes != *FORMAT {
        return Err(StoreError::NotAStore {
            location: directory.name(),
            reason: "another release wrote it in a format that this one does not know".to_owned(),
        });
    }
    revision(read(REVISION_KEY)?.as_deref())
}

/// Writes what an empty store holds.
fn create(db: &DB) -> Result<Revision, ::rocksdb::Error> {
    let revision = Revision::default();
    let mut batch = WriteBatch::default();
    batch.put(FORMAT_KEY, encode(FORMAT_KEY, revision, FORMAT));
    batch.put(REVISION_KEY, encode(REVISION_KEY, revision, b""));
    db.write_opt(batch, &options::synced())?;
    Ok(revision)
}

/// The revision in the value of [`REVISION_KEY`].
pub(super) fn revision(value: Option<&[u8]>) -> Result<Revision, StoreError> {
    let value = value.ok_or_else(|| corrupted(REVISION_KEY, "it is missing"))?;
    Ok(decode(REVISION_KEY, value)?.revision)
}

pub(super) fn key(path: &Path) -> Vec<u8> {
    [RECORD_PREFIX, path.as_str().as_bytes()].concat()
}

pub(super) fn path(key: &[u8]) -> Result<Path, StoreError> {
    key.strip_prefix(RECORD_PREFIX)
        .and_then(|path| std::str::from_utf8(path).ok())
        .and_then(Path::new)
        .ok_or_else(|| corrupted(key, "its key is not that of a record"))
}

/// Where a scan of all records begins. Nothing sorts after them.
pub(super) fn from_first_record() -> IteratorMode<'static> {
    IteratorMode::From(RECORD_PREFIX, Direction::Forward)
}

pub(super) fn encode(key: &[u8], revision: Revision, bytes: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEAD_BYTES + bytes.len());
    value.extend_from_slice(&revision.0.to_be_bytes());
    value.extend_from_slice(&checksum(key, revision, bytes));
    value.extend_from_slice(bytes);
    value
}

pub(super) fn decode(key: &[u8], value: &[u8]) -> Result<Stored, StoreError> {
    let short = || corrupted(key, "it is cut short");
    let (revision, rest) = value.split_first_chunk::<8>().ok_or_else(short)?;
    let (sum, bytes) = rest.split_first_chunk::<8>().ok_or_else(short)?;
    let revision = Revision(u64::from_be_bytes(*revision));
    if *sum != checksum(key, revision, bytes) {
        return Err(corrupted(key, "its checksum is wrong"));
    }
    Ok(Stored {
        revision,
        bytes: Arc::from(bytes),
    })
}

fn checksum(key: &[u8], revision: Revision, bytes: &[u8]) -> [u8; 8] {
    let length = u32::try_from(key.len()).expect("paths are short");
    let mut context = Context::new(&SHA256);
    context.update(&length.to_be_bytes());
    context.update(key);
    context.update(&revision.0.to_be_bytes());
    context.update(bytes);
    *context
        .finish()
        .as_ref()
        .first_chunk()
        .expect("a hash has 32 bytes")
}

fn corrupted(key: &[u8], reason: &str) -> StoreError {
    let path = key.strip_prefix(RECORD_PREFIX).unwrap_or(key);
    StoreError::Corrupted {
        path: String::from_utf8_lossy(path).into_owned(),
        reason: format!("{reason}; restore the store from a backup"),
    }
}
