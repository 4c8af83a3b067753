//! A set of blocks by their ids, and rows in chunks.

use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::hash::block_cid;
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fold::FoldError;

/// Rows of a chunk; the last one has fewer.
pub const ROWS: usize = 1024;

/// A block with its id.
pub type Block = (Cid, Arc<[u8]>);

fn encode(value: &impl Serialize) -> Block {
    let bytes = serde_ipld_dagcbor::to_vec(value).expect("artefacts hold nothing that DAG-CBOR lacks");
    (block_cid(&bytes), bytes.into())
}

/// Encodes rows as chunks, in order, on all cores.
pub fn chunks<T: Serialize + Sync>(rows: &[T]) -> Vec<Block> {
    rows.par_chunks(ROWS).map(|chunk| encode(&chunk)).collect()
}

/// Blocks by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks(BTreeMap<Cid, Arc<[u8]>>);

impl Blocks {
    /// Encodes a value as a block.
    pub fn put(&mut self, value: &impl Serialize) -> Cid {
        let (cid, bytes) = encode(value);
        self.0.insert(cid, bytes);
        cid
    }

    /// Encodes rows as chunks, in order.
    pub fn put_rows<T: Serialize + Sync>(&mut self, rows: &[T]) -> Vec<Cid> {
        self.share(&chunks(rows))
    }

    /// Takes in blocks that were encoded before.
    pub fn share(&mut self, blocks: &[Block]) -> Vec<Cid> {
        self.0.extend(blocks.iter().cloned());
        blocks.iter().map(|(cid, _)| *cid).collect()
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
