//! Signatures, message authentication codes and key agreement, with keys that are expanded already.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sealgate_keyring::{
    algorithm::{CmacAlgorithm, Curve, MlDsaParameters},
    ecdsa::EcdsaPrivateKey,
    ed25519::{Ed25519PrivateKey, derive_ed25519},
    hash::HashAlgorithm,
    mac::{Cmac, HmacKey},
    ml_dsa::MlDsaPrivateKey,
};

const MESSAGE: [u8; 64] = [7; 64];

fn signatures(c: &mut Criterion) {
    let key = Ed25519PrivateKey::generate().unwrap();
    let (public, signature) = (key.public_key(), key.sign(&MESSAGE));
    c.bench_function("sign/ed25519", |b| b.iter(|| key.sign(&MESSAGE)));
    c.bench_function("verify/ed25519", |b| {
        b.iter(|| assert!(public.verify(&MESSAGE, &signature)));
    });
    c.bench_function("derive/ed25519", |b| {
        b.iter(|| derive_ed25519(&key, b"tenant 4711"));
    });

    for curve in Curve::ALL {
        let key = EcdsaPrivateKey::generate(curve).unwrap();
        let digest = &MESSAGE[..curve.bytes().min(64)];
        let signature = key.sign(digest).unwrap();
        c.bench_function(&format!("sign/{curve:?}"), |b| b.iter(|| key.sign(digest)));
        c.bench_function(&format!("verify/{curve:?}"), |b| {
            b.iter(|| assert!(key.public_key().verify(digest, &signature)));
        });
        c.bench_function(&format!("agree/{curve:?}"), |b| {
            b.iter(|| key.agree(key.public_key()));
        });
    }

    for parameters in MlDsaParameters::ALL {
        let key = MlDsaPrivateKey::generate(parameters).unwrap();
        let signature = key.sign(&MESSAGE).unwrap();
        c.bench_function(&format!("sign/{parameters:?}"), |b| {
            b.iter(|| key.sign(&MESSAGE));
        });
        c.bench_function(&format!("verify/{parameters:?}"), |b| {
            b.iter(|| assert!(key.public_key().verify(&MESSAGE, &signature)));
        });
    }
}

fn macs(c: &mut Criterion) {
    for len in [64, 1 << 10] {
        let message = vec![0; len];
        let mut group = c.benchmark_group("mac");
        group.throughput(Throughput::Bytes(len as u64));
        for hash in [HashAlgorithm::Sha2_256, HashAlgorithm::Sha3_256] {
            let key = HmacKey::new(hash, &[7; 32]);
            group.bench_function(BenchmarkId::new(format!("hmac {hash}"), len), |b| {
                b.iter(|| key.tag(&message));
            });
        }
        for algorithm in [CmacAlgorithm::Aes128, CmacAlgorithm::Aes256] {
            let key = Cmac::new(algorithm, &vec![7; algorithm.key_bytes()]).unwrap();
            group.bench_function(BenchmarkId::new(format!("cmac {algorithm:?}"), len), |b| {
                b.iter(|| key.tag(&message));
            });
        }
        group.finish();
    }
    c.bench_function("expand/hmac sha2-256", |b| {
        b.iter(|| HmacKey::new(HashAlgorithm::Sha2_256, &[7; 32]));
    });
}

criterion_group!(benches, signatures, macs);
criterion_main!(benches);
