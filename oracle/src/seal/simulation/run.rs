//! One run: witnesses, a lossy network and a clock that jumps from event to event.

use super::Plan;
use super::disk::CrashWal;
use super::liar::Liar;
use super::world::{Eyes, NETWORK, World, batch};
use crate::rng::Rng;
use crate::seal::agreement::Safeguards;
use crate::seal::context::SealHeight;
use crate::seal::signing::{kind_number, round_number};
use crate::seal::wire::Wire;
use crate::seal::{Action, Agreement, Config, Decision, Event, Pace, SealError, To, Token, verify_certificate};
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::{EpochNumber, Hash};
use malachitebft_core_consensus::ThresholdParams;
use malachitebft_core_types::Round;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const FIRST: EpochNumber = -1;
/// No honest run takes this long.
const LIMIT_MS: u64 = 1_800_000;

enum Happening {
    Message(usize, Vec<u8>),
    Timer(usize, u32, Token),
    View(usize),
    /// The two-faced witness opens an epoch.
    Lie(EpochNumber),
    Start(usize, EpochNumber),
    Restart(usize),
}

#[derive(Default, Debug, PartialEq)]
pub struct Report {
    pub decided: BTreeMap<(EpochNumber, usize), Vec<Option<Hash>>>,
    pub double_votes: usize,
    pub bad_certificates: u32,
    pub forged: u32,
    pub crashes: u32,
    pub torn: u32,
    pub refused_signatures: u64,
    pub events: u64,
    pub time_ms: u64,
}

impl Report {
    /// Epochs in which two honest witnesses decided differently.
    pub fn disagreements(&self) -> usize {
        let mut by_epoch = BTreeMap::<_, BTreeSet<_>>::new();
        for ((epoch, _), batches) in &self.decided {
            by_epoch.entry(epoch).or_default().insert(batches);
        }
        by_epoch.values().filter(|vectors| vectors.len() > 1).count()
    }
}

struct Run<'a> {
    plan: &'a Plan,
    rng: Rng,
    world: World,
    now_ms: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    sequence: u64,
    nodes: Vec<Option<Agreement<CrashWal>>>,
    disks: Vec<CrashWal>,
    /// Counts restarts: the timers of a crashed witness are gone.
    lives: Vec<u32>,
    crashes_left: u32,
    liar: Liar,
    /// Votes that honest witnesses have sent.
    votes: BTreeMap<(usize, SealHeight, u32, u8), BTreeSet<Vec<u8>>>,
    report: Report,
}

/// Runs a plan with a seed.
pub fn run(plan: &Plan, seed: u64) -> Report {
    let mut rng = Rng(seed);
    let world = World::new(plan, &mut rng);
    Run {
        plan,
        rng,
        world,
        now_ms: 0,
        queue: BTreeMap::new(),
        sequence: 0,
        nodes: (0..plan.n).map(|_| None).collect(),
        disks: (0..plan.n).map(|_| CrashWal::default()).collect(),
        lives: vec![0; plan.n],
        crashes_left: plan.crashes,
        liar: Liar::default(),
        votes: BTreeMap::new(),
        report: Report::default(),
    }
    .finish()
}

