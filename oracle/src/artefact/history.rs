//! The history block of an epoch: what it decided and what the next one starts from. It knows no chain.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::eligibility::{Eligibility, Row};
use liaise_ledger::genesis::Parameters;
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::{Account, EpochNumber, Hash};
use serde::{Deserialize, Serialize};

use super::blocks::{Blocks, Shelf, put, put_few, put_rows};
use super::cbor::Cbor;
use crate::fold::{
    AccountState, CapabilityState, Carried, ComingLink, Done, DoneRows, FoldError, FoldState, LinkState, RULESET,
    SessionState, Shared,
};

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

impl HistoryBlock {
    /// The ids of everything beneath it.
    pub fn beneath(&self) -> impl Iterator<Item = &Cid> {
        let own = [&self.statements, &self.tasks];
        own.into_iter().flatten().chain(self.handed_on())
    }

    /// The ids of what the next epoch's fold starts from.
    pub fn handed_on(&self) -> impl Iterator<Item = &Cid> {
        let lists = [&self.states, &self.carry, &self.eligible, &self.chunks];
        let nested = self.observed.iter().map(|sealed| &sealed.rows).chain(self.snapshots.iter().map(|s| &s.rows));
        lists.into_iter().chain(nested).flatten().chain([&self.shared])
    }
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

/// What is known of an account at an epoch's end, as it stands in the artefact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRow {
    /// The account.
    pub account: Account,
    /// What is known.
    pub state: AccountState,
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
#[derive(Clone, Debug)]
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
    /// Chunks of statements, by account.
    pub statements: Vec<Cid>,
    /// Chunks of tasks, by id.
    pub tasks: Vec<Cid>,
}

/// Writes an epoch's history block and what it hands on.
///
/// # Errors
/// The shelf's.
pub fn write_history(parts: HistoryParts<'_>, shelf: &mut dyn Shelf) -> Result<(Cid, HistoryBlock), FoldError> {
    let HistoryParts { network, parameters, previous, seal, next, eligibility, statements, tasks } = parts;
    let states: Vec<(&Account, &AccountState)> = next.accounts.iter().collect();
    let carry: Vec<(&Cid, &Carried)> = next.carry.iter().collect();
    let retrieval: Vec<ChunkRow> =
        next.chunks.iter().map(|(id, present)| ChunkRow { id: *id, present: *present }).collect();
    let mut observed = Vec::new();
    for (epoch, rows) in &next.observed {
        observed.push(SealedRows { epoch: *epoch, rows: rows.shelved(shelf, write_done)? });
    }
    let mut snapshots = Vec::new();
    for (epoch, snapshot) in &next.snapshots {
        let rows = put_few(shelf, snapshot.rows())?;
        snapshots.push(SnapshotRows { epoch: *epoch, root: snapshot.root(), rows });
    }
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
        eligible: put_few(shelf, eligibility.rows())?,
        statements,
        tasks,
        states: put_rows(shelf, &states, |(account, state), out| write_state(out, account, state))?.0,
        shared: put(shelf, &next.shared)?,
        carry: put_rows(shelf, &carry, |(id, carried), out| write_carried(out, id, carried))?.0,
        observed,
        snapshots,
        retrieval: next.retrieval_root(),
        chunks: put_few(shelf, &retrieval)?,
    };
    Ok((put(shelf, &block)?, block))
}

fn write_done((id, done): &(Hash, Done), out: &mut Cbor) {
    // A map of `id` and `done`, which is one of `at_ms` and `place`: there is one for every message.
    out.encoded(b"\xa2\x62id\x58\x20");
    out.encoded(&id.0);
    out.encoded(b"\x64done\xa2\x65at_ms");
    out.number(done.at_ms);
    out.encoded(b"\x65place\x58\x20");
    out.encoded(&done.place.0);
}

fn is_message(id: &Cid) -> bool {
    id.codec() == DAG_CBOR && Hash::from_cid(id).is_some()
}

fn digest(id: &Cid) -> Hash {
    Hash::from_cid(id).expect("a message is named by SHA-256")
}

fn write_state(out: &mut Cbor, account: &Account, state: &AccountState) {
    out.map(2);
    out.text("state");
    out.map(if state.links.is_some() { 7 } else { 6 });
    if let Some(links) = &state.links {
        out.text("links");
        write_links(out, links);
    }
    out.text("unlock");
    out.number(state.unlock);
    out.text("tickets");
    out.all(state.tickets.iter(), |out, used| out.bool(*used));
    out.text("sessions");
    out.all(state.sessions.iter(), write_session);
    out.text("capability");
    out.option(state.capability.as_deref(), write_capability);
    out.text("failed_jobs");
    out.number(state.failed_jobs);
    out.text("scored_jobs");
    out.number(state.scored_jobs);
    out.text("account");
    out.text(account.as_str());
}

