//! Why a listener could not start, or a certificate not be reloaded.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a listener could not start, or a certificate not be reloaded.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken, not ours, or needs a privilege.
    #[error("cannot listen on {address}")]
    Address {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// A certificate or key file could not be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not PEM, or its Base64 is broken.
    #[error("{} is not a valid PEM file", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// No `CERTIFICATE` block in the certificate file.
    #[error("no certificate in {}: expected a PEM block \"BEGIN CERTIFICATE\"", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No private key block in the key file.
    #[error("no private key in {}: expected a PEM block \"BEGIN PRIVATE KEY\"", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key is damaged or of a type TLS has no use for.
    #[error("the private key in {} cannot be used", path.display())]
    UnusableKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// The certificate cannot be parsed, or is not for this key.
    #[error("the certificate in {} does not belong to the key in {}", cert.display(), key.display())]
    Mismatch {
        /// The certificate file.
        cert: PathBuf,
        /// The key file.
        key: PathBuf,
        /// What is wrong with the pair.
        source: rustls::Error,
    },
    /// The TLS library refused the settings.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}
