//! An RSA key in every form: PKCS #8, PKCS #1, SPKI, and numbers one by one.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::{
    rsa::{RsaComponents, RsaPrivateKey, RsaPublicKey},
    secret::SecretBytes,
};

fuzz_target!(|bytes: &[u8]| {
    for key in [
        RsaPrivateKey::from_pkcs8(bytes),
        RsaPrivateKey::from_pkcs1(bytes),
        RsaPrivateKey::from_components(&components(bytes)),
    ]
    .into_iter()
    .flatten()
    {
        let document = key.to_pkcs8();
        let again = RsaPrivateKey::from_pkcs8(document.expose()).expect("what we write, we read");
        assert!(again.to_pkcs1().matches(key.to_pkcs1().expose()));
    }
    if let Ok(key) = RsaPublicKey::from_spki(bytes) {
        let again = RsaPublicKey::from_spki(&key.to_spki()).expect("what we write, we read");
        assert_eq!((again.n(), again.e()), (key.n(), key.e()));
    }
});

/// Eight numbers, each behind its length in two bytes. An empty one is absent where it may be.
fn components(mut bytes: &[u8]) -> RsaComponents {
    let mut next = || {
        let (len, rest) = bytes.split_at(bytes.len().min(2));
        let len = len
            .iter()
            .fold(0, |len, &byte| len << 8 | usize::from(byte));
        let (number, rest) = rest.split_at(rest.len().min(len));
        bytes = rest;
        number
    };
    let (n, e) = (next().to_vec(), next().to_vec());
    let mut secret = || SecretBytes::copy_of(next());
    let (d, p, q) = (secret(), secret(), secret());
    let mut optional = || Some(secret()).filter(|number| !number.is_empty());
    RsaComponents {
        n,
        e,
        d,
        p,
        q,
        dp: optional(),
        dq: optional(),
        qinv: optional(),
    }
}
