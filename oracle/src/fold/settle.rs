//! The stage `settle`: every task whose deadline has passed, one at a time, independent of all others.

use std::collections::BTreeMap;

use liaise_ledger::body::Ticket;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{EpochNumber, Hash};
use rayon::prelude::*;

use super::book::Book;
use super::deal::Dealt;
use super::decide::{Outcome, decide};
use super::evidence::{Rounds, round_fits};
use super::fact::{Drawing, Root as Asked, digest};
use super::lot::{Kept, Lot};
use super::part::{NOWHERE, Place};
use super::people::{NOBODY, People, Person};
use super::race::{Event, Race, Task};
use super::reasons::ReasonCode;
use super::said::Said;
use super::state::FoldState;
use super::tickets::drawing_at;
use super::{FoldError, observe};

/// The snapshots of this epoch and those before are genesis's.
pub const GENESIS: EpochNumber = -1;

/// What settling reads.
pub struct Desk<'a> {
    /// The network.
    pub genesis: &'a Genesis,
    /// Its id.
    pub network: Hash,
    /// The state before the epoch.
    pub before: &'a FoldState,
    /// Messages.
    pub book: &'a Book<'a>,
    /// Accounts.
    pub people: &'a People,
    /// Verified rounds.
    pub rounds: &'a Rounds<'a>,
    /// Capabilities that this seal observed, by account: whose, where, from which round on it drains.
    pub capabilities: Vec<(Person, Place, Option<u64>)>,
    /// Snapshots that tickets name, and genesis's at [`GENESIS`].
    pub lots: &'a BTreeMap<EpochNumber, Lot>,
}

/// A root of a task that counts, with its ticket.
#[derive(Clone, Copy)]
pub struct Root<'a> {
    /// Where it stands in the book.
    pub place: Place,
    asked: &'a Asked,
    /// Where its ticket stands.
    pub ticket_place: Place,
    ticket: &'a Ticket,
    kept: Option<&'a Kept>,
    user: Person,
    asked_ms: u64,
    start_ms: u64,
    /// The epoch that holds the deadline.
    pub epoch: EpochNumber,
}

/// The capabilities among what a seal observed, by account.
pub fn capabilities(book: &Book<'_>, fresh: &[(u64, Place)]) -> Vec<(Person, Place, Option<u64>)> {
    let capability = |(_, place): &(u64, Place)| match book.says(*place)? {
        Said::Capability(body) => Some((book.at(*place).who, *place, body.drain_round)),
        _ => None,
    };
    let mut capabilities: Vec<_> = fresh.iter().filter_map(capability).collect();
    capabilities.sort_unstable();
    capabilities
}

/// The roots of tasks that count, whatever their epoch; by id.
pub fn roots<'a>(genesis: &Genesis, book: &Book<'a>) -> Vec<Root<'a>> {
    let root = |place: Place| {
        let asked_ms = book.counts_from(place)?;
        let Some(Said::Root(asked)) = book.says(place) else { return None };
        let ticket_place = book.parent(place, asked.ticket);
        let Drawing { ticket, kept } = drawing_at(book, ticket_place)?;
        let start_ms = asked_ms.max(genesis.round_time_ms(ticket.round));
        let deadline = start_ms.saturating_add(genesis.parameters.deadline_s * 1000);
        let epoch = observe::epoch_of(genesis, deadline, book.observation(place)?.seal);
        let user = book.at(place).who;
        (user != NOBODY).then_some(Root {
            place,
            asked,
            ticket_place,
            ticket,
            kept: kept.as_ref(),
            user,
            asked_ms,
            start_ms,
            epoch,
        })
    };
    let mut roots: Vec<Root<'a>> = book.observed().filter_map(root).collect();
    roots.sort_unstable_by_key(|root| book.id(root.place));
    roots
}

/// The messages that count of each of some tasks, which stand in some order.
fn messages_of(book: &Book<'_>, roots: &[Root<'_>], order: &[u32]) -> Dealt<Place> {
    let mut number = vec![NOWHERE; book.len()];
    for (index, root) in (0..).zip(order) {
        number[roots[*root as usize].place as usize] = index;
    }
    Dealt::new(order.len(), || {
        let counting = book.observed().filter(|place| book.at(*place).flaw.is_none());
        counting.filter_map(|place| {
            let task = book.task_of(place);
            let index = number.get(task as usize).copied().filter(|index| *index != NOWHERE)?;
            Some((index as usize, place))
        })
    })
}

