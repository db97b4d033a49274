//! A key at work: encrypt, decrypt and rewrap one message of each size, and batches of 1,000.

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sealgate_keyring::{
    algorithm::{AeadAlgorithm, KeyType},
    clock::Clock,
    key::{Decrypt, Derivation, Encrypt, Key, KeyPolicy, KeyVersion, NewKey, Plaintext},
    name::KeyName,
    version::Version,
};

const SIZES: [usize; 4] = [64, 1024, 64 * 1024, 1024 * 1024];
const BATCH: usize = 1000;

fn key(key_type: KeyType, derivation: Derivation) -> Key {
    let name = KeyName::new("bench").expect("a good name");
    let new = NewKey {
        derivation,
        ..NewKey::of_type(key_type)
    };
    let policy = KeyPolicy::create(new).expect("a good policy");
    let version = KeyVersion::generate(key_type, 0, Version::FIRST, Clock::system().now());
    let version = version.expect("random bytes");
    // More than any measurement makes.
    version.meter().credit(1 << 62, 0);
    let versions = vec![Arc::new(version)];
    Key::new(name, policy, versions).expect("one version")
}

fn encrypted(key: &Key, request: Encrypt<'_>, message: &[u8]) -> String {
    let sealed = key.encrypt(request, Plaintext::copy_of(message));
    sealed.expect("a good request").to_text()
}

fn messages(c: &mut Criterion) {
    for key_type in AeadAlgorithm::ALL.map(KeyType::from) {
        let mut group = c.benchmark_group(format!("key/{key_type}"));
        group
            .measurement_time(Duration::from_secs(2))
            .warm_up_time(Duration::from_millis(300));
        let key = key(key_type, Derivation::None);
        let request = Encrypt::default();
        for size in SIZES {
            let message = vec![7; size];
            let ciphertext = encrypted(&key, request, &message);
            group.throughput(Throughput::Bytes(size as u64));
            group.bench_function(BenchmarkId::new("encrypt", size), |b| {
                b.iter(|| encrypted(&key, request, black_box(&message)));
            });
            group.bench_function(BenchmarkId::new("decrypt", size), |b| {
                b.iter(|| {
                    key.decrypt(black_box(&ciphertext), Decrypt::default())
                        .expect("our own")
                });
            });
            group.bench_function(BenchmarkId::new("rewrap", size), |b| {
                b.iter(|| {
                    key.rewrap(black_box(&ciphertext), request)
                        .expect("our own")
                        .to_text()
                });
            });
        }
        group.finish();
    }
}

fn batches(c: &mut Criterion) {
    let mut group = c.benchmark_group("batch of 1000");
    group.throughput(Throughput::Elements(BATCH as u64));
    for derivation in [
        Derivation::None,
        Derivation::PerContext,
        Derivation::Convergent,
    ] {
        let key = key(KeyType::Aes256Gcm96, derivation);
        let request = Encrypt {
            context: b"context",
            ..Encrypt::default()
        };
        group.bench_function(
            BenchmarkId::new("encrypt", format!("{derivation:?}")),
            |b| {
                b.iter(|| {
                    (0..BATCH).for_each(|_| drop(encrypted(&key, request, black_box(&[7; 64]))))
                });
            },
        );
    }
    group.finish();
}

criterion_group!(benches, messages, batches);
criterion_main!(benches);
