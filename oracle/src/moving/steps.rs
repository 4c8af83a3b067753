//! The three steps of a move, each resumed by running it again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use liaise_ledger::{Hash, Signed};
use liaise_store::{JournalRow, Store, StoreError};
use liaise_summary::CompressedKey;
use serde_bytes::{ByteArray, ByteBuf};

use super::error::MoveError;
use super::file::JournalFile;
use super::guard::first_unknown;
use super::rows::{Rows, SIGNED, SUBMISSIONS};
use super::standing::Standing;
use crate::quorum::OracleKey;

/// What an import took over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Signatures that are remembered.
    pub signed: usize,
    /// Submissions that are remembered.
    pub submissions: usize,
    /// Messages of the key.
    pub messages: usize,
}

/// Makes a fresh directory ready for a journal: it is called `fresh` from now on, unless it was made ready before, and
/// signs nothing until it has imported. Returns what it is called.
///
/// # Errors
/// [`MoveError::HasSigned`]; [`MoveError::Away`] where it gave a journal away; the store failed.
pub fn receive(store: &Store, fresh: Hash) -> Result<Hash, MoveError> {
    let rows = store.journal();
    match Standing::read(&rows)? {
        Standing::Waiting { host } => Ok(host),
        Standing::Arrived { .. } => Err(MoveError::HasSigned),
        standing @ Standing::Away { .. } => standing.allow().map(|()| fresh),
        Standing::Home if !rows.all(SIGNED)?.is_empty() => Err(MoveError::HasSigned),
        Standing::Home => Standing::change(&rows, Standing::Home, Standing::Waiting { host: fresh }).map(|()| fresh),
    }
}

/// Writes the journal into a new file for the host `to`. From before the file is complete this directory signs nothing
/// any more, for good. Run again for the same host it writes the same.
///
/// # Errors
/// [`MoveError::Away`] where it was exported for another host; [`MoveError::Waiting`]; [`MoveError::Behind`] where this is
/// not the newest journal; the file exists or can't be written.
pub fn export(store: &Store, key: &OracleKey, to: Hash, path: &Path) -> Result<JournalFile, MoveError> {
    export_over(store, &store.journal(), key, to, path)
}

pub(super) fn export_over(
    store: &Store,
    rows: &impl Rows,
    key: &OracleKey,
    to: Hash,
    path: &Path,
) -> Result<JournalFile, MoveError> {
    let standing = Standing::read(rows)?;
    if standing != (Standing::Away { to }) {
        standing.allow()?;
    }
    if let Some(vote) = first_unknown(store, &key.public(), |slot| rows.get(SIGNED, slot))? {
        return Err(MoveError::Behind { vote });
    }
    // A place that can't be written is found before the mark, which can't be taken back.
    let part = NewFile::create(path)?;
    if standing != (Standing::Away { to }) {
        Standing::change(rows, standing, Standing::Away { to })?;
    }
    let journal = JournalFile {
        network: store.network(),
        key: ByteArray::new(key.public()),
        to,
        signed: owned(rows.all(SIGNED)?),
        submissions: owned(rows.all(SUBMISSIONS)?),
        messages: messages(store, &key.public())?,
    };
    part.complete(&journal.encode(key).0)?;
    Ok(journal)
}

fn owned(rows: Vec<JournalRow>) -> Vec<(ByteBuf, ByteBuf)> {
    rows.into_iter().map(|(key, value)| (ByteBuf::from(key), ByteBuf::from(value))).collect()
}

fn messages(store: &Store, key: &CompressedKey) -> Result<Vec<Signed>, StoreError> {
    let mut found = vec![];
    for seq in 0..store.place(key)?.seq {
        for id in store.by_key(key, seq)? {
            found.extend(store.load(&id)?.map(|message| message.signed));
        }
    }
    Ok(found)
}

