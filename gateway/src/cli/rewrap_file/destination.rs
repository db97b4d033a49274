//! The output while it grows, and its journal.
//!
//! ```text
//! out.csv.partial   the output so far; locked while a run writes it
//! out.csv.journal   how much of it is safe, and of how much input
//! out.csv           appears, or is replaced, at the end
//! ```

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::FileError;
use super::journal::{Identity, Journal, Stale};

/// What to do with what an interrupted run left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOver {
    /// Say that it is there, and do nothing.
    Refuse,
    /// Go on where it ended.
    Resume,
    /// Throw it away.
    Discard,
}

/// An output that is not there yet.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    partial: PathBuf,
    journal_path: PathBuf,
    file: File,
    /// What is safe on disk.
    pub journal: Journal,
}

/// What shows whether a file is changed.
pub fn identity(file: &File) -> io::Result<Identity> {
    let metadata = file.metadata()?;
    Ok(Identity {
        length: metadata.len(),
        modified: metadata.mtime(),
        modified_nanoseconds: metadata.mtime_nsec(),
    })
}

impl Destination {
    /// Opens the partial output for the file at `path`: a new one, or the one that was left.
    pub fn open(
        path: &Path,
        left_over: LeftOver,
        fresh: Journal,
        settings: &str,
        input: &Identity,
    ) -> Result<Self, FileError> {
        // Through a link, it is the file at its end that is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (partial, journal_path) = (beside(&path, "partial"), beside(&path, "journal"));
        let failed = |source| FileError::Write {
            path: partial.clone(),
            source,
        };
        let found = partial.try_exists().map_err(failed)?;
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        // As private as all that this command line writes.
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&partial).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FileError::Busy { partial }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let journal = match left_over {
            LeftOver::Refuse if found => return Err(FileError::LeftOver { partial }),
            LeftOver::Resume if found => left(&journal_path, &partial, &file, settings, input)?,
            _ => None,
        };
        let mut destination = Self {
            path,
            partial,
            journal_path,
            file,
            journal: journal.unwrap_or(fresh),
        };
        destination.rewind()?;
        Ok(destination)
    }

    /// Forgets what was written after the last checkpoint.
    fn rewind(&mut self) -> Result<(), FileError> {
        let length = self.journal.done.output_bytes;
        let done = self.file.set_len(length);
        done.and_then(|()| self.file.seek(SeekFrom::Start(length)))
            .map_err(|source| self.failed(source))?;
        self.save()
    }

    /// Adds to the output.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file
            .write_all(bytes)
            .map_err(|source| self.failed(source))
    }

    /// Makes the output safe, and then says so in the journal.
    pub fn checkpoint(&mut self) -> Result<(), FileError> {
        self.file
            .sync_data()
            .map_err(|source| self.failed(source))?;
        self.save()
    }

    fn save(&self) -> Result<(), FileError> {
        let directory = directory(&self.path);
        let written = NamedTempFile::new_in(directory).and_then(|mut file| {
            file.write_all(&self.journal.to_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.journal_path)
                .map_err(|error| error.error)
        });
        written.map(drop).map_err(|source| FileError::Write {
            path: self.journal_path.clone(),
            source,
        })
    }

    /// Gives the output its name.
    pub fn finish(self, permissions: Option<Permissions>) -> Result<(), FileError> {
        let finished = (|| {
            if let Some(permissions) = permissions {
                self.file.set_permissions(permissions)?;
            }
            self.file.sync_all()?;
            fs::rename(&self.partial, &self.path)?;
            File::open(directory(&self.path))?.sync_all()?;
            // A journal without its output says nothing, so it may be left by a power cut.
            fs::remove_file(&self.journal_path)
        })();
        finished.map_err(|source| FileError::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// Where the output is until then.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    fn failed(&self, source: io::Error) -> FileError {
        FileError::Write {
            path: self.partial.clone(),
            source,
        }
    }
}

/// The journal of an interrupted run. One that was killed before it wrote any has done nothing.
fn left(
    journal: &Path,
    partial: &Path,
    file: &File,
    settings: &str,
    input: &Identity,
) -> Result<Option<Journal>, FileError> {
    let bytes = match fs::read(journal) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(FileError::Write {
                path: journal.to_owned(),
                source,
            });
        }
    };
    let stale = |reason| FileError::Stale {
        partial: partial.to_owned(),
        reason,
    };
    let read = Journal::parse(&bytes).map_err(|reason| FileError::Journal {
        path: journal.to_owned(),
        reason,
    })?;
    let length = file.metadata().map_err(|_| stale(Stale::Output))?.len();
    read.fits(settings, input, length).map_err(stale)?;
    Ok(Some(read))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const INPUT: Identity = Identity {
        length: 100,
        modified: 1,
        modified_nanoseconds: 2,
    };

    fn open(path: &Path, left_over: LeftOver) -> Result<Destination, FileError> {
        let fresh = Journal::new("s".to_owned(), INPUT);
        Destination::open(path, left_over, fresh, "s", &INPUT)
    }

    fn names(directory: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(directory.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn the_output_appears_at_the_end() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("out");
        let mut destination = open(&path, LeftOver::Refuse).unwrap();
        destination.write(b"whole").unwrap();
        assert_eq!(names(&directory), ["out.journal", "out.partial"]);
        destination.finish(None).unwrap();
        assert_eq!(names(&directory), ["out"]);
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn a_run_goes_on_behind_its_last_checkpoint() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("out");
        let mut first = open(&path, LeftOver::Resume).unwrap();
        first.write(b"safe").unwrap();
        first.journal.done.output_bytes = 4;
        first.checkpoint().unwrap();
        first.write(b" and lost").unwrap();
        assert!(matches!(
            open(&path, LeftOver::Resume),
            Err(FileError::Busy { .. })
        ));
        drop(first);

        assert!(matches!(
            open(&path, LeftOver::Refuse),
            Err(FileError::LeftOver { .. })
        ));
        let mut second = open(&path, LeftOver::Resume).unwrap();
        assert_eq!(second.journal.done.output_bytes, 4);
        second.write(b", and found").unwrap();
        second.finish(None).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"safe, and found");
    }

    #[test]
    fn what_does_not_fit_is_refused_or_discarded() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("out");
        let mut first = open(&path, LeftOver::Refuse).unwrap();
        first.write(b"old").unwrap();
        first.journal.done.output_bytes = 3;
        first.checkpoint().unwrap();
        drop(first);
        let changed = Identity {
            length: 99,
            ..INPUT
        };
        for (settings, input) in [("t", INPUT), ("s", changed)] {
            let fresh = Journal::new(settings.to_owned(), input.clone());
            let refused = Destination::open(&path, LeftOver::Resume, fresh, settings, &input);
            assert!(matches!(refused, Err(FileError::Stale { .. })));
        }
        let mut anew = open(&path, LeftOver::Discard).unwrap();
        anew.write(b"new").unwrap();
        anew.finish(None).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_run_that_was_killed_at_once_has_done_nothing() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("out");
        fs::write(directory.path().join("out.partial"), "anything").unwrap();
        let destination = open(&path, LeftOver::Resume).unwrap();
        assert_eq!(destination.journal.done.output_bytes, 0);
        // A journal that outlived its output is no obstacle.
        destination.finish(None).unwrap();
        fs::write(directory.path().join("out.journal"), "anything").unwrap();
        open(&path, LeftOver::Refuse).unwrap().finish(None).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
