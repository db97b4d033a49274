//! What derived and convergent keys cost on top of the encryption.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sealgate_keyring::{algorithm::KeyType, kdf, secret::SecretBytes};

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
    for key_type in KeyType::ALL {
        c.bench_function(&format!("derive cipher/{key_type}"), |b| {
            b.iter(|| kdf::derive_cipher(key_type, &key, CONTEXT));
        });
        c.bench_function(&format!("derive convergent/{key_type}"), |b| {
            b.iter(|| kdf::derive_convergent(key_type, &key, CONTEXT));
        });
    }
}

fn convergent_nonce(c: &mut Criterion) {
    let key = SecretBytes::copy_of(&[7; 32]);
    let (_, nonce_key) = kdf::derive_convergent(KeyType::Aes256Gcm96, &key, CONTEXT);
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
