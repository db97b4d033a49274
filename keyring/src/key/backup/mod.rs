//! The peers' plaintext backup: base64 of a JSON document with the policy and every version.
//!
//! A backup that was made by Vault or OpenBao is read here, and one that was made here is read
//! there. The fields, their names and their order are those of the peers' `keysutil.Policy`.
//! Key types that only Vault Enterprise has carry its numbers; what stands in its backups of them
//! is not published, so those move between Sealgates only.

mod beyond;
mod capped;
mod document;
mod entry;
mod number;

use std::{collections::BTreeMap, num::NonZeroU64, sync::Arc};

use jiff::Timestamp;
use zeroize::Zeroizing;

use beyond::Beyond;
use document::{
    Archive, CONVERGENT_FORM, Document, KDF_COUNTER, KDF_HKDF, NANOSECONDS, Policy, key_type_of,
    number_of,
};
use entry::Entry;

use super::{
    BudgetSettings, Derivation, Event, Imported, Key, KeyPolicy, KeyVersion, KeyVersionError,
    Material, Revocations,
};
use crate::{algorithm::KeyType, base64, name::KeyName, version::Version};

/// Why a text is no backup that can be restored.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each sentence says what the variant means")]
pub enum BackupError {
    #[error("the backup is not base64: {0}")]
    Base64(#[from] base64::Base64Error),
    #[error("the backup is not the JSON of a key: {0}")]
    Json(serde_json::Error),
    #[error("the backup's key type {0} is not supported")]
    KeyType(u32),
    #[error("the backup has no usable name; give one")]
    Name,
    #[error("the backup's version numbers contradict each other")]
    Versions,
    #[error("the backup lacks version {0}")]
    MissingVersion(Version),
    #[error("version {version} of the backup cannot be used: {reason}")]
    BadVersion {
        version: Version,
        reason: KeyVersionError,
    },
    #[error("refusing to support decryption with old convergent encryption key: version {0}")]
    OldConvergent(i32),
    #[error("the backup's key derivation {0} is not known")]
    Kdf(u32),
}

/// Writes a backup of `key`.
pub fn write(key: &Key) -> Zeroizing<String> {
    let policy = key.policy();
    let convergent = policy.derivation == Derivation::Convergent;
    let entry = |version: &Arc<KeyVersion>| Entry::of(version, convergent);
    let oldest = policy.min_available_version.map_or(0, Version::number);
    let first = policy.min_available_version.unwrap_or(Version::FIRST);
    // A version that was destroyed leaves an empty entry, so that the others keep their places.
    let mut archive: Vec<Entry> = first
        .up_to(policy.latest_version)
        .map(|number| key.version(number).map_or_else(Entry::default, entry))
        .collect();
    if oldest == 0 {
        // The archive is indexed by version minus the oldest available one, which is 0 here.
        archive.insert(0, Entry::default());
    }
    let document = Document {
        policy: Policy {
            name: key.name().to_string(),
            key_size: policy.hmac_bytes.unwrap_or(0),
            keys: Some(
                key.current_versions()
                    .map(|v| (v.number(), entry(v)))
                    .collect(),
            ),
            derived: policy.derivation.needs_context(),
            kdf: match policy.derivation {
                Derivation::PerContext | Derivation::Convergent => KDF_HKDF,
                Derivation::None | Derivation::PerContextByCounter => KDF_COUNTER,
            },
            convergent_encryption: convergent,
            exportable: policy.exportable,
            min_decryption_version: policy.oldest_decrypting().number(),
            min_encryption_version: policy.oldest_encrypting().map_or(0, Version::number),
            latest_version: policy.latest_version.number(),
            archive_version: policy.latest_version.number(),
            archive_min_version: oldest,
            min_available_version: oldest,
            deletion_allowed: policy.deletion_allowed,
            convergent_version: if convergent { -1 } else { 0 },
            key_type: number_of(policy.key_type),
            parameter_set: policy
                .key_type
                .parameter_set()
                .unwrap_or_default()
                .to_owned(),
            backup_info: policy.backup.clone(),
            restore_info: policy.restore.clone(),
            allow_plaintext_backup: policy.allow_plaintext_backup,
            version_template: String::new(),
            storage_prefix: String::new(),
            auto_rotate_period: policy
                .auto_rotate_seconds
                .map_or(0, |seconds| seconds.get().saturating_mul(NANOSECONDS)),
            imported: policy.imported.is_some(),
            allow_imported_key_rotation: policy.imported.is_some_and(|i| i.allow_rotation),
            soft_deleted: policy.soft_deleted,
        },
        archived_keys: Some(Archive {
            keys: Some(archive),
        }),
        sealgate: Some(Beyond::of(key)),
    };
    let json = serde_json::to_vec(&document).expect("a backup's map keys are strings");
    Zeroizing::new(base64::encode(&Zeroizing::new(json)))
}

/// Reads a backup, under another name if one is given. The policy says that it was restored at
/// `time`.
///
/// # Errors
/// [`BackupError`].
pub fn read(text: &str, name: Option<KeyName>, time: Timestamp) -> Result<Key, BackupError> {
    let json = Zeroizing::new(base64::decode(text.as_bytes())?);
    let document: Document = serde_json::from_slice(&json).map_err(BackupError::Json)?;
    let Document {
        policy,
        archived_keys,
        sealgate,
    } = document;
    let name = name
        .or_else(|| KeyName::new(&policy.name))
        .ok_or(BackupError::Name)?;
    let key_type = key_type_of(&policy).ok_or(BackupError::KeyType(policy.key_type))?;
    let archive = archived_keys
        .and_then(|archive| archive.keys)
        .unwrap_or_default();
    let mut entries = versions_by_number(
        archive,
        policy.archive_min_version.max(policy.min_available_version),
    );
    let Policy { keys, .. } = &policy;
    if keys.as_ref().is_none_or(BTreeMap::is_empty) {
        return Err(BackupError::Versions);
    }
    let derivation = read_derivation(&policy, key_type, &entries)?;
    let read = read_policy(&policy, key_type, derivation, time)?;
    let beyond = sealgate.unwrap_or_default();
    let encryptions = beyond.encryptions.clone();
    let mut read = beyond.restore(read)?;
    entries.extend(policy.keys.unwrap_or_default());

    let oldest = read.min_available_version.unwrap_or(Version::FIRST);
    let mut versions = Vec::new();
    let kept = |number: &Version| !read.revocations.is_destroyed(*number);
    for number in oldest.up_to(read.latest_version).filter(kept) {
        let entry = entries
            .remove(&number)
            .ok_or(BackupError::MissingVersion(number))?;
        let unusable = |reason| BackupError::BadVersion {
            version: number,
            reason,
        };
        let version = entry.read(key_type, number).map_err(unusable)?;
        let version = version.ok_or(BackupError::MissingVersion(number))?;
        // Whoever made the backup may have used all that was reserved then.
        let reserved = encryptions.get(&number).copied().unwrap_or_default();
        version.meter().learn(reserved);
        versions.push(Arc::new(version));
    }
    // The key itself says how long it is, whatever the document's number is.
    read.hmac_bytes = match versions.last().map(|version| version.material()) {
        Some(Material::Hmac(key)) => u16::try_from(key.len()).ok(),
        _ => None,
    };
    Key::new(name, read, versions).map_err(BackupError::MissingVersion)
}

/// The archive's entries that hold a key, by version.
fn versions_by_number(archive: Vec<Entry>, first: u32) -> BTreeMap<Version, Entry> {
    let numbered = archive.into_iter().zip(first..=u32::MAX);
    let present = numbered.filter(|(entry, _)| entry.holds_a_key());
    present
        .filter_map(|(entry, number)| Some((Version::new(number)?, entry)))
        .collect()
}

fn read_derivation(
    policy: &Policy,
    key_type: KeyType,
    archive: &BTreeMap<Version, Entry>,
) -> Result<Derivation, BackupError> {
    if !policy.derived {
        return Ok(Derivation::None);
    }
    if policy.convergent_encryption {
        let current = policy.keys.iter().flat_map(BTreeMap::values);
        for entry in current.chain(archive.values()) {
            let form = match entry.convergent_version {
                0 => policy.convergent_version,
                form => form,
            };
            if form != CONVERGENT_FORM && form != -1 {
                return Err(BackupError::OldConvergent(form));
            }
        }
    }
    match (policy.kdf, policy.convergent_encryption) {
        (KDF_HKDF, true) => Ok(Derivation::Convergent),
        (KDF_HKDF, false) => Ok(Derivation::PerContext),
        // The peers cannot use an Ed25519 key derived like this either.
        (KDF_COUNTER, false) if key_type != KeyType::Ed25519 => Ok(Derivation::PerContextByCounter),
        (kdf, _) => Err(BackupError::Kdf(kdf)),
    }
}

fn read_policy(
    policy: &Policy,
    key_type: KeyType,
    derivation: Derivation,
    time: Timestamp,
) -> Result<KeyPolicy, BackupError> {
    let latest = Version::new(policy.latest_version).ok_or(BackupError::Versions)?;
    let min_decryption = Version::new(policy.min_decryption_version).unwrap_or(Version::FIRST);
    let min_encryption = Version::new(policy.min_encryption_version);
    let min_available = Version::new(policy.min_available_version);
    let ordered = min_available.is_none_or(|available| available <= min_decryption)
        && min_decryption <= latest
        && min_encryption.is_none_or(|encryption| (min_decryption..=latest).contains(&encryption));
    if !ordered {
        return Err(BackupError::Versions);
    }
    Ok(KeyPolicy {
        key_type,
        derivation,
        exportable: policy.exportable,
        allow_plaintext_backup: policy.allow_plaintext_backup,
        deletion_allowed: policy.deletion_allowed,
        latest_version: latest,
        min_decryption_version: min_decryption,
        min_encryption_version: min_encryption,
        min_available_version: min_available,
        auto_rotate_seconds: NonZeroU64::new(policy.auto_rotate_period / NANOSECONDS),
        soft_deleted: policy.soft_deleted,
        hmac_bytes: None,
        imported: policy.imported.then_some(Imported {
            allow_rotation: policy.allow_imported_key_rotation,
        }),
        backup: policy.backup_info.clone(),
        restore: Some(Event {
            time,
            version: latest,
        }),
        min_decryption_lag: None,
        budget: BudgetSettings::default(),
        revocations: Revocations::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        key::{Decrypt, Encrypt, NewKey, Plaintext},
        rsa::{RsaError, composite},
    };
    use proptest::prelude::*;

    fn key(derivation: Derivation) -> Key {
        let name = KeyName::new("orders").unwrap();
        let new = NewKey {
            derivation,
            ..NewKey::of_type(KeyType::Aes256Gcm96)
        };
        let policy = KeyPolicy::create(new).unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let version = |number| {
            let version = KeyVersion::generate(KeyType::Aes256Gcm96, 0, number, now).unwrap();
            version.meter().credit(100, 100);
            Arc::new(version)
        };
        let first = Key::new(name, policy, vec![version(Version::FIRST)]).unwrap();
        let policy = first.policy().rotate("orders").unwrap();
        let second = policy.latest_version;
        first.with_version(policy, version(second))
    }

    #[test]
    fn reads_what_it_writes() {
        for derivation in [
            Derivation::None,
            Derivation::PerContext,
            Derivation::Convergent,
            Derivation::PerContextByCounter,
        ] {
            let original = key(derivation);
            let restored = read(&write(&original), None, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(restored.policy().derivation, derivation);
            assert_eq!(
                restored.policy().latest_version,
                original.policy().latest_version
            );
            let request = Encrypt {
                context: b"context",
                ..Encrypt::default()
            };
            let decrypt = Decrypt {
                context: b"context",
                ..Decrypt::default()
            };
            let sealed = original
                .encrypt(request, Plaintext::copy_of(b"message"))
                .unwrap();
            let opened = restored.decrypt(&sealed.to_text(), decrypt).unwrap();
            assert_eq!(opened.expose(), b"message");
        }
    }

    #[test]
    fn keeps_every_type_whole() {
        for key_type in KeyType::ALL {
            let name = KeyName::new("orders").unwrap();
            let new = NewKey {
                hmac_bytes: if key_type == KeyType::Hmac { 48 } else { 0 },
                ..NewKey::of_type(key_type)
            };
            let policy = KeyPolicy::create(new).unwrap();
            let created = Timestamp::from_second(1_800_000_000).unwrap();
            let version = KeyVersion::generate(key_type, 48, Version::FIRST, created).unwrap();
            let record = version.encode();
            let original = Key::new(name, policy, vec![Arc::new(version)]).unwrap();
            let restored = read(&write(&original), None, created).unwrap();
            assert_eq!(restored.policy().key_type, key_type);
            assert_eq!(restored.policy().hmac_bytes, original.policy().hmac_bytes);
            let again = restored.versions()[0].encode();
            assert!(again.matches(record.expose()), "{key_type}");
        }
    }

    #[test]
    fn keeps_public_keys_alone() {
        for key_type in KeyType::ALL.into_iter().filter(|t| t.has_public_key()) {
            let name = KeyName::new("orders").unwrap();
            let policy = KeyPolicy::create(NewKey::of_type(key_type)).unwrap();
            let spki = Material::generate(key_type, 0)
                .unwrap()
                .public_spki()
                .unwrap();
            let material = Material::from_public(key_type, &spki).unwrap();
            let now = Timestamp::UNIX_EPOCH;
            let version = KeyVersion::of_material(Version::FIRST, now, material).unwrap();
            let original = Key::new(name, policy, vec![Arc::new(version)]).unwrap();
            let restored = read(&write(&original), None, now).unwrap();
            let material = restored.versions()[0].material();
            assert!(!material.is_whole());
            assert_eq!(material.public_spki(), Some(spki), "{key_type}");
        }
    }

    #[test]
    fn refuses_what_is_no_backup() {
        let refused = |text: &str| read(text, None, Timestamp::UNIX_EPOCH).err().unwrap();
        assert!(matches!(refused("!"), BackupError::Base64(_)));
        assert!(matches!(refused("e30="), BackupError::Json(_)));
        let whole =
            String::from_utf8(base64::decode(write(&key(Derivation::None)).as_bytes()).unwrap());
        let whole = whole.unwrap();
        for (from, to) in [
            ("\"type\":0", "\"type\":77"),
            ("\"latest_version\":2", "\"latest_version\":3"),
            ("\"latest_version\":2", "\"latest_version\":4000000000"),
            (
                "\"min_decryption_version\":1",
                "\"min_decryption_version\":3",
            ),
            ("\"name\":\"orders\"", "\"name\":\"../x\""),
        ] {
            assert!(whole.contains(from), "{from}");
            refused(&base64::encode(whole.replace(from, to).as_bytes()));
        }
    }

    /// A key whose only version has this number and material.
    fn single(key_type: KeyType, number: Version, material: Material) -> Key {
        let policy = KeyPolicy {
            latest_version: number,
            min_decryption_version: number,
            min_available_version: Some(number),
            hmac_bytes: (key_type == KeyType::Hmac).then_some(48),
            ..KeyPolicy::create(NewKey {
                hmac_bytes: if key_type == KeyType::Hmac { 48 } else { 0 },
                ..NewKey::of_type(key_type)
            })
            .unwrap()
        };
        let version = KeyVersion::of_material(number, Timestamp::UNIX_EPOCH, material).unwrap();
        let name = KeyName::new("orders").unwrap();
        Key::new(name, policy, vec![Arc::new(version)]).unwrap()
    }

    fn json_of(key: &Key) -> String {
        String::from_utf8(base64::decode(write(key).as_bytes()).unwrap()).unwrap()
    }

    fn read_json(json: &str) -> Result<Key, BackupError> {
        let text = base64::encode(json.as_bytes());
        read(&text, None, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn restores_the_last_version_there_can_be() {
        let last = Version::new(u32::MAX).unwrap();
        let material = Material::generate(KeyType::Aes256Gcm96, 0).unwrap();
        let json = json_of(&single(KeyType::Aes256Gcm96, last, material));
        let restored = read_json(&json).unwrap();
        assert_eq!(restored.policy().latest_version, last);
        // No version comes after it.
        let start = "\"archived_keys\":{\"keys\":[";
        let (before, entry) = json.split_once(start).unwrap();
        let (entry, after) = entry.split_once("]}").unwrap();
        let longer = format!("{before}{start}{entry},{{}},{{}}]}}{after}");
        assert_ne!(longer, json);
        assert!(read_json(&longer).is_ok());
    }

    #[test]
    fn refuses_more_versions_than_anybody_has() {
        let json = json_of(&key(Derivation::None));
        let list = "{},".repeat(capped::MAX_ENTRIES);
        let start = "\"archived_keys\":{\"keys\":[";
        let refused = read_json(&json.replace(start, &format!("{start}{list}")));
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains("more than 100000 versions"), "{refused}");
        let map: String = (3..100_003).map(|n| format!("\"{n}\":{{}},")).collect();
        let start = "\"keys\":{";
        let refused = read_json(&json.replace(start, &format!("{start}{map}")));
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains("more than 100000 versions"), "{refused}");
    }

    #[test]
    fn an_hmac_key_says_itself_how_long_it_is() {
        let material = Material::generate(KeyType::Hmac, 48).unwrap();
        let bytes = base64::encode(material.symmetric().unwrap().expose());
        let json = json_of(&single(KeyType::Hmac, Version::FIRST, material));
        let lying = json.replace("\"key_size\":48", "\"key_size\":9");
        assert_ne!(lying, json);
        let restored = read_json(&lying).unwrap();
        assert_eq!(restored.policy().hmac_bytes, Some(48));
        for length in [31, 513] {
            let other = base64::encode(&vec![7; length]);
            let refused = read_json(
                &json.replace(&format!("\"key\":\"{bytes}"), &format!("\"key\":\"{other}")),
            );
            assert!(matches!(
                refused,
                Err(BackupError::BadVersion {
                    reason: KeyVersionError::HmacKeyBytes,
                    ..
                })
            ));
        }
    }

    #[test]
    fn refuses_an_rsa_key_with_a_composite_prime() {
        let material = Material::from_secret(KeyType::Rsa2048, composite::key().to_pkcs8());
        let json = json_of(&single(KeyType::Rsa2048, Version::FIRST, material.unwrap()));
        assert!(matches!(
            read_json(&json),
            Err(BackupError::BadVersion {
                reason: KeyVersionError::Rsa(RsaError::Inconsistent),
                ..
            })
        ));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}") {
            let json = base64::encode(text.as_bytes());
            let _ = read(&json, None, Timestamp::UNIX_EPOCH);
        }
    }
}
