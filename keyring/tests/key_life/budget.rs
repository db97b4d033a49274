//! Encryptions are reserved before they are made: whatever fails, crashes or happens at once, no
//! version makes more than the store says, and none makes more than its limit.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use proptest::prelude::*;
use sealgate_keyring::{
    algorithm::KeyType,
    error::Error,
    key::{
        Encrypt, Imported, Key, KeyError, KeyVersion, Material, NewKey, Plaintext, Settings, Use,
    },
    keyring::{Keyring, MountEntry},
    secret::SecretBytes,
    store::StoreError,
    version::Version,
};
use tokio::task::JoinSet;

use crate::{
    faulty_store::{Fault, FaultyStore},
    installation::{Installation, name},
};

#[derive(Clone, Debug)]
enum Step {
    /// So many, with the latest version (0) or another, by this many callers at once.
    Encrypt {
        count: usize,
        version: i64,
        callers: usize,
        /// Whether another process on the same store works at the same time.
        both: bool,
    },
    Rotate,
    MaxEncryptions(i64),
    RotateAfter(i64),
    /// Seals and unseals; what is left is given back.
    Seal,
    /// A new process on the same store: what was reserved is lost.
    Crash,
    /// What happens to one of the next commits.
    Fault(Fault),
    StoreUsage,
}

fn steps() -> impl Strategy<Value = Step> {
    let faults =
        prop::sample::select(&[Fault::None, Fault::Lost, Fault::AnswerLost, Fault::Conflict][..]);
    prop_oneof![
        10 => (1..40_usize, 0..4_i64, 1..4_usize, any::<bool>()).prop_map(
            |(count, version, callers, both)| Step::Encrypt { count, version, callers, both }
        ),
        1 => Just(Step::Rotate),
        2 => (1..200_i64).prop_map(Step::MaxEncryptions),
        2 => (0..100_i64).prop_map(Step::RotateAfter),
        1 => Just(Step::Seal),
        2 => Just(Step::Crash),
        4 => faults.prop_map(Step::Fault),
        1 => Just(Step::StoreUsage),
    ]
}

/// How many encryptions each version has made, and the largest limit under which it did.
type Made = Arc<Mutex<BTreeMap<Version, u64>>>;

async fn encrypt(keyring: Keyring, mount: Arc<MountEntry>, count: usize, version: i64, made: Made) {
    let asked = Encrypt {
        version,
        ..Encrypt::default()
    };
    let mut key = mount.key("one").unwrap();
    for left in (1..=count).rev() {
        let sealed = keyring.encrypting(&mount, &mut key, left, |key| {
            Ok::<_, Error>(key.encrypt(asked, Plaintext::copy_of(b"x"))?)
        });
        match sealed.await {
            Ok(sealed) => *made.lock().unwrap().entry(sealed.version).or_default() += 1,
            Err(Error::Key(KeyError::BudgetUsedUp { .. } | KeyError::EncryptionVersionTooNew)) => {}
            Err(Error::Store(StoreError::Unavailable { .. } | StoreError::Conflict { .. })) => {}
            Err(error) => panic!("{error}"),
        }
        tokio::task::yield_now().await;
    }
}

/// No version has made more than a new process, which knows what is stored, thinks. A process that
/// goes on may not yet know what others have reserved.
async fn assert_bounded(installation: &Installation, made: &Made) {
    let there = installation.restarted().await;
    let key = mount_of(&there).key("one").unwrap();
    for (version, made) in &*made.lock().unwrap() {
        let budget = key.budget(*version).unwrap();
        assert!(*made <= budget.encryptions, "{made} made, {budget:?}");
    }
}

fn mount_of(keyring: &Keyring) -> Arc<MountEntry> {
    let unsealed = keyring.unsealed().unwrap();
    let path = unsealed.mounts()[0].path.clone();
    unsealed.mount(&path).unwrap()
}

