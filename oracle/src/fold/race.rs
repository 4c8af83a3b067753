//! A task as a sequence of events: who raced, who revealed, who judged, in the order of observation.

use liaise_ledger::draw::{self, Openings, Timeline};
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{Account, Hash};

use super::book::Book;
use super::evidence::{self, Rounds};
use super::fact::{Opened, Promised, Root, Ruled};
use super::few::Few;
use super::lot::{Draw, Lot, RowAt};
use super::part::Place;
use super::people::{People, Person};
use super::reasons::ReasonCode;
use super::said::Said;

/// A message of a task that counts.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    /// When it was observed, milliseconds since 1970.
    pub at_ms: u64,
    /// Its number.
    pub place: Place,
    /// Whose it is.
    pub who: Person,
    /// What it says.
    pub says: Said<'a>,
    /// Numbers of its parents.
    pub parents: &'a [Place],
}

impl Event<'_> {
    fn parent(&self, at: u8) -> Place {
        self.parents[usize::from(at)]
    }
}

/// What a task is about.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// What its root asks for.
    pub root: &'a Root,
    /// Its number.
    pub place: Place,
    /// The ticket's adapter.
    pub adapter: Hash,
    /// Its start: the root's observation, or its round's time where that is later. Milliseconds since 1970.
    pub start_ms: u64,
    /// The draw.
    pub draw: &'a Draw<'a>,
    /// The snapshot that was drawn from.
    pub lot: &'a Lot,
}

/// A result that opens its commit.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// The result's message.
    pub event: Event<'a>,
    /// The result.
    pub result: &'a Opened,
    /// From prompt to commit, nanoseconds: the lower median over the witnesses.
    pub latency_ns: u64,
}

/// A verdict that opens its commit, with evidence that holds.
#[derive(Clone, Copy)]
pub struct Ruling<'a> {
    /// The verdict's message.
    pub event: Event<'a>,
    /// The judge.
    pub judge: Person,
    /// The racer whose result it is about.
    pub about: Person,
    /// 0 to 1000.
    pub score: u16,
    /// By an auditor that a refusal called.
    pub is_audit: bool,
}

/// What is said of a participant: the reason, and the message that it rests on, if one does.
#[derive(Clone, Copy)]
pub struct Remark {
    /// Whose.
    pub who: Person,
    /// Whether it counts as a job: null where it counts for nothing, else whether it was done well.
    pub scored: Option<bool>,
    /// What happened.
    pub code: ReasonCode,
    /// The message.
    pub message: Option<Place>,
}

/// A verdict-commit that was taken.
#[derive(Clone, Copy)]
struct Promise {
    place: Place,
    hash: Hash,
    round: u64,
    is_audit: bool,
}

/// See the module.
pub struct Race<'a> {
    genesis: &'a Genesis,
    people: &'a People,
    book: &'a Book<'a>,
    task: Task<'a>,
    timeline: Timeline,
    /// Commits by account: their numbers, and what they hold.
    commits: Few<Person, (Place, Hash)>,
    /// Results by account.
    pub entries: Few<Person, Entry<'a>>,
    /// Verdict-commits by account and result.
    verdict_commits: Few<(Person, Place), Promise>,
    /// Verdicts that count, in the order of observation.
    pub rulings: Vec<Ruling<'a>>,
    /// Refusals that call or called auditors: (refuser, whose result).
    pub refusals: Few<(Person, Person), ()>,
    /// Whom the first refusal called, in draw order; null before one.
    pub panel: Option<Vec<Person>>,
    acted: Few<Person, ()>,
    /// What judges open by the round that the last verdict named: mostly it is the same for all.
    openings: Option<(u64, Openings)>,
    /// What was not taken, and why; later what everybody did.
    pub remarks: Vec<Remark>,
}

impl<'a> Race<'a> {
    /// Runs a task's events, which stand in the order of observation and id.
    pub fn run(
        genesis: &'a Genesis,
        people: &'a People,
        book: &'a Book<'a>,
        task: Task<'a>,
        events: &[Event<'a>],
        rounds: &Rounds<'_>,
    ) -> Race<'a> {
        let mut race = Race {
            genesis,
            people,
            book,
            timeline: Timeline { prompt_ms: task.start_ms, commit_ms: None, result_ms: None, judged_ms: None },
            task,
            commits: Few::default(),
            entries: Few::default(),
            verdict_commits: Few::default(),
            rulings: vec![],
            refusals: Few::default(),
            panel: None,
            acted: Few::default(),
            openings: None,
            remarks: vec![],
        };
        for event in events {
            race.take(event, rounds);
        }
        race
    }

