//! The database beneath: RocksDB, and before it a log and the newest rows in memory. Knows families, not what they mean.
//!
//! A write is appended to the log, synced, and from then on read from memory. When enough has gathered, a thread of its own
//! hands it to RocksDB as sorted files, and the log forgets it. Through RocksDB's own log and memtables a message's dozen
//! small rows cost several times as much.

mod batch;
mod flush;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod latest;
mod log;
mod options;
mod rows;
mod run;
mod tail;
#[cfg(test)]
mod tests;
mod writing;

pub use batch::Batch;
pub use writing::Ticket;

use crate::error::StoreError;
use crate::layout::{FAMILIES, Family, MESSAGES, META, META_NETWORK, META_VERSION, VERSION};
use crate::lockfile;
use crate::options::{Limits, Memory};
use flush::{Shared, View};
use liaise_ledger::Hash;
use log::Log;
use rocksdb::{BoundColumnFamily, Cache, ColumnFamilyDescriptor, DB, Direction, IteratorMode, ReadOptions};
use rows::Rows;
use std::path::Path;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use tail::Tail;
use writing::Writing;

/// A row: key and value.
pub type Row = (Box<[u8]>, Box<[u8]>);

pub struct Db {
    shared: Arc<Shared>,
    /// `None` where the store was opened for reading.
    writing: Option<Writing>,
    flusher: Option<JoinHandle<()>>,
}

impl Db {
    pub fn open(dir: &Path, network: Hash, create: bool, read_only: bool, limits: Limits) -> Result<Db, StoreError> {
        let exists = dir.join("CURRENT").exists();
        if !exists && (!create || read_only) {
            return Err(StoreError::Missing { dir: dir.to_owned() });
        }
        let cache = options::cache(limits.cache_bytes);
        let mut db = if read_only { Db::read_only(dir, cache)? } else { Db::writable(dir, create, exists, cache)? };
        db.check_format(network, read_only)?;
        if read_only {
            return Ok(db);
        }
        lockfile::write(dir)?;
        let mut tail = Tail::default();
        let log = Log::open(dir, |batch| tail.push(Arc::new(batch)))?;
        write_lock(&db.shared.view).active = tail;
        db.writing = Some(Writing::new(log, limits.newest_bytes));
        let shared = db.shared.clone();
        let flusher = std::thread::Builder::new().name("store-flush".into()).spawn(move || shared.run());
        db.flusher = Some(flusher.map_err(|error| StoreError::Database(error.to_string()))?);
        Ok(db)
    }

    fn writable(dir: &Path, create: bool, exists: bool, cache: Cache) -> Result<Db, StoreError> {
        let options = options::database(create);
        // Exactly the families that are there: a newer format's must not make RocksDB fail before its version is read.
        let present = if exists { DB::list_cf(&options, dir)? } else { vec!["default".to_owned()] };
        let families = present.iter().map(|name| ColumnFamilyDescriptor::new(name, options::family(name, &cache)));
        let rocks = DB::open_cf_descriptors(&options, dir, families).map_err(|error| lockfile::explain(dir, error))?;
        Ok(Db::over(rocks, cache, dir, Tail::default()))
    }

    /// Reads the log first: what leaves it meanwhile is in RocksDB by then.
    fn read_only(dir: &Path, cache: Cache) -> Result<Db, StoreError> {
        loop {
            let before = log::numbers(dir)?;
            let mut tail = Tail::default();
            log::read_only(dir, |batch| tail.push(Arc::new(batch)))?;
            let options = options::database(false);
            let present = DB::list_cf(&options, dir)?;
            let families = present.iter().map(|name| (name, options::family(name, &cache)));
            let rocks = DB::open_cf_with_opts_for_read_only(&options, dir, families, false)?;
            // Rows that went from the one to the other in between would hide newer ones.
            if log::numbers(dir)? == before {
                return Ok(Db::over(rocks, cache, dir, tail));
            }
        }
    }

    fn over(rocks: DB, cache: Cache, dir: &Path, tail: Tail) -> Db {
        Db { shared: Arc::new(Shared::new(rocks, cache, dir, tail)), writing: None, flusher: None }
    }

