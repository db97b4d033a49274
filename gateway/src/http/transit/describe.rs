//! A key as the API shows it.

use std::{collections::BTreeMap, num::NonZero};

use jiff::Timestamp;
use sealgate_keyring::{
    algorithm::Algorithm,
    base64,
    key::{Derivation, Event, Key, KeyVersion, Material, Revocation, Usage, Used},
    pem,
};
use serde::Serialize;

/// The members in the order in which the peers write them: by name. Those that the peers do not
/// have come last.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    key_size: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Keys>,
    latest_version: u32,
    min_available_version: u32,
    min_decryption_version: u32,
    min_encryption_version: u32,
    name: &'k str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter_set: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_info: Option<&'k Event>,
    soft_deleted: bool,
    supports_decryption: bool,
    supports_derivation: bool,
    supports_encryption: bool,
    supports_signing: bool,
    #[serde(rename = "type")]
    key_type: &'static str,
    #[serde(flatten)]
    beyond: Beyond,
}

/// What the peers do not have.
#[derive(Debug, Serialize)]
struct Beyond {
    /// Encryptions after which the key rotates by itself; 0: never for this reason.
    auto_rotate_after: u64,
    /// Seconds.
    destroy_wait: u64,
    effective_min_decryption_version: u32,
    /// Encryptions that a version may make; 0: without end.
    max_encryptions: u64,
    min_decryption_lag: u32,
    /// Every version there is, and those that were destroyed.
    versions: BTreeMap<u32, VersionView>,
}

#[derive(Debug, Serialize)]
struct VersionView {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destroy_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destroyed_at: Option<Timestamp>,
    /// An upper bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    encryptions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryptions_left: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<BTreeMap<&'static str, Used>>,
}

impl Beyond {
    fn of(key: &Key) -> Self {
        let policy = key.policy();
        let existing = key.versions().iter().map(|version| version.number());
        let revoked = policy.revocations.iter().map(|(version, _)| version);
        let versions = existing.chain(revoked).map(|version| {
            let (state, budget) = (policy.revocations.of(version), key.budget(version));
            let mut view = VersionView::of(state);
            view.encryptions = budget.map(|budget| budget.encryptions);
            view.encryptions_left = budget.map(|budget| budget.left());
            (version.number(), view)
        });
        Self {
            auto_rotate_after: policy.rotates_after().unwrap_or_default(),
            destroy_wait: policy.revocations.destroy_wait_seconds,
            effective_min_decryption_version: policy.oldest_decrypting().number(),
            max_encryptions: policy.encryption_limit().unwrap_or_default(),
            min_decryption_lag: policy.min_decryption_lag.map_or(0, NonZero::get),
            versions: versions.collect(),
        }
    }
}

impl VersionView {
    fn of(state: Option<Revocation>) -> Self {
        let (mut disabled_since, mut destroy_at, mut destroyed_at) = (None, None, None);
        let state = match state {
            None => "enabled",
            Some(Revocation::Disabled { since }) => {
                disabled_since = Some(since);
                "disabled"
            }
            Some(Revocation::Destroying { since, at }) => {
                (disabled_since, destroy_at) = (Some(since), Some(at));
                "destroying"
            }
            Some(Revocation::Destroyed { at }) => {
                destroyed_at = Some(at);
                "destroyed"
            }
        };
        Self {
            state,
            disabled_since,
            destroy_at,
            destroyed_at,
            encryptions: None,
            encryptions_left: None,
            usage: None,
        }
    }
}

/// The versions: what is shown of each depends on the type.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Keys {
    /// Creation times in seconds since 1970.
    Created(BTreeMap<u32, i64>),
    /// Public keys.
    Public(BTreeMap<u32, PublicVersion>),
}

/// A version of a key that has a public part.
#[derive(Debug, Serialize)]
struct PublicVersion {
    certificate_chain: String,
    creation_time: Timestamp,
    name: &'static str,
    public_key: String,
}

