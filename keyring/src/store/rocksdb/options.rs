//! How RocksDB is set up: small, checked, and never silent about damage.

use ::rocksdb::{
    BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, LogLevel, Options, ReadOptions,
    WriteOptions,
};

const WRITE_BUFFER_BYTES: usize = 4 << 20;
const CACHE_BYTES: usize = 4 << 20;
const WAL_BYTES: u64 = 16 << 20;
const OWN_LOG_BYTES: usize = 1 << 20;

/// Options to open the database, and to create it only if `create`.
pub(super) fn database(create: bool) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(&Cache::new_lru_cache(CACHE_BYTES));

    let mut options = Options::default();
    options.create_if_missing(create);
    options.set_paranoid_checks(true);
    // An incomplete entry at the very end of the log is what a crash leaves of a commit that was
    // never answered, and is dropped. A damaged entry anywhere else is an error: the default mode
    // would drop it, and every answered commit after it, without a word.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_track_and_verify_wals_in_manifest(true);
    // Sealed records do not compress.
    options.set_compression_type(DBCompressionType::None);
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_write_buffer_number(2);
    options.set_max_total_wal_size(WAL_BYTES);
    options.set_max_open_files(64);
    options.set_max_background_jobs(2);
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(OWN_LOG_BYTES);
    options.set_log_level(LogLevel::Warn);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}

/// A write is answered when the log is on the disk.
pub(super) fn synced() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}

/// A scan verifies every block and leaves the cache to point reads.
pub(super) fn scan() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_verify_checksums(true);
    options.fill_cache(false);
    options
}
