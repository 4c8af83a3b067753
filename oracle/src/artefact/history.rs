//! The history block of an epoch: what it decided and what the next one starts from. It knows no chain.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::eligibility::{Eligibility, Row};
use liaise_ledger::genesis::Parameters;
use liaise_ledger::{Account, EpochNumber, Hash};
use serde::{Deserialize, Serialize};

use super::blocks::{Block, Blocks, chunks};
use crate::fold::{AccountState, Carried, Done, FoldError, FoldState, RULESET, Shared, Statement, TaskRow};

/// The version of the artefact's layout.
const VERSION: u32 = 1;

/// See the module. Lists of CIDs are chunks of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryBlock {
    /// Version of this layout.
    pub v: u32,
    /// Version of the fold's rules.
    pub ruleset: u32,
    /// The network.
    pub network: Hash,
    /// The epoch.
    pub epoch: EpochNumber,
    /// The history block before; null at epoch -1.
    pub previous: Option<Cid>,
    /// `H` of the seal's vector.
    pub seal: Hash,
    /// `H` of the parameters in force.
    pub params: Hash,
    /// Number of the last decree that counts.
    pub decree: u32,
    /// Root of the eligibility snapshot that tickets may name from the next epoch on.
    pub eligibility: Hash,
    /// Its rows, by H(account).
    pub eligible: Vec<Cid>,
    /// Statements, by account bytes.
    pub statements: Vec<Cid>,
    /// Tasks, by id.
    pub tasks: Vec<Cid>,
    /// Account states, by account bytes.
    pub states: Vec<Cid>,
    /// What belongs to no account.
    pub shared: Cid,
    /// Messages that are not done with, by id.
    pub carry: Vec<Cid>,
    /// Messages that are done with, by seal and digest.
    pub observed: Vec<SealedRows>,
    /// Snapshots that tickets may still name, the newest last.
    pub snapshots: Vec<SnapshotRows>,
    /// The retrieval snapshot's id.
    pub retrieval: Hash,
    /// Chunks that were ever added or removed, by id.
    pub chunks: Vec<Cid>,
}

/// Rows that one seal brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedRows {
    /// The sealed epoch.
    pub epoch: EpochNumber,
    /// Chunks.
    pub rows: Vec<Cid>,
}

/// A snapshot of an earlier epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotRows {
    /// The epoch.
    pub epoch: EpochNumber,
    /// Its root.
    pub root: Hash,
    /// Chunks of its rows.
    pub rows: Vec<Cid>,
}

#[derive(Serialize, Deserialize)]
struct StateRow<'a> {
    account: Cow<'a, Account>,
    state: Cow<'a, AccountState>,
}

#[derive(Serialize, Deserialize)]
struct CarryRow<'a> {
    id: Cid,
    carried: Cow<'a, Carried>,
}

#[derive(Serialize, Deserialize)]
struct DoneRow {
    id: Hash,
    done: Done,
}

#[derive(Serialize, Deserialize)]
struct ChunkRow {
    id: Hash,
    present: bool,
}

/// `H` of the parameters' DAG-CBOR.
fn params_digest(parameters: &Parameters) -> Hash {
    Hash::of(&[&serde_ipld_dagcbor::to_vec(parameters).expect("parameters are integers")])
}

/// What a history block is written from.
#[derive(Clone, Copy, Debug)]
pub struct HistoryParts<'a> {
    /// The network.
    pub network: Hash,
    /// The parameters in force.
    pub parameters: &'a Parameters,
    /// The history block before.
    pub previous: Option<Cid>,
    /// `H` of the seal's vector.
    pub seal: Hash,
    /// What the next epoch starts from; its `history` does not matter.
    pub next: &'a FoldState,
    /// The snapshot of the epoch.
    pub eligibility: &'a Eligibility,
    /// By account.
    pub statements: &'a [Statement],
    /// By id.
    pub tasks: &'a BTreeMap<Cid, TaskRow>,
}

