//! ML-DSA against NIST's own vectors; their source is in `vectors/README.md`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "wycheproof/bytes.rs"]
mod bytes;

use bytes::Bytes;
use pkcs8::{
    AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfoRef,
    der::{Encode, asn1::OctetStringRef},
};
use sealgate_keyring::{
    algorithm::MlDsaParameters,
    ml_dsa::{MlDsaPrivateKey, MlDsaPublicKey},
};
use serde::{Deserialize, de::DeserializeOwned};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<Vector> {
    test_groups: Vec<Group<Vector>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group<Vector> {
    parameter_set: ParameterSet,
    tests: Vec<Vector>,
}

#[derive(Clone, Copy, Deserialize)]
enum ParameterSet {
    #[serde(rename = "ML-DSA-44")]
    MlDsa44,
    #[serde(rename = "ML-DSA-65")]
    MlDsa65,
    #[serde(rename = "ML-DSA-87")]
    MlDsa87,
}

impl ParameterSet {
    fn parameters(self) -> MlDsaParameters {
        match self {
            Self::MlDsa44 => MlDsaParameters::MlDsa44,
            Self::MlDsa65 => MlDsaParameters::MlDsa65,
            Self::MlDsa87 => MlDsaParameters::MlDsa87,
        }
    }

    /// RFC 9881, section 2.
    fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::MlDsa44 => "2.16.840.1.101.3.4.3.17",
            Self::MlDsa65 => "2.16.840.1.101.3.4.3.18",
            Self::MlDsa87 => "2.16.840.1.101.3.4.3.19",
        })
    }
}

/// Runs all vectors of a file; how many there are of each parameter set.
fn run<Vector: DeserializeOwned>(
    json: &str,
    mut check: impl FnMut(ParameterSet, &Vector),
) -> [usize; 3] {
    let file: File<Vector> = serde_json::from_str(json).unwrap();
    let mut counts = [0; 3];
    for group in file.test_groups {
        for vector in &group.tests {
            check(group.parameter_set, vector);
            counts[group.parameter_set as usize] += 1;
        }
    }
    counts
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyGeneration {
    tc_id: u32,
    seed: Bytes,
    pk: Bytes,
}

#[test]
fn seeds_give_the_public_keys() {
    let json = include_str!("vectors/nist/ml_dsa_keygen.json");
    let counts = run(json, |set, vector: &KeyGeneration| {
        let key = MlDsaPrivateKey::from_seed(set.parameters(), &vector.seed).unwrap();
        assert_eq!(key.public_key().as_bytes(), *vector.pk, "{}", vector.tc_id);
    });
    assert_eq!(counts, [25, 25, 25]);
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verification {
    tc_id: u32,
    test_passed: bool,
    pk: Bytes,
    message: Bytes,
    context: Bytes,
    signature: Bytes,
}

/// A signature with a context must not pass for one without: ours have none.
#[test]
fn signatures_verify_as_published_and_not_without_their_context() {
    let (mut valid, mut invalid, mut with_context) = (0, 0, 0);
    let json = include_str!("vectors/nist/ml_dsa_sigver.json");
    let counts = run(json, |set, vector: &Verification| {
        let key = MlDsaPublicKey::from_bytes(set.parameters(), &vector.pk).unwrap();
        let verified = key.verify(&vector.message, &vector.signature);
        let expected = vector.test_passed && vector.context.is_empty();
        assert_eq!(verified, expected, "{}", vector.tc_id);
        match (vector.context.is_empty(), vector.test_passed) {
            (true, true) => valid += 1,
            (true, false) => invalid += 1,
            (false, _) => with_context += 1,
        }
    });
    assert_eq!(counts, [4, 3, 4]);
    assert_eq!((valid, invalid, with_context), (1, 2, 8));
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generation {
    tc_id: u32,
    sk: Bytes,
    pk: Bytes,
    message: Bytes,
    context: Bytes,
    signature: Bytes,
}

/// The published signatures cannot be made again: each of ours takes fresh randomness.
#[test]
fn expanded_keys_give_the_public_keys_and_both_verify_the_signatures() {
    let json = include_str!("vectors/nist/ml_dsa_siggen.json");
    let counts = run(json, |set, vector: &Generation| {
        assert!(vector.context.is_empty());
        let key = read_expanded(set, &vector.sk);
        let public = MlDsaPublicKey::from_bytes(set.parameters(), &vector.pk).unwrap();
        assert_eq!(
            key.public_key().as_bytes(),
            public.as_bytes(),
            "{}",
            vector.tc_id
        );
        assert!(
            public.verify(&vector.message, &vector.signature),
            "{}",
            vector.tc_id
        );
        let mut changed = vector.message.to_vec();
        changed[0] ^= 1;
        assert!(!public.verify(&changed, &vector.signature));
        let ours = key.sign(&vector.message).unwrap();
        assert_ne!(ours, *vector.signature);
        assert!(public.verify(&vector.message, &ours));
    });
    assert_eq!(counts, [2, 2, 2]);
}

/// Reads a private key in the form without a seed (RFC 9881, section 6).
fn read_expanded(set: ParameterSet, expanded: &[u8]) -> MlDsaPrivateKey {
    let choice = OctetStringRef::new(expanded).unwrap().to_der().unwrap();
    let algorithm = AlgorithmIdentifierRef {
        oid: set.oid(),
        parameters: None,
    };
    let document = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&choice).unwrap());
    let document = document.to_der().unwrap();
    let key = MlDsaPrivateKey::from_pkcs8(set.parameters(), &document).unwrap();
    assert!(key.to_pkcs8().matches(&document));
    key
}
