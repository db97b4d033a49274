//! RSA (RFC 8017): keys, signatures, encryption.
//!
//! AWS-LC does what it can: it generates and checks keys, decrypts, and signs with SHA-256,
//! SHA-384 and SHA-512. For the other hash functions the padding is ours and the exponentiation is
//! `crypto-bigint`'s; `docs/decisions/0012-rsa.md` says why.

mod components;
mod emsa;
mod encryption;
mod error;
mod private_key;
mod public_key;
mod raw;
mod signature;

#[cfg(test)]
pub(crate) use private_key::composite;

pub use components::RsaComponents;
pub use encryption::RsaEncryption;
pub use error::RsaError;
pub use private_key::RsaPrivateKey;
pub use public_key::RsaPublicKey;
pub use signature::{RsaScheme, SaltLength};

/// How much stack is overwritten below arithmetic with RSA keys, in bytes: it reaches about half of
/// this with 4096 bits, as `tests/memory_rsa.rs` measures.
pub const STACK_BYTES: usize = 64 << 10;
