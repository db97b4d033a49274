//! Every secret of an installation, learned from its shares and a copy of its store.

use std::sync::Arc;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use sealgate_keyring::{
    algorithm::{AeadAlgorithm, Algorithm, KeyType},
    clock::Clock,
    kdf,
    key::{KeyVersion, Material},
    keyring::Keyring,
    mount::MountPath,
    record::{AssociatedData, Record, StoreId, Term},
    seal::{Seal, SealConfiguration, Step},
    share::{Share, join},
    store::{Path, RocksdbStore, Store},
};
use sealgate_sdk::SecretText;
use tempfile::TempDir;

use crate::{
    load::{self, CONTEXTS},
    scan::Needles,
};

struct Secret {
    name: String,
    bytes: Vec<u8>,
    /// Whether an open server must have it.
    held: bool,
    /// Whether it belongs to a version that is deleted or trimmed under way.
    dropped: bool,
    key_type: Option<AeadAlgorithm>,
    form: Form,
}

/// How a secret's bytes could lie in memory.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Bytes,
    Text,
    /// Also as the words of a library for large numbers.
    Number,
}

pub struct Secrets(Vec<Secret>);

impl Secrets {
    pub async fn learn(copy: &TempDir, shares: &[SecretText]) -> Self {
        let mut secrets = Self(Vec::new());
        let parsed = || {
            shares
                .iter()
                .map(|share| Share::parse(share.expose()).unwrap())
        };
        for share in parsed() {
            secrets.add_share(&share);
        }
        let store: Arc<dyn Store> = Arc::new(RocksdbStore::open(copy.path()).unwrap());
        let enough: Vec<Share> = parsed().take(3).collect();
        secrets.add("seal key", join(&enough).unwrap().expose());
        secrets.add_root_and_barrier_keys(&*store, enough).await;

        let keyring = Keyring::open(store, Clock::system()).await.unwrap();
        for share in parsed().skip(2) {
            keyring.unseal(share).await.unwrap();
        }
        secrets.add_token_keys(&keyring).await;
        let path = MountPath::new("transit").unwrap();
        let mount = keyring.unsealed().unwrap().mount(&path).unwrap();
        for (name, key_type, use_) in load::keys() {
            for version in mount.key(&name).unwrap().versions() {
                secrets.add_version(&name, key_type, use_, version);
            }
        }
        secrets
    }

