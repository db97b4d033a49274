//! RSA: signing and verifying with what AWS-LC has and with what it lacks, encrypting, and
//! decrypting ciphertexts that are wrong in different ways, which must take the same time.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::{hint::black_box, time::Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sealgate_keyring::{
    algorithm::RsaSize,
    hash::HashAlgorithm,
    rsa::{RsaEncryption, RsaPrivateKey, RsaPublicKey, RsaScheme, SaltLength},
};

/// The first is AWS-LC's to sign, the second is ours.
const HASHES: [HashAlgorithm; 2] = [HashAlgorithm::Sha2_256, HashAlgorithm::Sha3_256];

fn sign_and_verify(c: &mut Criterion) {
    for size in RsaSize::ALL {
        let key = RsaPrivateKey::generate(size).unwrap();
        for hash in HASHES {
            let digest = hash.digest(b"message");
            let digest = digest.as_bytes();
            let salt = SaltLength::Auto;
            for (name, scheme) in [
                ("pss", RsaScheme::Pss { hash, salt }),
                ("pkcs1v15", RsaScheme::Pkcs1v15 { hash: Some(hash) }),
            ] {
                let id = BenchmarkId::new(format!("{name}/{hash}"), size.bits());
                c.benchmark_group("sign")
                    .bench_function(id.clone(), |b| b.iter(|| key.sign(scheme, digest)));
                let signature = key.sign(scheme, digest).unwrap();
                let public = key.public_key();
                assert!(public.verify(scheme, digest, &signature));
                c.benchmark_group("verify").bench_function(id, |b| {
                    b.iter(|| public.verify(scheme, digest, black_box(&signature)));
                });
            }
        }
    }
}

fn encrypt_and_decrypt(c: &mut Criterion) {
    for size in RsaSize::ALL {
        let key = RsaPrivateKey::generate(size).unwrap();
        for padding in [RsaEncryption::OaepSha256, RsaEncryption::Pkcs1v15] {
            let id = |what: &str| BenchmarkId::new(format!("{padding:?}{what}"), size.bits());
            let public = key.public_key();
            c.benchmark_group("encrypt").bench_function(id(""), |b| {
                b.iter(|| public.encrypt(padding, &[7; 32]));
            });
            let mut group = c.benchmark_group("decrypt");
            for (kind, ciphertext) in ciphertexts(public, padding) {
                let decrypts = key.decrypt(padding, &ciphertext).is_ok();
                assert_eq!(decrypts, kind.starts_with("valid"), "{kind}");
                group.bench_function(id(&format!("/{kind}")), |b| {
                    b.iter(|| key.decrypt(padding, black_box(&ciphertext)));
                });
            }
        }
    }
}

/// Messages of different lengths, and what an attacker would send.
fn ciphertexts(public: &RsaPublicKey, padding: RsaEncryption) -> Vec<(&'static str, Vec<u8>)> {
    let longest = vec![7; padding.longest(public.size())];
    let encrypt = |message: &[u8]| public.encrypt(padding, message).unwrap();
    let mut flipped = encrypt(&[7; 32]);
    *flipped.last_mut().unwrap() ^= 1;
    let other_padding = match padding {
        RsaEncryption::Pkcs1v15 => RsaEncryption::OaepSha256,
        _ => RsaEncryption::Pkcs1v15,
    };
    let mut small = vec![0; public.size().bytes()];
    *small.last_mut().unwrap() = 2;
    vec![
        ("valid empty", encrypt(b"")),
        ("valid", encrypt(&[7; 32])),
        ("valid longest", encrypt(&longest)),
        ("flipped bit", flipped),
        (
            "other padding",
            public.encrypt(other_padding, &[7; 32]).unwrap(),
        ),
        ("the number 2", small),
    ]
}

/// Decrypts every kind of ciphertext in turn, so that whatever else the machine does falls on all
/// of them alike, and reports the quartiles: the times of two kinds must not be told apart.
fn decrypt_side_by_side(_: &mut Criterion) {
    const ROUNDS: usize = 400;
    let key = RsaPrivateKey::generate(RsaSize::Bits2048).unwrap();
    for padding in [RsaEncryption::OaepSha256, RsaEncryption::Pkcs1v15] {
        let ciphertexts = ciphertexts(key.public_key(), padding);
        let mut times = vec![Vec::with_capacity(ROUNDS); ciphertexts.len()];
        for round in 0..ROUNDS * ciphertexts.len() {
            let kind = round % ciphertexts.len();
            let started = Instant::now();
            let _ = black_box(key.decrypt(padding, black_box(&ciphertexts[kind].1)));
            times[kind].push(started.elapsed());
        }
        for ((kind, _), mut times) in ciphertexts.iter().zip(times) {
            times.sort_unstable();
            let quartiles = [ROUNDS / 4, ROUNDS / 2, ROUNDS / 4 * 3].map(|i| times[i]);
            eprintln!("side by side/{padding:?}/{kind}: quartiles {quartiles:.1?}");
        }
    }
}

criterion_group!(
    benches,
    sign_and_verify,
    encrypt_and_decrypt,
    decrypt_side_by_side
);
criterion_main!(benches);
