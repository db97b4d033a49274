//! The latest commits of a store in this process, for its watchers.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::stream::{self, BoxStream};
use tokio::sync::watch;

use super::{Change, Revision, StoreError};

/// Commits kept for watchers that lag behind.
const KEPT_COMMITS: usize = 4096;
/// Bytes of records kept for watchers that lag behind. The latest commit is always kept.
const KEPT_BYTES: usize = 8 << 20;

/// A bounded log of commits that wakes its watchers.
pub(super) struct Changes {
    log: Arc<Mutex<Log>>,
    latest: watch::Sender<Revision>,
}

struct Log {
    /// Every commit after this revision is kept.
    floor: Revision,
    commits: VecDeque<Change>,
    bytes: usize,
}

impl Changes {
    /// An empty log of a store that is at revision `floor`.
    pub(super) fn after(floor: Revision) -> Self {
        let log = Log {
            floor,
            commits: VecDeque::new(),
            bytes: 0,
        };
        Self {
            log: Arc::new(Mutex::new(log)),
            latest: watch::Sender::new(floor),
        }
    }

    /// Adds the next commit. Commits come here in the order of their revisions.
    pub(super) fn publish(&self, change: Change) {
        let revision = change.revision;
        lock(&self.log).push(change);
        self.latest.send_replace(revision);
    }

    /// Every commit after `from`; ends when it has been dropped from the log or the store closes.
    pub(super) fn watch(&self, from: Revision) -> BoxStream<'static, Result<Change, StoreError>> {
        let watcher = Watcher {
            log: self.log.clone(),
            latest: self.latest.subscribe(),
            seen: from,
        };
        Box::pin(stream::unfold(Some(watcher), |watcher| async {
            let mut watcher = watcher?;
            match watcher.next().await {
                Ok(change) => Some((Ok(change), Some(watcher))),
                Err(error) => Some((Err(error), None)),
            }
        }))
    }
}

impl Log {
    fn push(&mut self, change: Change) {
        self.bytes += size(&change);
        self.commits.push_back(change);
        while self.commits.len() > KEPT_COMMITS
            || (self.bytes > KEPT_BYTES && self.commits.len() > 1)
        {
            let dropped = self.commits.pop_front().expect("the log is not empty");
            self.bytes -= size(&dropped);
            self.floor = dropped.revision;
        }
    }

    fn first_after(&self, seen: Revision) -> Result<Option<Change>, StoreError> {
        if seen < self.floor {
            return Err(StoreError::Compacted { from: seen });
        }
        let next = self
            .commits
            .partition_point(|change| change.revision <= seen);
        Ok(self.commits.get(next).cloned())
    }
}

struct Watcher {
    log: Arc<Mutex<Log>>,
    latest: watch::Receiver<Revision>,
    seen: Revision,
}

impl Watcher {
    async fn next(&mut self) -> Result<Change, StoreError> {
        loop {
            // Marked as seen before the log is read, so that a commit in between wakes the wait.
            self.latest.borrow_and_update();
            if let Some(change) = lock(&self.log).first_after(self.seen)? {
                self.seen = change.revision;
                return Ok(change);
            }
            if self.latest.changed().await.is_err() {
                return Err(StoreError::Unavailable {
                    reason: "it was closed".to_owned(),
                });
            }
        }
    }
}

/// The log is whole after every statement that changes it, so a panic elsewhere does not spoil it.
fn lock(log: &Mutex<Log>) -> std::sync::MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

fn size(change: &Change) -> usize {
    change
        .records
        .iter()
        .filter_map(|(_, bytes)| bytes.as_ref())
        .map(|bytes| bytes.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;
    use crate::store::Path;

    fn change(revision: u64, bytes: usize) -> Change {
        Change {
            revision: Revision(revision),
            records: vec![(Path::new("a").unwrap(), Some(vec![0; bytes].into()))],
        }
    }

    #[tokio::test]
    async fn a_watcher_too_far_behind_is_told_to_load_again() {
        let changes = Changes::after(Revision(10));
        let mut early = changes.watch(Revision(9));
        assert!(matches!(
            early.next().await,
            Some(Err(StoreError::Compacted { .. }))
        ));
        assert!(early.next().await.is_none());

        let count = KEPT_COMMITS as u64 + 2;
        for revision in 11..11 + count {
            changes.publish(change(revision, 1));
        }
        let mut lost = changes.watch(Revision(11));
        assert!(matches!(
            lost.next().await,
            Some(Err(StoreError::Compacted { .. }))
        ));
        let mut kept = changes.watch(Revision(12));
        assert_eq!(kept.next().await.unwrap().unwrap().revision, Revision(13));
    }

    #[tokio::test]
    async fn large_commits_are_kept_for_a_shorter_time() {
        let changes = Changes::after(Revision(0));
        changes.publish(change(1, KEPT_BYTES));
        changes.publish(change(2, 2 * KEPT_BYTES));
        let mut watch = changes.watch(Revision(1));
        assert_eq!(watch.next().await.unwrap().unwrap().revision, Revision(2));
        assert!(changes.watch(Revision(0)).next().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn watchers_hear_that_the_store_closed() {
        let changes = Changes::after(Revision(0));
        let mut watch = changes.watch(Revision(0));
        drop(changes);
        assert!(matches!(
            watch.next().await,
            Some(Err(StoreError::Unavailable { .. }))
        ));
        assert!(watch.next().await.is_none());
    }
}
