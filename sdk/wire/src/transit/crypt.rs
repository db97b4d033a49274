//! Encrypt, decrypt and rewrap, one item or many.
//!
//! Bytes travel as padded standard base64. Every request carries either the fields of one item
//! or `batch_input`; the fields are spelled out twice because serde's `flatten` would copy
//! plaintexts into buffers that nobody wipes.

use serde::{Deserialize, Serialize};

use crate::{SecretText, lenient};

/// One plaintext of an encryption batch.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EncryptItem {
    /// Base64. Empty is allowed, missing is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plaintext: Option<SecretText>,
    /// Base64. Needed by derived keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Base64. Must be given again to decrypt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<String>,
    /// The version to encrypt with; missing or 0 is the latest.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub key_version: Option<u32>,
    /// Comes back with the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// `encrypt/:name`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EncryptRequest {
    /// As in [`EncryptItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plaintext: Option<SecretText>,
    /// As in [`EncryptItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// As in [`EncryptItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<String>,
    /// As in [`EncryptItem`].
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub key_version: Option<u32>,
    /// Many items instead of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_input: Option<Vec<EncryptItem>>,
    /// Type of the key, should it have to be created.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether the key is convergent, should it have to be created.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub convergent_encryption: Option<bool>,
    /// HTTP status of an answer in which some items failed; 400 if not given.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub partial_failure_response_code: Option<u16>,
}

/// One ciphertext of a decryption batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecryptItem {
    /// `vault:v<N>:<base64>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ciphertext: Option<String>,
    /// Base64. Needed by derived keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Base64. What was given to encrypt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<String>,
    /// Comes back with the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// `decrypt/:name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecryptRequest {
    /// As in [`DecryptItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ciphertext: Option<String>,
    /// As in [`DecryptItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// As in [`DecryptItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<String>,
    /// Many items instead of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_input: Option<Vec<DecryptItem>>,
    /// HTTP status of an answer in which some items failed; 400 if not given.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub partial_failure_response_code: Option<u16>,
}

/// One ciphertext of a rewrapping batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewrapItem {
    /// `vault:v<N>:<base64>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ciphertext: Option<String>,
    /// Base64. Needed by derived keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Base64. What was given to encrypt, and is bound again. Sealgate alone reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<String>,
    /// The version to encrypt with; missing or 0 is the latest.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub key_version: Option<u32>,
    /// Comes back with the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// `rewrap/:name`.
///
/// The peers take no associated data here: what was encrypted with it is rewrapped by Sealgate
/// only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewrapRequest {
    /// As in [`RewrapItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ciphertext: Option<String>,
    /// As in [`RewrapItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// As in [`RewrapItem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<String>,
    /// As in [`RewrapItem`].
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub key_version: Option<u32>,
    /// Many items instead of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_input: Option<Vec<RewrapItem>>,
}

/// Answer to one item of `encrypt` and `rewrap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiphertextAnswer {
    /// `vault:v<N>:<base64>`.
    pub ciphertext: String,
    /// The version that encrypted.
    pub key_version: u32,
}

/// Answer to one item of `decrypt`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlaintextAnswer {
    /// Base64.
    pub plaintext: SecretText,
}

/// Answer to a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchAnswer<T> {
    /// In the order of the items.
    pub batch_results: Vec<T>,
}

/// Result of one item of an `encrypt` or `rewrap` batch: a ciphertext or an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CiphertextResult {
    /// `vault:v<N>:<base64>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ciphertext: Option<String>,
    /// The version that encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_version: Option<u32>,
    /// Why there is no ciphertext.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// That of the item, or empty.
    #[serde(default)]
    pub reference: String,
}

/// Result of one item of a `decrypt` batch. `plaintext` is empty if there is an error.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PlaintextResult {
    /// Base64.
    #[serde(default)]
    pub plaintext: SecretText,
    /// Why there is no plaintext.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// That of the item, or empty.
    #[serde(default)]
    pub reference: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn results_of_the_peer_round_trip() {
        let peer = json!({"batch_results": [
            {"ciphertext": "vault:v2:/LSg", "key_version": 2, "reference": "a"},
            {"error": "illegal base64 data at input byte 0", "reference": ""}
        ]});
        let read: BatchAnswer<CiphertextResult> = serde_json::from_value(peer.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), peer);

        let peer = json!({"batch_results": [
            {"plaintext": "aGk=", "reference": ""},
            {"plaintext": "", "error": "invalid ciphertext: no prefix", "reference": ""}
        ]});
        let read: BatchAnswer<PlaintextResult> = serde_json::from_value(peer.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), peer);
    }

    #[test]
    fn an_empty_plaintext_is_not_a_missing_one() {
        let read = |json| {
            serde_json::from_str::<EncryptRequest>(json)
                .unwrap()
                .plaintext
        };
        assert!(read("{}").is_none());
        assert!(read(r#"{"plaintext":null}"#).is_none());
        assert!(read(r#"{"plaintext":""}"#).unwrap().is_empty());
    }

    #[test]
    fn plaintexts_do_not_show() {
        let request: EncryptRequest = serde_json::from_str(
            r#"{"plaintext":"c2VjcmV0","batch_input":[{"plaintext":"c2VjcmV0","key_version":"2"}]}"#,
        )
        .unwrap();
        assert_eq!(
            request.batch_input.as_ref().unwrap()[0].key_version,
            Some(2)
        );
        let answer = PlaintextAnswer {
            plaintext: SecretText::new("c2VjcmV0"),
        };
        assert!(!format!("{request:?}{answer:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn only_what_is_said_is_sent() {
        assert_eq!(
            serde_json::to_string(&EncryptRequest::default()).unwrap(),
            "{}"
        );
        assert_eq!(
            serde_json::to_string(&DecryptRequest::default()).unwrap(),
            "{}"
        );
        assert_eq!(
            serde_json::to_string(&RewrapRequest::default()).unwrap(),
            "{}"
        );
    }
}
