//! Snapshots: a copy of the store at one moment, which opens as a store of its own.
//!
//! A copy knows nothing of what its keys sign afterwards. So a restored one does not sign until whoever runs it says, with
//! `Options::resume`, that nothing else signs with its keys and that it has caught up; until then it follows and serves.

use crate::db::{Batch, Db, remove_file};
use crate::error::StoreError;
use crate::layout::{META, META_MOVED};
use crate::store::Store;
use std::path::Path;

/// Marks a directory as a copy; turned into a row of `meta` when it is first opened.
const MARK: &str = "liaise.snapshot";

impl Store {
    /// Copies the store as it is now into a new directory. Files are linked where the file system allows it, so this is
    /// quick and takes little space. The copy opens like any store, with a boot id of its own.
    ///
    /// # Errors
    /// The directory exists already, or can't be written.
    pub fn snapshot(&self, to: &Path) -> Result<(), StoreError> {
        // Nothing may be half way between the database and its mark.
        let _writer = self.inner.writer();
        let fail = |path: &Path, why: String| StoreError::File { path: path.to_owned(), why };
        if to.exists() {
            return Err(fail(to, "is there already: snapshots are never overwritten, name a new directory".into()));
        }
        // Made under another name first: a crash must not leave a copy without its mark.
        let name = to.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| fail(to, "names no directory".into()))?;
        let part = to.with_file_name(format!("{name}.part"));
        if part.exists() {
            std::fs::remove_dir_all(&part).map_err(|error| fail(&part, error.to_string()))?;
        }
        self.inner.db.checkpoint(&part)?;
        std::fs::write(part.join(MARK), b"").map_err(|error| fail(&part, error.to_string()))?;
        std::fs::rename(&part, to).map_err(|error| fail(to, error.to_string()))
    }
}

/// Takes over a directory: a fresh copy may not sign, unless it is told to.
pub(crate) fn adopt(db: &Db, resume: bool) -> Result<(), StoreError> {
    let mark = db.dir().join(MARK);
    let mut batch = Batch::default();
    if resume {
        batch.delete(META, META_MOVED);
    } else if mark.exists() {
        batch.put(META, META_MOVED, &[]);
    } else {
        return Ok(());
    }
    db.write(batch, true)?;
    // Only now: the row in the database holds from here on.
    remove_file(&mark)
}
