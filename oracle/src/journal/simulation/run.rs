//! The events of a run in the order of its clock.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use super::Plan;
use super::book::transaction;
use super::disk::Disk;
use super::process::process;
use super::shared::{Handle, ORACLES, Shared};
use crate::quorum::{OracleKey, QuorumError, sign};
use crate::rng::Rng;
use liaise_summary::Statement;

/// How long things go wrong at least, and how much longer at most.
const TROUBLE_MS: u64 = 6_000;
/// How long everything may take to end afterwards.
const CALM_MS: u64 = 120_000;

/// What happened in some runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub runs: u64,
    pub events: u64,
    pub time_ms: u64,
    /// Processes that ended between two steps.
    pub crashes: u64,
    /// Processes that ended in a write.
    pub torn: u64,
    /// Different transactions that reached the nodes.
    pub sent: u64,
    /// How often one was seen to be dead, and to be final without effect.
    pub dead: u64,
    pub reverted: u64,
    pub reorganised: u64,
    pub final_reorgs: u64,
    /// Gaps in an account's nonces that were filled by hand.
    pub filled: u64,
    /// Signatures that an oracle's guard refused.
    pub refused: u64,
}

impl Report {
    pub fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.events += other.events;
        self.time_ms += other.time_ms;
        self.crashes += other.crashes;
        self.torn += other.torn;
        self.sent += other.sent;
        self.dead += other.dead;
        self.reverted += other.reverted;
        self.reorganised += other.reorganised;
        self.final_reorgs += other.final_reorgs;
        self.filled += other.filled;
        self.refused += other.refused;
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// An operator's process starts from its disk.
    Start(u8),
    /// It goes on, if it is still in this life.
    GoOn(u8, u32),
    /// It ends.
    Crash(u8),
    /// An oracle looks and signs.
    Sign(u8),
    /// Something happens on the chain.
    Chain,
    /// From now on nothing goes wrong.
    Calm,
}

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Run {
    shared: Handle,
    now_ms: u64,
    queue: BTreeMap<(u64, u64), Event>,
    queued: u64,
    processes: Vec<Option<Running>>,
    lives: Vec<u32>,
    disks: Vec<Disk>,
    guards: Vec<Disk>,
}

/// Runs a plan with a seed.
///
/// # Errors
/// The rule that was broken.
pub fn run(plan: &Plan, seed: u64) -> Result<Report, String> {
    let shared = Handle::new(Shared::new(*plan, Rng(seed)));
    let operators = usize::from(shared.lock().operators);
    let mut run = Run {
        now_ms: 0,
        queue: BTreeMap::new(),
        queued: 0,
        processes: (0..operators).map(|_| None).collect(),
        lives: vec![0; operators],
        disks: (0..operators).map(|_| Disk::new(&shared)).collect(),
        guards: (0..ORACLES).map(|_| Disk::new(&shared)).collect(),
        shared,
    };
    run.plan_ahead(operators as u8);
    run.finish()
}

impl Run {
    fn below(&self, limit: u64) -> u64 {
        self.shared.lock().rng.below(limit)
    }

    fn after(&mut self, ms: u64, event: Event) {
        self.queued += 1;
        self.queue.insert((self.now_ms + ms, self.queued), event);
    }

    fn plan_ahead(&mut self, operators: u8) {
        let trouble_ms = TROUBLE_MS + self.below(TROUBLE_MS);
        for operator in 0..operators {
            self.after(self.below(500), Event::Start(operator));
            for _ in 0..1 + self.below(4) {
                self.after(self.below(trouble_ms), Event::Crash(operator));
            }
        }
        for oracle in 0..ORACLES {
            self.after(self.below(1_000), Event::Sign(oracle));
        }
        self.after(0, Event::Chain);
        self.after(trouble_ms, Event::Calm);
    }

