//! The output while it grows, and its journal.
//!
//! ```text
//! out.csv.partial   the output so far; locked while a run writes it
//! out.csv.journal   how much of it is safe, and of how much input
//! out.csv           appears, or is replaced, at the end
//! ```

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
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
        let found = is_found(&partial).map_err(failed)?;
        let mut options = File::options();
        options.read(true).write(true).truncate(false);
        // Whoever may write to the directory must not choose which other file is written to.
        options.create_new(!found).custom_flags(NO_LINK);
        // As private as all that this command line writes.
        options.mode(0o600);
        let file = options
            .open(&partial)
            .map_err(|source| planted(&partial, &source).unwrap_or_else(|| failed(source)))?;
        if !is_ours(&file).map_err(failed)? {
            return Err(FileError::Planted { path: partial });
        }
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
    let failed = |source| {
        planted(journal, &source).unwrap_or_else(|| FileError::Write {
            path: journal.to_owned(),
            source,
        })
    };
    let mut options = File::options();
    options.read(true).custom_flags(NO_LINK);
    let mut saved = match options.open(journal) {
        Ok(saved) => saved,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    if !is_ours(&saved).map_err(failed)? {
        return Err(FileError::Planted {
            path: journal.to_owned(),
        });
    }
    let mut bytes = Vec::new();
    saved.read_to_end(&mut bytes).map_err(failed)?;
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

/// Opens no symbolic link, and does not wait for the other end of a pipe.
const NO_LINK: i32 = libc::O_NOFOLLOW | libc::O_NONBLOCK;

/// Whether the name is taken, be it by a link that leads nowhere.
fn is_found(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an open file can be one that a run left: a regular file with no other name.
fn is_ours(file: &File) -> io::Result<bool> {
    let metadata = file.metadata()?;
    Ok(metadata.is_file() && metadata.nlink() <= 1)
}

/// What an error says about a file that cannot be opened because of what it is.
fn planted(path: &Path, error: &io::Error) -> Option<FileError> {
    let is_other = fs::symlink_metadata(path).is_ok_and(|found| !found.is_file());
    let is_link = error.raw_os_error() == Some(libc::ELOOP);
    (is_link || is_other).then(|| FileError::Planted {
        path: path.to_owned(),
    })
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
    use std::os::unix::fs::symlink;

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
    fn what_somebody_else_put_there_is_not_written_to() {
        const EVERY: [LeftOver; 3] = [LeftOver::Refuse, LeftOver::Resume, LeftOver::Discard];
        let directory = TempDir::new().unwrap();
        let inside = |name: &str| directory.path().join(name);
        let (path, partial) = (inside("out"), inside("out.partial"));
        let is_refused =
            |left_over| matches!(open(&path, left_over), Err(FileError::Planted { .. }));
        fs::write(inside("victim"), "precious").unwrap();
        for left_over in EVERY {
            symlink(inside("victim"), &partial).unwrap();
            assert!(is_refused(left_over), "a link, {left_over:?}");
            fs::remove_file(&partial).unwrap();
            symlink(inside("nowhere"), &partial).unwrap();
            assert!(is_refused(left_over), "a link to nothing, {left_over:?}");
            fs::remove_file(&partial).unwrap();
            fs::hard_link(inside("victim"), &partial).unwrap();
            assert!(is_refused(left_over), "another name, {left_over:?}");
            fs::remove_file(&partial).unwrap();
            fs::create_dir(&partial).unwrap();
            assert!(is_refused(left_over), "a directory, {left_over:?}");
            fs::remove_dir(&partial).unwrap();
        }
        // A journal that somebody chose would say how much of the output is safe.
        drop(open(&path, LeftOver::Refuse).unwrap());
        fs::rename(inside("out.journal"), inside("chosen")).unwrap();
        symlink(inside("chosen"), inside("out.journal")).unwrap();
        assert!(is_refused(LeftOver::Resume));
        fs::remove_file(inside("out.journal")).unwrap();
        fs::hard_link(inside("chosen"), inside("out.journal")).unwrap();
        assert!(is_refused(LeftOver::Resume));
        // Beginning anew replaces the name, and not what it leads to.
        fs::remove_file(inside("out.journal")).unwrap();
        symlink(inside("victim"), inside("out.journal")).unwrap();
        drop(open(&path, LeftOver::Discard).unwrap());
        assert_eq!(fs::read(inside("victim")).unwrap(), b"precious");
        assert!(!inside("nowhere").exists());
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
