//! What a key may do, and the pure rules by which that changes.
//!
//! The rules, their order and their sentences are the peers', so that a client which matches on
//! an error finds it here too.

use std::num::{NonZeroU32, NonZeroU64};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{BudgetSettings, Revocations, revocation::LONGEST_DESTROY_WAIT_SECONDS};
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
    /// Only the latest version and this many before it decrypt; `None`: as the minimum says.
    #[serde(default)]
    pub min_decryption_lag: Option<NonZeroU32>,
    /// How many messages a version may encrypt.
    #[serde(default)]
    pub budget: BudgetSettings,
    /// The versions that are out of use.
    #[serde(default)]
    pub revocations: Revocations,
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
    /// How many versions before the latest one decrypt; 0: as the minimum says.
    pub min_decryption_lag: Option<i64>,
    /// Encryptions a version may make; 0: as many as the algorithm allows.
    pub max_encryptions: Option<i64>,
    /// Encryptions after which the key rotates by itself; 0: half of what is allowed.
    pub auto_rotate_after: Option<i64>,
    /// Seconds between the order to destroy a version and its destruction.
    pub destroy_wait_seconds: Option<u64>,
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
    #[error("min decryption lag cannot be negative; 0 switches it off")]
    NegativeLag,
    #[error("{name} cannot be negative; 0 takes the setting back")]
    NegativeBudget { name: &'static str },
    #[error("keys of type {0} have no limit of encryptions that could be set")]
    NoBudget(KeyType),
    #[error(
        "convergent keys have no limit of encryptions that could be set: their nonces follow from the plaintexts"
    )]
    NoBudgetForConvergent,
    #[error("max_encryptions can be at most {limit} for this key type")]
    BudgetAboveLimit { limit: u64 },
    #[error("auto_rotate_after can be at most {limit}, the number of encryptions of a version")]
    RotationAfterBudget { limit: u64 },
    #[error("auto_rotate_after needs max_encryptions for this key type")]
    RotationWithoutBudget,
    #[error("destroy_wait can be at most {}h", LONGEST_DESTROY_WAIT_SECONDS / 3600)]
    DestroyWaitTooLong,
    #[error("no such key version")]
    NoSuchVersion,
    #[error("key version {version} was destroyed at {at} and cannot come back")]
    VersionDestroyed { version: Version, at: Timestamp },
    #[error("the destruction of key version {version} is not planned; there is nothing to restore")]
    DestructionNotPlanned { version: Version },
    #[error(
        "key version {version} is the latest one and cannot be destroyed; rotate the key first"
    )]
    LatestNotDestroyed { version: Version },
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
            min_decryption_lag: None,
            budget: BudgetSettings::default(),
            revocations: Revocations::default(),
        })
    }

    /// The oldest version that decrypts: the minimum, or the latest minus the lag, whichever is
    /// later. It moves with each rotation.
    pub fn oldest_decrypting(&self) -> Version {
        let sliding = self
            .min_decryption_lag
            .and_then(|lag| Version::new(self.latest_version.number().saturating_sub(lag.get())));
        sliding.map_or(self.min_decryption_version, |sliding| {
            sliding.max(self.min_decryption_version)
        })
    }

    /// The oldest version that encrypts, where there is a minimum; never one that does not
    /// decrypt.
    pub fn oldest_encrypting(&self) -> Option<Version> {
        let minimum = self.min_encryption_version?;
        Some(minimum.max(self.oldest_decrypting()))
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
        if let Some(lag) = settings.min_decryption_lag {
            let lag = u64::try_from(lag).map_err(|_| PolicyError::NegativeLag)?;
            next.min_decryption_lag = NonZeroU32::new(u32::try_from(lag).unwrap_or(u32::MAX));
        }
        next.budget = self.budget_with(settings.max_encryptions, settings.auto_rotate_after)?;
        if let Some(seconds) = settings.destroy_wait_seconds {
            if seconds > LONGEST_DESTROY_WAIT_SECONDS {
                return Err(PolicyError::DestroyWaitTooLong);
            }
            next.revocations.destroy_wait_seconds = seconds;
        }
        if next == *self {
            return Ok((next, warning));
        }
        if next.min_available_version > next.oldest_encrypting() {
            return Err(PolicyError::MinEncryptionBelowAvailable);
        }
        if next.min_available_version > Some(next.oldest_decrypting()) {
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
            .oldest_encrypting()
            .ok_or(PolicyError::AvailableWithoutMinEncryption)?;
        if asked > i64::from(min_encryption.number()) {
            return Err(PolicyError::AvailableAboveMinEncryption);
        }
        if asked > i64::from(self.oldest_decrypting().number()) {
            return Err(PolicyError::AvailableAboveMinDecryption);
        }
        if asked < 0 {
            return Err(PolicyError::AvailableNegative);
        }
        let version =
            existing_version(asked, self.latest_version).ok_or(PolicyError::AvailableZero)?;
        let mut next = self.clone();
        next.min_available_version = Some(version);
        next.revocations.trim(version);
        Ok(next)
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
        let rotatable = self.can_rotate();
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
