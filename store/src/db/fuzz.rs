//! The log's rows and frames, for tests/fuzz. Each gives what it read, written again.

use super::batch::Batch;
use super::log::{header, parse};

/// The rows of a write.
pub fn log_rows(bytes: &[u8]) -> Option<Vec<u8>> {
    let read = Batch::decode(bytes.to_vec()).ok()?;
    let mut written = Batch::default();
    for op in read.ops() {
        match read.value(op) {
            Some(value) => written.put(op.family, read.key(op), value),
            None => written.delete(op.family, read.key(op)),
        }
    }
    Some(written.bytes().to_vec())
}

/// The frame that a log goes on with.
pub fn log_frame(bytes: &[u8]) -> Option<Vec<u8>> {
    let frame = parse(bytes)?;
    Some([&header(frame.number, frame.synced, frame.rows)[..], frame.rows].concat())
}
