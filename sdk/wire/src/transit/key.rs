//! Keys: `keys`, `keys/:name`, `keys/:name/config` and `keys/:name/trim`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lenient;

/// Creates a key. What is left out is the server's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateKey {
    /// The algorithm, such as `aes256-gcm96`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether each context gets a key of its own, derived from this one.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub derived: Option<bool>,
    /// Whether the same plaintext and context give the same ciphertext. Needs `derived`.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub convergent_encryption: Option<bool>,
    /// Whether the key's bytes can be exported.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub exportable: Option<bool>,
    /// Whether a backup in plaintext may be taken.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub allow_plaintext_backup: Option<bool>,
    /// Seconds after which the key rotates by itself; 0 is never.
    #[serde(
        default,
        deserialize_with = "lenient::seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub auto_rotate_period: Option<u64>,
    /// Bytes of key material, for the types that leave a choice.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub key_size: Option<u32>,
}

/// Changes a key's settings. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigureKey {
    /// The oldest version that still decrypts.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub min_decryption_version: Option<u32>,
    /// The oldest version that still encrypts, when a request asks for one; 0 sets no such limit.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub min_encryption_version: Option<u32>,
    /// Whether the key may be deleted.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub deletion_allowed: Option<bool>,
    /// Whether the key's bytes can be exported. Cannot be taken back.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub exportable: Option<bool>,
    /// Whether a backup in plaintext may be taken. Cannot be taken back.
    #[serde(
        default,
        deserialize_with = "lenient::switch",
        skip_serializing_if = "Option::is_none"
    )]
    pub allow_plaintext_backup: Option<bool>,
    /// Seconds after which the key rotates by itself; 0 is never.
    #[serde(
        default,
        deserialize_with = "lenient::seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub auto_rotate_period: Option<u64>,
    /// How many versions before the latest one still decrypt; 0 sets no such limit. Sealgate only.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub min_decryption_lag: Option<u32>,
    /// How many messages a version may encrypt; 0: as many as its type allows. Sealgate only.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_encryptions: Option<u64>,
    /// After how many messages the key rotates by itself; 0: half of what a version may encrypt.
    /// Sealgate only.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub auto_rotate_after: Option<u64>,
    /// Seconds between the order to destroy a version and its destruction. Sealgate only.
    #[serde(
        default,
        deserialize_with = "lenient::seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub destroy_wait: Option<u64>,
}

/// Removes old versions for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrimKey {
    /// The oldest version to keep.
    #[serde(
        default,
        deserialize_with = "lenient::number",
        skip_serializing_if = "Option::is_none"
    )]
    pub min_available_version: Option<u32>,
}

/// The names of a mount's keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNames {
    /// In order of their bytes.
    pub keys: Vec<String>,
}

/// A key as its readers see it: settings and versions, never key bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Whether a backup in plaintext may be taken.
    pub allow_plaintext_backup: bool,
    /// Seconds after which the key rotates by itself; 0 is never.
    #[serde(default)]
    pub auto_rotate_period: u64,
    /// Present, and true, for convergent keys only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convergent_encryption: Option<bool>,
    /// The peers' number for the way of deriving the nonce; -1 says "that of the key's version".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convergent_encryption_version: Option<i32>,
    /// Whether the key may be deleted.
    pub deletion_allowed: bool,
    /// Whether each context gets a key of its own.
    pub derived: bool,
    /// Whether the key's bytes can be exported.
    pub exportable: bool,
    /// Whether the key's bytes came from outside.
    #[serde(default)]
    pub imported_key: bool,
    /// How contexts become keys. Present for derived keys only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kdf: Option<String>,
    /// The versions that can still be used, by number. The peers leave it out for keys of type
    /// `hmac`.
    #[serde(default)]
    pub keys: BTreeMap<u32, KeyVersion>,
    /// The version that encrypts by default.
    pub latest_version: u32,
    /// The oldest version that was not trimmed; 0 if nothing was.
    pub min_available_version: u32,
    /// The oldest version that still decrypts.
    pub min_decryption_version: u32,
    /// The oldest version that still encrypts, when a request asks for one; 0 sets no such limit.
    pub min_encryption_version: u32,
    /// The key's name.
    pub name: String,
    /// Whether the key is deleted, but can be restored.
    #[serde(default)]
    pub soft_deleted: bool,
    /// Whether the type decrypts.
    pub supports_decryption: bool,
    /// Whether the type derives.
    pub supports_derivation: bool,
    /// Whether the type encrypts.
    pub supports_encryption: bool,
    /// Whether the type signs.
    pub supports_signing: bool,
    /// The algorithm.
    #[serde(rename = "type")]
    pub kind: String,
    /// The oldest version that decrypts, with a sliding minimum taken into account. Sealgate alone
    /// has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_min_decryption_version: Option<u32>,
    /// What may be done with each version. Sealgate alone has it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<u32, VersionState>,
}

