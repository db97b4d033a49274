//! `sys/seal-status`: whether shares are needed, and how many more.

use sealgate_keyring::keyring::SealStatus;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    app::{App, RELEASE_DATE, STORAGE_TYPE, VERSION},
    error::Error,
    http::Answer,
};

#[derive(Serialize)]
struct Shown {
    #[serde(rename = "type")]
    kind: &'static str,
    initialized: bool,
    sealed: bool,
    t: u8,
    n: u8,
    progress: u8,
    nonce: String,
    recovery_seal: bool,
    version: &'static str,
    commit_date: &'static str,
    migration: bool,
    #[serde(flatten)]
    cluster: Option<Cluster>,
    storage_type: &'static str,
}

/// Names the installation; while sealed, the peers leave it out.
#[derive(Serialize)]
pub struct Cluster {
    cluster_name: String,
    cluster_id: Uuid,
}

impl Cluster {
    /// The installation of an unsealed server.
    pub fn of(status: &SealStatus) -> Option<Self> {
        let id = status.store_id.filter(|_| !status.sealed)?;
        let name = id.simple().to_string();
        Some(Self {
            cluster_name: format!("sealgate-{}", &name[..8]),
            cluster_id: id,
        })
    }
}

pub async fn read(app: &App) -> Result<Answer, Error> {
    Ok(answer(&app.keyring.seal_status().await))
}

/// The status, as `sys/unseal` answers it too.
pub fn answer(status: &SealStatus) -> Answer {
    Answer::bare(&Shown {
        kind: "shamir",
        initialized: status.initialized,
        sealed: status.sealed,
        t: status.threshold,
        n: status.shares,
        progress: status.progress,
        nonce: status
            .nonce
            .map(|nonce| nonce.to_string())
            .unwrap_or_default(),
        recovery_seal: false,
        version: VERSION,
        commit_date: RELEASE_DATE,
        migration: false,
        cluster: Cluster::of(status),
        storage_type: STORAGE_TYPE,
    })
}
