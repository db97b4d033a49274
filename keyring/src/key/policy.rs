//! What a key may do, and the pure rules by which that changes.
//!
//! The rules, their order and their sentences are the peers', so that a client which matches on
//! an error finds it here too.

use std::num::NonZeroU64;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{algorithm::KeyType, version::Version};

/// How the key of one operation follows from the key version and the caller's context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Derivation {
    /// Not at all: the key version itself is used.
    None,
    /// By HKDF-SHA256 with the context as info.
    PerContext,
    /// As above, and the nonce follows from the plaintext, so that equal plaintexts under equal
    /// contexts give equal ciphertexts.
    Convergent,
    /// By HMAC-SHA256 in counter mode: what peers used before HKDF, and still use for imported
    /// keys.
    PerContextByCounter,
}

impl Derivation {
    /// Whether every operation needs a context.
    pub fn needs_context(self) -> bool {
        match self {
            Self::None => false,
            Self::PerContext | Self::Convergent | Self::PerContextByCounter => true,
        }
    }
}

/// A key whose first version came from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Whether a rotation may add a version that is generated here.
    pub allow_rotation: bool,
}

/// When a backup or a restore happened, and at which latest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened.
    pub time: Timestamp,
    /// The latest version at that time.
    pub version: Version,
}

/// Everything about a key but its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPolicy {
    /// The algorithm.
    pub key_type: KeyType,
    /// How keys and nonces are derived.
    pub derivation: Derivation,
    /// Whether key bytes may be exported. Cannot be taken back.
    pub exportable: bool,
    /// Whether a backup in plaintext may be made. Cannot be taken back.
    pub allow_plaintext_backup: bool,
    /// Whether the key may be deleted.
    pub deletion_allowed: bool,
    /// The newest version.
    pub latest_version: Version,
    /// The oldest version that decrypts.
    pub min_decryption_version: Version,
    /// The oldest version that encrypts; `None`: only the limit of what is kept.
    pub min_encryption_version: Option<Version>,
    /// The oldest version that is kept; `None`: never trimmed.
    pub min_available_version: Option<Version>,
    /// Rotate by itself after this many seconds.
    pub auto_rotate_seconds: Option<NonZeroU64>,
    /// Marked as deleted, but still there.
    pub soft_deleted: bool,
    /// Bytes of a key of the type HMAC, whose length can be chosen.
    #[serde(default)]
    pub hmac_bytes: Option<u16>,
    /// Set as long as the latest version came from outside.
    pub imported: Option<Imported>,
    /// The last backup.
    pub backup: Option<Event>,
    /// The restore that made this key.
    pub restore: Option<Event>,
}

/// What a new key is asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// The algorithm.
    pub key_type: KeyType,
    /// How keys and nonces are derived.
    pub derivation: Derivation,
    /// Bytes of a key of the type HMAC; 0 for others.
    pub hmac_bytes: u16,
    /// Whether key bytes may be exported.
    pub exportable: bool,
    /// Whether a backup in plaintext may be made.
    pub allow_plaintext_backup: bool,
    /// Seconds between automatic rotations; 0: none.
    pub auto_rotate_seconds: u64,
}

impl NewKey {
    /// A key of this type with nothing switched on.
    pub fn of_type(key_type: KeyType) -> Self {
        Self {
            key_type,
            derivation: Derivation::None,
            hmac_bytes: 0,
            exportable: false,
            allow_plaintext_backup: false,
            auto_rotate_seconds: 0,
        }
    }
}

/// A change of settings: each `None` leaves the setting as it is. Versions are as the caller sent
/// them, since 0 and negative numbers have answers of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The oldest version that decrypts.
    pub min_decryption_version: Option<i64>,
    /// The oldest version that encrypts; 0 removes the limit.
    pub min_encryption_version: Option<i64>,
    /// Whether the key may be deleted.
    pub deletion_allowed: Option<bool>,
    /// Whether key bytes may be exported; `false` does not take it back.
    pub exportable: Option<bool>,
    /// Whether a backup in plaintext may be made; `false` does not take it back.
    pub allow_plaintext_backup: Option<bool>,
    /// Seconds between automatic rotations; 0: none.
    pub auto_rotate_seconds: Option<u64>,
}

