//! RocksDB beneath: opening, locking, format, and typed errors. Knows families, not what they mean.

use crate::error::StoreError;
use crate::layout::{FAMILIES, META, META_NETWORK, META_VERSION, VERSION};
use crate::lockfile;
use liaise_ledger::Hash;
use rocksdb::{
    BlockBasedOptions, BoundColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode, Direction,
    IteratorMode, ReadOptions, WriteBatch, WriteOptions,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A row: key and value.
pub type Row = (Box<[u8]>, Box<[u8]>);

pub struct Db {
    rocks: DB,
    dir: PathBuf,
    read_only: bool,
    /// Why a write failed: from then on nobody knows what is on disk.
    halted: OnceLock<String>,
}

impl Db {
    pub fn open(dir: &Path, network: Hash, create: bool, read_only: bool) -> Result<Db, StoreError> {
        let exists = dir.join("CURRENT").exists();
        if !exists && (!create || read_only) {
            return Err(StoreError::Missing { dir: dir.to_owned() });
        }
        let options = database_options(create);
        // Exactly the families that are there: a newer format's must not make RocksDB fail before its version is read.
        let present = if exists { DB::list_cf(&options, dir)? } else { vec!["default".to_owned()] };
        let rocks = if read_only {
            let families = present.iter().map(|name| (name, family_options(name)));
            DB::open_cf_with_opts_for_read_only(&options, dir, families, false)
        } else {
            let families = present.iter().map(|name| ColumnFamilyDescriptor::new(name, family_options(name)));
            DB::open_cf_descriptors(&options, dir, families)
        };
        let rocks = rocks.map_err(|error| lockfile::explain(dir, error))?;
        let db = Db { rocks, dir: dir.to_owned(), read_only, halted: OnceLock::new() };
        db.check_format(&present, network)?;
        if !read_only {
            lockfile::write(dir)?;
        }
        Ok(db)
    }

    /// Reads the format and the network, or writes them into a new store.
    fn check_format(&self, present: &[String], network: Hash) -> Result<(), StoreError> {
        let has = |name: &str| present.iter().any(|family| family == name);
        let version = if has(META) { self.get(META, META_VERSION)? } else { None };
        let Some(version) = version else {
            // A crash may have left a store without its first row; one with messages always has it.
            if self.read_only || has(META) && self.scan(crate::layout::MESSAGES, &[], &[])?.next().is_some() {
                return Err(StoreError::corrupt("it has no format"));
            }
            for name in FAMILIES.iter().filter(|name| !has(name)) {
                self.rocks.create_cf(name, &family_options(name))?;
            }
            let mut batch = WriteBatch::default();
            batch.put_cf(&self.family(META), META_NETWORK, network.0);
            batch.put_cf(&self.family(META), META_VERSION, VERSION.to_be_bytes());
            return self.write(batch, true);
        };
        let found = u32::from_be_bytes(version.try_into().map_err(|_| StoreError::corrupt("its format is no number"))?);
        if found > VERSION {
            return Err(StoreError::NewerVersion { dir: self.dir.clone(), found, supported: VERSION });
        }
        let lacking: Vec<&&str> = FAMILIES.iter().filter(|name| !has(name)).collect();
        if found < VERSION || !lacking.is_empty() {
            return Err(StoreError::corrupt(format!("format {found} with families missing: {lacking:?}")));
        }
        let stored = self.get(META, META_NETWORK)?.and_then(|bytes| bytes.try_into().ok().map(Hash));
        match stored {
            Some(stored) if stored == network => Ok(()),
            Some(found) => Err(StoreError::ForeignNetwork { dir: self.dir.clone(), found, expected: network }),
            None => Err(StoreError::corrupt("it does not say its network")),
        }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn family(&self, name: &str) -> Arc<BoundColumnFamily<'_>> {
        self.rocks.cf_handle(name).expect("every family of the layout was opened")
    }

    pub fn get(&self, family: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.rocks.get_cf(&self.family(family), key)?)
    }

    pub fn contains(&self, family: &str, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.rocks.get_pinned_cf(&self.family(family), key)?.is_some())
    }

    /// Rows whose key starts with `prefix`, from `prefix ‖ from` on, ascending.
    pub fn scan<'a>(
        &'a self,
        family: &str,
        prefix: &[u8],
        from: &[u8],
    ) -> Result<impl Iterator<Item = Result<Row, StoreError>> + use<'a>, StoreError> {
        self.rows(family, prefix, &[prefix, from].concat(), Direction::Forward)
    }

    /// Rows whose key starts with `prefix`, from the last that is not above `prefix ‖ from`, descending.
    pub fn scan_back<'a>(
        &'a self,
        family: &str,
        prefix: &[u8],
        from: &[u8],
    ) -> Result<impl Iterator<Item = Result<Row, StoreError>> + use<'a>, StoreError> {
        self.rows(family, prefix, &[prefix, from].concat(), Direction::Reverse)
    }

    fn rows<'a>(
        &'a self,
        family: &str,
        prefix: &[u8],
        start: &[u8],
        direction: Direction,
    ) -> Result<impl Iterator<Item = Result<Row, StoreError>> + use<'a>, StoreError> {
        let mut options = ReadOptions::default();
        options.set_total_order_seek(true);
        let rows = self.rocks.iterator_cf_opt(&self.family(family), options, IteratorMode::From(start, direction));
        let prefix = prefix.to_vec();
        Ok(rows
            .map(|row| row.map_err(StoreError::from))
            .take_while(move |row| row.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix))))
    }

    /// Writes a batch, all of it or nothing. With `sync` it is durable when this returns.
    pub fn write(&self, batch: WriteBatch, sync: bool) -> Result<(), StoreError> {
        if self.read_only {
            return Err(StoreError::ReadOnly);
        }
        if let Some(why) = self.halted.get() {
            return Err(StoreError::Halted(why.clone()));
        }
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.rocks.write_opt(batch, &options).map_err(|error| {
            let _ = self.halted.set(error.to_string());
            StoreError::from(error)
        })
    }

    pub fn checkpoint(&self, to: &Path) -> Result<(), StoreError> {
        Ok(rocksdb::checkpoint::Checkpoint::new(&self.rocks)?.create_checkpoint(to)?)
    }
}

fn database_options(create: bool) -> rocksdb::Options {
    let mut options = rocksdb::Options::default();
    options.create_if_missing(create);
    // The tail that a crash cut off was never synced, so nothing of it was told to anybody. A record that is damaged in
    // the middle was: then opening fails, where RocksDB's default would silently drop everything behind it.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_max_total_wal_size(256 << 20);
    options.set_max_background_jobs(2);
    options.set_keep_log_file_num(2);
    options.set_log_level(rocksdb::LogLevel::Warn);
    options
}

fn family_options(name: &str) -> rocksdb::Options {
    use crate::layout::{BLOBS, IDS, KEYS, MESSAGES, PURGED, RECEIPTS, SESSIONS, WANTED};
    let mut table = BlockBasedOptions::default();
    if matches!(name, IDS | KEYS | SESSIONS | RECEIPTS | WANTED | PURGED | BLOBS) {
        // Most look-ups ask for what is not there yet.
        table.set_bloom_filter(10.0, false);
    }
    let mut options = rocksdb::Options::default();
    options.set_block_based_table_factory(&table);
    // Digests don't compress.
    let compressed = matches!(name, MESSAGES | BLOBS);
    options.set_compression_type(if compressed { DBCompressionType::Lz4 } else { DBCompressionType::None });
    if name == MESSAGES {
        options.set_write_buffer_size(64 << 20);
    }
    options
}
