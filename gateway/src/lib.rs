//! Sealgate's gateway: the server and the command line around a sealed keyring.
//!
//! A request comes in through [`listener`], is bounded by [`limits`], becomes a
//! [`Call`](http::Call) in [`http`], passes the one door in [`service`], and is answered by the
//! handler that [`routes`] names for it.

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod error;
pub mod http;
pub mod limits;
pub mod listener;
pub mod metrics;
pub mod openapi;
pub mod pattern;
pub mod reload;
pub mod respond;
pub mod routes;
pub mod server;
pub mod service;
pub mod shutdown;
pub mod trace;
