//! Keys and signatures of elliptic curves, in every encoding that callers import or send.
#![no_main]
use libfuzzer_sys::fuzz_target;
use sealgate_keyring::{
    algorithm::Curve,
    ecdsa::{EcdsaPrivateKey, EcdsaPublicKey, check_der, der_to_jws, jws_to_der},
    ed25519::{Ed25519PrivateKey, Ed25519PublicKey},
};

fuzz_target!(|bytes: &[u8]| {
    for curve in Curve::ALL {
        private_key(curve, bytes);
        signature(curve, bytes);
    }
    if let Ok(key) = EcdsaPublicKey::from_spki(bytes) {
        let again = EcdsaPublicKey::from_coordinates(key.curve(), key.x(), key.y())
            .expect("the coordinates of a point");
        assert_eq!(again.to_spki(), key.to_spki());
        assert!(!key.verify(&[1; 32], bytes));
    }
    if let Ok(key) = Ed25519PrivateKey::from_pkcs8(bytes) {
        let again =
            Ed25519PrivateKey::from_pkcs8(key.to_pkcs8().expose()).expect("what we write, we read");
        assert!(again.seed().matches(key.seed().expose()));
    }
    if let Ok(key) = Ed25519PublicKey::from_spki(bytes) {
        assert_eq!(key.to_spki(), bytes);
        assert!(!key.verify(b"message", bytes));
    }
});

fn private_key(curve: Curve, bytes: &[u8]) {
    for key in [
        EcdsaPrivateKey::from_pkcs8(curve, bytes),
        EcdsaPrivateKey::from_sec1(curve, bytes),
        EcdsaPrivateKey::from_scalar(curve, bytes),
    ] {
        let Ok(key) = key else {
            continue;
        };
        for again in [
            EcdsaPrivateKey::from_pkcs8(curve, key.to_pkcs8().expose()),
            EcdsaPrivateKey::from_sec1(curve, key.to_sec1().expose()),
        ] {
            let again = again.expect("what we write, we read");
            assert!(again.scalar().matches(key.scalar().expose()));
        }
    }
}

fn signature(curve: Curve, bytes: &[u8]) {
    if let Ok(jws) = der_to_jws(curve, bytes) {
        assert_eq!(check_der(bytes), Ok(()));
        assert_eq!(jws_to_der(curve, &jws).as_deref(), Ok(bytes));
    }
    if let Ok(der) = jws_to_der(curve, bytes) {
        assert_eq!(der_to_jws(curve, &der).as_deref(), Ok(bytes));
    }
}
