//! Many items in one request.

use sealgate_wire::SecretBytes;
use sealgate_wire::transit::{
    BatchAnswer, CiphertextResult, DecryptRequest, EncryptRequest, PlaintextResult, RewrapRequest,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::path::ApiPath;
use crate::{Decrypt, Encrypt, Encrypted, Error, Rewrap, Transit};

/// Why one item of a batch failed, in the server's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ItemError(pub String);

impl Transit {
    /// Encrypts many plaintexts. The results are in the order of the items.
    pub async fn encrypt_batch<'a>(
        &self,
        key: &str,
        items: impl IntoIterator<Item = Encrypt<'a>>,
    ) -> Result<Vec<Result<Encrypted, ItemError>>, Error> {
        let items: Vec<_> = items.into_iter().map(Encrypt::item).collect();
        let sent = items.len();
        let request = EncryptRequest {
            batch_input: Some(items),
            ..EncryptRequest::default()
        };
        self.batch(self.of_key("encrypt", key)?, &request, sent, encrypted)
            .await
    }

    /// Decrypts many ciphertexts. The results are in the order of the items.
    pub async fn decrypt_batch<'a>(
        &self,
        key: &str,
        items: impl IntoIterator<Item = Decrypt<'a>>,
    ) -> Result<Vec<Result<SecretBytes, ItemError>>, Error> {
        let items: Vec<_> = items.into_iter().map(Decrypt::item).collect();
        let sent = items.len();
        let request = DecryptRequest {
            batch_input: Some(items),
            ..DecryptRequest::default()
        };
        self.batch(self.of_key("decrypt", key)?, &request, sent, decrypted)
            .await
    }

    /// Rewraps many ciphertexts. The results are in the order of the items.
    pub async fn rewrap_batch<'a>(
        &self,
        key: &str,
        items: impl IntoIterator<Item = Rewrap<'a>>,
    ) -> Result<Vec<Result<Encrypted, ItemError>>, Error> {
        let items: Vec<_> = items.into_iter().map(Rewrap::item).collect();
        let sent = items.len();
        let request = RewrapRequest {
            batch_input: Some(items),
            ..RewrapRequest::default()
        };
        self.batch(self.of_key("rewrap", key)?, &request, sent, encrypted)
            .await
    }

    async fn batch<R: DeserializeOwned, T>(
        &self,
        path: ApiPath,
        request: &impl Serialize,
        sent: usize,
        convert: fn(R) -> Result<Result<T, ItemError>, Error>,
    ) -> Result<Vec<Result<T, ItemError>>, Error> {
        let answer: BatchAnswer<R> = self.http().post(&path, request).await?.results()?;
        let came = answer.batch_results.len();
        if came != sent {
            return Err(Error::Answer(format!("{came} results for {sent} items")));
        }
        answer.batch_results.into_iter().map(convert).collect()
    }
}

fn encrypted(result: CiphertextResult) -> Result<Result<Encrypted, ItemError>, Error> {
    match result {
        CiphertextResult {
            error: Some(error), ..
        } => Ok(Err(ItemError(error))),
        CiphertextResult {
            ciphertext: Some(ciphertext),
            key_version: Some(version),
            ..
        } => Ok(Ok(Encrypted {
            ciphertext,
            version,
        })),
        _ => Err(Error::Answer(
            "an item has neither ciphertext nor error".to_owned(),
        )),
    }
}

fn decrypted(result: PlaintextResult) -> Result<Result<SecretBytes, ItemError>, Error> {
    match result.error {
        Some(error) => Ok(Err(ItemError(error))),
        None => result
            .plaintext
            .decode_base64()
            .map(Ok)
            .map_err(|_| Error::Answer("a plaintext is not base64".to_owned())),
    }
}
