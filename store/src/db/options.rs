//! How RocksDB is opened, beneath the tail.

use crate::layout::{BLOBS, FAMILIES, Family, IDS, KEYS, MESSAGES, PURGED, RECEIPTS, SESSIONS, WANTED};
use rocksdb::{BlockBasedOptions, DBCompactionStyle, DBCompressionType, DBRecoveryMode, Options};

pub fn database(create: bool) -> Options {
    let mut options = Options::default();
    options.create_if_missing(create);
    // RocksDB's own log holds small families on their way down, and all rows of stores of format 1. The tail that a crash
    // cut off was never synced, so nothing of it was told to anybody. A record that is damaged in the middle was: then
    // opening fails, where RocksDB's default would silently drop everything behind it.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_max_total_wal_size(256 << 20);
    options.set_max_background_jobs(2);
    options.set_keep_log_file_num(2);
    options.set_log_level(rocksdb::LogLevel::Warn);
    options
}

/// A family's options by its name, which may be one of a later format.
pub fn family(name: &str) -> Options {
    let family = FAMILIES.iter().position(|known| *known == name).map(|i| Family(i as u8));
    let mut table = BlockBasedOptions::default();
    if matches!(family, Some(IDS | KEYS | SESSIONS | RECEIPTS | WANTED | PURGED | BLOBS)) {
        // Most look-ups ask for what is not there yet.
        table.set_bloom_filter(10.0, false);
    }
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    // Digests don't compress.
    let compressed = matches!(family, Some(MESSAGES | BLOBS));
    if !compressed {
        // Many small files with keys all over. By levels each four of them would be merged with all there is, until that is
        // 256 MiB; so they are merged with their likes.
        options.set_compaction_style(DBCompactionStyle::Universal);
    }
    options.set_compression_type(if compressed { DBCompressionType::Lz4 } else { DBCompressionType::None });
    options
}
