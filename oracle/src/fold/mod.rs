//! The fold: from a sealed epoch's messages to pay. Pure; two oracles that fold the same seal agree to the byte.
//!
//! Stages: *verify* (rounds, sessions), *observe* (what counts, from when), *settle* (each task), *account* (shares and
//! statements), *tree* (a distributor's filing). Each works on parts that merge in any order, also twice; sums are checked
//! 128-bit integers. [`fold_epoch`] runs the first four, [`file()`] the last.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::body::Decree;
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{Body, EpochNumber};
use liaise_summary::{Emission, Epoch};

mod account;
mod advance;
mod apportion;
mod decide;
mod decrees;
mod eligible;
mod error;
mod evidence;
mod filing;
mod from_store;
mod input;
mod latency;
mod median;
mod memory;
mod needs;
mod observe;
mod race;
mod reasons;
mod sessions;
mod settle;
mod shared;
mod state;
mod statement;
mod tell;
mod terms;
mod tickets;
mod unlock;

pub use apportion::{Pools, Shares, apportion, pools};
pub use decide::{ACCEPT_SCORE, ACCEPTING, PAID_JUDGES};
pub use error::FoldError;
pub use evidence::{OPENED, round_fits};
pub use filing::{DistributorState, Filing, LeafRow, OwedRow, check_conservation, file};
pub use from_store::StoreLedger;
pub use input::{EpochInput, Ledger, Part, SealVector};
pub use median::lower as lower_median;
pub use memory::MemoryLedger;
pub use observe::epoch_of;
pub use reasons::{Reason, ReasonCode};
pub use shared::{AdapterState, Close, DecreedDistributor, DecreedRow, Shared};
pub use state::{
    AccountState, CapabilityState, Carried, Done, Flaw, FoldState, Observation, SNAPSHOT_EPOCHS, SessionState,
    StoreReceipt, TICKETS_REMEMBERED, WINDOW_EPOCHS,
};
pub use statement::{Statement, TaskLine, TaskRow};
pub use terms::{HandOver, TermRow, table, term_of};
pub use tickets::{TICKET_ROUNDS, end_ms as ticket_end_ms};

use crate::artefact::{Blocks, HistoryBlock, HistoryParts, write_history};
use evidence::Rounds;
use sessions::Sessions;
use settle::{Desk, Settled};

/// The rules that this fold follows. A change of any of them is a new number, and the old code stays.
pub const RULESET: u32 = 1;
/// A session's end stays known this long, for messages that come late. Milliseconds.
const SESSION_MEMORY_MS: u64 = 172_800_000;

/// A folded epoch.
#[derive(Clone, Debug)]
pub struct Folded {
    /// The epoch.
    pub epoch: EpochNumber,
    /// Its history block's id.
    pub history: Cid,
    /// Its history block.
    pub block: HistoryBlock,
    /// Every block of the history's artefact.
    pub blocks: Blocks,
    /// Statements by account.
    pub statements: Vec<Statement>,
    /// Tasks by id.
    pub tasks: BTreeMap<Cid, TaskRow>,
    /// The snapshot that tickets may name from the next epoch on.
    pub eligibility: Eligibility,
    /// E(e): what the epoch may emit, base units.
    pub emission: u64,
    /// What of it is gone for good, base units.
    pub unemitted: u64,
    /// What the next epoch starts from.
    pub next: FoldState,
}

/// Folds a sealed epoch.
///
/// # Errors
/// Something is missing or the seal is not the next one; see [`FoldError`]. Nothing that an author did is an error.
pub fn fold_epoch(genesis: &Genesis, before: &FoldState, input: &EpochInput) -> Result<Folded, FoldError> {
    fold_parts(genesis, before, &input.seal, std::slice::from_ref(&input.part), 1)
}

/// A missing round is seldom alone: an epoch of a store that was away lacks all of them.
fn name_all_rounds(error: FoldError, input: &Part, known: &Rounds<'_>) -> FoldError {
    let FoldError::MissingRounds(needed) = error else { return error };
    let mut named = needs::rounds_of(input.messages.values().map(|message| &message.message.body));
    named.extend(needed);
    FoldError::MissingRounds(named.into_iter().filter(|round| !known.contains_key(round)).collect())
}

