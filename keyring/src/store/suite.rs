//! What every store owes, as tests. Each store runs all of them: see [`suite!`].

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::BoxStream};

use super::{Change, Path, Revision, Store, StoreError, Txn};

/// Instantiates the suite for the stores that `$open` makes: one new, empty store a call.
macro_rules! suite {
    ($open:expr) => {
        mod owes {
            use super::*;

            $crate::store::suite::suite!(@each $open;
                starts_empty, writes_and_reads, a_conflict_changes_nothing, expects_absence,
                commits_whole, every_record_has_its_own_revision, deletes_and_recreates,
                a_commit_without_effect_keeps_the_revision, a_put_wins_over_a_delete,
                keeps_empty_and_large_records, orders_by_path, watchers_see_each_commit_once,
                a_watcher_resumes, loading_equals_replaying, one_of_many_writers_wins,
                no_increment_of_many_writers_is_lost,
            );
        }
    };
    (@each $open:expr; $($test:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                $crate::store::suite::$test($open()).await;
            }
        )*
    };
}
pub(super) use suite;

fn path(text: &str) -> Path {
    Path::new(text).unwrap()
}

fn put(text: &str, bytes: &[u8]) -> Txn {
    Txn {
        put: vec![(path(text), bytes.into())],
        ..Txn::default()
    }
}

fn delete(text: &str) -> Txn {
    Txn {
        delete: vec![path(text)],
        ..Txn::default()
    }
}

fn expecting(mut txn: Txn, text: &str, revision: Option<Revision>) -> Txn {
    txn.expect.push((path(text), revision));
    txn
}

async fn bytes(store: &impl Store, text: &str) -> Option<Vec<u8>> {
    let stored = store.get(&path(text)).await.unwrap();
    stored.map(|stored| stored.bytes.to_vec())
}

async fn next(watch: &mut BoxStream<'static, Result<Change, StoreError>>) -> Change {
    let next = tokio::time::timeout(Duration::from_secs(30), watch.next());
    next.await.expect("a change in time").unwrap().unwrap()
}

pub(super) async fn starts_empty(store: impl Store) {
    let (revision, snapshot) = store.load().await.unwrap();
    assert_eq!(revision, Revision(0));
    assert!(snapshot.records.is_empty());
    assert_eq!(store.get(&path("a")).await.unwrap(), None);
}

pub(super) async fn writes_and_reads(store: impl Store) {
    let revision = store.commit(put("a/b", b"1")).await.unwrap();
    assert_eq!(revision, Revision(1));
    let stored = store.get(&path("a/b")).await.unwrap().unwrap();
    assert_eq!((stored.revision, &*stored.bytes), (revision, &b"1"[..]));
    assert_eq!(bytes(&store, "a").await, None);
    assert_eq!(bytes(&store, "a/b/c").await, None);
}

pub(super) async fn a_conflict_changes_nothing(store: impl Store) {
    let first = store.commit(put("a", b"1")).await.unwrap();
    store.commit(put("b", b"1")).await.unwrap();
    let second = store.commit(put("a", b"2")).await.unwrap();
    let mut txn = expecting(put("new", b"x"), "a", Some(first));
    txn.put.push((path("a"), b"3"[..].into()));
    txn.delete.push(path("b"));
    let error = store.commit(txn).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Conflict { path } if path.as_str() == "a"),
        "{error}"
    );
    assert_eq!(bytes(&store, "a").await.unwrap(), b"2");
    assert_eq!(bytes(&store, "b").await.unwrap(), b"1");
    assert_eq!(bytes(&store, "new").await, None);
    assert_eq!(store.load().await.unwrap().0, second);
    store
        .commit(expecting(put("a", b"3"), "a", Some(second)))
        .await
        .unwrap();
    assert_eq!(bytes(&store, "a").await.unwrap(), b"3");
}

pub(super) async fn expects_absence(store: impl Store) {
    let revision = store
        .commit(expecting(put("a", b"1"), "a", None))
        .await
        .unwrap();
    assert!(
        store
            .commit(expecting(put("a", b"2"), "a", None))
            .await
            .is_err()
    );
    let gone = expecting(delete("a"), "a", Some(revision));
    store.commit(gone.clone()).await.unwrap();
    let error = store.commit(gone).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    store
        .commit(expecting(put("a", b"3"), "a", None))
        .await
        .unwrap();
}

