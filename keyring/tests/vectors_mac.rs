//! HMAC and CMAC against published vectors; their sources are in `vectors/README.md`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod wycheproof;

use sealgate_keyring::{
    aead::WrongKeyLength,
    algorithm::CmacAlgorithm,
    hash::HashAlgorithm,
    mac::{self, Cmac},
};
use serde::Deserialize;
use wycheproof::{Bytes, File, Outcome};

#[derive(Deserialize)]
struct Group {
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    tc_id: u32,
    key: Bytes,
    msg: Bytes,
    tag: Bytes,
    result: Outcome,
}

/// How many vectors were found valid and invalid, as published. Half of them have truncated tags.
fn run_hmac(json: &str, hash: HashAlgorithm) -> (usize, usize) {
    let file: File<Group> = serde_json::from_str(json).unwrap();
    let mut counts = (0, 0);
    for vector in file.groups.into_iter().flat_map(|group| group.tests) {
        let tag = mac::hmac(hash, &vector.key, &vector.msg);
        assert_eq!(tag.as_ref().len(), hash.digest_bytes());
        let is_tag = tag.as_ref().starts_with(&vector.tag);
        assert_eq!(vector.result.is_valid(), is_tag, "{}", vector.tc_id);
        assert_eq!(
            mac::verify_hmac(hash, &vector.key, &vector.msg, &vector.tag),
            is_tag && vector.tag.len() == hash.digest_bytes()
        );
        wycheproof::count(&mut counts, is_tag);
    }
    counts
}

#[test]
fn wycheproof_hmac() {
    let files = [
        (
            HashAlgorithm::Sha1,
            include_str!("vectors/wycheproof/hmac_sha1_test.json"),
            (66, 104),
        ),
        (
            HashAlgorithm::Sha2_224,
            include_str!("vectors/wycheproof/hmac_sha224_test.json"),
            (66, 106),
        ),
        (
            HashAlgorithm::Sha2_256,
            include_str!("vectors/wycheproof/hmac_sha256_test.json"),
            (66, 108),
        ),
        (
            HashAlgorithm::Sha2_384,
            include_str!("vectors/wycheproof/hmac_sha384_test.json"),
            (66, 108),
        ),
        (
            HashAlgorithm::Sha2_512,
            include_str!("vectors/wycheproof/hmac_sha512_test.json"),
            (66, 108),
        ),
        (
            HashAlgorithm::Sha3_224,
            include_str!("vectors/wycheproof/hmac_sha3_224_test.json"),
            (66, 106),
        ),
        (
            HashAlgorithm::Sha3_256,
            include_str!("vectors/wycheproof/hmac_sha3_256_test.json"),
            (66, 108),
        ),
        (
            HashAlgorithm::Sha3_384,
            include_str!("vectors/wycheproof/hmac_sha3_384_test.json"),
            (66, 108),
        ),
        (
            HashAlgorithm::Sha3_512,
            include_str!("vectors/wycheproof/hmac_sha3_512_test.json"),
            (66, 108),
        ),
    ];
    assert_eq!(files.map(|(hash, ..)| hash), HashAlgorithm::ALL);
    for (hash, json, counts) in files {
        assert_eq!(run_hmac(json, hash), counts, "{hash}");
    }
}

#[test]
fn wycheproof_cmac() {
    let json = include_str!("vectors/wycheproof/aes_cmac_test.json");
    let file: File<Group> = serde_json::from_str(json).unwrap();
    let mut counts = (0, 0);
    let mut other_key = 0;
    for vector in file.groups.into_iter().flat_map(|group| group.tests) {
        let algorithm = match vector.key.len() {
            16 => CmacAlgorithm::Aes128,
            32 => CmacAlgorithm::Aes256,
            _ => {
                other_key += 1;
                for algorithm in [CmacAlgorithm::Aes128, CmacAlgorithm::Aes256] {
                    let refused = Cmac::new(algorithm, &vector.key).err();
                    assert_eq!(refused, Some(WrongKeyLength));
                }
                continue;
            }
        };
        let cmac = Cmac::new(algorithm, &vector.key).unwrap();
        let is_tag = cmac.verify(&vector.msg, &vector.tag);
        assert_eq!(vector.result.is_valid(), is_tag, "{}", vector.tc_id);
        assert_eq!(cmac.tag(&vector.msg).as_slice() == *vector.tag, is_tag);
        wycheproof::count(&mut counts, is_tag);
    }
    assert_eq!((counts, other_key), ((42, 162), 107));
}
