//! The write-ahead log: what a witness must remember to keep its word after a crash.

use liaise_ledger::Hash;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A failure of the log. The agreement halts on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalError {
    /// The system's.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A damaged record before the last: not what a crash leaves.
    #[error("damaged at byte {0}")]
    Damaged(u64),
    /// Another process has the log open: two would vote twice with one key.
    #[error("another process uses {0}: stop it first")]
    InUse(PathBuf),
    /// What an implementation over another store has to say.
    #[error("{0}")]
    Other(String),
}

/// The log of one witness. Records are short (below 64 KiB) and few (some hundred an epoch).
pub trait Wal {
    /// All whole records, in order. What a crash left of a record that was being appended is dropped for good.
    ///
    /// # Errors
    /// Whatever keeps records that were durable from being read.
    fn replay(&mut self) -> Result<Vec<Vec<u8>>, WalError>;

    /// Appends a record. On `Ok` it survives a crash; after an error nothing more is appended.
    ///
    /// # Errors
    /// Whatever puts its durability in doubt.
    fn append(&mut self, record: &[u8]) -> Result<(), WalError>;

    /// Replaces all records by `keep` at once: a crash leaves the old ones or the new ones.
    ///
    /// # Errors
    /// Whatever puts the durability of `keep` in doubt.
    fn truncate(&mut self, keep: &[Vec<u8>]) -> Result<(), WalError>;
}

/// In memory: for tests, and for simulations that crash nothing.
#[derive(Debug, Default)]
pub struct MemoryWal {
    records: Vec<Vec<u8>>,
}

impl Wal for MemoryWal {
    fn replay(&mut self) -> Result<Vec<Vec<u8>>, WalError> {
        Ok(self.records.clone())
    }

    fn append(&mut self, record: &[u8]) -> Result<(), WalError> {
        self.records.push(record.to_vec());
        Ok(())
    }

    fn truncate(&mut self, keep: &[Vec<u8>]) -> Result<(), WalError> {
        self.records = keep.to_vec();
        Ok(())
    }
}

/// In one file, synced at every append.
///
/// A record is its length (u32, big-endian), the first four bytes of `H` of the record, and the record.
#[derive(Debug)]
pub struct FileWal {
    path: PathBuf,
    file: File,
    /// Held as long as the log is open.
    _lock: File,
}

const FRAME: usize = 8;

pub(super) fn put_frame(out: &mut Vec<u8>, record: &[u8]) {
    out.extend((record.len() as u32).to_be_bytes());
    out.extend(&Hash::of(&[record]).0[..4]);
    out.extend(record);
}

/// The whole records, and where they end.
///
/// Each append was durable before the next began, so a crash can only tear the last. It may leave part of it, or (where
/// the file's length reached the disk before its bytes) zeros.
pub(super) fn frames(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, usize), WalError> {
    let (mut records, mut at) = (Vec::new(), 0);
    while let Some((head, rest)) = bytes[at..].split_first_chunk::<FRAME>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(record) = rest.get(..length) else { break };
        if Hash::of(&[record]).0[..4] != head[4..] {
            let is_last = rest.len() == length || bytes[at..].iter().all(|b| *b == 0);
            if is_last {
                break;
            }
            return Err(WalError::Damaged(at as u64));
        }
        records.push(record.to_vec());
        at += FRAME + length;
    }
    Ok((records, at))
}

impl FileWal {
    /// Opens or makes the log. `<path>.lock` beside it keeps a second process out.
    ///
    /// # Errors
    /// [`WalError::InUse`], or the system's error.
    pub fn open(path: &Path) -> Result<Self, WalError> {
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.with_added_extension("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(WalError::InUse(path.to_owned())),
            Err(TryLockError::Error(e)) => return Err(e.into()),
        }
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        sync_folder(path)?;
        Ok(FileWal { path: path.to_owned(), file, _lock: lock })
    }
}

/// A new name is durable when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

impl Wal for FileWal {
    fn replay(&mut self) -> Result<Vec<Vec<u8>>, WalError> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        let (records, end) = frames(&bytes)?;
        if end < bytes.len() {
            // Or the next record would follow the torn one, and be lost at the next start.
            self.file.set_len(end as u64)?;
            self.file.sync_all()?;
        }
        self.file.seek(SeekFrom::Start(end as u64))?;
        Ok(records)
    }

    fn append(&mut self, record: &[u8]) -> Result<(), WalError> {
        let mut frame = Vec::with_capacity(FRAME + record.len());
        put_frame(&mut frame, record);
        self.file.seek(SeekFrom::End(0))?;
        self.file.write_all(&frame)?;
        Ok(self.file.sync_all()?)
    }

    fn truncate(&mut self, keep: &[Vec<u8>]) -> Result<(), WalError> {
        let mut bytes = Vec::new();
        keep.iter().for_each(|record| put_frame(&mut bytes, record));
        let draft = self.path.with_added_extension("new");
        let mut file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(&draft)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, &self.path)?;
        sync_folder(&self.path)?;
        self.file = file;
        Ok(())
    }
}
