//! The barrier keys, one per term.
//!
//! They are stored together, as one record at [`KEYS_PATH`] under the root key. Opened, it is:
//!
//! ```text
//! offset    bytes  content
//! 0         1      schema: 1
//! 1         4      active term, big endian
//! 5         4      number of terms, big endian
//! 9 + 36·i  4      term, big endian, each greater than the one before
//! 13 + 36·i 32     its AES-256 key
//! ```
//!
//! Associated data of that record: domain `sealgate barrier keys`, fields store id and path. Of
//! every other record: domain `sealgate record`, the same two fields.

use std::{collections::BTreeMap, sync::Arc};

use ring::rand::{SecureRandom, SystemRandom};

use super::{BarrierError, RecordKey, RootKey};
use crate::{
    record::{AssociatedData, Record, StoreId, Term},
    secret::{Secret256, SecretBytes},
    store::Path,
};

/// Where the barrier keys are stored.
pub const KEYS_PATH: &str = "barrier/terms";

const KEYS_DOMAIN: &str = "sealgate barrier keys";
const RECORD_DOMAIN: &str = "sealgate record";
const KEYS_SCHEMA: u8 = 1;
const HEAD_BYTES: usize = 9;
const ENTRY_BYTES: usize = 36;

/// The open barrier keys of one installation.
pub struct Barrier {
    store_id: StoreId,
    terms: BTreeMap<Term, Arc<TermKey>>,
    active: Term,
}

struct TermKey {
    secret: Secret256,
    cipher: RecordKey,
}

impl TermKey {
    fn new(secret: Secret256) -> Arc<Self> {
        let cipher = RecordKey::new(&secret);
        Arc::new(Self { secret, cipher })
    }

    fn random() -> Result<Arc<Self>, BarrierError> {
        Secret256::fill_with(|bytes| SystemRandom::new().fill(bytes))
            .map(Self::new)
            .map_err(|_| BarrierError::NoRandom)
    }
}

impl Barrier {
    /// A new barrier with one random key. Store [`Barrier::seal_keys`] before anything else.
    pub fn random(store_id: StoreId) -> Result<Self, BarrierError> {
        let terms = BTreeMap::from([(Term::FIRST, TermKey::random()?)]);
        Ok(Self {
            store_id,
            terms,
            active: Term::FIRST,
        })
    }

    /// This barrier with one more term, which is the active one. The terms before it go on opening
    /// what they sealed. Store its [`Barrier::seal_keys`] before it seals a record.
    pub fn rotate(&self) -> Result<Self, BarrierError> {
        let (last, _) = self.terms.last_key_value().expect("a barrier has a term");
        let active = last.next().ok_or(BarrierError::NoMoreTerms)?;
        let mut terms = self.terms.clone();
        terms.insert(active, TermKey::random()?);
        Ok(Self {
            store_id: self.store_id,
            terms,
            active,
        })
    }

    /// The installation that the records belong to.
    pub fn store_id(&self) -> StoreId {
        self.store_id
    }

    /// The term that seals new records.
    pub fn active_term(&self) -> Term {
        self.active
    }

    /// Seals `plaintext` for `path`, in the active term.
    pub fn seal(&self, path: &Path, plaintext: &[u8]) -> Result<Vec<u8>, BarrierError> {
        let place = self.place(RECORD_DOMAIN, path, self.active);
        self.terms[&self.active]
            .cipher
            .seal(&place, self.active, plaintext)
            .map_err(|_| BarrierError::NoRandom)
    }

    /// Opens the record that was read at `path`.
    pub fn open(&self, path: &Path, bytes: &[u8]) -> Result<SecretBytes, BarrierError> {
        let record = parse(path, bytes)?;
        let term = record.term;
        let key = self
            .terms
            .get(&term)
            .ok_or_else(|| BarrierError::UnknownTerm {
                path: path.clone(),
                term,
            })?;
        key.cipher
            .open(&self.place(RECORD_DOMAIN, path, term), &record)
            .ok_or_else(|| BarrierError::NotAuthentic { path: path.clone() })
    }

    /// Seals the barrier keys under the root key, for [`Barrier::keys_path`].
    pub fn seal_keys(&self, root_key: &RootKey) -> Result<Vec<u8>, BarrierError> {
        let path = Self::keys_path();
        let place = self.place(KEYS_DOMAIN, &path, Term::FIRST);
        RecordKey::new(root_key.secret())
            .seal(&place, Term::FIRST, self.encode().expose())
            .map_err(|_| BarrierError::NoRandom)
    }

