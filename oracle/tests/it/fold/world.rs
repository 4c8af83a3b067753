//! A network in memory: witnesses with clocks of their own, wallets, nodes, a beacon. Nothing in it is random.

use std::collections::BTreeMap;

use cid::Cid;
use ed25519_dalek::SigningKey;
use liaise_ledger::assignment::Assignment;
use liaise_ledger::body::{
    Binding, Body, Capability, Commit, Prompt, Receipt, Receipts, Seal, Session, TaskResult, Ticket,
};
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::genesis::{Adapter, CuratorSet, Fixed, GenesisNode, KeySet, ThresholdSet, Units};
use liaise_ledger::hash::blob_cid;
use liaise_ledger::message::Place;
use liaise_ledger::session::{Scopes, SessionText, eip191_hash, evm_address};
use liaise_ledger::{Account, Author, BeaconKey, Draft, Genesis, Hash, Parameters, Signer, Verified};
use liaise_oracle::fold::{EpochInput, FoldState, Folded, MemoryLedger, Statement, TaskRow, fold_epoch};
use secp256k1::global::SECP256K1;
use secp256k1::{Message, PublicKey, SecretKey};
use serde_bytes::{ByteArray, ByteBuf};

/// 2026-01-01, a multiple of [`EPOCH_S`].
pub const GENESIS_S: u64 = 1_767_225_600;
pub const EPOCH_S: u32 = 7_200;
/// Chains on which owners of the first have accounts too.
pub const CASH: &str = "bch:bchtest";
pub const SOLANA: &str = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";
/// Units of every result in these tests unless a test says otherwise.
pub const UNITS: u64 = 1_000;
pub const ADAPTER: Hash = Hash([7; 32]);

/// A secret of the world's.
pub fn secret(what: &str, n: usize) -> [u8; 32] {
    Hash::of(&[what.as_bytes(), &n.to_be_bytes()]).0
}

pub fn wallet(n: usize) -> SecretKey {
    SecretKey::from_byte_array(secret("wallet", n)).unwrap()
}

/// What an EVM wallet signs under a text.
pub fn evm_signature(wallet: &SecretKey, text: &str) -> Vec<u8> {
    let digest = Message::from_digest(eip191_hash(text));
    let (id, rs) = SECP256K1.sign_ecdsa_recoverable(digest, wallet).serialize_compact();
    let mut signature = rs.to_vec();
    signature.push(27 + i32::from(id) as u8);
    signature
}

/// The account of wallet `n`.
pub fn account(n: usize) -> Account {
    Account::evm(42_161, evm_address(&PublicKey::from_secret_key_global(&wallet(n))))
}

struct Store {
    signer: Signer,
    key: [u8; 32],
    place: Place,
    /// What it will give receipts for: (wall ms, monotonic ns, message).
    heard: Vec<(u64, u64, Cid)>,
    last: Option<Cid>,
    next: u64,
    boot: [u8; 16],
    /// Its wall clock minus true time, milliseconds; and how long messages take to reach it, microseconds.
    skew_ms: i64,
    delay_us: u64,
}

struct Person {
    account: Account,
    wallet: SecretKey,
    signer: Signer,
    place: Place,
}

/// A folded epoch with its statements and tasks, as a reader of its artefact finds them.
#[derive(Clone, Debug)]
pub struct Told {
    folded: Folded,
    pub statements: Vec<Statement>,
    pub tasks: BTreeMap<Cid, TaskRow>,
}

impl Told {
    pub fn of(folded: Folded) -> Told {
        Told { statements: folded.statements().unwrap(), tasks: folded.tasks().unwrap(), folded }
    }
}

impl std::ops::Deref for Told {
    type Target = Folded;

    fn deref(&self) -> &Folded {
        &self.folded
    }
}

/// See the module.
pub struct World {
    pub genesis: Genesis,
    pub network: Hash,
    beacon: BeaconKey,
    stores: Vec<Store>,
    people: BTreeMap<Account, Person>,
    pub ledger: MemoryLedger,
    pub seals: Vec<Seal>,
    /// Which stores hear what is said, by place; all of them unless a test says otherwise.
    pub hearing: Vec<bool>,
    pub skip_close: Vec<bool>,
}

