//! Where bytes come from and where they go.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use sealgate_sdk::SecretBytes;
use tempfile::NamedTempFile;

use super::exit::Exit;
use super::failure::Failure;
use super::output;

/// More than any server takes, and little enough to hold in memory several times.
const LIMIT: u64 = 256 << 20;

/// Files, or standard input and output.
#[derive(Debug, Args)]
pub(super) struct Payload {
    /// File to read [default: standard input]
    #[arg(long = "in", value_name = "FILE")]
    input: Option<PathBuf>,
    /// File to write, whole or not at all, and readable only by its owner [default: standard
    /// output]
    #[arg(long = "out", value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Payload {
    /// All bytes of the input.
    pub fn read(&self) -> Result<SecretBytes, Failure> {
        let what = self.source();
        let failed = |source| Failure::Read {
            what: what.clone(),
            source,
        };
        let (input, expected): (Box<dyn Read>, u64) = match &self.input {
            Some(path) => {
                let file = File::open(path).map_err(failed)?;
                let length = file.metadata().map_err(failed)?.len();
                (Box::new(file), length)
            }
            None => {
                let stdin = io::stdin();
                if stdin.is_terminal() {
                    eprintln!("Reading from the terminal; Ctrl-D ends the input.");
                }
                (Box::new(stdin.lock()), 0)
            }
        };
        let bytes = read_up_to(LIMIT, input, expected).map_err(failed)?;
        bytes.ok_or(Failure::TooLong { what, limit: LIMIT })
    }

    /// The input as a ciphertext, without the newline at its end.
    pub fn read_ciphertext(&self) -> Result<String, Failure> {
        let bytes = self.read()?;
        match str::from_utf8(bytes.expose()) {
            Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
            _ => Err(Failure::NotCiphertext {
                what: self.source(),
            }),
        }
    }

    /// Writes the output, and is done.
    pub fn write(&self, bytes: &SecretBytes) -> Result<Exit, Failure> {
        match &self.output {
            None => output::print(bytes.expose())?,
            Some(path) => write_whole(path, bytes.expose()).map_err(|source| Failure::Write {
                what: path.display().to_string(),
                source,
            })?,
        }
        Ok(Exit::Done)
    }

    fn source(&self) -> String {
        match &self.input {
            Some(path) => path.display().to_string(),
            None => "standard input".to_owned(),
        }
    }
}

/// All of `input`, or `None` if there is more than `limit`. `expected` bytes are read without
/// moving them about in memory, where they would stay.
fn read_up_to(limit: u64, input: impl Read, expected: u64) -> io::Result<Option<SecretBytes>> {
    let room = usize::try_from(expected.min(limit) + 1).expect("the limit fits into memory");
    let mut bytes = Vec::with_capacity(room);
    let read = input.take(limit + 1).read_to_end(&mut bytes);
    let bytes = SecretBytes::new(bytes);
    read.map(|length| (length as u64 <= limit).then_some(bytes))
}

/// Writes beside the file and renames, so that the file is never half written. What is no regular
/// file, such as a pipe or a device, is written to as it is.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Through a link, it is the file at its end that is replaced.
    let path = match fs::canonicalize(path) {
        Ok(path) if !path.is_file() => {
            return File::options().write(true).open(path)?.write_all(bytes);
        }
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn the_limit_is_the_last_length_that_passes() {
        let read = |length| read_up_to(8, &vec![1; length][..], 3).unwrap();
        assert_eq!(read(8).unwrap().len(), 8);
        assert!(read(0).unwrap().is_empty());
        assert!(read(9).is_none());
        assert!(read_up_to(8, io::repeat(1), u64::MAX).unwrap().is_none());
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("out");
        fs::write(&path, "old and longer").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let directory = TempDir::new().unwrap();
        let (path, link) = (directory.path().join("out"), directory.path().join("link"));
        fs::write(&path, "old").unwrap();
        symlink(&path, &link).unwrap();
        write_whole(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_device_is_not_replaced() {
        write_whole(Path::new("/dev/null"), b"new").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn nothing_is_left_where_nothing_can_be_written() {
        let directory = TempDir::new().unwrap();
        assert!(write_whole(&directory.path().join("none/out"), b"new").is_err());
        assert!(write_whole(directory.path(), b"new").is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
