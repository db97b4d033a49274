//! What went wrong, in two parts: what it is, and what to do about it.

use std::error::Error as StdError;
use std::io;

use sealgate_sdk::Error;

use super::exit::Exit;
use super::output::visible;
use super::rewrap_file::FileError;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The server refused, or there was no answer.
    #[error(transparent)]
    Server(#[from] Error),
    /// As [`Server`](Self::Server), where a command talks to two.
    #[error("the source: {0}")]
    Source(Error),
    /// An input cannot be read.
    #[error("cannot read {what}")]
    Read { what: String, source: io::Error },
    /// An output cannot be written.
    #[error("cannot write {what}")]
    Write { what: String, source: io::Error },
    /// An input is longer than any server would take.
    #[error("{what} is longer than {limit} bytes")]
    TooLong { what: String, limit: u64 },
    /// An input should have been a ciphertext, and is not even text.
    #[error("{what} is not a ciphertext")]
    NotCiphertext { what: String },
    /// A file was not rewrapped.
    #[error(transparent)]
    File(#[from] FileError),
    /// The server that keys come from needs a token of its own.
    #[error("no token for the source was given")]
    NoSourceToken,
    /// No share was given, and there is no terminal to ask for one.
    #[error("no share was given")]
    NoShare,
}

impl Failure {
    /// The exit code that says so.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Server(error) | Self::Source(error) if error.is_sealed() => Exit::Sealed,
            _ => Exit::Failed,
        }
    }

    /// Tells the user.
    pub fn report(&self) {
        eprintln!("error: {}", visible(self.to_string().trim()));
        // The TLS error is part of the sentence already.
        if !matches!(
            self,
            Self::Server(Error::Tls { .. }) | Self::Source(Error::Tls { .. })
        ) && let Some(cause) = root_cause(self)
        {
            eprintln!("cause: {}", visible(&cause.to_string()));
        }
        if let Some(advice) = self.advice() {
            eprintln!("hint:  {advice}");
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Server(error) => server_advice(error),
            Self::Source(error) => source_advice(error).map(str::to_owned),
            // Where there is advice, it is part of the sentence.
            Self::Read { .. } | Self::Write { .. } | Self::File(_) => None,
            Self::TooLong { .. } => {
                Some("Split it, or encrypt it with a data key of your own.".to_owned())
            }
            Self::NotCiphertext { .. } => {
                Some("A ciphertext is text that begins with \"vault:v\".".to_owned())
            }
            Self::NoSourceToken => Some(
                "Set SEALGATE_FROM_TOKEN or --from-token-file to a token of the source that may \
                 read, back up and encrypt with its keys."
                    .to_owned(),
            ),
            Self::NoShare => Some(
                "Run this in a terminal to be asked for it, or give \"-\" to read it from \
                 standard input."
                    .to_owned(),
            ),
        }
    }
}

