//! The JSON messages of Sealgate's HTTP API. No input or output happens here.
//!
//! Field names and shapes are those of Vault's and OpenBao's transit API, so that a message from
//! one server is understood by a client of the other. Every message reads and writes: the gateway
//! parses what the client writes, and the other way round. Unknown fields are ignored.
//!
//! Numbers, switches and durations of *requests* are also read from strings (`"3"`, `"true"`,
//! `"24h"`), because command lines of the peers send them so; see [`lenient`].
//!
//! Plaintexts, shares and tokens travel in [`SecretText`] and [`SecretBytes`], which wipe
//! themselves and never show their content in `Debug`.

pub mod lenient;
pub mod sys;
pub mod token;
pub mod transit;

mod envelope;
mod secret;

pub use envelope::{Envelope, Errors};
pub use secret::{InvalidBase64, SecretBytes, SecretText};
