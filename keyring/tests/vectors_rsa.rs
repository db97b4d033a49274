//! RSA against published vectors; their sources are in `vectors/README.md`.
//!
//! Each test names its files with the vectors it expects in them, so that none is skipped in
//! silence. Of Wycheproof's other RSA files some are for key sizes, hash functions or mask
//! generation functions that keys here do not have, the rest repeat what these say.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use sealgate_keyring::{
    hash::HashAlgorithm,
    rsa::{RsaEncryption, RsaError, RsaPrivateKey, RsaPublicKey, RsaScheme, SaltLength},
    secret::SecretBytes,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    key_size: usize,
    sha: Option<String>,
    mgf_sha: Option<String>,
    s_len: Option<u16>,
    private_key_pkcs8: Option<String>,
    /// The public key as SPKI.
    #[serde(alias = "keyDer")]
    public_key_der: Option<String>,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "tcId")]
    id: usize,
    comment: String,
    flags: Vec<String>,
    msg: String,
    #[serde(default)]
    ct: String,
    #[serde(default)]
    sig: String,
    #[serde(default)]
    label: String,
    result: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Valid,
    Invalid,
    /// The flags say what a verifier may be lenient about.
    Acceptable,
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn read(name: &str) -> File {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/wycheproof");
    let json = fs::read(format!("{folder}/rsa_{name}_test.json")).unwrap();
    serde_json::from_slice(&json).unwrap()
}

fn hash_of(name: &str) -> HashAlgorithm {
    match name {
        "SHA-1" => HashAlgorithm::Sha1,
        "SHA-224" => HashAlgorithm::Sha2_224,
        "SHA-256" => HashAlgorithm::Sha2_256,
        "SHA-384" => HashAlgorithm::Sha2_384,
        "SHA-512" => HashAlgorithm::Sha2_512,
        "SHA3-224" => HashAlgorithm::Sha3_224,
        "SHA3-256" => HashAlgorithm::Sha3_256,
        "SHA3-384" => HashAlgorithm::Sha3_384,
        "SHA3-512" => HashAlgorithm::Sha3_512,
        other => panic!("{other}"),
    }
}

impl Group {
    fn hash(&self) -> HashAlgorithm {
        hash_of(self.sha.as_ref().unwrap())
    }

    fn private_key(&self) -> RsaPrivateKey {
        let document = bytes(self.private_key_pkcs8.as_ref().unwrap());
        let key = RsaPrivateKey::from_pkcs8(&document).unwrap();
        assert_eq!(key.size().bits(), self.key_size);
        assert!(key.to_pkcs8().matches(&document));
        key
    }

    fn public_key(&self) -> RsaPublicKey {
        let spki = bytes(self.public_key_der.as_ref().unwrap());
        let key = RsaPublicKey::from_spki(&spki).unwrap();
        assert_eq!((key.size().bits(), key.to_spki()), (self.key_size, spki));
        key
    }
}

/// What became of a vector.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Published as valid, and so it is.
    Valid,
    /// Published as invalid, and so it is.
    Invalid,
    /// Published as valid with a parameter that we do not have, so invalid here.
    Other,
}

/// How many vectors of a file are of each kind, in that order.
type Counts = (usize, usize, usize);

fn run(files: &[(&str, Counts)], check: impl Fn(&Group) -> Vec<Kind>) {
    for &(name, expected) in files {
        let kinds: Vec<_> = read(name).groups.iter().flat_map(&check).collect();
        let count = |kind| kinds.iter().filter(|&&other| other == kind).count();
        let counts = (count(Kind::Valid), count(Kind::Invalid), count(Kind::Other));
        assert_eq!(counts, expected, "{name}");
    }
}

