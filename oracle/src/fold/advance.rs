//! From one epoch's end to the state that the next one starts from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cid::Cid;
use liaise_ledger::body::Prompt;
use liaise_ledger::{Account, Author, Body, EpochNumber, Hash, Verified};

use super::observe::{is_forgotten, place_of};
use super::reasons::{Reason, ReasonCode};
use super::state::{AccountState, CapabilityState, Carried, Done, Flaw, FoldState, TICKETS_REMEMBERED, WINDOW_EPOCHS};
use super::statement::TaskRow;
use super::tickets::{Closed, ticket_of};
use super::unlock::next_h;

type Messages = BTreeMap<Cid, Arc<Verified>>;
type Accounts = BTreeMap<Account, AccountState>;

/// The reason that a flaw becomes in a statement.
fn code_of(flaw: Flaw) -> ReasonCode {
    match flaw {
        Flaw::Equivocation => ReasonCode::Equivocation,
        Flaw::Session => ReasonCode::Session,
        Flaw::TicketRound => ReasonCode::TicketRound,
        Flaw::TicketSnapshot => ReasonCode::TicketSnapshot,
        Flaw::TicketAdapter => ReasonCode::TicketAdapter,
        Flaw::TicketOpen => ReasonCode::TicketOpen,
        Flaw::PromptTicket => ReasonCode::PromptTicket,
        Flaw::PromptSecond => ReasonCode::PromptSecond,
        Flaw::Curator => ReasonCode::Curator,
    }
}

/// What is said of an account beside its tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Messages of its own that belong to the epoch, or tickets that closed.
    pub messages: BTreeSet<Cid>,
    /// Reasons that rest on some of them.
    pub reasons: Vec<Reason>,
}

/// What an epoch's messages say about their authors beside tasks: everybody who said something has a note. A message that
/// was observed at an earlier seal, in the time between that epoch's end and its close, belongs here.
pub fn notes(
    messages: &Messages,
    carry: &BTreeMap<Cid, Carried>,
    epoch: EpochNumber,
    closed: &[Closed],
) -> BTreeMap<Account, Note> {
    let mut notes: BTreeMap<Account, Note> = BTreeMap::new();
    for (id, carried) in of_epoch(carry, epoch) {
        if let Author::Account(account) = &messages[id].message.author {
            let note = notes.entry(account.clone()).or_default();
            note.messages.insert(*id);
            note.reasons.extend(carried.flaw.map(|flaw| Reason::of(code_of(flaw), [*id])));
        }
    }
    for closed in closed {
        let note = notes.entry(closed.account.clone()).or_default();
        note.messages.insert(closed.ticket);
        if closed.root.is_none() {
            note.reasons.push(Reason::of(ReasonCode::TicketUnused, [closed.ticket]));
        }
    }
    notes
}

/// What belongs to an epoch of all that is carried.
fn of_epoch(carry: &BTreeMap<Cid, Carried>, epoch: EpochNumber) -> impl Iterator<Item = (&Cid, &Carried)> {
    carry.iter().filter(move |(_, carried)| carried.observation.is_some_and(|observation| observation.epoch == epoch))
}

/// Closed tickets join their users' last ones.
pub fn remember_tickets(accounts: &mut Accounts, closed: &[Closed]) {
    for closed in closed {
        let tickets = &mut accounts.entry(closed.account.clone()).or_default().tickets;
        tickets.push(closed.root.is_some());
        let surplus = tickets.len().saturating_sub(TICKETS_REMEMBERED);
        tickets.drain(..surplus);
    }
}

/// Capabilities that a seal observed; the newest of an account counts.
pub fn take_capabilities(
    accounts: &mut Accounts,
    messages: &Messages,
    carry: &BTreeMap<Cid, Carried>,
    fresh: &[(u64, Cid)],
) {
    for (at_ms, id) in fresh.iter().filter(|(_, id)| carry[id].flaw.is_none()) {
        let message = &messages[id].message;
        let (Author::Account(account), Body::Capability(body)) = (&message.author, &message.body) else { continue };
        let state = accounts.entry(account.clone()).or_default();
        let newer = |known: &CapabilityState| (known.at_ms, known.message) < (*at_ms, *id);
        if state.capability.as_ref().is_none_or(newer) {
            state.capability = Some(CapabilityState {
                message: *id,
                at_ms: *at_ms,
                adapters: body.adapters.clone(),
                light: body.light,
                drain_round: body.drain_round,
            });
        }
    }
}

