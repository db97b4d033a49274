//! Callers that go away at any moment of a change: it happens whole, or not at all.

use std::pin::pin;

use futures_util::{FutureExt, future::poll_immediate};
use sealgate_keyring::{
    algorithm::KeyType,
    key::{NewKey, Settings},
};

use crate::{
    faulty_store::FaultyStore,
    installation::{Installation, name},
    step::{Change, Model, change},
};

/// How often the store lets others run, before and after a commit.
const PAUSES: usize = 4;

fn life() -> [Change; 6] {
    let deletable = Settings {
        deletion_allowed: Some(true),
        ..Settings::default()
    };
    [
        Change::Create(NewKey::of_type(KeyType::Aes256Gcm96)),
        Change::Rotate,
        Change::SoftDelete(true),
        Change::SoftDelete(false),
        Change::Configure(deletable),
        Change::Delete,
    ]
}

#[tokio::test]
async fn a_change_outlives_its_caller() {
    let installation = Installation::create(FaultyStore::with_pauses(PAUSES)).await;
    let mut model = Model::default();
    let (mut happened, mut did_not) = (0, 0);
    for patience in 0..6 * PAUSES {
        for asked in life() {
            call_and_leave(&installation, &asked, patience).await;
            // Waits for the change, if there is one.
            let waited = installation
                .keyring
                .refresh_key(&installation.mount(), name("one"))
                .await;
            waited.unwrap();
            installation.assert_memory_is_store().await;

            let mut changed = model.clone();
            if changed.change("one", &asked).is_ok() && changed.is(&installation) {
                model = changed;
                happened += 1;
            } else {
                did_not += 1;
            }
            model.assert_is(&installation);
        }
    }
    assert!(happened > 0 && did_not > 0, "{happened} {did_not}");
}

/// Asks for a change, and goes away after looking `patience` times whether it is done.
async fn call_and_leave(installation: &Installation, asked: &Change, patience: usize) {
    let mut call = pin!(change(installation, "one", asked, &[]).fuse());
    for _ in 0..patience {
        if poll_immediate(&mut call).await.is_some() {
            return;
        }
        tokio::task::yield_now().await;
    }
}
