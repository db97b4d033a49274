//! What a child process does with its key.

use std::sync::Arc;

use sealgate_keyring::{aead::fill_random_nonce, secret::SecretBytes};

use crate::{cipher, mac, scan::Needles, signature};

/// A use of the key, by several threads at once.
pub type Work = Arc<dyn Fn() + Send + Sync>;

/// A kind of key and the way it is used.
pub trait Subject {
    fn name(&self) -> String;

    fn key_bytes(&self) -> usize;

    fn make_key(&self) -> Vec<u8> {
        let mut key = vec![0; self.key_bytes()];
        fill_random_nonce(&mut key).unwrap();
        key
    }

    /// Every form in which the key, what is derived from it, and their expansions could be found.
    fn needles(&self, key: &[u8]) -> Needles;

    /// Expands the key, as the keyring does.
    fn work(&self, key: &SecretBytes) -> Work;
}

/// The subject of this name.
pub fn named(name: &str) -> Box<dyn Subject> {
    let mut subjects = cipher::subjects();
    subjects.extend(mac::subjects());
    subjects.extend(signature::subjects());
    let found = subjects.into_iter().find(|subject| subject.name() == name);
    found.expect("a subject's name")
}
