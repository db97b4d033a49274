//! A file, cut into batches of whole records: what to send, and how to put the answers in place.

use std::io::{self, Read};
use std::ops::Range;

use sealgate_sdk::Rewrap;

use super::FileError;
use super::record::{Fault, Found, ciphertext_version, excerpt};
use super::shape::Shape;
use super::tally::Tally;

/// At least as much is asked of the operating system at once.
const CHUNK: usize = 256 << 10;
/// A batch ends with the record that reaches this, so that memory stays bounded where little is
/// to be rewrapped.
const BATCH_BYTES: usize = 4 << 20;
/// More than any server takes.
const RECORD_LIMIT: usize = 64 << 20;

/// What is to be rewrapped.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Values of this version are left as they are. `None`: of no version.
    pub latest: Option<u32>,
    /// Whether what is no ciphertext is left as it is. Otherwise it is a fault.
    pub keep_others: bool,
    /// A batch ends with the record that reaches this many values.
    pub batch_size: usize,
}

/// A ciphertext in a batch, which another is to replace.
#[derive(Debug)]
pub struct Change {
    span: Range<usize>,
    quote: Option<u8>,
    text: String,
    context: Option<Vec<u8>>,
    associated_data: Option<Vec<u8>>,
    /// The version that it has.
    pub version: u32,
    /// The line where it stands, counted from 1.
    pub line: u64,
}

/// Whole records of a file.
#[derive(Debug, Default)]
pub struct Batch {
    /// Their bytes.
    pub raw: Vec<u8>,
    /// By position.
    pub changes: Vec<Change>,
    /// Lines and what is wrong there.
    pub faults: Vec<(u64, String)>,
    /// Of all that is not among the changes.
    pub tally: Tally,
    /// Newlines in it.
    pub lines: u64,
}

/// Cuts what a reader gives, from some record on.
pub struct Batches<R> {
    input: R,
    shape: Shape,
    rules: Rules,
    buffer: Vec<u8>,
    /// What comes before this in the buffer was used.
    start: usize,
    at_end: bool,
    /// Whether nothing was read before.
    first: bool,
    /// Newlines before `start`.
    lines: u64,
}

impl Change {
    /// To be sent. What the record does not bring, `context` and `associated_data` may.
    pub fn item<'a>(
        &'a self,
        context: Option<&'a [u8]>,
        associated_data: Option<&'a [u8]>,
    ) -> Rewrap<'a> {
        let mut item = Rewrap::new(&self.text);
        if let Some(context) = self.context.as_deref().or(context) {
            item = item.context(context);
        }
        if let Some(data) = self.associated_data.as_deref().or(associated_data) {
            item = item.associated_data(data);
        }
        item
    }
}

impl Batch {
    /// The bytes with new texts instead of those that changed; `None` leaves one as it is. The
    /// new texts must be as [`ciphertext_version`] wants them, so that they need no escapes.
    pub fn with(&self, texts: &[Option<String>]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.raw.len());
        let mut copied = 0;
        for (change, text) in self.changes.iter().zip(texts) {
            let Some(text) = text else { continue };
            bytes.extend_from_slice(&self.raw[copied..change.span.start]);
            bytes.extend(change.quote);
            bytes.extend_from_slice(text.as_bytes());
            bytes.extend(change.quote);
            copied = change.span.end;
        }
        bytes.extend_from_slice(&self.raw[copied..]);
        bytes
    }

    /// Adds one record that begins at `line`.
    fn add(
        &mut self,
        record: &[u8],
        found: Result<Found, Fault>,
        line: u64,
        rules: &Rules,
        shape: &Shape,
    ) {
        let start = self.raw.len();
        let line_at = |offset: usize| line + newlines(&record[..offset]);
        self.raw.extend_from_slice(record);
        self.lines += newlines(record);
        self.tally.records += 1;
        let Found {
            values,
            context,
            associated_data,
        } = match found {
            Ok(found) => found,
            Err(fault) => {
                let blank = record.iter().take_while(|byte| byte.is_ascii_whitespace());
                return self.fault(line_at(blank.count()), &fault);
            }
        };
        if values.is_empty() {
            self.tally.empty += 1;
        }
        for value in values {
            let line = line_at(value.span.start);
            if value.text.is_empty() {
                self.tally.empty += 1;
                continue;
            }
            let Some(version) = ciphertext_version(&value.text) else {
                if rules.keep_others {
                    self.tally.others += 1;
                } else {
                    self.fault(line, &Fault::NotCiphertext(excerpt(&value.text)));
                }
                continue;
            };
            if rules.latest == Some(version) {
                self.tally.up_to_date += 1;
                continue;
            }
            let own =
                own("the context", shape.has_context(), context.as_deref()).and_then(|context| {
                    let wanted = shape.has_associated_data();
                    Ok((
                        context,
                        own("the associated data", wanted, associated_data.as_deref())?,
                    ))
                });
            match own {
                Ok((context, associated_data)) => self.changes.push(Change {
                    span: start + value.span.start..start + value.span.end,
                    quote: value.quote,
                    text: value.text,
                    context,
                    associated_data,
                    version,
                    line,
                }),
                Err(fault) => self.fault(line, &fault),
            }
        }
    }

    fn fault(&mut self, line: u64, fault: &Fault) {
        self.tally.failed += 1;
        self.faults.push((line, fault.to_string()));
    }
}

