//! `[listener]`: the socket, and how bytes travel over it.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::error::ConfigError;
use super::source::Source;
use super::value;

/// The address to listen on and its transport. Plain HTTP on an address that other machines
/// reach exists only through [`ListenerConfig::plain_on_network`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerConfig {
    address: SocketAddr,
    transport: Transport,
}

/// How bytes travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// HTTP over TLS.
    Tls(TlsFiles),
    /// HTTP in the clear.
    Plain,
}

/// Where the server's certificate is found and what it is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM file: the server's certificate first, then its issuers.
    pub cert_file: PathBuf,
    /// PEM file: the private key of the first certificate (PKCS#8, PKCS#1 or SEC1).
    pub key_file: PathBuf,
    /// The oldest protocol version that is accepted.
    pub min_version: TlsMinVersion,
}

/// The oldest TLS version that is accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsMinVersion {
    /// TLS 1.2 (RFC 5246) and newer.
    #[default]
    Tls12,
    /// TLS 1.3 (RFC 8446) only.
    Tls13,
}

impl ListenerConfig {
    /// TLS on any address.
    pub fn tls(address: SocketAddr, files: TlsFiles) -> Self {
        Self {
            address,
            transport: Transport::Tls(files),
        }
    }

    /// Plain HTTP that does not leave the machine.
    ///
    /// # Errors
    /// [`ConfigError::PlainHttpOnNetwork`] when `address` is not a loopback address.
    pub fn plain_on_loopback(address: SocketAddr) -> Result<Self, ConfigError> {
        if !address.ip().to_canonical().is_loopback() {
            return Err(ConfigError::PlainHttpOnNetwork { address });
        }
        Ok(Self {
            address,
            transport: Transport::Plain,
        })
    }

    /// Plain HTTP that other machines reach: everybody on the way reads tokens and plaintexts.
    pub fn plain_on_network(address: SocketAddr) -> Self {
        Self {
            address,
            transport: Transport::Plain,
        }
    }

    /// The address to listen on; port 0 lets the operating system choose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How bytes travel.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(super) fn from_source(source: &Source) -> Result<Self, ConfigError> {
        let section = "listener";
        let versions =
            value::choice(&[("1.2", TlsMinVersion::Tls12), ("1.3", TlsMinVersion::Tls13)]);
        let address = source
            .read(section, "address", value::address)?
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8200)));
        let cert_file = source.read(section, "tls_cert_file", value::path)?;
        let key_file = source.read(section, "tls_key_file", value::path)?;
        let min_version = source
            .read(section, "tls_min_version", versions)?
            .unwrap_or_default();
        let plain = source
            .read(section, "tls_disable", value::flag)?
            .unwrap_or(false);
        let exposed = source
            .read(section, "allow_plain_http_on_network", value::flag)?
            .unwrap_or(false);
        match (cert_file, key_file) {
            (Some(_), _) if plain => Err(ConfigError::TlsDisabledWithFiles {
                key: "tls_cert_file",
            }),
            (_, Some(_)) if plain => Err(ConfigError::TlsDisabledWithFiles {
                key: "tls_key_file",
            }),
            (Some(cert_file), Some(key_file)) => Ok(Self::tls(
                address,
                TlsFiles {
                    cert_file,
                    key_file,
                    min_version,
                },
            )),
            (Some(_), None) => Err(ConfigError::HalfTls {
                present: "tls_cert_file",
                absent: "tls_key_file",
            }),
            (None, Some(_)) => Err(ConfigError::HalfTls {
                present: "tls_key_file",
                absent: "tls_cert_file",
            }),
            (None, None) if plain && exposed => Ok(Self::plain_on_network(address)),
            (None, None) if plain => Self::plain_on_loopback(address),
            (None, None) => Err(ConfigError::NoTransport),
        }
    }
}
