//! Changes on a store that fails: memory says what the store says, and what was acknowledged stays.

use proptest::prelude::*;
use sealgate_keyring::{
    algorithm::KeyType,
    key::{Encrypt, Key, KeyPolicy, KeyVersion, NewKey},
    version::Version,
};

use crate::{
    faulty_store::{Fault, FaultyStore},
    installation::{Installation, NAMES, name},
    model::Made,
    step::{Change, Model, change, changes},
};

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::Lost),
        1 => Just(Fault::AnswerLost),
        1 => Just(Fault::Conflict),
    ]
}

/// Encrypts with every key that lets us, so that a lost version would be missed later.
async fn encrypt_with_all(installation: &Installation, model: &mut Model) {
    for name in NAMES {
        let (plaintext, context) = (b"kept".to_vec(), b"context".to_vec());
        let asked = Encrypt {
            context: &context,
            ..Encrypt::default()
        };
        let Ok(sealed) = installation.encrypt(name, asked, &plaintext).await else {
            continue;
        };
        let (version, text) = (i64::from(sealed.version.number()), sealed.to_text());
        let (identity, associated_data) = (model.keys[name].identities[&version], Vec::new());
        model.acknowledge(Made {
            name,
            identity,
            version,
            plaintext,
            context,
            associated_data,
            text,
        });
    }
}

async fn live(changes: &[((&'static str, Change), Fault)]) {
    let store = FaultyStore::with_pauses(0);
    let installation = Installation::create(store.clone()).await;
    let mut model = Model::default();
    for ((name, asked), fault) in changes {
        store.plan(*fault);
        let answer = change(&installation, name, asked, &model.backups).await;
        store.heal();
        installation.assert_memory_is_store().await;

        let mut changed = model.clone();
        let expected = changed.change(name, asked);
        match (&answer, &expected) {
            (Ok(_), Ok(_)) => model = changed,
            (Err(found), Err(expected)) if found.to_string() == *expected => {}
            (Err(_), Ok(_)) if *fault == Fault::AnswerLost => model = changed,
            (Err(_), Ok(_)) if *fault != Fault::None => {}
            _ => panic!("{name} {asked:?} {fault:?}: {answer:?} instead of {expected:?}"),
        }
        model.assert_is(&installation);
        encrypt_with_all(&installation, &mut model).await;
    }
    model.assert_all_decrypt(&installation);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 2000, ..Default::default() })]

    #[test]
    fn memory_says_what_the_store_says(
        changes in prop::collection::vec((changes(), faults()), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(live(&changes));
    }
}

#[tokio::test]
async fn a_key_restored_over_another_is_the_one_in_memory() {
    for fault in [Fault::None, Fault::Lost, Fault::AnswerLost, Fault::Conflict] {
        let store = FaultyStore::with_pauses(0);
        let installation = Installation::create(store.clone()).await;
        let (mount, new) = (installation.mount(), NewKey::of_type(KeyType::Aes256Gcm96));
        installation
            .keyring
            .create_key(&mount, name("one"), new)
            .await
            .unwrap();

        let time = jiff::Timestamp::now();
        let version = KeyVersion::generate(new.key_type, 0, Version::FIRST, time).unwrap();
        let policy = KeyPolicy::create(new).unwrap();
        let other = Key::new(name("one"), policy, vec![version.into()]).unwrap();
        store.plan(fault);
        let answer = installation.keyring.restore_key(&mount, other, true).await;
        assert_eq!(answer.is_ok(), fault == Fault::None);
        installation.assert_memory_is_store().await;
    }
}
