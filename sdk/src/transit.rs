//! Encrypt, decrypt and rewrap with the keys of one mount.

use sealgate_wire::SecretBytes;
use sealgate_wire::transit::{CiphertextAnswer, PlaintextAnswer};

use crate::http::Http;
use crate::path::ApiPath;
use crate::{Decrypt, Encrypt, Encrypted, Error, Rewrap};

/// A transit mount of a server.
///
/// Source: <https://openbao.org/api-docs/secret/transit/>.
#[derive(Clone, Debug)]
pub struct Transit {
    http: Http,
    mount: ApiPath,
}

impl Transit {
    pub(crate) fn new(http: Http, mount: ApiPath) -> Self {
        Self { http, mount }
    }

    /// Encrypts bytes, or an [`Encrypt`] with context, associated data or version.
    ///
    /// A key that does not exist is created, if the server allows it.
    pub async fn encrypt<'a>(
        &self,
        key: &str,
        plaintext: impl Into<Encrypt<'a>>,
    ) -> Result<Encrypted, Error> {
        let request = plaintext.into().request();
        let answer = self
            .http
            .post(&self.of_key("encrypt", key)?, &request)
            .await?;
        answer.data::<CiphertextAnswer>().map(Encrypted::from)
    }

    /// Decrypts a ciphertext, or a [`Decrypt`] with context or associated data.
    pub async fn decrypt<'a>(
        &self,
        key: &str,
        ciphertext: impl Into<Decrypt<'a>>,
    ) -> Result<SecretBytes, Error> {
        let request = ciphertext.into().request();
        let answer = self
            .http
            .post(&self.of_key("decrypt", key)?, &request)
            .await?;
        let PlaintextAnswer { plaintext } = answer.data()?;
        plaintext
            .decode_base64()
            .map_err(|_| Error::Answer("the plaintext is not base64".to_owned()))
    }

    /// Encrypts a ciphertext anew, with the latest version of its key or the one that a
    /// [`Rewrap`] names. The plaintext does not leave the server.
    pub async fn rewrap<'a>(
        &self,
        key: &str,
        ciphertext: impl Into<Rewrap<'a>>,
    ) -> Result<Encrypted, Error> {
        let request = ciphertext.into().request();
        let answer = self
            .http
            .post(&self.of_key("rewrap", key)?, &request)
            .await?;
        answer.data::<CiphertextAnswer>().map(Encrypted::from)
    }

    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    pub(crate) fn path(&self, path: &'static str) -> ApiPath {
        self.mount.then(path)
    }

    pub(crate) fn of_key(&self, operation: &'static str, key: &str) -> Result<ApiPath, Error> {
        self.path(operation).name(key)
    }
}
