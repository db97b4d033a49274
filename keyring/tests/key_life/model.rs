//! The peers' rules about one key, written down as plainly as possible: numbers with 0 for
//! "not set", errors as sentences, no key bytes at all.

use std::{collections::BTreeMap, num::NonZeroU32};

use sealgate_keyring::{
    algorithm::KeyType,
    key::{Derivation, Key, NewKey, Revocation, Settings},
    version::Version,
};

type Answer<T = ()> = Result<T, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelKey {
    /// Tells the bytes of versions apart: keys have had the same name one after the other, and
    /// a version may come back with a backup.
    pub identities: BTreeMap<i64, u32>,
    key_type: KeyType,
    pub derivation: Derivation,
    exportable: bool,
    allow_plaintext_backup: bool,
    deletion_allowed: bool,
    soft_deleted: bool,
    pub latest: i64,
    min_decryption: i64,
    min_encryption: i64,
    min_available: i64,
    auto_rotate: u64,
    lag: i64,
    destroy_wait: i64,
    revoked: BTreeMap<i64, Revoked>,
    /// Whether it came from outside, and may be rotated all the same.
    imported: Option<bool>,
}

/// Times are seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revoked {
    Disabled { since: i64 },
    Destroying { since: i64, at: i64 },
    Destroyed { at: i64 },
}

/// The time as the keyring writes it.
fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap().to_string()
}

/// A ciphertext that was acknowledged, and what it must decrypt to.
#[derive(Clone, Debug)]
pub struct Made {
    pub name: &'static str,
    pub identity: u32,
    pub version: i64,
    pub plaintext: Vec<u8>,
    pub context: Vec<u8>,
    pub associated_data: Vec<u8>,
    pub text: String,
}

/// How a decryption differs from the encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    Nothing,
    OtherContext,
    NoContext,
    OtherAssociatedData,
    ChangedByte,
    NotBase64,
    /// Nothing but the version's number is changed.
    Version(i64),
}

fn fail<T>(sentence: impl Into<String>) -> Answer<T> {
    Err(sentence.into())
}

impl ModelKey {
    pub fn create(new: NewKey, identity: u32) -> Answer<Self> {
        if (1..3600).contains(&new.auto_rotate_seconds) {
            return fail("auto rotate period must be 0 to disable or at least an hour");
        }
        let key_type = new.key_type;
        if new.derivation != Derivation::None && !key_type.supports_derivation() {
            return fail(format!(
                "key derivation and convergent encryption not supported for keys of type {key_type}"
            ));
        }
        if new.derivation == Derivation::Convergent && !key_type.supports_encryption() {
            return fail(format!(
                "convergent encryption not supported for keys of type {key_type}"
            ));
        }
        Ok(Self {
            identities: BTreeMap::from([(1, identity)]),
            key_type,
            derivation: new.derivation,
            exportable: new.exportable,
            allow_plaintext_backup: new.allow_plaintext_backup,
            deletion_allowed: false,
            soft_deleted: false,
            latest: 1,
            min_decryption: 1,
            min_encryption: 0,
            min_available: 0,
            auto_rotate: new.auto_rotate_seconds,
            lag: 0,
            destroy_wait: 24 * 3600,
            revoked: BTreeMap::new(),
            imported: None,
        })
    }

    pub fn import(new: NewKey, allow_rotation: bool, identity: u32) -> Answer<Self> {
        let made = Self::create(new, identity)?;
        Ok(Self {
            imported: Some(allow_rotation),
            ..made
        })
    }

    pub fn rotate(&mut self, name: &str, identity: u32) -> Answer {
        if self.soft_deleted {
            return fail("refusing to use soft-deleted key");
        }
        if self.imported == Some(false) {
            return fail(format!(
                "imported key {name} does not allow rotation within Vault"
            ));
        }
        self.imported = None;
        self.add_version(identity);
        Ok(())
    }

    pub fn import_version(&mut self, identity: u32) -> Answer {
        if self.soft_deleted {
            return fail("refusing to use soft-deleted key");
        }
        if self.imported.is_none() {
            return fail("the import_version endpoint can only be used with an imported key");
        }
        if self.derivation == Derivation::Convergent {
            return fail(
                "import_version cannot be used on keys with convergent encryption enabled",
            );
        }
        self.add_version(identity);
        Ok(())
    }

