//! Worlds in which anything may happen, drawn from a number: races with ties, silence, late and false messages, refusals and
//! audits, equivocation, revoked keys, drains, witnesses that miss messages or seals.

use cid::Cid;
use liaise_ledger::body::{Body, Capability, Feedback, Prompt, RetrievalRemove, Ticket, Verdict};
use liaise_ledger::hash::blob_cid;
use liaise_ledger::session::SessionText;
use liaise_ledger::{Account, Hash, Parameters};
use liaise_oracle::fold::{EpochInput, FoldState, fold_epoch};
use serde_bytes::{ByteArray, ByteBuf};

use super::later::Later;
use super::world::{ADAPTER, Asked, EPOCH_S, GENESIS_S, Told, World, account, at};

/// Epochs of a world, from 0.
const EPOCHS: i64 = 3;
/// Epochs of a long one: more than messages are remembered, and than the two days of a session that has ended.
const MANY_EPOCHS: i64 = 30;
/// Users, from wallet 100 on.
pub const USERS: u64 = 4;

/// An adapter that comes and goes by decree.
pub const DECREED: Hash = Hash([9; 32]);

/// Numbers that follow from a seed.
pub struct Dice(u64, u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.1 += 1;
        let hash = Hash::of(&[&self.0.to_be_bytes(), &self.1.to_be_bytes()]);
        u64::from_be_bytes(hash.0[..8].try_into().unwrap())
    }

    /// From `0` to `n - 1`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// A world of some epochs, each sealed and folded.
pub struct Unruly {
    pub world: World,
    pub folded: Vec<Told>,
    pub dice: Dice,
    /// What is said in later epochs of what was said before.
    pub later: Vec<(i64, Later)>,
    /// Judges accept almost everything.
    is_calm: bool,
    /// Decrees come up.
    is_long: bool,
    drained: Vec<Account>,
}

impl Unruly {
    /// A world before epoch 0.
    pub fn begun(seed: u64) -> Unruly {
        let mut dice = Dice(seed, 0);
        let parameters = Parameters {
            // A task of 1 000 units at 50 ‰ weighs 50 000 of these.
            ramp_weight: dice.of(&[0, 0, 60_000, 500_000]),
            racers: dice.of(&[1, 2, 3, 5]),
            auditors: dice.of(&[1, 2, 4]),
            tickets_open: dice.of(&[1, 2, 3]),
            cap_medians: dice.of(&[1, 2, 4]),
            reliability_min_jobs: dice.of(&[2, 5, 20]),
            ..Parameters::default()
        };
        let nodes = 4 + dice.below(5) as usize;
        let is_calm = dice.chance(50);
        let world = World::new(nodes, parameters);
        let mut unruly =
            Unruly { world, folded: vec![], dice, later: vec![], is_calm, is_long: false, drained: vec![] };
        unruly.close(-1);
        unruly
    }

    /// Some epochs in which much happens.
    pub fn new(seed: u64) -> Unruly {
        let mut unruly = Unruly::begun(seed);
        for epoch in 0..EPOCHS {
            for _ in 0..2 + unruly.dice.below(5) {
                unruly.task(epoch);
            }
            unruly.noise(epoch);
            unruly.close(epoch);
        }
        unruly
    }

    /// Many epochs in which little happens, and much of it is about what is long over; decrees and documents come and go.
    pub fn long(seed: u64) -> Unruly {
        let mut unruly = Unruly::begun(seed);
        unruly.is_long = true;
        for epoch in 0..MANY_EPOCHS {
            if unruly.dice.chance(25) {
                unruly.task(epoch);
            }
            unruly.govern(epoch);
            unruly.document(epoch);
            unruly.late(epoch);
            unruly.close(epoch);
        }
        unruly
    }

    /// Seals and folds an epoch; at times a witness misses the seal.
    pub fn close(&mut self, epoch: i64) {
        self.world.skip_close = vec![false; 4];
        if self.dice.chance(25) {
            let store = self.dice.below(4) as usize;
            self.world.skip_close[store] = true;
        }
        let seal = self.world.seal(epoch);
        let genesis = &self.world.genesis;
        let before = self.folded.last().map_or_else(|| FoldState::of_genesis(genesis), |folded| folded.next.clone());
        let input = EpochInput::collect(&self.world.ledger, genesis, &before, &seal).unwrap();
        self.folded.push(Told::of(fold_epoch(genesis, &before, &input).unwrap()));
    }