/// Something a caller should know although the change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsWarning {
    /// Version 0 was asked for.
    #[error(
        "since Vault 0.3 (prior to the OpenBao fork), transit key numbering starts at 1; forcing minimum to 1"
    )]
    MinimumForcedToOne,
}

/// Why a policy does not change as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum PolicyError {
    #[error("auto rotate period must be 0 to disable or at least an hour")]
    AutoRotatePeriodTooShort,
    #[error("key derivation and convergent encryption not supported for keys of type {0}")]
    DerivationNotSupported(KeyType),
    #[error("convergent encryption not supported for keys of type {0}")]
    ConvergentNotSupported(KeyType),
    #[error("min decryption version cannot be negative")]
    NegativeMinDecryption,
    #[error("min encryption version cannot be negative")]
    NegativeMinEncryption,
    #[error("cannot set min decryption version of {asked}, latest key version is {latest}")]
    MinDecryptionAboveLatest { asked: i64, latest: Version },
    #[error("cannot set min encryption version of {asked}, latest key version is {latest}")]
    MinEncryptionAboveLatest { asked: i64, latest: Version },
    #[error(
        "cannot set min encryption/decryption values; min encryption version of {encryption} must be greater than or equal to min decryption version of {decryption}"
    )]
    MinEncryptionBelowMinDecryption {
        encryption: Version,
        decryption: Version,
    },
    #[error("min encryption version should not be less than min available version")]
    MinEncryptionBelowAvailable,
    #[error("min decryption version should not be less then min available version")]
    MinDecryptionBelowAvailable,
    #[error("minimum available version cannot be decremented")]
    AvailableDecremented,
    #[error("minimum available version cannot be set when minimum encryption version is not set")]
    AvailableWithoutMinEncryption,
    #[error("minimum available version cannot be greater than minmum encryption version")]
    AvailableAboveMinEncryption,
    #[error("minimum available version cannot be greater than minimum decryption version")]
    AvailableAboveMinDecryption,
    #[error("minimum available version cannot be negative")]
    AvailableNegative,
    #[error("minimum available version should be positive")]
    AvailableZero,
    #[error("refusing to use soft-deleted key")]
    SoftDeleted,
    #[error("imported key {0} does not allow rotation within Vault")]
    ImportedRotation(String),
    #[error("the key has no further version number; create a new key")]
    VersionsExhausted,
    #[error("the import_version endpoint can only be used with an imported key")]
    NotImported,
    #[error("import_version cannot be used on keys with convergent encryption enabled")]
    ConvergentImport,
    #[error("exporting is disallowed on the policy")]
    ExportDisallowed,
    #[error("plaintext backup is disallowed on the policy")]
    BackupDisallowed,
    #[error("deletion is not allowed for this key")]
    DeletionNotAllowed,
}

/// An hour: what an automatic rotation period must at least be.
const SHORTEST_AUTO_ROTATE_SECONDS: u64 = 3600;

fn auto_rotate_period(seconds: u64) -> Result<Option<NonZeroU64>, PolicyError> {
    match NonZeroU64::new(seconds) {
        Some(period) if period.get() < SHORTEST_AUTO_ROTATE_SECONDS => {
            Err(PolicyError::AutoRotatePeriodTooShort)
        }
        period => Ok(period),
    }
}

