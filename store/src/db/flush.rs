//! The tail's way into RocksDB, on a thread of its own: sorted files that RocksDB takes in as they are.
//!
//! Until all of it is there and synced, the log keeps the same rows: after a crash in between they are there twice, which is
//! the same as once.

use super::batch::Batch;
use super::options;
use super::tail::Tail;
use super::{log, log::Log};
use crate::error::StoreError;
use crate::layout::{BLOBS, FAMILIES, Family, MESSAGES};
use rocksdb::{
    BottommostLevelCompaction, Cache, CompactOptions, DB, FlushOptions, IngestExternalFileOptions, SstFileWriter,
    WriteBatch, WriteOptions,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, RwLock};

/// Below this a family's rows, where they are short, go through RocksDB's own log: a file for each handful would only have to
/// be merged again.
const SMALL: usize = 1_000;

/// The newest rows: those that are written now, and those on their way into RocksDB.
#[derive(Default)]
pub struct View {
    pub active: Tail,
    pub frozen: Option<Arc<Tail>>,
}

/// What the writers, the readers and the flushing thread share.
pub struct Shared {
    pub rocks: DB,
    pub cache: Cache,
    pub dir: PathBuf,
    pub view: RwLock<View>,
    flush: Mutex<State>,
    changed: Condvar,
    /// Why a write failed: from then on nobody knows what is on disk.
    pub halted: OnceLock<String>,
}

#[derive(Default)]
struct State {
    /// The frozen rows wait.
    pending: Option<Pending>,
    closing: bool,
}

/// What is to be done once the frozen rows are in RocksDB.
#[derive(Clone)]
struct Pending {
    /// The log's files below this number can go.
    below: u64,
    /// Rows that were removed and whose bytes are to leave the disk: family and key.
    erase: Vec<(Family, Vec<u8>)>,
}

impl Shared {
    pub fn new(rocks: DB, cache: Cache, dir: &Path, active: Tail) -> Shared {
        Shared {
            rocks,
            cache,
            dir: dir.to_owned(),
            view: RwLock::new(View { active, frozen: None }),
            flush: Mutex::default(),
            changed: Condvar::new(),
            halted: OnceLock::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.flush.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits until nothing is on its way into RocksDB.
    ///
    /// # Errors
    /// It did not get there.
    pub fn wait(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        while state.pending.is_some() && self.halted.get().is_none() {
            state = self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        self.check()
    }

    /// Fails where an earlier write did.
    pub fn check(&self) -> Result<(), StoreError> {
        self.halted.get().map_or(Ok(()), |why| Err(StoreError::Halted(why.clone())))
    }

    /// Halts where a write failed: what it left on disk nobody knows.
    pub fn halt_on<T>(&self, written: Result<T, StoreError>) -> Result<T, StoreError> {
        written.inspect_err(|error| self.halt(&error.to_string()))
    }

    pub fn halt(&self, why: &str) {
        let _ = self.halted.set(why.to_owned());
    }

    /// Lets readers see rows that are on disk.
    pub fn show(&self, rows: &[Arc<Batch>]) {
        let mut view = super::write_lock(&self.view);
        rows.iter().for_each(|rows| view.active.push(rows.clone()));
    }

    /// Bytes of the active rows.
    pub fn gathered(&self) -> usize {
        super::read_lock(&self.view).active.bytes()
    }

    /// Sends the active rows on their way; [nothing else](Shared::wait) may be. Once they are in RocksDB, the log's files below
    /// a number go, and with them the bytes of the rows of `erase`.
    pub fn freeze(&self, below: u64, erase: Vec<(Family, Vec<u8>)>) {
        {
            let mut view = super::write_lock(&self.view);
            view.frozen = Some(Arc::new(std::mem::take(&mut view.active)));
        }
        self.state().pending = Some(Pending { below, erase });
        self.changed.notify_all();
    }

    pub fn close(&self) {
        self.state().closing = true;
        self.changed.notify_all();
    }

    /// The flushing thread's whole life.
    pub fn run(&self) {
        loop {
            let mut state = self.state();
            let pending = loop {
                match &state.pending {
                    Some(pending) => break pending.clone(),
                    None if state.closing => return,
                    None => state = self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner()),
                }
            };
            drop(state);
            if let Err(error) = self.flush(&pending) {
                tracing::error!(%error, "the newest rows did not get into the database; the log keeps them");
                self.halt(&error.to_string());
                self.changed.notify_all();
                return;
            }
            let gone = super::write_lock(&self.view).frozen.take();
            drop(gone);
            self.state().pending = None;
            self.changed.notify_all();
        }
    }

    fn flush(&self, Pending { below, erase }: &Pending) -> Result<(), StoreError> {
        let frozen = super::read_lock(&self.view).frozen.clone();
        if let Some(frozen) = frozen {
            self.ingest(&frozen)?;
        }
        Log::forget(&self.dir, *below)?;
        if erase.is_empty() { Ok(()) } else { self.rewrite(erase) }
    }

    /// Writes anew the files that hold removed rows, without them.
    fn rewrite(&self, rows: &[(Family, Vec<u8>)]) -> Result<(), StoreError> {
        // RocksDB's own log may hold them too; it goes once all of it is in files.
        let handles: Vec<_> = FAMILIES.iter().filter_map(|name| self.rocks.cf_handle(name)).collect();
        self.rocks.flush_cfs_opt(&handles.iter().collect::<Vec<_>>(), &FlushOptions::default())?;
        let mut options = CompactOptions::default();
        options.set_bottommost_level_compaction(BottommostLevelCompaction::Force);
        for (family, key) in rows {
            let handle = self.rocks.cf_handle(family.name()).expect("every family of the layout was opened");
            self.rocks.compact_range_cf_opt(&handle, Some(key), Some(key), &options);
        }
        Ok(())
    }

    /// Everything but what the log forgets.
    pub fn ingest(&self, rows: &Tail) -> Result<(), StoreError> {
        let mut small = WriteBatch::default();
        for number in 0..FAMILIES.len() {
            let family = Family(number as u8);
            let handle = self.rocks.cf_handle(family.name()).expect("every family of the layout was opened");
            let (count, rows) = rows.all(family);
            if count < SMALL && !matches!(family, MESSAGES | BLOBS) || count == 0 {
                for (key, value) in rows {
                    match value {
                        Some(value) => small.put_cf(&handle, key, value),
                        None => small.delete_cf(&handle, key),
                    }
                }
                continue;
            }
            let path = log::folder(&self.dir).join(format!("{}.sst", family.name()));
            // A crash may have left one that RocksDB has taken in: it is the same file under two names, so it is removed and
            // never written to.
            super::remove_file(&path)?;
            let options = options::family(family.name(), &self.cache);
            let mut file = SstFileWriter::create(&options);
            file.open(&path)?;
            for (key, value) in rows {
                match value {
                    Some(value) => file.put(key, value)?,
                    None => file.delete(key)?,
                }
            }
            file.finish()?;
            let mut options = IngestExternalFileOptions::default();
            options.set_move_files(true);
            self.rocks.ingest_external_file_cf_opts(&handle, &options, vec![&path])?;
            super::remove_file(&path)?;
        }
        if !small.is_empty() {
            let mut options = WriteOptions::default();
            options.set_sync(true);
            self.rocks.write_opt(small, &options)?;
        }
        Ok(())
    }
}
