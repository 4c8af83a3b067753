//! The frames of CAR files, for tests/fuzz.

use super::frame::{Frame, Reader, Writer};
use cid::Cid;

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarRead {
    /// The header's root.
    pub root: Cid,
    /// Whole blocks, in order.
    pub blocks: Vec<(Cid, Vec<u8>)>,
    /// Blocks that were passed over.
    pub bad: usize,
    /// Whether the file ends within a block.
    pub torn: bool,
    /// Where reading ended.
    pub end: u64,
}

/// Reads a file whose blocks have at most `limit` bytes; `None` where it is no CAR file.
pub fn read_car(bytes: &[u8], limit: usize) -> Option<CarRead> {
    let (mut reader, root) = Reader::new(bytes, limit).ok()?;
    let mut read = CarRead { root, blocks: vec![], bad: 0, torn: false, end: 0 };
    while let Some(frame) = reader.next().expect("a slice can be read") {
        match frame {
            Frame::Block { id, block, .. } => read.blocks.push((id, block)),
            Frame::Bad { .. } => read.bad += 1,
            Frame::Torn { .. } => {
                read.torn = true;
                break;
            }
        }
    }
    read.end = reader.offset;
    Some(read)
}

/// Writes a file.
pub fn write_car(root: Cid, blocks: &[(Cid, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, root).expect("a vector can be written");
    blocks.iter().for_each(|(id, block)| writer.block(id, block).expect("a vector can be written"));
    writer.finish().expect("a vector can be written");
    out
}
