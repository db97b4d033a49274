//! The peers' rules about one key, written down as plainly as possible: numbers with 0 for
//! "not set", errors as sentences, no key bytes at all.

use std::ops::RangeInclusive;

use sealgate_keyring::{
    algorithm::KeyType,
    key::{Derivation, Key, NewKey, Settings},
    version::Version,
};

type Answer<T = ()> = Result<T, String>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelKey {
    /// Tells keys apart that had the same name one after the other.
    pub incarnation: u32,
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
}

/// A ciphertext that was acknowledged, and what it must decrypt to.
#[derive(Clone, Debug)]
pub struct Made {
    pub name: &'static str,
    pub incarnation: u32,
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
    pub fn create(new: NewKey, incarnation: u32) -> Answer<Self> {
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
            incarnation,
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
        })
    }

    pub fn rotate(&mut self) -> Answer {
        if self.soft_deleted {
            return fail("refusing to use soft-deleted key");
        }
        self.latest += 1;
        Ok(())
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
        if before == *self {
            return Ok(());
        }
        if self.min_available > encryption {
            return fail("min encryption version should not be less than min available version");
        }
        if self.min_available > decryption {
            return fail("min decryption version should not be less then min available version");
        }
        Ok(())
    }

    pub fn trim(&mut self, asked: i64) -> Answer {
        let sentence = if asked < self.min_available {
            "cannot be decremented"
        } else if self.min_encryption == 0 {
            "cannot be set when minimum encryption version is not set"
        } else if asked > self.min_encryption {
            "cannot be greater than minmum encryption version"
        } else if asked > self.min_decryption {
            "cannot be greater than minimum decryption version"
        } else if asked < 0 {
            "cannot be negative"
        } else if asked == 0 {
            "should be positive"
        } else {
            self.min_available = asked;
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
    pub fn encrypt(&self, asked: i64, context: &[u8]) -> Answer<i64> {
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
        if version < self.min_encryption {
            return fail(
                "requested version for encryption is less than the minimum encryption key version",
            );
        }
        if version < self.min_decryption {
            return fail("no such key version");
        }
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
        if version < self.min_decryption {
            return fail("ciphertext or signature version is disallowed by policy (too old)");
        }
        if twist == Twist::NotBase64 {
            return fail("invalid ciphertext: could not decode base64");
        }
        let context: &[u8] = if twist == Twist::NoContext {
            b""
        } else {
            &made.context
        };
        self.check_context(context)?;
        let same_key = made.incarnation == self.incarnation && version == made.version;
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
    pub fn of(key: &Key, incarnation: u32) -> Self {
        let policy = key.policy();
        let number = |version: Option<Version>| version.map_or(0, |v| i64::from(v.number()));
        Self {
            incarnation,
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
        }
    }

    /// The versions that are kept.
    pub fn kept(&self) -> RangeInclusive<i64> {
        self.min_available.max(1)..=self.latest
    }
}
