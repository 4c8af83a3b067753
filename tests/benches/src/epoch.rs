//! An epoch as its close meets it: tasks from ticket to feedback by as many users, drawn nodes, receipts of four witnesses,
//! and the state that the epoch before has left. Nothing is signed: whoever folds has verified before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cid::Cid;
use liaise_ledger::body::{
    Binding, Body, Commit, Feedback, Opening, Prompt, TaskResult, Ticket, Verdict, VerdictCommit,
};
use liaise_ledger::draw::{Seed, open_positions};
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::genesis::{Adapter, GenesisNode, Units};
use liaise_ledger::hash::{blob_cid, block_cid};
use liaise_ledger::message::VERSION;
use liaise_ledger::plain_tree::PlainTree;
use liaise_ledger::{Account, Author, Genesis, Hash, Message, Signed, Verified};
use liaise_oracle::fold::{
    AccountState, Done, EpochInput, Fact, FoldState, Part, SealVector, SessionState, StoreReceipt, Urn, WINDOW_EPOCHS,
};
use serde_bytes::{ByteArray, ByteBuf};

use crate::network;

/// Messages of a task: a ticket, a prompt, three racers' commits and results, two judges' commits and verdicts, feedback in
/// every second one.
pub const OF_TASK: f64 = 12.5;
/// Accounts that the state knows, for each task: five in six ask something in the epoch.
const KNOWN: f64 = 1.2;
/// Values that a judge has, of which it opens four.
const VALUES: [i64; 10] = [1_000, 998, 1_000, 1_000, 997, 1_000, 1_000, 1_000, 999, 1_000];
const ADAPTER: Hash = Hash([7; 32]);
/// Messages whose blocks are kept, to measure what decoding them takes.
const SAMPLE: usize = 20_000;

/// What is made, and how long it took to turn messages into what a fold reads.
pub struct Generated {
    /// The network.
    pub genesis: Genesis,
    /// What the epoch before has left.
    pub before: FoldState,
    /// What the fold reads.
    pub input: EpochInput,
    /// How many messages were observed.
    pub messages: usize,
    /// How many tasks there are.
    pub tasks: usize,
    /// Some of the messages, as they are stored.
    pub sample: Vec<Signed>,
    /// Bytes of all messages.
    pub bytes: u64,
    /// Time that went into the facts alone.
    pub facts: Duration,
    /// Time that went into the draws, which are made when the rounds come.
    pub draws: Duration,
}

fn seed(what: &str, n: usize) -> Hash {
    Hash::of(&[what.as_bytes(), &n.to_be_bytes()])
}

fn account(what: &str, n: usize) -> Account {
    let hash = seed(what, n);
    Account::evm(42_161, hash.0[..20].try_into().expect("20 bytes of 32"))
}

/// Somebody with a session key.
struct Person {
    account: Account,
    key: Hash,
    seq: u64,
    last: Option<Cid>,
}

impl Person {
    fn new(what: &str, n: usize) -> Person {
        Person {
            account: account(what, n),
            key: seed("key of", n + usize::from(what == "node") * (1 << 40)),
            seq: 0,
            last: None,
        }
    }

    fn session(&self) -> SessionState {
        let message = block_cid(&self.key.0);
        SessionState { key: self.key, message, from_ms: 0, prompt: true, work: true, until_ms: u64::MAX >> 12 }
    }
}

/// The epoch while it is made.
struct Making {
    genesis: Genesis,
    network: Hash,
    part: Part,
    sample: Vec<Signed>,
    bytes: u64,
    messages: usize,
    facts: Duration,
    draws: Duration,
}

impl Making {
    /// Says something at a time, in microseconds: every witness gives a receipt, each by its own clock.
    fn say(&mut self, who: &mut Person, at_us: u64, parents: &[Cid], task: Option<Cid>, body: Body) -> Cid {
        let message = Message {
            v: VERSION,
            network: self.network,
            author: Author::Account(who.account.clone()),
            key: ByteBuf::from(who.key.0.to_vec()),
            seq: who.seq,
            prev: who.last,
            parents: parents.to_vec(),
            task,
            time_ms: at_us / 1000,
            body,
            metadata: BTreeMap::new(),
        };
        let block = message.to_block();
        let id = block_cid(&block);
        who.seq += 1;
        who.last = Some(id);
        self.bytes += block.len() as u64;
        let signed = Signed { block: ByteBuf::from(block), signature: ByteBuf::from(vec![0; 64]) };
        let verified = Verified { id, message, signed };
        let started = Instant::now();
        let fact = Fact::of(&verified);
        self.facts += started.elapsed();
        if self.sample.len() < SAMPLE {
            self.sample.push(verified.signed);
        }
        let digest = Hash::from_cid(&id).expect("a message");
        for (n, store) in self.genesis.stores.keys.iter().enumerate() {
            let heard_us = at_us + 400 + 300 * n as u64;
            let receipt = StoreReceipt {
                store: Hash(*store),
                seq: self.messages as u64,
                boot: seed("boot", n),
                mono_ns: heard_us * 1000,
                wall_ms: heard_us / 1000,
            };
            self.part.count(&digest, &receipt);
        }
        self.part.insert(&digest, fact);
        self.messages += 1;
        id
    }