#[test]
fn oaep() {
    let files = [
        ("oaep_2048_sha1_mgf1sha1", (10, 19, 7)),
        ("oaep_2048_sha256_mgf1sha256", (10, 19, 8)),
        ("oaep_2048_sha384_mgf1sha384", (10, 18, 6)),
        ("oaep_2048_sha512_mgf1sha512", (10, 19, 4)),
        ("oaep_3072_sha256_mgf1sha256", (10, 19, 8)),
        ("oaep_3072_sha512_mgf1sha512", (10, 18, 5)),
        ("oaep_4096_sha256_mgf1sha256", (10, 19, 8)),
        ("oaep_4096_sha512_mgf1sha512", (10, 19, 7)),
    ];
    run(&files, |group| {
        assert_eq!(group.sha, group.mgf_sha);
        let padding = match group.hash() {
            HashAlgorithm::Sha1 => RsaEncryption::OaepSha1,
            HashAlgorithm::Sha2_256 => RsaEncryption::OaepSha256,
            HashAlgorithm::Sha2_384 => RsaEncryption::OaepSha384,
            HashAlgorithm::Sha2_512 => RsaEncryption::OaepSha512,
            other => panic!("{other}"),
        };
        let key = group.private_key();
        let check = |vector: &Vector| {
            let decrypted = key.decrypt(padding, &bytes(&vector.ct));
            let kind = match vector.result {
                // We give no label, so to us these are of another.
                Outcome::Valid if !vector.label.is_empty() => Kind::Other,
                Outcome::Valid => Kind::Valid,
                _ => Kind::Invalid,
            };
            check_decrypted(vector, kind == Kind::Valid, decrypted);
            kind
        };
        group.tests.iter().map(check).collect()
    });
}

#[test]
fn pkcs1v15_decryption() {
    let files = [
        ("pkcs1_2048", (42, 25, 0)),
        ("pkcs1_3072", (41, 26, 0)),
        ("pkcs1_4096", (41, 26, 0)),
    ];
    run(&files, |group| {
        let key = group.private_key();
        let check = |vector: &Vector| {
            let decrypted = key.decrypt(RsaEncryption::Pkcs1v15, &bytes(&vector.ct));
            let valid = vector.result == Outcome::Valid;
            check_decrypted(vector, valid, decrypted);
            if valid { Kind::Valid } else { Kind::Invalid }
        };
        group.tests.iter().map(check).collect()
    });
}

fn check_decrypted(vector: &Vector, valid: bool, decrypted: Result<SecretBytes, RsaError>) {
    let Vector { id, comment, .. } = vector;
    match decrypted {
        Ok(message) => assert!(
            valid && message.matches(&bytes(&vector.msg)),
            "{id}: {comment}"
        ),
        Err(error) => {
            assert!(!valid, "{id}: {comment}");
            assert_eq!(error, RsaError::Decryption);
        }
    }
}

#[test]
fn keys_of_three_primes_are_refused() {
    for group in &read("three_primes_oaep_2048_sha1_mgf1sha1").groups {
        let document = bytes(group.private_key_pkcs8.as_ref().unwrap());
        assert_eq!(
            RsaPrivateKey::from_pkcs8(&document).err(),
            Some(RsaError::MultiPrime)
        );
    }
}

#[test]
fn pkcs1v15_signatures_are_made() {
    let files = [
        ("pkcs1_2048_sig_gen", (43, 0, 0)),
        ("pkcs1_3072_sig_gen", (26, 0, 0)),
        ("pkcs1_4096_sig_gen", (24, 0, 0)),
    ];
    run(&files, |group| {
        let key = group.private_key();
        assert_eq!(group.public_key().n(), key.public_key().n());
        let hash = group.hash();
        let scheme = RsaScheme::Pkcs1v15 { hash: Some(hash) };
        let check = |vector: &Vector| {
            // Acceptable, says Wycheproof, is to refuse SHA-1 and the exponent 3.
            assert_ne!(vector.result, Outcome::Invalid);
            let digest = hash.digest(&bytes(&vector.msg));
            let signature = key.sign(scheme, digest.as_bytes()).unwrap();
            assert_eq!(signature, bytes(&vector.sig), "{}", vector.id);
            let public = key.public_key();
            assert!(public.verify(scheme, digest.as_bytes(), &signature));
            Kind::Valid
        };
        group.tests.iter().map(check).collect()
    });
}

