//! The fold: from a sealed epoch's messages to pay. Pure; two oracles that fold the same seal agree to the byte.
//!
//! Stages: *verify* (rounds, sessions), *observe* (what counts, from when), *settle* (each task), *account* (shares and
//! statements), *tree* (a distributor's filing). Each works on parts that merge in any order, also twice; sums are checked
//! 128-bit integers. [`fold_epoch`] runs the first four, [`file()`] the last.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use hashbrown::HashSet;
use liaise_ledger::EpochNumber;
use liaise_ledger::body::Decree;
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::genesis::Genesis;
use liaise_summary::{Emission, Epoch};

mod account;
mod advance;
mod apportion;
mod because;
mod book;
mod deal;
mod decide;
mod decrees;
mod done;
mod eligible;
mod error;
mod evidence;
mod fact;
mod few;
mod filing;
mod from_store;
mod index;
mod input;
mod latency;
mod links;
mod lot;
mod median;
mod memory;
mod observe;
mod part;
mod pay_tree;
mod people;
mod places;
mod race;
mod reasons;
mod receipts;
mod said;
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
pub use decrees::refusal as decree_refusal;
pub use done::DoneRows;
pub use error::FoldError;
pub use evidence::{OPENED, round_fits};
pub use fact::Fact;
pub use filing::{DistributorState, Filing, LeafRow, OwedRow, check_conservation, file, file_late, paid_account};
pub use from_store::{StoreLedger, keep_draw};
pub use input::{EpochInput, Ledger, SealVector};
pub use lot::{FRONT, Front, Kept, Urn};
pub use median::lower as lower_median;
pub use memory::MemoryLedger;
pub use observe::epoch_of;
pub use part::{Part, Place};
pub use pay_tree::PayTree;
pub use reasons::{Reason, ReasonCode};
pub use settle::GENESIS;
pub use shared::{AdapterState, Close, DecreedDistributor, DecreedRow, Shared};
pub use state::{
    AccountState, CapabilityState, Carried, ComingLink, Done, Flaw, FoldState, LinkState, Observation, SNAPSHOT_EPOCHS,
    SessionState, StoreReceipt, TICKETS_REMEMBERED, WINDOW_EPOCHS,
};
pub use statement::{Statement, TaskLine, TaskRow};
pub use tell::Pay;
pub use terms::{Duty, HandOver, Standing, TermRow, duty, table, term_of};
pub use tickets::{TICKET_ROUNDS, end_ms as ticket_end_ms};

use crate::artefact::{Blocks, HistoryBlock, HistoryParts, Shelf, write_history};
use book::Book;
use evidence::Rounds;
use fact::Kind;
use lot::Lot;
use people::People;
use said::Said;
use settle::Desk;

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
    /// Every block of the history's artefact; none where they were put on another shelf.
    pub blocks: Blocks,
    /// What everybody who has a statement gets, by account.
    pub pay: Vec<Pay>,
    /// How many tasks were settled.
    pub task_count: usize,
    /// The snapshot that tickets may name from the next epoch on.
    pub eligibility: Eligibility,
    /// E(e): what the epoch may emit, base units.
    pub emission: u64,
    /// What of it is gone for good, base units.
    pub unemitted: u64,
    /// The least that a payout on a UTXO chain may be, base units.
    pub payout_min: u64,
    /// What the next epoch starts from.
    pub next: FoldState,
}

impl Folded {
    /// The statements, by account, as they stand in the artefact.
    ///
    /// # Errors
    /// [`FoldError::MissingBlock`]: the blocks were put on another shelf.
    pub fn statements(&self) -> Result<Vec<Statement>, FoldError> {
        Ok(Statement::joined(self.statement_rows()?))
    }

    /// The rows of the statements.
    ///
    /// # Errors
    /// As [`Folded::statements`].
    pub fn statement_rows(&self) -> Result<Vec<Statement>, FoldError> {
        self.blocks.read_rows(&self.block.statements, "chunk of statements")
    }

    /// The tasks, by id, as they stand in the artefact.
    ///
    /// # Errors
    /// As [`Folded::statements`].
    pub fn tasks(&self) -> Result<BTreeMap<Cid, TaskRow>, FoldError> {
        let rows: Vec<TaskRow> = self.blocks.read_rows(&self.block.tasks, "chunk of tasks")?;
        Ok(rows.into_iter().map(|row| (row.task, row)).collect())
    }
}

