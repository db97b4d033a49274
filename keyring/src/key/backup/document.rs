//! The JSON document, member by member.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{beyond::Beyond, capped, entry::Entry};
use crate::{algorithm::KeyType, key::Event, version::Version};

#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    pub policy: Policy,
    #[serde(default)]
    pub archived_keys: Option<Archive>,
    /// What peers do not have; they ignore it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealgate: Option<Beyond>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Archive {
    #[serde(default, deserialize_with = "capped::list")]
    pub keys: Option<Vec<Entry>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Policy {
    pub name: String,
    /// Bytes of an HMAC key. Reading goes by the key itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub key_size: u16,
    #[serde(default, deserialize_with = "capped::map")]
    pub keys: Option<BTreeMap<Version, Entry>>,
    #[serde(default)]
    pub derived: bool,
    #[serde(default)]
    pub kdf: u32,
    #[serde(default)]
    pub convergent_encryption: bool,
    #[serde(default)]
    pub exportable: bool,
    #[serde(default)]
    pub min_decryption_version: u32,
    #[serde(default)]
    pub min_encryption_version: u32,
    pub latest_version: u32,
    #[serde(default)]
    pub archive_version: u32,
    #[serde(default)]
    pub archive_min_version: u32,
    #[serde(default)]
    pub min_available_version: u32,
    #[serde(default)]
    pub deletion_allowed: bool,
    #[serde(default)]
    pub convergent_version: i32,
    #[serde(rename = "type")]
    pub key_type: u32,
    #[serde(default)]
    pub backup_info: Option<Event>,
    #[serde(default)]
    pub restore_info: Option<Event>,
    #[serde(default)]
    pub allow_plaintext_backup: bool,
    #[serde(default)]
    pub version_template: String,
    #[serde(default)]
    pub storage_prefix: String,
    /// Nanoseconds.
    #[serde(default)]
    pub auto_rotate_period: u64,
    #[serde(rename = "Imported", default)]
    pub imported: bool,
    #[serde(rename = "AllowImportedKeyRotation", default)]
    pub allow_imported_key_rotation: bool,
    #[serde(default)]
    pub soft_deleted: bool,
    /// Of ML-DSA; OpenBao does not have it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parameter_set: String,
}

pub(super) const NANOSECONDS: u64 = 1_000_000_000;
/// The form of convergent encryption in which each version has its own nonce key.
pub(super) const CONVERGENT_FORM: i32 = 3;
pub(super) const KDF_COUNTER: u32 = 0;
pub(super) const KDF_HKDF: u32 = 1;

const VAULT_HMAC: u32 = 11;
const VAULT_AES128_CMAC: u32 = 12;
const VAULT_AES256_CMAC: u32 = 13;
const VAULT_ML_DSA: u32 = 14;

/// The number of a key type: OpenBao's, or Vault's for types that OpenBao does not have.
pub(super) fn number_of(key_type: KeyType) -> u32 {
    key_type.peer_number().unwrap_or(match key_type {
        KeyType::Aes128Cmac => VAULT_AES128_CMAC,
        KeyType::Aes256Cmac => VAULT_AES256_CMAC,
        _ => VAULT_ML_DSA,
    })
}

/// The key type that a document's number means.
pub(super) fn key_type_of(policy: &Policy) -> Option<KeyType> {
    match policy.key_type {
        // OpenBao gave the number of Vault's HMAC to XChaCha20-Poly1305, whose size is fixed.
        VAULT_HMAC if policy.key_size != 0 => Some(KeyType::Hmac),
        VAULT_AES128_CMAC => Some(KeyType::Aes128Cmac),
        VAULT_AES256_CMAC => Some(KeyType::Aes256Cmac),
        VAULT_ML_DSA => KeyType::from_api("ml-dsa", &policy.parameter_set).ok(),
        number => KeyType::ALL
            .into_iter()
            .find(|key_type| key_type.peer_number() == Some(number)),
    }
}

fn is_zero(size: &u16) -> bool {
    *size == 0
}