/// Folds a sealed epoch whose input came in parts, settling its tasks in `settle_parts` parts: the same result.
///
/// # Errors
/// As [`fold_epoch`].
pub fn fold_parts(
    genesis: &Genesis,
    before: &FoldState,
    seal: &SealVector,
    parts: &[Part],
    settle_parts: usize,
) -> Result<Folded, FoldError> {
    let epoch = seal.epoch;
    if before.epoch.checked_add(1) != Some(epoch) {
        return Err(FoldError::OutOfOrder { last: before.epoch, found: epoch });
    }
    let mut input = Part::default();
    parts.iter().for_each(|part| input.merge(part.clone()));
    let needed = input.needed(genesis, before);
    if let Some(missing) = needed.iter().find(|id| !input.messages.contains_key(*id)) {
        return Err(FoldError::MissingMessage(*missing));
    }
    // What fewer than a quorum have receipts for is not looked at, whether it is at hand or not.
    input.messages.retain(|id, _| needed.contains(id));
    let rounds = verify_rounds(genesis, &input)?;
    let network = genesis.network_id();

    let mut sessions = Sessions::of(&before.accounts);
    let observe::Observed { mut carry, fresh } = observe::observe(genesis, before, epoch, &input, &mut sessions);
    let messages = &input.messages;

    let mut shared = before.shared.clone();
    for (store, batch) in &seal.batches {
        if let Some(batch) = batch {
            shared.set_close(*store, *batch);
        }
    }
    let decreed: BTreeMap<Cid, &Decree> = carry
        .iter()
        .filter(|(_, carried)| carried.counts_from().is_some())
        .filter_map(|(id, _)| match &messages[id].message.body {
            Body::Decree(decree) => Some((*id, decree)),
            _ => None,
        })
        .collect();
    let waiting: BTreeSet<Cid> = decrees::apply(&mut shared, genesis, network, epoch, &decreed).into_iter().collect();
    tickets::mark(genesis, &shared, messages, &mut carry, &fresh, epoch);

    let mut accounts = before.accounts.clone();
    let expired = genesis.epoch_end_ms(epoch).saturating_sub(SESSION_MEMORY_MS);
    sessions.write(&mut accounts, expired);
    let closed = tickets::close(genesis, messages, &mut carry, epoch);
    advance::remember_tickets(&mut accounts, &closed);
    advance::take_capabilities(&mut accounts, messages, &carry, &fresh);

    let desk = Desk { genesis, before, messages, carry: &carry, rounds: &rounds };
    let mut settled = Settled::default();
    if epoch >= 0 {
        for part in (0..settle_parts.max(1)).rev() {
            let part = Settled::of_part(&desk, epoch, part, settle_parts);
            settled.merge(part.map_err(|error| name_all_rounds(error, &input, &rounds))?);
        }
    }
    let open_roots: BTreeSet<Cid> =
        desk.roots().into_iter().filter(|(_, root)| root.epoch > epoch).map(|(id, _)| id).collect();

    let mut tasks = settled.tasks;
    let unlocks = before.accounts.iter().map(|(account, state)| (account.clone(), state.unlock)).collect();
    let parameters = &genesis.parameters;
    let median = account::count_tasks(&mut tasks, &accounts, &unlocks, shared.median_units, parameters);
    shared.median_units = median.or(shared.median_units);
    let emission = emission_of(genesis, epoch);
    let weights = account_parts(&tasks, settle_parts);
    let shares = weights.share(emission, parameters.ramp_weight)?;

    advance::score(&mut accounts, messages, &carry, epoch, &tasks);
    advance::unlock(&mut accounts, messages, &tasks);
    let notes = advance::notes(messages, &carry, epoch, &closed);
    let statements = tell::statements(&tasks, &shares, notes, &accounts, parameters);
    let unemitted = unemitted(epoch, emission, &shares, &statements)?;

    let mut chunks = before.chunks.clone();
    advance::take_chunks(&mut chunks, messages, &carry, &fresh, &tasks);
    let eligibility = eligible::snapshot(genesis, &shared, &accounts, epoch);
    let mut snapshots = before.snapshots.clone();
    if epoch >= 0 {
        snapshots.insert(epoch, eligibility.clone());
        snapshots.retain(|sealed, _| sealed.saturating_add(SNAPSHOT_EPOCHS) > epoch);
    }
    let (next_carry, done) = advance::split(messages, carry.clone(), &open_roots, &waiting, epoch);
    let observed = advance::remember(before, done, epoch);
    let mut next = FoldState { epoch, history: None, shared, accounts, carry: next_carry, observed, snapshots, chunks };
    let (history, block, blocks) = write_history(&HistoryParts {
        network,
        parameters,
        previous: before.history,
        seal: seal.digest(),
        next: &next,
        eligibility: &eligibility,
        statements: &statements,
        tasks: &tasks,
    });
    next.history = Some(history);
    Ok(Folded { epoch, history, block, blocks, statements, tasks, eligibility, emission, unemitted, next })
}

/// E(e), zero before epoch 0.
pub fn emission_of(genesis: &Genesis, epoch: EpochNumber) -> u64 {
    let emission = Emission { supply: genesis.fixed.supply, epochs: genesis.fixed.epochs };
    u32::try_from(epoch).map_or(0, |epoch| emission.epoch(Epoch(epoch)))
}

/// The stage `verify`: the rounds that messages name. Messages were verified when they came.
fn verify_rounds<'a>(genesis: &Genesis, input: &'a Part) -> Result<Rounds<'a>, FoldError> {
    let needed = needs::rounds_of(input.messages.values().map(|message| &message.message.body));
    let mut rounds = Rounds::new();
    for (round, signature) in input.rounds.iter().filter(|(round, _)| needed.contains(round)) {
        genesis.beacon.verify_round(*round, signature).map_err(|_| FoldError::WrongRound(*round))?;
        rounds.insert(*round, signature);
    }
    Ok(rounds)
}

/// The weights, part by part.
fn account_parts(tasks: &BTreeMap<Cid, TaskRow>, parts: usize) -> account::Weights {
    let rows: Vec<&TaskRow> = tasks.values().collect();
    let size = rows.len().div_ceil(parts.max(1)).max(1);
    let mut weights = account::Weights::default();
    for chunk in rows.chunks(size).rev() {
        weights.merge(account::Weights::of(chunk.iter().copied()));
    }
    weights
}

/// What is gone for good. Checks that nothing was made: all statements' net and held, and this, are the emission.
fn unemitted(
    epoch: EpochNumber,
    emission: u64,
    shares: &account::Split,
    statements: &[Statement],
) -> Result<u64, FoldError> {
    let sum = |of: fn(&Statement) -> u64| statements.iter().map(|s| u128::from(of(s))).sum::<u128>();
    let gate = sum(|s| s.gross) - sum(|s| s.gated);
    let unemitted = u128::from(shares.unemitted()) + gate;
    let after = sum(|s| s.net) + sum(|s| s.held) + unemitted;
    if after != u128::from(emission) {
        return Err(FoldError::Conservation { epoch, before: emission.into(), after });
    }
    Ok(u64::try_from(unemitted).expect("at most the emission"))
}
