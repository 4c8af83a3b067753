//! What all processes of a run share: the chain, the weather, the clock's dice, and the eye that sees a broken rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use liaise_chain_api::conformance::twin::{Eyes, Reply, Task, Transaction, Twin};
use liaise_chain_api::{Action, At, Outcome, Status, SubmissionId};

use super::Plan;
use super::book::{Book, Face, claim};
use super::run::Report;
use crate::rng::Rng;

/// Oracles of a run's set.
pub const ORACLES: u8 = 5;
/// How many must sign the same.
const QUORUM: usize = 4;

/// The one copy of it.
#[derive(Clone)]
pub struct Handle(Arc<Mutex<Shared>>);

impl Handle {
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(Mutex::new(shared)))
    }

    pub fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().expect("not poisoned")
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Answered,
    Lost,
    AnswerLost,
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    Done,
    EndsBefore,
    EndsAfter,
}

pub struct Shared {
    pub plan: Plan,
    pub rng: Rng,
    pub twin: Twin,
    pub book: Book,
    pub operators: u8,
    epochs: u32,
    claims: u8,
    /// Whether the chain shows no claims.
    pub blind: bool,
    /// Whether nothing goes wrong any more.
    pub calm: bool,
    /// How long the process that was polled last pauses.
    pub pause_ms: u64,
    /// Whether it has to end.
    pub ends: bool,
    salts: u64,
    sent: BTreeMap<(u8, Task), BTreeSet<Transaction>>,
    votes: BTreeMap<u64, BTreeSet<u8>>,
    signed: BTreeMap<(u8, u64), BTreeSet<u64>>,
    pub acknowledged: BTreeSet<(u8, SubmissionId)>,
    /// The operators for whom everything had ended in their last round.
    pub ended: BTreeSet<u8>,
    pub report: Report,
    /// The first rule that was broken.
    pub broken: Option<String>,
}

impl Shared {
    pub fn new(plan: Plan, mut rng: Rng) -> Self {
        let depth = 3 + rng.below(4) as usize;
        Self {
            plan,
            twin: Twin::new(depth),
            book: Book::default(),
            operators: 1 + rng.below(3) as u8,
            epochs: if plan.final_reorgs { 1 } else { 1 + rng.below(2) as u32 },
            claims: if plan.final_reorgs { 0 } else { rng.below(3) as u8 },
            blind: rng.percent(50),
            rng,
            calm: false,
            pause_ms: 0,
            ends: false,
            salts: 0,
            sent: BTreeMap::new(),
            votes: BTreeMap::new(),
            signed: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            ended: BTreeSet::new(),
            report: Report { runs: 1, ..Report::default() },
            broken: None,
        }
    }

    /// Moves the clock of whoever is polled.
    pub fn pause(&mut self, rest: bool) {
        self.pause_ms = if rest { 200 + self.rng.below(1_200) } else { 5 + self.rng.below(60) };
    }

    pub fn salt(&mut self) -> u64 {
        self.salts += 1;
        self.salts
    }

    pub fn request(&mut self) -> Request {
        match self.rng.below(100) {
            _ if self.calm => Request::Answered,
            0..4 => Request::Lost,
            4..8 => Request::AnswerLost,
            _ => Request::Answered,
        }
    }

    pub fn write(&mut self) -> Write {
        let fate = match self.rng.below(100) {
            _ if self.calm => Write::Done,
            0..3 => Write::EndsBefore,
            3..6 => Write::EndsAfter,
            _ => Write::Done,
        };
        self.ends |= fate != Write::Done;
        self.report.torn += u64::from(fate != Write::Done);
        fate
    }

    /// What an operator does by hand where a final transaction went away and left a gap: the error names the nonce, and
    /// anything that takes it frees what waits. Without such blocks there must be no gap at the end.
    pub fn fill_gaps(&mut self) {
        for account in 0..self.operators {
            if self.plan.final_reorgs
                && let Some(nonce) = self.twin.gap(account)
            {
                let salt = self.salt();
                self.twin.send(Transaction { account, nonce, task: Task::Else, salt });
                self.report.filled += 1;
            }
        }
    }

    /// How many blocks the node that answers sees, of the newest or of the final ones.
    pub fn seen(&mut self, at: At) -> usize {
        let blocks = eyes(&mut self.rng, self.twin.height(), self.calm).blocks;
        match at {
            At::Latest => blocks,
            At::Final => self.twin.finals(blocks),
        }
    }

    pub fn status(&mut self, asked: &Transaction) -> Status {
        let Self { twin, rng, calm, report, .. } = self;
        let status = twin.status(asked, || eyes(rng, twin.height(), *calm));
        match &status {
            Status::Dead { .. } => report.dead += 1,
            Status::Final { outcome: Outcome::Reverted, .. } => report.reverted += 1,
            _ => {}
        }
        status
    }

