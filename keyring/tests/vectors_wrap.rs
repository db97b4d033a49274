//! AES-KWP against published vectors; their sources are in `vectors/README.md`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod wycheproof;

use sealgate_keyring::{
    key_wrap::{self, KeyWrapError},
    secret::Secret256,
};
use serde::Deserialize;
use wycheproof::{Bytes, File, Outcome};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    key_size: u32,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    tc_id: u32,
    key: Bytes,
    msg: Bytes,
    ct: Bytes,
    result: Outcome,
}

/// None is `acceptable`; one that was would stop the test in [`Outcome::is_valid`].
#[test]
fn wycheproof_aes_kwp() {
    let json = include_str!("vectors/wycheproof/aes_kwp_test.json");
    let file: File<Group> = serde_json::from_str(json).unwrap();
    let mut counts = (0, 0);
    let mut other_key = 0;
    for group in file.groups {
        for vector in group.tests {
            let Some(key) = Secret256::copy_of(&vector.key) else {
                assert_ne!(group.key_size, 256);
                other_key += 1;
                continue;
            };
            let unwrapped = key_wrap::unwrap(&key, &vector.ct);
            let is_valid = vector.result.is_valid();
            assert_eq!(is_valid, unwrapped.is_ok(), "{}", vector.tc_id);
            match unwrapped {
                Ok(secret) => {
                    assert!(secret.matches(&vector.msg), "{}", vector.tc_id);
                    let wrapped = key_wrap::wrap(&key, &vector.msg).unwrap();
                    assert_eq!(wrapped, *vector.ct, "{}", vector.tc_id);
                }
                Err(error) => {
                    assert_eq!(error, KeyWrapError::Authenticity);
                    // One of them is of a secret without a byte, which nothing wraps.
                    if let Ok(wrapped) = key_wrap::wrap(&key, &vector.msg) {
                        assert_ne!(wrapped, *vector.ct, "{}", vector.tc_id);
                    }
                }
            }
            wycheproof::count(&mut counts, is_valid);
        }
    }
    assert_eq!((counts, other_key), ((25, 69), 160));
}
