//! Epochs folded from the node's own store, in order. What a fold hands on is in its artefact, so a restart goes on there.

use super::OracleError;
use crate::blocking::blocking;
use crate::replica::Replica;
use cid::Cid;
use liaise_ledger::body::{Body, Seal};
use liaise_ledger::{EpochNumber, Hash};
use liaise_oracle::artefact::{Blocks, Shelf, read_history, read_state};
use liaise_oracle::fold::{EpochInput, FoldError, FoldState, Folded, Ledger, StoreLedger, fold_onto};
use liaise_store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the history of each folded epoch is noted.
const FOLDED: &str = "folded";
/// Folded epochs kept in memory for filing; older ones are folded again from their artefacts.
const KEPT: usize = 40;
/// Bytes of an artefact's blocks that are put into the store at once.
const AT_ONCE: usize = 16 << 20;

/// The node's store, as the fold reads it.
pub fn ledger(store: &Store) -> impl Ledger + '_ {
    StoreLedger::new(store, move |round| crate::beacon::load_round(store, round))
}

/// A folded epoch.
pub type FoldedAt = Arc<Folded>;

/// The folds of an oracle.
pub struct Folds {
    replica: Replica,
    state: Option<Arc<FoldState>>,
    recent: BTreeMap<EpochNumber, FoldedAt>,
}

impl Folds {
    /// Nothing folded in this process yet.
    pub fn new(replica: Replica) -> Folds {
        Folds { replica, state: None, recent: BTreeMap::new() }
    }

    /// Folds the next epoch, if it is sealed and everything that the seal counts is here.
    ///
    /// # Errors
    /// Something is missing and has not been fetched yet, or the store failed.
    pub async fn next(&mut self) -> Result<Option<FoldedAt>, OracleError> {
        let state = match self.state.take() {
            Some(state) => state,
            None => {
                let replica = self.replica.clone();
                Arc::new(blocking(move || newest_state(&replica)).await?)
            }
        };
        let epoch = state.epoch + 1;
        let folded = fold_sealed(&self.replica, &state, epoch).await;
        match folded {
            Ok(Some(folded)) => {
                let (store, history) = (self.replica.store.clone(), folded.history);
                blocking(move || store.journal().put(FOLDED, &epoch_key(epoch), &history.to_bytes())).await?;
                self.state = Some(Arc::new(folded.next.clone()));
                self.recent.insert(epoch, folded.clone());
                while self.recent.len() > KEPT {
                    self.recent.pop_first();
                }
                Ok(Some(folded))
            }
            Ok(None) => {
                self.state = Some(state);
                Ok(None)
            }
            Err(error) => {
                self.state = Some(state);
                Err(error)
            }
        }
    }

    /// What the newest folded epoch hands on; `None` before epoch -1 is folded.
    ///
    /// # Errors
    /// The store failed, or its artefact is damaged.
    pub async fn newest(&mut self) -> Result<Option<&FoldState>, OracleError> {
        if self.state.is_none() {
            let replica = self.replica.clone();
            self.state = Some(Arc::new(blocking(move || newest_state(&replica)).await?));
        }
        Ok(self.state.as_deref().filter(|state| state.epoch >= -1))
    }

    /// An epoch that was folded before.
    ///
    /// # Errors
    /// The store failed, or its artefact is damaged.
    pub async fn at(&mut self, epoch: EpochNumber) -> Result<Option<FoldedAt>, OracleError> {
        if let Some(folded) = self.recent.get(&epoch) {
            return Ok(Some(folded.clone()));
        }
        let folded = folded_at(&self.replica, epoch).await?;
        if let Some(folded) = &folded {
            self.recent.insert(epoch, folded.clone());
        }
        Ok(folded)
    }
}

/// Folds a sealed epoch again from the state before it; `None` where that, or the seal, is not here.
///
/// # Errors
/// The store failed, or something that the seal counts is missing.
pub async fn folded_at(replica: &Replica, epoch: EpochNumber) -> Result<Option<FoldedAt>, OracleError> {
    let own = replica.clone();
    let Some(state) = blocking(move || state_at(&own, epoch - 1)).await? else { return Ok(None) };
    fold_sealed(replica, &Arc::new(state), epoch).await
}

async fn fold_sealed(
    replica: &Replica,
    state: &Arc<FoldState>,
    epoch: EpochNumber,
) -> Result<Option<FoldedAt>, OracleError> {
    loop {
        let (own, before) = (replica.clone(), state.clone());
        match blocking(move || fold_here(&own, &before, epoch)).await? {
            Attempt::Done(folded) => return Ok(Some(folded)),
            Attempt::NotYet => return Ok(None),
            Attempt::Rounds(rounds) => replica.fetch_rounds(&rounds).await?,
        }
    }
}

/// What came of folding with what this store holds.
enum Attempt {
    Done(FoldedAt),
    /// The seal, or something that it counts, is not here yet.
    NotYet,
    /// Of these beacon rounds some are needed first.
    Rounds(Vec<u64>),
}

