//! The documents of a node: texts and embeddings by chunk id.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::Path,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::snapshot::snapshot_id;
use crate::{
    error::{Error, Result},
    hash::{ChunkId, SnapshotId},
};

/// Documents at one snapshot, as a task sees them.
pub trait Documents: Send + Sync {
    /// The snapshot that everything below belongs to.
    fn snapshot(&self) -> SnapshotId;

    /// How many chunks there are.
    fn count(&self) -> usize;

    /// The `k` nearest chunks to an embedding of length 1, best first, ties by chunk id.
    fn search(&self, query: &[f32], k: usize) -> Vec<Hit>;

    /// A chunk's cosine with `query` in millionths; `None` where there is no such chunk.
    fn score(&self, chunk: ChunkId, query: &[f32]) -> Option<i32>;

    /// A chunk's text; `None` where there is no such chunk.
    fn text(&self, chunk: ChunkId) -> Option<Arc<str>>;
}

/// A chunk found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its id.
    pub chunk: ChunkId,
    /// Cosine in millionths.
    pub score_ppm: i32,
}

/// An exact index in memory.
///
/// Cloning is cheap, for texts and embeddings are shared: keep it as `RwLock<Arc<Index>>`, lend a task the `Arc` and
/// change the index through `Arc::make_mut`. So a task sees one snapshot from beginning to end.
#[derive(Clone, Debug, Default)]
pub struct Index {
    chunks: BTreeMap<ChunkId, Chunk>,
    removed: BTreeSet<ChunkId>,
    snapshot: SnapshotId,
}

#[derive(Clone, Debug)]
struct Chunk {
    text: Arc<str>,
    vector: Arc<[f32]>,
}

/// The index's file: DAG-CBOR.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    v: u32,
    chunks: Vec<SavedChunk>,
    removed: Vec<ChunkId>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedChunk {
    text: String,
    #[serde(with = "serde_bytes")]
    vector: Vec<u8>,
}

impl Default for SnapshotId {
    fn default() -> Self {
        snapshot_id([])
    }
}

impl Index {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds chunks with their embeddings; one that is here already stays as it is.
    ///
    /// # Errors
    /// [`Error::Documents`] for a chunk that was removed (it never comes back), or an embedding that is not of
    /// length 1 or not as long as the others; nothing is added then.
    pub fn add(&mut self, chunks: impl IntoIterator<Item = (String, Vec<f32>)>) -> Result<()> {
        let mut dimensions = self.chunks.values().next().map(|chunk| chunk.vector.len());
        let mut new = BTreeMap::new();
        for (text, vector) in chunks {
            let id = ChunkId::of(&text);
            let fail = |problem: String| Err(Error::Documents { what: id.to_string(), problem });
            if self.removed.contains(&id) {
                return fail("was removed and can't be added again".into());
            }
            if vector.len() != *dimensions.get_or_insert(vector.len()) {
                return fail(format!("its embedding has {} values, others have another number", vector.len()));
            }
            let norm = dot(&vector, &vector);
            if !((0.99..=1.01).contains(&norm)) {
                return fail(format!("its embedding has the squared length {norm}, not 1"));
            }
            new.insert(id, Chunk { text: text.into(), vector: vector.into() });
        }
        for (id, chunk) in new {
            self.chunks.entry(id).or_insert(chunk);
        }
        self.snapshot = snapshot_id(self.chunks.keys().copied());
        Ok(())
    }

    /// Removes a chunk for good: text and embedding go, its id stays barred. It need not be here.
    /// Gives whether it was.
    pub fn remove(&mut self, chunk: ChunkId) -> bool {
        self.removed.insert(chunk);
        let was_here = self.chunks.remove(&chunk).is_some();
        if was_here {
            self.snapshot = snapshot_id(self.chunks.keys().copied());
        }
        was_here
    }

    /// The id of what the index holds now.
    pub fn snapshot_id(&self) -> SnapshotId {
        self.snapshot
    }

    /// How many chunks there are.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Whether a chunk is here.
    pub fn contains(&self, chunk: ChunkId) -> bool {
        self.chunks.contains_key(&chunk)
    }

    /// The ids, ascending.
    pub fn ids(&self) -> impl Iterator<Item = ChunkId> {
        self.chunks.keys().copied()
    }

    /// Writes the index to a file, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let part = path.with_extension("part");
        fs::write(&part, self.to_bytes()).map_err(Error::io(&part))?;
        fs::rename(&part, path).map_err(Error::io(path))
    }

    /// Reads what [`Index::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Documents`] for a file that is damaged.
    pub fn load(path: &Path) -> Result<Self> {
        Self::from_bytes(&fs::read(path).map_err(Error::io(path))?, &path.display())
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let chunks = self.chunks.values().map(|chunk| SavedChunk {
            text: chunk.text.to_string(),
            vector: chunk.vector.iter().flat_map(|value| value.to_le_bytes()).collect(),
        });
        let saved = Saved { v: 1, chunks: chunks.collect(), removed: self.removed.iter().copied().collect() };
        serde_ipld_dagcbor::to_vec(&saved).expect("strings and byte strings always encode")
    }

    /// Reads what [`Index::to_bytes`] wrote; errors name `what`.
    pub(crate) fn from_bytes(bytes: &[u8], what: &dyn fmt::Display) -> Result<Self> {
        let damaged = |problem: String| Error::Documents { what: what.to_string(), problem };
        let saved: Saved = serde_ipld_dagcbor::from_slice(bytes).map_err(|e| damaged(format!("is damaged: {e}")))?;
        if saved.v != 1 {
            return Err(damaged(format!("has version {}, this program reads 1", saved.v)));
        }
        if saved.chunks.iter().any(|chunk| chunk.vector.len() % 4 != 0) {
            return Err(damaged("is damaged: an embedding is no list of 4-byte numbers".into()));
        }
        let mut index = Self { removed: saved.removed.into_iter().collect(), ..Self::default() };
        index.add(saved.chunks.into_iter().map(|chunk| (chunk.text, floats(&chunk.vector))))?;
        Ok(index)
    }
}

