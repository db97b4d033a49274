//! Keys, encodings and signatures together.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA512_ASN1,
    ECDSA_P521_SHA256_ASN1, UnparsedPublicKey,
};
use proptest::prelude::*;

use super::*;
use crate::{hash::HashAlgorithm, kdf};

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[derive(serde::Deserialize)]
struct GoKey {
    #[serde(rename = "type")]
    key_type: String,
    scalar: String,
    #[serde(default)]
    sec1: String,
    pkcs8: String,
    spki: String,
}

#[test]
fn encodes_as_go_does() {
    let json = include_str!("../../tests/vectors/go_keys.json");
    let keys: Vec<GoKey> = serde_json::from_str(json).unwrap();
    let mut count = 0;
    for curve in Curve::ALL {
        let of_curve = format!("{curve:?}");
        for go in keys.iter().filter(|key| key.key_type == of_curve) {
            let (scalar, sec1) = (bytes(&go.scalar), bytes(&go.sec1));
            let (pkcs8, spki) = (bytes(&go.pkcs8), bytes(&go.spki));
            for key in [
                EcdsaPrivateKey::from_scalar(curve, &scalar),
                EcdsaPrivateKey::from_sec1(curve, &sec1),
                EcdsaPrivateKey::from_pkcs8(curve, &pkcs8),
            ] {
                let key = key.unwrap();
                assert!(key.scalar().expose().ends_with(&scalar));
                assert_eq!(key.scalar().len(), curve.bytes());
                assert!(key.to_sec1().matches(&sec1));
                assert!(key.to_pkcs8().matches(&pkcs8));
                assert_eq!(key.public_key().to_spki(), spki);
            }
            let public = EcdsaPublicKey::from_spki(&spki).unwrap();
            assert_eq!(public.curve(), curve);
            assert!(spki.ends_with(&[public.x(), public.y()].concat()));
            count += 1;
        }
    }
    assert_eq!(count, 6);
}

/// RFC 5915 lets the curve's name and the public key be missing.
#[test]
fn reads_the_shortest_sec1() {
    for curve in Curve::ALL {
        let key = EcdsaPrivateKey::generate(curve).unwrap();
        let scalar = key.scalar();
        let len = u8::try_from(scalar.len()).unwrap();
        let short = [&[0x30, len + 5, 2, 1, 1, 4, len], scalar.expose()].concat();
        let read = EcdsaPrivateKey::from_sec1(curve, &short).unwrap();
        assert!(read.to_sec1().matches(key.to_sec1().expose()));
        assert!(read.to_pkcs8().matches(key.to_pkcs8().expose()));
    }
}

#[test]
fn refuses_what_was_not_announced() {
    let key = EcdsaPrivateKey::generate(Curve::P256).unwrap();
    let (pkcs8, sec1) = (key.to_pkcs8(), key.to_sec1());
    let spki = key.public_key().to_spki();
    let refused = |key: Result<EcdsaPrivateKey, _>| key.err() == Some(EcdsaError::PrivateKey);
    assert!(refused(EcdsaPrivateKey::from_pkcs8(
        Curve::P256,
        sec1.expose()
    )));
    assert!(refused(EcdsaPrivateKey::from_sec1(
        Curve::P256,
        pkcs8.expose()
    )));
    for other in [Curve::P384, Curve::P521] {
        assert!(refused(EcdsaPrivateKey::from_pkcs8(other, pkcs8.expose())));
        assert!(refused(EcdsaPrivateKey::from_sec1(other, sec1.expose())));
        assert!(
            EcdsaPublicKey::from_coordinates(other, key.public_key().x(), key.public_key().y())
                .is_err()
        );
    }
    let more = |document: &[u8]| [document, &[0]].concat();
    assert!(refused(EcdsaPrivateKey::from_pkcs8(
        Curve::P256,
        &more(pkcs8.expose())
    )));
    assert!(refused(EcdsaPrivateKey::from_sec1(
        Curve::P256,
        &more(sec1.expose())
    )));
    assert!(EcdsaPublicKey::from_spki(&more(&spki)).is_err());
    assert!(EcdsaPublicKey::from_spki(key.public_key().point()).is_err());
    // Another public key than the private key's.
    let other = EcdsaPrivateKey::generate(Curve::P256).unwrap();
    let at = sec1.len() - 64;
    let mixed = [
        &sec1.expose()[..at],
        other.public_key().x(),
        other.public_key().y(),
    ]
    .concat();
    assert!(refused(EcdsaPrivateKey::from_sec1(Curve::P256, &mixed)));
}

#[test]
fn scalars_lie_between_one_and_the_order() {
    // FIPS 186-5's n of P-256 (SP 800-186, section 3.2.1.3).
    let order = bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let mut largest = order.clone();
    largest[31] -= 1;
    assert!(EcdsaPrivateKey::from_scalar(Curve::P256, &largest).is_ok());
    assert!(EcdsaPrivateKey::from_scalar(Curve::P256, &[1]).is_ok());
    for curve in Curve::ALL {
        for scalar in [
            vec![],
            vec![0],
            vec![0; 66],
            vec![0xFF; curve.bytes()],
            vec![1; 67],
        ] {
            assert!(EcdsaPrivateKey::from_scalar(curve, &scalar).is_err());
        }
    }
    assert!(EcdsaPrivateKey::from_scalar(Curve::P256, &order).is_err());
}

