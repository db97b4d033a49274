//! Placeholder.

pub mod config;
pub mod limits;
pub mod listener;
pub mod reload;
pub mod shutdown;
pub mod trace;