    /// A round's signature, as if it had been verified when it was fetched.
    fn round(&mut self, round: u64) -> [u8; 48] {
        *self.part.rounds.entry(round).or_insert_with(|| {
            let mut signature = [0; 48];
            signature[..32].copy_from_slice(&seed("round", round as usize).0);
            signature
        })
    }
}

/// A network of four witnesses whose genesis names so many nodes.
fn genesis(nodes: &[Person]) -> Genesis {
    let mut rows: Vec<GenesisNode> = nodes
        .iter()
        .map(|node| GenesisNode { account: node.account.clone(), weight: 10_000, slots: 1, adapters: vec![ADAPTER] })
        .collect();
    rows.sort_by(|a, b| a.account.cmp(&b.account));
    let units = Units { base: 0, per_item: 1, max: 1_000_000 };
    let adapters = vec![Adapter { id: ADAPTER, kind: "retrieval".into(), units }];
    let genesis = Genesis { nodes: rows, adapters, policy: blob_cid(b"policy"), ..network::genesis().as_ref().clone() };
    genesis.check().expect("a genesis");
    genesis
}

/// Makes epoch 0 of about so many messages, worked on by so many nodes, after a window of `window` epochs (at most
/// [`WINDOW_EPOCHS`] less one) in each of which as many messages were observed.
pub fn generate(messages: usize, nodes: usize, window: usize) -> Generated {
    let tasks = (messages as f64 / OF_TASK) as usize;
    let mut nodes: Vec<Person> = (0..nodes).map(|n| Person::new("node", n)).collect();
    let genesis = genesis(&nodes);
    let snapshot = Eligibility::of_genesis(&genesis);
    let numbers: BTreeMap<&Account, usize> = nodes.iter().enumerate().map(|(n, node)| (&node.account, n)).collect();
    let node_of: Vec<usize> = snapshot.rows().iter().map(|row| numbers[&row.account]).collect();
    let mut making = Making {
        network: genesis.network_id(),
        genesis,
        part: Part::default(),
        sample: vec![],
        bytes: 0,
        messages: 0,
        facts: Duration::ZERO,
        draws: Duration::ZERO,
    };
    let mut before = before(&making.genesis, &nodes, (tasks as f64 * KNOWN) as usize, window, messages);
    let (urn, tree) = (Urn::new(snapshot), PlainTree::of_evidence(&VALUES));
    let day_us = u64::from(making.genesis.fixed.epoch_s) * 1_000_000;
    let start_us = making.genesis.genesis_s * 1_000_000;
    for n in 0..tasks {
        // Evenly over the day: those of its last twenty minutes are handed on.
        let at_us = start_us + 2_000_000 + (day_us - 4_000_000) / tasks as u64 * n as u64;
        let mut user = Person::new("user", n);
        task(
            &mut making,
            &mut user,
            &mut nodes,
            at_us,
            n,
            |making, id, ticket| {
                let signature = making.part.rounds[&ticket.round];
                let digest = Hash::from_cid(id).expect("a message");
                let started = Instant::now();
                let kept = urn.draw(&making.genesis, making.network, digest, ticket, &signature);
                making.draws += started.elapsed();
                let place = making.part.find(&digest).expect("the ticket is at hand");
                making.part.keep_draw(place, kept);
                (kept.seed, [0, 1, 2].map(|place| node_of[kept.front[place] as usize]))
            },
            &tree,
        );
    }
    making.part.verified = making.part.rounds.clone();
    let seal = SealVector { epoch: 0, batches: BTreeMap::new() };
    before.epoch = -1;
    Generated {
        genesis: making.genesis,
        before,
        input: EpochInput { seal, part: making.part },
        messages: making.messages,
        tasks,
        sample: making.sample,
        bytes: making.bytes,
        facts: making.facts,
        draws: making.draws,
    }
}

