//! One message with an expanded key: a random nonce and the encryption, or the decryption.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sealgate_keyring::{
    aead::{Cipher, fill_random_nonce},
    algorithm::AeadAlgorithm,
    wipe,
};

const MESSAGE_BYTES: [usize; 4] = [64, 1 << 10, 64 << 10, 1 << 20];

fn encrypt_and_decrypt(c: &mut Criterion) {
    for algorithm in AeadAlgorithm::ALL {
        let cipher = Cipher::new(algorithm, &vec![7; algorithm.key_bytes()]).unwrap();
        for len in MESSAGE_BYTES {
            let clear = vec![0; algorithm.nonce_bytes() + len];
            let mut buffer = Vec::with_capacity(clear.len() + 16);
            let mut sealed = clear.clone();
            cipher.seal(&mut sealed, 0, b"").unwrap();

            let mut group = c.benchmark_group("encrypt");
            group.throughput(Throughput::Bytes(len as u64));
            group.bench_function(BenchmarkId::new(algorithm.to_string(), len), |b| {
                b.iter(|| {
                    buffer.clear();
                    buffer.extend_from_slice(&clear);
                    fill_random_nonce(&mut buffer[..algorithm.nonce_bytes()]).unwrap();
                    cipher.seal(&mut buffer, 0, b"").unwrap();
                });
            });
            group.finish();

            let mut group = c.benchmark_group("decrypt");
            group.throughput(Throughput::Bytes(len as u64));
            group.bench_function(BenchmarkId::new(algorithm.to_string(), len), |b| {
                b.iter(|| {
                    buffer.clear();
                    buffer.extend_from_slice(&sealed);
                    cipher.open(&mut buffer, b"").unwrap();
                });
            });
            group.finish();
        }
    }
}

fn overhead(c: &mut Criterion) {
    let mut nonce = [0; 12];
    c.bench_function("random nonce", |b| b.iter(|| fill_random_nonce(&mut nonce)));
    c.bench_function("bleach the stack", |b| {
        b.iter(|| wipe::bleached(|| black_box(1)))
    });
    for algorithm in AeadAlgorithm::ALL {
        let key = vec![7; algorithm.key_bytes()];
        c.bench_function(&format!("expand/{algorithm}"), |b| {
            b.iter(|| Cipher::new(algorithm, &key));
        });
    }
}

criterion_group!(benches, overhead, encrypt_and_decrypt);
criterion_main!(benches);