    /// Opens the barrier keys that were read at [`Barrier::keys_path`].
    pub fn open_keys(
        store_id: StoreId,
        root_key: &RootKey,
        bytes: &[u8],
    ) -> Result<Self, BarrierError> {
        let path = Self::keys_path();
        let record = parse(&path, bytes)?;
        let place = place(KEYS_DOMAIN, store_id, &path, record.term);
        let keys = RecordKey::new(root_key.secret())
            .open(&place, &record)
            .ok_or_else(|| BarrierError::NotAuthentic { path: path.clone() })?;
        Self::decode(store_id, keys.expose()).map_err(|reason| BarrierError::Keys { path, reason })
    }

    /// [`KEYS_PATH`] as a path.
    pub fn keys_path() -> Path {
        Path::new(KEYS_PATH).expect("the constant is a path")
    }

    fn place(&self, domain: &str, path: &Path, term: Term) -> AssociatedData {
        place(domain, self.store_id, path, term)
    }

    fn encode(&self) -> SecretBytes {
        let count = u32::try_from(self.terms.len()).expect("terms are counted in 32 bits");
        let length = HEAD_BYTES + ENTRY_BYTES * self.terms.len();
        let filled = SecretBytes::fill_with(length, |bytes| {
            bytes[0] = KEYS_SCHEMA;
            bytes[1..5].copy_from_slice(&self.active.number().to_be_bytes());
            bytes[5..HEAD_BYTES].copy_from_slice(&count.to_be_bytes());
            let entries = bytes[HEAD_BYTES..].chunks_exact_mut(ENTRY_BYTES);
            for (entry, (term, key)) in entries.zip(&self.terms) {
                entry[..4].copy_from_slice(&term.number().to_be_bytes());
                entry[4..].copy_from_slice(key.secret.expose());
            }
            Ok::<_, std::convert::Infallible>(())
        });
        match filled {
            Ok(bytes) => bytes,
        }
    }

    fn decode(store_id: StoreId, bytes: &[u8]) -> Result<Self, &'static str> {
        let (head, entries) = bytes.split_first_chunk::<HEAD_BYTES>().ok_or("too short")?;
        if head[0] != KEYS_SCHEMA {
            return Err("their schema is unknown");
        }
        let active = term(&head[1..5]).ok_or("the active term is 0")?;
        let count = u32::from_be_bytes(head[5..].try_into().expect("four bytes"));
        if Some(entries.len()) != (count as usize).checked_mul(ENTRY_BYTES) {
            return Err("their number does not fit their length");
        }
        let mut terms = BTreeMap::new();
        for entry in entries.chunks_exact(ENTRY_BYTES) {
            let term = term(&entry[..4]).ok_or("a term is 0")?;
            if terms
                .last_key_value()
                .is_some_and(|(last, _)| *last >= term)
            {
                return Err("their terms are out of order");
            }
            let secret = Secret256::copy_of(&entry[4..]).expect("an entry ends with a key");
            terms.insert(term, TermKey::new(secret));
        }
        if !terms.contains_key(&active) {
            return Err("the active term has no key");
        }
        Ok(Self {
            store_id,
            terms,
            active,
        })
    }
}

fn term(bytes: &[u8]) -> Option<Term> {
    Term::new(u32::from_be_bytes(bytes.try_into().ok()?))
}

fn place(domain: &str, store_id: StoreId, path: &Path, term: Term) -> AssociatedData {
    let fields: [&[u8]; 2] = [store_id.as_bytes(), path.as_str().as_bytes()];
    AssociatedData::new(domain, &fields, term)
}

fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<Record<'a>, BarrierError> {
    Record::parse(bytes).map_err(|reason| BarrierError::Malformed {
        path: path.clone(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn store(number: u128) -> StoreId {
        StoreId::new(Uuid::from_u128(number))
    }

    fn path(text: &str) -> Path {
        Path::new(text).unwrap()
    }

    fn barrier() -> Barrier {
        Barrier::random(store(1)).unwrap()
    }

    #[test]
    fn opens_what_it_sealed() {
        let barrier = barrier();
        for plaintext in [&b""[..], b"x", &[7; 100_000]] {
            let record = barrier.seal(&path("a/b"), plaintext).unwrap();
            let opened = barrier.open(&path("a/b"), &record).unwrap();
            assert!(opened.matches(plaintext));
        }
        let again = || barrier.seal(&path("a/b"), b"same").unwrap();
        assert_ne!(again(), again(), "every record has its own nonce");
    }

    #[test]
    fn a_moved_record_does_not_open() {
        let barrier = barrier();
        let record = barrier.seal(&path("keys/a"), b"secret").unwrap();
        for elsewhere in ["keys/b", "keys", "keys/a/a", "key/sa"] {
            let error = barrier.open(&path(elsewhere), &record).unwrap_err();
            assert!(
                matches!(&error, BarrierError::NotAuthentic { .. }),
                "{error}"
            );
            assert!(error.to_string().contains(elsewhere));
        }
    }

    #[test]
    fn a_record_of_another_installation_does_not_open() {
        let root_key = RootKey::random().unwrap();
        let ours = barrier();
        let keys = ours.seal_keys(&root_key).unwrap();
        let theirs = Barrier {
            store_id: store(2),
            terms: ours.terms.clone(),
            active: ours.active,
        };
        let record = theirs.seal(&path("a"), b"secret").unwrap();
        assert!(matches!(
            ours.open(&path("a"), &record),
            Err(BarrierError::NotAuthentic { .. })
        ));
        assert!(Barrier::open_keys(store(1), &root_key, &keys).is_ok());
        assert!(matches!(
            Barrier::open_keys(store(2), &root_key, &keys),
            Err(BarrierError::NotAuthentic { .. })
        ));
    }

    #[test]
    fn a_record_cannot_change_its_term() {
        let first = barrier();
        let second = first.rotate().unwrap();
        let mut record = second.seal(&path("a"), b"secret").unwrap();
        assert!(matches!(
            first.open(&path("a"), &record),
            Err(BarrierError::UnknownTerm { term, .. }) if term.number() == 2
        ));
        record[8] = 1;
        assert!(matches!(
            second.open(&path("a"), &record),
            Err(BarrierError::NotAuthentic { .. })
        ));
        // Not even where both terms have the same key.
        let same_key = Barrier {
            store_id: store(1),
            terms: [Term::FIRST, second.active]
                .map(|t| (t, second.terms[&second.active].clone()))
                .into(),
            active: Term::FIRST,
        };
        assert!(same_key.open(&path("a"), &record).is_err());
    }

    #[test]
    fn a_record_that_is_cut_or_changed_does_not_open() {
        let barrier = barrier();
        let here = path("a");
        let record = barrier.seal(&here, b"some secret bytes").unwrap();
        for length in 0..record.len() {
            assert!(
                barrier.open(&here, &record[..length]).is_err(),
                "cut at {length}"
            );
        }
        for at in 0..record.len() {
            for bit in 0..8 {
                let mut changed = record.clone();
                changed[at] ^= 1 << bit;
                assert!(
                    barrier.open(&here, &changed).is_err(),
                    "bit {bit} of byte {at}"
                );
            }
        }
        let longer = [&record[..], &[0]].concat();
        assert!(barrier.open(&here, &longer).is_err());
    }

    #[test]
    fn a_rotated_barrier_comes_back_whole() {
        let root_key = RootKey::random().unwrap();
        let first = barrier();
        let old = first.seal(&path("old"), b"1").unwrap();
        let third = first.rotate().unwrap().rotate().unwrap();
        let new = third.seal(&path("new"), b"3").unwrap();

        let keys = third.seal_keys(&root_key).unwrap();
        let read = Barrier::open_keys(store(1), &root_key, &keys).unwrap();
        assert_eq!(read.active_term().number(), 3);
        assert!(read.open(&path("old"), &old).unwrap().matches(b"1"));
        assert!(read.open(&path("new"), &new).unwrap().matches(b"3"));

        let other = RootKey::random().unwrap();
        assert!(Barrier::open_keys(store(1), &other, &keys).is_err());
        for at in 0..keys.len() {
            let mut changed = keys.clone();
            changed[at] ^= 1;
            assert!(Barrier::open_keys(store(1), &root_key, &changed).is_err());
        }
    }

    #[test]
    fn the_barrier_keys_are_no_ordinary_record() {
        let first = barrier();
        let root_key = RootKey::random().unwrap();
        let as_root = Barrier {
            store_id: store(1),
            terms: [(
                Term::FIRST,
                TermKey::new(Secret256::copy_of(root_key.secret().expose()).unwrap()),
            )]
            .into(),
            active: Term::FIRST,
        };
        let forged = as_root
            .seal(&Barrier::keys_path(), first.encode().expose())
            .unwrap();
        assert!(Barrier::open_keys(store(1), &root_key, &forged).is_err());
    }

    #[test]
    fn names_what_is_wrong_with_opened_barrier_keys() {
        let good = barrier().rotate().unwrap().encode();
        let decoded = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.expose().to_vec();
            change(&mut bytes);
            Barrier::decode(store(1), &bytes).err()
        };
        assert_eq!(decoded(&|_| {}), None);
        assert_eq!(decoded(&|b| b.truncate(8)), Some("too short"));
        assert_eq!(decoded(&|b| b[0] = 2), Some("their schema is unknown"));
        assert_eq!(decoded(&|b| b[4] = 0), Some("the active term is 0"));
        assert_eq!(
            decoded(&|b| b[5] = 255),
            Some("their number does not fit their length")
        );
        assert_eq!(decoded(&|b| b[12] = 0), Some("a term is 0"));
        assert_eq!(
            decoded(&|b| b[12] = 2),
            Some("their terms are out of order")
        );
        assert_eq!(decoded(&|b| b[4] = 7), Some("the active term has no key"));
    }
}