impl Run<'_> {
    fn honest(&self) -> Vec<usize> {
        (0..self.plan.n).filter(|i| self.plan.dead != Some(*i) && self.plan.two_faced != Some(*i)).collect()
    }

    fn last(&self) -> EpochNumber {
        FIRST + self.plan.epochs - 1
    }

    fn at(&mut self, at_ms: u64, happening: Happening) {
        self.sequence += 1;
        self.queue.insert((at_ms, self.sequence), happening);
    }

    fn after(&mut self, ms: u64, happening: Happening) {
        self.at(self.now_ms + ms, happening);
    }

    fn finish(mut self) -> Report {
        let honest = self.honest();
        for i in &honest {
            let late = self.rng.below(1_000);
            self.after(late, Happening::Restart(*i));
        }
        let all = honest.len() * self.plan.epochs as usize;
        while self.report.decided.len() < all && self.now_ms < LIMIT_MS {
            let Some(((at, _), happening)) = self.queue.pop_first() else { break };
            self.now_ms = at;
            self.report.events += 1;
            self.happen(happening);
        }
        self.report.time_ms = self.now_ms;
        self.report.double_votes = self.votes.values().filter(|said| said.len() > 1).count();
        for i in 0..self.plan.n {
            self.retire(i);
            self.report.torn += self.disks[i].0.borrow().torn;
        }
        self.report
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Message(to, bytes) if self.plan.two_faced == Some(to) => {
                let wire = Wire::decode(&bytes, &NETWORK).expect("honest witnesses send no garbage");
                let lies = self.liar.meets(&wire, to, &self.world, &mut self.rng);
                lies.into_iter().for_each(|(to, wire)| self.send(to, wire.encode()));
            }
            Happening::Message(to, bytes) => {
                self.act(to, |node, now, eyes| node.handle(Event::Message(bytes), now, eyes))
            }
            Happening::Timer(i, life, token) if life == self.lives[i] => {
                self.act(i, |node, now, eyes| node.handle(Event::Timeout(token), now, eyes));
            }
            Happening::Timer(..) => {}
            Happening::View(i) => self.act(i, |node, now, eyes| node.handle(Event::View, now, eyes)),
            Happening::Start(i, epoch) => {
                if !self.world.began_ms.contains_key(&epoch) {
                    self.world.began_ms.insert(epoch, self.now_ms);
                    let late = self.rng.below(1_500);
                    self.after(late, Happening::Lie(epoch));
                }
                for at in self.world.changes(i, epoch) {
                    self.at(at.max(self.now_ms), Happening::View(i));
                }
                self.act(i, |node, now, eyes| node.start(epoch, now, eyes));
            }
            Happening::Lie(epoch) => {
                let Some(me) = self.plan.two_faced else { return };
                let height = SealHeight::of(epoch).expect("an epoch of the run");
                let lies = self.liar.act(height, Round::ZERO, me, &self.world, &mut self.rng);
                lies.into_iter().for_each(|(to, wire)| self.send(to, wire.encode()));
            }
            Happening::Restart(i) => self.restart(i),
        }
    }

    fn restart(&mut self, i: usize) {
        let crashes = self.crashes_left > 0 && self.rng.percent(60);
        let crash_in = crashes.then(|| self.rng.below(90) as u32);
        {
            let mut disk = self.disks[i].0.borrow_mut();
            disk.crashed = false;
            disk.crash_in = crash_in;
        }
        let safeguards = Safeguards {
            thresholds: ThresholdParams { quorum: self.plan.quorum, ..ThresholdParams::default() },
            guard: self.plan.guard,
            replay: self.plan.replay,
        };
        let config = Config {
            network: NETWORK,
            keys: self.world.public(),
            signer: self.world.keys[i].clone(),
            wait: Duration::from_millis(self.plan.wait_ms),
            pace: Pace::default(),
        };
        let node = Agreement::with(config, self.disks[i].clone(), safeguards).expect("the log opens after every crash");
        let epoch = node.last_decided().map_or(FIRST, |last| last + 1);
        // A decision that was durable, but not handed out before the crash, is the caller's to read.
        if let Some(last) = node.last_decided() {
            self.nodes[i] = Some(node);
            self.act(i, |node, now, eyes| node.start(last, now, eyes));
        } else {
            self.nodes[i] = Some(node);
        }
        if self.nodes[i].is_some() && epoch <= self.last() {
            self.happen(Happening::Start(i, epoch));
        }
    }

    /// Lets a witness act and carries out what it asks for, until it crashes.
    fn act(
        &mut self,
        i: usize,
        call: impl FnOnce(&mut Agreement<CrashWal>, u64, &Eyes<'_>) -> Result<Vec<Action>, SealError>,
    ) {
        let Some(node) = &mut self.nodes[i] else { return };
        let eyes = Eyes { world: &self.world, me: i, now_ms: self.now_ms };
        let actions = match call(node, self.now_ms, &eyes) {
            Ok(actions) => actions,
            Err(SealError::Log(_)) => return self.crash(i),
            Err(error) => panic!("witness {i}: {error}"),
        };
        for action in actions {
            match action {
                Action::Send { to, bytes } => {
                    if self.disks[i].0.borrow_mut().step() {
                        return self.crash(i);
                    }
                    self.note_vote(i, &bytes);
                    for j in self.receivers(i, to) {
                        self.send(j, bytes.clone());
                    }
                }
                Action::SetTimeout { token, after } => {
                    let life = self.lives[i];
                    self.after(after.as_millis() as u64, Happening::Timer(i, life, token));
                }
                // A timer that fires although it was cancelled changes nothing: let some.
                Action::CancelTimeout(_) => {}
                Action::Decided(decision) => self.decided(i, decision),
            }
        }
    }

    fn receivers(&self, from: usize, to: To) -> Vec<usize> {
        let keys = self.world.public();
        (0..self.plan.n)
            .filter(|j| match to {
                To::All => *j != from,
                To::One(key) => keys[*j] == key,
            })
            .collect()
    }

    fn send(&mut self, to: usize, bytes: Vec<u8>) {
        let lossy = self.now_ms < self.plan.gst_ms;
        for _ in 0..1 + self.rng.percent(5) as u32 {
            let wait = 1 + self.rng.below(if lossy { self.plan.delay_ms } else { 50 });
            if !(lossy && self.rng.percent(self.plan.drop)) {
                self.after(wait, Happening::Message(to, bytes.clone()));
            }
        }
    }

    fn note_vote(&mut self, i: usize, bytes: &[u8]) {
        let (key, said) = match Wire::decode(bytes, &NETWORK).expect("what is sent decodes") {
            Wire::Vote(vote) => {
                let key = (i, vote.height, round_number(vote.round), kind_number(vote.kind));
                (key, format!("{:?}", vote.value).into_bytes())
            }
            Wire::Proposal(motion) if usize::from(motion.from.0) == i => {
                ((i, motion.height, round_number(motion.round), 0), motion.value.id().0.to_vec())
            }
            _ => return,
        };
        self.votes.entry(key).or_default().insert(said);
    }

    fn decided(&mut self, i: usize, decision: Decision) {
        let Decision { epoch, batches, certificate } = decision;
        let digests: Vec<_> = batches.iter().map(|b| b.as_ref().and_then(Hash::from_cid)).collect();
        let before = self.report.decided.insert((epoch, i), digests.clone());
        assert!(before.is_none_or(|before| before == digests), "witness {i} decided epoch {epoch} twice");
        let sealed = verify_certificate(&NETWORK, &self.world.public(), epoch, &batches, &certificate);
        self.report.bad_certificates += sealed.is_err() as u32;
        for (store, digest) in digests.iter().enumerate() {
            let faces = if self.plan.two_faced == Some(store) { 0..=1 } else { 0..=0 };
            let real = |digest| faces.clone().any(|face| batch(epoch, store, face) == digest);
            self.report.forged += digest.is_some_and(|digest| !real(digest)) as u32;
        }
        // The CIDs are of DAG-CBOR blocks, as a seal wants them.
        assert!(batches.iter().flatten().all(|cid| cid.codec() == DAG_CBOR));
        if epoch < self.last() {
            let pause = self.rng.below(2_000);
            self.after(pause, Happening::Start(i, epoch + 1));
        }
    }

    fn crash(&mut self, i: usize) {
        self.report.crashes += 1;
        self.crashes_left = self.crashes_left.saturating_sub(1);
        self.retire(i);
        self.lives[i] += 1;
        let down = 1 + self.rng.below(4_000);
        self.after(down, Happening::Restart(i));
    }

    fn retire(&mut self, i: usize) {
        if let Some(node) = self.nodes[i].take() {
            self.report.refused_signatures += node.refused_signatures();
        }
    }
}