fn server_advice(error: &Error) -> Option<String> {
    let advice = match error {
        Error::Connect { address, .. } => {
            return Some(format!(
                "Is the server running at {address}? Set SEALGATE_ADDR or --address to where it is."
            ));
        }
        Error::Tls { source, .. } => tls_advice(source),
        Error::Address(_) => {
            "Set SEALGATE_ADDR or --address to a URL such as https://sealgate.example:8200."
        }
        Error::Timeout { .. } => "Whether it took effect is not known: look before you try again.",
        Error::Broken { .. } => {
            "Is the address right, https:// included? Whether the request took effect is not \
             known: look before you try again."
        }
        Error::Answer(_) => "Is there a Sealgate, OpenBao or Vault server at this address?",
        Error::Refused { .. } if error.is_sealed() => "Unseal it with `sealgate operator unseal`.",
        Error::Refused {
            status: 400,
            errors,
        } if says(errors, "not initialized") => "Initialise it with `sealgate operator init`.",
        Error::Refused {
            status: 400,
            errors,
        } if says(errors, "high complexity") => "Send less at once: give a smaller --batch-size.",
        Error::Refused {
            status: 401 | 403, ..
        } => "Set SEALGATE_TOKEN or --token-file to a token that may do this.",
        Error::Refused { status: 404, .. } => "Check the name, and --mount.",
        Error::Refused { status: 413, .. } => {
            "The request is larger than the server accepts: split the input, give a smaller \
             --batch-size where there is one, or raise the limit in the server's configuration."
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

/// The options have other names there.
fn source_advice(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::Connect { .. } => "Is the source running? --from says where it is.",
        Error::Address(_) => "Set --from to a URL such as https://vault.example:8200.",
        Error::Tls {
            source: rustls::Error::InvalidMessage(_),
            ..
        } => "The source may speak plain HTTP there: try an address with http://.",
        Error::Tls { .. } => {
            "Set --from-ca-cert to the certificate of the authority that vouches for the source, \
             and --from to a name that its certificate holds."
        }
        Error::Refused { .. } if error.is_sealed() => "Unseal the source first.",
        Error::Refused {
            status: 401 | 403, ..
        } => {
            "Set SEALGATE_FROM_TOKEN or --from-token-file to a token of the source that may list, \
             read, back up and encrypt with its keys."
        }
        Error::Refused { status: 404, .. } => "Check --from-mount.",
        Error::Timeout { .. } | Error::Broken { .. } => {
            "Run it again: keys that were moved already are recognised."
        }
        _ => return None,
    })
}

fn tls_advice(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidMessage(_) => {
            "The server may speak plain HTTP there: try an address with http://."
        }
        _ => {
            "Set SEALGATE_CACERT or --ca-cert to the certificate of the authority that vouches \
             for the server, and --address to a name that its certificate holds."
        }
    }
}

fn says(errors: &[String], words: &str) -> bool {
    errors.iter().any(|error| error.contains(words))
}

/// The innermost cause, which is the one that names the matter.
fn root_cause(failure: &Failure) -> Option<&(dyn StdError + 'static)> {
    let mut cause = match failure {
        // Its sentence holds the error's own.
        Failure::Source(error) => error.source()?,
        failure => failure.source()?,
    };
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, words: &str) -> Failure {
        Failure::Server(Error::Refused {
            status,
            errors: vec![words.to_owned()],
        })
    }

    #[test]
    fn only_a_sealed_server_exits_with_2() {
        assert_eq!(refused(503, "Vault is sealed").exit(), Exit::Sealed);
        for failure in [
            refused(503, "the store is not reachable"),
            refused(403, "permission denied"),
            Failure::NoShare,
        ] {
            assert_eq!(failure.exit(), Exit::Failed);
        }
    }

    #[test]
    fn advice_about_the_source_names_its_own_options() {
        let sealed = || Error::Refused {
            status: 503,
            errors: vec!["Vault is sealed".to_owned()],
        };
        assert_eq!(Failure::Source(sealed()).exit(), Exit::Sealed);
        assert_eq!(source_advice(&sealed()), Some("Unseal the source first."));
        let denied = Error::Refused {
            status: 403,
            errors: Vec::new(),
        };
        assert!(
            source_advice(&denied)
                .unwrap()
                .contains("SEALGATE_FROM_TOKEN")
        );
        let address = "http://127.0.0.1:1".to_owned();
        let source = "Connection refused".into();
        let nobody = Failure::Source(Error::Connect { address, source });
        assert_eq!(
            root_cause(&nobody).unwrap().to_string(),
            "Connection refused"
        );
    }

    #[test]
    fn advice_names_the_next_step() {
        let advice = |failure: Failure| failure.advice().unwrap();
        assert!(advice(refused(503, "Vault is sealed")).contains("sealgate operator unseal"));
        assert!(advice(refused(400, "not initialized")).contains("sealgate operator init"));
        assert!(advice(refused(403, "permission denied")).contains("SEALGATE_TOKEN"));
        assert!(advice(refused(413, "too large")).contains("limit"));
        let address = "http://127.0.0.1:1".to_owned();
        let source = "Connection refused".into();
        let nobody = advice(Failure::Server(Error::Connect { address, source }));
        assert!(nobody.contains("http://127.0.0.1:1") && nobody.contains("SEALGATE_ADDR"));
    }
}
