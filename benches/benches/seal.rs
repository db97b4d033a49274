//! Off the hot path: records through the barrier, and shares.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sealgate_keyring::{
    barrier::Barrier,
    record::StoreId,
    secret::Secret256,
    share::{SealParameters, ShareSetId, join, split},
    store::Path,
};

fn store() -> StoreId {
    StoreId::new(Default::default())
}

fn barrier(c: &mut Criterion) {
    let barrier = Barrier::random(store()).expect("random bytes");
    let path = Path::new("keys/bench").expect("a good path");
    let mut group = c.benchmark_group("barrier");
    for size in [100, 4096] {
        let record = vec![7; size];
        let sealed = barrier.seal(&path, &record).expect("a record");
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new("seal", size), |b| {
            b.iter(|| barrier.seal(&path, black_box(&record)).expect("a record"));
        });
        group.bench_function(BenchmarkId::new("open", size), |b| {
            b.iter(|| barrier.open(&path, black_box(&sealed)).expect("our own"));
        });
    }
    group.finish();
}

fn shamir(c: &mut Criterion) {
    let mut group = c.benchmark_group("shamir");
    for (shares, threshold) in [(5, 3), (255, 128)] {
        let parameters = SealParameters::new(shares, threshold).expect("good numbers");
        let key = Secret256::copy_of(&[7; 32]).expect("32 bytes");
        let set = ShareSetId::random().expect("random bytes");
        let made = split(&key, parameters, store(), set).expect("shares");
        let label = format!("{threshold} of {shares}");
        group.bench_function(BenchmarkId::new("split", &label), |b| {
            b.iter(|| split(black_box(&key), parameters, store(), set).expect("shares"));
        });
        group.bench_function(BenchmarkId::new("join", &label), |b| {
            b.iter(|| {
                join(black_box(
                    &made[..usize::try_from(threshold).expect("small")],
                ))
                .expect("the key")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, barrier, shamir);
criterion_main!(benches);
