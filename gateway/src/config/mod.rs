//! What an operator may set: a TOML file plus `SEALGATE_<SECTION>_<KEY>` variables.
//!
//! [`Config::parse`] is pure. What it returns is typed, and a combination that must not be run
//! (plain HTTP on a network by oversight, a certificate without a key) cannot be expressed in it.
//! Every key is documented in `sealgate.example.toml`.

mod error;
mod limits;
mod listener;
mod source;
mod value;

#[cfg(test)]
mod tests;

pub use error::{ConfigError, Origin};
pub use limits::Limits;
pub use listener::{ListenerConfig, TlsFiles, TlsMinVersion, Transport};

use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use value::in_units;

use source::Source;

/// A complete configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `[listener]`: the socket and its transport.
    pub listener: ListenerConfig,
    /// `[store]`: where sealed records are kept.
    pub store: StoreConfig,
    /// `[limits]`: what one client may ask of the server.
    pub limits: Limits,
    /// `[keys]`: what is noted about keys.
    pub keys: KeysConfig,
    /// `[log]`: diagnostics on standard error.
    pub log: LogConfig,
    /// `[lifecycle]`: how the server stops.
    pub lifecycle: Lifecycle,
}

/// `[store]`: where sealed records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// An embedded RocksDB in this directory, for one replica.
    RocksDb {
        /// The database directory; created when it does not exist.
        path: PathBuf,
    },
}

/// `[keys]`: what is noted about keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysConfig {
    /// How often uses that were counted are stored.
    pub usage_interval: Duration,
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self {
            usage_interval: Duration::from_secs(60),
        }
    }
}

/// `[log]`: diagnostics on standard error. The audit log is something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogConfig {
    /// The least severe level that is written; reloaded on SIGHUP.
    pub level: LogLevel,
    /// The shape of a line.
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            format: LogFormat::Text,
        }
    }
}

/// Severity of a diagnostic line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the levels' usual names")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Shape of a diagnostic line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for log collectors.
    Json,
}

/// `[lifecycle]`: how the server stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifecycle {
    /// How long requests in flight may take to finish after SIGTERM or SIGINT.
    pub drain_timeout: Duration,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            drain_timeout: Duration::from_secs(20),
        }
    }
}

impl Config {
    /// Parses the text of a configuration file and lays the overrides found in `env` over it.
    /// Pure: it reads neither files nor the process's environment.
    ///
    /// # Errors
    /// The first thing that is wrong, with the key or the variable that holds it.
    pub fn parse(
        text: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let source = Source::merge(text, env)?;
        Ok(Self {
            listener: ListenerConfig::from_source(&source)?,
            store: StoreConfig::from_source(&source)?,
            limits: Limits::from_source(&source)?,
            keys: KeysConfig::from_source(&source)?,
            log: LogConfig::from_source(&source)?,
            lifecycle: Lifecycle::from_source(&source)?,
        })
    }

    /// Reads a configuration file and applies the overrides of the process's environment.
    ///
    /// # Errors
    /// As [`Config::parse`], or the file could not be read.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, environment())
    }
}

/// The process's environment, in the form [`Config::parse`] takes. A value that is not UTF-8 is
/// passed on with replacement characters, so that it is refused by name instead of skipped.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        Some((
            name.into_string().ok()?,
            value.to_string_lossy().into_owned(),
        ))
    })
}

impl StoreConfig {
    fn from_source(source: &Source) -> Result<Self, ConfigError> {
        source.read("store", "kind", value::choice(&[("rocksdb", ())]))?;
        let path = source.read("store", "path", value::path)?;
        Ok(Self::RocksDb {
            path: path.ok_or(ConfigError::Missing { key: "store.path" })?,
        })
    }
}

impl KeysConfig {
    fn from_source(source: &Source) -> Result<Self, ConfigError> {
        let interval = value::duration(Duration::from_secs(1), Duration::from_secs(86_400));
        Ok(Self {
            usage_interval: source
                .read("keys", "usage_interval", interval)?
                .unwrap_or(Self::default().usage_interval),
        })
    }
}

impl LogConfig {
    fn from_source(source: &Source) -> Result<Self, ConfigError> {
        let levels = value::choice(&[
            ("error", LogLevel::Error),
            ("warn", LogLevel::Warn),
            ("info", LogLevel::Info),
            ("debug", LogLevel::Debug),
            ("trace", LogLevel::Trace),
        ]);
        let formats = value::choice(&[("text", LogFormat::Text), ("json", LogFormat::Json)]);
        let default = Self::default();
        Ok(Self {
            level: source
                .read("log", "level", levels)?
                .unwrap_or(default.level),
            format: source
                .read("log", "format", formats)?
                .unwrap_or(default.format),
        })
    }
}

impl Lifecycle {
    fn from_source(source: &Source) -> Result<Self, ConfigError> {
        let drain = value::duration(Duration::ZERO, Duration::from_secs(3600));
        Ok(Self {
            drain_timeout: source
                .read("lifecycle", "drain_timeout", drain)?
                .unwrap_or(Self::default().drain_timeout),
        })
    }
}
