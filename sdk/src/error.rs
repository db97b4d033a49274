//! What can go wrong between a caller and an answer.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

/// The reason why there is no answer, or not the wanted one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not an `http://` or `https://` URL of a server.
    #[error("{0:?} is not an http:// or https:// address")]
    Address(String),
    /// The certificate file cannot be read, or holds no certificate.
    #[error("the certificate file {} is not usable: {reason}", path.display())]
    Certificate {
        /// As configured.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The token has characters that cannot travel in a header. It is not shown.
    #[error("the token contains characters that no token has")]
    Token,
    /// Empty, `.`, `..`, or with a slash or control character where none can be.
    #[error("{0:?} is not a usable name")]
    Name(String),
    /// Nobody answers at the address.
    #[error("cannot connect to {address}")]
    Connect {
        /// Of the server.
        address: String,
        /// What the operating system says.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The two sides do not agree on TLS: mostly a certificate that is not trusted.
    #[error("no secure connection to {address}: {source}")]
    Tls {
        /// Of the server.
        address: String,
        /// What rustls says.
        source: rustls::Error,
    },
    /// No answer in time. Whether the request took effect is unknown.
    #[error("no answer from {address} in time")]
    Timeout {
        /// Of the server.
        address: String,
    },
    /// The connection broke. Whether the request took effect is unknown.
    #[error("the connection to {address} broke")]
    Broken {
        /// Of the server.
        address: String,
        /// What the network says.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The server refused.
    #[error("the server answered {}", refusal(*status, errors))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's sentences; may be empty.
        errors: Vec<String>,
    },
    /// The server answered something that is no answer to the request.
    #[error("the server's answer is not valid: {0}")]
    Answer(String),
}

impl Error {
    /// Whether the server refused because it is sealed.
    pub fn is_sealed(&self) -> bool {
        matches!(self, Self::Refused { status: 503, errors }
            if errors.iter().any(|error| error.to_ascii_lowercase().contains("sealed")))
    }

    /// Whether the server knows no such thing.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the same request may work a moment later: there was no answer, or the server is
    /// overloaded, sealed or broken. A request that changes something may have taken effect.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }

    /// The HTTP status, if the server refused.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Sorts what the HTTP client reports.
    pub(crate) fn from_transport(error: reqwest::Error, address: &str) -> Self {
        let address = address.to_owned();
        // The URL would repeat the address, and name the key.
        let error = error.without_url();
        if let Some(source) = rustls_cause(&error) {
            return Self::Tls { address, source };
        }
        if error.is_connect() {
            Self::Connect {
                address,
                source: error.into(),
            }
        } else if error.is_timeout() {
            Self::Timeout { address }
        } else {
            Self::Broken {
                address,
                source: error.into(),
            }
        }
    }
}

fn refusal(status: u16, errors: &[String]) -> String {
    if errors.is_empty() {
        status.to_string()
    } else {
        format!("{status}: {}", errors.join("; "))
    }
}

/// The TLS error among the causes. An `io::Error` hides what it carries from `source()`.
fn rustls_cause(error: &(dyn StdError + 'static)) -> Option<rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls.clone());
        }
        cause = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, errors: &[&str]) -> Error {
        Error::Refused {
            status,
            errors: errors.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn only_a_sealed_server_is_sealed() {
        assert!(refused(503, &["Vault is sealed"]).is_sealed());
        assert!(refused(503, &["Sealgate is sealed"]).is_sealed());
        assert!(!refused(503, &["the store is not reachable"]).is_sealed());
        assert!(!refused(400, &["sealed"]).is_sealed());
    }

    #[test]
    fn what_the_caller_did_wrong_is_not_transient() {
        for status in [429, 500, 502, 503] {
            assert!(refused(status, &[]).is_transient(), "{status}");
        }
        for status in [400, 403, 404, 413] {
            assert!(!refused(status, &[]).is_transient(), "{status}");
        }
        assert!(
            Error::Timeout {
                address: String::new()
            }
            .is_transient()
        );
        assert!(!Error::Answer(String::new()).is_transient());
    }

    #[test]
    fn a_refusal_without_words_shows_its_status() {
        assert_eq!(refused(404, &[]).to_string(), "the server answered 404");
        assert_eq!(
            refused(400, &["a", "b"]).to_string(),
            "the server answered 400: a; b"
        );
    }
}