    /// A transaction reaches the nodes: from now on anybody may have it included.
    pub fn send(&mut self, transaction: Transaction) -> Reply {
        let reply = self.twin.send(transaction);
        let all = self.sent.entry((transaction.account, transaction.task)).or_default();
        self.report.sent += u64::from(all.insert(transaction));
        let count = all.iter().filter(|sent| self.twin.counts(sent)).count();
        if count > 1 && !self.plan.final_reorgs {
            let (operator, task) = (transaction.account, transaction.task);
            self.broken = Some(format!("operator {operator} could do {task:?} twice: {all:?}"));
        }
        reply
    }

    /// What an oracle would sign now, as a node shows it; the first of them has a wrong fold now and then.
    /// None for what it has signed already.
    pub fn next_to_sign(&mut self, oracle: u8) -> Option<(u64, u64)> {
        let seen = self.seen(At::Latest);
        let head = self.twin.head(seen);
        if self.book.next(head).0 >= self.epochs {
            return None;
        }
        let face = if oracle == 0 && self.rng.percent(40) { Face::Wrong } else { Face::Right };
        let (content, _) = self.book.statement(head, face);
        let out = self.votes.get(&content).is_some_and(|votes| votes.contains(&oracle));
        (!out).then_some((head, content))
    }

    /// An oracle's signature is out.
    pub fn signed(&mut self, oracle: u8, head: u64, content: u64) {
        self.votes.entry(content).or_default().insert(oracle);
        let contents = self.signed.entry((oracle, head)).or_default();
        contents.insert(content);
        if contents.len() > 1 {
            self.broken = Some(format!("oracle {oracle} signed two contents for head {head:x}: {contents:x?}"));
        }
    }

    /// The content over a head that a quorum has signed.
    fn agreed(&mut self, head: u64) -> Option<u64> {
        let contents = [Face::Right, Face::Wrong].map(|face| self.book.statement(head, face).0);
        contents.into_iter().find(|content| self.votes.get(content).is_some_and(|votes| votes.len() >= QUORUM))
    }

    /// What a quorum has signed, from the first epoch on.
    fn filings(&mut self) -> Vec<u64> {
        let (mut head, mut filings) = (0, Vec::new());
        while (filings.len() as u32) < self.epochs
            && let Some(content) = self.agreed(head)
        {
            filings.push(content);
            head = content;
        }
        filings
    }

    /// What an operator wants done, as its node shows the chain.
    pub fn wanted(&mut self) -> Vec<Action> {
        let filings = if self.calm {
            self.filings()
        } else {
            let seen = self.seen(At::Latest);
            let head = self.twin.head(seen);
            let more = self.book.next(head).0 < self.epochs;
            if more { self.agreed(head).into_iter().collect() } else { Vec::new() }
        };
        let submit =
            |content| Action::SubmitEpoch { statement: self.book.of(content), signatures: Vec::new(), payouts: 0 };
        filings.into_iter().map(submit).chain((0..self.claims).map(claim)).collect()
    }

    /// Whether every epoch is filed in a final block.
    pub fn all_filed(&mut self) -> bool {
        let filings = self.filings();
        let finals = self.twin.finals(self.twin.height());
        filings.len() as u32 == self.epochs && filings.iter().all(|content| self.twin.filed(*content, finals))
    }

    /// Whether the right things were done the right number of times.
    pub fn check_end(&mut self) -> Result<(), String> {
        let finals = self.twin.finals(self.twin.height());
        let mut times: BTreeMap<(Option<u8>, Task), usize> = BTreeMap::new();
        for transaction in self.twin.succeeded(finals) {
            let who = match transaction.task {
                Task::File { .. } => None,
                _ => Some(transaction.account),
            };
            *times.entry((who, transaction.task)).or_default() += 1;
        }
        let filed = times.keys().filter(|(_, task)| matches!(task, Task::File { .. })).count();
        if filed as u32 != self.epochs {
            return Err(format!("{filed} of {} epochs are filed", self.epochs));
        }
        for ((who, task), times) in times {
            if times > 1 && task != Task::Else {
                return Err(format!("{task:?} of {who:?} succeeded {times} times"));
            }
        }
        for (operator, payee) in (0..self.operators).flat_map(|op| (0..self.claims).map(move |payee| (op, payee))) {
            let task = Task::Claim { payee };
            let all = self.twin.succeeded(finals).filter(|tx| tx.task == task);
            let (all, own) = all.fold((0, 0), |(all, own), tx| (all + 1, own + usize::from(tx.account == operator)));
            let right = if self.blind { own == 1 } else { all > 0 };
            if !right {
                return Err(format!("payee {payee} has {all} claims, {own} of operator {operator}"));
            }
        }
        Ok(())
    }
}

/// What the node that answers next sees.
fn eyes(rng: &mut Rng, height: usize, calm: bool) -> Eyes {
    if calm {
        return Eyes { blocks: height, receipts: true };
    }
    let lag = if rng.percent(25) { rng.below(4) as usize } else { 0 };
    Eyes { blocks: height.saturating_sub(lag).max(1), receipts: !rng.percent(5) }
}