impl KeyPolicy {
    /// The policy of a key that is created with one version.
    ///
    /// # Errors
    /// If the key type or the rotation period does not allow what is asked.
    pub fn create(new: NewKey) -> Result<Self, PolicyError> {
        let auto_rotate_seconds = auto_rotate_period(new.auto_rotate_seconds)?;
        if new.derivation.needs_context() && !new.key_type.supports_derivation() {
            return Err(PolicyError::DerivationNotSupported(new.key_type));
        }
        if new.derivation == Derivation::Convergent
            && !new.key_type.supports_convergent_encryption()
        {
            return Err(PolicyError::ConvergentNotSupported(new.key_type));
        }
        Ok(Self {
            key_type: new.key_type,
            derivation: new.derivation,
            hmac_bytes: (new.hmac_bytes != 0).then_some(new.hmac_bytes),
            exportable: new.exportable,
            allow_plaintext_backup: new.allow_plaintext_backup,
            deletion_allowed: false,
            latest_version: Version::FIRST,
            min_decryption_version: Version::FIRST,
            min_encryption_version: None,
            min_available_version: None,
            auto_rotate_seconds,
            soft_deleted: false,
            imported: None,
            backup: None,
            restore: None,
        })
    }

    /// The policy after a version from outside was added.
    ///
    /// # Errors
    /// If the key is soft-deleted, was not imported, or is convergent.
    pub fn import_version(&self) -> Result<Self, PolicyError> {
        if self.soft_deleted {
            return Err(PolicyError::SoftDeleted);
        }
        if self.imported.is_none() {
            return Err(PolicyError::NotImported);
        }
        if self.derivation == Derivation::Convergent {
            return Err(PolicyError::ConvergentImport);
        }
        let latest_version = self
            .latest_version
            .next()
            .ok_or(PolicyError::VersionsExhausted)?;
        Ok(Self {
            latest_version,
            ..self.clone()
        })
    }

    /// The policy after a backup in plaintext was taken at `time`.
    ///
    /// # Errors
    /// If the key is soft-deleted or does not allow such backups.
    pub fn back_up(&self, time: Timestamp) -> Result<Self, PolicyError> {
        if self.soft_deleted {
            return Err(PolicyError::SoftDeleted);
        }
        if !self.exportable {
            return Err(PolicyError::ExportDisallowed);
        }
        if !self.allow_plaintext_backup {
            return Err(PolicyError::BackupDisallowed);
        }
        let backup = Some(Event {
            time,
            version: self.latest_version,
        });
        Ok(Self {
            backup,
            ..self.clone()
        })
    }

    /// The policy after a rotation added the next version.
    ///
    /// # Errors
    /// If the key is soft-deleted, or imported and not to be rotated here.
    pub fn rotate(&self, name: &str) -> Result<Self, PolicyError> {
        if self.soft_deleted {
            return Err(PolicyError::SoftDeleted);
        }
        if self
            .imported
            .is_some_and(|imported| !imported.allow_rotation)
        {
            return Err(PolicyError::ImportedRotation(name.to_owned()));
        }
        let latest_version = self
            .latest_version
            .next()
            .ok_or(PolicyError::VersionsExhausted)?;
        Ok(Self {
            latest_version,
            imported: None,
            ..self.clone()
        })
    }

