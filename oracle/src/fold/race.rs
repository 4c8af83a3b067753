//! A task as a sequence of events: who raced, who revealed, who judged, in the order of observation.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::assignment::Assignment;
use liaise_ledger::body::{Body, TaskResult, Verdict};
use liaise_ledger::draw::{self, Timeline};
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{Account, Hash};

use super::evidence::{self, Rounds};
use super::latency;
use super::reasons::{Reason, ReasonCode};
use super::state::StoreReceipt;
use super::statement::TaskLine;

/// A message of a task that counts.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// When it was observed, milliseconds since 1970.
    pub at_ms: u64,
    /// Its id.
    pub id: Cid,
    /// Whose.
    pub account: &'a Account,
    /// What it says.
    pub body: &'a Body,
    /// Its counted receipts, by store key.
    pub receipts: &'a [StoreReceipt],
}

/// What a task is about.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The prompt or retrieval-add.
    pub root: Event<'a>,
    /// Its start: the root's observation, or its round's time where that is later. Milliseconds since 1970.
    pub start_ms: u64,
    /// The draw.
    pub assignment: &'a Assignment,
    /// The snapshot that was drawn from.
    pub snapshot: &'a Eligibility,
}

/// A result that opens its commit.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The result's message.
    pub id: Cid,
    /// When it was observed.
    pub at_ms: u64,
    /// The result.
    pub result: &'a TaskResult,
    /// From prompt to commit, nanoseconds: the lower median over the witnesses.
    pub latency_ns: u64,
}

/// A verdict that opens its commit, with evidence that holds.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// The verdict's message.
    pub id: Cid,
    /// The judge.
    pub account: Account,
    /// The racer whose result it is about.
    pub about: Account,
    /// 0 to 1000.
    pub score: u16,
    /// By an auditor that a refusal called.
    pub is_audit: bool,
}

/// See the module.
pub struct Race<'a> {
    genesis: &'a Genesis,
    task: Task<'a>,
    places: BTreeMap<&'a Account, usize>,
    timeline: Timeline,
    commits: BTreeMap<&'a Account, Event<'a>>,
    /// Results by account.
    pub entries: BTreeMap<&'a Account, Entry<'a>>,
    verdict_commits: BTreeMap<(&'a Account, Cid), (Event<'a>, bool)>,
    /// Verdicts that count, in the order of observation.
    pub rulings: Vec<Ruling>,
    /// Refusals that call or called auditors: (refuser, whose result).
    pub refusals: BTreeSet<(Account, Account)>,
    /// Whom the first refusal called, in draw order; null before one.
    pub panel: Option<Vec<Account>>,
    acted: BTreeSet<&'a Account>,
    /// What was not taken, and why.
    pub lines: Vec<TaskLine>,
}

impl<'a> Race<'a> {
    /// Runs a task's events, which stand in the order of observation and id.
    pub fn run(genesis: &'a Genesis, task: Task<'a>, events: &[Event<'a>], rounds: &Rounds<'_>) -> Race<'a> {
        let rows = task.snapshot.rows();
        let places = task.assignment.order.iter().enumerate().map(|(place, row)| (&rows[*row].account, place));
        let mut race = Race {
            genesis,
            places: places.collect(),
            timeline: Timeline { prompt_ms: task.start_ms, commit_ms: None, result_ms: None, judged_ms: None },
            task,
            commits: BTreeMap::new(),
            entries: BTreeMap::new(),
            verdict_commits: BTreeMap::new(),
            rulings: vec![],
            refusals: BTreeSet::new(),
            panel: None,
            acted: BTreeSet::new(),
            lines: vec![],
        };
        for event in events {
            race.take(event, rounds);
        }
        race
    }

    fn take(&mut self, event: &Event<'a>, rounds: &Rounds<'_>) {
        let refused = match event.body {
            Body::Commit(_) => self.take_commit(event),
            Body::Result(result) => self.take_result(event, result),
            Body::VerdictCommit(_) => self.take_verdict_commit(event),
            Body::Verdict(verdict) => self.take_verdict(event, verdict, rounds),
            _ => Ok(()),
        };
        if let Err(code) = refused {
            self.line(event.account, None, Reason::of(code, [event.id]));
        }
    }

