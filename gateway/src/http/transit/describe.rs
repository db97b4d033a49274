//! A key as the API shows it.

use std::collections::BTreeMap;

use sealgate_keyring::key::{Derivation, Event, Key};
use serde::Serialize;

/// The members in the order in which the peers write them: by name.
#[derive(Debug, Serialize)]
pub struct KeyView<'k> {
    allow_plaintext_backup: bool,
    auto_rotate_period: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_info: Option<&'k Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    convergent_encryption: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    convergent_encryption_version: Option<i32>,
    deletion_allowed: bool,
    derived: bool,
    exportable: bool,
    imported_key: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_key_allow_rotation: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kdf: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kdf_mode: Option<&'static str>,
    /// Version to creation time in seconds since 1970.
    keys: BTreeMap<u32, i64>,
    latest_version: u32,
    min_available_version: u32,
    min_decryption_version: u32,
    min_encryption_version: u32,
    name: &'k str,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_info: Option<&'k Event>,
    soft_deleted: bool,
    supports_decryption: bool,
    supports_derivation: bool,
    supports_encryption: bool,
    supports_signing: bool,
    #[serde(rename = "type")]
    key_type: &'static str,
}

impl<'k> KeyView<'k> {
    /// Shows `key`. Versions below the minimum decryption version are not shown.
    pub fn of(key: &'k Key) -> Self {
        let policy = key.policy();
        let key_type = policy.key_type;
        let derived = policy.derivation.needs_context();
        let counter =
            (policy.derivation == Derivation::PerContextByCounter).then_some("hmac-sha256-counter");
        let convergent = policy.derivation == Derivation::Convergent;
        let creation = |version: &std::sync::Arc<sealgate_keyring::key::KeyVersion>| {
            (version.number().number(), version.created().as_second())
        };
        Self {
            allow_plaintext_backup: policy.allow_plaintext_backup,
            auto_rotate_period: policy
                .auto_rotate_seconds
                .map_or(0, |seconds| seconds.get()),
            backup_info: policy.backup.as_ref(),
            convergent_encryption: derived.then_some(convergent),
            // The peers' word for "each version knows its own", which is how it has been since
            // convergent encryption reached its third form.
            convergent_encryption_version: convergent.then_some(-1),
            deletion_allowed: policy.deletion_allowed,
            derived,
            exportable: policy.exportable,
            imported_key: policy.imported.is_some(),
            imported_key_allow_rotation: policy.imported.map(|imported| imported.allow_rotation),
            kdf: counter.or(derived.then_some("hkdf_sha256")),
            kdf_mode: counter,
            keys: key.usable_versions().map(creation).collect(),
            latest_version: policy.latest_version.number(),
            min_available_version: policy.min_available_version.map_or(0, |v| v.number()),
            min_decryption_version: policy.min_decryption_version.number(),
            min_encryption_version: policy.min_encryption_version.map_or(0, |v| v.number()),
            name: key.name().as_str(),
            restore_info: policy.restore.as_ref(),
            soft_deleted: policy.soft_deleted,
            supports_decryption: key_type.supports_encryption(),
            supports_derivation: key_type.supports_derivation(),
            supports_encryption: key_type.supports_encryption(),
            supports_signing: key_type.supports_signing(),
            key_type: key_type.name(),
        }
    }
}
