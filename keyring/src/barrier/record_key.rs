//! One AES-256-GCM key that seals records.

use aes_gcm::{Aes256Gcm, KeyInit, aead::AeadInOut};
use ring::{
    error::Unspecified,
    rand::{SecureRandom, SystemRandom},
};

use crate::{
    record::{AssociatedData, HEADER_BYTES, NONCE_BYTES, OVERHEAD_BYTES, Record, Term},
    secret::{Secret256, SecretBytes},
    wipe::{DEEP_BYTES, bleached_by},
};

/// An expanded key. It stays in one place on the heap and wipes itself there.
pub(crate) struct RecordKey(Box<Aes256Gcm>);

impl RecordKey {
    /// Expands `key`.
    pub(crate) fn new(key: &Secret256) -> Self {
        Self(on_wiped_stack(|| {
            Box::new(Aes256Gcm::new(key.expose().into()))
        }))
    }

    /// Seals `plaintext` as a whole record. It is encrypted inside the record, so that no second
    /// copy of it exists.
    ///
    /// Fails only if the operating system gives no random nonce.
    pub(crate) fn seal(
        &self,
        place: &AssociatedData,
        term: Term,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, Unspecified> {
        let mut nonce = [0; NONCE_BYTES];
        SystemRandom::new().fill(&mut nonce)?;
        let mut record = Vec::with_capacity(plaintext.len() + OVERHEAD_BYTES);
        record.extend_from_slice(&Record::header(term, &nonce));
        record.extend_from_slice(plaintext);
        let sealed = &mut record[HEADER_BYTES..];
        let tag = on_wiped_stack(|| {
            self.0
                .encrypt_inout_detached(&nonce.into(), place.as_bytes(), sealed.into())
        })
        .expect("a record is far below AES-GCM's limit of 64 GiB");
        record.extend_from_slice(&tag);
        Ok(record)
    }

    /// Opens a record. `None` if any byte of it, or its place, is not the one that was sealed.
    pub(crate) fn open(&self, place: &AssociatedData, record: &Record<'_>) -> Option<SecretBytes> {
        SecretBytes::fill_with(record.ciphertext.len(), |bytes| {
            bytes.copy_from_slice(record.ciphertext);
            let (nonce, tag) = ((*record.nonce).into(), (*record.tag).into());
            on_wiped_stack(|| {
                self.0
                    .decrypt_inout_detached(&nonce, place.as_bytes(), bytes.into(), &tag)
            })
        })
        .ok()
    }
}

/// Runs `operation`, then overwrites the stack below: an expanded key returns through the stack,
/// and the first two round keys of AES-256 are the key itself.
fn on_wiped_stack<T>(operation: impl FnOnce() -> T) -> T {
    bleached_by::<DEEP_BYTES, _>(operation)
}