pub(super) async fn commits_whole(store: impl Store) {
    store.commit(put("old", b"1")).await.unwrap();
    let txn = Txn {
        put: (0..100)
            .map(|n| (path(&format!("n/{n}")), b"x"[..].into()))
            .collect(),
        delete: vec![path("old")],
        ..Txn::default()
    };
    let revision = store.commit(txn).await.unwrap();
    let (loaded, snapshot) = store.load().await.unwrap();
    assert_eq!(loaded, revision);
    assert_eq!(snapshot.records.len(), 100);
    assert!(
        snapshot
            .records
            .iter()
            .all(|(_, stored)| stored.revision == revision)
    );
}

pub(super) async fn every_record_has_its_own_revision(store: impl Store) {
    let a = store.commit(put("a", b"1")).await.unwrap();
    let b = store.commit(put("b", b"1")).await.unwrap();
    assert!(a < b);
    assert_eq!(store.get(&path("a")).await.unwrap().unwrap().revision, a);
    assert_eq!(store.get(&path("b")).await.unwrap().unwrap().revision, b);
    let again = store.commit(put("a", b"1")).await.unwrap();
    assert_eq!(
        store.get(&path("a")).await.unwrap().unwrap().revision,
        again
    );
}

pub(super) async fn deletes_and_recreates(store: impl Store) {
    let first = store.commit(put("a", b"1")).await.unwrap();
    store.commit(delete("a")).await.unwrap();
    assert_eq!(bytes(&store, "a").await, None);
    let second = store.commit(put("a", b"1")).await.unwrap();
    assert!(second > first);
    assert!(
        store
            .commit(expecting(put("a", b"2"), "a", Some(first)))
            .await
            .is_err(),
        "the record came back, but it is not the one that was read"
    );
}

pub(super) async fn a_commit_without_effect_keeps_the_revision(store: impl Store) {
    let revision = store.commit(put("a", b"1")).await.unwrap();
    let mut watch = store.watch(revision);
    assert_eq!(store.commit(Txn::default()).await.unwrap(), revision);
    assert_eq!(store.commit(delete("never")).await.unwrap(), revision);
    let check = expecting(Txn::default(), "a", None);
    assert!(store.commit(check).await.is_err());
    let after = store.commit(put("b", b"1")).await.unwrap();
    assert_eq!(next(&mut watch).await.revision, after);
}

pub(super) async fn a_put_wins_over_a_delete(store: impl Store) {
    store.commit(put("a", b"1")).await.unwrap();
    let mut txn = put("a", b"2");
    txn.put.push((path("a"), b"3"[..].into()));
    txn.delete.push(path("a"));
    store.commit(txn).await.unwrap();
    assert_eq!(bytes(&store, "a").await.unwrap(), b"3");
}

pub(super) async fn keeps_empty_and_large_records(store: impl Store) {
    let large: Vec<u8> = (0..10u32 << 20)
        .map(|n| (n ^ n >> 8 ^ n >> 16) as u8)
        .collect();
    store.commit(put("empty", b"")).await.unwrap();
    store.commit(put("large", &large)).await.unwrap();
    assert_eq!(bytes(&store, "empty").await.unwrap(), b"");
    assert!(bytes(&store, "large").await.unwrap() == large);
    let longest = "p".repeat(Path::MAX_BYTES);
    store.commit(put(&longest, b"1")).await.unwrap();
    assert_eq!(bytes(&store, &longest).await.unwrap(), b"1");
    assert_eq!(store.load().await.unwrap().1.records.len(), 3);
}

pub(super) async fn orders_by_path(store: impl Store) {
    let texts = ["b", "a/b", "a", "a-b", "é", "a/a", "B", "a/b/c", "~"];
    for text in texts {
        store.commit(put(text, text.as_bytes())).await.unwrap();
    }
    let (_, snapshot) = store.load().await.unwrap();
    let mut sorted = texts;
    sorted.sort_unstable();
    let loaded: Vec<&str> = snapshot
        .records
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(loaded, sorted);
    assert!(
        snapshot
            .records
            .iter()
            .all(|(path, stored)| *stored.bytes == *path.as_str().as_bytes())
    );
}

