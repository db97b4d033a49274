//! The ciphers against published vectors; their sources are in `vectors/README.md`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use sealgate_keyring::{
    aead::{Cipher, CipherError},
    algorithm::{AeadAlgorithm, Algorithm, KeyType},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Wycheproof {
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    /// The key type; Wycheproof's files leave it to the file's name.
    #[serde(rename = "type")]
    key_type: Option<KeyType>,
    key: String,
    iv: String,
    aad: String,
    msg: String,
    ct: String,
    tag: String,
    result: Option<Outcome>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Valid,
    Invalid,
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

impl Vector {
    fn run(&self, algorithm: AeadAlgorithm) -> Outcome {
        let (nonce, aad) = (bytes(&self.iv), bytes(&self.aad));
        let cipher = Cipher::new(algorithm, &bytes(&self.key)).unwrap();
        let clear = [nonce.as_slice(), &bytes(&self.msg)].concat();
        let published = [nonce.as_slice(), &bytes(&self.ct), &bytes(&self.tag)].concat();

        let mut sealed = clear.clone();
        cipher.seal(&mut sealed, 0, &aad).unwrap();
        let mut opened = published.clone();
        let outcome = cipher.open(&mut opened, &aad);
        if sealed == published {
            assert_eq!((outcome, opened), (Ok(()), clear));
            Outcome::Valid
        } else {
            assert_eq!(outcome, Err(CipherError::Authenticity));
            Outcome::Invalid
        }
    }
}

/// How many vectors a type has: (valid, invalid, with a nonce of another length).
type Counts = (usize, usize, usize);

fn run_wycheproof(
    json: &str,
    algorithm_of: impl Fn(usize) -> Option<AeadAlgorithm>,
) -> BTreeMap<&'static str, Counts> {
    let file: Wycheproof = serde_json::from_str(json).unwrap();
    let mut counts = BTreeMap::new();
    for vector in file.groups.iter().flat_map(|group| &group.tests) {
        let algorithm = algorithm_of(vector.key.len() / 2);
        let (valid, invalid, other_nonce) = counts
            .entry(algorithm.map_or("no key type", |it| KeyType::from(it).name()))
            .or_insert((0, 0, 0));
        match algorithm.filter(|it| vector.iv.len() / 2 == it.nonce_bytes()) {
            None => *other_nonce += 1,
            Some(algorithm) => {
                let outcome = vector.run(algorithm);
                assert!(vector.result == Some(outcome), "{algorithm}: {}", vector.iv);
                match outcome {
                    Outcome::Valid => *valid += 1,
                    Outcome::Invalid => *invalid += 1,
                }
            }
        }
    }
    counts
}

#[test]
fn wycheproof_aes_gcm() {
    let counts = run_wycheproof(
        include_str!("vectors/wycheproof/aes_gcm_test.json"),
        |len| match len {
            16 => Some(AeadAlgorithm::Aes128Gcm96),
            32 => Some(AeadAlgorithm::Aes256Gcm96),
            _ => None,
        },
    );
    assert_eq!(
        counts,
        BTreeMap::from([
            ("aes128-gcm96", (40, 27, 41)),
            ("aes256-gcm96", (39, 27, 39)),
            ("no key type", (0, 0, 103)),
        ])
    );
}

#[test]
fn wycheproof_chacha20_poly1305() {
    let json = include_str!("vectors/wycheproof/chacha20_poly1305_test.json");
    let counts = run_wycheproof(json, |_| Some(AeadAlgorithm::Chacha20Poly1305));
    assert_eq!(
        counts,
        BTreeMap::from([("chacha20-poly1305", (256, 60, 9))])
    );
}

#[test]
fn wycheproof_xchacha20_poly1305() {
    let json = include_str!("vectors/wycheproof/xchacha20_poly1305_test.json");
    let counts = run_wycheproof(json, |_| Some(AeadAlgorithm::Xchacha20Poly1305));
    assert_eq!(
        counts,
        BTreeMap::from([("xchacha20-poly1305", (246, 60, 9))])
    );
}

#[test]
fn specifications() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors/aead.json")).unwrap();
    assert_eq!(vectors.len(), 10);
    for vector in &vectors {
        let Algorithm::Aead(algorithm) = vector.key_type.unwrap().algorithm() else {
            panic!("these vectors are of ciphers");
        };
        assert!(vector.run(algorithm) == Outcome::Valid, "{}", vector.tag);
    }
}
