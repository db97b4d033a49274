//! `sys/unseal` and `sys/seal-status`.

use serde::{Deserialize, Serialize};

use crate::{SecretText, lenient};

/// One share, or the wish to start over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UnsealRequest {
    /// A share in hexadecimal or base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretText>,
    /// Whether to forget the shares given so far.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub reset: Option<bool>,
    /// Whether to move to another kind of seal. Sealgate has one kind, and refuses.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub migrate: Option<bool>,
}

/// Answer of both paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealStatus {
    /// `shamir`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether there are keys at all.
    pub initialized: bool,
    /// Whether the keyring is closed.
    pub sealed: bool,
    /// How many shares unseal.
    #[serde(rename = "t")]
    pub threshold: u32,
    /// How many shares there are.
    #[serde(rename = "n")]
    pub shares: u32,
    /// How many shares were given so far.
    pub progress: u32,
    /// Names the attempt in progress; empty if there is none.
    #[serde(default)]
    pub nonce: String,
    /// Release of the server.
    pub version: String,
    /// When that release was built (RFC 3339), where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_date: Option<String>,
    /// When that release was committed (RFC 3339), where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_date: Option<String>,
    /// Whether the seal is being replaced by one of another kind.
    #[serde(default)]
    pub migration: bool,
    /// Name of the installation, while unsealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// Identity of the installation, while unsealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// Whether shares recover instead of unseal. Never in Sealgate.
    #[serde(default)]
    pub recovery_seal: bool,
    /// Kind of the store.
    #[serde(default)]
    pub storage_type: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_peers_status_round_trips() {
        let peer = json!({
            "type": "shamir", "initialized": true, "sealed": true, "t": 2, "n": 3, "progress": 1,
            "nonce": "151e98c2", "recovery_seal": false, "version": "2.7.2",
            "commit_date": "2026-10-26T20:32:27Z", "migration": false, "storage_type": "raft"
        });
        let status: SealStatus = serde_json::from_value(peer.clone()).unwrap();
        assert_eq!(
            (status.threshold, status.shares, status.progress),
            (2, 3, 1)
        );
        assert_eq!(serde_json::to_value(status).unwrap(), peer);
    }

    #[test]
    fn a_share_does_not_show() {
        let request: UnsealRequest = serde_json::from_str(r#"{"key":"zimW8"}"#).unwrap();
        assert!(!format!("{request:?}").contains("zimW8"));
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"key":"zimW8"}"#
        );
    }
}