pub fn parameters() -> Parameters {
    Parameters { ramp_weight: 0, ..Parameters::default() }
}

impl World {
    /// `nodes` nodes of genesis (wallets from 0), users from wallet 100 on.
    pub fn new(nodes: usize, parameters: Parameters) -> World {
        let mut keys: Vec<(SigningKey, [u8; 32])> = (0..4)
            .map(|n| SigningKey::from_bytes(&secret("store", n)))
            .map(|key| (key.clone(), key.verifying_key().to_bytes()))
            .collect();
        keys.sort_by_key(|(_, public)| *public);
        let beacon = BeaconKey::from_seed(&secret("beacon", 0));
        let secp = |what: &str, n: usize| {
            let public = |n| {
                let key = SecretKey::from_byte_array(secret(what, n)).unwrap();
                PublicKey::from_secret_key_global(&key).serialize()
            };
            let mut keys: Vec<[u8; 33]> = (0..n).map(public).collect();
            keys.sort_unstable();
            keys
        };
        let mut genesis_nodes: Vec<GenesisNode> = (0..nodes)
            .map(|n| GenesisNode { account: account(n), weight: 10_000, slots: 1, adapters: vec![ADAPTER] })
            .collect();
        genesis_nodes.sort_by(|a, b| a.account.cmp(&b.account));
        let genesis = Genesis {
            version: 1,
            name: "fold.test".into(),
            genesis_s: GENESIS_S,
            policy: blob_cid(b"policy"),
            chains: [CASH, "eip155:42161", SOLANA].map(|chain| chain.parse().unwrap()).to_vec(),
            adapters: vec![Adapter {
                id: ADAPTER,
                kind: "text".into(),
                units: Units { base: 0, per_item: 1, max: 1_000_000 },
            }],
            fixed: Fixed { epoch_s: EPOCH_S, ..Fixed::default() },
            beacon: beacon.beacon(GENESIS_S - 86_400, 3),
            stores: KeySet { version: 1, keys: keys.iter().map(|(_, public)| *public).collect() },
            oracles: KeySet { version: 1, keys: secp("oracle", 5) },
            dao: ThresholdSet { version: 1, threshold: 2, keys: secp("dao", 3) },
            curators: CuratorSet { version: 1, keys: vec![account(200)] },
            nodes: genesis_nodes,
            parameters,
        };
        genesis.check().unwrap();
        let store = |(n, (key, public)): (usize, (SigningKey, [u8; 32]))| Store {
            signer: Signer::Ed25519(Box::new(key)),
            key: public,
            place: Place::default(),
            heard: vec![],
            last: None,
            next: 0,
            boot: [n as u8 + 1; 16],
            skew_ms: [0, 40, -25, 5][n],
            delay_us: [800, 1_900, 400, 1_200][n],
        };
        let network = genesis.network_id();
        let mut world = World {
            genesis,
            network,
            beacon,
            stores: keys.into_iter().enumerate().map(store).collect(),
            people: BTreeMap::new(),
            ledger: MemoryLedger::default(),
            seals: vec![],
            hearing: vec![true; 4],
            skip_close: vec![false; 4],
        };
        for n in (0..nodes).chain(100..110).chain([200]) {
            world.join(n);
        }
        for n in 0..nodes {
            world.capability(&account(n), None, (GENESIS_S - 3_000) * 1000);
        }
        world
    }

    /// A wallet signs a session for its hot key, an hour before genesis.
    fn join(&mut self, n: usize) {
        let account = self.meet(n);
        self.sign_in(&account, (GENESIS_S - 3_599) * 1000);
    }

    /// A wallet and its hot key, which nobody has heard of yet.
    pub fn meet(&mut self, n: usize) -> Account {
        let account = account(n);
        let signer = Signer::Ed25519(Box::new(SigningKey::from_bytes(&secret("session", n))));
        let person = Person { account: account.clone(), wallet: wallet(n), signer, place: Place::default() };
        self.people.insert(account.clone(), person);
        account
    }

