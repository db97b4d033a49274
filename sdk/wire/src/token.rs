//! `auth/token/lookup-self`: who am I?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::SecretText;

/// The caller's own token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// Names the token without giving its power.
    pub accessor: String,
    /// When it was issued, in seconds since the Unix epoch.
    pub creation_time: u64,
    /// Seconds it was issued for; 0 is for ever.
    pub creation_ttl: u64,
    /// For people.
    pub display_name: String,
    /// Empty: Sealgate knows no entities.
    #[serde(default)]
    pub entity_id: String,
    /// When it ends (RFC 3339), `None` for never.
    pub expire_time: Option<String>,
    /// Seconds it can be renewed up to; 0 is without a limit of its own.
    pub explicit_max_ttl: u64,
    /// The token itself.
    pub id: SecretText,
    /// When it was issued (RFC 3339, nanoseconds).
    #[serde(default)]
    pub issue_time: String,
    /// What the login attached to it.
    pub meta: Option<BTreeMap<String, String>>,
    /// How many uses are left; 0 is without a limit.
    pub num_uses: u64,
    /// Whether it lives on when its creator is revoked.
    pub orphan: bool,
    /// Where it was made.
    pub path: String,
    /// What it may do.
    pub policies: Vec<String>,
    /// Whether it can be renewed.
    #[serde(default)]
    pub renewable: bool,
    /// Seconds left; 0 with no `expire_time` is for ever.
    pub ttl: u64,
    /// `service` or `batch`.
    #[serde(rename = "type")]
    pub kind: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_peers_answer_round_trips() {
        let peer = json!({
            "accessor": "LVhd", "creation_time": 1795478905, "creation_ttl": 0,
            "display_name": "token", "entity_id": "", "expire_time": null,
            "explicit_max_ttl": 0, "id": "root", "issue_time": "2026-11-24T00:08:25.42Z",
            "meta": null, "num_uses": 0, "orphan": true, "path": "auth/token/create",
            "policies": ["root"], "renewable": false, "ttl": 0, "type": "service"
        });
        let token: Token = serde_json::from_value(peer.clone()).unwrap();
        assert_eq!(serde_json::to_value(&token).unwrap(), peer);
        let shown = format!("{token:?}");
        assert!(shown.contains("id: SecretText(..)"), "{shown}");
    }
}
