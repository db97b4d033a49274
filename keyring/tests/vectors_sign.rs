//! Signatures and key agreement against published vectors; their sources are in
//! `vectors/README.md`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod wycheproof;

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use sealgate_keyring::{
    algorithm::{Curve, MlDsaParameters},
    ecdsa::{EcdsaPrivateKey, EcdsaPublicKey, jws_to_der},
    ed25519::{Ed25519Error, Ed25519PrivateKey, Ed25519PublicKey},
    ml_dsa::{MlDsaError, MlDsaPrivateKey, MlDsaPublicKey},
    pem,
};
use serde::Deserialize;
use wycheproof::{Bytes, File, Outcome};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerifyGroup {
    public_key_der: Bytes,
    public_key_pem: String,
    tests: Vec<VerifyVector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerifyVector {
    tc_id: u32,
    msg: Bytes,
    #[serde(default)]
    ctx: Bytes,
    sig: Bytes,
    result: Outcome,
}

/// How many vectors were found valid and invalid, as published.
fn run_ecdsa(
    json: &str,
    hash: &'static digest::Algorithm,
    to_der: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> (usize, usize) {
    let file: File<VerifyGroup> = serde_json::from_str(json).unwrap();
    let mut counts = (0, 0);
    for group in file.groups {
        let key = EcdsaPublicKey::from_spki(&group.public_key_der).unwrap();
        assert_eq!(key.to_spki(), *group.public_key_der);
        let again = EcdsaPublicKey::from_coordinates(key.curve(), key.x(), key.y()).unwrap();
        assert_eq!(again.to_spki(), *group.public_key_der);
        assert_eq!(
            pem::decode_labelled(pem::PUBLIC_KEY, &group.public_key_pem).unwrap(),
            *group.public_key_der
        );
        for vector in group.tests {
            let digest = digest::digest(hash, &vector.msg);
            let verified = to_der(&vector.sig).is_some_and(|der| key.verify(digest.as_ref(), &der));
            assert_eq!(vector.result.is_valid(), verified, "{}", vector.tc_id);
            wycheproof::count(&mut counts, verified);
        }
    }
    counts
}

fn run_ecdsa_der(json: &str, hash: &'static digest::Algorithm) -> (usize, usize) {
    run_ecdsa(json, hash, |signature| Some(signature.to_vec()))
}

fn run_ecdsa_jws(json: &str, hash: &'static digest::Algorithm, curve: Curve) -> (usize, usize) {
    run_ecdsa(json, hash, |signature| jws_to_der(curve, signature).ok())
}

#[test]
fn wycheproof_ecdsa_p256() {
    let json = include_str!("vectors/wycheproof/ecdsa_secp256r1_sha256_test.json");
    assert_eq!(run_ecdsa_der(json, &SHA256), (174, 310));
    let json = include_str!("vectors/wycheproof/ecdsa_secp256r1_sha512_test.json");
    assert_eq!(run_ecdsa_der(json, &SHA512), (243, 311));
    let json = include_str!("vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
    assert_eq!(run_ecdsa_jws(json, &SHA256, Curve::P256), (173, 89));
}

#[test]
fn wycheproof_ecdsa_p384() {
    let json = include_str!("vectors/wycheproof/ecdsa_secp384r1_sha256_test.json");
    assert_eq!(run_ecdsa_der(json, &SHA256), (162, 310));
    let json = include_str!("vectors/wycheproof/ecdsa_secp384r1_sha384_test.json");
    assert_eq!(run_ecdsa_der(json, &SHA384), (194, 310));
    let json = include_str!("vectors/wycheproof/ecdsa_secp384r1_sha384_p1363_test.json");
    assert_eq!(run_ecdsa_jws(json, &SHA384, Curve::P384), (193, 87));
}

#[test]
fn wycheproof_ecdsa_p521() {
    let json = include_str!("vectors/wycheproof/ecdsa_secp521r1_sha512_test.json");
    assert_eq!(run_ecdsa_der(json, &SHA512), (232, 310));
    let json = include_str!("vectors/wycheproof/ecdsa_secp521r1_sha512_p1363_test.json");
    assert_eq!(run_ecdsa_jws(json, &SHA512, Curve::P521), (231, 87));
}

#[derive(Deserialize)]
struct AgreementGroup {
    tests: Vec<AgreementVector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AgreementVector {
    tc_id: u32,
    /// An uncompressed or compressed point.
    public: Bytes,
    private: Bytes,
    shared: Bytes,
    result: Outcome,
}

/// How many vectors agreed, were refused, and have a compressed point, which we do not read alone.
fn run_ecdh(json: &str, curve: Curve) -> (usize, usize, usize) {
    let file: File<AgreementGroup> = serde_json::from_str(json).unwrap();
    let mut counts = (0, 0);
    let mut compressed = 0;
    for vector in file.groups.into_iter().flat_map(|group| group.tests) {
        if matches!(vector.public.first(), Some(2 | 3)) {
            compressed += 1;
            continue;
        }
        // Leading zeros may make it longer than the curve's scalars.
        let zeros = vector.private.iter().take_while(|&&byte| byte == 0).count();
        let private = EcdsaPrivateKey::from_scalar(curve, &vector.private[zeros..]).unwrap();
        let agreed = vector
            .public
            .strip_prefix(&[4])
            .map(|point| point.split_at(point.len() / 2))
            .and_then(|(x, y)| EcdsaPublicKey::from_coordinates(curve, x, y).ok())
            .map(|public| private.agree(&public).unwrap());
        assert_eq!(
            agreed.is_some(),
            vector.result.is_valid(),
            "{}",
            vector.tc_id
        );
        if let Some(secret) = &agreed {
            assert!(secret.matches(&vector.shared), "{}", vector.tc_id);
        }
        wycheproof::count(&mut counts, agreed.is_some());
    }
    (counts.0, counts.1, compressed)
}

#[test]
fn wycheproof_ecdh() {
    let json = include_str!("vectors/wycheproof/ecdh_secp256r1_ecpoint_test.json");
    assert_eq!(run_ecdh(json, Curve::P256), (330, 17, 8));
    let json = include_str!("vectors/wycheproof/ecdh_secp384r1_ecpoint_test.json");
    assert_eq!(run_ecdh(json, Curve::P384), (771, 17, 2));
    let json = include_str!("vectors/wycheproof/ecdh_secp521r1_ecpoint_test.json");
    assert_eq!(run_ecdh(json, Curve::P521), (632, 17, 12));
}

#[test]
fn wycheproof_ed25519() {
    let json = include_str!("vectors/wycheproof/ed25519_test.json");
    let file: File<VerifyGroup> = serde_json::from_str(json).unwrap();
    let mut counts = (0, 0);
    for group in file.groups {
        let key = Ed25519PublicKey::from_spki(&group.public_key_der).unwrap();
        assert_eq!(key.to_spki(), *group.public_key_der);
        for vector in group.tests {
            let verified = key.verify(&vector.msg, &vector.sig);
            assert_eq!(vector.result.is_valid(), verified, "{}", vector.tc_id);
            wycheproof::count(&mut counts, verified);
        }
    }
    assert_eq!(counts, (88, 63));
}

#[derive(Deserialize)]
struct Ed25519Vector {
    secret_key: Bytes,
    public_key: Bytes,
    message: Bytes,
    signature: Bytes,
}

#[test]
fn rfc_8032() {
    let json = include_str!("vectors/ed25519.json");
    let vectors: Vec<Ed25519Vector> = serde_json::from_str(json).unwrap();
    assert_eq!(vectors.len(), 4);
    for vector in vectors {
        let key = Ed25519PrivateKey::from_seed(&vector.secret_key).unwrap();
        assert_eq!(key.public_key().as_bytes().as_slice(), *vector.public_key);
        assert_eq!(key.sign(&vector.message).as_slice(), *vector.signature);
        assert!(key.public_key().verify(&vector.message, &vector.signature));
    }
}

/// RFC 8410, section 10.3: the same key in version 1, and in version 2 with an attribute and the
/// public key.
#[test]
fn rfc_8410() {
    let json = include_str!("vectors/ed25519_pkcs8.json");
    let [v1, v2, contradicting]: [String; 3] = serde_json::from_str(json).unwrap();
    let read = |text: &str| {
        let document = pem::decode_labelled(pem::PRIVATE_KEY, text).unwrap();
        Ed25519PrivateKey::from_pkcs8(&document)
    };
    let from_v1 = read(&v1).unwrap();
    let from_v2 = read(&v2).unwrap();
    assert!(from_v1.seed().matches(from_v2.seed().expose()));
    assert_eq!(
        pem::encode(pem::PRIVATE_KEY, from_v2.to_pkcs8().expose()),
        v1
    );
    assert_eq!(read(&contradicting).err(), Some(Ed25519Error::PrivateKey));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MlDsaSignGroup {
    private_seed: Bytes,
    private_key_pkcs8: Option<Bytes>,
    public_key: Option<Bytes>,
    tests: Vec<VerifyVector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MlDsaVerifyGroup {
    public_key: Bytes,
    public_key_der: Option<Bytes>,
    tests: Vec<VerifyVector>,
}

/// How many seeds gave the public key and verified the signature, were refused, and have a context,
/// which we do not offer.
fn run_ml_dsa_sign(json: &str, parameters: MlDsaParameters) -> (usize, usize, usize) {
    let file: File<MlDsaSignGroup> = serde_json::from_str(json).unwrap();
    let mut counts = (0, 0);
    let mut with_context = 0;
    for group in file.groups {
        let key = MlDsaPrivateKey::from_seed(parameters, &group.private_seed);
        for vector in &group.tests {
            if !vector.ctx.is_empty() {
                with_context += 1;
                continue;
            }
            assert_eq!(vector.result.is_valid(), key.is_ok(), "{}", vector.tc_id);
            wycheproof::count(&mut counts, key.is_ok());
            let Ok(key) = &key else {
                continue;
            };
            let public = key.public_key();
            assert_eq!(public.as_bytes(), **group.public_key.as_ref().unwrap());
            assert!(public.verify(&vector.msg, &vector.sig), "{}", vector.tc_id);
            let ours = key.sign(&vector.msg).unwrap();
            assert_ne!(ours, *vector.sig);
            assert!(public.verify(&vector.msg, &ours));
            let document = key.to_pkcs8();
            if let Some(published) = &group.private_key_pkcs8 {
                assert!(document.matches(published));
            }
            let again = MlDsaPrivateKey::from_pkcs8(parameters, document.expose()).unwrap();
            assert_eq!(again.public_key().as_bytes(), public.as_bytes());
        }
    }
    (counts.0, counts.1, with_context)
}

/// How many signatures verified, did not (or the key was refused), and have a context.
fn run_ml_dsa_verify(json: &str, parameters: MlDsaParameters) -> (usize, usize, usize) {
    let file: File<MlDsaVerifyGroup> = serde_json::from_str(json).unwrap();
    let mut counts = (0, 0);
    let mut with_context = 0;
    for group in file.groups {
        let key = MlDsaPublicKey::from_bytes(parameters, &group.public_key);
        if let (Ok(key), Some(spki)) = (&key, &group.public_key_der) {
            assert_eq!(key.to_spki(), **spki);
            let read = MlDsaPublicKey::from_spki(parameters, spki).unwrap();
            assert_eq!(read.as_bytes(), key.as_bytes());
            for other in MlDsaParameters::ALL
                .into_iter()
                .filter(|&p| p != parameters)
            {
                let refused = MlDsaPublicKey::from_spki(other, spki).err();
                assert_eq!(refused, Some(MlDsaError::PublicKey));
            }
        }
        for vector in &group.tests {
            if !vector.ctx.is_empty() {
                with_context += 1;
                continue;
            }
            let verified = key
                .as_ref()
                .is_ok_and(|key| key.verify(&vector.msg, &vector.sig));
            assert_eq!(vector.result.is_valid(), verified, "{}", vector.tc_id);
            wycheproof::count(&mut counts, verified);
        }
    }
    (counts.0, counts.1, with_context)
}

#[test]
fn wycheproof_ml_dsa_44() {
    let json = include_str!("vectors/wycheproof/mldsa_44_sign_seed_selected.json");
    assert_eq!(run_ml_dsa_sign(json, MlDsaParameters::MlDsa44), (9, 2, 1));
    let json = include_str!("vectors/wycheproof/mldsa_44_verify_selected.json");
    assert_eq!(
        run_ml_dsa_verify(json, MlDsaParameters::MlDsa44),
        (12, 15, 2)
    );
}

#[test]
fn wycheproof_ml_dsa_65() {
    let json = include_str!("vectors/wycheproof/mldsa_65_sign_seed_selected.json");
    assert_eq!(run_ml_dsa_sign(json, MlDsaParameters::MlDsa65), (9, 2, 1));
    let json = include_str!("vectors/wycheproof/mldsa_65_verify_selected.json");
    assert_eq!(
        run_ml_dsa_verify(json, MlDsaParameters::MlDsa65),
        (12, 15, 2)
    );
}

#[test]
fn wycheproof_ml_dsa_87() {
    let json = include_str!("vectors/wycheproof/mldsa_87_sign_seed_selected.json");
    assert_eq!(run_ml_dsa_sign(json, MlDsaParameters::MlDsa87), (9, 2, 1));
    let json = include_str!("vectors/wycheproof/mldsa_87_verify_selected.json");
    assert_eq!(
        run_ml_dsa_verify(json, MlDsaParameters::MlDsa87),
        (13, 16, 2)
    );
}
