//! Automatic rotation: exact across restarts, and once however many replicas run. Destruction.

use sealgate_keyring::{
    algorithm::KeyType,
    error::Error,
    key::{NewKey, Settings},
    store::{MemoryStore, StoreError},
    version::Version,
};

use crate::{
    faulty_store::{Fault, FaultyStore},
    installation::{Installation, mount_of, name},
};

const PERIOD: i64 = 3600;

async fn with_key() -> Installation {
    let installation = Installation::create(std::sync::Arc::new(MemoryStore::new())).await;
    let new = NewKey {
        auto_rotate_seconds: PERIOD as u64,
        ..NewKey::of_type(KeyType::Aes256Gcm96)
    };
    let mount = installation.mount();
    let created = installation.keyring.create_key(&mount, name("one"), new);
    created.await.unwrap();
    installation
}

fn latest(installation: &Installation) -> u32 {
    let key = installation.key("one").unwrap();
    key.policy().latest_version.number()
}

#[tokio::test]
async fn a_restart_neither_delays_nor_repeats_a_rotation() {
    let mut installation = with_key().await;
    for period in 1..5_u32 {
        installation.wait(PERIOD - 1);
        assert_eq!(installation.keyring.rotate_due_keys().await.unwrap(), 0);
        installation.keyring = installation.restarted().await;
        assert_eq!(installation.keyring.rotate_due_keys().await.unwrap(), 0);
        installation.wait(1);
        installation.keyring = installation.restarted().await;
        assert_eq!(installation.keyring.rotate_due_keys().await.unwrap(), 1);
        assert_eq!(installation.keyring.rotate_due_keys().await.unwrap(), 0);
        assert_eq!(latest(&installation), 1 + period);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_replicas_one_rotates() {
    let installation = with_key().await;
    let mut replicas = vec![installation.keyring.clone()];
    for _ in 0..3 {
        replicas.push(installation.restarted().await);
    }
    for period in 1..20_u32 {
        installation.wait(PERIOD);
        let asked = replicas.iter().map(|replica| {
            let replica = replica.clone();
            tokio::spawn(async move { replica.rotate_due_keys().await.unwrap() })
        });
        let mut rotated = 0;
        for answer in asked.collect::<Vec<_>>() {
            rotated += answer.await.unwrap();
        }
        assert_eq!(rotated, 1, "period {period}");
        for replica in &replicas {
            let key = mount_of(replica).key("one").unwrap();
            assert_eq!(key.policy().latest_version.number(), 1 + period);
        }
    }
}

#[tokio::test]
async fn one_keys_error_does_not_keep_others_from_being_destroyed() {
    let store = FaultyStore::with_pauses(0);
    let installation = Installation::create(store.clone()).await;
    let (keyring, mount) = (&installation.keyring, installation.mount());
    for key in ["one", "two"] {
        let new = NewKey::of_type(KeyType::Aes256Gcm96);
        keyring.create_key(&mount, name(key), new).await.unwrap();
        keyring.rotate_key(&mount, name(key)).await.unwrap();
        let settings = Settings {
            destroy_wait_seconds: Some(PERIOD as u64),
            ..Settings::default()
        };
        let configured = keyring.configure_key(&mount, name(key), settings).await;
        configured.unwrap();
        let planned = keyring.destroy_version(&mount, name(key), Version::FIRST);
        planned.await.unwrap();
    }
    installation.wait(PERIOD);
    store.plan(Fault::Lost);
    assert!(matches!(
        keyring.destroy_due_versions().await,
        Err(Error::Store(StoreError::Unavailable { .. }))
    ));
    let is_left = |key| {
        installation
            .key(key)
            .unwrap()
            .version(Version::FIRST)
            .is_some()
    };
    assert_eq!((is_left("one"), is_left("two")), (true, false));
    assert_eq!(keyring.destroy_due_versions().await.unwrap().0, 1);
    assert!(!is_left("one"));
}
