//! What is to be done with a key, decided from what both sides say of it. No input or output.

use sealgate_keyring::algorithm::KeyType;
use sealgate_sdk::wire::transit::Key;

pub(super) const WOULD_ALLOW: &str =
    "exportable and allow_plaintext_backup would be switched on for good";
pub(super) const ALLOWED: &str = "exportable and allow_plaintext_backup were switched on for good";

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A key of this name is here already: see whether it is the same.
    Compare,
    /// Back up and restore; if `allow`, the source must first be told to let it.
    Copy { allow: bool },
}

/// Why a key stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Obstacle {
    #[error("the source has no such key")]
    Missing,
    #[error(
        "the source answered with another key, {0:?}; ask whoever runs it which of them is meant"
    )]
    OtherName(String),
    #[error(
        "it is soft-deleted at the source: restore it there with keys/:name/soft-delete-restore, \
         or leave it behind"
    )]
    SoftDeleted,
    #[error("keys of type {0} are not supported here")]
    Type(String),
    #[error(
        "its convergent encryption is of the old form {0}, which is not supported here: decrypt \
         with the source what it encrypted, and encrypt it here with a new key"
    )]
    OldConvergent(i32),
    #[error("the source makes nothing new with any version, so nothing could be proved")]
    NoProof,
    #[error(
        "the source does not let it be backed up ({} off): give --allow-backup to switch that \
         on, which cannot be taken back",
        off(*exportable, *plaintext_backup)
    )]
    NoBackup {
        exportable: bool,
        plaintext_backup: bool,
    },
}

/// Whether the source answered about the key that it was asked for: what it says decides which key
/// is opened to backup there, and written here.
pub(super) fn is_asked_for(name: &str, key: &Key) -> Result<(), Obstacle> {
    if key.name == name {
        return Ok(());
    }
    Err(Obstacle::OtherName(key.name.clone()))
}

/// Decides. `here`: a key of this name exists in the target's mount.
pub(super) fn step(key: &Key, here: bool, allow_backup: bool) -> Result<Step, Obstacle> {
    if !KeyType::ALL.iter().any(|kind| kind.name() == key.kind) {
        return Err(Obstacle::Type(key.kind.clone()));
    }
    if key.soft_deleted {
        return Err(Obstacle::SoftDeleted);
    }
    if let Some(form @ 1..=2) = key.convergent_encryption_version {
        return Err(Obstacle::OldConvergent(form));
    }
    if here {
        return Ok(Step::Compare);
    }
    match (key.exportable, key.allow_plaintext_backup) {
        (true, true) => Ok(Step::Copy { allow: false }),
        _ if allow_backup => Ok(Step::Copy { allow: true }),
        (exportable, plaintext_backup) => Err(Obstacle::NoBackup {
            exportable,
            plaintext_backup,
        }),
    }
}

/// Two servers that rotate the same key by themselves make two different keys of it.
pub(super) fn double_rotation(key: &Key) -> Option<&'static str> {
    (key.auto_rotate_period > 0).then_some(
        "it rotates by itself, here and at the source: set auto_rotate_period to 0 there",
    )
}

fn off(exportable: bool, plaintext_backup: bool) -> &'static str {
    match (exportable, plaintext_backup) {
        (false, false) => "exportable and allow_plaintext_backup are",
        (false, true) => "exportable is",
        _ => "allow_plaintext_backup is",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::key;
    use super::*;

    #[test]
    fn another_key_than_the_one_asked_for_is_refused() {
        let key = key();
        assert_eq!(is_asked_for("k", &key), Ok(()));
        for name in ["K", "k/", "other", ""] {
            let refused = is_asked_for(name, &key).unwrap_err();
            assert_eq!(refused, Obstacle::OtherName("k".to_owned()));
            assert!(refused.to_string().contains("another key, \"k\""));
        }
    }

    #[test]
    fn only_what_may_be_backed_up_is_copied() {
        let mut key = key();
        assert_eq!(step(&key, false, true), Ok(Step::Copy { allow: true }));
        for (exportable, plaintext_backup, says) in [
            (
                false,
                false,
                "exportable and allow_plaintext_backup are off",
            ),
            (true, false, "(allow_plaintext_backup is off)"),
            (false, true, "(exportable is off)"),
        ] {
            (key.exportable, key.allow_plaintext_backup) = (exportable, plaintext_backup);
            let words = step(&key, false, false).unwrap_err().to_string();
            assert!(words.contains(says), "{words}");
            assert!(words.contains("--allow-backup") && words.contains("taken back"));
        }
        (key.exportable, key.allow_plaintext_backup) = (true, true);
        for allow_backup in [true, false] {
            let copied = step(&key, false, allow_backup);
            assert_eq!(copied, Ok(Step::Copy { allow: false }));
        }
    }

    #[test]
    fn what_is_here_is_compared_even_if_it_cannot_be_backed_up() {
        assert_eq!(step(&key(), true, false), Ok(Step::Compare));
    }

    #[test]
    fn what_cannot_work_here_is_said_first() {
        let mut foreign = key();
        foreign.kind = "ml-dsa".to_owned();
        assert!(step(&foreign, true, true).is_ok());
        foreign.kind = "external-key".to_owned();
        let mut deleted = key();
        deleted.soft_deleted = true;
        let mut old = key();
        old.convergent_encryption_version = Some(2);
        for here in [true, false] {
            assert!(matches!(step(&foreign, here, true), Err(Obstacle::Type(_))));
            assert_eq!(step(&deleted, here, true), Err(Obstacle::SoftDeleted));
            assert_eq!(step(&old, here, true), Err(Obstacle::OldConvergent(2)));
        }
        old.convergent_encryption_version = Some(-1);
        assert!(step(&old, false, true).is_ok());
    }
}
