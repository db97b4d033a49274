//! The Rust client of Sealgate, and of every server that speaks Vault's or OpenBao's transit API.
//!
//! Bytes go in and bytes come out; base64, JSON and the envelope stay inside.
//!
//! ```no_run
//! # async fn example() -> Result<(), sealgate_sdk::Error> {
//! use sealgate_sdk::{Client, Decrypt, Encrypt};
//!
//! let client = Client::from_env()?;
//! let transit = client.transit("transit")?;
//!
//! let sealed = transit.encrypt("orders", b"four apples").await?;
//! let opened = transit.decrypt("orders", &sealed.ciphertext).await?;
//! assert_eq!(opened.expose(), b"four apples");
//!
//! // A derived key needs a context; associated data must be the same on both sides.
//! let bound = Encrypt::new(b"four apples").context(b"tenant-7").associated_data(b"row 12");
//! let sealed = transit.encrypt("tenants", bound).await?;
//! let bound = Decrypt::new(&sealed.ciphertext).context(b"tenant-7").associated_data(b"row 12");
//! transit.decrypt("tenants", bound).await?;
//! # Ok(())
//! # }
//! ```

mod backup;
mod batch;
mod client;
mod environment;
mod error;
mod http;
mod item;
mod keys;
mod path;
mod sign;
mod sys;
mod transit;

pub use batch::ItemError;
pub use client::{Client, ClientBuilder, DEFAULT_ADDRESS};
pub use error::Error;
pub use item::{Decrypt, Encrypt, Encrypted, Rewrap};
pub use sealgate_wire as wire;
pub use sealgate_wire::{SecretBytes, SecretText};
pub use sign::Sign;
pub use sys::Sys;
pub use transit::Transit;
