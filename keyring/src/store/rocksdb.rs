//! Placeholder.
pub struct RocksdbStore;
