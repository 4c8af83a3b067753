//! Corpora as they are committed: one file a target, one input a line in hex, short ones first.

use std::io;
use std::path::{Path, PathBuf};

/// The most bytes of a corpus that are committed.
pub const MOST_BYTES: usize = 24 * 1024;

/// A target's file.
pub fn file(folder: &Path, target: &str) -> PathBuf {
    folder.join(format!("{target}.hex"))
}

/// The inputs of a file.
///
/// # Errors
/// It can't be read, or a line is not hex.
pub fn read(file: &Path) -> io::Result<Vec<Vec<u8>>> {
    let text = std::fs::read_to_string(file)?;
    let decode = |line: &str| hex::decode(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error));
    text.lines().map(decode).collect()
}

/// Writes the inputs to keep, then the shortest of the others, each once, up to [`MOST_BYTES`].
///
/// # Errors
/// The file can't be written.
pub fn write(file: &Path, keep: Vec<Vec<u8>>, others: Vec<Vec<u8>>) -> io::Result<()> {
    let mut room = MOST_BYTES;
    let mut chosen: Vec<Vec<u8>> = Vec::new();
    for input in short_first(keep).into_iter().chain(short_first(others)) {
        if input.len() <= room && !chosen.contains(&input) {
            room -= input.len();
            chosen.push(input);
        }
    }
    std::fs::write(file, short_first(chosen).iter().map(|input| hex::encode(input) + "\n").collect::<String>())
}

fn short_first(mut inputs: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    inputs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_with_short_ones_each_once_and_within_the_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file(folder.path(), "x");
        let long = vec![7; MOST_BYTES];
        let kept = vec![b"ccc".to_vec()];
        write(&file, kept, vec![b"bb".to_vec(), vec![], long, b"a".to_vec(), b"bb".to_vec()]).expect("written");
        assert_eq!(read(&file).expect("read"), [&b""[..], b"a", b"bb", b"ccc"]);
        std::fs::write(&file, "0g\n").expect("written");
        assert!(read(&file).is_err());
    }
}