    /// An account of whatever chain, and a hot key for it, which nobody has heard of yet.
    pub fn meet_as(&mut self, account: &Account) {
        let seed = Hash::of(&[b"hot key", account.as_str().as_bytes()]).0;
        let signer = Signer::Ed25519(Box::new(SigningKey::from_bytes(&seed)));
        let person = Person { account: account.clone(), wallet: wallet(0), signer, place: Place::default() };
        self.people.entry(account.clone()).or_insert(person);
    }

    /// A wallet signs a session for its hot key, and everybody hears it.
    fn sign_in(&mut self, who: &Account, at_ms: u64) {
        let session = self.sign_session(who, at_ms);
        self.hear(session, at_ms);
    }

    /// A wallet signs a session for its hot key.
    pub fn sign_session(&mut self, who: &Account, at_ms: u64) -> Verified {
        let key = self.session_key(who);
        let issued = at_ms / 1000 - 1;
        let text = SessionText::grant(&self.genesis, who.clone(), key, Scopes::ALL, issued, issued + 2_000_000);
        let body = self.session_body(who, &text);
        self.sign(who, vec![], None, body)
    }

    /// Says what a session text says.
    pub fn session(&mut self, who: &Account, text: SessionText, at_ms: u64) -> Cid {
        let body = self.session_body(who, &text);
        self.say(who, vec![], None, body, at_ms)
    }

    fn session_body(&self, who: &Account, text: &SessionText) -> Body {
        let text = text.render();
        let signature = evm_signature(&self.people[who].wallet, &text);
        Body::Session(Session { text, signature: ByteBuf::from(signature) })
    }

    pub fn session_key(&self, who: &Account) -> [u8; 32] {
        self.people[who].signer.public().try_into().unwrap()
    }

    pub fn capability(&mut self, who: &Account, drain_round: Option<u64>, at_ms: u64) -> Cid {
        let body = Capability { adapters: vec![ADAPTER], region: "CH".into(), slots: 3, light: false, drain_round };
        self.say(who, vec![], None, Body::Capability(body), at_ms)
    }

    /// Signs a message without sending it.
    pub fn sign(&mut self, who: &Account, parents: Vec<Cid>, task: Option<Cid>, body: Body) -> Verified {
        let network = self.network;
        let person = self.people.get_mut(who).unwrap();
        let author = Author::Account(person.account.clone());
        let draft = Draft { author, parents, task, time_ms: 0, body };
        draft.sign(network, &person.signer, &mut person.place).unwrap()
    }

    /// Where the next message of a key will stand: another one than it should is equivocation.
    pub fn set_place(&mut self, who: &Account, place: Place) {
        self.people.get_mut(who).unwrap().place = place;
    }

    pub fn place(&self, who: &Account) -> Place {
        self.people[who].place.clone()
    }

    /// Signs a message and lets the stores hear it.
    pub fn say(&mut self, who: &Account, parents: Vec<Cid>, task: Option<Cid>, body: Body, at_ms: u64) -> Cid {
        let message = self.sign(who, parents, task, body);
        self.hear(message, at_ms)
    }

    /// Lets the stores hear a message at a true time.
    pub fn hear(&mut self, message: Verified, at_ms: u64) -> Cid {
        self.hear_us(message, at_ms * 1000)
    }

    /// The same in microseconds.
    pub fn hear_us(&mut self, message: Verified, at_us: u64) -> Cid {
        let id = message.id;
        self.ledger.insert(message);
        for (store, hears) in self.stores.iter_mut().zip(&self.hearing) {
            if *hears {
                let at_us = at_us + store.delay_us;
                let wall_ms = (at_us / 1000).checked_add_signed(store.skew_ms).unwrap();
                store.heard.push((wall_ms, at_us * 1000, id));
            }
        }
        id
    }

    /// The first `stores` stores give receipts for a message that nobody has.
    pub fn invent(&mut self, id: Cid, stores: usize, at_ms: u64) {
        for store in &mut self.stores[..stores] {
            store.heard.push((at_ms, at_ms * 1_000_000, id));
        }
    }

