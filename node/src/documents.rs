//! What a node knows of sealed epochs: who may be drawn, and which documents answers are read from.
//!
//! Both stand in the epoch's history, which a quorum of oracles attests to; texts and embeddings are blobs that any store
//! serves and whose CIDs prove them. A removal acts at once: a removed chunk is in no answer, whatever the snapshot.

use crate::blobs::fetch_blobs;
use crate::blocking::blocking;
use crate::history::{Histories, HistoryError};
use crate::links::AskError;
use crate::replica::Replica;
use cid::Cid;
use liaise_compute::retrieval::{Documents, Hit, Index, read_added};
use liaise_compute::{ChunkId, SnapshotId};
use liaise_ledger::body::{Body, Chunk};
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::hash::RAW;
use liaise_ledger::{Hash, Verified};
use liaise_store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Why documents or a snapshot can't be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentsError {
    /// The own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No store answers.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// An epoch's history can't be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A blob is at no store.
    #[error("blob {0} is at no store: it was removed, or has not been put there yet")]
    NoBlob(Cid),
    /// No sealed epoch has that snapshot.
    #[error("no sealed epoch has documents snapshot {0}: name a newer one (`liaise retrieval snapshot`)")]
    NoSnapshot(Hash),
    /// A result's embeddings can't be read.
    #[error("the embeddings of task {0} can't be read: {1}")]
    Embeddings(Cid, String),
}

/// Sealed snapshots and the blobs behind them.
pub struct Library {
    replica: Replica,
    histories: Histories,
    removed: Mutex<BTreeSet<ChunkId>>,
    indexes: tokio::sync::Mutex<BTreeMap<Hash, Arc<Index>>>,
    sources: Mutex<BTreeMap<Hash, String>>,
}

/// Documents at a sealed snapshot, without what has been removed since.
struct Shelf {
    snapshot: SnapshotId,
    index: Arc<Index>,
    removed: BTreeSet<ChunkId>,
}

impl Documents for Shelf {
    fn snapshot(&self) -> SnapshotId {
        self.snapshot
    }
    fn count(&self) -> usize {
        self.index.ids().filter(|chunk| !self.removed.contains(chunk)).count()
    }
    fn search(&self, query: &[f32], k: usize) -> Vec<Hit> {
        let mut hits = self.index.search(query, k.saturating_add(self.removed.len()));
        hits.retain(|hit| !self.removed.contains(&hit.chunk));
        hits.truncate(k);
        hits
    }
    fn score(&self, chunk: ChunkId, query: &[f32]) -> Option<i32> {
        if self.removed.contains(&chunk) { None } else { self.index.score(chunk, query) }
    }
    fn text(&self, chunk: ChunkId) -> Option<Arc<str>> {
        if self.removed.contains(&chunk) { None } else { self.index.text(chunk) }
    }
}

impl Library {
    /// A library over a replica; what it holds is read when it is asked for.
    ///
    /// # Errors
    /// The store failed.
    pub fn new(replica: Replica) -> Result<Library, DocumentsError> {
        let mut removed = BTreeSet::new();
        for id in replica.store.kind("retrieval-remove")? {
            let Some(signed) = replica.store.get(&id)? else { continue };
            if let Ok(Verified { message, .. }) = Verified::check_stored(signed, replica.network)
                && let Body::RetrievalRemove(remove) = message.body
            {
                removed.extend(remove.chunks.iter().filter_map(chunk_id));
            }
        }
        let histories = Histories::new(replica.clone());
        let (removed, indexes, sources) = (Mutex::new(removed), Default::default(), Default::default());
        Ok(Library { replica, histories, removed, indexes, sources })
    }

    /// Takes chunks out of every answer from now on.
    pub fn remove(&self, chunks: &[Cid]) {
        let mut removed = self.removed.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        removed.extend(chunks.iter().filter_map(chunk_id));
    }

    /// The histories of sealed epochs.
    pub fn histories(&self) -> &Histories {
        &self.histories
    }

    /// Who may be drawn under an epoch's snapshot; `None` while no quorum of oracles attests to it.
    ///
    /// # Errors
    /// No store answers, or what it answers is not what was attested.
    pub async fn eligibility(&self, epoch: i64) -> Result<Option<Arc<Eligibility>>, DocumentsError> {
        Ok(self.histories.eligibility(epoch).await?)
    }

    /// The documents of a sealed snapshot, without what was removed since.
    ///
    /// # Errors
    /// No sealed epoch has that snapshot, or a blob of it is at no store.
    pub async fn documents(&self, snapshot: Hash) -> Result<Arc<dyn Documents>, DocumentsError> {
        let index = self.index(snapshot).await?;
        let removed = self.removed.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        Ok(Arc::new(Shelf { snapshot: SnapshotId(snapshot.0), index, removed }))
    }