    fn add_version(&mut self, identity: u32) {
        self.latest += 1;
        self.identities.insert(self.latest, identity);
    }

    /// What a backup would hold.
    pub fn back_up(&self) -> Answer<Self> {
        if self.soft_deleted {
            return fail("refusing to use soft-deleted key");
        }
        if !self.exportable {
            return fail("exporting is disallowed on the policy");
        }
        if !self.allow_plaintext_backup {
            return fail("plaintext backup is disallowed on the policy");
        }
        Ok(self.clone())
    }

    /// What a version is; one whose wait is over counts as destroyed.
    fn revoked(&self, version: i64, now: i64) -> Answer<Option<Revoked>> {
        if version < self.min_available.max(1) || version > self.latest {
            return fail("no such key version");
        }
        match self.revoked.get(&version).copied() {
            Some(Revoked::Destroyed { at }) => fail(gone(version, at)),
            Some(Revoked::Destroying { at, .. }) if at <= now => fail(gone(version, at)),
            state => Ok(state),
        }
    }

    /// Whether anything changed.
    pub fn disable(&mut self, version: i64, now: i64) -> Answer<bool> {
        let enabled = self.revoked(version, now)?.is_none();
        if enabled {
            self.revoked
                .insert(version, Revoked::Disabled { since: now });
        }
        Ok(enabled)
    }

    pub fn enable(&mut self, version: i64, now: i64) -> Answer<bool> {
        self.revoked(version, now)?;
        Ok(self.revoked.remove(&version).is_some())
    }

    pub fn restore_version(&mut self, version: i64, now: i64) -> Answer<bool> {
        match self.revoked(version, now)? {
            Some(Revoked::Destroying { since, .. }) => {
                self.revoked.insert(version, Revoked::Disabled { since });
                Ok(true)
            }
            _ => fail(format!(
                "the destruction of key version {version} is not planned; there is nothing to restore"
            )),
        }
    }

    pub fn destroy(&mut self, version: i64, now: i64) -> Answer<bool> {
        let state = self.revoked(version, now)?;
        if version == self.latest {
            return fail(format!(
                "key version {version} is the latest one and cannot be destroyed; rotate the key first"
            ));
        }
        let mut at = now + self.destroy_wait;
        let since = match state {
            Some(Revoked::Destroying { since, at: planned }) => {
                at = at.min(planned);
                since
            }
            Some(Revoked::Disabled { since }) => since,
            _ => now,
        };
        self.revoked
            .insert(version, Revoked::Destroying { since, at });
        if at <= now {
            self.destroy_due(now);
        }
        Ok(true)
    }

    /// Destroys what is due.
    pub fn destroy_due(&mut self, now: i64) {
        for state in self.revoked.values_mut() {
            if matches!(state, Revoked::Destroying { at, .. } if *at <= now) {
                *state = Revoked::Destroyed { at: now };
            }
        }
    }

    fn oldest_decrypting(&self) -> i64 {
        let sliding = if self.lag > 0 {
            self.latest - self.lag
        } else {
            0
        };
        self.min_decryption.max(sliding)
    }

    fn oldest_encrypting(&self) -> i64 {
        if self.min_encryption == 0 {
            0
        } else {
            self.min_encryption.max(self.oldest_decrypting())
        }
    }

    /// The version, if it does what it is for.
    fn working(&self, name: &str, version: i64) -> Answer {
        let enable = format!("keys/{name}/versions/{version}/enable");
        match self.revoked.get(&version) {
            None => Ok(()),
            Some(Revoked::Disabled { .. }) => fail(format!(
                "key version {version} is disabled; enable it with {enable}"
            )),
            Some(Revoked::Destroying { at, .. }) => fail(format!(
                "key version {version} is disabled and will be destroyed at {}; enable it before with {enable}",
                time(*at)
            )),
            Some(Revoked::Destroyed { at }) => fail(format!(
                "key version {version} was destroyed at {}",
                time(*at)
            )),
        }
    }