/// Takes over a journal that was exported for this host. From when it returns this directory signs. Run again with the same
/// file it changes nothing.
///
/// # Errors
/// The file is damaged, altered, another's, for another host, or older than what the ledger here holds of the key: nothing
/// of it was taken. [`MoveError::NotWaiting`]; the store failed.
pub fn import(store: &Store, key: &CompressedKey, path: &Path) -> Result<Imported, MoveError> {
    import_over(store, &store.journal(), key, path)
}

pub(super) fn import_over(
    store: &Store,
    rows: &impl Rows,
    key: &CompressedKey,
    path: &Path,
) -> Result<Imported, MoveError> {
    let (journal, checksum) = JournalFile::read(path, store.network(), key)?;
    let standing = Standing::read(rows)?;
    let (host, arrived) = match standing {
        Standing::Waiting { host } => (host, false),
        Standing::Arrived { host, file } => (host, file == checksum),
        Standing::Home | Standing::Away { .. } => return Err(MoveError::NotWaiting),
    };
    if journal.to != host {
        return Err(MoveError::ForeignHost { path: path.to_owned(), found: journal.to, expected: host });
    }
    let imported = Imported {
        signed: journal.signed.len(),
        submissions: journal.submissions.len(),
        messages: journal.messages.len(),
    };
    if arrived {
        return Ok(imported);
    }
    if standing != (Standing::Waiting { host }) {
        return Err(MoveError::NotWaiting);
    }
    let row = |slot: &[u8]| {
        let place = journal.signed.binary_search_by(|(known, _)| known.as_slice().cmp(slot));
        Ok(place.ok().map(|place| journal.signed[place].1.to_vec()))
    };
    if let Some(vote) = first_unknown(store, key, row)? {
        return Err(MoveError::Stale { path: path.to_owned(), vote });
    }
    // The key's messages first: who has the rows and not the messages could say two things at one place.
    let report = store.ingest(journal.messages)?;
    if let Some(refused) = report.refused().next() {
        let detail = format!("a message in it is refused: {refused}");
        return Err(MoveError::Damaged { path: path.to_owned(), detail });
    }
    keep(rows, SIGNED, &journal.signed)?;
    keep(rows, SUBMISSIONS, &journal.submissions)?;
    Standing::change(rows, standing, Standing::Arrived { host, file: checksum })?;
    Ok(imported)
}

/// Writes rows that are not there yet; one that is there says the same, since only this file is taken here.
fn keep(rows: &impl Rows, namespace: &str, moved: &[(ByteBuf, ByteBuf)]) -> Result<(), MoveError> {
    for (key, value) in moved {
        if !rows.replace(namespace, key, None, value)? && rows.get(namespace, key)?.as_deref() != Some(value) {
            return Err(MoveError::Rows(format!("a row of {namespace} says otherwise than the file")));
        }
    }
    Ok(())
}

/// A file that gets its name only when it is complete.
struct NewFile {
    path: PathBuf,
    part: PathBuf,
    file: File,
}

impl NewFile {
    fn create(path: &Path) -> Result<NewFile, MoveError> {
        let fail = |why: String| MoveError::File { path: path.to_owned(), why };
        if path.symlink_metadata().is_ok() {
            return Err(fail("is there already: nothing is overwritten, name another file".into()));
        }
        let name = path.file_name().ok_or_else(|| fail("is no name of a file".into()))?;
        let mut part = name.to_owned();
        part.push(".part");
        let part = path.with_file_name(part);
        let file = File::create(&part).map_err(|error| fail(format!("can't be made: {error}")))?;
        Ok(NewFile { path: path.to_owned(), part, file })
    }

    fn complete(mut self, bytes: &[u8]) -> Result<(), MoveError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        let named = written.and_then(|()| fs::rename(&self.part, &self.path)).and_then(|()| sync_dir(&self.path));
        named.map_err(|error| MoveError::File {
            path: self.path.clone(),
            why: format!(
                "can't be written: {error}. Make room and run the same command again: this directory signs no more"
            ),
        })
    }
}

/// The name is durable too.
fn sync_dir(path: &Path) -> std::io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()
}