/// Whether a version is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionState {
    /// `enabled`, `disabled`, `destroying` or `destroyed`.
    pub state: String,
}

/// One version of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KeyVersion {
    /// Of a symmetric key: when it was made, in seconds since the Unix epoch.
    Symmetric(u64),
    /// Of a key that the peers use, but do not hold: what it is called elsewhere.
    External(String),
    /// Of a key pair.
    Asymmetric {
        /// When it was made (RFC 3339).
        creation_time: String,
        /// The algorithm.
        name: String,
        /// The half that may be shown.
        public_key: String,
    },
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plain_key_of_the_peer_round_trips() {
        let peer = json!({
            "allow_plaintext_backup": false, "auto_rotate_period": 0, "deletion_allowed": true,
            "derived": false, "exportable": false, "imported_key": false,
            "keys": {"1": 1795478908, "2": 1795478909}, "latest_version": 2,
            "min_available_version": 0, "min_decryption_version": 1, "min_encryption_version": 0,
            "name": "k", "soft_deleted": false, "supports_decryption": true,
            "supports_derivation": true, "supports_encryption": true, "supports_signing": false,
            "type": "aes256-gcm96"
        });
        let key: Key = serde_json::from_value(peer.clone()).unwrap();
        assert_eq!(key.keys[&2], KeyVersion::Symmetric(1795478909));
        assert_eq!(serde_json::to_value(key).unwrap(), peer);
    }

    #[test]
    fn versions_are_read_from_text_as_well_as_from_a_tree() {
        let text = r#"{"allow_plaintext_backup":false,"deletion_allowed":false,"derived":true,
            "convergent_encryption":true,"convergent_encryption_version":-1,"exportable":false,
            "kdf":"hkdf_sha256","keys":{"10":7},"latest_version":10,"min_available_version":10,
            "min_decryption_version":10,"min_encryption_version":0,"name":"d",
            "supports_decryption":true,"supports_derivation":true,"supports_encryption":true,
            "supports_signing":false,"type":"aes256-gcm96","from_a_later_release":[]}"#;
        let key: Key = serde_json::from_str(text).unwrap();
        assert_eq!(key.keys[&10], KeyVersion::Symmetric(7));
        assert_eq!(key.convergent_encryption_version, Some(-1));
    }

    #[test]
    fn a_key_pair_is_read() {
        let version: KeyVersion = serde_json::from_value(json!({
            "certificate_chain": "", "creation_time": "2026-11-24T00:08:28Z",
            "name": "ed25519", "public_key": "U7bE"
        }))
        .unwrap();
        assert!(
            matches!(version, KeyVersion::Asymmetric { public_key, .. } if public_key == "U7bE")
        );
    }

    #[test]
    fn keys_without_versions_and_keys_elsewhere_are_read() {
        let mut peer = json!({
            "allow_plaintext_backup": false, "deletion_allowed": false, "derived": false,
            "exportable": false, "latest_version": 1, "min_available_version": 0,
            "min_decryption_version": 1, "min_encryption_version": 0, "name": "k",
            "supports_decryption": false, "supports_derivation": false,
            "supports_encryption": false, "supports_signing": false, "type": "hmac"
        });
        let key: Key = serde_json::from_value(peer.clone()).unwrap();
        assert!(key.keys.is_empty());
        peer["keys"] = json!({"1": "hsm/slot-7"});
        let key: Key = serde_json::from_value(peer).unwrap();
        assert_eq!(key.keys[&1], KeyVersion::External("hsm/slot-7".to_owned()));
    }

    #[test]
    fn only_what_is_said_is_sent() {
        assert_eq!(serde_json::to_string(&CreateKey::default()).unwrap(), "{}");
        let change = ConfigureKey {
            deletion_allowed: Some(true),
            ..ConfigureKey::default()
        };
        assert_eq!(
            serde_json::to_string(&change).unwrap(),
            r#"{"deletion_allowed":true}"#
        );
    }

    #[test]
    fn requests_are_read_leniently() {
        let create: CreateKey =
            serde_json::from_str(r#"{"derived":"true","auto_rotate_period":"24h","new":1}"#)
                .unwrap();
        assert_eq!(create.derived, Some(true));
        assert_eq!(create.auto_rotate_period, Some(86_400));
        let trim: TrimKey = serde_json::from_str(r#"{"min_available_version":"2"}"#).unwrap();
        assert_eq!(trim.min_available_version, Some(2));
    }
}
