//! A stamp says that an install finished, and from exactly which description.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A file that holds a copy of what was installed from. It is written last, so that an install that was cut off has
/// none, and one from an older description has a different one.
pub struct Stamp {
    path: PathBuf,
    expected: Vec<u8>,
}

impl Stamp {
    /// The stamp at `path` for what the files `sources` describe.
    pub fn new(path: PathBuf, sources: &[PathBuf]) -> Result<Self, Failure> {
        let mut expected = Vec::new();
        for source in sources {
            expected.extend(fs::read(source).map_err(|error| Failure::file("read", source, &error))?);
        }
        Ok(Self { path, expected })
    }

    /// Whether the install finished from the present description.
    pub fn is_fresh(&self) -> bool {
        fs::read(&self.path).is_ok_and(|found| found == self.expected)
    }

    /// Records that it finished.
    pub fn write(&self) -> Result<(), Failure> {
        write_whole(&self.path, &self.expected)
    }
}

/// Writes beside `path` and renames, so that the file is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let part = path.with_extension("part");
    fs::write(&part, bytes).map_err(|error| Failure::file("write", &part, &error))?;
    fs::rename(&part, path).map_err(|error| Failure::file("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_fresh_for_its_own_sources_only() {
        let folder = std::env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (lock, path) = (folder.join("lock.json"), folder.join("stamp"));
        fs::write(&lock, "one").unwrap();
        drop(fs::remove_file(&path));
        let stamp = || Stamp::new(path.clone(), std::slice::from_ref(&lock)).unwrap();
        assert!(!stamp().is_fresh());
        stamp().write().unwrap();
        assert!(stamp().is_fresh());
        fs::write(&lock, "two").unwrap();
        assert!(!stamp().is_fresh());
        assert!(Stamp::new(path.clone(), &[folder.join("gone")]).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