/// One task: the first of the order wins, the other two judge it.
fn task(
    making: &mut Making,
    user: &mut Person,
    nodes: &mut [Person],
    at_us: u64,
    n: usize,
    draw: impl Fn(&mut Making, &Cid, &Ticket) -> (Seed, [usize; 3]),
    tree: &PlainTree,
) {
    let round = making.genesis.round_at(at_us / 1000) + 3;
    making.round(round);
    let ticket = Ticket { round, snapshot: -1, adapter: ADAPTER, max_units: 100 };
    let ticket_id = making.say(user, at_us, &[], None, Body::Ticket(ticket.clone()));
    let (seed, drawn) = draw(making, &ticket_id, &ticket);
    let asked_us = making.genesis.round_time_ms(round) * 1000 + 500_000;
    let prompt = Prompt {
        ticket: ticket_id,
        text: format!("What was question number {n} of this epoch about?"),
        params: ByteBuf::new(),
        snapshot: None,
        reply_key: ByteArray::new([9; 32]),
    };
    let prompt = making.say(user, asked_us, &[ticket_id], None, Body::Prompt(prompt));
    let output = vec![0x5a; 300];
    let mut results = vec![];
    for (place, node) in drawn.into_iter().enumerate() {
        let node = &mut nodes[node];
        let hash = TaskResult::commitment(&prompt, &output, &node.account, &[1; 32]);
        let at_us = asked_us + 1_000_000 + 150_000 * place as u64 + (n % 97) as u64 * 1_000;
        let commit = making.say(node, at_us, &[prompt], Some(prompt), Body::Commit(Commit { hash }));
        let binding = Binding {
            adapter: ADAPTER,
            config: seed_hash("config"),
            seed: seed_hash("seed"),
            snapshot: None,
            system_prompt: seed_hash("none"),
        };
        let result = TaskResult {
            commit,
            salt: ByteArray::new([1; 32]),
            output: ByteBuf::from(output.clone()),
            blobs: vec![],
            binding,
            units: 40 + (n % 17) as u64,
        };
        results.push(making.say(node, at_us + 2_000_000, &[prompt, commit], Some(prompt), Body::Result(result)));
    }
    let result = results[0];
    for node in &drawn[1..] {
        let node = &mut nodes[*node];
        let at_us = asked_us + 5_000_000;
        let round = making.genesis.round_at(at_us / 1000 + 1_100) + 1;
        let signature = making.round(round);
        let count = VALUES.len() as u32;
        let hash = Verdict::commitment(&result, 1_000, &tree.root(), count, &node.account, &[2; 32]);
        let body = VerdictCommit { result, hash, round };
        let commit = making.say(node, at_us, &[prompt, result], Some(prompt), Body::VerdictCommit(body));
        let open = |index: u32| Opening {
            index,
            value: VALUES[index as usize],
            siblings: tree.proof(index).expect("it is in the tree"),
        };
        let drawn = open_positions(&seed, &signature, &node.account, count, 4);
        let verdict = Verdict {
            commit,
            result,
            score: 1_000,
            salt: ByteArray::new([2; 32]),
            root: tree.root(),
            count,
            opened: drawn.into_iter().map(open).collect(),
            reason: "10 of 40 sentences computed again agree".into(),
        };
        let at_us = making.genesis.round_time_ms(round) * 1000 + 200_000;
        making.say(node, at_us, &[prompt, result, commit], Some(prompt), Body::Verdict(verdict));
    }
    if n.is_multiple_of(2) {
        let body = Feedback { result, rating: 900, text: String::new() };
        making.say(user, asked_us + 60_000_000, &[prompt, result], Some(prompt), Body::Feedback(body));
    }
}

fn seed_hash(what: &str) -> Hash {
    Hash::of(&[what.as_bytes()])
}

/// The state after epoch -1: everybody has a session and some history, and the window is full of what was observed.
fn before(genesis: &Genesis, nodes: &[Person], known: usize, window: usize, messages: usize) -> FoldState {
    assert!(window < WINDOW_EPOCHS as usize, "the newest epoch of the window is the one that is folded");
    let mut state = FoldState::of_genesis(genesis);
    let user = |n: usize| {
        let person = Person::new("user", n);
        let state = AccountState {
            unlock: (n % 1_000) as u64 * 1_000,
            tickets: vec![true; n % 20],
            sessions: vec![person.session()],
            ..AccountState::default()
        };
        (person.account, state)
    };
    state.accounts = (0..known).map(user).collect();
    for node in nodes {
        let known = AccountState { scored_jobs: 500, sessions: vec![node.session()], ..AccountState::default() };
        state.accounts.insert(node.account.clone(), known);
    }
    for epoch in 0..window {
        let row = |n: usize| {
            let name = n + epoch * messages;
            (seed("done", name), Done { place: seed("place", name), at_ms: genesis.genesis_s * 1000 - 1 })
        };
        state.observed.insert(-1 - epoch as i64, Arc::new((0..messages).map(row).collect()));
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_oracle::fold::fold_epoch;

    #[test]
    fn every_task_of_the_epoch_is_won_and_paid() {
        let made = generate(2_500, 20, 2);
        let folded = fold_epoch(&made.genesis, &made.before, &made.input).expect("it folds");
        let tasks = folded.tasks().expect("in memory");
        let open = made.tasks - tasks.len();
        assert!((12 * open..=13 * open).contains(&folded.next.carry.len()), "what is open is handed on");
        assert!(tasks.len() > 190 && tasks.values().all(|row| row.winner.is_some()));
        assert!(tasks.values().all(|row| row.judges.len() == 2));
        let paid: u64 = folded.pay.iter().map(|pay| pay.net).sum();
        assert_eq!(paid + folded.unemitted, folded.emission);
    }
}