fn fold_here(replica: &Replica, before: &FoldState, epoch: EpochNumber) -> Result<Attempt, OracleError> {
    let Some(seal) = seal_of(&replica.store, epoch)? else { return Ok(Attempt::NotYet) };
    let mut shelf = StoreShelf { store: &replica.store, waiting: vec![], bytes: 0 };
    let folded = EpochInput::collect(&ledger(&replica.store), &replica.genesis, before, &seal).and_then(|input| {
        let folded = fold_onto(&replica.genesis, before, input, &mut shelf)?;
        shelf.flush()?;
        Ok(folded)
    });
    match folded {
        Ok(folded) => Ok(Attempt::Done(Arc::new(folded))),
        // The seal may be here before the messages that it counts.
        Err(FoldError::MissingMessage(id)) => {
            tracing::debug!(%id, epoch, "a sealed message is not here yet");
            Ok(Attempt::NotYet)
        }
        Err(FoldError::MissingRounds(rounds)) => Ok(Attempt::Rounds(rounds)),
        Err(error) => Err(error.into()),
    }
}

/// The node's store while an artefact is put there, some blocks at a time.
struct StoreShelf<'a> {
    store: &'a Store,
    waiting: Vec<Vec<u8>>,
    bytes: usize,
}

impl StoreShelf<'_> {
    fn flush(&mut self) -> Result<(), FoldError> {
        let blobs: Vec<&[u8]> = self.waiting.iter().map(Vec::as_slice).collect();
        self.store.put_blobs(&blobs).map_err(|error| FoldError::Store(error.to_string()))?;
        (self.waiting, self.bytes) = (vec![], 0);
        Ok(())
    }
}

impl Shelf for StoreShelf<'_> {
    fn put(&mut self, id: Cid, bytes: Vec<u8>) -> Result<(), FoldError> {
        if self.has(&id)? {
            return Ok(());
        }
        self.bytes += bytes.len();
        self.waiting.push(bytes);
        if self.bytes >= AT_ONCE { self.flush() } else { Ok(()) }
    }

    fn has(&self, id: &Cid) -> Result<bool, FoldError> {
        self.store.contains_blob(id).map_err(|error| FoldError::Store(error.to_string()))
    }
}

/// The seal of an epoch, if it is here; its certificate was checked when it came.
pub fn seal_of(store: &Store, epoch: EpochNumber) -> Result<Option<Seal>, StoreError> {
    for id in store.seals(epoch)? {
        if let Some(Body::Seal(seal)) = store.load(&id)?.map(|seal| seal.message.body) {
            return Ok(Some(seal));
        }
    }
    Ok(None)
}

/// The state that the newest folded epoch hands on.
fn newest_state(replica: &Replica) -> Result<FoldState, OracleError> {
    let rows = replica.store.journal().rows(FOLDED, b"")?;
    match rows.last() {
        None => Ok(FoldState::of_genesis(&replica.genesis)),
        Some((_, history)) => read(replica, history),
    }
}

/// The state that an epoch hands on: genesis's for -2; `None` where this store has not folded it.
///
/// # Errors
/// The store failed, or the artefact is damaged.
pub fn state_at(replica: &Replica, epoch: EpochNumber) -> Result<Option<FoldState>, OracleError> {
    if epoch < -1 {
        return Ok(Some(FoldState::of_genesis(&replica.genesis)));
    }
    match replica.store.journal().get(FOLDED, &epoch_key(epoch))? {
        None => Ok(None),
        Some(history) => read(replica, &history).map(Some),
    }
}

fn read(replica: &Replica, history: &[u8]) -> Result<FoldState, OracleError> {
    let wrong = || FoldError::Store("a noted history is no CID: empty the directory and synchronise anew".into());
    let id = Cid::try_from(history).map_err(|_| wrong())?;
    let blocks = load_blocks(&replica.store, &id)?;
    Ok(read_state(&blocks, &id)?)
}

/// A history block with everything that its state is read from.
fn load_blocks(store: &Store, history: &Cid) -> Result<Blocks, OracleError> {
    let mut blocks = Blocks::default();
    let take = |id: &Cid, blocks: &mut Blocks| -> Result<(), OracleError> {
        let bytes = store.get_blob(id)?.ok_or(FoldError::MissingBlock(*id))?;
        blocks.insert(bytes);
        Ok(())
    };
    take(history, &mut blocks)?;
    let block = read_history(&blocks, history)?;
    for id in block.handed_on() {
        take(id, &mut blocks)?;
    }
    Ok(blocks)
}

/// Epochs from -1 on, in an order that sorts.
fn epoch_key(epoch: EpochNumber) -> [u8; 8] {
    (epoch + 2).to_be_bytes()
}

/// The digest of a CID that a statement names.
pub fn artefact_cid(digest: &[u8; 32]) -> Cid {
    Hash(*digest).to_cid(liaise_ledger::hash::DAG_CBOR)
}
