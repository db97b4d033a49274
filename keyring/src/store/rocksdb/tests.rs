//! The suite, and what only a store on a disk owes: crashes, damage, and who may open it.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use futures_util::StreamExt;
use tempfile::TempDir;

use super::*;

/// A store in a temporary directory that goes when the store goes.
struct Temporary {
    store: RocksdbStore,
    _directory: TempDir,
}

impl Temporary {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        Self {
            store: open(&directory),
            _directory: directory,
        }
    }
}

impl Store for Temporary {
    fn load(&self) -> BoxFuture<'_, Result<(Revision, Snapshot), StoreError>> {
        self.store.load()
    }

    fn get<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        self.store.get(path)
    }

    fn commit(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, StoreError>> {
        self.store.commit(txn)
    }

    fn watch(&self, from: Revision) -> BoxStream<'static, Result<Change, StoreError>> {
        self.store.watch(from)
    }
}

crate::store::suite::suite!(Temporary::new);

fn open(directory: &TempDir) -> RocksdbStore {
    RocksdbStore::open(directory.path()).unwrap()
}

fn refusal(directory: &TempDir) -> StoreError {
    match RocksdbStore::open(directory.path()) {
        Ok(_) => panic!("the store opened"),
        Err(error) => error,
    }
}

fn path(text: &str) -> Path {
    Path::new(text).unwrap()
}

/// Both records, or neither, are at revision `n`.
fn pair(n: u64) -> Txn {
    let bytes: Arc<[u8]> = [&n.to_be_bytes()[..], &[7; 500]].concat().into();
    Txn {
        put: vec![(path("pair/a"), bytes.clone()), (path("pair/b"), bytes)],
        ..Txn::default()
    }
}

/// The number that both records of the pair hold.
fn held(snapshot: &Snapshot) -> u64 {
    let numbers: Vec<u64> = snapshot
        .records
        .iter()
        .map(|(_, stored)| u64::from_be_bytes(*stored.bytes.first_chunk().unwrap()))
        .collect();
    match numbers[..] {
        [] => 0,
        [a, b] if a == b => a,
        _ => panic!("half a commit: {numbers:?}"),
    }
}

async fn filled(directory: &TempDir, commits: u64) {
    let store = open(directory);
    for n in 1..=commits {
        store.commit(pair(n)).await.unwrap();
    }
}

fn files(directory: &TempDir, extension: &str) -> Vec<PathBuf> {
    let entries = directory
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect()
}

fn flip(file: &PathBuf, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 0x10;
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn keeps_everything_when_reopened() {
    let directory = TempDir::new().unwrap();
    filled(&directory, 5).await;
    let store = open(&directory);
    let (revision, snapshot) = store.load().await.unwrap();
    assert_eq!((revision, held(&snapshot)), (Revision(5), 5));
    assert_eq!(store.commit(pair(6)).await.unwrap(), Revision(6));
    let lost = store.watch(Revision(4)).next().await.unwrap();
    assert!(matches!(lost, Err(StoreError::Compacted { .. })));
}

#[test]
fn a_new_directory_is_private() {
    let parent = TempDir::new().unwrap();
    let place = parent.path().join("a/b");
    let _store = RocksdbStore::open(&place).unwrap();
    assert_eq!(
        place.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("thesis.tex"), "important").unwrap();
    let error = refusal(&directory);
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains(directory.path().to_str().unwrap()),
        "{error}"
    );
    assert_eq!(directory.path().read_dir().unwrap().count(), 1);

    let other = TempDir::new().unwrap();
    drop(DB::open_default(other.path()).unwrap());
    assert!(matches!(refusal(&other), StoreError::NotAStore { .. }));

    let later = TempDir::new().unwrap();
    fs::write(later.path().join("sealgate.store"), "sealgate store 2\n").unwrap();
    assert!(matches!(refusal(&later), StoreError::NotAStore { .. }));
}

#[tokio::test]
async fn a_creation_that_was_cut_off_is_finished() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("lost+found")).unwrap();
    fs::write(directory.path().join("sealgate.store"), "").unwrap();
    filled(&directory, 1).await;
    assert_eq!(held(&open(&directory).load().await.unwrap().1), 1);
}

#[tokio::test]
async fn a_database_that_went_missing_is_no_new_store() {
    let directory = TempDir::new().unwrap();
    filled(&directory, 1).await;
    fs::remove_file(directory.path().join("CURRENT")).unwrap();
    let error = refusal(&directory);
    assert!(matches!(error, StoreError::Corrupted { .. }), "{error}");
}

#[tokio::test]
async fn a_damaged_record_is_reported_by_path() {
    let directory = TempDir::new().unwrap();
    filled(&directory, 3).await;
    let raw = || DB::open_default(directory.path()).unwrap();
    let good = raw().get(b"r/pair/a").unwrap().unwrap();
    let other = raw().get(b"r/pair/b").unwrap().unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let damaged = [
        b"".to_vec(),
        good[..15].to_vec(),
        good[..100].to_vec(),
        flipped(7),
        flipped(99),
        other,
    ];
    for damaged in damaged {
        raw().put(b"r/pair/a", damaged).unwrap();
        let store = open(&directory);
        for error in [
            store.get(&path("pair/a")).await.unwrap_err(),
            store.load().await.unwrap_err(),
        ] {
            assert!(
                matches!(&error, StoreError::Corrupted { path, .. } if path == "pair/a"),
                "{error}"
            );
        }
        assert!(store.get(&path("pair/b")).await.unwrap().is_some());
    }
    raw().put(b"r/pair/a", good).unwrap();
    raw().delete(b"m/revision").unwrap();
    let error = refusal(&directory).to_string();
    assert!(error.contains("m/revision"), "{error}");
}

