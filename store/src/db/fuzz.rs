//! The log's rows and frames, for tests/fuzz. Each gives what it read, written again.

use super::batch::Batch;
use super::log::{header, parse};

/// The rows of a write.
pub fn log_rows(bytes: &[u8]) -> Option<Vec<u8>> {
    let read = Batch::decode(bytes.to_vec()).ok()?;
    let mut written = Batch::default();
    for (_, row) in read.rows() {
        match row.value {
            Some(value) => written.put(row.family, row.key, value),
            None => written.delete(row.family, row.key),
        }
    }
    Some(written.bytes().to_vec())
}

/// The frame that a log goes on with.
pub fn log_frame(bytes: &[u8]) -> Option<Vec<u8>> {
    let frame = parse(bytes)?;
    Some([&header(frame.number, frame.synced, frame.rows)[..], frame.rows].concat())
}