    /// Reads the format and the network, or writes them into a new store.
    fn check_format(&self, network: Hash, read_only: bool) -> Result<(), StoreError> {
        let rocks = &self.shared.rocks;
        let has = |name: &str| rocks.cf_handle(name).is_some();
        let version = if has(META.name()) { self.get(META, META_VERSION)? } else { None };
        let Some(version) = version else {
            // A crash may have left a store without its first row; one with messages always has it.
            if read_only || has(META.name()) && self.scan(MESSAGES, &[], &[])?.next().is_some() {
                return Err(StoreError::corrupt("it has no format"));
            }
            for name in FAMILIES.iter().filter(|name| !has(name)) {
                rocks.create_cf(name, &options::family(name, &self.shared.cache))?;
            }
            return self.write_format(network);
        };
        let found = u32::from_be_bytes(version.try_into().map_err(|_| StoreError::corrupt("its format is no number"))?);
        if found > VERSION {
            let dir = self.shared.dir.clone();
            return Err(StoreError::NewerVersion { dir, found, supported: VERSION });
        }
        let lacking: Vec<&&str> = FAMILIES.iter().filter(|name| !has(name)).collect();
        if found == 0 || !lacking.is_empty() {
            return Err(StoreError::corrupt(format!("format {found} with families missing: {lacking:?}")));
        }
        let stored = self.get(META, META_NETWORK)?.and_then(|bytes| bytes.try_into().ok().map(Hash));
        match stored {
            Some(stored) if stored == network => {}
            Some(found) => {
                return Err(StoreError::ForeignNetwork { dir: self.shared.dir.clone(), found, expected: network });
            }
            None => return Err(StoreError::corrupt("it does not say its network")),
        }
        // Format 1 had no log of its own: a program that knows only that must not open what has one.
        if found < VERSION && !read_only { self.write_format(network) } else { Ok(()) }
    }

    /// Beneath the log: it is read before there is one.
    fn write_format(&self, network: Hash) -> Result<(), StoreError> {
        let mut batch = rocksdb::WriteBatch::default();
        batch.put_cf(&self.handle(META), META_NETWORK, network.0);
        batch.put_cf(&self.handle(META), META_VERSION, VERSION.to_be_bytes());
        let mut options = rocksdb::WriteOptions::default();
        options.set_sync(true);
        Ok(self.shared.rocks.write_opt(batch, &options)?)
    }