#[tokio::test]
async fn a_damaged_table_is_reported() {
    let directory = TempDir::new().unwrap();
    filled(&directory, 20).await;
    // Opening again writes the log into a table.
    drop(open(&directory));
    let tables = files(&directory, "sst");
    assert!(!tables.is_empty());
    for table in tables {
        let good = fs::read(&table).unwrap();
        // Where the records are; at the end of the table are its own notes.
        for at in (0..good.len() / 2).step_by(50) {
            flip(&table, at);
            let error = match RocksdbStore::open(directory.path()) {
                Ok(store) => store.load().await.unwrap_err(),
                Err(error) => error,
            };
            assert!(
                matches!(error, StoreError::Corrupted { .. }),
                "byte {at}: {error}"
            );
            fs::write(&table, &good).unwrap();
        }
        fs::write(&table, &good[..good.len() / 2]).unwrap();
        let error = refusal(&directory);
        assert!(matches!(error, StoreError::Corrupted { .. }), "{error}");
        fs::write(&table, &good).unwrap();
    }
    assert_eq!(held(&open(&directory).load().await.unwrap().1), 20);
}

/// The files of a store as they are now, to be put back.
fn copy_of(directory: &TempDir) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = directory
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn put_back(directory: &TempDir, files: &[(PathBuf, Vec<u8>)]) {
    for entry in directory.path().read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::remove_file(path).unwrap();
        }
    }
    for (path, bytes) in files {
        fs::write(path, bytes).unwrap();
    }
}

#[tokio::test]
async fn damage_inside_the_log_is_reported_and_not_skipped() {
    let directory = TempDir::new().unwrap();
    filled(&directory, 10).await;
    let good = copy_of(&directory);
    let log = files(&directory, "log").pop().unwrap();
    for at in (200..5_000).step_by(397) {
        flip(&log, at);
        let error = refusal(&directory);
        assert!(
            matches!(&error, StoreError::Corrupted { .. }),
            "byte {at}: {error}"
        );
        assert!(
            error
                .to_string()
                .contains(directory.path().to_str().unwrap()),
            "{error}"
        );
        put_back(&directory, &good);
    }
    assert_eq!(held(&open(&directory).load().await.unwrap().1), 10);
}

#[tokio::test]
async fn a_log_that_was_cut_holds_whole_commits_only() {
    let directory = TempDir::new().unwrap();
    filled(&directory, 10).await;
    let good = copy_of(&directory);
    let log = files(&directory, "log").pop().unwrap();
    let length = fs::metadata(&log).unwrap().len();
    for cut in (0..length).step_by(173) {
        fs::File::options()
            .write(true)
            .open(&log)
            .unwrap()
            .set_len(cut)
            .unwrap();
        match RocksdbStore::open(directory.path()) {
            Ok(store) => {
                let (revision, snapshot) = store.load().await.unwrap();
                assert_eq!(held(&snapshot), revision.0);
            }
            Err(error) => assert!(matches!(error, StoreError::Corrupted { .. }), "{error}"),
        }
        put_back(&directory, &good);
    }
}

#[tokio::test]
async fn after_a_failed_write_nothing_is_answered() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    store.commit(pair(1)).await.unwrap();
    store.opened.failed.store(true, Ordering::Release);
    let place = path("pair/a");
    for error in [
        store.commit(pair(2)).await.unwrap_err(),
        store.get(&place).await.unwrap_err(),
        store.load().await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    }
}

const CHILD: &str = "store::rocksdb::tests::writes_until_killed";
const CHILD_DIRECTORY: &str = "SEALGATE_TEST_DIRECTORY";

fn child(directory: &TempDir) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "--exact", CHILD])
        .env(CHILD_DIRECTORY, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Not a test of its own: the process that the next test kills. Prints what was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs only as a child of the test after it"]
async fn writes_until_killed() {
    let Some(directory) = std::env::var_os(CHILD_DIRECTORY) else {
        return;
    };
    let store = RocksdbStore::open(directory).unwrap();
    let (revision, _) = store.load().await.unwrap();
    for n in revision.0 + 1.. {
        store.commit(pair(n)).await.unwrap();
        println!("\nanswered {n}");
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill_and_a_second_process_is_refused() {
    let directory = TempDir::new().unwrap();
    for round in 0..5 {
        let mut child = child(&directory);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut answered = lines.map_while(Result::ok).filter_map(|line| {
            line.strip_prefix("answered ")
                .and_then(|number| number.parse::<u64>().ok())
        });
        let mut last = answered.by_ref().nth(10 + 7 * round).unwrap();
        let error = refusal(&directory);
        assert!(
            matches!(&error, StoreError::InUse { location }
            if location == directory.path().to_str().unwrap()),
            "{error}"
        );
        child.kill().unwrap();
        child.wait().unwrap();
        last = answered.last().unwrap_or(last);
        let (revision, snapshot) = open(&directory).load().await.unwrap();
        assert_eq!(held(&snapshot), revision.0);
        assert!(
            revision.0 >= last,
            "{} is there, but {last} was answered",
            revision.0
        );
    }
}
