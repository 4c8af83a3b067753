//! A set of blocks by their ids, and rows in chunks.

use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::hash::block_cid;
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cbor::Cbor;
use crate::fold::FoldError;

/// Rows of a chunk; the last one has fewer.
pub const ROWS: usize = 1024;

/// Chunks that are encoded at once, on all cores. Few: what is let go soon is in the processor's cache when it is used again.
const WAVE: usize = 8;

/// Where an epoch's blocks go while they are written: all together they are larger than what they are made from.
pub trait Shelf {
    /// Keeps a block under its id.
    ///
    /// # Errors
    /// The medium fails.
    fn put(&mut self, id: Cid, bytes: Vec<u8>) -> Result<(), FoldError>;

    /// Whether a block of an earlier epoch is kept already.
    ///
    /// # Errors
    /// The medium fails.
    fn has(&self, id: &Cid) -> Result<bool, FoldError>;
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(value).expect("artefacts hold nothing that DAG-CBOR lacks")
}

/// Puts a value on a shelf.
///
/// # Errors
/// The shelf's.
pub fn put(shelf: &mut dyn Shelf, value: &impl Serialize) -> Result<Cid, FoldError> {
    let bytes = encode(value);
    let id = block_cid(&bytes);
    shelf.put(id, bytes)?;
    Ok(id)
}

/// Puts rows on a shelf as chunks, in order: encoded on all cores by `write`, which may also say something of each row.
///
/// # Errors
/// The shelf's.
pub fn put_rows<T: Sync, S: Send>(
    shelf: &mut dyn Shelf,
    rows: &[T],
    write: impl Fn(&T, &mut Cbor) -> S + Sync,
) -> Result<(Vec<Cid>, Vec<S>), FoldError> {
    let (mut ids, mut said) = (Vec::with_capacity(rows.len().div_ceil(ROWS)), Vec::with_capacity(rows.len()));
    let chunk = |rows: &[T]| {
        let mut out = Cbor::default();
        out.list(rows.len());
        let said: Vec<S> = rows.iter().map(|row| write(row, &mut out)).collect();
        (block_cid(&out.0), out.0, said)
    };
    for rows in rows.chunks(ROWS * WAVE) {
        let wave: Vec<(Cid, Vec<u8>, Vec<S>)> = rows.par_chunks(ROWS).map(chunk).collect();
        for (id, bytes, of_chunk) in wave {
            shelf.put(id, bytes)?;
            ids.push(id);
            said.extend(of_chunk);
        }
    }
    Ok((ids, said))
}

/// Puts rows of which there are few on a shelf.
///
/// # Errors
/// The shelf's.
pub fn put_few<T: Serialize + Sync>(shelf: &mut dyn Shelf, rows: &[T]) -> Result<Vec<Cid>, FoldError> {
    Ok(put_rows(shelf, rows, |row, out| out.0.extend(encode(row)))?.0)
}

/// Blocks by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks(BTreeMap<Cid, Arc<[u8]>>);

impl Shelf for Blocks {
    fn put(&mut self, id: Cid, bytes: Vec<u8>) -> Result<(), FoldError> {
        self.0.insert(id, bytes.into());
        Ok(())
    }

    fn has(&self, id: &Cid) -> Result<bool, FoldError> {
        Ok(self.0.contains_key(id))
    }
}

impl Blocks {
    /// Encodes a value as a block.
    pub fn put(&mut self, value: &impl Serialize) -> Cid {
        put(self, value).expect("memory does not fail")
    }

    /// Encodes rows as chunks, in order.
    pub fn put_rows<T: Serialize + Sync>(&mut self, rows: &[T]) -> Vec<Cid> {
        put_few(self, rows).expect("memory does not fail")
    }

    /// Takes in bytes that came from elsewhere, under the id that they have.
    pub fn insert(&mut self, bytes: Vec<u8>) -> Cid {
        let cid = block_cid(&bytes);
        self.0.insert(cid, bytes.into());
        cid
    }

    /// A block's bytes.
    pub fn get(&self, cid: &Cid) -> Option<&[u8]> {
        self.0.get(cid).map(|bytes| &**bytes)
    }

    /// Decodes a block.
    ///
    /// # Errors
    /// It is missing, or something else than `expected`.
    pub fn read<T: DeserializeOwned + Serialize>(&self, cid: &Cid, expected: &'static str) -> Result<T, FoldError> {
        let bytes = self.0.get(cid).ok_or(FoldError::MissingBlock(*cid))?;
        let wrong = |why: String| FoldError::Block { cid: Box::new(*cid), expected, why };
        let value: T = serde_ipld_dagcbor::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        match serde_ipld_dagcbor::to_vec(&value) {
            Ok(canonical) if canonical == **bytes => Ok(value),
            _ => Err(wrong("its bytes are not the canonical ones".into())),
        }
    }

    /// Decodes the rows of some chunks.
    ///
    /// # Errors
    /// A chunk is missing or something else than `expected`.
    pub fn read_rows<T: DeserializeOwned + Serialize>(
        &self,
        chunks: &[Cid],
        expected: &'static str,
    ) -> Result<Vec<T>, FoldError> {
        let mut rows = Vec::new();
        for chunk in chunks {
            rows.extend(self.read::<Vec<T>>(chunk, expected)?);
        }
        Ok(rows)
    }

    /// Takes in other blocks.
    pub fn extend(&mut self, other: Blocks) {
        self.0.extend(other.0);
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Cid, &[u8])> {
        self.0.iter().map(|(cid, bytes)| (cid, &**bytes))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