    fn finish(mut self) -> Result<Report, String> {
        let limit_ms = 2 * TROUBLE_MS + CALM_MS;
        while let Some(((at_ms, _), event)) = self.queue.pop_first() {
            self.now_ms = at_ms;
            self.happen(event);
            let mut shared = self.shared.lock();
            shared.report.events += 1;
            if let Some(why) = shared.broken.take() {
                return Err(why);
            }
            if shared.ended.len() == usize::from(shared.operators) {
                break;
            }
            if at_ms > limit_ms {
                let filed = shared.all_filed();
                return Err(format!("it does not come to its end; all filed: {filed}, ended: {:?}", shared.ended));
            }
        }
        self.check_end()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Start(operator) => {
                let i = usize::from(operator);
                self.lives[i] += 1;
                self.processes[i] = Some(Box::pin(process(self.shared.clone(), self.disks[i].clone(), operator)));
                self.go_on(operator);
            }
            Event::GoOn(operator, life) if self.lives[usize::from(operator)] == life => self.go_on(operator),
            Event::GoOn(..) => {}
            Event::Crash(operator) => {
                let i = usize::from(operator);
                if self.processes[i].take().is_some() {
                    self.shared.lock().report.crashes += 1;
                    self.restart(operator);
                }
            }
            Event::Sign(oracle) => self.sign(oracle),
            Event::Chain => self.chain(),
            Event::Calm => self.shared.lock().calm = true,
        }
    }

    fn restart(&mut self, operator: u8) {
        self.lives[usize::from(operator)] += 1;
        self.after(100 + self.below(2_000), Event::Start(operator));
    }

    /// Lets a process take its next step.
    fn go_on(&mut self, operator: u8) {
        let i = usize::from(operator);
        let Some(running) = &mut self.processes[i] else { return };
        let polled = running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let (ends, pause_ms) = {
            let mut shared = self.shared.lock();
            (std::mem::take(&mut shared.ends), shared.pause_ms)
        };
        match polled {
            Poll::Pending if !ends => self.after(pause_ms, Event::GoOn(operator, self.lives[i])),
            _ => {
                self.processes[i] = None;
                self.restart(operator);
            }
        }
    }

    fn sign(&mut self, oracle: u8) {
        let wanted = self.shared.lock().next_to_sign(oracle);
        if let Some((head, content)) = wanted {
            let statement = Statement::Epoch(self.shared.lock().book.of(content));
            let signed = sign(&KEYS[usize::from(oracle)], &self.guards[usize::from(oracle)], &statement);
            let mut shared = self.shared.lock();
            shared.ends = false;
            match signed {
                Ok(_) => shared.signed(oracle, head, content),
                Err(QuorumError::SignedOther { .. }) => shared.report.refused += 1,
                // the process ended in the write, and tries again
                Err(QuorumError::Guard(_)) => {}
                Err(other) => shared.broken = Some(format!("oracle {oracle}: {other}")),
            }
        }
        self.after(300 + self.below(1_500), Event::Sign(oracle));
    }

    fn chain(&mut self) {
        let mut shared = self.shared.lock();
        let what = if shared.calm { 0 } else { shared.rng.below(100) };
        match what {
            0..60 => {
                if shared.calm {
                    shared.fill_gaps();
                }
                shared.twin.mine();
            }
            60..75 => {
                let (blocks, keep) = (1 + shared.rng.below(4) as usize, shared.rng.percent(50));
                shared.twin.reorg(blocks, keep, false);
                shared.report.reorganised += 1;
            }
            75..80 if shared.plan.final_reorgs => {
                let (blocks, keep) = (3 + shared.rng.below(8) as usize, shared.rng.percent(50));
                shared.twin.reorg(blocks, keep, true);
                shared.report.final_reorgs += 1;
            }
            75..85 => shared.twin.forget_all(),
            85..92 => {
                let operators = u64::from(shared.operators);
                let (operator, salt) = (shared.rng.below(operators) as u8, shared.salt());
                shared.twin.replace(operator, salt);
            }
            _ => {}
        }
        let pause_ms = if shared.calm { 400 } else { 100 + shared.rng.below(900) };
        drop(shared);
        self.after(pause_ms, Event::Chain);
    }

    /// What the operators' disks say against what the chain says.
    fn check_end(self) -> Result<Report, String> {
        let mut shared = self.shared.lock();
        shared.check_end()?;
        let finals = shared.twin.finals(shared.twin.height());
        for (operator, disk) in (0u8..).zip(&self.disks) {
            let known = disk.known();
            let lost = shared.acknowledged.iter().find(|(by, id)| *by == operator && !known.contains(id));
            if let Some((_, id)) = lost {
                return Err(format!("operator {operator} said that {id} was under way, and no longer knows it"));
            }
            let undone = disk.ours().into_iter().map(|sent| transaction(&sent)).find(|sent| {
                let found = shared.twin.receipt(sent, finals);
                found.is_none_or(|(_, outcome)| outcome != liaise_chain_api::Outcome::Succeeded)
            });
            // what looked final and went away may have been done by another since
            if let Some(undone) = undone.filter(|_| !shared.plan.final_reorgs) {
                return Err(format!("operator {operator} calls {undone:?} done"));
            }
        }
        shared.report.time_ms = self.now_ms;
        Ok(shared.report.clone())
    }
}

static KEYS: LazyLock<Vec<OracleKey>> = LazyLock::new(|| {
    let key = |i: u8| OracleKey::from_bytes([i + 1; 32]).expect("a key");
    (0..ORACLES).map(key).collect()
});
