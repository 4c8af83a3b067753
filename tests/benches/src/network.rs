//! A network's messages as its stores meet them: tasks from ticket to verdicts, by many accounts.

use ed25519_dalek::SigningKey;
use liaise_ledger::body::{
    Binding, Body, Commit, Opening, Prompt, Session, TaskResult, Ticket, Verdict, VerdictCommit,
};
use liaise_ledger::genesis::{CuratorSet, Fixed, GenesisNode, KeySet, ThresholdSet};
use liaise_ledger::hash::blob_cid;
use liaise_ledger::message::Place;
use liaise_ledger::session::{Scopes, SessionText, eip191_hash, evm_address};
use liaise_ledger::{Account, Author, BeaconKey, Draft, Genesis, Hash, Parameters, Signer, Verified};
use liaise_store::{Clock, Options, Store};
use secp256k1::{PublicKey, SecretKey};
use serde_bytes::{ByteArray, ByteBuf};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Accounts of each kind: who asks, and who works.
const ACCOUNTS: usize = 250;
/// Bytes of a result's output: an answer that lists ten sources and forty sentences.
const OUTPUT: usize = 1_900;
/// Epoch 0 begins an hour before the messages.
const GENESIS_S: u64 = 1_767_225_600;
/// When the messages were signed, in milliseconds since 1970.
pub const NOW_MS: u64 = (GENESIS_S + 3_600) * 1000;

fn seed(what: &str, n: usize) -> [u8; 32] {
    Hash::of(&[what.as_bytes(), &n.to_be_bytes()]).0
}

fn secp(what: &str, n: usize) -> SecretKey {
    SecretKey::from_byte_array(seed(what, n)).expect("a hash is a key but for one in 2^128")
}

fn ed25519(what: &str, n: usize) -> Arc<Signer> {
    Arc::new(Signer::Ed25519(Box::new(SigningKey::from_bytes(&seed(what, n)))))
}

/// The messages' own time.
struct Then(Instant);

