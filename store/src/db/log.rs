//! The log: every write's rows, appended and synced before the write returns, until RocksDB has them.
//!
//! It lies in `tail/` of the store's directory, in files named by a number that only grows. A file is 16 bytes of header
//! (`LIAISE-TAIL`, a zero, version u32), then frames: `magic u32 | CRC-32 u32 of what follows | number u64 | synced u64 | length
//! u32 | rows`. Frames are numbered over all files. `synced` is how much of the file was known to be on disk when the
//! frame was written; it is what tells damage from the tail that a crash cut off, which was never told to anybody. A store
//! that is closed leaves an empty frame behind its last rows, so that they too are known to have been on disk.

use super::batch::Batch;
use crate::error::StoreError;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FOLDER: &str = "tail";
const HEADER: [u8; 16] = *b"LIAISE-TAIL\0\0\0\0\x01";
const MAGIC: u32 = 0x4c46_5231;
const FRAME: usize = 28;

/// The log of an open store.
pub struct Log {
    folder: PathBuf,
    file: Arc<File>,
    /// The number of the file that is written.
    number: u64,
    /// The number of the next frame.
    frame: u64,
    length: u64,
    synced: u64,
}

/// Where `dir`'s log lies; the sorted files on their way into RocksDB lie there too.
pub fn folder(dir: &Path) -> PathBuf {
    dir.join(FOLDER)
}

impl Log {
    /// Opens the log for writing, in a new file, and hands over what it holds, oldest first.
    ///
    /// # Errors
    /// The log is damaged, or the disk failed.
    pub fn open(dir: &Path, rows: impl FnMut(Batch)) -> Result<Log, StoreError> {
        let folder = folder(dir);
        std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        let read = read(&folder, rows)?;
        let number = match read.newest {
            None => 1,
            Some((number, good)) => {
                let path = path(&folder, number);
                let cut = || -> std::io::Result<u64> {
                    if good <= HEADER.len() as u64 {
                        std::fs::remove_file(&path)?;
                        return Ok(number);
                    }
                    let file = OpenOptions::new().write(true).open(&path)?;
                    file.set_len(good)?;
                    file.sync_all()?;
                    Ok(number + 1)
                };
                cut().map_err(|error| failed(&path, error))?
            }
        };
        let length = HEADER.len() as u64;
        Ok(Log { file: create(&folder, number)?.into(), folder, number, frame: read.next, length, synced: length })
    }

    /// Appends a write's rows. They are on disk once what is [appended](Log::end) then has been synced.
    pub fn append(&mut self, rows: &[u8]) -> Result<(), StoreError> {
        let header = header(self.frame, self.synced, rows);
        let written = (&*self.file).write_all(&header).and_then(|()| (&*self.file).write_all(rows));
        written.map_err(|error| failed(&self.path(), error))?;
        self.frame += 1;
        self.length += (header.len() + rows.len()) as u64;
        Ok(())
    }

    /// What is appended so far.
    pub fn end(&self) -> End {
        End { file: self.file.clone(), path: self.path(), length: self.length }
    }

    /// Notes that so much of the file was [synced](End::sync).
    pub fn note_synced(&mut self, length: u64) {
        self.synced = length;
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        let synced = self.end().sync()?;
        self.note_synced(synced);
        Ok(())
    }

    /// Goes on in a new file; returns its number: once RocksDB has all rows of the older ones, they can [go](Log::forget).
    pub fn rotate(&mut self) -> Result<u64, StoreError> {
        self.sync()?;
        self.number += 1;
        self.file = create(&self.folder, self.number)?.into();
        (self.length, self.synced) = (16, 16);
        Ok(self.number)
    }

    /// Removes the files below a number, the oldest first: a crash in between leaves the newest rows last.
    pub fn forget(dir: &Path, below: u64) -> Result<(), StoreError> {
        let folder = folder(dir);
        for number in files(&folder)?.into_iter().filter(|number| *number < below) {
            let path = path(&folder, number);
            std::fs::remove_file(&path).map_err(|error| failed(&path, error))?;
        }
        Ok(())
    }

    /// Marks that everything so far was on disk.
    pub fn close(&mut self) -> Result<(), StoreError> {
        if self.length == HEADER.len() as u64 {
            return Ok(());
        }
        self.sync()?;
        self.append(&[])?;
        self.sync()
    }

    fn path(&self) -> PathBuf {
        path(&self.folder, self.number)
    }
}

/// A length of the log's newest file, which can be synced while more is appended.
pub struct End {
    file: Arc<File>,
    path: PathBuf,
    length: u64,
}