/// Writes an epoch's history block and everything beneath it.
pub fn write_history(parts: &HistoryParts<'_>) -> (Cid, HistoryBlock, Blocks) {
    let HistoryParts { network, parameters, previous, seal, next, eligibility, statements, tasks } = *parts;
    let tasks: Vec<&TaskRow> = tasks.values().collect();
    let mut blocks = Blocks::default();
    let states = next.accounts.iter();
    let states: Vec<StateRow<'_>> = states
        .map(|(account, state)| StateRow { account: Cow::Borrowed(account), state: Cow::Borrowed(state) })
        .collect();
    let carry = next.carry.iter();
    let carry: Vec<CarryRow<'_>> =
        carry.map(|(id, carried)| CarryRow { id: *id, carried: Cow::Borrowed(carried) }).collect();
    let retrieval: Vec<ChunkRow> =
        next.chunks.iter().map(|(id, present)| ChunkRow { id: *id, present: *present }).collect();
    let done = |rows: &[(Hash, Done)]| -> Vec<Block> {
        let rows: Vec<DoneRow> = rows.iter().map(|(id, done)| DoneRow { id: *id, done: *done }).collect();
        chunks(&rows)
    };
    let observed = next
        .observed
        .iter()
        .map(|(epoch, rows)| SealedRows { epoch: *epoch, rows: blocks.share(rows.blocks(done)) })
        .collect();
    let snapshots = next.snapshots.iter().map(|(epoch, snapshot)| SnapshotRows {
        epoch: *epoch,
        root: snapshot.root(),
        rows: blocks.put_rows(snapshot.rows()),
    });
    let snapshots = snapshots.collect();
    let block = HistoryBlock {
        v: VERSION,
        ruleset: RULESET,
        network,
        epoch: next.epoch,
        previous,
        seal,
        params: params_digest(parameters),
        decree: next.shared.decree,
        eligibility: eligibility.root(),
        eligible: blocks.put_rows(eligibility.rows()),
        statements: blocks.put_rows(statements),
        tasks: blocks.put_rows(&tasks),
        states: blocks.put_rows(&states),
        shared: blocks.put(&next.shared),
        carry: blocks.put_rows(&carry),
        observed,
        snapshots,
        retrieval: next.retrieval_root(),
        chunks: blocks.put_rows(&retrieval),
    };
    let cid = blocks.put(&block);
    (cid, block, blocks)
}

/// Reads a history block.
///
/// # Errors
/// It is missing, malformed, or of a version or ruleset that this program does not follow.
pub fn read_history(blocks: &Blocks, cid: &Cid) -> Result<HistoryBlock, FoldError> {
    let block: HistoryBlock = blocks.read(cid, "history block")?;
    if (block.v, block.ruleset) != (VERSION, RULESET) {
        let why = format!("version {} with ruleset {}: update this program", block.v, block.ruleset);
        return Err(FoldError::Block { cid: Box::new(*cid), expected: "history block of a known version", why });
    }
    Ok(block)
}

/// Reads the state that a history block hands on.
///
/// # Errors
/// A block is missing or malformed.
pub fn read_state(blocks: &Blocks, cid: &Cid) -> Result<FoldState, FoldError> {
    let block = read_history(blocks, cid)?;
    let states: Vec<StateRow<'_>> = blocks.read_rows(&block.states, "chunk of account states")?;
    let carry: Vec<CarryRow<'_>> = blocks.read_rows(&block.carry, "chunk of carried messages")?;
    let retrieval: Vec<ChunkRow> = blocks.read_rows(&block.chunks, "chunk of retrieval's chunks")?;
    let mut observed = BTreeMap::new();
    for sealed in &block.observed {
        let rows: Vec<DoneRow> = blocks.read_rows(&sealed.rows, "chunk of observed messages")?;
        observed.insert(sealed.epoch, Arc::new(rows.into_iter().map(|row| (row.id, row.done)).collect()));
    }
    let mut snapshots = BTreeMap::new();
    for snapshot in &block.snapshots {
        let rows: Vec<Row> = blocks.read_rows(&snapshot.rows, "chunk of eligibility rows")?;
        let wrong = |why: &str| FoldError::Block { cid: Box::new(*cid), expected: "history block", why: why.into() };
        if !rows.is_sorted_by(|a, b| a.account.hash() < b.account.hash()) {
            return Err(wrong("the rows of an eligibility snapshot are not in their order, or one account has two"));
        }
        let eligibility = Eligibility::new(rows);
        if eligibility.root() != snapshot.root {
            return Err(wrong("an eligibility snapshot's rows have another root than it says"));
        }
        snapshots.insert(snapshot.epoch, eligibility);
    }
    let shared: Shared = blocks.read(&block.shared, "shared state")?;
    Ok(FoldState {
        epoch: block.epoch,
        history: Some(*cid),
        shared,
        accounts: states.into_iter().map(|row| (row.account.into_owned(), row.state.into_owned())).collect(),
        carry: carry.into_iter().map(|row| (row.id, row.carried.into_owned())).collect(),
        observed,
        snapshots,
        chunks: retrieval.into_iter().map(|row| (row.id, row.present)).collect(),
    })
}
