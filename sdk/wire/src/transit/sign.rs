//! Signatures and MACs: `sign/:name`, `hmac/:name`, `cmac/:name` and `verify/:name`.

use serde::{Deserialize, Serialize};

use crate::lenient;

/// `sign/:name`, `hmac/:name` and `cmac/:name`. The algorithm is the server's default for the key's type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignRequest {
    /// The message in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Base64. Needed by derived keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The version to sign with; missing or 0 is the latest.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub key_version: Option<u32>,
}

/// Answer of `sign/:name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignAnswer {
    /// `vault:v<N>:<base64>`.
    pub signature: String,
}

/// Answer of `hmac/:name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HmacAnswer {
    /// `vault:v<N>:<base64>`.
    pub hmac: String,
}

/// Answer of `cmac/:name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CmacAnswer {
    /// `vault:v<N>:<base64>`.
    pub cmac: String,
}

/// `verify/:name`: a signature, an HMAC or a CMAC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyRequest {
    /// The message in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Base64. Needed by derived keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// What `sign/:name` answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// What `hmac/:name` answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hmac: Option<String>,
    /// What `cmac/:name` answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmac: Option<String>,
}

/// Answer of `verify/:name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyAnswer {
    /// Whether the signature or MAC is of this message and this key.
    pub valid: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_is_sent() {
        assert_eq!(
            serde_json::to_string(&SignRequest::default()).unwrap(),
            "{}"
        );
        let request = VerifyRequest {
            input: Some("aGk=".to_owned()),
            hmac: Some("vault:v1:AA==".to_owned()),
            ..VerifyRequest::default()
        };
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"input":"aGk=","hmac":"vault:v1:AA=="}"#
        );
    }
}