impl End {
    /// Brings it to the disk; returns the length.
    pub fn sync(self) -> Result<u64, StoreError> {
        self.file.sync_data().map_err(|error| failed(&self.path, error))?;
        Ok(self.length)
    }
}

/// Hands over what the log of a store holds, which another process may be writing, oldest first.
///
/// # Errors
/// The log is damaged, or the disk failed.
pub fn read_only(dir: &Path, rows: impl FnMut(Batch)) -> Result<(), StoreError> {
    let folder = folder(dir);
    if folder.exists() { read(&folder, rows).map(drop) } else { Ok(()) }
}

struct Read {
    /// The number of the next frame.
    next: u64,
    /// The newest file, and how much of it a crash left.
    newest: Option<(u64, u64)>,
}

fn read(folder: &Path, mut rows: impl FnMut(Batch)) -> Result<Read, StoreError> {
    let files = files(folder)?;
    let mut expected: Option<u64> = None;
    let mut end = 0;
    for (i, number) in files.iter().enumerate() {
        let path = path(folder, *number);
        let newest = i + 1 == files.len();
        let damaged = |at: usize| {
            StoreError::corrupt(format!("the log {} is not what was written, from byte {at} on", path.display()))
        };
        if i > 0 && files[i - 1] + 1 != *number {
            return Err(StoreError::corrupt(format!("the log lacks the files before {}", path.display())));
        }
        let bytes = match std::fs::read(&path) {
            // The process that writes has handed its rows to RocksDB, which a reader opens after this.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            read => read.map_err(|error| failed(&path, error))?,
        };
        if newest && HEADER.starts_with(&bytes) {
            end = 0;
            break;
        }
        if !bytes.starts_with(&HEADER) {
            return Err(damaged(0));
        }
        let mut at = HEADER.len();
        while at < bytes.len() {
            let Some(frame) = parse(&bytes[at..]) else {
                if !newest || was_synced(&bytes, at) {
                    return Err(damaged(at));
                }
                break;
            };
            if expected.is_some_and(|expected| expected != frame.number) {
                return Err(damaged(at));
            }
            expected = Some(frame.number + 1);
            if !frame.rows.is_empty() {
                rows(Batch::decode(frame.rows.to_vec())?);
            }
            at += FRAME + frame.rows.len();
        }
        end = at as u64;
    }
    Ok(Read { next: expected.unwrap_or(1), newest: files.last().map(|number| (*number, end)) })
}

pub(super) struct Frame<'a> {
    pub number: u64,
    pub synced: u64,
    pub rows: &'a [u8],
}

/// What precedes the rows of a frame.
pub(super) fn header(number: u64, synced: u64, rows: &[u8]) -> [u8; FRAME] {
    let mut header = [0; FRAME];
    let length = u32::try_from(rows.len()).expect("a write is far below 4 GiB");
    header[..4].copy_from_slice(&MAGIC.to_be_bytes());
    header[8..16].copy_from_slice(&number.to_be_bytes());
    header[16..24].copy_from_slice(&synced.to_be_bytes());
    header[24..].copy_from_slice(&length.to_be_bytes());
    let mut sum = crc32fast::Hasher::new();
    sum.update(&header[8..]);
    sum.update(rows);
    header[4..8].copy_from_slice(&sum.finalize().to_be_bytes());
    header
}

/// The frame that `bytes` begin with, if it is whole and sound.
pub(super) fn parse(bytes: &[u8]) -> Option<Frame<'_>> {
    let header: &[u8; FRAME] = bytes.first_chunk()?;
    let word = |i: usize| u32::from_be_bytes(header[i..i + 4].try_into().expect("four bytes"));
    let long = |i: usize| u64::from_be_bytes(header[i..i + 8].try_into().expect("eight bytes"));
    if word(0) != MAGIC {
        return None;
    }
    let end = FRAME.checked_add(word(24) as usize)?;
    let whole = bytes.get(..end)?;
    (crc32fast::hash(&whole[8..]) == word(4)).then(|| Frame {
        number: long(8),
        synced: long(16),
        rows: &whole[FRAME..],
    })
}

/// Whether a later frame says that what lies at `at` was on disk.
fn was_synced(bytes: &[u8], at: usize) -> bool {
    let magic = MAGIC.to_be_bytes();
    let starts = (at + 1..bytes.len()).filter(|start| bytes[*start..].starts_with(&magic));
    starts.filter_map(|start| parse(&bytes[start..])).any(|frame| frame.synced > at as u64)
}

