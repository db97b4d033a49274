//! What can be wrong with a configuration, in sentences that name the place.

use std::fmt;
use std::path::PathBuf;

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// The file that was asked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The text is not TOML.
    #[error("the configuration is not valid TOML: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A top-level name that is no section.
    #[error("unknown section [{name}]; the sections are {known}")]
    UnknownSection {
        /// The name as written.
        name: String,
        /// All sections.
        known: String,
    },
    /// A section's name was given a plain value.
    #[error("{name} is a section: write [{name}] on a line of its own")]
    NotASection {
        /// The section.
        name: &'static str,
    },
    /// A key that its section does not have.
    #[error("unknown key {section}.{key}; [{section}] knows {known}")]
    UnknownKey {
        /// The section it was found in.
        section: &'static str,
        /// The key as written.
        key: String,
        /// All keys of the section.
        known: String,
    },
    /// A variable that looks like an override but names no key.
    #[error("unknown environment variable {name}; the overrides of this section are {known}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// All variables of the section.
        known: String,
    },
    /// A value its key cannot take.
    #[error("{origin} is {found}, but must be {expected}")]
    Invalid {
        /// Where the value was found.
        origin: Origin,
        /// The value as written.
        found: String,
        /// What would be accepted.
        expected: String,
    },
    /// A key without a default was not given.
    #[error(
        "{key} is not set; write it in the configuration file or set {}",
        variable(key)
    )]
    Missing {
        /// The key, `section.key`.
        key: &'static str,
    },
    /// The transport is neither TLS nor plain HTTP.
    #[error(
        "[listener] needs tls_cert_file and tls_key_file, or tls_disable = true for plain HTTP \
         on a loopback address"
    )]
    NoTransport,
    /// Half of the pair of certificate and key.
    #[error("listener.{present} is set without listener.{absent}; TLS needs both")]
    HalfTls {
        /// The key that was given.
        present: &'static str,
        /// The key that was not.
        absent: &'static str,
    },
    /// Certificates were given, and TLS was turned off.
    #[error("listener.tls_disable = true contradicts listener.{key}; remove one of them")]
    TlsDisabledWithFiles {
        /// The TLS key that was given.
        key: &'static str,
    },
    /// Plain HTTP would leave the machine.
    #[error(
        "plain HTTP on {address} would carry keys' plaintext and tokens over the network in the \
         clear: configure TLS, listen on a loopback address, or set \
         listener.allow_plain_http_on_network = true"
    )]
    PlainHttpOnNetwork {
        /// The address that was asked for.
        address: std::net::SocketAddr,
    },
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `section.key` in the file.
    File {
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
    },
    /// This environment variable.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { section, key } => write!(f, "{section}.{key}"),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
        }
    }
}

/// The override of `section.key`.
fn variable(key: &str) -> String {
    format!("SEALGATE_{}", key.replace('.', "_").to_ascii_uppercase())
}
