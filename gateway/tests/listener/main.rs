//! The listener over real sockets: limits, TLS, draining, signals.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod drain;
mod limits;
mod reload;
mod server;
mod slow;
mod tls;
