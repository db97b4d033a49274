//! Work for the server, over several connections at once.

use sealgate_keyring::{
    algorithm::{AeadAlgorithm, KeyType},
    version::Version,
};
use sealgate_sdk::{
    Client, Decrypt, Encrypt, Rewrap,
    wire::transit::{ConfigureKey, CreateKey},
};
use tokio::task::JoinSet;

use crate::server::Server;

const MOUNT: &str = "transit";
/// Contexts of derived keys.
pub const CONTEXTS: [&[u8]; 2] = [b"tenant-1", b"tenant-2"];
pub const USES: [&str; 3] = ["plain", "derived", "convergent"];
/// The use of keys that sign.
pub const SIGN: &str = "sign";
const SIGNING: [KeyType; 5] = [
    KeyType::Ed25519,
    KeyType::EcdsaP256,
    KeyType::EcdsaP384,
    KeyType::EcdsaP521,
    KeyType::Rsa2048,
];
/// Its versions below the last are trimmed.
pub const TRIMMED: &str = "trimmed";
/// Its versions below the last are destroyed.
pub const DESTROYED: &str = "destroyed";
/// It is deleted.
pub const DELETED: &str = "deleted";
pub const ROTATIONS: u32 = 2;

/// Clients, each with a connection of its own.
pub struct Load(Vec<Client>);

/// The names of all keys, with type and use.
pub fn keys() -> impl Iterator<Item = (String, KeyType, &'static str)> {
    let used = AeadAlgorithm::ALL
        .into_iter()
        .map(KeyType::from)
        .flat_map(|key_type| USES.map(|use_| (format!("{key_type}-{use_}"), key_type, use_)));
    let signing = SIGNING.map(|key_type| (format!("{key_type}-{SIGN}"), key_type, SIGN));
    let plain =
        [TRIMMED, DESTROYED, DELETED].map(|name| (name.to_owned(), KeyType::Aes256Gcm96, "plain"));
    used.chain(signing).chain(plain)
}

/// Whether a version is gone after [`Load::delete_destroy_and_trim`].
pub fn is_dropped(name: &str, version: Version) -> bool {
    name == DELETED || [TRIMMED, DESTROYED].contains(&name) && version.number() <= ROTATIONS
}

impl Load {
    pub fn new(server: &Server, token: &str) -> Self {
        Self((0..4).map(|_| server.client(token)).collect())
    }

    pub async fn create_keys(&self) {
        let transit = self.0[0].transit(MOUNT).unwrap();
        for (name, key_type, use_) in keys() {
            let settings = CreateKey {
                kind: Some(key_type.to_string()),
                derived: Some(matches!(use_, "derived" | "convergent")),
                convergent_encryption: Some(use_ == "convergent"),
                ..CreateKey::default()
            };
            transit.create_key(&name, &settings).await.unwrap();
        }
    }

    pub async fn rotate_and_use(&self) {
        for _ in 0..ROTATIONS {
            self.use_keys().await;
            for (name, ..) in keys() {
                self.0[1]
                    .transit(MOUNT)
                    .unwrap()
                    .rotate_key(&name)
                    .await
                    .unwrap();
            }
        }
        self.use_keys().await;
    }

    /// Encrypts, decrypts and rewraps with every key that is left, over every connection.
    pub async fn use_keys(&self) {
        let left = self.0[0].transit(MOUNT).unwrap().list_keys().await.unwrap();
        let mut work = JoinSet::new();
        for (client, largest) in self.0.iter().zip([1 << 20, 5000, 100_000, 64]) {
            for (name, _, use_) in keys().filter(|(name, ..)| left.contains(name)) {
                work.spawn(use_key(client.clone(), name, use_, largest));
            }
        }
        work.join_all().await;
    }

    pub async fn delete_destroy_and_trim(&self) {
        let transit = self.0[2].transit(MOUNT).unwrap();
        let oldest = Some(ROTATIONS + 1);
        let raised = ConfigureKey {
            min_decryption_version: oldest,
            min_encryption_version: oldest,
            ..ConfigureKey::default()
        };
        transit.configure_key(TRIMMED, &raised).await.unwrap();
        transit.trim_key(TRIMMED, ROTATIONS + 1).await.unwrap();
        let at_once = ConfigureKey {
            destroy_wait: Some(0),
            ..ConfigureKey::default()
        };
        transit.configure_key(DESTROYED, &at_once).await.unwrap();
        for version in 1..=ROTATIONS {
            let destroyed = transit.destroy_key_version(DESTROYED, version);
            destroyed.await.unwrap();
        }
        let deletable = ConfigureKey {
            deletion_allowed: Some(true),
            ..ConfigureKey::default()
        };
        transit.configure_key(DELETED, &deletable).await.unwrap();
        transit.delete_key(DELETED).await.unwrap();
    }
}

async fn use_key(client: Client, name: String, use_: &str, largest: usize) {
    let transit = client.transit(MOUNT).unwrap();
    if use_ == SIGN {
        for size in [0, 64, largest] {
            let message = vec![b'm'; size];
            let signature = transit.sign(&name, &message).await.unwrap();
            assert!(transit.verify(&name, &message, &signature).await.unwrap());
            let tag = transit.hmac(&name, &message).await.unwrap();
            assert!(transit.verify_hmac(&name, &message, &tag).await.unwrap());
        }
        return;
    }
    let contexts = if use_ == "plain" {
        &[&b""[..]][..]
    } else {
        &CONTEXTS[..]
    };
    for context in contexts {
        for size in [0, 64, largest] {
            let plaintext = vec![b'p'; size];
            let asked = Encrypt::new(&plaintext)
                .context(context)
                .associated_data(b"row");
            let sealed = transit.encrypt(&name, asked).await.unwrap().ciphertext;
            let asked = Decrypt::new(&sealed)
                .context(context)
                .associated_data(b"row");
            assert_eq!(
                transit.decrypt(&name, asked).await.unwrap().expose(),
                plaintext
            );
        }
        let plaintexts: Vec<_> = (0..100_u32).map(|number| number.to_be_bytes()).collect();
        let items = plaintexts
            .iter()
            .map(|plaintext| Encrypt::new(plaintext).context(context));
        let sealed = transit.encrypt_batch(&name, items).await.unwrap();
        let sealed: Vec<_> = sealed
            .into_iter()
            .map(|item| item.unwrap().ciphertext)
            .collect();
        let items = sealed.iter().map(|text| Rewrap::new(text).context(context));
        let rewrapped = transit.rewrap_batch(&name, items).await.unwrap();
        let rewrapped: Vec<_> = rewrapped
            .into_iter()
            .map(|item| item.unwrap().ciphertext)
            .collect();
        let items = rewrapped
            .iter()
            .map(|text| Decrypt::new(text).context(context));
        for (opened, plaintext) in transit
            .decrypt_batch(&name, items)
            .await
            .unwrap()
            .into_iter()
            .zip(&plaintexts)
        {
            assert_eq!(opened.unwrap().expose(), plaintext);
        }
    }
}
