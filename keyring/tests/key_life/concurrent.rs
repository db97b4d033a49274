//! Many callers at once on keys that rotate, over a store that fails now and then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use sealgate_keyring::{
    algorithm::KeyType,
    error::Error,
    key::{Decrypt, Encrypt, NewKey, Settings},
    store::StoreError,
};
use tokio::task::JoinSet;

use crate::{
    faulty_store::{Fault, FaultyStore},
    installation::{Installation, NAMES, name},
};

const ROTATIONS_OF_EACH: u32 = 150;

struct World {
    store: Arc<FaultyStore>,
    installation: Installation,
    /// For each name: rotations that were answered, and those whose outcome is unknown.
    answered: [AtomicU32; NAMES.len()],
    unknown: [AtomicU32; NAMES.len()],
    rotating: AtomicBool,
}

/// A ciphertext that was answered, and its plaintext.
type Made = (&'static str, String, Vec<u8>);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_answered_is_lost() {
    let store = FaultyStore::with_pauses(3);
    let installation = Installation::create(store.clone()).await;
    for (text, key_type) in NAMES.into_iter().zip(KeyType::ALL) {
        let new = NewKey::of_type(key_type);
        installation
            .keyring
            .create_key(&installation.mount(), name(text), new)
            .await
            .unwrap();
    }
    let (answered, unknown, rotating) = (Default::default(), Default::default(), true.into());
    let world = Arc::new(World {
        store,
        installation,
        answered,
        unknown,
        rotating,
    });

    let mut rotators = JoinSet::new();
    for which in 0..NAMES.len() {
        for _ in 0..2 {
            rotators.spawn(rotate(world.clone(), which));
        }
    }
    let mut users = JoinSet::new();
    for name in NAMES {
        users.spawn(encrypt_and_decrypt(world.clone(), name));
        users.spawn(configure(world.clone(), name));
        users.spawn(read(world.clone(), name));
    }
    let faults = tokio::spawn(fail_now_and_then(world.clone()));
    rotators.join_all().await;
    world.rotating.store(false, Ordering::Release);
    let made: Vec<Made> = users.join_all().await.into_iter().flatten().collect();
    faults.await.unwrap();
    world.store.heal();

    let World {
        installation,
        answered,
        unknown,
        ..
    } = &*world;
    installation.assert_memory_is_store().await;
    for (which, text) in NAMES.into_iter().enumerate() {
        let latest = installation
            .key(text)
            .unwrap()
            .policy()
            .latest_version
            .number();
        let least = 1 + answered[which].load(Ordering::Acquire);
        let most = least + unknown[which].load(Ordering::Acquire);
        assert!(
            (least..=most).contains(&latest),
            "{text}: {least} <= {latest} <= {most}"
        );
    }
    assert!(!made.is_empty());
    for (text, ciphertext, plaintext) in made {
        let key = installation.key(text).unwrap();
        assert_eq!(
            key.decrypt(&ciphertext, Decrypt::default())
                .unwrap()
                .expose(),
            plaintext
        );
    }
}

async fn rotate(world: Arc<World>, which: usize) {
    let installation = &world.installation;
    for _ in 0..ROTATIONS_OF_EACH {
        match installation
            .keyring
            .rotate_key(&installation.mount(), name(NAMES[which]))
            .await
        {
            Ok(_) => world.answered[which].fetch_add(1, Ordering::AcqRel),
            Err(error) => {
                assert_is_planned(&error);
                world.unknown[which].fetch_add(1, Ordering::AcqRel)
            }
        };
    }
}

async fn encrypt_and_decrypt(world: Arc<World>, text: &'static str) -> Vec<Made> {
    let mut made = Vec::new();
    while world.rotating.load(Ordering::Acquire) {
        let plaintext = made.len().to_be_bytes().to_vec();
        let sealed = world
            .installation
            .encrypt(text, Encrypt::default(), &plaintext);
        let sealed = match sealed.await {
            Ok(sealed) => sealed,
            Err(error) => {
                // A version whose rotation was answered by a fault has reserved nothing here.
                assert_is_planned(&error);
                continue;
            }
        };
        let record = format!("/{text}/versions/{}", sealed.version);
        assert!(
            world.store.has_written(&record),
            "{record} encrypts before its commit"
        );
        let ciphertext = sealed.to_text();
        let key = world.installation.key(text).unwrap();
        assert_eq!(
            key.decrypt(&ciphertext, Decrypt::default())
                .unwrap()
                .expose(),
            plaintext
        );
        made.push((text, ciphertext, plaintext));
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    made
}

async fn configure(world: Arc<World>, text: &'static str) -> Vec<Made> {
    let installation = &world.installation;
    for turn in 0_i64.. {
        if !world.rotating.load(Ordering::Acquire) {
            break;
        }
        let min_encryption_version = Some(turn % 2);
        let settings = Settings {
            min_encryption_version,
            ..Settings::default()
        };
        let mount = installation.mount();
        if let Err(error) = installation
            .keyring
            .configure_key(&mount, name(text), settings)
            .await
        {
            assert_is_planned(&error);
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    Vec::new()
}

/// Versions only grow, and whatever a reader sees is whole.
async fn read(world: Arc<World>, text: &'static str) -> Vec<Made> {
    let mut latest = 0;
    while world.rotating.load(Ordering::Acquire) {
        let key = world.installation.key(text).unwrap();
        let now = key.policy().latest_version.number();
        assert!(now >= latest, "{text} went back from {latest} to {now}");
        assert_eq!(key.versions().len(), now as usize);
        latest = now;
        tokio::task::yield_now().await;
    }
    Vec::new()
}

async fn fail_now_and_then(world: Arc<World>) {
    for fault in [Fault::Lost, Fault::AnswerLost, Fault::Conflict]
        .into_iter()
        .cycle()
    {
        if !world.rotating.load(Ordering::Acquire) {
            break;
        }
        world.store.plan(fault);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn assert_is_planned(error: &Error) {
    let planned = matches!(
        error,
        Error::Store(StoreError::Unavailable { .. } | StoreError::Conflict { .. })
    );
    assert!(planned, "{error}");
}
