//! `liaise.pid`: who has the directory. RocksDB's own LOCK decides; this only names the other process.

use crate::error::StoreError;
use std::path::Path;

const FILE: &str = "liaise.pid";

/// Says that this process has the directory, once it holds the lock.
pub fn write(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(FILE);
    let name = std::env::current_exe().ok();
    let name = name.as_deref().and_then(Path::file_name).map_or_else(|| "liaise".into(), |n| n.to_string_lossy());
    let text = format!("{} {name}\n", std::process::id());
    std::fs::write(&path, text).map_err(|error| StoreError::File { path, why: error.to_string() })
}

/// Tells a held lock from other failures to open.
pub fn explain(dir: &Path, error: rocksdb::Error) -> StoreError {
    let text = error.to_string();
    if error.kind() == rocksdb::ErrorKind::IOError && text.to_lowercase().contains("lock") {
        return StoreError::Locked { dir: dir.to_owned(), holder: holder(dir) };
    }
    StoreError::from(error)
}

fn holder(dir: &Path) -> String {
    let text = std::fs::read_to_string(dir.join(FILE)).unwrap_or_default();
    match text.trim().split_once(' ') {
        Some((pid, name)) if pid == std::process::id().to_string() => format!("this process ({name}, pid {pid})"),
        Some((pid, name)) => format!("{name} (pid {pid})"),
        None => "another process".to_owned(),
    }
}
