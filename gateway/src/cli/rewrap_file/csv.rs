//! CSV: where in a record the fields of some columns are, without touching the others.
//!
//! csv_core takes records apart as the csv crate does (RFC 4180, and leniently where that is
//! broken), and tells how many bytes it took for each field, so spans are those of the file.

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::record::{Fault, Found, Value};

const QUOTE: u8 = b'"';

/// A column, as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Counted from 0.
    Number(usize),
    /// By the file's header.
    Name(String),
}

/// A text that is no column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give the column's name, or its number from 1")]
pub struct ColumnError;

/// Why a column cannot be found in a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum HeaderError {
    #[error("there is no column {name:?}; the header has {header}")]
    Unknown { name: String, header: String },
    #[error("several columns are called {0:?}: give the number")]
    Ambiguous(String),
}

/// Which columns to look at, by number from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns<C = usize> {
    /// The ciphertexts.
    pub values: Vec<C>,
    /// The base64 of the context.
    pub context: Option<C>,
    /// The base64 of the associated data.
    pub associated_data: Option<C>,
}

/// Takes records apart. Holds the tables for one delimiter.
#[derive(Debug)]
pub struct Splitter {
    reader: Reader,
    scratch: Vec<u8>,
}

/// One field: its bytes with their quotes, and the bytes that it stands for.
struct Field<'s> {
    start: usize,
    end: usize,
    quoted: bool,
    content: &'s [u8],
}

impl Column {
    /// A number counts from 1; everything else is a name.
    ///
    /// # Errors
    /// [`ColumnError`]: it is empty or 0.
    pub fn parse(text: &str) -> Result<Self, ColumnError> {
        if text.is_empty() {
            return Err(ColumnError);
        }
        match text.parse::<usize>() {
            Ok(number) => number.checked_sub(1).map(Self::Number).ok_or(ColumnError),
            Err(_) => Ok(Self::Name(text.to_owned())),
        }
    }

    fn resolve(&self, header: &[String]) -> Result<usize, HeaderError> {
        let name = match self {
            Self::Number(number) => return Ok(*number),
            Self::Name(name) => name,
        };
        let mut places = (0..).zip(header).filter(|(_, heading)| *heading == name);
        match (places.next(), places.next()) {
            (Some((place, _)), None) => Ok(place),
            (None, _) => Err(HeaderError::Unknown {
                name: name.clone(),
                header: header.join(", "),
            }),
            _ => Err(HeaderError::Ambiguous(name.clone())),
        }
    }
}

impl Columns<Column> {
    /// Looks names up in the header (without one: in nothing).
    ///
    /// # Errors
    /// [`HeaderError`].
    pub fn resolve(&self, header: &[String]) -> Result<Columns, HeaderError> {
        let one = |column: &Option<Column>| {
            let column = column.as_ref();
            column.map(|column| column.resolve(header)).transpose()
        };
        let values = self.values.iter().map(|column| column.resolve(header));
        Ok(Columns {
            values: values.collect::<Result<_, _>>()?,
            context: one(&self.context)?,
            associated_data: one(&self.associated_data)?,
        })
    }

    /// Whether a header is needed.
    pub fn has_names(&self) -> bool {
        let all = self
            .values
            .iter()
            .chain(&self.context)
            .chain(&self.associated_data);
        all.into_iter()
            .any(|column| matches!(column, Column::Name(_)))
    }
}

/// Whether fields can be told apart by `byte` where ciphertexts stand without quotes.
pub fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii()
        && !byte.is_ascii_alphanumeric()
        && !matches!(byte, b':' | b'+' | b'/' | b'=' | b'\r' | b'\n' | QUOTE)
}

