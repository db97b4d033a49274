//! Whole keys on their way elsewhere: `backup/:name` and `restore/:name`.

use serde::{Deserialize, Serialize};

use crate::{SecretText, lenient};

/// Answer of `backup/:name`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupAnswer {
    /// The key with all its versions, in plaintext: base64 of the peers' JSON document.
    pub backup: SecretText,
}

/// `restore/:name`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RestoreRequest {
    /// What `backup/:name` answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<SecretText>,
    /// Whether a key of that name is replaced. What its own versions encrypted is then lost.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub force: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_does_not_show() {
        let answer: BackupAnswer = serde_json::from_str(r#"{"backup":"eyJwb2x"}"#).unwrap();
        let request = RestoreRequest {
            backup: Some(answer.backup.clone()),
            force: None,
        };
        assert!(!format!("{answer:?}{request:?}").contains("eyJwb2x"));
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"backup":"eyJwb2x"}"#
        );
    }
}
