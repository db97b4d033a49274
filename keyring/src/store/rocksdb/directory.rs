//! The directory of a store: claimed by one process, and told from anything else.
//!
//! A file `sealgate.store` in it serves as lock and as mark. It is locked (flock) while the store
//! is open. It is empty until the database exists, and holds [`MARK`] from then on, so that a
//! database that went missing is an error and not a new, empty store.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::unavailable;
use crate::store::StoreError;

const MARK_FILE: &str = "sealgate.store";
const MARK: &str = "sealgate store 1\n";

/// A directory that this process, and no other, uses as a store.
pub(super) struct Directory {
    path: PathBuf,
    mark: File,
    is_new: bool,
}

impl Directory {
    /// Claims the directory at `path`, which may not exist yet.
    pub(super) fn claim(path: &Path) -> Result<Self, StoreError> {
        let at = |error| io_failure(path, &error);
        create(path).map_err(at)?;
        let mark_file = path.join(MARK_FILE);
        if !mark_file.try_exists().map_err(at)? && !is_empty(path).map_err(at)? {
            return Err(StoreError::NotAStore {
                location: path.display().to_string(),
                reason: "it holds other files; choose an empty directory".to_owned(),
            });
        }
        let mut mark = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&mark_file)
            .map_err(at)?;
        match mark.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    location: path.display().to_string(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(at(error)),
        }
        let mut found = Vec::new();
        // One byte more than the mark is enough to see that it is another.
        (&mut mark)
            .take(MARK.len() as u64 + 1)
            .read_to_end(&mut found)
            .map_err(at)?;
        if !found.is_empty() && found != MARK.as_bytes() {
            return Err(StoreError::NotAStore {
                location: path.display().to_string(),
                reason: format!("{MARK_FILE} in it is damaged, or of another release"),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            mark,
            is_new: found.is_empty(),
        })
    }

    /// Whether the database is still to be created, or its creation was cut off.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path, for messages.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Marks the store as created, durably. Does nothing if it was before.
    pub(super) fn finish(&self) -> Result<(), StoreError> {
        if !self.is_new {
            return Ok(());
        }
        let write = || {
            let mut mark = &self.mark;
            mark.rewind()?;
            mark.write_all(MARK.as_bytes())?;
            mark.sync_all()?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(|error| io_failure(&self.path, &error))
    }
}

/// Creates what is missing of `path`, for this user only, and makes its name durable.
fn create(path: &Path) -> io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// A new file system has a `lost+found` of its own.
fn is_empty(path: &Path) -> io::Result<bool> {
    for entry in path.read_dir()? {
        if entry?.file_name() != "lost+found" {
            return Ok(false);
        }
    }
    Ok(true)
}

fn io_failure(path: &Path, error: &io::Error) -> StoreError {
    unavailable(format!("{}: {error}", path.display()))
}