async fn configure(installation: &Installation, settings: Settings) -> Result<(), Error> {
    let (keyring, mount) = (&installation.keyring, installation.mount());
    keyring
        .configure_key(&mount, name("one"), settings)
        .await
        .map(|_| ())
}

async fn live(steps: Vec<Step>) {
    let store = FaultyStore::with_pauses(1);
    let mut installation = Installation::create(store.clone()).await;
    let new = NewKey::of_type(KeyType::Aes256Gcm96);
    let mount = installation.mount();
    let created = installation.keyring.create_key(&mount, name("one"), new);
    created.await.unwrap();
    let made = Made::default();
    // A version may have made more than a limit that was lowered afterwards.
    let mut largest_limit = 150;
    let first = Settings {
        max_encryptions: Some(150),
        ..Settings::default()
    };
    configure(&installation, first).await.unwrap();
    let other = installation.restarted().await;
    for step in steps {
        match step {
            Step::Encrypt {
                count,
                version,
                callers,
                both,
            } => {
                let mut tasks = JoinSet::new();
                for caller in 0..callers {
                    let keyring = if both && caller % 2 == 0 {
                        &other
                    } else {
                        &installation.keyring
                    };
                    let (keyring, mount) = (keyring.clone(), mount_of(keyring));
                    tasks.spawn(encrypt(keyring, mount, count, version, made.clone()));
                }
                tasks.join_all().await;
            }
            Step::Rotate => {
                let (keyring, mount) = (&installation.keyring, installation.mount());
                let _ = keyring.rotate_key(&mount, name("one")).await;
            }
            Step::MaxEncryptions(max) => {
                let settings = Settings {
                    max_encryptions: Some(max),
                    ..Settings::default()
                };
                // Refused if the key rotates after more than that; then the limit stays.
                let _ = configure(&installation, settings).await;
                let limit = installation.key("one").unwrap().policy().encryption_limit();
                largest_limit = largest_limit.max(limit.unwrap());
            }
            Step::RotateAfter(after) => {
                let settings = Settings {
                    auto_rotate_after: Some(after),
                    ..Settings::default()
                };
                let _ = configure(&installation, settings).await;
            }
            Step::Seal => {
                installation.keyring.seal().await.unwrap();
                store.heal();
                installation.unseal().await;
            }
            Step::Crash => {
                store.heal();
                installation.keyring = installation.restarted().await;
            }
            Step::Fault(fault) => store.plan(fault),
            Step::StoreUsage => {
                let _ = installation.keyring.store_usage().await;
            }
        }
        assert_bounded(&installation, &made).await;
        for (version, made) in &*made.lock().unwrap() {
            assert!(*made <= largest_limit, "version {version} made {made}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 2000, ..Default::default() })]

    #[test]
    fn no_version_makes_more_than_is_stored(steps in prop::collection::vec(steps(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(live(steps));
    }
}

async fn with_limit(max_encryptions: i64, auto_rotate_after: i64) -> Installation {
    let installation = Installation::create(FaultyStore::with_pauses(0)).await;
    let new = NewKey::of_type(KeyType::Aes256Gcm96);
    let mount = installation.mount();
    let created = installation.keyring.create_key(&mount, name("one"), new);
    created.await.unwrap();
    let settings = Settings {
        max_encryptions: Some(max_encryptions),
        auto_rotate_after: Some(auto_rotate_after),
        ..Settings::default()
    };
    configure(&installation, settings).await.unwrap();
    installation
}

async fn encrypt_with(installation: &Installation, version: i64) -> Result<u32, String> {
    let asked = Encrypt {
        version,
        ..Encrypt::default()
    };
    let sealed = installation.encrypt("one", asked, b"x").await;
    sealed
        .map(|sealed| sealed.version.number())
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_key_rotates_where_it_was_told_to_and_a_version_ends_at_its_limit() {
    let installation = with_limit(50, 20).await;
    for count in 1..=60_u32 {
        let version = encrypt_with(&installation, 0).await.unwrap();
        assert_eq!(version, (count - 1) / 20 + 1, "encryption {count}");
    }
    // The old version has thirty left for whoever names it.
    for _ in 0..30 {
        assert_eq!(encrypt_with(&installation, 1).await, Ok(1));
    }
    let used_up = "key version 1 has made all of its 50 encryptions; rotate the key";
    assert_eq!(
        encrypt_with(&installation, 1).await,
        Err(used_up.to_owned())
    );
    assert_eq!(encrypt_with(&installation, 2).await, Ok(2));
    let counts = installation.keyring.life_counts();
    assert_eq!(counts.budget_rotations, 2);
}

#[tokio::test]
async fn a_key_that_may_not_rotate_ends() {
    let installation = Installation::create(FaultyStore::with_pauses(0)).await;
    let (mount, new) = (installation.mount(), NewKey::of_type(KeyType::Aes128Gcm96));
    let imported = Imported {
        allow_rotation: false,
    };
    let bytes = Material::generate(new.key_type, 0).unwrap();
    let made = installation
        .keyring
        .import_key(&mount, name("one"), new, imported, bytes);
    made.await.unwrap();
    let settings = Settings {
        max_encryptions: Some(30),
        ..Settings::default()
    };
    configure(&installation, settings).await.unwrap();
    for _ in 0..30 {
        assert_eq!(encrypt_with(&installation, 0).await, Ok(1));
    }
    let used_up = "key version 1 has made all of its 30 encryptions; rotate the key";
    assert_eq!(
        encrypt_with(&installation, 0).await,
        Err(used_up.to_owned())
    );
}

/// A backup that is put back does not make a version young again.
#[tokio::test]
async fn a_restore_does_not_give_a_budget_back() {
    let installation = with_limit(1000, 1000).await;
    let (keyring, mount) = (&installation.keyring, installation.mount());
    let settings = Settings {
        exportable: Some(true),
        allow_plaintext_backup: Some(true),
        ..Settings::default()
    };
    configure(&installation, settings).await.unwrap();
    for _ in 0..100 {
        encrypt_with(&installation, 0).await.unwrap();
    }
    let backup = keyring.back_up_key(&mount, name("one")).await.unwrap();
    for _ in 0..100 {
        encrypt_with(&installation, 0).await.unwrap();
    }
    for (to, least) in [("one", 200), ("two", 100)] {
        let restored = keyring.restore_backup(&mount, &backup, Some(name(to)), true);
        restored.await.unwrap();
        for there in [keyring, &installation.restarted().await] {
            let key = mount_of(there).key(to).unwrap();
            let budget = key.budget(Version::FIRST).unwrap();
            assert!(
                (least..least + 32).contains(&budget.encryptions),
                "{to} {budget:?}"
            );
        }
    }
}

/// The same bytes said to be another version count on: neither the time nor the HMAC key beside
/// them is what encrypts.
#[tokio::test]
async fn the_same_bytes_under_another_description_count_on() {
    let installation = with_limit(1000, 1000).await;
    let (keyring, mount) = (&installation.keyring, installation.mount());
    for _ in 0..200 {
        encrypt_with(&installation, 0).await.unwrap();
    }
    let elsewhere = installation.restarted().await;
    let described_otherwise = |reserved: u64| {
        let key = installation.key("one").unwrap();
        let bytes = key.version(Version::FIRST).unwrap().material();
        let bytes = SecretBytes::copy_of(bytes.symmetric().unwrap().expose());
        let material = Material::from_secret(KeyType::Aes256Gcm96, bytes).unwrap();
        let (time, hmac_key) = (Timestamp::UNIX_EPOCH, SecretBytes::copy_of(&[7; 32]));
        let version = KeyVersion::new(Version::FIRST, time, material, hmac_key, Vec::new());
        let version = Arc::new(version.unwrap());
        version.meter().learn(reserved);
        Key::new(name("one"), key.policy().clone(), vec![version]).unwrap()
    };
    for (reserved, least) in [(0, 200), (17, 200), (600, 600), (100, 600)] {
        let restored = described_otherwise(reserved);
        keyring.restore_key(&mount, restored, true).await.unwrap();
        for there in [keyring, &installation.restarted().await] {
            let budget = mount_of(there).key("one").unwrap().budget(Version::FIRST);
            let made = budget.unwrap().encryptions;
            assert!((least..least + 32).contains(&made), "{reserved}: {made}");
        }
    }
    // What another replica has reserved since counts, although this one has not seen it.
    let other = mount_of(&elsewhere);
    elsewhere.refresh_key(&other, name("one")).await.unwrap();
    let made = Made::default();
    encrypt(elsewhere.clone(), other, 150, 0, made).await;
    let restored = described_otherwise(610);
    keyring.restore_key(&mount, restored, true).await.unwrap();
    let key = mount_of(&installation.restarted().await)
        .key("one")
        .unwrap();
    assert!(key.budget(Version::FIRST).unwrap().encryptions >= 750);
}

#[tokio::test]
async fn a_seal_gives_back_and_a_crash_does_not() {
    let mut installation = with_limit(1000, 1000).await;
    let used = |installation: &Installation| {
        let key = installation.key("one").unwrap();
        key.budget(Version::FIRST).unwrap().encryptions
    };
    for _ in 0..5 {
        encrypt_with(&installation, 0).await.unwrap();
    }
    assert_eq!(used(&installation), 5);
    installation.keyring.seal().await.unwrap();
    installation.unseal().await;
    assert_eq!(used(&installation), 5);

    encrypt_with(&installation, 0).await.unwrap();
    assert_eq!(used(&installation), 6);
    installation.keyring = installation.restarted().await;
    // The block of the process that is gone: 16 of 1000.
    assert_eq!(used(&installation), 5 + 16);
}

#[tokio::test]
async fn creating_rotating_and_encrypting_write_once_each_at_most() {
    let installation = Installation::create(FaultyStore::with_pauses(0)).await;
    let (keyring, mount) = (&installation.keyring, installation.mount());
    let commits = async || installation.store.load().await.unwrap().0.0;
    let before = commits().await;
    let new = NewKey::of_type(KeyType::Chacha20Poly1305);
    keyring.create_key(&mount, name("one"), new).await.unwrap();
    assert_eq!(commits().await, before + 1);
    keyring.rotate_key(&mount, name("one")).await.unwrap();
    assert_eq!(commits().await, before + 2);
    for _ in 0..100 {
        encrypt_with(&installation, 0).await.unwrap();
    }
    assert_eq!(commits().await, before + 2);
}

#[tokio::test]
async fn uses_are_summed_over_processes_and_written_only_when_there_are_any() {
    let installation = with_limit(1000, 1000).await;
    // Another process on the same store.
    let other = installation.restarted().await;
    let use_both = async |count| {
        for keyring in [&installation.keyring, &other] {
            let made = Made::default();
            encrypt(keyring.clone(), mount_of(keyring), count, 0, made).await;
        }
    };
    use_both(3).await;
    assert_eq!(installation.keyring.store_usage().await.unwrap(), 1);
    assert_eq!(installation.keyring.store_usage().await.unwrap(), 0);
    use_both(2).await;
    installation.wait(60);
    assert_eq!(other.store_usage().await.unwrap(), 1);
    assert_eq!(installation.keyring.store_usage().await.unwrap(), 1);

    let now = installation.restarted().await;
    let time = Timestamp::from_second(installation.now()).unwrap();
    let usage = mount_of(&now).usage("one", time).unwrap();
    let (use_, used) = usage.of(Version::FIRST).next().unwrap();
    assert_eq!((use_, used.count, used.last), (Use::Encrypt, 10, time));
}