#[test]
fn pkcs1v15_signatures_are_verified() {
    let files = [
        ("signature_2048_sha224", (7, 251, 0)),
        ("signature_2048_sha256", (9, 250, 0)),
        ("signature_2048_sha384", (7, 251, 0)),
        ("signature_2048_sha512", (8, 251, 0)),
        ("signature_2048_sha3_224", (7, 251, 0)),
        ("signature_2048_sha3_256", (7, 250, 0)),
        ("signature_2048_sha3_512", (7, 251, 0)),
        ("signature_3072_sha256", (8, 251, 0)),
        ("signature_3072_sha3_384", (7, 252, 0)),
        ("signature_4096_sha384", (7, 252, 0)),
    ];
    run(&files, |group| {
        let (key, hash) = (group.public_key(), group.hash());
        let scheme = RsaScheme::Pkcs1v15 { hash: Some(hash) };
        let check = |vector: &Vector| {
            // A DigestInfo without its NULL is not what signing makes; the peers refuse it too.
            let lenient = vector.result == Outcome::Acceptable;
            assert_eq!(lenient, vector.flags == ["MissingNull"]);
            let digest = hash.digest(&bytes(&vector.msg));
            let verified = key.verify(scheme, digest.as_bytes(), &bytes(&vector.sig));
            let Vector { id, comment, .. } = vector;
            assert_eq!(verified, vector.result == Outcome::Valid, "{id}: {comment}");
            if verified { Kind::Valid } else { Kind::Invalid }
        };
        group.tests.iter().map(check).collect()
    });
}

#[test]
fn pss_signatures_are_verified() {
    let files = [
        ("pss_2048_sha1_mgf1_20", (42, 46, 0)),
        ("pss_2048_sha256_mgf1_0", (61, 42, 0)),
        ("pss_2048_sha256_mgf1_32", (63, 45, 0)),
        ("pss_2048_sha384_mgf1_48", (95, 46, 0)),
        ("pss_3072_sha256_mgf1_32", (63, 45, 0)),
        ("pss_4096_sha384_mgf1_48", (95, 46, 0)),
        ("pss_4096_sha512_mgf1_32", (132, 45, 0)),
        ("pss_4096_sha512_mgf1_64", (132, 47, 0)),
        // Every pair of SHA-1 and SHA-2 for the digest and the mask; we have one for both.
        ("pss_misc", (30, 0, 120)),
    ];
    run(&files, |group| {
        let (key, hash) = (group.public_key(), group.hash());
        let salt = SaltLength::Bytes(group.s_len.unwrap());
        let check = |vector: &Vector| {
            let digest = hash.digest(&bytes(&vector.msg));
            let signature = bytes(&vector.sig);
            let verified = |salt| {
                let scheme = RsaScheme::Pss { hash, salt };
                key.verify(scheme, digest.as_bytes(), &signature)
            };
            let kind = match vector.result {
                Outcome::Valid if group.sha != group.mgf_sha => Kind::Other,
                Outcome::Valid => Kind::Valid,
                _ => Kind::Invalid,
            };
            let Vector { id, comment, .. } = vector;
            assert_eq!(verified(salt), kind == Kind::Valid, "{id}: {comment}");
            // What is wrong with some is the length of the salt alone.
            let other_salt = comment.strip_prefix("s_len changed to ");
            let salt_len = match other_salt {
                Some(len) => Some(len.parse().unwrap()),
                None => group.s_len.filter(|_| kind == Kind::Valid),
            };
            let hash_len = u16::try_from(hash.digest_bytes()).unwrap();
            let expected = (salt_len.is_some(), salt_len == Some(hash_len));
            let found = (verified(SaltLength::Auto), verified(SaltLength::Hash));
            assert_eq!(found, expected, "{id}: {comment}");
            assert!(salt_len.is_none_or(|len| verified(SaltLength::Bytes(len))));
            kind
        };
        group.tests.iter().map(check).collect()
    });
}

#[test]
fn other_sizes_are_refused() {
    let mut refused = Vec::new();
    for group in &read("pkcs1_1024_sig_gen").groups {
        let document = bytes(group.private_key_pkcs8.as_ref().unwrap());
        refused.push(RsaPrivateKey::from_pkcs8(&document).err());
        let spki = bytes(group.public_key_der.as_ref().unwrap());
        refused.push(RsaPublicKey::from_spki(&spki).err());
    }
    let size = RsaError::Size { bits: 1024 };
    assert!(!refused.is_empty() && refused.iter().all(|error| *error == Some(size)));
}