impl Clock for Then {
    fn wall_ms(&self) -> u64 {
        NOW_MS
    }
    fn mono_ns(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

/// A new store of the genesis's first witness, at the time of the messages.
pub fn store(dir: &Path) -> Store {
    let options = Options::new(genesis()).witness(ed25519("store", 0)).clock(Arc::new(Then(Instant::now())));
    Store::open(dir, options).expect("a store")
}

/// A network of four witnesses.
pub fn genesis() -> Arc<Genesis> {
    let public = |n| ed25519("store", n).public().try_into().expect("32 bytes");
    let mut stores: Vec<[u8; 32]> = (0..4).map(public).collect();
    stores.sort_unstable();
    let keys = |what, count| {
        let public = |n| PublicKey::from_secret_key_global(&secp(what, n)).serialize();
        let mut keys: Vec<[u8; 33]> = (0..count).map(public).collect();
        keys.sort_unstable();
        keys
    };
    let node = GenesisNode { account: account(0), weight: 10_000, slots: 1, adapters: vec![] };
    let genesis = Genesis {
        version: 1,
        name: "bench.liaise".into(),
        genesis_s: GENESIS_S,
        policy: blob_cid(b"policy"),
        chains: vec!["eip155:42161".parse().expect("a chain")],
        adapters: vec![],
        fixed: Fixed::default(),
        beacon: BeaconKey::from_seed(&seed("beacon", 0)).beacon(GENESIS_S - 86_400, 3),
        stores: KeySet { version: 1, keys: stores },
        oracles: KeySet { version: 1, keys: keys("oracle", 5) },
        dao: ThresholdSet { version: 1, threshold: 2, keys: keys("dao", 3) },
        curators: CuratorSet { version: 1, keys: vec![] },
        nodes: vec![node],
        parameters: Parameters::default(),
    };
    genesis.check().expect("a genesis");
    Arc::new(genesis)
}

fn account(n: usize) -> Account {
    Account::evm(42_161, evm_address(&PublicKey::from_secret_key_global(&secp("wallet", n))))
}

struct Person {
    account: Account,
    wallet: usize,
    signer: Arc<Signer>,
    place: Place,
}

impl Person {
    fn new(n: usize) -> Person {
        Person { account: account(n), wallet: n, signer: ed25519("session", n), place: Place::default() }
    }

    fn say(&mut self, network: Hash, parents: &[&Verified], task: Option<&Verified>, body: Body) -> Verified {
        let parents = parents.iter().map(|parent| parent.id).collect();
        let author = Author::Account(self.account.clone());
        let draft = Draft { author, parents, task: task.map(|task| task.id), time_ms: NOW_MS, body };
        draft.sign(network, &self.signer, &mut self.place).expect("a message of good form")
    }

    fn session(&mut self, genesis: &Genesis) -> Verified {
        let key = self.signer.public().try_into().expect("32 bytes");
        let from_s = NOW_MS / 1000;
        let text = SessionText::grant(genesis, self.account.clone(), key, Scopes::ALL, from_s, from_s + 3_600).render();
        let digest = secp256k1::Message::from_digest(eip191_hash(&text));
        let wallet = secp("wallet", self.wallet);
        let (id, compact) = secp256k1::global::SECP256K1.sign_ecdsa_recoverable(digest, &wallet).serialize_compact();
        let mut signature = compact.to_vec();
        signature.push(27 + i32::from(id) as u8);
        let body = Body::Session(Session { text, signature: ByteBuf::from(signature) });
        self.say(genesis.network_id(), &[], None, body)
    }
}

/// The people of a network, who go on for as long as they are asked.
pub struct Traffic {
    network: Hash,
    people: Vec<Person>,
    tasks: usize,
}

impl Traffic {
    /// People, and their sessions, which come first.
    pub fn new(genesis: &Genesis) -> (Traffic, Vec<Verified>) {
        let mut people: Vec<Person> = (0..2 * ACCOUNTS).map(Person::new).collect();
        let sessions = people.iter_mut().map(|person| person.session(genesis)).collect();
        (Traffic { network: genesis.network_id(), people, tasks: 0 }, sessions)
    }

    /// The twelve messages of the next task: a ticket, a prompt, three racers' commits and results, two judges' commits and
    /// verdicts.
    pub fn task(&mut self) -> Vec<Verified> {
        let (network, n) = (self.network, self.tasks);
        self.tasks += 1;
        let (users, nodes) = self.people.split_at_mut(ACCOUNTS);
        let user = &mut users[n % ACCOUNTS];
        let ticket = Ticket { round: 40_000 + n as u64, snapshot: -1, adapter: Hash::ZERO, max_units: 100 };
        let ticket = user.say(network, &[], None, Body::Ticket(ticket));
        let prompt = Prompt {
            ticket: ticket.id,
            text: format!("What was question number {n} of this benchmark about?"),
            params: ByteBuf::new(),
            snapshot: Some(Hash::ZERO),
            reply_key: ByteArray::new([9; 32]),
        };
        let prompt = user.say(network, &[&ticket], None, Body::Prompt(prompt));
        let mut results = vec![];
        let mut rest = vec![];
        for racer in 0..3 {
            let node = &mut nodes[(3 * n + racer) % ACCOUNTS];
            let commit =
                node.say(network, &[&prompt], Some(&prompt), Body::Commit(Commit { hash: Hash(seed("c", n)) }));
            let result = result(&commit);
            results.push(node.say(network, &[&prompt, &commit], Some(&prompt), Body::Result(result)));
            rest.push(commit);
        }
        rest.extend(results.iter().cloned());
        for judge in 1..3 {
            let node = &mut nodes[(3 * n + judge) % ACCOUNTS];
            let result = &results[0];
            let commit = VerdictCommit { result: result.id, hash: Hash(seed("v", n)), round: 40_010 + n as u64 };
            let commit = node.say(network, &[&prompt, result], Some(&prompt), Body::VerdictCommit(commit));
            let verdict = verdict(&commit, result);
            rest.push(node.say(network, &[&prompt, result, &commit], Some(&prompt), Body::Verdict(verdict)));
            rest.push(commit);
        }
        [vec![ticket, prompt], rest].concat()
    }
}

fn result(commit: &Verified) -> TaskResult {
    let hash = |what: &str| Hash::of(&[what.as_bytes()]);
    // A byte string in DAG-CBOR.
    let mut output = vec![0x59, (OUTPUT >> 8) as u8, OUTPUT as u8];
    output.resize(3 + OUTPUT, 0x5a);
    TaskResult {
        commit: commit.id,
        salt: ByteArray::new([1; 32]),
        output: ByteBuf::from(output),
        blobs: vec![],
        binding: Binding {
            adapter: hash("adapter"),
            config: hash("config"),
            seed: hash("seed"),
            snapshot: Some(Hash::ZERO),
            system_prompt: hash("none"),
        },
        units: 50,
    }
}

fn verdict(commit: &Verified, result: &Verified) -> Verdict {
    let opened = (0..4).map(|index| Opening { index, value: 1_000, siblings: vec![Hash([7; 32]); 4] }).collect();
    Verdict {
        commit: commit.id,
        result: result.id,
        score: 1_000,
        salt: ByteArray::new([2; 32]),
        root: Hash([3; 32]),
        count: 10,
        opened,
        reason: "10 of 40 sentences computed again agree".into(),
    }
}