fn create(folder: &Path, number: u64) -> Result<File, StoreError> {
    let path = path(folder, number);
    let make = || -> std::io::Result<File> {
        let mut file = OpenOptions::new().append(true).create_new(true).open(&path)?;
        file.write_all(&HEADER)?;
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(file)
    };
    make().map_err(|error| failed(&path, error))
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.log"))
}

/// The numbers of the files of `dir`'s log, ascending.
pub fn numbers(dir: &Path) -> Result<Vec<u64>, StoreError> {
    let folder = folder(dir);
    if folder.exists() { files(&folder) } else { Ok(Vec::new()) }
}

fn files(folder: &Path) -> Result<Vec<u64>, StoreError> {
    let fail = |error| failed(folder, error);
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        numbers
            .extend(name.to_str().and_then(|name| name.strip_suffix(".log")).and_then(|name| name.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn failed(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::File { path: path.to_owned(), why: format!("{error}; check the disk's space and health") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::META;

    fn rows(text: &str) -> Batch {
        let mut batch = Batch::default();
        batch.put(META, text.as_bytes(), b"");
        batch
    }

    fn contents(dir: &Path) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        read_only(dir, |batch| {
            found.extend(batch.rows().map(|(_, row)| String::from_utf8(row.key.to_vec()).unwrap()));
        })?;
        Ok(found)
    }

    fn newest(dir: &Path) -> PathBuf {
        path(&folder(dir), *files(&folder(dir)).unwrap().last().unwrap())
    }

    fn open(dir: &Path) -> Log {
        Log::open(dir, drop).unwrap()
    }

    fn append(log: &mut Log, text: &str, sync: bool) {
        log.append(rows(text).bytes()).unwrap();
        if sync {
            log.sync().unwrap();
        }
    }

    #[test]
    fn what_was_written_is_read_in_its_order_over_all_files() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(contents(dir.path()).unwrap(), [""; 0]);
        let mut log = open(dir.path());
        append(&mut log, "a", true);
        let second = log.rotate().unwrap();
        append(&mut log, "b", false);
        log.close().unwrap();
        drop(log);
        append(&mut open(dir.path()), "c", true);
        assert_eq!(contents(dir.path()).unwrap(), ["a", "b", "c"]);
        Log::forget(dir.path(), second).unwrap();
        assert_eq!(contents(dir.path()).unwrap(), ["b", "c"]);
    }

    #[test]
    fn a_torn_end_is_cut_off_at_every_byte_and_never_more() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        append(&mut log, "first", true);
        let kept = log.length as usize;
        append(&mut log, "second", true);
        let whole = std::fs::read(newest(dir.path())).unwrap();
        for cut in 0..whole.len() {
            let fresh = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder(fresh.path())).unwrap();
            std::fs::write(path(&folder(fresh.path()), 1), &whole[..cut]).unwrap();
            let expected: &[&str] = if cut >= kept { &["first"] } else { &[] };
            assert_eq!(contents(fresh.path()).unwrap(), expected, "cut to {cut}");
            // What was cut off is gone for good: what comes later is found behind what was kept.
            let mut log = open(fresh.path());
            append(&mut log, "third", true);
            assert_eq!(contents(fresh.path()).unwrap(), [expected, &["third"]].concat(), "cut to {cut}");
        }
    }

    #[test]
    fn damage_before_what_was_synced_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        for text in ["a", "b", "c"] {
            append(&mut log, text, true);
        }
        let end = log.length as usize;
        log.close().unwrap();
        let file = newest(dir.path());
        let good = std::fs::read(&file).unwrap();
        for at in 0..end {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            std::fs::write(&file, bad).unwrap();
            assert!(matches!(contents(dir.path()), Err(StoreError::Corrupt { .. })), "byte {at}");
        }
        // The closing mark itself holds nothing.
        std::fs::write(&file, &good[..good.len() - 3]).unwrap();
        assert_eq!(contents(dir.path()).unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn rows_that_were_not_synced_may_be_lost_in_any_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        append(&mut log, "synced", true);
        let hole = log.length as usize;
        append(&mut log, "lost", false);
        append(&mut log, "written, but behind a hole", false);
        let file = newest(dir.path());
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[hole..hole + 20].fill(0);
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(contents(dir.path()).unwrap(), ["synced"]);
    }

    #[test]
    fn a_missing_file_in_between_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open(dir.path());
        append(&mut log, "a", true);
        let second = log.rotate().unwrap();
        append(&mut log, "b", true);
        log.rotate().unwrap();
        std::fs::remove_file(path(&folder(dir.path()), second)).unwrap();
        assert!(matches!(contents(dir.path()), Err(StoreError::Corrupt { .. })));
    }
}