/// What a line of a task rests on.
#[derive(Clone, PartialEq, Eq)]
pub enum Rest {
    /// A message of the epoch.
    At(Place),
    /// A message that an earlier epoch observed.
    Earlier(Box<Hash>),
}

/// A participant's part in a task, by numbers: see [`super::statement::TaskLine`].
#[derive(Clone)]
pub struct Line {
    /// Whose.
    pub who: Person,
    /// Whether it counts as a job.
    pub scored: Option<bool>,
    /// What happened.
    pub code: ReasonCode,
    /// What shows it.
    pub rests_on: Rest,
}

/// Who won a task.
#[derive(Clone, Copy)]
pub struct Won {
    /// Who.
    pub who: Person,
    /// Its result.
    pub result: Place,
    /// From prompt to commit, nanoseconds.
    pub latency_ns: u64,
}

/// A settled task, by numbers: see [`super::statement::TaskRow`].
pub struct Settled {
    /// Its root.
    pub root: Place,
    /// Its ticket.
    pub ticket: Place,
    /// The ticket's adapter.
    pub adapter: Hash,
    /// Who asked.
    pub user: Person,
    /// When, milliseconds since 1970.
    pub asked_ms: u64,
    /// Who won.
    pub winner: Option<Won>,
    /// Work units of the result.
    pub units: u64,
    /// Units that count under the user's cap.
    pub counted: u64,
    /// The user's unlocked thousandths.
    pub unlock_permille: u16,
    /// The user's used tickets, thousandths.
    pub used_permille: u16,
    /// Judges that are paid, in draw order.
    pub judges: Box<[Person]>,
    /// Auditors that a refusal called, in draw order.
    pub auditors: Box<[Person]>,
    /// What each participant did, by account.
    pub lines: Box<[Line]>,
}

impl Settled {
    /// counted units · unlock‰ · used‰.
    pub fn weight(&self) -> u128 {
        u128::from(self.counted) * u128::from(self.unlock_permille) * u128::from(self.used_permille)
    }
}

impl<'a> Desk<'a> {
    /// Settles tasks, on all cores where `parts` is more than one: they settle the same wherever they do.
    ///
    /// # Errors
    /// A round or a snapshot is missing.
    pub fn settle(&self, roots: &[Root<'a>], parts: usize) -> Result<Vec<Settled>, FoldError> {
        // In the order of arrival: neighbours' messages are neighbours in memory. By id each would be somewhere else.
        let mut order: Vec<u32> = (0..roots.len() as u32).collect();
        order.sort_unstable_by_key(|index| roots[*index as usize].place);
        let messages = messages_of(self.book, roots, &order);
        let size = roots.len().div_ceil(parts.max(1)).max(1);
        let settle = |(at, index): (usize, &u32)| self.task(&roots[*index as usize], messages.of(at));
        let settled = order.par_iter().enumerate().with_min_len(size).map(settle);
        let settled: Vec<Settled> = settled.collect::<Result<_, _>>()?;
        let mut by_id: Vec<Option<Settled>> = Vec::new();
        by_id.resize_with(roots.len(), || None);
        order.into_iter().zip(settled).for_each(|(index, task)| by_id[index as usize] = Some(task));
        Ok(by_id.into_iter().map(|task| task.expect("each is settled once")).collect())
    }

    fn task(&self, root: &Root<'a>, messages: &[Place]) -> Result<Settled, FoldError> {
        let round = root.ticket.round;
        let signature = self.rounds.get(round).ok_or_else(|| FoldError::MissingRounds(vec![round]))?;
        let lot = self
            .lots
            .get(&root.ticket.snapshot.max(GENESIS))
            .ok_or(FoldError::MissingSnapshot(root.ticket.snapshot))?;
        let id = || *self.book.id(root.ticket_place);
        let kept = lot.kept(root.kept);
        let seed = kept.map(|kept| kept.seed);
        let seed = seed.unwrap_or_else(|| lot.urn().seed(self.genesis, self.network, id(), root.ticket, signature));
        let draw = lot.draw(seed, root.ticket.adapter, kept.map(|kept| &kept.front));
        let mut events: Vec<Event<'a>> = messages.iter().filter_map(|place| self.event(*place)).collect();
        events.sort_unstable_by_key(|event| (event.at_ms, self.book.id(event.place)));
        let missing = events.iter().find_map(|event| match event.says {
            Said::VerdictCommit(promised) if !self.is_round_known(promised.round, event.at_ms) => Some(promised.round),
            _ => None,
        });
        if let Some(round) = missing {
            return Err(FoldError::MissingRounds(vec![round]));
        }
        let task = Task {
            root: root.asked,
            place: root.place,
            adapter: root.ticket.adapter,
            start_ms: root.start_ms,
            draw: &draw,
            lot,
        };
        let mut race = Race::run(self.genesis, self.people, self.book, task, &events, self.rounds);
        let outcome = decide(&mut race, &self.genesis.parameters);
        Ok(self.row(root, &race, outcome))
    }

    /// Whether a verdict commit's round is at hand, or too far ahead to be asked for.
    fn is_round_known(&self, round: u64, at_ms: u64) -> bool {
        self.rounds.has(round) || !round_fits(self.genesis, round, at_ms, at_ms)
    }

    fn event(&self, place: Place) -> Option<Event<'a>> {
        let (at_ms, says) = (self.book.counts_from(place)?, self.book.says(place)?);
        let (who, parents) = (self.book.at(place).who, self.book.parents(place));
        (who != NOBODY).then_some(Event { at_ms, place, who, says, parents })
    }

