//! The sealed record, as it lies in a store.
//!
//! ```text
//! offset  bytes  content
//! 0       4      magic: "SGRC"
//! 4       1      schema: 1
//! 5       4      term, big endian, from 1
//! 9       12     nonce, random
//! 21      n      ciphertext, as long as the plaintext
//! 21 + n  16     tag
//! ```
//!
//! The cipher is AES-256-GCM (NIST SP 800-38D). Its associated data, [`AssociatedData`], is not
//! stored: whoever opens the record rebuilds it from the place where the record was found.

use std::{fmt, num::NonZeroU32};

use uuid::Uuid;

/// The first bytes of every record.
pub const MAGIC: [u8; 4] = *b"SGRC";
/// The layout described above.
pub const SCHEMA: u8 = 1;
/// Bytes of the random nonce.
pub const NONCE_BYTES: usize = 12;
/// Bytes of the authentication tag.
pub const TAG_BYTES: usize = 16;

const TERM_AT: usize = MAGIC.len() + 1;
const NONCE_AT: usize = TERM_AT + 4;
/// Bytes before the ciphertext.
pub const HEADER_BYTES: usize = NONCE_AT + NONCE_BYTES;
/// What a record is longer than its plaintext.
pub const OVERHEAD_BYTES: usize = HEADER_BYTES + TAG_BYTES;

/// Which of the barrier's keys sealed a record, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(NonZeroU32);

impl Term {
    /// The term that an installation starts with.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// `None` for 0.
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number, from 1.
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// The term that a rotation of the barrier adds after this one.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one installation. Public; random; chosen once, at initialisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoreId(Uuid);

impl StoreId {
    /// Takes over an id that was read from a configuration.
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The id as a UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// The 16 bytes that records are bound to.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A record taken apart, not yet opened.
#[derive(Debug)]
pub struct Record<'a> {
    /// The key that sealed it.
    pub term: Term,
    /// The nonce.
    pub nonce: &'a [u8; NONCE_BYTES],
    /// The ciphertext without its tag.
    pub ciphertext: &'a [u8],
    /// The tag.
    pub tag: &'a [u8; TAG_BYTES],
}

impl<'a> Record<'a> {
    /// Takes `bytes` apart. Accepts any input; authenticates nothing.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, RecordError> {
        let short = RecordError::Short { found: bytes.len() };
        let (header, sealed) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(short)?;
        let short = RecordError::Short { found: bytes.len() };
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(short)?;
        let (magic, rest) = header.split_first_chunk::<4>().expect("a header is longer");
        if *magic != MAGIC {
            return Err(RecordError::Magic);
        }
        if rest[0] != SCHEMA {
            return Err(RecordError::Schema { found: rest[0] });
        }
        let (term, nonce) = rest[1..]
            .split_first_chunk::<4>()
            .expect("a header is longer");
        Ok(Self {
            term: Term::new(u32::from_be_bytes(*term)).ok_or(RecordError::Term)?,
            nonce: nonce.try_into().expect("a header ends with the nonce"),
            ciphertext,
            tag,
        })
    }

    /// The bytes before the ciphertext.
    pub fn header(term: Term, nonce: &[u8; NONCE_BYTES]) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..MAGIC.len()].copy_from_slice(&MAGIC);
        header[MAGIC.len()] = SCHEMA;
        header[TERM_AT..NONCE_AT].copy_from_slice(&term.number().to_be_bytes());
        header[NONCE_AT..].copy_from_slice(nonce);
        header
    }
}

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Shorter than an empty record.
    #[error("{found} bytes are too few for a record, which has at least {OVERHEAD_BYTES}")]
    Short {
        /// The length.
        found: usize,
    },
    /// Something else, or overwritten.
    #[error("it does not begin with the mark of a record")]
    Magic,
    /// Written by a later release, or damaged.
    #[error("its schema is {found}, and this release reads schema {SCHEMA} only")]
    Schema {
        /// The schema byte.
        found: u8,
    },
    /// Terms count from 1.
    #[error("its term is 0")]
    Term,
}

/// What a record is bound to beside its own bytes:
///
/// ```text
/// domain length (4, big endian) ‖ domain
/// then for each field:  length (4, big endian) ‖ field
/// schema (1) ‖ term (4, big endian)
/// ```
///
/// Every domain has a fixed number of fields, so no two places share associated data.
pub struct AssociatedData(Vec<u8>);

impl AssociatedData {
    /// Joins the parts.
    pub fn new(domain: &str, fields: &[&[u8]], term: Term) -> Self {
        let mut bytes = Vec::new();
        for part in std::iter::once(domain.as_bytes()).chain(fields.iter().copied()) {
            let length = u32::try_from(part.len()).expect("paths and ids are short");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes.push(SCHEMA);
        bytes.extend_from_slice(&term.number().to_be_bytes());
        Self(bytes)
    }

    /// The joined bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(plaintext: usize) -> Vec<u8> {
        let mut bytes = Record::header(Term::FIRST, &[7; NONCE_BYTES]).to_vec();
        bytes.resize(OVERHEAD_BYTES + plaintext, 9);
        bytes
    }

    #[test]
    fn takes_apart_what_the_header_put_together() {
        let bytes = record(3);
        let record = Record::parse(&bytes).unwrap();
        assert_eq!(record.term, Term::FIRST);
        assert_eq!(record.nonce, &[7; NONCE_BYTES]);
        assert_eq!(record.ciphertext, [9; 3]);
        assert_eq!(record.tag, &[9; TAG_BYTES]);
    }

    #[test]
    fn names_each_defect() {
        for found in 0..OVERHEAD_BYTES {
            let error = Record::parse(&record(0)[..found]).unwrap_err();
            assert_eq!(error, RecordError::Short { found });
        }
        let damaged = |at: usize, value: u8| {
            let mut bytes = record(0);
            bytes[at] = value;
            Record::parse(&bytes).unwrap_err()
        };
        assert_eq!(damaged(0, b'X'), RecordError::Magic);
        assert_eq!(damaged(4, 2), RecordError::Schema { found: 2 });
        assert_eq!(damaged(8, 0), RecordError::Term);
    }

    #[test]
    fn neighbouring_fields_do_not_run_together() {
        let bytes = |fields: &[&[u8]]| AssociatedData::new("d", fields, Term::FIRST).0;
        assert_ne!(bytes(&[b"ab", b"c"]), bytes(&[b"a", b"bc"]));
        assert_eq!(bytes(&[b"p"]), b"\0\0\0\x01d\0\0\0\x01p\x01\0\0\0\x01");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_record_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Record::parse(&bytes);
        }
    }
}