    /// The policy after a change of settings, and what the caller should know about it.
    ///
    /// # Errors
    /// If the result would contradict itself or the versions there are.
    pub fn configure(
        &self,
        settings: Settings,
    ) -> Result<(Self, Option<SettingsWarning>), PolicyError> {
        let mut next = self.clone();
        let mut warning = None;
        if let Some(mut asked) = settings.min_decryption_version {
            if asked < 0 {
                return Err(PolicyError::NegativeMinDecryption);
            }
            if asked == 0 {
                asked = 1;
                warning = Some(SettingsWarning::MinimumForcedToOne);
            }
            let latest = self.latest_version;
            next.min_decryption_version = existing_version(asked, latest)
                .ok_or(PolicyError::MinDecryptionAboveLatest { asked, latest })?;
        }
        if let Some(asked) = settings.min_encryption_version {
            if asked < 0 {
                return Err(PolicyError::NegativeMinEncryption);
            }
            let latest = self.latest_version;
            next.min_encryption_version = match asked {
                0 => None,
                asked => Some(
                    existing_version(asked, latest)
                        .ok_or(PolicyError::MinEncryptionAboveLatest { asked, latest })?,
                ),
            };
        }
        if let Some(encryption) = next.min_encryption_version
            && encryption < next.min_decryption_version
        {
            let decryption = next.min_decryption_version;
            return Err(PolicyError::MinEncryptionBelowMinDecryption {
                encryption,
                decryption,
            });
        }
        if let Some(allowed) = settings.deletion_allowed {
            next.deletion_allowed = allowed;
        }
        next.exportable |= settings.exportable.unwrap_or(false);
        next.allow_plaintext_backup |= settings.allow_plaintext_backup.unwrap_or(false);
        if let Some(seconds) = settings.auto_rotate_seconds {
            next.auto_rotate_seconds = auto_rotate_period(seconds)?;
        }
        if next == *self {
            return Ok((next, warning));
        }
        if next.min_available_version > next.min_encryption_version {
            return Err(PolicyError::MinEncryptionBelowAvailable);
        }
        if next.min_available_version > Some(next.min_decryption_version) {
            return Err(PolicyError::MinDecryptionBelowAvailable);
        }
        Ok((next, warning))
    }

    /// The policy after versions below `asked` were dropped for good.
    ///
    /// # Errors
    /// If a version that still encrypts or decrypts would be dropped, or was dropped before.
    pub fn trim(&self, asked: i64) -> Result<Self, PolicyError> {
        let before = self
            .min_available_version
            .map_or(0, |version| i64::from(version.number()));
        if asked < before {
            return Err(PolicyError::AvailableDecremented);
        }
        let min_encryption = self
            .min_encryption_version
            .ok_or(PolicyError::AvailableWithoutMinEncryption)?;
        if asked > i64::from(min_encryption.number()) {
            return Err(PolicyError::AvailableAboveMinEncryption);
        }
        if asked > i64::from(self.min_decryption_version.number()) {
            return Err(PolicyError::AvailableAboveMinDecryption);
        }
        if asked < 0 {
            return Err(PolicyError::AvailableNegative);
        }
        let version =
            existing_version(asked, self.latest_version).ok_or(PolicyError::AvailableZero)?;
        Ok(Self {
            min_available_version: Some(version),
            ..self.clone()
        })
    }

    /// The policy with the mark of a soft deletion set or taken away.
    #[must_use]
    pub fn with_soft_deleted(&self, soft_deleted: bool) -> Self {
        Self {
            soft_deleted,
            ..self.clone()
        }
    }

    /// Whether the key may be deleted for good.
    ///
    /// # Errors
    /// [`PolicyError::DeletionNotAllowed`].
    pub fn allows_deletion(&self) -> Result<(), PolicyError> {
        if self.deletion_allowed {
            Ok(())
        } else {
            Err(PolicyError::DeletionNotAllowed)
        }
    }

    /// Whether the key rotates by itself at `now`, given when its latest version was made.
    pub fn rotation_is_due(&self, latest_created: Timestamp, now: Timestamp) -> bool {
        let rotatable =
            !self.soft_deleted && self.imported.is_none_or(|imported| imported.allow_rotation);
        self.auto_rotate_seconds.is_some_and(|seconds| {
            let period =
                SignedDuration::from_secs(i64::try_from(seconds.get()).unwrap_or(i64::MAX));
            rotatable && now.duration_since(latest_created) >= period
        })
    }
}

/// `asked` as a version between the first and `latest`.
fn existing_version(asked: i64, latest: Version) -> Option<Version> {
    let version = Version::new(u32::try_from(asked).ok()?)?;
    (version <= latest).then_some(version)
}