    /// Says something about a participant.
    pub fn line(&mut self, account: &Account, scored: Option<bool>, reason: Reason) {
        self.lines.push(TaskLine { account: account.clone(), scored, reason });
    }

    fn limit(&self, seconds: u64) -> u64 {
        self.task.start_ms.saturating_add(seconds * 1000)
    }

    fn take_commit(&mut self, event: &Event<'a>) -> Result<(), ReasonCode> {
        if self.commits.contains_key(event.account) {
            return Ok(());
        }
        if event.at_ms > self.limit(self.genesis.parameters.result_s) {
            return Err(ReasonCode::Late);
        }
        let might = self.timeline.racers(event.at_ms, &self.genesis.parameters);
        if self.places.get(event.account).is_none_or(|place| *place >= might) {
            return Err(ReasonCode::NotAssigned);
        }
        self.commits.insert(event.account, *event);
        self.acted.insert(event.account);
        self.timeline.commit_ms.get_or_insert(event.at_ms);
        Ok(())
    }

    fn take_result(&mut self, event: &Event<'a>, result: &'a TaskResult) -> Result<(), ReasonCode> {
        if self.entries.contains_key(event.account) {
            return Ok(());
        }
        if event.at_ms > self.limit(self.genesis.parameters.result_s) {
            return Err(ReasonCode::Late);
        }
        let commit = self.commits.get(event.account).filter(|commit| commit.id == result.commit);
        let commit = *commit.ok_or(ReasonCode::BadOpening)?;
        let Body::Commit(commitment) = commit.body else { return Err(ReasonCode::BadOpening) };
        let opened = TaskResult::commitment(&self.task.root.id, &result.output, event.account, &result.salt);
        if opened != commitment.hash {
            return Err(ReasonCode::BadOpening);
        }
        if !self.binds(result) {
            return Err(ReasonCode::BindingIncomplete);
        }
        let latency = latency::lower_median(self.task.root.receipts, commit.receipts, self.genesis.quorum());
        let latency_ns = latency.ok_or(ReasonCode::NoLatency)?;
        self.timeline.result_ms.get_or_insert(event.at_ms);
        self.entries.insert(event.account, Entry { id: event.id, at_ms: event.at_ms, result, latency_ns });
        self.call_auditors(event.at_ms);
        Ok(())
    }

    /// Whether a result names everything that it used, as the ticket and the prompt ask (R14).
    fn binds(&self, result: &TaskResult) -> bool {
        let binding = &result.binding;
        let complete = [binding.config, binding.seed, binding.system_prompt].iter().all(|hash| *hash != Hash::ZERO);
        let as_asked = match self.task.root.body {
            Body::Prompt(prompt) => binding.snapshot == prompt.snapshot,
            _ => true,
        };
        complete && as_asked && binding.adapter == self.task.assignment.terms.adapter
    }

