//! How far a run is: what an interrupted one leaves beside its output.

use serde::{Deserialize, Serialize};

use super::tally::Tally;

const FORM: u32 = 1;
/// A journal is some hundred bytes, and a few for each version of the key.
const LIMIT: usize = 1 << 20;

/// All that the next run needs to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    form: u32,
    /// A digest of everything that decides what comes out: key, columns, context, ….
    settings: String,
    /// The input when the run began.
    input: Identity,
    /// How far it is.
    pub done: Done,
}

/// What shows that a file was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// In bytes.
    pub length: u64,
    /// Last modification, in seconds since 1970.
    pub modified: i64,
    /// And nanoseconds.
    pub modified_nanoseconds: i64,
}

/// The part of the work that is safe on disk. It ends at the end of a record, on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Bytes of the input.
    pub input_bytes: u64,
    /// SHA-256 of these bytes, in hexadecimal.
    pub input_sha256: String,
    /// Newlines among these bytes.
    pub lines: u64,
    /// Bytes of the output that were written and synced.
    pub output_bytes: u64,
    /// What became of the values.
    pub tally: Tally,
}

/// Why bytes are no journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum JournalError {
    #[error("it is not one that this release writes")]
    Form,
    #[error("its numbers contradict each other")]
    Numbers,
}

/// Why a run cannot go on where another ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum Stale {
    #[error("it had other options")]
    Settings,
    #[error("the input was changed since")]
    Input,
    #[error("its output is shorter than it was")]
    Output,
}

impl Journal {
    /// Of a run that has done nothing yet.
    pub fn new(settings: String, input: Identity) -> Self {
        Self {
            form: FORM,
            settings,
            input,
            done: Done::default(),
        }
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JournalError> {
        if bytes.len() > LIMIT {
            return Err(JournalError::Form);
        }
        let journal: Self = serde_json::from_slice(bytes).map_err(|_| JournalError::Form)?;
        let Done {
            input_bytes, lines, ..
        } = journal.done;
        if journal.form != FORM {
            return Err(JournalError::Form);
        }
        if input_bytes > journal.input.length || lines > input_bytes {
            return Err(JournalError::Numbers);
        }
        Ok(journal)
    }

    /// JSON, for [`parse`](Self::parse) and for the curious.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a journal is structs with text keys")
    }

    /// Whether a run with these settings and this input is the same. That the input's beginning
    /// is what it was is for the caller to see, by [`Done::input_sha256`].
    ///
    /// # Errors
    /// [`Stale`].
    pub fn fits(&self, settings: &str, input: &Identity, output_length: u64) -> Result<(), Stale> {
        if self.settings != settings {
            Err(Stale::Settings)
        } else if self.input != *input {
            Err(Stale::Input)
        } else if output_length < self.done.output_bytes {
            Err(Stale::Output)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn journal(length: u64, input_bytes: u64, lines: u64, output_bytes: u64) -> Journal {
        let identity = Identity {
            length,
            modified: 1_800_000_000,
            modified_nanoseconds: 7,
        };
        let mut journal = Journal::new("settings".to_owned(), identity);
        let mut tally = Tally::default();
        tally.rewrapped(3);
        journal.done = Done {
            input_bytes,
            lines,
            output_bytes,
            tally,
            ..Done::default()
        };
        journal
    }

    #[test]
    fn only_the_same_run_goes_on() {
        let journal = journal(100, 50, 5, 60);
        let same = journal.input.clone();
        assert_eq!(journal.fits("settings", &same, 60), Ok(()));
        assert_eq!(journal.fits("settings", &same, 90), Ok(()));
        assert_eq!(journal.fits("settings", &same, 59), Err(Stale::Output));
        assert_eq!(journal.fits("others", &same, 60), Err(Stale::Settings));
        for changed in [
            Identity {
                length: 101,
                ..same.clone()
            },
            Identity {
                modified: 1,
                ..same.clone()
            },
            Identity {
                modified_nanoseconds: 8,
                ..same
            },
        ] {
            assert_eq!(journal.fits("settings", &changed, 60), Err(Stale::Input));
        }
    }

    #[test]
    fn numbers_must_make_sense() {
        let refused = |journal: &Journal| Journal::parse(&journal.to_bytes()).unwrap_err();
        assert_eq!(refused(&journal(10, 11, 0, 0)), JournalError::Numbers);
        assert_eq!(refused(&journal(10, 5, 6, 0)), JournalError::Numbers);
        let mut later = journal(10, 5, 5, 0);
        later.form = 2;
        assert_eq!(refused(&later), JournalError::Form);
        assert_eq!(Journal::parse(b""), Err(JournalError::Form));
        assert_eq!(
            Journal::parse(&vec![b' '; LIMIT + 1]),
            Err(JournalError::Form)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(length: u64, part: u64, lines: u64, output_bytes: u64) {
            let input_bytes = part.min(length);
            let journal = journal(length, input_bytes, lines.min(input_bytes), output_bytes);
            prop_assert_eq!(Journal::parse(&journal.to_bytes()), Ok(journal));
        }

        #[test]
        fn any_bytes_are_judged(bytes: Vec<u8>) {
            let _ = Journal::parse(&bytes);
        }
    }
}
