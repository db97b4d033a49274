//! `[limits]`: what one client may ask of the server.

use std::time::Duration;

use super::error::ConfigError;
use super::source::Source;
use super::value;

/// Bounds on sizes, counts and times. All sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest request body.
    pub max_body_bytes: usize,
    /// Largest request head: request line and header fields.
    pub max_header_bytes: usize,
    /// Longest path and query.
    pub max_uri_bytes: usize,
    /// Most items in one batch.
    pub max_batch_items: usize,
    /// Most connections at once; further ones wait in the operating system's queue.
    pub max_connections: usize,
    /// Most requests being worked on at once; further ones are turned away with 503.
    pub max_concurrent_requests: usize,
    /// Longest time from the end of a request's head to its answer.
    pub request_timeout: Duration,
    /// Longest time from the first byte of a request's head to its last.
    pub header_timeout: Duration,
    /// Longest time a connection may stay open without a byte moving.
    pub idle_timeout: Duration,
    /// Longest time a TLS handshake may take.
    pub tls_handshake_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 32 << 20,
            max_header_bytes: 32 << 10,
            max_uri_bytes: 8 << 10,
            max_batch_items: 10_000,
            max_connections: 4_096,
            max_concurrent_requests: 512,
            request_timeout: Duration::from_secs(90),
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(300),
            tls_handshake_timeout: Duration::from_secs(10),
        }
    }
}

impl Limits {
    pub(super) fn from_source(source: &Source) -> Result<Self, ConfigError> {
        let size = |key, default: usize, min, max| {
            source
                .read("limits", key, value::size(min, max))
                .map(|found| found.unwrap_or(default))
        };
        let count = |key, default: usize, max| {
            source
                .read("limits", key, value::count(1, max))
                .map(|found| found.unwrap_or(default))
        };
        let time = |key, default: Duration| {
            let range = value::duration(Duration::from_millis(1), Duration::from_secs(86_400));
            source
                .read("limits", key, range)
                .map(|found| found.unwrap_or(default))
        };
        let default = Self::default();
        Ok(Self {
            max_body_bytes: size("max_body_bytes", default.max_body_bytes, 1 << 10, 1 << 30)?,
            max_header_bytes: size(
                "max_header_bytes",
                default.max_header_bytes,
                4 << 10,
                1 << 20,
            )?,
            // An HTTP/1 request target beyond 64 KiB is not representable in the HTTP library.
            max_uri_bytes: size("max_uri_bytes", default.max_uri_bytes, 256, 60 << 10)?,
            max_batch_items: count("max_batch_items", default.max_batch_items, 1_000_000)?,
            max_connections: count("max_connections", default.max_connections, 1_000_000)?,
            max_concurrent_requests: count(
                "max_concurrent_requests",
                default.max_concurrent_requests,
                100_000,
            )?,
            request_timeout: time("request_timeout", default.request_timeout)?,
            header_timeout: time("header_timeout", default.header_timeout)?,
            idle_timeout: time("idle_timeout", default.idle_timeout)?,
            tls_handshake_timeout: time("tls_handshake_timeout", default.tls_handshake_timeout)?,
        })
    }
}