    /// The racer whose result has an id.
    fn racer_of(&self, result: &Cid) -> Option<&'a Account> {
        self.entries.iter().find(|(_, entry)| entry.id == *result).map(|(account, _)| *account)
    }

    fn may_judge(&self, account: &Account) -> bool {
        let row = self.task.snapshot.row(account);
        row.is_some_and(|row| self.task.snapshot.may_judge(row, &self.genesis.parameters))
    }

    fn take_verdict_commit(&mut self, event: &Event<'a>) -> Result<(), ReasonCode> {
        let Body::VerdictCommit(commit) = event.body else { return Ok(()) };
        if self.verdict_commits.contains_key(&(event.account, commit.result)) {
            return Ok(());
        }
        let racer = self.racer_of(&commit.result).filter(|racer| *racer != event.account);
        let entry = racer.map(|racer| &self.entries[racer]).ok_or(ReasonCode::NotAssigned)?;
        let audits = self.panel.as_ref().is_some_and(|panel| panel.contains(event.account));
        let might = self.timeline.judges(event.at_ms, &self.genesis.parameters);
        let judges = self.places.get(event.account).is_some_and(|place| *place < might);
        if !self.may_judge(event.account) || !(audits || judges) {
            return Err(ReasonCode::NotAssigned);
        }
        if !evidence::round_fits(self.genesis, commit.round, event.at_ms, entry.at_ms) {
            return Err(ReasonCode::VerdictRound);
        }
        self.acted.insert(event.account);
        self.verdict_commits.insert((event.account, commit.result), (*event, audits));
        Ok(())
    }

    fn take_verdict(&mut self, event: &Event<'a>, verdict: &'a Verdict, rounds: &Rounds<'_>) -> Result<(), ReasonCode> {
        let key = (event.account, verdict.result);
        let committed = self.verdict_commits.get(&key).filter(|(commit, _)| commit.id == verdict.commit);
        let (commit, is_audit) = *committed.ok_or(ReasonCode::BadEvidence)?;
        let racer = self.racer_of(&verdict.result).expect("its verdict commit was taken");
        if self.rulings.iter().any(|ruling| ruling.account == *event.account && ruling.about == *racer) {
            return Ok(());
        }
        let parameters = &self.genesis.parameters;
        let seconds = if is_audit { parameters.deadline_s } else { parameters.verdict_s };
        if event.at_ms > self.limit(seconds) {
            return Err(ReasonCode::Late);
        }
        let Body::VerdictCommit(commitment) = commit.body else { return Err(ReasonCode::BadEvidence) };
        if !evidence::holds(&self.task.assignment.seed, rounds, commitment, verdict, event.account) {
            return Err(ReasonCode::BadEvidence);
        }
        self.rulings.push(Ruling {
            id: event.id,
            account: event.account.clone(),
            about: racer.clone(),
            score: verdict.score,
            is_audit,
        });
        if self.accepting(racer) >= super::decide::ACCEPTING {
            self.timeline.judged_ms.get_or_insert(event.at_ms);
        }
        self.call_auditors(event.at_ms);
        Ok(())
    }

    /// How many judges accept a racer's result.
    pub fn accepting(&self, racer: &Account) -> usize {
        let about = self.rulings.iter().filter(|ruling| ruling.about == *racer && !ruling.is_audit);
        about.filter(|ruling| ruling.score >= super::decide::ACCEPT_SCORE).count()
    }

    /// A refusal by a node that has revealed a result of its own calls auditors, the first one of a task.
    fn call_auditors(&mut self, now_ms: u64) {
        let refusals = self.rulings.iter().filter(|r| r.score < super::decide::ACCEPT_SCORE && !r.is_audit);
        let counting = refusals.filter(|ruling| self.entries.contains_key(&ruling.account));
        let counting: Vec<_> = counting.map(|ruling| (ruling.account.clone(), ruling.about.clone())).collect();
        self.refusals.extend(counting);
        if self.refusals.is_empty() || self.panel.is_some() || now_ms > self.limit(self.genesis.parameters.deadline_s) {
            return;
        }
        let rows = self.task.snapshot.rows();
        let panel = draw::auditors(
            &self.task.assignment.order,
            &self.genesis.parameters,
            |row| self.acted.contains(&rows[row].account),
            |row| self.may_judge(&rows[row].account),
        );
        self.panel = Some(panel.into_iter().map(|row| rows[row].account.clone()).collect());
    }

    /// Who was called to race in all, in draw order.
    pub fn called(&self) -> impl Iterator<Item = &'a Account> {
        let until = self.limit(self.genesis.parameters.result_s);
        let racers = draw::racers(&self.task.assignment.order, &self.timeline, until, &self.genesis.parameters);
        let rows = self.task.snapshot.rows();
        racers.iter().map(move |row| &rows[*row].account)
    }

    /// An account's place in the draw.
    pub fn place(&self, account: &Account) -> Option<usize> {
        self.places.get(account).copied()
    }

    /// The commits that were taken: account and message.
    pub fn commits(&self) -> impl Iterator<Item = (&'a Account, Cid)> {
        self.commits.iter().map(|(account, event)| (*account, event.id))
    }
}