impl<R: Read> Batches<R> {
    /// Goes on behind `lines` newlines; with none, at the start of the file.
    pub fn new(input: R, shape: Shape, rules: Rules, first: bool, lines: u64) -> Self {
        Self {
            input,
            shape,
            rules,
            buffer: Vec::new(),
            start: 0,
            at_end: false,
            first,
            lines,
        }
    }

    fn batch(&mut self) -> Result<Option<Batch>, FileError> {
        let mut batch = Batch::default();
        while batch.changes.len() < self.rules.batch_size && batch.raw.len() < BATCH_BYTES {
            let Some(length) = self.next_record()? else {
                break;
            };
            let record = &self.buffer[self.start..self.start + length];
            if self.first && self.shape.has_header() {
                batch.raw.extend_from_slice(record);
                batch.lines += newlines(record);
            } else {
                let found = self.shape.find(record, self.first);
                batch.add(record, found, self.lines + 1, &self.rules, &self.shape);
            }
            self.lines += newlines(record);
            self.start += length;
            self.first = false;
        }
        Ok((!batch.raw.is_empty()).then_some(batch))
    }

    /// Reads until there is a whole record in the buffer, and says how long it is.
    fn next_record(&mut self) -> Result<Option<usize>, FileError> {
        loop {
            let rest = &self.buffer[self.start..];
            // Whoever has not read enough cannot know whether there is a byte order mark.
            if rest.len() > 3 || self.at_end {
                let end = self.shape.record_end(rest, self.at_end, self.first);
                if end.is_some() || self.at_end {
                    return Ok(end);
                }
            }
            if rest.len() > RECORD_LIMIT {
                return Err(FileError::RecordTooLong {
                    line: self.lines + 1,
                    limit: RECORD_LIMIT,
                });
            }
            self.read_more().map_err(FileError::Read)?;
        }
    }

    /// The longer the record, the more at once, so that long ones are not searched too often.
    fn read_more(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let wanted = CHUNK.max(self.buffer.len()) as u64;
        let read = self
            .input
            .by_ref()
            .take(wanted)
            .read_to_end(&mut self.buffer)?;
        self.at_end = (read as u64) < wanted;
        Ok(())
    }
}

impl<R: Read> Iterator for Batches<R> {
    type Item = Result<Batch, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().transpose()
    }
}

/// What a record brings itself, if it should.
fn own(what: &str, wanted: bool, text: Option<&str>) -> Result<Option<Vec<u8>>, Fault> {
    if !wanted {
        return Ok(None);
    }
    let text = text.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Fault::Missing(what.to_owned()))?;
    let bytes = base64_simd::STANDARD.decode_to_vec(text);
    bytes
        .map(Some)
        .map_err(|_| Fault::NotBase64(what.to_owned()))
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests;
