//! `sys/leader`.

use serde::{Deserialize, Serialize};

/// Who leads. Sealgate's replicas are equal, so it answers `ha_enabled: false` and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leader {
    /// Whether there is a leader among several servers.
    pub ha_enabled: bool,
    /// Whether it is the one that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_self: Option<bool>,
    /// Where clients reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader_address: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alone_is_one_field() {
        let json = r#"{"ha_enabled":false}"#;
        let leader: Leader = serde_json::from_str(json).unwrap();
        assert_eq!(leader, Leader::default());
        assert_eq!(serde_json::to_string(&leader).unwrap(), json);
    }
}