    pub fn configure(&mut self, asked: Settings) -> Answer {
        let before = self.clone();
        let changed = self.configured(asked);
        if changed.is_err() {
            *self = before;
        }
        changed
    }

    fn configured(&mut self, asked: Settings) -> Answer {
        let before = self.clone();
        let latest = self.latest;
        if let Some(version) = asked.min_decryption_version {
            if version < 0 {
                return fail("min decryption version cannot be negative");
            }
            if version > latest {
                return fail(format!(
                    "cannot set min decryption version of {version}, latest key version is {latest}"
                ));
            }
            self.min_decryption = version.max(1);
        }
        if let Some(version) = asked.min_encryption_version {
            if version < 0 {
                return fail("min encryption version cannot be negative");
            }
            if version > latest {
                return fail(format!(
                    "cannot set min encryption version of {version}, latest key version is {latest}"
                ));
            }
            self.min_encryption = version;
        }
        let (encryption, decryption) = (self.min_encryption, self.min_decryption);
        if encryption > 0 && encryption < decryption {
            return fail(format!(
                "cannot set min encryption/decryption values; min encryption version of \
                 {encryption} must be greater than or equal to min decryption version of {decryption}"
            ));
        }
        self.deletion_allowed = asked.deletion_allowed.unwrap_or(self.deletion_allowed);
        self.exportable |= asked.exportable == Some(true);
        self.allow_plaintext_backup |= asked.allow_plaintext_backup == Some(true);
        if let Some(seconds) = asked.auto_rotate_seconds {
            if (1..3600).contains(&seconds) {
                return fail("auto rotate period must be 0 to disable or at least an hour");
            }
            self.auto_rotate = seconds;
        }
        if let Some(lag) = asked.min_decryption_lag {
            if lag < 0 {
                return fail("min decryption lag cannot be negative; 0 switches it off");
            }
            self.lag = lag.min(i64::from(u32::MAX));
        }
        if let Some(seconds) = asked.destroy_wait_seconds {
            if seconds > 3650 * 24 * 3600 {
                return fail("destroy_wait can be at most 87600h");
            }
            self.destroy_wait = i64::try_from(seconds).unwrap();
        }
        if before == *self {
            return Ok(());
        }
        if self.min_available > self.oldest_encrypting() {
            return fail("min encryption version should not be less than min available version");
        }
        if self.min_available > self.oldest_decrypting() {
            return fail("min decryption version should not be less then min available version");
        }
        Ok(())
    }

    pub fn trim(&mut self, asked: i64) -> Answer {
        let sentence = if asked < self.min_available {
            "cannot be decremented"
        } else if self.min_encryption == 0 {
            "cannot be set when minimum encryption version is not set"
        } else if asked > self.oldest_encrypting() {
            "cannot be greater than minmum encryption version"
        } else if asked > self.oldest_decrypting() {
            "cannot be greater than minimum decryption version"
        } else if asked < 0 {
            "cannot be negative"
        } else if asked == 0 {
            "should be positive"
        } else {
            self.min_available = asked;
            self.revoked.retain(|version, _| *version >= asked);
            return Ok(());
        };
        fail(format!("minimum available version {sentence}"))
    }

    pub fn soft_delete(&mut self, soft_deleted: bool) -> bool {
        std::mem::replace(&mut self.soft_deleted, soft_deleted) != soft_deleted
    }

    pub fn delete(&self) -> Answer {
        if self.deletion_allowed {
            Ok(())
        } else {
            fail("deletion is not allowed for this key")
        }
    }

    /// The version that encrypts.
    pub fn encrypt(&self, name: &str, asked: i64, context: &[u8]) -> Answer<i64> {
        if self.soft_deleted {
            return fail("refusing to use soft-deleted key");
        }
        if !self.key_type.supports_encryption() {
            let key_type = self.key_type;
            return fail(format!(
                "message encryption not supported for key type {key_type}"
            ));
        }
        let version = if asked == 0 { self.latest } else { asked };
        if version < 0 {
            return fail("requested version for encryption is negative");
        }
        if version > self.latest {
            return fail("requested version for encryption is higher than the latest key version");
        }
        if version < self.oldest_encrypting() {
            return fail(
                "requested version for encryption is less than the minimum encryption key version",
            );
        }
        if version < self.oldest_decrypting() {
            return fail("no such key version");
        }
        self.working(name, version)?;
        self.check_context(context)?;
        Ok(version)
    }