impl Documents for Index {
    fn snapshot(&self) -> SnapshotId {
        self.snapshot
    }

    fn count(&self) -> usize {
        self.chunks.len()
    }

    fn search(&self, query: &[f32], k: usize) -> Vec<Hit> {
        let mut hits: Vec<Hit> = self
            .chunks
            .iter()
            .map(|(&chunk, entry)| Hit { chunk, score_ppm: cosine_ppm(&entry.vector, query) })
            .collect();
        hits.sort_unstable_by_key(|hit| (-hit.score_ppm, hit.chunk));
        hits.truncate(k);
        hits
    }

    fn score(&self, chunk: ChunkId, query: &[f32]) -> Option<i32> {
        self.chunks.get(&chunk).map(|entry| cosine_ppm(&entry.vector, query))
    }

    fn text(&self, chunk: ChunkId) -> Option<Arc<str>> {
        self.chunks.get(&chunk).map(|entry| entry.text.clone())
    }
}

/// Little-endian f32.
pub(super) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// Summed in f64 in one fixed order, so that all CPUs agree on the bits.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

/// Cosine of two vectors of length 1, in millionths.
pub(super) fn cosine_ppm(a: &[f32], b: &[f32]) -> i32 {
    (dot(a, b).clamp(-1.0, 1.0) * 1e6).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(x: f32, y: f32) -> Vec<f32> {
        let n = (x * x + y * y).sqrt();
        vec![x / n, y / n]
    }

    fn three() -> Index {
        let mut index = Index::new();
        let chunks = [("east", 1.0, 0.0), ("north", 0.0, 1.0), ("north-east", 1.0, 1.0)];
        index.add(chunks.map(|(text, x, y)| (text.to_string(), unit(x, y)))).unwrap();
        index
    }

    #[test]
    fn search_is_exact_and_ties_go_by_id() {
        let index = three();
        let hits = index.search(&unit(1.0, 0.1), 2);
        assert_eq!(hits[0].chunk, ChunkId::of("east"));
        assert_eq!(hits[0].score_ppm, 995_037);
        assert_eq!(hits[1].chunk, ChunkId::of("north-east"));
        let tied = index.search(&unit(1.0, 1.0), 3);
        assert_eq!(tied[0].score_ppm, 1_000_000);
        assert_eq!(tied[1].score_ppm, tied[2].score_ppm);
        assert!(tied[1].chunk < tied[2].chunk);
        assert_eq!(index.score(ChunkId::of("east"), &unit(1.0, 0.1)), Some(995_037));
    }

    #[test]
    fn a_removed_chunk_is_gone_for_good() {
        let mut index = three();
        let before = index.snapshot_id();
        let gone = ChunkId::of("east");
        assert!(index.remove(gone));
        assert!(!index.remove(gone));
        assert_ne!(index.snapshot_id(), before);
        assert_eq!(index.snapshot_id(), snapshot_id([ChunkId::of("north"), ChunkId::of("north-east")]));
        assert!(index.search(&unit(1.0, 0.0), 9).iter().all(|hit| hit.chunk != gone));
        assert_eq!((index.text(gone), index.score(gone, &unit(1.0, 0.0))), (None, None));
        let error = index.add([("east".to_string(), unit(1.0, 0.0))]).unwrap_err().to_string();
        assert!(error.contains("was removed"), "{error}");
        // Removal before the chunk ever came counts as well.
        index.remove(ChunkId::of("west"));
        assert!(index.add([("west".to_string(), unit(-1.0, 0.0))]).is_err());
    }

    #[test]
    fn bad_embeddings_add_nothing() {
        let mut index = three();
        let before = index.snapshot_id();
        for vector in [vec![0.5, 0.5], vec![1.0, 0.0, 0.0], vec![f32::NAN, 0.0]] {
            assert!(index.add([("good".to_string(), unit(1.0, 2.0)), ("bad".to_string(), vector)]).is_err());
        }
        assert_eq!((index.len(), index.snapshot_id()), (3, before));
    }

    #[test]
    fn a_saved_index_is_the_same_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let mut index = three();
        index.remove(ChunkId::of("north"));
        index.save(&path).unwrap();
        let mut loaded = Index::load(&path).unwrap();
        assert_eq!(loaded.snapshot_id(), index.snapshot_id());
        assert_eq!(loaded.search(&unit(1.0, 0.3), 5), index.search(&unit(1.0, 0.3), 5));
        assert!(loaded.add([("north".to_string(), unit(0.0, 1.0))]).is_err());
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(6).any(|w| w == b"north\x66"), "the removed text is still in the file");
        fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        assert!(Index::load(&path).unwrap_err().to_string().contains("damaged"));
        // One byte more than two numbers: the length of the byte string, and the byte.
        let cut = b"\xa3\x61v\x01\x66chunks\x81\xa2\x64text\x61a\x66vector\x45\x00\x00\x80\x3f\x00\x67removed\x80";
        fs::write(&path, cut).unwrap();
        assert!(Index::load(&path).unwrap_err().to_string().contains("4-byte numbers"));
    }
}
