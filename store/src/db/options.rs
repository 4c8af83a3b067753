//! How RocksDB is opened, beneath the tail.

use crate::layout::{BLOBS, FAMILIES, Family, IDS, KEYS, MESSAGES, PURGED, RECEIPTS, SESSIONS, WANTED};
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompactionStyle, DBCompressionType, DBRecoveryMode, Options,
};

/// Bytes of small families' rows that gather in RocksDB's memtables before they become files, all families together. Without a
/// bound each family's grows to 64 MiB, which takes some of them days.
const MEMTABLES: usize = 16 << 20;
/// Bytes of a part of an index or filter: what is read, and cached, for one look-up.
const PART: usize = 4 << 10;

/// What RocksDB keeps of its files in memory: one for all families, so that a bound is the store's. Each look-up asks it for a
/// part of every filter that could know the key, so it is the kind that takes no lock.
pub fn cache(bytes: usize) -> Cache {
    Cache::new_hyper_clock_cache(bytes, 0)
}

pub fn database(create: bool) -> Options {
    let mut options = Options::default();
    options.create_if_missing(create);
    // RocksDB's own log holds small families on their way down, and all rows of stores of format 1. The tail that a crash
    // cut off was never synced, so nothing of it was told to anybody. A record that is damaged in the middle was: then
    // opening fails, where RocksDB's default would silently drop everything behind it.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_max_total_wal_size(256 << 20);
    options.set_max_background_jobs(2);
    options.set_db_write_buffer_size(MEMTABLES);
    options.set_keep_log_file_num(2);
    options.set_log_level(rocksdb::LogLevel::Warn);
    options
}

/// A family's options by its name, which may be one of a later format.
pub fn family(name: &str, cache: &Cache) -> Options {
    let family = FAMILIES.iter().position(|known| *known == name).map(|i| Family(i as u8));
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    // By default each file's index and filter stay in memory beside the cache, as long as the file is there: memory grows with
    // the store. In parts of a page they can share the cache, and a look-up that misses it reads one part.
    table.set_cache_index_and_filter_blocks(true);
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    table.set_metadata_block_size(PART);
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