#[test]
fn points_lie_on_the_curve() {
    for curve in Curve::ALL {
        let key = EcdsaPrivateKey::generate(curve).unwrap();
        let (x, mut y) = (key.public_key().x(), key.public_key().y().to_vec());
        assert!(EcdsaPublicKey::from_coordinates(curve, x, &y).is_ok());
        y[curve.bytes() - 1] ^= 1;
        let refused = EcdsaPublicKey::from_coordinates(curve, x, &y).err();
        assert_eq!(refused, Some(EcdsaError::PublicKey));
        assert!(EcdsaPublicKey::from_coordinates(curve, &[], &[]).is_err());
        assert!(EcdsaPublicKey::from_coordinates(curve, &[0; 80], &y).is_err());
    }
}

/// Another implementation of the cutting and padding of digests, AWS-LC's own, agrees.
#[test]
fn digests_of_other_lengths() {
    let message = b"message";
    for (curve, hash, algorithm) in [
        (
            Curve::P256,
            HashAlgorithm::Sha2_256,
            &ECDSA_P256_SHA256_ASN1,
        ),
        (
            Curve::P256,
            HashAlgorithm::Sha2_512,
            &ECDSA_P256_SHA512_ASN1,
        ),
        (
            Curve::P384,
            HashAlgorithm::Sha2_256,
            &ECDSA_P384_SHA256_ASN1,
        ),
        (
            Curve::P384,
            HashAlgorithm::Sha2_512,
            &ECDSA_P384_SHA512_ASN1,
        ),
        (
            Curve::P521,
            HashAlgorithm::Sha2_256,
            &ECDSA_P521_SHA256_ASN1,
        ),
    ] {
        let key = EcdsaPrivateKey::generate(curve).unwrap();
        let signature = key.sign(hash.digest(message).as_bytes()).unwrap();
        UnparsedPublicKey::new(algorithm, key.public_key().point())
            .verify(message, &signature)
            .unwrap();
    }
}

#[test]
fn refuses_digests_it_cannot_sign() {
    for curve in Curve::ALL {
        let key = EcdsaPrivateKey::generate(curve).unwrap();
        assert_eq!(key.sign(&[]), Err(EcdsaError::EmptyDigest));
        assert!(!key.public_key().verify(&[], &[]));
        let long = key.sign(&[1; 65]);
        assert_eq!(long.is_ok(), curve != Curve::P521);
    }
    let key = EcdsaPrivateKey::generate(Curve::P521).unwrap();
    assert_eq!(key.sign(&[0; 65]), Err(EcdsaError::DigestTooLong));
    assert!(
        !key.public_key()
            .verify(&[0; 65], &key.sign(&[0; 64]).unwrap())
    );
}

#[test]
fn both_sides_agree() {
    for curve in Curve::ALL {
        let (one, other) = (
            EcdsaPrivateKey::generate(curve).unwrap(),
            EcdsaPrivateKey::generate(curve).unwrap(),
        );
        let secret = one.agree(other.public_key()).unwrap();
        assert_eq!(secret.len(), curve.bytes());
        assert!(
            other
                .agree(one.public_key())
                .unwrap()
                .matches(secret.expose())
        );
        kdf::derive(&secret, b"", 32).unwrap();
        for elsewhere in Curve::ALL.into_iter().filter(|&it| it != curve) {
            let elsewhere = EcdsaPrivateKey::generate(elsewhere).unwrap();
            assert_eq!(
                one.agree(elsewhere.public_key()).err(),
                Some(EcdsaError::OtherCurve)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn verifies_what_it_signs_and_nothing_else(
        curve in prop::sample::select(&Curve::ALL),
        digest in prop::collection::vec(any::<u8>(), 1..=64),
        at: prop::sample::Index,
        bit in 0_u8..8,
    ) {
        let key = EcdsaPrivateKey::generate(curve).unwrap();
        let public = EcdsaPublicKey::from_spki(&key.public_key().to_spki()).unwrap();
        let signature = key.sign(&digest).unwrap();
        prop_assert!(public.verify(&digest, &signature));
        prop_assert_eq!(check_der(&signature), Ok(()));
        let jws = der_to_jws(curve, &signature).unwrap();
        prop_assert_eq!(jws_to_der(curve, &jws).unwrap(), signature.clone());

        let mut changed = signature.clone();
        changed[at.index(signature.len())] ^= 1 << bit;
        prop_assert!(!public.verify(&digest, &changed));
        let mut other = digest.clone();
        // What is behind the order's length does not count.
        other[at.index(digest.len().min(curve.bytes()))] ^= 1 << bit;
        prop_assert!(!public.verify(&other, &signature));
        let stranger = EcdsaPrivateKey::generate(curve).unwrap();
        prop_assert!(!stranger.public_key().verify(&digest, &signature));
    }
}
