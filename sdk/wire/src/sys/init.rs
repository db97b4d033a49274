//! `sys/init`: the birth of an installation.

use serde::{Deserialize, Serialize};

use crate::{SecretText, lenient};

/// Answer to `GET sys/init`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitStatus {
    /// Whether there are keys already.
    pub initialized: bool,
}

/// How to split the seal key.
///
/// The OpenPGP fields exist so that a server that cannot honour them can refuse them, instead of
/// showing shares that should have been encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitRequest {
    /// Into how many shares (1 to 255).
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub secret_shares: Option<u32>,
    /// How many of them unseal (1 to `secret_shares`).
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub secret_threshold: Option<u32>,
    /// OpenPGP keys to encrypt the shares for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pgp_keys: Option<Vec<String>>,
    /// OpenPGP key to encrypt the root token for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_token_pgp_key: Option<String>,
}

/// The shares and the first token. They are never shown again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InitAnswer {
    /// Shares in hexadecimal.
    pub keys: Vec<SecretText>,
    /// The same shares in base64.
    pub keys_base64: Vec<SecretText>,
    /// A token that may do everything.
    pub root_token: SecretText,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_peers_command_line_sends_is_read() {
        let request: InitRequest = serde_json::from_value(json!({
            "secret_shares": 5, "secret_threshold": 3, "stored_shares": 0, "pgp_keys": null,
            "recovery_shares": 0, "recovery_threshold": 0, "recovery_pgp_keys": null,
            "root_token_pgp_key": ""
        }))
        .unwrap();
        assert_eq!(request.secret_shares, Some(5));
        assert_eq!(request.pgp_keys, None);
        assert_eq!(request.root_token_pgp_key.as_deref(), Some(""));
    }

    #[test]
    fn the_answer_round_trips_and_does_not_show() {
        let peer = json!({"keys": ["ce29"], "keys_base64": ["zik="], "root_token": "s.gK8X"});
        let answer: InitAnswer = serde_json::from_value(peer.clone()).unwrap();
        assert_eq!(serde_json::to_value(&answer).unwrap(), peer);
        let shown = format!("{answer:?}");
        for secret in ["ce29", "zik=", "s.gK8X"] {
            assert!(!shown.contains(secret));
        }
    }
}
