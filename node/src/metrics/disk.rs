//! Room on the disk that holds a node's directory.

use std::io;
use std::path::Path;

/// A file system's size and what an ordinary user may still write, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSpace {
    /// All of it.
    pub size: u64,
    /// What is left.
    pub free: u64,
}

/// The file system of a path that exists.
///
/// # Errors
/// The system does not tell.
pub fn disk_space(path: &Path) -> io::Result<DiskSpace> {
    let found = rustix::fs::statvfs(path)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(DiskSpace { size: bytes(found.f_blocks), free: bytes(found.f_bavail) })
}

/// Bytes of the files below a directory.
///
/// # Errors
/// The directory can't be read.
pub fn directory_size(dir: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in dir.read_dir()? {
        // The store removes files at any time.
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else { continue };
        sum += if metadata.is_dir() { directory_size(&entry.path()).unwrap_or(0) } else { metadata.len() };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_file_system() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), [0; 1000]).unwrap();
        std::fs::create_dir(dir.path().join("tail")).unwrap();
        std::fs::write(dir.path().join("tail/b"), [0; 24]).unwrap();
        assert_eq!(directory_size(dir.path()).unwrap(), 1024);
        let space = disk_space(dir.path()).unwrap();
        // What coreutils' df says, in blocks of a kibibyte; what is free changes meanwhile.
        let df = std::process::Command::new("df").args(["-Pk", "--"]).arg(dir.path()).output().unwrap();
        let df = String::from_utf8(df.stdout).unwrap();
        let row: Vec<&str> = df.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(space.size / 1024, row[1].parse::<u64>().unwrap(), "{df}");
        assert!(space.free <= space.size && space.free > 0);
        assert!(disk_space(&dir.path().join("gone")).is_err());
    }
}
