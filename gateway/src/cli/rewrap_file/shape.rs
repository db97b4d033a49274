//! The three kinds of files behind one face.

use super::csv::{Columns, Splitter};
use super::json::{self, Fields};
use super::lines;
use super::record::{Fault, Found};

/// How a file is made of records, and where values are in them.
#[derive(Debug)]
pub enum Shape {
    /// One ciphertext a line.
    Lines,
    /// One JSON object a line.
    JsonLines(Fields),
    /// CSV.
    Csv {
        /// Takes records apart.
        splitter: Box<Splitter>,
        /// Where to look.
        columns: Columns,
        /// Whether the first record is a header.
        header: bool,
    },
}

impl Shape {
    /// Length of the first record of `bytes`. `None`: its end is not there yet; with `at_end`
    /// there is nothing more to come. `first`: it begins the file.
    pub fn record_end(&mut self, bytes: &[u8], at_end: bool, first: bool) -> Option<usize> {
        match self {
            Self::Lines | Self::JsonLines(_) => lines::record_end(bytes, at_end),
            Self::Csv { splitter, .. } => splitter.record_end(bytes, at_end, first),
        }
    }

    /// Finds the values of one record.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn find(&mut self, record: &[u8], first: bool) -> Result<Found, Fault> {
        match self {
            Self::Lines => Ok(lines::find(record)),
            Self::JsonLines(fields) => json::find(record, fields),
            Self::Csv {
                splitter, columns, ..
            } => splitter.find(record, columns, first),
        }
    }

    /// Whether the first record says what the others hold.
    pub fn has_header(&self) -> bool {
        matches!(self, Self::Csv { header: true, .. })
    }

    /// Whether each record brings a context of its own.
    pub fn has_context(&self) -> bool {
        match self {
            Self::Lines => false,
            Self::JsonLines(fields) => fields.context.is_some(),
            Self::Csv { columns, .. } => columns.context.is_some(),
        }
    }

    /// Whether each record brings associated data of its own.
    pub fn has_associated_data(&self) -> bool {
        match self {
            Self::Lines => false,
            Self::JsonLines(fields) => fields.associated_data.is_some(),
            Self::Csv { columns, .. } => columns.associated_data.is_some(),
        }
    }
}