    async fn index(&self, snapshot: Hash) -> Result<Arc<Index>, DocumentsError> {
        // Held while it is built: several tasks at once must not build it several times.
        let mut indexes = self.indexes.lock().await;
        if let Some(index) = indexes.get(&snapshot) {
            return Ok(index.clone());
        }
        let shelf = self.histories.retrieval(snapshot).await?.ok_or(DocumentsError::NoSnapshot(snapshot))?;
        let mut index = Index::new();
        let removed = self.removed.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        for added in shelf {
            self.add(&mut index, added.task, added.result, &removed).await?;
        }
        let index = Arc::new(index);
        indexes.insert(snapshot, index.clone());
        Ok(index)
    }

    /// Puts the chunks of one accepted retrieval-add into an index.
    async fn add(
        &self,
        index: &mut Index,
        task: Cid,
        result: Cid,
        removed: &BTreeSet<ChunkId>,
    ) -> Result<(), DocumentsError> {
        let fail = |why: &str| DocumentsError::Embeddings(task, why.to_owned());
        let Some(Body::RetrievalAdd(add)) = self.body(task).await? else { return Err(fail("the task is missing")) };
        let Some(Body::Result(result)) = self.body(result).await? else { return Err(fail("its result is missing")) };
        // What was removed since has no blobs left, and belongs into no answer.
        let keep = |chunk: &Chunk| chunk_id(&chunk.blob).is_some_and(|id| !removed.contains(&id));
        let kept: Vec<Chunk> = add.chunks.iter().filter(|chunk| keep(chunk)).cloned().collect();
        let texts = self.texts(&kept).await?;
        let blobs = self.present_blobs(&result.blobs).await?;
        let embeddings = read_added(&result.output, &blobs).map_err(|error| fail(&error.to_string()))?;
        let mut vectors: BTreeMap<ChunkId, Vec<f32>> = embeddings.into_iter().collect();
        let chunks =
            kept.iter().zip(texts).filter_map(|(chunk, text)| Some((text, vectors.remove(&chunk_id(&chunk.blob)?)?)));
        index.add(chunks.collect::<Vec<_>>()).map_err(|error| fail(&error.to_string()))?;
        let mut sources = self.sources.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        sources.extend(add.chunks.into_iter().filter_map(|chunk| Some((Hash::from_cid(&chunk.blob)?, chunk.source))));
        Ok(())
    }

    async fn body(&self, id: Cid) -> Result<Option<Body>, DocumentsError> {
        let (store, network) = (self.replica.store.clone(), self.replica.network);
        let signed = blocking(move || store.get(&id)).await?;
        Ok(signed.and_then(|signed| Verified::check_stored(signed, network).ok()).map(|verified| verified.message.body))
    }

    /// The texts of chunks, in their order.
    ///
    /// # Errors
    /// One is at no store.
    pub async fn texts(&self, chunks: &[Chunk]) -> Result<Vec<String>, DocumentsError> {
        let ids: Vec<Cid> = chunks.iter().map(|chunk| chunk.blob).collect();
        let blobs = self.blobs(&ids).await?;
        Ok(blobs.into_iter().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect())
    }

    /// A chunk's text; `None` where it was removed.
    ///
    /// # Errors
    /// No store answers.
    pub async fn text_of(&self, chunk: &Hash) -> Result<Option<String>, DocumentsError> {
        let found = self.present_blobs(&[chunk.to_cid(RAW)]).await?;
        Ok(found.into_iter().next().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Where a chunk comes from, as its curator said; its id where nobody said.
    ///
    /// # Errors
    /// The store failed.
    pub async fn source_of(&self, chunk: &Hash) -> Result<String, DocumentsError> {
        let known = |library: &Library| {
            let sources = library.sources.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            sources.get(chunk).cloned()
        };
        if let Some(source) = known(self) {
            return Ok(source);
        }
        let (store, network) = (self.replica.store.clone(), self.replica.network);
        let found = blocking(move || {
            let mut all = vec![];
            for id in store.kind("retrieval-add")? {
                let Some(signed) = store.get(&id)? else { continue };
                if let Ok(Verified { message, .. }) = Verified::check_stored(signed, network)
                    && let Body::RetrievalAdd(add) = message.body
                {
                    all.extend(add.chunks.into_iter().filter_map(|c| Some((Hash::from_cid(&c.blob)?, c.source))));
                }
            }
            Ok::<_, StoreError>(all)
        });
        let found = found.await?;
        self.sources.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend(found);
        Ok(known(self).unwrap_or_else(|| chunk.to_string()))
    }

    /// Blobs in the order of their ids, from the own store or any other.
    ///
    /// # Errors
    /// One is at no store.
    pub async fn blobs(&self, ids: &[Cid]) -> Result<Vec<Vec<u8>>, DocumentsError> {
        let found = fetch_blobs(&self.replica, ids).await?;
        ids.iter().map(|id| found.get(id).cloned().ok_or(DocumentsError::NoBlob(*id))).collect()
    }

    /// Those of some blobs that are still there.
    async fn present_blobs(&self, ids: &[Cid]) -> Result<Vec<Vec<u8>>, DocumentsError> {
        let mut found = fetch_blobs(&self.replica, ids).await?;
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }
}

fn chunk_id(blob: &Cid) -> Option<ChunkId> {
    Hash::from_cid(blob).map(|hash| ChunkId(hash.0))
}