    /// The message that excuses somebody's silence: its newest capability before the round is a drain (R108).
    fn drain(&self, root: &Root<'_>, who: Person) -> Option<cid::Cid> {
        let round_ms = self.genesis.round_time_ms(root.ticket.round);
        let known = self.before.accounts.get(self.people.name(who)).and_then(|state| state.capability.as_ref());
        let known = known.map(|known| (known.at_ms, known.message, known.drain_round));
        let first = self.capabilities.partition_point(|(owner, ..)| *owner < who);
        let fresh = self.capabilities[first..].iter().take_while(|(owner, ..)| *owner == who);
        let all =
            fresh.filter_map(|(_, place, drain)| Some((self.book.counts_from(*place)?, self.book.cid(*place), *drain)));
        let (_, message, drain) = all.chain(known).filter(|(at_ms, ..)| *at_ms <= round_ms).max()?;
        drain.is_some_and(|drain| drain <= root.ticket.round).then_some(message)
    }

    fn row(&self, root: &Root<'a>, race: &Race<'_>, outcome: Outcome) -> Settled {
        let mut lines: Vec<Line> = Vec::with_capacity(race.remarks.len() + 1);
        for remark in &race.remarks {
            let drain = (remark.code == ReasonCode::Silent).then(|| self.drain(root, remark.who)).flatten();
            let shown = Rest::At(remark.message.unwrap_or(root.place));
            let (scored, code, rests_on) = match drain {
                Some(message) => (None, ReasonCode::SilentExcused, Rest::Earlier(Box::new(digest(&message)))),
                None => (remark.scored, remark.code, shown),
            };
            lines.push(Line { who: remark.who, scored, code, rests_on });
        }
        let won = outcome.winner.map(|winner| (winner, race.entry(winner)));
        let code = if won.is_some() { ReasonCode::Prompted } else { ReasonCode::NoWinner };
        lines.push(Line { who: root.user, scored: None, code, rests_on: Rest::At(root.place) });
        lines.sort_unstable_by_key(|line| (line.who, line.scored, line.code, self.book.named(&line.rests_on)));
        let adapter = self.before.shared.adapters.iter().find(|adapter| adapter.id == root.ticket.adapter);
        let max_units = adapter.and_then(|adapter| adapter.max_units).unwrap_or(u64::MAX).min(root.ticket.max_units);
        Settled {
            root: root.place,
            ticket: root.ticket_place,
            adapter: root.ticket.adapter,
            user: root.user,
            asked_ms: root.asked_ms,
            winner: won.map(|(who, entry)| Won { who, result: entry.event.place, latency_ns: entry.latency_ns }),
            units: won.map_or(0, |(_, entry)| entry.result.units.min(max_units)),
            counted: 0,
            unlock_permille: 0,
            used_permille: 0,
            judges: outcome.judges.into(),
            auditors: race.panel.iter().flatten().copied().collect(),
            lines: lines.into(),
        }
    }
}