    /// Every store closes an epoch; the seal names all of them, but for those that skip it.
    pub fn seal(&mut self, epoch: i64) -> Seal {
        let close_ms = self.genesis.close_ms(epoch);
        let network = self.network;
        let mut batches = vec![];
        for (store, skips) in self.stores.iter_mut().zip(&self.skip_close) {
            if *skips {
                batches.push(None);
                continue;
            }
            store.heard.sort_unstable();
            let split = store.heard.partition_point(|(wall, ..)| *wall < close_ms);
            let now: Vec<_> = store.heard.drain(..split).collect();
            let mut chunks: Vec<&[(u64, u64, Cid)]> = now.chunks(3).collect();
            if chunks.is_empty() {
                chunks.push(&[]);
            }
            let last = chunks.len() - 1;
            for (index, chunk) in chunks.into_iter().enumerate() {
                let receipt = |(wall_ms, mono_ns, id): &(u64, u64, Cid)| Receipt {
                    id: *id,
                    mono_ns: *mono_ns,
                    wall_ms: *wall_ms,
                };
                let body = Body::Receipts(Receipts {
                    previous: store.last,
                    boot: ByteArray::new(store.boot),
                    first: store.next,
                    close: (index == last).then_some(epoch),
                    receipts: chunk.iter().map(receipt).collect(),
                });
                let author = Author::Store(store.key);
                let draft = Draft { author, parents: vec![], task: None, time_ms: 0, body };
                let message = draft.sign(network, &store.signer, &mut store.place).unwrap();
                store.next += chunk.len() as u64;
                store.last = Some(message.id);
                self.ledger.insert(message);
            }
            batches.push(store.last);
        }
        let seal = Seal { epoch, batches, certificate: ByteBuf::new() };
        self.seals.push(seal.clone());
        seal
    }

    pub fn round(&mut self, round: u64) -> [u8; 48] {
        let signature = self.beacon.sign(round);
        self.ledger.insert_round(round, signature);
        signature
    }

    /// Folds the epochs from -1 to `until`, sealing each first.
    pub fn fold_until(&mut self, until: i64) -> Vec<Told> {
        let mut state = FoldState::of_genesis(&self.genesis);
        let mut out = vec![];
        for epoch in -1..=until {
            let seal = match self.seals.iter().find(|seal| seal.epoch == epoch) {
                Some(seal) => seal.clone(),
                None => self.seal(epoch),
            };
            let input = EpochInput::collect(&self.ledger, &self.genesis, &state, &seal).unwrap();
            let folded = fold_epoch(&self.genesis, &state, &input).unwrap();
            state = folded.next.clone();
            out.push(Told::of(folded));
        }
        out
    }

    /// A ticket by `user`, observed at `at_ms`.
    pub fn ticket(&mut self, user: &Account, snapshot: i64, at_ms: u64) -> (Cid, Ticket) {
        self.ticket_for(ADAPTER, user, snapshot, at_ms)
    }

    /// The same for an adapter.
    pub fn ticket_for(&mut self, adapter: Hash, user: &Account, snapshot: i64, at_ms: u64) -> (Cid, Ticket) {
        let round = self.genesis.round_at(at_ms) + 3;
        self.round(round);
        let ticket = Ticket { round, snapshot, adapter, max_units: 1_000_000 };
        (self.say(user, vec![], None, Body::Ticket(ticket.clone()), at_ms), ticket)
    }

    /// A ticket by `user` that names a message.
    pub fn ticket_naming(&mut self, user: &Account, parent: Cid, at_ms: u64) -> Cid {
        let round = self.genesis.round_at(at_ms) + 3;
        self.round(round);
        let ticket = Ticket { round, snapshot: self.genesis.epoch_of(at_ms) - 1, adapter: ADAPTER, max_units: 1 };
        self.say(user, vec![parent], None, Body::Ticket(ticket), at_ms)
    }

    /// Asks with a fresh ticket, half a second after its round; draws from genesis's nodes.
    pub fn ask(&mut self, user: &Account, text: &str, at_ms: u64) -> Asked {
        let snapshot = Eligibility::of_genesis(&self.genesis);
        self.ask_from(user, text, at_ms, -1, &snapshot)
    }