    /// Some witnesses miss the next message.
    pub fn hear(&mut self) {
        self.world.hearing = vec![true; 4];
        let deaf = self.dice.of(&[0, 0, 0, 0, 0, 0, 0, 1, 1, 2]);
        for _ in 0..deaf {
            let store = self.dice.below(4) as usize;
            self.world.hearing[store] = false;
        }
    }

    fn task(&mut self, epoch: i64) {
        let user = account(100 + self.dice.below(USERS) as usize);
        self.task_of(&user, epoch);
    }

    /// A question of somebody, and what the nodes do.
    pub fn task_of(&mut self, user: &Account, epoch: i64) {
        let at_ms = at(epoch, 5 + self.dice.below(u64::from(EPOCH_S) - 10)) + self.dice.below(1_000);
        let snapshot = if epoch > 0 && (epoch > 3 || self.dice.chance(60)) { epoch - 1 } else { -1 };
        let adapter = if self.is_long && self.dice.chance(20) { DECREED } else { ADAPTER };
        let text = self.dice.of(&["why?", "how?", "what is owed to whom?"]);
        self.hear();
        let ticket = self.world.ticket_for(adapter, user, snapshot, at_ms);
        let root = prompt(ticket.0, text);
        self.run(user, adapter, snapshot, ticket, root);
    }

    /// Uses a ticket, and lets the nodes do what they do.
    pub fn run(&mut self, user: &Account, adapter: Hash, snapshot: i64, ticket: (Cid, Ticket), root: Body) {
        let eligible = self.folded[(snapshot + 1) as usize].eligibility.clone();
        let asked = self.world.use_ticket(user, ticket, root, &eligible);
        let mut results = vec![];
        for (place, racer) in asked.order.clone().iter().enumerate() {
            if self.dice.chance(if place < 3 { 75 } else { 25 }) {
                results.extend(self.race(&asked, adapter, racer, place));
            }
        }
        for (index, result) in results.iter().enumerate() {
            for judge in asked.order.clone() {
                if self.dice.chance(if index == 0 || self.is_calm { 70 } else { 35 }) {
                    self.judge(&asked, &judge, *result);
                }
            }
        }
        if let Some(result) = results.first().filter(|_| self.dice.chance(20)) {
            let body = Body::Feedback(Feedback { result: *result, rating: 700, text: String::new() });
            self.hear();
            self.world.say(user, vec![asked.id, *result], Some(asked.id), body, asked.prompt_ms + 40_000);
        }
        if self.dice.chance(20) {
            // The ticket once more, by its owner or by somebody else, at times before the first.
            let who = account(100 + self.dice.below(USERS) as usize);
            let at_ms = asked.prompt_ms + self.dice.below(400) - 200;
            self.hear();
            self.world.say(&who, vec![asked.ticket], None, prompt(asked.ticket, "once more"), at_ms);
        }
    }

    /// A racer's commit, and a result unless it spoils it.
    fn race(&mut self, asked: &Asked, adapter: Hash, racer: &Account, place: usize) -> Option<Cid> {
        // Steps of ten milliseconds around one latency, so that many tie; later waves; too late.
        let wave_us = (place as u64 / 3) * 31_000_000;
        let latency_us = match self.dice.below(20) {
            0 => 601_000_000,
            1..=3 => 3_000_000 + 10_000 * self.dice.below(20) + wave_us,
            // a tie, or just none
            4..=9 => 300_000 + 20_000 * self.dice.below(3) + wave_us,
            _ => 300_000 + 5_000 * self.dice.below(10) + wave_us,
        };
        let before = self.world.place(racer);
        self.hear();
        let commit = self.world.commit(asked, racer, latency_us, b"output");
        if self.dice.chance(3) {
            let after = self.world.place(racer);
            self.world.set_place(racer, before);
            self.world.commit(asked, racer, latency_us + 5_000, b"another output");
            self.world.set_place(racer, after);
        }
        let mut result = World::result_of(commit, b"output", 1 + self.dice.below(3_000));
        result.binding.adapter = adapter;
        let mut after_ms = latency_us / 1000 + 2_000 + self.dice.below(3) * 10;
        match self.dice.below(24) {
            0 => return None,
            1 => result.output = ByteBuf::from(b"not what was committed to".to_vec()),
            2 => result.binding.system_prompt = Hash::ZERO,
            3 => result.binding.adapter = Hash([8; 32]),
            4 => after_ms = 600_400,
            _ => {}
        }
        self.hear();
        Some(self.world.reveal(asked, racer, commit, result, after_ms))
    }

