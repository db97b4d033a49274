//! The one thread that commits.
//!
//! It takes a transaction, and whatever else has come to wait meanwhile, decides each against the
//! store and the ones before it, writes all of them as one synced batch, and answers.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
};

use ::rocksdb::WriteBatch;
use tokio::sync::{mpsc, oneshot};

use super::{Opened, failure, layout, options, unavailable};
use crate::store::{Change, Path, Revision, StoreError, Txn, transaction::Effect};

/// Transactions that wait before `commit` does.
const WAITING: usize = 256;
/// Bytes after which a batch takes no further transaction.
const BATCH_BYTES: usize = 4 << 20;

type Answer = Result<Revision, StoreError>;

struct Request {
    txn: Txn,
    answer: oneshot::Sender<Answer>,
}

/// The way to the thread. Dropping it ends the thread after its last commit.
pub(super) struct Writer {
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(opened: Arc<Opened>, revision: Revision) -> Result<Self, StoreError> {
        let (requests, receiver) = mpsc::channel(WAITING);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&opened, revision, receiver))
            .map_err(|error| unavailable(error.to_string()))?;
        Ok(Self {
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    /// Commits `txn`. Once it has been handed over, it is decided even if nobody waits any more.
    pub(super) async fn commit(&self, txn: Txn) -> Answer {
        let closed = || unavailable("it was closed".to_owned());
        let (answer, answered) = oneshot::channel();
        let requests = self.requests.as_ref().ok_or_else(closed)?;
        requests
            .send(Request { txn, answer })
            .await
            .map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // The thread holds the database open; whoever drops the store may open it again.
            let _ = thread.join();
        }
    }
}

fn run(opened: &Opened, mut revision: Revision, mut requests: mpsc::Receiver<Request>) {
    while let Some(first) = requests.blocking_recv() {
        let mut group = Group::new(opened, revision);
        group.add(first);
        while group.bytes < BATCH_BYTES
            && let Ok(request) = requests.try_recv()
        {
            group.add(request);
        }
        revision = group.write();
    }
}

/// Transactions that are written together.
struct Group<'a> {
    opened: &'a Opened,
    before: Revision,
    latest: Revision,
    /// What this group has written so far; `None` for a deleted record.
    written: HashMap<Path, Option<Revision>>,
    batch: WriteBatch,
    bytes: usize,
    changes: Vec<Change>,
    answers: Vec<(oneshot::Sender<Answer>, Revision)>,
}

impl<'a> Group<'a> {
    fn new(opened: &'a Opened, before: Revision) -> Self {
        Self {
            opened,
            before,
            latest: before,
            written: HashMap::new(),
            batch: WriteBatch::default(),
            bytes: 0,
            changes: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Decides a request. A refusal is answered at once, a success after the write.
    fn add(&mut self, request: Request) {
        let decided = self.opened.check().and_then(|()| {
            request.txn.effect(|path| match self.written.get(path) {
                Some(written) => Ok(*written),
                None => Ok(self.opened.get(path)?.map(|stored| stored.revision)),
            })
        });
        match decided {
            Ok(effect) => {
                self.apply(effect);
                self.answers.push((request.answer, self.latest));
            }
            // Whoever asked may have gone.
            Err(refusal) => drop(request.answer.send(Err(refusal))),
        }
    }

    fn apply(&mut self, effect: Effect) {
        if effect.is_empty() {
            return;
        }
        self.latest = Revision(self.latest.0 + 1);
        for (path, bytes) in &effect {
            let key = layout::key(path);
            match bytes {
                Some(bytes) => {
                    self.batch
                        .put(&key, layout::encode(&key, self.latest, bytes));
                    self.bytes += bytes.len();
                }
                None => self.batch.delete(&key),
            }
            let written = bytes.as_ref().map(|_| self.latest);
            self.written.insert(path.clone(), written);
        }
        self.changes.push(Change {
            revision: self.latest,
            records: effect.into_iter().collect(),
        });
    }

    /// Writes, publishes and answers. Returns the revision that the store is at.
    fn write(mut self) -> Revision {
        if let Err(error) = self.write_batch() {
            self.opened.failed.store(true, Ordering::Release);
            let reason = failure(&error, &self.opened.directory.name()).to_string();
            tracing::error!(%reason, "a commit could not be written");
            for (answer, _) in self.answers {
                let _ = answer.send(Err(unavailable(reason.clone())));
            }
            return self.before;
        }
        for change in self.changes {
            self.opened.changes.publish(change);
        }
        for (answer, revision) in self.answers {
            let _ = answer.send(Ok(revision));
        }
        self.latest
    }

    fn write_batch(&mut self) -> Result<(), ::rocksdb::Error> {
        if self.latest == self.before {
            return Ok(());
        }
        let mut batch = std::mem::take(&mut self.batch);
        let revision = layout::encode(layout::REVISION_KEY, self.latest, b"");
        batch.put(layout::REVISION_KEY, revision);
        self.opened.db.write_opt(batch, &options::synced())
    }
}