    /// The same, drawing from the snapshot of an epoch.
    pub fn ask_from(&mut self, user: &Account, text: &str, at_ms: u64, epoch: i64, snapshot: &Eligibility) -> Asked {
        let ticket = self.ticket(user, epoch, at_ms);
        let prompt = Prompt {
            ticket: ticket.0,
            text: text.into(),
            params: ByteBuf::new(),
            snapshot: None,
            reply_key: ByteArray::new([1; 32]),
        };
        self.use_ticket(user, ticket, Body::Prompt(prompt), snapshot)
    }

    /// Uses a ticket half a second after its round.
    pub fn use_ticket(
        &mut self,
        user: &Account,
        (ticket_id, ticket): (Cid, Ticket),
        root: Body,
        snapshot: &Eligibility,
    ) -> Asked {
        let prompt_ms = self.genesis.round_time_ms(ticket.round) + 500;
        let id = self.say(user, vec![ticket_id], None, root, prompt_ms);
        let signature = self.round(ticket.round);
        let message = self.message(&ticket_id);
        let assignment = Assignment::compute(&self.genesis, &message, &signature, snapshot).unwrap();
        let order = assignment.rows(snapshot).map(|row| row.account.clone()).collect();
        Asked { id, ticket: ticket_id, prompt_ms, order, assignment }
    }

    pub fn message(&self, id: &Cid) -> Verified {
        self.ledger.messages().find(|message| message.id == *id).unwrap().as_ref().clone()
    }

    /// A racer commits `latency_us` after the prompt.
    pub fn commit(&mut self, asked: &Asked, who: &Account, latency_us: u64, output: &[u8]) -> Cid {
        let hash = TaskResult::commitment(&asked.id, output, who, &[9; 32]);
        let message = self.sign(who, vec![asked.id], Some(asked.id), Body::Commit(Commit { hash }));
        self.hear_us(message, asked.prompt_ms * 1000 + latency_us)
    }

    /// The result that opens a commit of [`World::commit`].
    pub fn result_of(commit: Cid, output: &[u8], units: u64) -> TaskResult {
        let binding = Binding {
            adapter: ADAPTER,
            config: Hash([1; 32]),
            seed: Hash([2; 32]),
            snapshot: None,
            system_prompt: Hash([3; 32]),
        };
        let output = ByteBuf::from(output.to_vec());
        TaskResult { commit, salt: ByteArray::new([9; 32]), output, blobs: vec![], binding, units }
    }

    /// A racer reveals `after_ms` after the prompt.
    pub fn reveal(&mut self, asked: &Asked, who: &Account, commit: Cid, result: TaskResult, after_ms: u64) -> Cid {
        let parents = vec![asked.id, commit];
        self.say(who, parents, Some(asked.id), Body::Result(result), asked.prompt_ms + after_ms)
    }

    /// Commits after `latency_us` and reveals two seconds later.
    pub fn race(&mut self, asked: &Asked, who: &Account, latency_us: u64) -> Cid {
        let commit = self.commit(asked, who, latency_us, b"output");
        self.reveal(asked, who, commit, World::result_of(commit, b"output", UNITS), latency_us / 1000 + 2_000)
    }

    /// A whole good task: the first of the order wins after 300 ms, the next two judge.
    pub fn good_task(&mut self, user: &Account, text: &str, at_ms: u64) -> Asked {
        let asked = self.ask(user, text, at_ms);
        let order = asked.order.clone();
        let result = self.race(&asked, &order[0], 300_000);
        self.judge(&asked, &order[1], result, 900, 3_000);
        self.judge(&asked, &order[2], result, 800, 3_100);
        asked
    }
}

/// A prompt with its draw.
#[derive(Clone, Debug)]
pub struct Asked {
    pub id: Cid,
    pub ticket: Cid,
    pub prompt_ms: u64,
    pub order: Vec<Account>,
    pub assignment: Assignment,
}

/// A time in an epoch: `s` seconds after its start, in milliseconds.
pub fn at(epoch: i64, s: u64) -> u64 {
    let start = if epoch < 0 { GENESIS_S - u64::from(EPOCH_S) } else { GENESIS_S + epoch as u64 * u64::from(EPOCH_S) };
    (start + s) * 1000
}
