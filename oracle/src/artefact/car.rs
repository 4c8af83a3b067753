//! Artefacts as CAR v1 files, which public IPLD tools open.

use std::io::{Read, Write};

use cid::Cid;
use liaise_ledger::hash::block_cid;
use serde::{Deserialize, Serialize};

use super::blocks::Blocks;

/// The largest block that is read: a chunk of [`ROWS`](super::ROWS) rows is far below it.
const MAX_BLOCK: u64 = 16 << 20;

/// A file that is no CAR of artefacts, or can't be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CarFault {
    /// The medium fails.
    #[error("the CAR file can't be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// The header is not that of CAR v1.
    #[error("not a CAR v1 file: {0}")]
    Header(String),
    /// A frame is malformed, or the file ends within one.
    #[error("block {index} of the CAR file {why}")]
    Frame {
        /// Which, from 0.
        index: usize,
        /// What is wrong with it.
        why: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    roots: Vec<Cid>,
    version: u64,
}

/// Writes blocks by id, after a header that names the roots.
///
/// # Errors
/// [`CarFault::Io`].
pub fn write_car(roots: &[Cid], blocks: &Blocks, mut to: impl Write) -> Result<(), CarFault> {
    let header = Header { roots: roots.to_vec(), version: 1 };
    let header = serde_ipld_dagcbor::to_vec(&header).expect("a header always encodes");
    put_varint(&mut to, header.len() as u64)?;
    to.write_all(&header)?;
    for (cid, bytes) in blocks.iter() {
        let id = cid.to_bytes();
        put_varint(&mut to, (id.len() + bytes.len()) as u64)?;
        to.write_all(&id)?;
        to.write_all(bytes)?;
    }
    to.flush()?;
    Ok(())
}

/// Reads roots and blocks. Every block's bytes are compared with its id.
///
/// # Errors
/// It is no CAR v1 file of DAG-CBOR blocks under SHA-256, or damaged.
pub fn read_car(mut from: impl Read) -> Result<(Vec<Cid>, Blocks), CarFault> {
    let header = frame(&mut from, 0)?.ok_or_else(|| CarFault::Header("it is empty".into()))?;
    let header: Header =
        serde_ipld_dagcbor::from_slice(&header).map_err(|error| CarFault::Header(error.to_string()))?;
    if header.version != 1 {
        return Err(CarFault::Header(format!("version {}", header.version)));
    }
    let mut blocks = Blocks::default();
    for index in 0.. {
        let Some(frame) = frame(&mut from, index)? else { break };
        let wrong = |why| CarFault::Frame { index, why };
        let mut rest = frame.as_slice();
        let cid = Cid::read_bytes(&mut rest).map_err(|_| wrong("has no id"))?;
        if block_cid(rest) != cid {
            return Err(wrong("is not what its id says, or no DAG-CBOR under SHA-256"));
        }
        blocks.insert(rest.to_vec());
    }
    Ok((header.roots, blocks))
}

fn put_varint(to: &mut impl Write, mut number: u64) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(10);
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    to.write_all(&bytes)
}

/// The next length-prefixed frame; `None` where the file ends before it.
fn frame(from: &mut impl Read, index: usize) -> Result<Option<Vec<u8>>, CarFault> {
    let wrong = |why| CarFault::Frame { index, why };
    let mut length = 0u64;
    for shift in (0..).step_by(7) {
        let mut byte = [0];
        if from.read(&mut byte)? == 0 {
            return if shift == 0 { Ok(None) } else { Err(wrong("is cut off")) };
        }
        if shift > 28 {
            return Err(wrong("has a malformed length"));
        }
        length |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    if length > MAX_BLOCK {
        return Err(wrong("is larger than any artefact's"));
    }
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length { Err(wrong("is cut off")) } else { Ok(Some(bytes)) }
}
