//! Versioned keys in a keyring that is sealed by Shamir shares.
//!
//! The crate knows keys, the seal, the barrier and stores. It knows no HTTP, no gRPC, no
//! Kubernetes and no identity: whoever holds a [`Keyring`](keyring::Keyring) may use every key.

pub mod aead;
pub mod algorithm;
pub mod barrier;
pub mod base64;
pub mod ciphertext;
pub mod clock;
mod der;
pub mod ecdsa;
pub mod ed25519;
pub mod error;
pub mod hash;
pub mod import;
pub mod kdf;
pub mod key;
pub mod key_wrap;
pub mod keyring;
pub mod mac;
pub mod ml_dsa;
pub mod mount;
pub mod name;
pub mod pem;
pub mod record;
pub mod rsa;
pub mod seal;
pub mod secret;
pub mod share;
pub mod store;
pub mod version;
mod versioned;
pub mod wipe;