/// Folds a sealed epoch, and keeps its artefact in memory.
///
/// # Errors
/// Something is missing or the seal is not the next one; see [`FoldError`]. Nothing that an author did is an error.
pub fn fold_epoch(genesis: &Genesis, before: &FoldState, input: &EpochInput) -> Result<Folded, FoldError> {
    fold_parts(genesis, before, &input.seal, std::slice::from_ref(&input.part), rayon::current_num_threads())
}

/// Folds a sealed epoch, and puts its artefact on a shelf. What is read is let go as soon as it is not needed.
///
/// # Errors
/// As [`fold_epoch`], and the shelf's.
pub fn fold_onto(
    genesis: &Genesis,
    before: &FoldState,
    input: EpochInput,
    shelf: &mut dyn Shelf,
) -> Result<Folded, FoldError> {
    fold_part(genesis, before, &input.seal, Cow::Owned(input.part), rayon::current_num_threads(), shelf)
}

/// A missing round is seldom alone: an epoch of a store that was away lacks all of them.
fn name_all_rounds(error: FoldError, input: &Part, known: &Rounds<'_>) -> FoldError {
    let FoldError::MissingRounds(needed) = error else { return error };
    let mut named = input.named_rounds();
    named.extend(needed);
    FoldError::MissingRounds(named.into_iter().filter(|round| !known.has(*round)).collect())
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
    let input = match parts {
        [one] => Cow::Borrowed(one),
        _ => Cow::Owned(parts.iter().fold(Part::default(), |mut all, part| {
            all.merge(part);
            all
        })),
    };
    let mut blocks = Blocks::default();
    let folded = fold_part(genesis, before, seal, input, settle_parts, &mut blocks)?;
    Ok(Folded { blocks, ..folded })
}

fn fold_part(
    genesis: &Genesis,
    before: &FoldState,
    seal: &SealVector,
    part: Cow<'_, Part>,
    settle_parts: usize,
    shelf: &mut dyn Shelf,
) -> Result<Folded, FoldError> {
    let (epoch, input) = (seal.epoch, &*part);
    if before.epoch.checked_add(1) != Some(epoch) {
        return Err(FoldError::OutOfOrder { last: before.epoch, found: epoch });
    }
    let mut book = Book::new(genesis, before, input, epoch)?;
    let rounds = verify_rounds(genesis, input, &book)?;
    let (network, parameters) = (genesis.network_id(), &genesis.parameters);

    let snapshots = snapshots(genesis, before);
    let drawn = snapshots.values().flat_map(|snapshot| snapshot.rows()).map(|row| &row.account);
    let mut people = People::new(&before.accounts, input.accounts(), drawn.chain(input.linked(genesis)));
    links::come_into_force(&mut people, genesis, epoch);
    book.name(&people);
    let fresh = observe::observe(genesis, before, input, &mut book, &mut people);

    let mut shared = before.shared.clone();
    for (store, batch) in &seal.batches {
        if let Some(batch) = batch {
            shared.set_close(*store, *batch);
        }
    }
    let counting = book.observed().filter(|place| book.kind(*place) == Some(Kind::Decree));
    let counting = counting.filter(|place| book.at(*place).flaw.is_none());
    let decreed: BTreeMap<Cid, &Decree> = counting
        .filter_map(|place| match book.says(place)? {
            Said::Decree(decree) => Some((book.cid(place), decree)),
            _ => None,
        })
        .collect();
    let waiting: BTreeSet<Cid> = decrees::apply(&mut shared, genesis, network, epoch, &decreed).into_iter().collect();
    tickets::mark(genesis, &shared, &people, &mut book, &fresh);
    links::take(&mut people, genesis, parameters, &mut book, &fresh);

    sessions::forget_ended(&mut people, genesis.epoch_end_ms(epoch).saturating_sub(SESSION_MEMORY_MS));
    let closed = tickets::close(genesis, &mut book, epoch);
    advance::remember_tickets(&mut people, &closed);
    advance::take_capabilities(&mut people, &book, &fresh);

    let lots =
        snapshots.into_iter().map(|(epoch, snapshot)| (epoch, Lot::new(parameters, snapshot, &people))).collect();
    let (due, open): (Vec<_>, Vec<_>) = settle::roots(genesis, &book).into_iter().partition(|root| root.epoch <= epoch);
    let capabilities = settle::capabilities(&book, &fresh);
    let (rounds, lots) = (&rounds, &lots);
    let desk = Desk { genesis, network, before, book: &book, people: &people, rounds, capabilities, lots };
    let due = if epoch >= 0 { due } else { vec![] };
    let tasks = desk.settle(&due, settle_parts);
    let mut tasks = tasks.map_err(|error| name_all_rounds(error, input, rounds))?;

    let median = account::count_tasks(&mut tasks, &people, shared.median_units, parameters);
    shared.median_units = median.or(shared.median_units);
    let emission = emission_of(genesis, epoch);
    let split = account::share(&tasks, people.len(), emission, parameters.ramp_weight)?;

    advance::score(&mut people, &book, epoch, &tasks);
    advance::unlock(&mut people, &book, &tasks);
    let (statements, pay) = tell::statements(&book, &people, &tasks, &split, &closed, epoch, parameters, shelf)?;
    let unemitted = unemitted(epoch, emission, &split, &pay)?;

    let mut chunks = before.chunks.clone();
    advance::take_chunks(&mut chunks, &book, &fresh, &tasks);
    let rows = because::tasks(&book, &people, &tasks, shelf)?;
    let task_count = tasks.len();
    drop(tasks);
    let accounts = people.into_known();
    let eligibility = eligible::snapshot(genesis, &shared, &accounts, epoch);
    let mut snapshots = before.snapshots.clone();
    if epoch >= 0 {
        snapshots.insert(epoch, eligibility.clone());
        snapshots.retain(|sealed, _| sealed.saturating_add(SNAPSHOT_EPOCHS) > epoch);
    }
    let (carry, done) = advance::split(&book, &open, &waiting, epoch);
    let observed = advance::remember(before, Part::into_done(part, done), epoch);
    let mut next = FoldState { epoch, history: None, shared, accounts, carry, observed, snapshots, chunks };
    let parts = HistoryParts {
        network,
        parameters,
        previous: before.history,
        seal: seal.digest(),
        next: &next,
        eligibility: &eligibility,
        statements,
        tasks: rows,
    };
    let (history, block) = write_history(parts, shelf)?;
    next.history = Some(history);
    let blocks = Blocks::default();
    let payout_min = genesis.parameters.bch_payout_min;
    Ok(Folded { epoch, history, block, blocks, pay, task_count, eligibility, emission, unemitted, payout_min, next })
}

