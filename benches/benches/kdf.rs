//! What derived and convergent keys cost on top of the encryption.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sealgate_keyring::{algorithm::AeadAlgorithm, kdf, secret::SecretBytes};

const CONTEXT: &[u8] = b"tenant 4711";

fn derivation(c: &mut Criterion) {
    let key = SecretBytes::copy_of(&[7; 32]);
    let mut group = c.benchmark_group("hkdf");
    for len in [16, 32, 64] {
        group.bench_function(BenchmarkId::from_parameter(len), |b| {
            b.iter(|| kdf::derive(&key, CONTEXT, len));
        });
    }
    group.finish();
    for algorithm in AeadAlgorithm::ALL {
        c.bench_function(&format!("derive cipher/{algorithm}"), |b| {
            b.iter(|| kdf::derive_cipher(algorithm, &key, CONTEXT));
        });
        c.bench_function(&format!("derive convergent/{algorithm}"), |b| {
            b.iter(|| kdf::derive_convergent(algorithm, &key, CONTEXT));
        });
    }
}

fn convergent_nonce(c: &mut Criterion) {
    let key = SecretBytes::copy_of(&[7; 32]);
    let (_, nonce_key) = kdf::derive_convergent(AeadAlgorithm::Aes256Gcm96, &key, CONTEXT);
    let mut group = c.benchmark_group("convergent nonce");
    for len in [64, 1 << 10, 64 << 10] {
        let message = vec![0; len];
        let mut nonce = [0; 12];
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::from_parameter(len), |b| {
            b.iter(|| kdf::convergent_nonce(&nonce_key, &message, &mut nonce));
        });
    }
    group.finish();
}

criterion_group!(benches, derivation, convergent_nonce);
criterion_main!(benches);