impl Splitter {
    /// For a delimiter that [`is_delimiter`].
    pub fn new(delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            scratch: Vec::new(),
        }
    }

    /// Length of the first record of `bytes`, blank lines before it and its line end included.
    /// `None`: its end is not there yet; with `at_end` there is nothing more to come. `first`: the
    /// record begins the file, perhaps with a byte order mark.
    pub fn record_end(&mut self, bytes: &[u8], at_end: bool, first: bool) -> Option<usize> {
        self.start();
        let mut sink = [0; 1024];
        let mut read = mark(bytes, first);
        loop {
            let (result, taken, _) = self.reader.read_field(&bytes[read..], &mut sink);
            read += taken;
            if matches!(result, ReadFieldResult::Field { record_end: true }) {
                break;
            }
            if read == bytes.len() {
                return (at_end && read > 0).then_some(read);
            }
        }
        // A record is over at the first half of \r\n.
        match (bytes.get(read.wrapping_sub(1)), bytes.get(read)) {
            (Some(b'\r'), Some(b'\n')) => Some(read + 1),
            (Some(b'\r'), None) if !at_end => None,
            _ => Some(read),
        }
    }

    /// The texts of all fields, for a header.
    ///
    /// # Errors
    /// [`Fault::NotText`].
    pub fn texts(&mut self, record: &[u8], first: bool) -> Result<Vec<String>, Fault> {
        let mut texts = Vec::new();
        self.fields(record, first, |_, field| {
            texts.push(text(field.content)?);
            Ok(())
        })?;
        Ok(texts)
    }

    /// Finds the fields of `columns` in one record. A blank line has none.
    ///
    /// # Errors
    /// [`Fault`]: a column is missing, or its field is not text.
    pub fn find(&mut self, record: &[u8], columns: &Columns, first: bool) -> Result<Found, Fault> {
        let mut found = Found::default();
        let count = self.fields(record, first, |number, field| {
            if columns.values.contains(&number) {
                found.values.push(Value {
                    span: field.start..field.end,
                    quote: field.quoted.then_some(QUOTE),
                    text: text(field.content)?,
                });
            }
            if columns.context == Some(number) {
                found.context = Some(text(field.content)?);
            }
            if columns.associated_data == Some(number) {
                found.associated_data = Some(text(field.content)?);
            }
            Ok(())
        })?;
        let wanted = columns
            .values
            .iter()
            .chain(&columns.context)
            .chain(&columns.associated_data);
        match wanted.max() {
            Some(&last) if count > 0 && last >= count => Err(Fault::NoColumn(last + 1)),
            _ => Ok(found),
        }
    }

    /// Calls `each` for every field and counts them.
    fn fields(
        &mut self,
        record: &[u8],
        first: bool,
        mut each: impl FnMut(usize, Field<'_>) -> Result<(), Fault>,
    ) -> Result<usize, Fault> {
        self.start();
        // With a byte to spare, so that there is always room for more.
        self.scratch.resize(record.len() + 1, 0);
        let mut start = mark(record, first);
        let blank = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        start += record[start..].iter().take_while(blank).count();
        let (mut read, mut length, mut number) = (start, 0, 0);
        loop {
            let rest = &record[read..];
            let room = &mut self.scratch[length..];
            let (result, taken, written) = self.reader.read_field(rest, room);
            (read, length) = (read + taken, length + written);
            let record_end = match result {
                ReadFieldResult::Field { record_end } => record_end,
                // Asked once more, with nothing, the reader gives what it has.
                ReadFieldResult::InputEmpty => continue,
                ReadFieldResult::OutputFull | ReadFieldResult::End => break,
            };
            // The last byte is the delimiter or the line's end, unless there was none.
            let end = if rest.is_empty() { read } else { read - 1 };
            let field = Field {
                start,
                end,
                quoted: record[start..end].starts_with(&[QUOTE]),
                content: &self.scratch[..length],
            };
            each(number, field)?;
            number += 1;
            if record_end {
                break;
            }
            (start, length) = (read, 0);
        }
        Ok(number)
    }

    /// Ready for the start of a record.
    fn start(&mut self) {
        self.reader.reset();
        // A byte order mark is taken away here, at the start of the file only. Without room for
        // output the reader does nothing but remember that it was called.
        let _ = self.reader.read_field(b"\n", &mut []);
    }
}

/// Length of the byte order mark.
fn mark(record: &[u8], first: bool) -> usize {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    if first && record.starts_with(MARK) {
        MARK.len()
    } else {
        0
    }
}

fn text(bytes: &[u8]) -> Result<String, Fault> {
    let text = str::from_utf8(bytes).map_err(|_| Fault::NotText)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