    fn judge(&mut self, asked: &Asked, judge: &Account, result: Cid) {
        let scores: &[u16] =
            if self.is_calm && self.dice.chance(95) { &[500, 900] } else { &[0, 300, 499, 500, 900, 900, 1_000] };
        let score = self.dice.of(scores);
        let after_ms = match self.dice.below(12) {
            0 => 870_000 + self.dice.below(40_000),
            1 => 1_180_000 + self.dice.below(30_000),
            2..=4 => 35_000 + self.dice.below(60_000),
            _ => 2_600 + self.dice.below(6_000),
        };
        let spoil: fn(&mut Verdict) = match self.dice.below(25) {
            0 => |verdict| verdict.opened[0].value += 1,
            1 => |verdict| drop(verdict.opened.pop()),
            2 => |verdict| verdict.score = 1_000 - verdict.score,
            _ => |_| {},
        };
        self.hear();
        self.world.judge_with(asked, judge, result, score, after_ms, spoil);
    }

    /// What belongs to no task: tickets that nobody uses, nodes that change, keys that are revoked, what is not allowed.
    fn noise(&mut self, epoch: i64) {
        for _ in 0..self.dice.below(4) {
            let user = account(100 + self.dice.below(USERS) as usize);
            let at_ms = at(epoch, self.dice.below(u64::from(EPOCH_S)));
            self.hear();
            match self.dice.below(6) {
                0 | 1 => {
                    // Up to four at once.
                    for i in 0..=self.dice.below(4) {
                        self.world.ticket(&user, epoch - 1, at_ms + i);
                    }
                }
                2 => {
                    self.world.ticket(&user, epoch, at_ms);
                }
                3 => self.change(epoch, at_ms),
                4 => {
                    let chunks = vec![blob_cid(b"a document")];
                    let body = RetrievalRemove { chunks, reason: "spite".into() };
                    self.world.say(&user, vec![], None, Body::RetrievalRemove(body), at_ms);
                }
                _ => {
                    // Somebody who asks nothing else, so that the worlds do not run dry.
                    let who = account(104 + self.dice.below(4) as usize);
                    self.world.ticket(&who, epoch - 1, at_ms);
                    let key = self.world.session_key(&who);
                    let text = SessionText::revoke(&self.world.genesis, who.clone(), key, GENESIS_S);
                    self.world.session(&who, text, at_ms + 10);
                    self.world.ticket(&who, epoch - 1, at_ms + 20);
                }
            }
        }
        self.world.hearing = vec![true; 4];
    }

    /// A node drains, once and for good, or says that it keeps no snapshot.
    pub fn change(&mut self, epoch: i64, at_ms: u64) {
        let nodes = self.world.genesis.nodes.len() as u64;
        let node = account(self.dice.below(nodes) as usize);
        if self.drained.contains(&node) {
            return;
        }
        if self.dice.chance(50) {
            self.drained.push(node.clone());
            let round = self.world.genesis.round_at(at_ms) + self.dice.below(400);
            self.world.capability(&node, Some(round), at_ms.min(at(epoch, 3_000)));
        } else {
            let body =
                Capability { adapters: vec![ADAPTER], region: "CH".into(), slots: 2, light: true, drain_round: None };
            self.world.say(&node, vec![], None, Body::Capability(body), at_ms);
        }
    }
}

fn prompt(ticket: Cid, text: &str) -> Body {
    Body::Prompt(Prompt {
        ticket,
        text: text.into(),
        params: ByteBuf::new(),
        snapshot: None,
        reply_key: ByteArray::new([1; 32]),
    })
}
