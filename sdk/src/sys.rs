//! The server itself.

use std::collections::BTreeMap;

use sealgate_wire::SecretText;
use sealgate_wire::sys::{
    Health, InitAnswer, InitRequest, Leader, Mount, MountRequest, SealStatus, UnsealRequest,
};
use serde::Serialize;

use crate::Error;
use crate::http::Http;
use crate::path::ApiPath;

// A healthy answer and an unhealthy one have the same shape; these parameters make them have the
// same status, too, so that what is left over as an error is one.
const ANY_HEALTH: &str = "standbyok=true&perfstandbyok=true&uninitcode=200&sealedcode=200";

/// Init, seal, health and mounts.
///
/// Source: <https://openbao.org/api-docs/system/>.
#[derive(Clone, Debug)]
pub struct Sys {
    http: Http,
}

#[derive(Serialize)]
struct Nothing {}

impl Sys {
    pub(crate) fn new(http: Http) -> Self {
        Self { http }
    }

    /// Makes the keys of a new installation. It stays sealed. The answer is never given again.
    pub async fn init(&self, shares: u32, threshold: u32) -> Result<InitAnswer, Error> {
        let request = InitRequest {
            secret_shares: Some(shares),
            secret_threshold: Some(threshold),
            ..InitRequest::default()
        };
        self.http
            .post(&ApiPath::fixed("sys/init"), &request)
            .await?
            .bare()
    }

    /// Gives one share, in hexadecimal or base64.
    pub async fn unseal(&self, share: &SecretText) -> Result<SealStatus, Error> {
        let request = UnsealRequest {
            key: Some(share.clone()),
            ..UnsealRequest::default()
        };
        self.http
            .post(&ApiPath::fixed("sys/unseal"), &request)
            .await?
            .bare()
    }

    /// Makes the server forget the shares given so far.
    pub async fn reset_unseal(&self) -> Result<SealStatus, Error> {
        let request = UnsealRequest {
            reset: Some(true),
            ..UnsealRequest::default()
        };
        self.http
            .post(&ApiPath::fixed("sys/unseal"), &request)
            .await?
            .bare()
    }

    /// Closes the keyring.
    pub async fn seal(&self) -> Result<(), Error> {
        self.http
            .post(&ApiPath::fixed("sys/seal"), &Nothing {})
            .await?
            .done()
    }

    /// Whether the keyring is closed, and how far an attempt to open it is. Needs no token.
    pub async fn seal_status(&self) -> Result<SealStatus, Error> {
        self.http
            .get(&ApiPath::fixed("sys/seal-status"))
            .await?
            .bare()
    }

    /// How the server is. An unhealthy server is an answer, not an error. Needs no token.
    pub async fn health(&self) -> Result<Health, Error> {
        self.http
            .get_with(&ApiPath::fixed("sys/health"), ANY_HEALTH)
            .await?
            .bare()
    }

    /// Who leads, where one leads.
    pub async fn leader(&self) -> Result<Leader, Error> {
        self.http.get(&ApiPath::fixed("sys/leader")).await?.bare()
    }

    /// All mounts, by path with its final slash.
    pub async fn mounts(&self) -> Result<BTreeMap<String, Mount>, Error> {
        self.http.get(&ApiPath::fixed("sys/mounts")).await?.data()
    }

    /// Adds a transit mount.
    pub async fn mount_transit(&self, path: &str) -> Result<(), Error> {
        let request = MountRequest {
            kind: Some("transit".to_owned()),
            ..MountRequest::default()
        };
        self.http.post(&mount_path(path)?, &request).await?.done()
    }

    /// Removes a mount with all its keys. What they encrypted is lost.
    pub async fn unmount(&self, path: &str) -> Result<(), Error> {
        self.http.delete(&mount_path(path)?).await?.done()
    }
}

fn mount_path(path: &str) -> Result<ApiPath, Error> {
    Ok(ApiPath::fixed("sys/mounts").join(&ApiPath::parse(path)?))
}