fn write_carried(out: &mut Cbor, id: &Cid, carried: &Carried) {
    out.map(2);
    out.text("id");
    out.link(&digest(id));
    out.text("carried");
    out.map(5);
    out.text("flaw");
    out.option(carried.flaw, |out, flaw| out.text(flaw.name()));
    out.text("since");
    out.integer(carried.since);
    out.text("closed");
    out.bool(carried.closed);
    out.text("receipts");
    out.all(carried.receipts.iter(), |out, receipt| {
        out.map(5);
        out.text("seq");
        out.number(receipt.seq);
        out.text("boot");
        out.hash(&receipt.boot);
        out.text("store");
        out.hash(&receipt.store);
        out.text("mono_ns");
        out.number(receipt.mono_ns);
        out.text("wall_ms");
        out.number(receipt.wall_ms);
    });
    out.text("observation");
    out.option(carried.observation, |out, observation| {
        out.map(3);
        out.text("seal");
        out.integer(observation.seal);
        out.text("at_ms");
        out.number(observation.at_ms);
        out.text("epoch");
        out.integer(observation.epoch);
    });
}

fn write_links(out: &mut Cbor, links: &LinkState) {
    out.map(3);
    out.text("with");
    out.all(links.with.iter(), |out, other| out.text(other.as_str()));
    out.text("coming");
    out.all(links.coming.iter(), write_coming);
    out.text("issued_s");
    out.number(links.issued_s);
}

fn write_coming(out: &mut Cbor, link: &ComingLink) {
    out.map(5);
    out.text("ends");
    out.bool(link.ends);
    out.text("at_ms");
    out.number(link.at_ms);
    out.text("epoch");
    out.integer(link.epoch);
    out.text("other");
    out.text(link.other.as_str());
    out.text("message");
    out.link(&digest(&link.message));
}

fn write_session(out: &mut Cbor, session: &SessionState) {
    out.map(6);
    out.text("key");
    out.hash(&session.key);
    out.text("work");
    out.bool(session.work);
    out.text("prompt");
    out.bool(session.prompt);
    out.text("from_ms");
    out.number(session.from_ms);
    out.text("message");
    out.link(&digest(&session.message));
    out.text("until_ms");
    out.number(session.until_ms);
}

fn write_capability(out: &mut Cbor, capability: &CapabilityState) {
    out.map(5);
    out.text("at_ms");
    out.number(capability.at_ms);
    out.text("light");
    out.bool(capability.light);
    out.text("message");
    out.link(&digest(&capability.message));
    out.text("adapters");
    out.all(capability.adapters.iter(), |out, adapter| out.hash(adapter));
    out.text("drain_round");
    out.option(capability.drain_round, Cbor::number);
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
    let states: Vec<StateRow> = blocks.read_rows(&block.states, "chunk of account states")?;
    let carry: Vec<CarryRow<'_>> = blocks.read_rows(&block.carry, "chunk of carried messages")?;
    let named = states.iter().flat_map(|row| {
        let capability = row.state.capability.iter().map(|capability| &capability.message);
        let links = row.state.links.iter().flat_map(|links| links.coming.iter().map(|link| &link.message));
        row.state.sessions.iter().map(|session| &session.message).chain(capability).chain(links)
    });
    if !named.chain(carry.iter().map(|row| &row.id)).all(is_message) {
        let why = "it names what is no message: a DAG-CBOR block under SHA-256".into();
        return Err(FoldError::Block { cid: Box::new(*cid), expected: "history block", why });
    }
    let accounts: BTreeMap<Account, AccountState> = states.into_iter().map(|row| (row.account, row.state)).collect();
    let mut linked = accounts.values().flat_map(|state| state.links.iter().flat_map(|links| &links.with));
    if !linked.all(|other| accounts.contains_key(other)) {
        let why = "an account is linked with one that has no state".into();
        return Err(FoldError::Block { cid: Box::new(*cid), expected: "history block", why });
    }
    let retrieval: Vec<ChunkRow> = blocks.read_rows(&block.chunks, "chunk of retrieval's chunks")?;
    let mut observed = BTreeMap::new();
    for sealed in &block.observed {
        let rows: Vec<DoneRow> = blocks.read_rows(&sealed.rows, "chunk of observed messages")?;
        let rows = rows.into_iter().map(|row| (row.id, row.done)).collect();
        observed.insert(sealed.epoch, Arc::new(DoneRows::read(rows, &sealed.rows)));
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
        accounts,
        carry: carry.into_iter().map(|row| (row.id, row.carried.into_owned())).collect(),
        observed,
        snapshots,
        chunks: retrieval.into_iter().map(|row| (row.id, row.present)).collect(),
    })
}