/// The snapshots that tickets may name: genesis's as the one of epoch -1.
pub fn snapshots(genesis: &Genesis, before: &FoldState) -> BTreeMap<EpochNumber, Eligibility> {
    let mut snapshots = before.snapshots.clone();
    snapshots.insert(GENESIS, Eligibility::of_genesis(genesis));
    snapshots
}

/// E(e), zero before epoch 0.
pub fn emission_of(genesis: &Genesis, epoch: EpochNumber) -> u64 {
    let emission = Emission { supply: genesis.fixed.supply, epochs: genesis.fixed.epochs };
    u32::try_from(epoch).map_or(0, |epoch| emission.epoch(Epoch(epoch)))
}

/// The stage `verify`: the rounds that messages name. Messages were verified when they came.
fn verify_rounds<'a>(genesis: &Genesis, input: &'a Part, book: &Book<'_>) -> Result<Rounds<'a>, FoldError> {
    let named = book.places().filter_map(|place| book.row(place));
    let named = named.filter(|row| matches!(row.kind(), Kind::Ticket | Kind::VerdictCommit));
    let named: HashSet<u64> = named.filter_map(|row| book.content(row).round()).collect();
    let mut rounds = Vec::with_capacity(named.len());
    for (round, signature) in input.rounds.iter().filter(|(round, _)| named.contains(*round)) {
        if input.verified.get(round) != Some(signature) {
            genesis.beacon.verify_round(*round, signature).map_err(|_| FoldError::WrongRound(*round))?;
        }
        rounds.push((*round, signature));
    }
    Ok(Rounds::new(rounds))
}

/// What is gone for good. Checks that nothing was made: all statements' net and held, and this, are the emission.
fn unemitted(epoch: EpochNumber, emission: u64, split: &account::Split, pay: &[Pay]) -> Result<u64, FoldError> {
    let sum = |of: fn(&Pay) -> u64| pay.iter().map(|s| u128::from(of(s))).sum::<u128>();
    let gate = sum(|s| s.gross) - sum(|s| s.gated);
    let unemitted = u128::from(split.unemitted) + gate;
    let after = sum(|s| s.net) + sum(|s| s.held) + unemitted;
    if after != u128::from(emission) {
        return Err(FoldError::Conservation { epoch, before: emission.into(), after });
    }
    Ok(u64::try_from(unemitted).expect("at most the emission"))
}