    fn take(&mut self, event: &Event<'a>, rounds: &Rounds<'_>) {
        let refused = match event.says {
            Said::Commit(hash) => self.take_commit(event, *hash),
            Said::Result(result) => self.take_result(event, result),
            Said::VerdictCommit(promised) => self.take_verdict_commit(event, promised),
            Said::Verdict(verdict) => self.take_verdict(event, verdict, rounds),
            _ => Ok(()),
        };
        if let Err(code) = refused {
            self.remark(event.who, None, code, Some(event.place));
        }
    }

    /// Says something about a participant.
    pub fn remark(&mut self, who: Person, scored: Option<bool>, code: ReasonCode, message: Option<Place>) {
        self.remarks.push(Remark { who, scored, code, message });
    }

    fn limit(&self, seconds: u64) -> u64 {
        self.task.start_ms.saturating_add(seconds * 1000)
    }

    fn take_commit(&mut self, event: &Event<'a>, hash: Hash) -> Result<(), ReasonCode> {
        if self.commits.has(&event.who) {
            return Ok(());
        }
        if event.at_ms > self.limit(self.genesis.parameters.result_s) {
            return Err(ReasonCode::Late);
        }
        let might = self.timeline.racers(event.at_ms, &self.genesis.parameters);
        if !self.task.draw.is_among(event.who, might) {
            return Err(ReasonCode::NotAssigned);
        }
        self.commits.put(event.who, (event.place, hash));
        self.acted.put(event.who, ());
        self.timeline.commit_ms.get_or_insert(event.at_ms);
        Ok(())
    }

    fn take_result(&mut self, event: &Event<'a>, result: &'a Opened) -> Result<(), ReasonCode> {
        if self.entries.has(&event.who) {
            return Ok(());
        }
        if event.at_ms > self.limit(self.genesis.parameters.result_s) {
            return Err(ReasonCode::Late);
        }
        let opened = event.parent(result.commit);
        let commit = self.commits.get(&event.who).filter(|(commit, _)| *commit == opened);
        let (commit, hash) = commit.ok_or(ReasonCode::BadOpening)?;
        if result.hash != *hash {
            return Err(ReasonCode::BadOpening);
        }
        if !self.binds(result) {
            return Err(ReasonCode::BindingIncomplete);
        }
        let latency_ns = self.book.latency(self.task.place, *commit).ok_or(ReasonCode::NoLatency)?;
        self.timeline.result_ms.get_or_insert(event.at_ms);
        self.entries.put(event.who, Entry { event: *event, result, latency_ns });
        self.call_auditors(event.at_ms);
        Ok(())
    }

    /// Whether a result names everything that it used, as the ticket and the prompt ask (R14).
    fn binds(&self, result: &Opened) -> bool {
        let root = self.task.root;
        let as_asked = root.text.is_none() || result.snapshot == root.snapshot;
        result.is_complete && as_asked && result.adapter == self.task.adapter
    }

    /// The racer whose result stands at a place, and that.
    fn entry_of(&self, result: Place) -> Option<&(Person, Entry<'a>)> {
        self.entries.iter().find(|(_, entry)| entry.event.place == result)
    }

    fn take_verdict_commit(&mut self, event: &Event<'a>, promised: &Promised) -> Result<(), ReasonCode> {
        let Promised { hash, round, .. } = *promised;
        let result = event.parent(promised.result);
        if self.verdict_commits.has(&(event.who, result)) {
            return Ok(());
        }
        let entry = self.entry_of(result).filter(|(racer, _)| *racer != event.who);
        let (_, entry) = entry.ok_or(ReasonCode::NotAssigned)?;
        let is_audit = self.panel.as_ref().is_some_and(|panel| panel.contains(&event.who));
        let might = self.timeline.judges(event.at_ms, &self.genesis.parameters);
        let judges = self.task.draw.is_among(event.who, might);
        if !self.task.lot.may_judge(event.who) || !(is_audit || judges) {
            return Err(ReasonCode::NotAssigned);
        }
        if !evidence::round_fits(self.genesis, round, event.at_ms, entry.event.at_ms) {
            return Err(ReasonCode::VerdictRound);
        }
        self.acted.put(event.who, ());
        let promise = Promise { place: event.place, hash, round, is_audit };
        self.verdict_commits.put((event.who, result), promise);
        Ok(())
    }

