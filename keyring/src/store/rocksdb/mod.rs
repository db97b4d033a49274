//! The embedded store: RocksDB in a directory of its own.
//!
//! * [`directory`]: who may open it, and telling it from anything else.
//! * [`layout`]: keys and values as bytes.
//! * [`writer`]: one thread commits; transactions that wait share one synced write.

mod directory;
mod layout;
mod options;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    path::Path as FilePath,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ::rocksdb::{DB, ErrorKind};
use futures_util::{future::BoxFuture, stream::BoxStream};

use self::{directory::Directory, writer::Writer};
use super::{Change, Path, Revision, Snapshot, Store, StoreError, Stored, Txn, changes::Changes};

/// A store in a local directory, for one process.
pub struct RocksdbStore {
    writer: Writer,
    opened: Arc<Opened>,
}

/// What the store and its writer share.
struct Opened {
    db: DB,
    changes: Changes,
    /// Set when a write failed: then nobody knows what the disk holds, until the store is opened
    /// again and replays its log. Neither reads nor writes are answered before that.
    failed: AtomicBool,
    directory: Directory,
}

impl RocksdbStore {
    /// Opens the store in the directory `path`, or creates it if there is nothing. Blocks.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process has it open, [`StoreError::NotAStore`] if the
    /// directory holds something else, [`StoreError::Corrupted`] if it is damaged.
    pub fn open(path: impl AsRef<FilePath>) -> Result<Self, StoreError> {
        let directory = Directory::claim(path.as_ref())?;
        let options = options::database(directory.is_new());
        let db =
            DB::open(&options, directory.path()).map_err(|e| failure(&e, &directory.name()))?;
        let revision = layout::open(&db, &directory)?;
        directory.finish()?;
        let opened = Arc::new(Opened {
            db,
            changes: Changes::after(revision),
            failed: AtomicBool::new(false),
            directory,
        });
        let writer = Writer::start(opened.clone(), revision)?;
        Ok(Self { writer, opened })
    }

    /// Runs a read where it may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Opened) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let opened = self.opened.clone();
        let task = tokio::task::spawn_blocking(move || {
            opened.check()?;
            read(&opened)
        });
        task.await
            .unwrap_or_else(|error| Err(unavailable(error.to_string())))
    }
}

impl Opened {
    /// Refuses once a write has failed.
    fn check(&self) -> Result<(), StoreError> {
        if self.failed.load(Ordering::Acquire) {
            let directory = self.directory.name();
            return Err(unavailable(format!(
                "a write to {directory} failed before; look at its disk, then start again"
            )));
        }
        Ok(())
    }

    fn get(&self, path: &Path) -> Result<Option<Stored>, StoreError> {
        let key = layout::key(path);
        let value = self
            .db
            .get_pinned(&key)
            .map_err(|e| failure(&e, path.as_str()))?;
        value.map(|value| layout::decode(&key, &value)).transpose()
    }

    fn load(&self) -> Result<(Revision, Snapshot), StoreError> {
        // The view is taken at one moment, so the revision and the records fit together.
        let view = self.db.snapshot();
        let value = view
            .get(layout::REVISION_KEY)
            .map_err(|e| failure(&e, &self.directory.name()))?;
        let revision = layout::revision(value.as_deref())?;
        let mut records = Vec::new();
        for entry in view.iterator_opt(layout::from_first_record(), options::scan()) {
            let (key, value) = entry.map_err(|e| failure(&e, &self.directory.name()))?;
            records.push((layout::path(&key)?, layout::decode(&key, &value)?));
        }
        Ok((revision, Snapshot { records }))
    }
}

impl Store for RocksdbStore {
    fn load(&self) -> BoxFuture<'_, Result<(Revision, Snapshot), StoreError>> {
        Box::pin(self.read(Opened::load))
    }

    fn get<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        let path = path.clone();
        Box::pin(self.read(move |opened| opened.get(&path)))
    }

    fn commit(&self, txn: Txn) -> BoxFuture<'_, Result<Revision, StoreError>> {
        Box::pin(self.writer.commit(txn))
    }

    fn watch(&self, from: Revision) -> BoxStream<'static, Result<Change, StoreError>> {
        self.opened.changes.watch(from)
    }
}

/// What RocksDB says, in the store's terms. `place` is the record or the directory.
fn failure(error: &::rocksdb::Error, place: &str) -> StoreError {
    match error.kind() {
        // Invalid is what a database is called whose files are missing.
        ErrorKind::Corruption | ErrorKind::InvalidArgument => StoreError::Corrupted {
            path: place.to_owned(),
            reason: error.to_string(),
        },
        _ => unavailable(format!("{place}: {error}")),
    }
}

fn unavailable(reason: String) -> StoreError {
    StoreError::Unavailable { reason }
}
