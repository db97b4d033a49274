//! `sys/health`.

use serde::{Deserialize, Serialize};

/// How the server is. The HTTP status says the same in one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Whether there are keys at all.
    pub initialized: bool,
    /// Whether the keyring is closed.
    pub sealed: bool,
    /// Whether this server waits for another one to fail. Sealgate's replicas never do.
    pub standby: bool,
    /// `disabled`, or `unknown` while sealed.
    #[serde(default)]
    pub replication_performance_mode: String,
    /// `disabled`, or `unknown` while sealed.
    #[serde(default)]
    pub replication_dr_mode: String,
    /// The server's clock, in seconds since the Unix epoch.
    pub server_time_utc: u64,
    /// Release of the server.
    pub version: String,
    /// Name of the installation, while unsealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// Identity of the installation, while unsealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_peers_answer_round_trips() {
        let peer = json!({
            "initialized": true, "sealed": true, "standby": true,
            "replication_performance_mode": "unknown", "replication_dr_mode": "unknown",
            "server_time_utc": 1795478984, "version": "2.7.2"
        });
        let health: Health = serde_json::from_value(peer.clone()).unwrap();
        assert_eq!(serde_json::to_value(health).unwrap(), peer);
    }
}