impl Keys {
    fn of(key: &Key, context: &[u8]) -> Option<Self> {
        let key_type = key.policy().key_type;
        match key_type.algorithm() {
            Algorithm::Aead(_) => {
                let versions = key.current_versions();
                let created = versions.map(|v| (v.number().number(), v.created().as_second()));
                Some(Self::Created(created.collect()))
            }
            Algorithm::Hmac | Algorithm::Cmac(_) => None,
            Algorithm::Ed25519 | Algorithm::Ecdsa(_) | Algorithm::Rsa(_) | Algorithm::MlDsa(_) => {
                let versions = key.current_versions();
                let public = versions.map(|version| {
                    let number = version.number().number();
                    (number, PublicVersion::of(key, version, context))
                });
                Some(Self::Public(public.collect()))
            }
        }
    }
}

impl PublicVersion {
    fn of(key: &Key, version: &KeyVersion, context: &[u8]) -> Self {
        let key_type = key.policy().key_type;
        let name = match key_type.algorithm() {
            Algorithm::Ecdsa(curve) => curve.nist_name(),
            _ => <&str>::from(key_type),
        };
        Self {
            certificate_chain: certificate_chain(version),
            creation_time: version.created(),
            name,
            public_key: public_key(key, version, context),
        }
    }
}

/// The public key as the API shows it. That of a derived key is another in each context.
fn public_key(key: &Key, version: &KeyVersion, context: &[u8]) -> String {
    match version.material() {
        Material::Ed25519(pair) if !key.policy().derivation.needs_context() => {
            base64::encode(pair.public().as_bytes())
        }
        Material::Ed25519(_) => match key.derived_public_key(version, context) {
            Ok(Some(public)) => base64::encode(&public),
            Ok(None) | Err(_) => String::new(),
        },
        Material::MlDsa(pair) => base64::encode(pair.public().as_bytes()),
        material => material
            .public_spki()
            .map_or_else(String::new, |spki| pem::encode("PUBLIC KEY", &spki)),
    }
}

/// The certificates as PEM, without a line feed at the end; "" if there are none.
pub fn certificate_chain(version: &KeyVersion) -> String {
    let certificates = version.certificates().iter();
    let blocks: Vec<String> = certificates
        .map(|der| pem::encode("CERTIFICATE", der).trim_end().to_owned())
        .collect();
    blocks.join("\n")
}

impl<'k> KeyView<'k> {
    /// Shows `key`. The peers' list of versions lacks those below the minimum decryption version.
    pub fn of(key: &'k Key) -> Self {
        Self::in_context(key, b"")
    }

    /// As [`KeyView::of`], with the public keys that a derived key has in `context`.
    pub fn in_context(key: &'k Key, context: &[u8]) -> Self {
        let policy = key.policy();
        let key_type = policy.key_type;
        let derived = policy.derivation.needs_context();
        let counter =
            (policy.derivation == Derivation::PerContextByCounter).then_some("hmac-sha256-counter");
        let convergent = policy.derivation == Derivation::Convergent;
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
            key_size: policy.hmac_bytes,
            keys: Keys::of(key, context),
            latest_version: policy.latest_version.number(),
            min_available_version: policy.min_available_version.map_or(0, |v| v.number()),
            min_decryption_version: policy.min_decryption_version.number(),
            min_encryption_version: policy.min_encryption_version.map_or(0, |v| v.number()),
            name: key.name().as_str(),
            parameter_set: key_type.parameter_set(),
            restore_info: policy.restore.as_ref(),
            soft_deleted: policy.soft_deleted,
            supports_decryption: key_type.supports_encryption(),
            supports_derivation: key_type.supports_derivation(),
            supports_encryption: key_type.supports_encryption(),
            supports_signing: key_type.supports_signing(),
            key_type: key_type.name(),
            beyond: Beyond::of(key),
        }
    }

    /// Shows how often and when each version was used, too.
    #[must_use]
    pub fn with_usage(mut self, key: &Key, usage: &Usage) -> Self {
        let revoked = key.policy().revocations.iter().map(|(version, _)| version);
        let existing = key.versions().iter().map(|version| version.number());
        for version in existing.chain(revoked) {
            let uses = usage.of(version).map(|(use_, used)| (use_.name(), used));
            if let Some(view) = self.beyond.versions.get_mut(&version.number()) {
                view.usage = Some(uses.collect());
            }
        }
        self
    }
}