/// Jobs, equivocations and unlocks of an epoch.
pub fn score(
    accounts: &mut Accounts,
    messages: &Messages,
    carry: &BTreeMap<Cid, Carried>,
    epoch: EpochNumber,
    tasks: &BTreeMap<Cid, TaskRow>,
) {
    for row in tasks.values() {
        let mut jobs: BTreeMap<&Account, bool> = BTreeMap::new();
        for line in &row.lines {
            if let Some(good) = line.scored {
                let all_good = jobs.entry(&line.account).or_insert(true);
                *all_good &= good;
            }
        }
        for (account, good) in jobs {
            let state = accounts.entry(account.clone()).or_default();
            state.scored_jobs += 1;
            state.failed_jobs += u64::from(!good);
        }
    }
    let mut doubled: BTreeMap<Hash, Account> = BTreeMap::new();
    for (id, _) in of_epoch(carry, epoch).filter(|(_, carried)| carried.flaw == Some(Flaw::Equivocation)) {
        let message = &messages[id].message;
        if let Author::Account(account) = &message.author {
            doubled.insert(place_of(message), account.clone());
        }
    }
    for account in doubled.into_values() {
        let state = accounts.entry(account).or_default();
        state.scored_jobs += 1;
        state.failed_jobs += 1;
    }
}

/// Every account's h at the epoch's end: distinct texts of prompts whose task was accepted.
pub fn unlock(accounts: &mut Accounts, messages: &Messages, tasks: &BTreeMap<Cid, TaskRow>) {
    let mut texts: BTreeMap<&Account, BTreeSet<Hash>> = BTreeMap::new();
    for row in tasks.values().filter(|row| row.winner.is_some()) {
        if let Body::Prompt(Prompt { text, .. }) = &messages[&row.task].message.body {
            texts.entry(&row.user).or_default().insert(Hash::of(&[text.as_bytes()]));
        }
    }
    let counts: Vec<(Account, u64)> = texts.iter().map(|(user, texts)| ((*user).clone(), texts.len() as u64)).collect();
    for state in accounts.values_mut() {
        state.unlock = next_h(state.unlock, 0);
    }
    for (user, prompts) in counts {
        let state = accounts.entry(user).or_default();
        state.unlock += next_h(0, prompts);
    }
}

/// Chunks of accepted adds come in, removed ones go out for good.
pub fn take_chunks(
    chunks: &mut BTreeMap<Hash, bool>,
    messages: &Messages,
    carry: &BTreeMap<Cid, Carried>,
    fresh: &[(u64, Cid)],
    tasks: &BTreeMap<Cid, TaskRow>,
) {
    for row in tasks.values().filter(|row| row.winner.is_some()) {
        if let Body::RetrievalAdd(add) = &messages[&row.task].message.body {
            for id in add.chunks.iter().filter_map(|chunk| Hash::from_cid(&chunk.blob)) {
                chunks.entry(id).or_insert(true);
            }
        }
    }
    for (_, id) in fresh.iter().filter(|(_, id)| carry[id].flaw.is_none()) {
        if let Body::RetrievalRemove(remove) = &messages[id].message.body {
            chunks.extend(remove.chunks.iter().filter_map(Hash::from_cid).map(|id| (id, false)));
        }
    }
}

/// Splits what is carried into what the next epoch needs and what is done with, and forgets what is too old.
pub fn split(
    messages: &Messages,
    carry: BTreeMap<Cid, Carried>,
    open_roots: &BTreeSet<Cid>,
    waiting: &BTreeSet<Cid>,
    seal: EpochNumber,
) -> (BTreeMap<Cid, Carried>, BTreeMap<Hash, Done>) {
    let open_tickets: BTreeSet<Cid> =
        open_roots.iter().filter_map(|root| ticket_of(&messages.get(root)?.message.body)).collect();
    let mut next = BTreeMap::new();
    let mut done = BTreeMap::new();
    for (id, carried) in carry {
        let Some(observation) = carried.observation else {
            if !is_forgotten(&carried, seal) {
                next.insert(id, carried);
            }
            continue;
        };
        let message = &messages[&id].message;
        let is_needed = match &message.body {
            Body::Ticket(_) => !carried.closed || open_tickets.contains(&id),
            Body::Decree(_) => waiting.contains(&id),
            _ => open_roots.contains(&id) || message.task.is_some_and(|task| open_roots.contains(&task)),
        };
        // What belongs to the next epoch stays for its statements, whatever it is.
        if observation.epoch > seal || carried.flaw.is_none() && is_needed {
            next.insert(id, carried);
        } else {
            let digest = Hash::from_cid(&id).expect("a message id");
            done.insert(digest, Done { place: place_of(message), at_ms: observation.at_ms });
        }
    }
    (next, done)
}

/// Adds a seal's rows to the window and drops those that left it.
pub fn remember(
    before: &FoldState,
    done: BTreeMap<Hash, Done>,
    seal: EpochNumber,
) -> BTreeMap<EpochNumber, BTreeMap<Hash, Done>> {
    let mut observed = before.observed.clone();
    observed.insert(seal, done);
    observed.retain(|epoch, _| epoch.saturating_add(WINDOW_EPOCHS) > seal);
    observed
}