    /// What is held in memory, see [`Memory`].
    pub fn memory(&self) -> Result<Memory, StoreError> {
        let Shared { rocks, cache, .. } = &*self.shared;
        let used = rocksdb::perf::get_memory_usage_stats(Some(&[rocks]), Some(&[cache]))?;
        let view = self.view();
        let newest = view.active.bytes() + view.frozen.as_ref().map_or(0, |frozen| frozen.bytes());
        Ok(Memory {
            newest: newest as u64,
            memtables: used.mem_table_total,
            tables: used.mem_table_readers_total,
            cache: used.cache_total,
        })
    }

    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    fn handle(&self, family: Family) -> Arc<BoundColumnFamily<'_>> {
        self.shared.rocks.cf_handle(family.name()).expect("every family of the layout was opened")
    }

    fn view(&self) -> RwLockReadGuard<'_, View> {
        read_lock(&self.shared.view)
    }

    /// Looks at a row, `None` where there is none.
    fn look<T>(&self, family: Family, key: &[u8], see: impl FnOnce(Option<&[u8]>) -> T) -> Result<T, StoreError> {
        {
            let view = self.view();
            let newest = view.active.get(family, key);
            if let Some(row) = newest.or_else(|| view.frozen.as_ref()?.get(family, key)) {
                return Ok(see(row));
            }
        }
        let row = self.shared.rocks.get_pinned_cf(&self.handle(family), key)?;
        Ok(see(row.as_deref()))
    }

    pub fn get(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.look(family, key, |row| row.map(<[u8]>::to_vec))
    }

    pub fn contains(&self, family: Family, key: &[u8]) -> Result<bool, StoreError> {
        self.look(family, key, |row| row.is_some())
    }

    /// Rows whose key starts with `prefix`, from `prefix ‖ from` on, ascending.
    pub fn scan<'a>(&'a self, family: Family, prefix: &[u8], from: &[u8]) -> Result<Rows<'a>, StoreError> {
        Ok(self.rows(family, prefix, &[prefix, from].concat(), true))
    }

    /// Rows whose key starts with `prefix`, from the last that is not above `prefix ‖ from`, descending.
    pub fn scan_back<'a>(&'a self, family: Family, prefix: &[u8], from: &[u8]) -> Result<Rows<'a>, StoreError> {
        Ok(self.rows(family, prefix, &[prefix, from].concat(), false))
    }

    fn rows<'a>(&'a self, family: Family, prefix: &[u8], start: &[u8], forward: bool) -> Rows<'a> {
        let handle = self.handle(family);
        let mut options = ReadOptions::default();
        options.set_total_order_seek(true);
        let direction = if forward { Direction::Forward } else { Direction::Reverse };
        // Under the lock: what leaves memory afterwards was in RocksDB before.
        let view = self.view();
        let mut newest: Vec<_> = view.active.cursors(family, start, forward).collect();
        newest.extend(view.frozen.iter().flat_map(|frozen| frozen.cursors(family, start, forward)));
        let stored = self.shared.rocks.iterator_cf_opt(&handle, options, IteratorMode::From(start, direction));
        drop(view);
        Rows::new(newest, stored, prefix, forward)
    }

    /// Writes a batch, all of it or nothing. With `sync` it is durable when this returns.
    pub fn write(&self, batch: Batch, sync: bool) -> Result<(), StoreError> {
        let writing = self.writing()?;
        let ticket = writing.append(&self.shared, batch, sync)?;
        writing.publish(&self.shared, ticket)
    }

    /// Appends a batch that is to be durable; neither is it yet, nor is it read, but by those who ask what is
    /// [waiting](Db::waiting). Returns its ticket, or without rows the newest batch's.
    pub fn append(&self, batch: Batch) -> Result<Ticket, StoreError> {
        if self.writing.is_none() && batch.is_empty() {
            return Ok(Ticket::default());
        }
        self.writing()?.append(&self.shared, batch, true)
    }

    /// Waits until a batch, and all before it, are durable and read.
    pub fn publish(&self, ticket: Ticket) -> Result<(), StoreError> {
        self.writing.as_ref().map_or(Ok(()), |writing| writing.publish(&self.shared, ticket))
    }

    /// Waits until everything that was appended is durable and read.
    pub fn settle(&self) -> Result<(), StoreError> {
        self.publish(self.append(Batch::default())?)
    }

    /// Batches that were appended and are not read yet, the newest first.
    pub fn waiting(&self) -> Vec<Arc<Batch>> {
        self.writing.as_ref().map_or_else(Vec::new, Writing::waiting)
    }

    fn writing(&self) -> Result<&Writing, StoreError> {
        self.writing.as_ref().ok_or(StoreError::ReadOnly)
    }

    /// Takes the bytes of removed rows off the disk, soon: the files that hold them are written anew on the flushing thread.
    pub fn erase(&self, family: Family, keys: impl Iterator<Item = Vec<u8>>) -> Result<(), StoreError> {
        self.writing()?.freeze(&self.shared, keys.map(|key| (family, key)).collect())
    }

    /// Copies everything that is there now into a new directory, which opens like this one.
    pub fn checkpoint(&self, to: &Path) -> Result<(), StoreError> {
        self.settle()?;
        if !self.view().active.is_empty() {
            self.writing()?.freeze(&self.shared, Vec::new())?;
        }
        self.shared.wait()?;
        Ok(rocksdb::checkpoint::Checkpoint::new(&self.shared.rocks)?.create_checkpoint(to)?)
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(flusher) = self.flusher.take() {
            let _ = flusher.join();
        }
        if let (Some(writing), None) = (&self.writing, self.shared.halted.get())
            && let Err(error) = writing.close()
        {
            tracing::warn!(%error, "the log has no closing mark");
        }
    }
}

/// Removes a file that may be gone already.
pub fn remove_file(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::File { path: path.to_owned(), why: error.to_string() })
        }
        _ => Ok(()),
    }
}

// A thread that panicked under a lock left whole rows: they change by one push or one swap.
fn read_lock(view: &RwLock<View>) -> RwLockReadGuard<'_, View> {
    view.read().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn write_lock(view: &RwLock<View>) -> RwLockWriteGuard<'_, View> {
    view.write().unwrap_or_else(|poisoned| poisoned.into_inner())
}
