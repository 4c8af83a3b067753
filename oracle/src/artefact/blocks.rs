//! A set of blocks by their ids, and rows in chunks.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cid::Cid;
use liaise_ledger::hash::block_cid;
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cbor::Cbor;
use crate::fold::FoldError;

/// Rows of a chunk; the last one has fewer, and so have those of rows that would not fit into [`BLOCK_BYTES`].
pub const ROWS: usize = 1024;
/// The most bytes of a block: what stores keep and CAR files hold is 16 MiB, the block's id before it.
pub const BLOCK_BYTES: usize = (16 << 20) - 64;

/// Chunks that are encoded at once, on all cores. Few: what is let go soon is in the processor's cache when it is used again.
const WAVE: usize = 8;

/// Rows that are touched together, see [`put_touched`].
const STRETCH: usize = 32;

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
    put_touched(shelf, rows, &[], write)
}

/// Looks at what a row is written from, and returns something of it.
pub type Touch<'a, T> = &'a (dyn Fn(&T) -> u64 + Sync);

/// The same for rows that are written from all over memory: a stretch of them is touched before it is written, first by the
/// first of `touches`, then by the next, for the processor waits for many places at once as long as for one.
///
/// # Errors
/// As [`put_rows`].
pub fn put_touched<T: Sync, S: Send>(
    shelf: &mut dyn Shelf,
    rows: &[T],
    touches: &[Touch<'_, T>],
    write: impl Fn(&T, &mut Cbor) -> S + Sync,
) -> Result<(Vec<Cid>, Vec<S>), FoldError> {
    let (mut ids, mut said) = (Vec::with_capacity(rows.len().div_ceil(ROWS)), Vec::with_capacity(rows.len()));
    let writing = Writing { touches, write, limit: BLOCK_BYTES, longest: AtomicUsize::new(0) };
    for rows in rows.chunks(ROWS * WAVE) {
        let wave: Vec<Vec<Written<S>>> = rows.par_chunks(ROWS).map(|rows| writing.chunk(rows)).collect();
        for Written { id, bytes, said: of_chunk } in wave.into_iter().flatten() {
            shelf.put(id, bytes)?;
            ids.push(id);
            said.extend(of_chunk);
        }
    }
    Ok((ids, said))
}

/// A block, and what was said of its rows.
struct Written<S> {
    id: Cid,
    bytes: Vec<u8>,
    said: Vec<S>,
}

/// How rows become chunks.
struct Writing<'a, T, W> {
    touches: &'a [Touch<'a, T>],
    write: W,
    /// The most bytes of a block.
    limit: usize,
    /// The longest chunk so far: the next one is about as long, and need not grow.
    longest: AtomicUsize,
}

impl<T, W> Writing<'_, T, W> {
    /// Writes rows as one block; as several where that would be too long for whoever reads it.
    fn chunk<S>(&self, rows: &[T]) -> Vec<Written<S>>
    where
        W: Fn(&T, &mut Cbor) -> S,
    {
        let mut out = Cbor(Vec::with_capacity(self.longest.load(Ordering::Relaxed)));
        out.list(rows.len());
        let mut said: Vec<S> = Vec::with_capacity(rows.len());
        for stretch in rows.chunks(STRETCH) {
            for touch in self.touches {
                black_box(stretch.iter().fold(0, |sum, row| sum ^ touch(row)));
            }
            said.extend(stretch.iter().map(|row| (self.write)(row, &mut out)));
        }
        if out.0.len() > self.limit && rows.len() > 1 {
            let (front, back) = rows.split_at(rows.len() / 2);
            let mut halves = self.chunk(front);
            halves.extend(self.chunk(back));
            return halves;
        }
        self.longest.fetch_max(out.0.len(), Ordering::Relaxed);
        vec![Written { id: block_cid(&out.0), bytes: out.0, said }]
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn writing(limit: usize) -> Writing<'static, usize, impl Fn(&usize, &mut Cbor) -> usize> {
        let write = |length: &usize, out: &mut Cbor| {
            out.text(&"x".repeat(*length));
            *length
        };
        Writing { touches: &[], write, limit, longest: AtomicUsize::new(0) }
    }

    #[test]
    fn rows_that_fit_no_block_together_stand_in_several_and_in_order() {
        let rows: Vec<usize> = (0..40).map(|n| n * 7 % 90).collect();
        let together = writing(usize::MAX).chunk(&rows);
        assert_eq!(together.len(), 1);
        let split = writing(200).chunk(&rows);
        assert!(split.len() > 8, "{}", split.len());
        assert!(split.iter().all(|written| written.bytes.len() <= 200));
        assert_eq!(split.iter().flat_map(|written| &written.said).copied().collect::<Vec<_>>(), rows);
        let mut blocks = Blocks::default();
        let ids: Vec<Cid> = split.into_iter().map(|written| blocks.insert(written.bytes)).collect();
        let read: Vec<String> = blocks.read_rows(&ids, "texts").unwrap();
        assert_eq!(read.iter().map(String::len).collect::<Vec<_>>(), rows);
    }

    #[test]
    fn the_limit_itself_still_fits() {
        let rows = [30, 30];
        let whole = writing(usize::MAX).chunk(&rows);
        let length = whole[0].bytes.len();
        assert_eq!(writing(length).chunk(&rows)[0].id, whole[0].id);
        assert_eq!(writing(length - 1).chunk(&rows).len(), 2);
    }
}