    /// Names of what must be found while the server is open.
    pub fn held_while_open(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|secret| secret.held)
            .map(|secret| &*secret.name)
    }

    pub fn needles(&self) -> Needles {
        needles(self.0.iter())
    }

    pub fn of_dropped_versions(&self) -> Needles {
        needles(self.0.iter().filter(|secret| secret.dropped))
    }

    fn add(&mut self, name: &str, bytes: &[u8]) {
        let (name, bytes) = (name.to_owned(), bytes.to_vec());
        self.0.push(Secret {
            name,
            bytes,
            held: false,
            dropped: false,
            key_type: None,
            form: Form::Bytes,
        });
    }

    fn add_text(&mut self, name: &str, text: &[u8]) {
        self.add(name, text);
        self.0.last_mut().unwrap().form = Form::Text;
    }

    /// What differs from share to share: the 32 secret bytes, and the texts that they are in.
    fn add_share(&mut self, share: &Share) {
        const SECRET: std::ops::Range<usize> = 19..51;
        let (number, hex) = (share.number(), share.expose_hex());
        let bytes = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16));
        let bytes: Vec<u8> = bytes.map(Result::unwrap).collect();
        self.add(&format!("share {number}"), &bytes[SECRET]);
        self.add_text(
            &format!("share {number} in hex"),
            &hex.as_bytes()[2 * SECRET.start..2 * SECRET.end],
        );
        let base64 = share.expose_base64();
        let (from, to) = (SECRET.start.div_ceil(3) * 4, SECRET.end / 3 * 4);
        self.add_text(
            &format!("share {number} in base64"),
            &base64.as_bytes()[from..to],
        );
    }

    async fn add_root_and_barrier_keys(&mut self, store: &dyn Store, shares: Vec<Share>) {
        let configuration = stored(store, "seal/configuration").await;
        let mut seal = Seal::new(SealConfiguration::parse(&configuration).unwrap());
        let mut root_key = None;
        for share in shares {
            if let Step::Opened(opened) = seal.provide(share).unwrap() {
                root_key = Some(opened);
            }
        }
        let root_key = root_key.unwrap();
        self.add("root key", root_key.secret().expose());

        let terms = stored(store, "barrier/terms").await;
        let terms = open_terms(
            seal.configuration().store_id,
            root_key.secret().expose(),
            &terms,
        );
        const HEAD_BYTES: usize = 9;
        for entry in terms[HEAD_BYTES..].chunks_exact(36) {
            self.add("barrier key", &entry[4..]);
            self.0.last_mut().unwrap().held = true;
        }
    }

    /// `version (1) ‖ digest key (32) ‖ [id (4) ‖ key (32)]…`
    async fn add_token_keys(&mut self, keyring: &Keyring) {
        let record = keyring.record("token/keys").await.unwrap().unwrap();
        let record = record.content.expose();
        self.add("token digest key", &record[1..33]);
        for key in record[33..].chunks_exact(36) {
            self.add("token key", &key[4..]);
        }
    }

    fn add_version(&mut self, name: &str, key_type: KeyType, use_: &str, version: &KeyVersion) {
        let dropped = load::is_dropped(name, version.number());
        let place = format!("{name} v{}", version.number());
        let aead = match key_type.algorithm() {
            Algorithm::Aead(algorithm) => Some(algorithm),
            _ => None,
        };
        let mut add = |what: String, bytes: &[u8], held, form| {
            self.0.push(Secret {
                name: what,
                bytes: bytes.to_vec(),
                held,
                dropped,
                key_type: aead.filter(|algorithm| algorithm.key_bytes() == bytes.len()),
                form,
            });
        };
        let hmac_key = version.hmac_key().expose();
        add(format!("HMAC key {place}"), hmac_key, true, Form::Bytes);
        let name = format!("key {place}");
        match version.material() {
            Material::Aead { key, .. } | Material::Hmac(key) | Material::Cmac { key, .. } => {
                add(name, key.expose(), true, Form::Bytes);
            }
            Material::Ed25519(pair) => {
                let seed = pair.private().unwrap().seed();
                add(name, seed.expose(), true, Form::Bytes);
            }
            Material::Ecdsa(pair) => {
                let scalar = pair.private().unwrap().scalar();
                add(name, scalar.expose(), false, Form::Number);
            }
            Material::Rsa(pair) => {
                let numbers = pair.private().unwrap().components();
                for (number, secret) in [("d", numbers.d), ("p", numbers.p), ("q", numbers.q)] {
                    add(
                        format!("{number} of {name}"),
                        secret.expose(),
                        false,
                        Form::Number,
                    );
                }
            }
            Material::MlDsa(_) => {}
        }
        let (Some(algorithm), "derived" | "convergent") = (aead, use_) else {
            return;
        };
        let key = version.material().symmetric().unwrap();
        for context in CONTEXTS {
            let both = kdf::derive(key, context, algorithm.key_bytes() + 32).unwrap();
            let (derived, nonce_key) = both.expose().split_at(algorithm.key_bytes());
            add(format!("derived key {place}"), derived, false, Form::Bytes);
            if use_ == "convergent" {
                add(format!("nonce key {place}"), nonce_key, false, Form::Bytes);
            }
        }
    }
}

fn needles<'s>(secrets: impl Iterator<Item = &'s Secret>) -> Needles {
    let mut needles = Needles::default();
    for Secret {
        name,
        bytes,
        key_type,
        form,
        ..
    } in secrets
    {
        match form {
            Form::Text => {
                needles.add_text(name, bytes);
                continue;
            }
            Form::Number => needles.add_number(name, bytes),
            Form::Bytes => needles.add(name, bytes),
        }
        if let Some(algorithm @ (AeadAlgorithm::Aes128Gcm96 | AeadAlgorithm::Aes256Gcm96)) =
            key_type
        {
            let algorithm = match algorithm {
                AeadAlgorithm::Aes128Gcm96 => &ring::aead::AES_128_GCM,
                _ => &ring::aead::AES_256_GCM,
            };
            needles.add_expanded(&format!("{name}, expanded"), bytes, |bytes| {
                ring::aead::UnboundKey::new(algorithm, bytes).unwrap()
            });
        }
    }
    needles
}

async fn stored(store: &dyn Store, path: &str) -> Arc<[u8]> {
    store
        .get(&Path::new(path).unwrap())
        .await
        .unwrap()
        .unwrap()
        .bytes
}

/// Opens the record of the barrier keys as `docs/formats.md` describes it.
fn open_terms(store: StoreId, root_key: &[u8], record: &[u8]) -> Vec<u8> {
    let fields: [&[u8]; 2] = [store.as_bytes(), b"barrier/terms"];
    let place = AssociatedData::new("sealgate barrier keys", &fields, Term::FIRST);
    let record = Record::parse(record).unwrap();
    let sealed = [record.ciphertext, record.tag].concat();
    let payload = Payload {
        msg: &sealed,
        aad: place.as_bytes(),
    };
    let cipher = Aes256Gcm::new_from_slice(root_key).unwrap();
    cipher.decrypt(&(*record.nonce).into(), payload).unwrap()
}
