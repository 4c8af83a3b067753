//! Histories of sealed epochs, as a quorum of oracles attests to them: what light nodes and clients rest on.

use crate::blobs::fetch_blobs;
use crate::blocking::blocking;
use crate::replica::Replica;
use cid::Cid;
use liaise_ledger::Hash;
use liaise_ledger::body::Body;
use liaise_ledger::eligibility::{Eligibility, Row};
use liaise_ledger::hash::DAG_CBOR;
use liaise_oracle::artefact::{Blocks, HistoryBlock, read_history};
use liaise_oracle::fold::TaskRow;
use liaise_oracle::quorum::{ATTESTATION_BYTES, attestation, recover};
use liaise_store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Why a history can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A block can't be fetched.
    #[error("a block of epoch {0}'s history can't be had: {1}")]
    Fetch(i64, String),
    /// What was fetched is not what was attested.
    #[error("epoch {0}'s history does not hold together: {1}")]
    Wrong(i64, String),
}

/// An accepted addition of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// The retrieval-add.
    pub task: Cid,
    /// The result that won.
    pub result: Cid,
}

/// Attested histories, fetched once.
pub struct Histories {
    replica: Replica,
    known: Mutex<BTreeMap<i64, Arc<HistoryBlock>>>,
    snapshots: Mutex<BTreeMap<i64, Arc<Eligibility>>>,
}

impl Histories {
    /// None fetched yet.
    pub fn new(replica: Replica) -> Histories {
        Histories { replica, known: Mutex::default(), snapshots: Mutex::default() }
    }

    /// The history block that a quorum of oracles attests to for an epoch, if there is one yet.
    ///
    /// # Errors
    /// It can't be fetched.
    pub async fn of(&self, epoch: i64) -> Result<Option<Arc<HistoryBlock>>, HistoryError> {
        if let Some(block) = lock(&self.known).get(&epoch) {
            return Ok(Some(block.clone()));
        }
        let replica = self.replica.clone();
        let Some(id) = blocking(move || attested(&replica, epoch)).await? else { return Ok(None) };
        let blocks = self.fetch(epoch, &[id]).await?;
        let block = read_history(&blocks, &id).map_err(|error| HistoryError::Wrong(epoch, error.to_string()))?;
        let block = Arc::new(block);
        lock(&self.known).insert(epoch, block.clone());
        Ok(Some(block))
    }

    /// The newest epoch at or below `epoch` that has an attested history.
    ///
    /// # Errors
    /// It can't be fetched.
    pub async fn newest(&self, epoch: i64) -> Result<Option<Arc<HistoryBlock>>, HistoryError> {
        for epoch in (-1..=epoch).rev() {
            if let Some(block) = self.of(epoch).await? {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }

    /// Who may be drawn under an epoch's snapshot: genesis's before epoch 0.
    ///
    /// # Errors
    /// The rows can't be fetched, or are not those of the attested root.
    pub async fn eligibility(&self, epoch: i64) -> Result<Option<Arc<Eligibility>>, HistoryError> {
        if let Some(rows) = lock(&self.snapshots).get(&epoch) {
            return Ok(Some(rows.clone()));
        }
        let rows = if epoch < 0 {
            Eligibility::of_genesis(&self.replica.genesis)
        } else {
            let Some(block) = self.of(epoch).await? else { return Ok(None) };
            let rows: Vec<Row> = self.rows(epoch, &block.eligible).await?;
            let rows = Eligibility::new(rows);
            if rows.root() != block.eligibility {
                return Err(HistoryError::Wrong(epoch, "its eligible rows are not those of its root".into()));
            }
            rows
        };
        let rows = Arc::new(rows);
        lock(&self.snapshots).insert(epoch, rows.clone());
        Ok(Some(rows))
    }

    /// The accepted additions behind a snapshot of the documents, oldest first; `None` where no attested epoch has it.
    ///
    /// # Errors
    /// A block can't be fetched.
    pub async fn retrieval(&self, snapshot: Hash) -> Result<Option<Vec<Added>>, HistoryError> {
        let now = self.replica.genesis.epoch_of(self.replica.calendar.wall_ms());
        let mut found = None;
        for epoch in (-1..=now).rev() {
            if self.of(epoch).await?.is_some_and(|block| block.retrieval == snapshot) {
                found = Some(epoch);
                break;
            }
        }
        let Some(last) = found else { return Ok(None) };
        let mut added = vec![];
        for epoch in 0..=last {
            let Some(block) = self.of(epoch).await? else {
                return Err(HistoryError::Wrong(epoch, "it is not attested, but a later one is".into()));
            };
            for row in self.rows::<TaskRow>(epoch, &block.tasks).await? {
                if let Some(result) = row.result.filter(|_| row.winner.is_some())
                    && self.is_addition(row.task).await?
                {
                    added.push(Added { task: row.task, result });
                }
            }
        }
        Ok(Some(added))
    }

    async fn is_addition(&self, task: Cid) -> Result<bool, HistoryError> {
        let store = self.replica.store.clone();
        let root = blocking(move || store.load(&task)).await?;
        Ok(root.is_some_and(|root| matches!(root.message.body, Body::RetrievalAdd(_))))
    }

    /// All rows of a list of chunks.
    ///
    /// # Errors
    /// A chunk can't be fetched.
    pub async fn rows<T: serde::de::DeserializeOwned + serde::Serialize>(
        &self,
        epoch: i64,
        chunks: &[Cid],
    ) -> Result<Vec<T>, HistoryError> {
        let blocks = self.fetch(epoch, chunks).await?;
        blocks.read_rows(chunks, "chunk of rows").map_err(|error| HistoryError::Wrong(epoch, error.to_string()))
    }

    async fn fetch(&self, epoch: i64, ids: &[Cid]) -> Result<Blocks, HistoryError> {
        let found = fetch_blobs(&self.replica, ids).await;
        let found = found.map_err(|error| HistoryError::Fetch(epoch, error.to_string()))?;
        let mut blocks = Blocks::default();
        for id in ids {
            let bytes = found.get(id).ok_or_else(|| HistoryError::Fetch(epoch, format!("{id} is at no store")))?;
            blocks.insert(bytes.clone());
        }
        Ok(blocks)
    }
}

/// The history that a quorum of the oracles attests to for an epoch.
fn attested(replica: &Replica, epoch: i64) -> Result<Option<Cid>, StoreError> {
    let mut by_history: BTreeMap<Hash, BTreeSet<[u8; 33]>> = BTreeMap::new();
    let any = attestation(replica.network, epoch, &Hash::ZERO.to_cid(DAG_CBOR));
    for (oracle, vote) in replica.votes_for(&any)? {
        if vote.statement.len() != ATTESTATION_BYTES || !replica.genesis.oracles.keys.contains(&oracle) {
            continue;
        }
        let digest = Hash(vote.statement[52..].try_into().expect("84 bytes"));
        let expected = attestation(replica.network, epoch, &digest.to_cid(DAG_CBOR));
        if vote.statement.as_slice() == expected && recover(&expected, &vote.signature).is_ok_and(|key| key == oracle) {
            by_history.entry(digest).or_default().insert(oracle);
        }
    }
    let quorum = replica.genesis.oracle_quorum();
    let found = by_history.into_iter().find(|(_, oracles)| oracles.len() >= quorum);
    Ok(found.map(|(digest, _)| digest.to_cid(DAG_CBOR)))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
