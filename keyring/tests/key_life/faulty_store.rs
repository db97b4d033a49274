//! A memory store that fails when it is told to.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex},
};

use futures_util::{future::BoxFuture, stream::BoxStream};
use sealgate_keyring::store::{
    Change, MemoryStore, Path, Revision, Snapshot, Store, StoreError, Stored, Txn,
};

/// What happens to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// It does not happen; the caller cannot know.
    Lost,
    /// It happens, but the answer is lost.
    AnswerLost,
    /// Somebody else is said to have been first.
    Conflict,
}

#[derive(Default)]
pub struct FaultyStore {
    store: MemoryStore,
    plan: Mutex<VecDeque<Fault>>,
    written: Mutex<HashSet<String>>,
    /// How often a commit lets others run before and after it happens.
    pub pauses: usize,
}

impl FaultyStore {
    pub fn with_pauses(pauses: usize) -> Arc<Self> {
        Arc::new(Self {
            pauses,
            ..Self::default()
        })
    }

    /// What happens to the next commit that has no fault planned yet.
    pub fn plan(&self, fault: Fault) {
        self.plan.lock().unwrap().push_back(fault);
    }

    /// Forgets what was planned.
    pub fn heal(&self) {
        self.plan.lock().unwrap().clear();
    }

    /// Whether a path that ends like this was ever committed.
    pub fn has_written(&self, end: &str) -> bool {
        self.written
            .lock()
            .unwrap()
            .iter()
            .any(|path| path.ends_with(end))
    }

    async fn pause(&self) {
        for _ in 0..self.pauses {
            tokio::task::yield_now().await;
        }
    }

    async fn commit_or_fail(&self, txn: Txn) -> Result<Revision, StoreError> {
        let fault = self.plan.lock().unwrap().pop_front().unwrap_or(Fault::None);
        let lost = || StoreError::Unavailable {
            reason: "a fault was planned".to_owned(),
        };
        self.pause().await;
        match fault {
            Fault::Lost => return Err(lost()),
            Fault::Conflict => {
                let path = txn.expect.first().map(|(path, _)| path.clone());
                return Err(path.map_or_else(lost, |path| StoreError::Conflict { path }));
            }
            Fault::None | Fault::AnswerLost => {}
        }
        let paths: Vec<_> = txn.put.iter().map(|(path, _)| path.to_string()).collect();
        let committed = self.store.commit(txn).await;
        if committed.is_ok() {
            self.written.lock().unwrap().extend(paths);
        }
        self.pause().await;
        if fault == Fault::AnswerLost {
            Err(lost())
        } else {
            committed
        }
    }
}

impl Store for FaultyStore {
    fn load(&self) -> BoxFuture<'_, Result<(Revision, Snapshot), StoreError>> {
        self.store.load()
    }

    fn get<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        self.store.get(path)
    }

    fn commit(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, StoreError>> {
        Box::pin(self.commit_or_fail(txn))
    }

    fn watch(&self, from: Revision) -> BoxStream<'static, Result<Change, StoreError>> {
        self.store.watch(from)
    }
}