    /// What the ciphertext decrypts to.
    pub fn decrypt(&self, made: &Made, twist: Twist) -> Answer<Vec<u8>> {
        if self.soft_deleted {
            return fail("refusing to use soft-deleted key");
        }
        if !self.key_type.supports_encryption() {
            let key_type = self.key_type;
            return fail(format!(
                "message decryption not supported for key type {key_type}"
            ));
        }
        let version = match twist {
            Twist::Version(0) => 1,
            Twist::Version(version) => version,
            _ => made.version,
        };
        if version > self.latest {
            return fail("invalid ciphertext: version is too new");
        }
        if version < self.oldest_decrypting() {
            return fail("ciphertext or signature version is disallowed by policy (too old)");
        }
        if twist == Twist::NotBase64 {
            return fail("invalid ciphertext: could not decode base64");
        }
        self.working(made.name, version)?;
        let context: &[u8] = if twist == Twist::NoContext {
            b""
        } else {
            &made.context
        };
        self.check_context(context)?;
        let same_key = self.identities.get(&version) == Some(&made.identity);
        let derives = self.derivation != Derivation::None;
        let changed = matches!(twist, Twist::OtherAssociatedData | Twist::ChangedByte);
        if !same_key || changed || derives && twist == Twist::OtherContext {
            return fail(match self.key_type {
                KeyType::Chacha20Poly1305 | KeyType::Xchacha20Poly1305 => {
                    "chacha20poly1305: message authentication failed"
                }
                _ => "cipher: message authentication failed",
            });
        }
        Ok(made.plaintext.clone())
    }

    fn check_context(&self, context: &[u8]) -> Answer {
        if self.derivation != Derivation::None && context.is_empty() {
            return fail(
                "missing 'context' for key derivation; the key was created using a derived key, \
                 which means additional, per-request information must be included in order to \
                 perform operations with the key",
            );
        }
        Ok(())
    }

    /// The model that `key` fits.
    pub fn of(key: &Key, identities: BTreeMap<i64, u32>) -> Self {
        let policy = key.policy();
        let number = |version: Option<Version>| version.map_or(0, |v| i64::from(v.number()));
        Self {
            identities,
            key_type: policy.key_type,
            derivation: policy.derivation,
            exportable: policy.exportable,
            allow_plaintext_backup: policy.allow_plaintext_backup,
            deletion_allowed: policy.deletion_allowed,
            soft_deleted: policy.soft_deleted,
            latest: number(Some(policy.latest_version)),
            min_decryption: number(Some(policy.min_decryption_version)),
            min_encryption: number(policy.min_encryption_version),
            min_available: number(policy.min_available_version),
            auto_rotate: policy.auto_rotate_seconds.map_or(0, u64::from),
            lag: policy
                .min_decryption_lag
                .map_or(0, |lag: NonZeroU32| lag.get().into()),
            destroy_wait: policy.revocations.destroy_wait_seconds.try_into().unwrap(),
            revoked: policy
                .revocations
                .iter()
                .map(|(version, state)| (version.number().into(), Revoked::of(state)))
                .collect(),
            imported: policy.imported.map(|imported| imported.allow_rotation),
        }
    }

    /// The versions that are kept.
    pub fn kept(&self) -> impl Iterator<Item = i64> {
        let destroyed =
            |version: &i64| matches!(self.revoked.get(version), Some(Revoked::Destroyed { .. }));
        (self.min_available.max(1)..=self.latest).filter(move |version| !destroyed(version))
    }
}

impl Revoked {
    fn of(state: Revocation) -> Self {
        match state {
            Revocation::Disabled { since } => Self::Disabled {
                since: since.as_second(),
            },
            Revocation::Destroying { since, at } => Self::Destroying {
                since: since.as_second(),
                at: at.as_second(),
            },
            Revocation::Destroyed { at } => Self::Destroyed { at: at.as_second() },
        }
    }
}

fn gone(version: i64, at: i64) -> String {
    format!(
        "key version {version} was destroyed at {} and cannot come back",
        time(at)
    )
}