    fn take_verdict(&mut self, event: &Event<'a>, verdict: &'a Ruled, rounds: &Rounds<'_>) -> Result<(), ReasonCode> {
        let (judge, result) = (event.who, event.parent(verdict.result));
        let opened = event.parent(verdict.commit);
        let promise = self.verdict_commits.get(&(judge, result)).filter(|promise| promise.place == opened);
        let Promise { hash, round, is_audit, .. } = *promise.ok_or(ReasonCode::BadEvidence)?;
        let about = self.entry_of(result).expect("its verdict commit was taken").0;
        if self.rulings.iter().any(|ruling| ruling.judge == judge && ruling.about == about) {
            return Ok(());
        }
        let parameters = &self.genesis.parameters;
        let seconds = if is_audit { parameters.deadline_s } else { parameters.verdict_s };
        if event.at_ms > self.limit(seconds) {
            return Err(ReasonCode::Late);
        }
        if !self.holds(rounds, hash, round, verdict, judge) {
            return Err(ReasonCode::BadEvidence);
        }
        self.rulings.push(Ruling { event: *event, judge, about, score: verdict.score, is_audit });
        if self.accepting(about) >= super::decide::ACCEPTING {
            self.timeline.judged_ms.get_or_insert(event.at_ms);
        }
        self.call_auditors(event.at_ms);
        Ok(())
    }

    /// Whether a verdict opens the commit that holds `hash`, and shows what the round drew of the judge's values.
    fn holds(&mut self, rounds: &Rounds<'_>, hash: Hash, round: u64, verdict: &Ruled, judge: Person) -> bool {
        let Some(signature) = rounds.get(round).filter(|_| evidence::opens(hash, verdict)) else { return false };
        let known = self.openings.take().filter(|(known, _)| *known == round);
        let fresh = || (round, Openings::new(&self.task.draw.seed, signature));
        let (_, openings) = self.openings.insert(known.unwrap_or_else(fresh));
        let judge = self.task.lot.hash(judge).expect("who judges was drawn");
        verdict.positions.iter().copied().eq(openings.positions(judge, verdict.count, evidence::OPENED))
    }

    /// How many judges accept a racer's result.
    pub fn accepting(&self, racer: Person) -> usize {
        let about = self.rulings.iter().filter(|ruling| ruling.about == racer && !ruling.is_audit);
        about.filter(|ruling| ruling.score >= super::decide::ACCEPT_SCORE).count()
    }

    /// A refusal by a node that has revealed a result of its own calls auditors, the first one of a task.
    fn call_auditors(&mut self, now_ms: u64) {
        let refusals = self.rulings.iter().filter(|r| r.score < super::decide::ACCEPT_SCORE && !r.is_audit);
        for ruling in refusals.filter(|ruling| self.entries.has(&ruling.judge)) {
            self.refusals.put((ruling.judge, ruling.about), ());
        }
        if self.refusals.is_empty() || self.panel.is_some() || now_ms > self.limit(self.genesis.parameters.deadline_s) {
            return;
        }
        let lot = self.task.lot;
        let panel = draw::auditors(
            self.task.draw.iter().map(|row| row as usize),
            &self.genesis.parameters,
            |row| self.acted.has(&lot.person(row as RowAt)),
            |row| lot.may_judge(lot.person(row as RowAt)),
        );
        self.panel = Some(panel.into_iter().map(|row| lot.person(row as RowAt)).collect());
    }

    /// Who was called to race in all, in draw order.
    pub fn called(&self) -> impl Iterator<Item = Person> {
        let until = self.limit(self.genesis.parameters.result_s);
        let racers = self.task.draw.first(self.timeline.racers(until, &self.genesis.parameters));
        let lot = self.task.lot;
        racers.iter().map(move |row| lot.person(*row))
    }

    /// Somebody's place in the draw.
    pub fn place(&self, who: Person) -> Option<usize> {
        self.task.draw.place(who)
    }

    /// What decides a tie: the lowest wins.
    pub fn tie_rank(&self, who: Person) -> Hash {
        self.task.draw.seed.tie_rank(self.name(who))
    }

    /// An account.
    pub fn name(&self, who: Person) -> &'a Account {
        self.people.name(who)
    }

    /// The result of a racer who has one.
    pub fn entry(&self, racer: Person) -> &Entry<'a> {
        self.entries.get(&racer).expect("what was decided about is there")
    }

    /// The commit that was taken of an account.
    pub fn commit(&self, who: Person) -> Option<Place> {
        self.commits.get(&who).map(|(place, _)| *place)
    }

    /// The commits that were taken: account and message.
    pub fn commits(&self) -> impl Iterator<Item = (Person, Place)> {
        self.commits.iter().map(|(who, (place, _))| (*who, *place))
    }
}
