//! The paths of a transit mount.

mod backup;
mod batch;
mod budget;
mod byok;
mod certificates;
mod crypt;
mod datakey;
mod derive;
mod describe;
mod encoding;
mod export;
mod fields;
mod hash;
mod import;
pub mod items;
mod keys;
mod mac;
mod mount;
mod random;
mod routes;
mod sign;
pub mod string_items;
mod versions;

pub use routes::ROUTES;
