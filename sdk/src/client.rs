//! The client and how it is set up.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fmt, fs};

use reqwest::header::HeaderValue;
use reqwest::{Certificate, Url, redirect};
use sealgate_wire::SecretText;
use sealgate_wire::token::Token;

use crate::environment::Environment;
use crate::http::Http;
use crate::path::ApiPath;
use crate::{Error, Sys, Transit};

/// Where a server is looked for if nothing says otherwise.
pub const DEFAULT_ADDRESS: &str = "http://127.0.0.1:8200";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(60);
const ANSWER_LIMIT: usize = 128 << 20;

/// A connection pool to one server, with one token. Cloning shares the pool.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    /// Starts from the defaults: [`DEFAULT_ADDRESS`], no token, the system's certificates.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Sets everything up from `SEALGATE_ADDR`, `SEALGATE_TOKEN` and `SEALGATE_CACERT`, each
    /// falling back to the `VAULT_` and then the `BAO_` variable of the same name.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env().build()
    }

    /// Address of the server.
    pub fn address(&self) -> &str {
        self.http.address()
    }

    /// The transit mount at `mount`, usually `transit`.
    pub fn transit(&self, mount: &str) -> Result<Transit, Error> {
        Ok(Transit::new(self.http.clone(), ApiPath::parse(mount)?))
    }

    /// The server itself: init, seal, health, mounts.
    pub fn sys(&self) -> Sys {
        Sys::new(self.http.clone())
    }

    /// The token that this client uses.
    pub async fn lookup_self(&self) -> Result<Token, Error> {
        self.http
            .get(&ApiPath::fixed("auth/token/lookup-self"))
            .await?
            .data()
    }
}

/// Settings of a [`Client`].
#[derive(Clone)]
pub struct ClientBuilder {
    address: String,
    token: Option<SecretText>,
    ca_file: Option<PathBuf>,
    connect_timeout: Duration,
    timeout: Duration,
    answer_limit: usize,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            address: DEFAULT_ADDRESS.to_owned(),
            token: None,
            ca_file: None,
            connect_timeout: CONNECT_TIMEOUT,
            timeout: TIMEOUT,
            answer_limit: ANSWER_LIMIT,
        }
    }
}

impl ClientBuilder {
    /// The settings of [`Client::from_env`], to be changed further.
    pub fn from_env() -> Self {
        let Environment {
            address,
            token,
            ca_file,
        } = Environment::of_process();
        let default = Self::default();
        Self {
            address: address.unwrap_or(default.address),
            token,
            ca_file,
            ..default
        }
    }

    /// URL of the server: `https://host:port`, with a path if it stands behind one.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// Token to authenticate with.
    #[must_use]
    pub fn token(mut self, token: impl Into<SecretText>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// PEM file of the only certificate authorities to trust.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// How long a connection may take to come up. 5 seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a request may take in all. 60 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest answer to accept, in bytes. 128 MiB by default.
    #[must_use]
    pub fn answer_limit(mut self, bytes: usize) -> Self {
        self.answer_limit = bytes;
        self
    }

    /// Checks the settings. Connects to nothing yet.
    pub fn build(self) -> Result<Client, Error> {
        let base = parse_address(&self.address)?;
        let mut client = reqwest::Client::builder()
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .tcp_nodelay(true)
            .no_proxy()
            // A redirect would carry the token to a server that nobody named.
            .redirect(redirect::Policy::none());
        if let Some(path) = &self.ca_file {
            client = client.tls_certs_only(read_certificates(path)?);
        } else if base.scheme() == "http" {
            // Loading the system's certificates takes time, and fails where there are none.
            client = client.tls_certs_only([]);
        }
        let client = client
            .build()
            .map_err(|error| unusable(self.ca_file.as_deref(), &error))?;
        let token = self.token.as_ref().map(token_header).transpose()?;
        Ok(Client {
            http: Http::new(client, base, self.address, token, self.answer_limit),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("address", &self.address)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

fn parse_address(address: &str) -> Result<Url, Error> {
    let url = Url::parse(address).map_err(|_| Error::Address(address.to_owned()))?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if plain && matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err(Error::Address(address.to_owned()))
    }
}

fn read_certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let refused = |reason: String| Error::Certificate {
        path: path.to_owned(),
        reason,
    };
    let pem = fs::read(path).map_err(|error| refused(error.to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(refused("it holds no PEM certificate".to_owned())),
    }
}

/// Setting up the HTTP client reads nothing but certificates.
fn unusable(ca_file: Option<&Path>, error: &reqwest::Error) -> Error {
    let path = ca_file.unwrap_or(Path::new("of the system")).to_owned();
    let reason = std::error::Error::source(error).map_or(error.to_string(), ToString::to_string);
    Error::Certificate { path, reason }
}

fn token_header(token: &SecretText) -> Result<HeaderValue, Error> {
    let mut header = HeaderValue::from_str(token.expose()).map_err(|_| Error::Token)?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_http_urls() {
        for address in [
            "",
            "127.0.0.1:8200",
            "ftp://h",
            "http://",
            "http://u:p@h",
            "http://h?x",
        ] {
            let built = Client::builder().address(address).build();
            assert!(matches!(built, Err(Error::Address(_))), "{address:?}");
        }
        for address in [
            "http://127.0.0.1:8200",
            "https://vault.example/base/",
            "http://[::1]",
        ] {
            parse_address(address).unwrap();
        }
    }

    #[test]
    fn tokens_fit_a_header_and_do_not_show() {
        let refused = Client::builder()
            .token("a\nb".to_owned())
            .build()
            .unwrap_err();
        assert!(matches!(refused, Error::Token));
        let builder = Client::builder().token("hvs.abc".to_owned());
        assert!(!format!("{builder:?}").contains("hvs.abc"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("hvs.abc"));
    }

    #[test]
    fn a_certificate_file_without_certificates_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for path in [file.path(), Path::new("/nonexistent")] {
            let built = Client::builder().address("https://h").ca_file(path).build();
            assert!(matches!(built, Err(Error::Certificate { .. })));
        }
    }
}