pub(super) async fn watchers_see_each_commit_once(store: impl Store) {
    let mut early = store.watch(Revision(0));
    let mut txn = put("b", b"2");
    txn.put.push((path("a"), b"1"[..].into()));
    let first = store.commit(txn).await.unwrap();
    let mut txn = delete("a");
    txn.delete.push(path("never"));
    let second = store.commit(txn).await.unwrap();
    let expected = [
        Change {
            revision: first,
            records: vec![
                (path("a"), Some(b"1"[..].into())),
                (path("b"), Some(b"2"[..].into())),
            ],
        },
        Change {
            revision: second,
            records: vec![(path("a"), None)],
        },
    ];
    let mut late = store.watch(Revision(0));
    for change in expected {
        assert_eq!(next(&mut early).await, change);
        assert_eq!(next(&mut late).await, change);
    }
    let waiting = tokio::spawn(async move { next(&mut early).await });
    let third = store.commit(put("c", b"3")).await.unwrap();
    assert_eq!(waiting.await.unwrap().revision, third);
}

pub(super) async fn a_watcher_resumes(store: impl Store) {
    for n in 0..10u8 {
        store.commit(put("a", &[n])).await.unwrap();
    }
    let mut watch = store.watch(Revision(4));
    for revision in 5..=10 {
        assert_eq!(next(&mut watch).await.revision, Revision(revision));
    }
    let mut watch = store.watch(Revision(10));
    let after = store.commit(put("a", b"last")).await.unwrap();
    assert_eq!(next(&mut watch).await.revision, after);
}

pub(super) async fn loading_equals_replaying(store: impl Store) {
    let store = Arc::new(store);
    let writers: Vec<_> = (0..4u8)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..25u8 {
                    let text = format!("k/{}", (writer ^ n.wrapping_mul(7)) % 11);
                    let txn = if n % 5 == 4 {
                        delete(&text)
                    } else {
                        put(&text, &[writer, n])
                    };
                    store.commit(txn).await.unwrap();
                }
            })
        })
        .collect();
    let mut watch = store.watch(Revision(0));
    for writer in writers {
        writer.await.unwrap();
    }
    let (last, snapshot) = store.load().await.unwrap();
    let mut replayed = BTreeMap::new();
    let mut seen = Revision(0);
    while seen < last {
        let change = next(&mut watch).await;
        assert_eq!(
            change.revision.0,
            seen.0 + 1,
            "no commit is skipped or repeated"
        );
        seen = change.revision;
        for (path, bytes) in change.records {
            match bytes {
                Some(bytes) => replayed.insert(path, (seen, bytes)),
                None => replayed.remove(&path),
            };
        }
    }
    let loaded = snapshot.records.into_iter();
    let loaded: BTreeMap<_, _> = loaded
        .map(|(path, stored)| (path, (stored.revision, stored.bytes)))
        .collect();
    assert_eq!(loaded, replayed);
}

pub(super) async fn one_of_many_writers_wins(store: impl Store) {
    let store = Arc::new(store);
    let writers: Vec<_> = (0..32u8)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .commit(expecting(put("a", &[writer]), "a", None))
                    .await
                    .map(|_| writer)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for writer in writers {
        match writer.await.unwrap() {
            Ok(writer) => winners.push(writer),
            Err(error) => assert!(matches!(error, StoreError::Conflict { .. }), "{error}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(bytes(&*store, "a").await.unwrap(), winners);
}

pub(super) async fn no_increment_of_many_writers_is_lost(store: impl Store) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 10;
    let store = Arc::new(store);
    store.commit(put("n", &0u64.to_be_bytes())).await.unwrap();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..EACH {
                    loop {
                        let read = store.get(&path("n")).await.unwrap().unwrap();
                        let number = u64::from_be_bytes((*read.bytes).try_into().unwrap());
                        let txn = put("n", &(number + 1).to_be_bytes());
                        match store.commit(expecting(txn, "n", Some(read.revision))).await {
                            Ok(_) => break,
                            Err(StoreError::Conflict { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(
        bytes(&*store, "n").await.unwrap(),
        (WRITERS * EACH).to_be_bytes()
    );
    assert_eq!(store.load().await.unwrap().0, Revision(WRITERS * EACH + 1));
}
