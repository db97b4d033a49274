//! Automatic rotation: exact across restarts, and once however many replicas run.

use sealgate_keyring::{algorithm::KeyType, key::NewKey, store::MemoryStore};

use crate::installation::{Installation, mount_of, name};

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
