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

/// Writes the shortest inputs, each once, up to [`MOST_BYTES`].
///
/// # Errors
/// The file can't be written.
pub fn write(file: &Path, mut inputs: Vec<Vec<u8>>) -> io::Result<()> {
    inputs.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    inputs.dedup();
    let mut room = MOST_BYTES;
    let fitting = inputs.iter().take_while(|input| {
        let fits = input.len() <= room;
        room = room.saturating_sub(input.len());
        fits
    });
    std::fs::write(file, fitting.map(|input| hex::encode(input) + "\n").collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_come_back_short_ones_first_each_once_and_within_the_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file(folder.path(), "x");
        let long = vec![7; MOST_BYTES];
        write(&file, vec![b"bb".to_vec(), vec![], long, b"a".to_vec(), b"bb".to_vec()]).expect("written");
        assert_eq!(read(&file).expect("read"), [&b""[..], b"a", b"bb"]);
        std::fs::write(&file, "0g\n").expect("written");
        assert!(read(&file).is_err());
    }
}
