//! A network with its keys, a clock that tests set, and accounts that sign.

use cid::Cid;
use ed25519_dalek::SigningKey;
use liaise_ledger::body::{Body, Capability, Commit, Session, TaskResult, Ticket};
use liaise_ledger::genesis::{Adapter, CuratorSet, Fixed, GenesisNode, KeySet, ThresholdSet, Units};
use liaise_ledger::hash::blob_cid;
use liaise_ledger::message::Place;
use liaise_ledger::session::{Scopes, SessionText, eip191_hash, evm_address};
use liaise_ledger::{Account, Author, BeaconKey, Draft, Genesis, Hash, Parameters, Signed, Signer, Verified};
use liaise_store::{Clock, IngestReport, Options, RefuseReason, Status, Store};
use secp256k1::{PublicKey, SecretKey};
use serde_bytes::{ByteArray, ByteBuf};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub const GENESIS_S: u64 = 1_767_225_600;
pub const NOW_MS: u64 = (GENESIS_S + 3_600) * 1000;

fn seed(what: &str, i: usize) -> [u8; 32] {
    Hash::of(&[what.as_bytes(), &i.to_be_bytes()]).0
}

pub fn secp(what: &str, i: usize) -> SecretKey {
    SecretKey::from_byte_array(seed(what, i)).unwrap()
}

pub fn ed25519(what: &str, i: usize) -> Arc<Signer> {
    Arc::new(Signer::Ed25519(Box::new(SigningKey::from_bytes(&seed(what, i)))))
}

fn wallet_account(i: usize) -> Account {
    Account::evm(42_161, evm_address(&PublicKey::from_secret_key_global(&secp("wallet", i))))
}

/// Witness `i`'s signer.
pub fn witness(i: usize) -> Arc<Signer> {
    ed25519("store", i)
}

pub fn public(signer: &Signer) -> [u8; 32] {
    signer.public().try_into().unwrap()
}

/// A network whose curator is wallet 0.
pub fn genesis() -> Arc<Genesis> {
    let mut stores: Vec<[u8; 32]> = (0..4).map(|i| public(&witness(i))).collect();
    stores.sort_unstable();
    let secp_keys = |what, n| {
        let mut keys: Vec<[u8; 33]> =
            (0..n).map(|i| PublicKey::from_secret_key_global(&secp(what, i)).serialize()).collect();
        keys.sort_unstable();
        keys
    };
    let units = Units { base: 40, per_item: 12, max: 4_096 };
    let adapter = Adapter { id: Hash(seed("adapter", 0)), kind: "retrieval".into(), units };
    let mut nodes: Vec<GenesisNode> = (1..6)
        .map(|i| GenesisNode { account: wallet_account(i), weight: 10_000, slots: 1, adapters: vec![adapter.id] })
        .collect();
    nodes.sort_by(|a, b| a.account.cmp(&b.account));
    let genesis = Genesis {
        version: 1,
        name: "test.liaise".into(),
        genesis_s: GENESIS_S,
        policy: blob_cid(b"ethics policy"),
        chains: vec!["eip155:42161".parse().unwrap()],
        adapters: vec![adapter],
        fixed: Fixed::default(),
        beacon: BeaconKey::from_seed(&seed("beacon", 0)).beacon(GENESIS_S - 86_400, 3),
        stores: KeySet { version: 1, keys: stores },
        oracles: KeySet { version: 1, keys: secp_keys("oracle", 5) },
        dao: ThresholdSet { version: 1, threshold: 2, keys: secp_keys("dao", 3) },
        curators: CuratorSet { version: 1, keys: vec![wallet_account(0)] },
        nodes,
        parameters: Parameters::default(),
    };
    genesis.check().unwrap();
    Arc::new(genesis)
}

/// Shows what tests say, and moves one nanosecond with every look.
pub struct TestClock {
    wall_ms: AtomicU64,
    mono_ns: AtomicU64,
}

impl TestClock {
    pub fn set_wall_ms(&self, wall_ms: u64) {
        self.wall_ms.store(wall_ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn wall_ms(&self) -> u64 {
        self.wall_ms.load(Ordering::SeqCst)
    }
    fn mono_ns(&self) -> u64 {
        self.mono_ns.fetch_add(1, Ordering::SeqCst)
    }
}

pub fn clock() -> Arc<TestClock> {
    Arc::new(TestClock { wall_ms: AtomicU64::new(NOW_MS), mono_ns: AtomicU64::new(0) })
}

pub fn options() -> Options {
    Options::new(genesis()).clock(clock())
}

pub fn witness_options(i: usize) -> Options {
    options().witness(witness(i))
}

pub fn plain(dir: &Path) -> Store {
    Store::open(dir, options()).unwrap()
}

pub fn witness_store(dir: &Path) -> Store {
    Store::open(dir, witness_options(0)).unwrap()
}

/// An account with a session key.
pub struct User {
    pub account: Account,
    pub signer: Arc<Signer>,
    pub place: Place,
    wallet: usize,
    network: Hash,
}

impl User {
    /// Wallet `i` and its session key.
    pub fn new(i: usize) -> User {
        User::with_key(i, ed25519("session", i))
    }

    pub fn with_key(wallet: usize, signer: Arc<Signer>) -> User {
        let network = genesis().network_id();
        User { account: wallet_account(wallet), signer, place: Place::default(), wallet, network }
    }

    /// Signs whatever it is told to.
    pub fn say(&mut self, parents: Vec<Cid>, task: Option<Cid>, body: Body) -> Verified {
        let author = Author::Account(self.account.clone());
        let draft = Draft { author, parents, task, time_ms: NOW_MS, body };
        draft.sign(self.network, &self.signer, &mut self.place).unwrap()
    }

    pub fn session_body(&self, text: &SessionText) -> Body {
        let text = text.render();
        let digest = secp256k1::Message::from_digest(eip191_hash(&text));
        let signature = secp256k1::global::SECP256K1.sign_ecdsa_recoverable(digest, &secp("wallet", self.wallet));
        let (id, compact) = signature.serialize_compact();
        let mut signature = compact.to_vec();
        signature.push(27 + i32::from(id) as u8);
        Body::Session(Session { text, signature: ByteBuf::from(signature) })
    }

    pub fn grant_text(&self, scopes: Scopes, issued_s: u64, lifetime_s: u64) -> SessionText {
        let key = public(&self.signer);
        SessionText::grant(&genesis(), self.account.clone(), key, scopes, issued_s, issued_s + lifetime_s)
    }

    pub fn grant(&mut self, scopes: Scopes, issued_s: u64, lifetime_s: u64) -> Verified {
        let body = self.session_body(&self.grant_text(scopes, issued_s, lifetime_s));
        self.say(vec![], None, body)
    }

    /// A session for everything, from now for an hour.
    pub fn open(&mut self) -> Verified {
        self.grant(Scopes::ALL, NOW_MS / 1000, 3_600)
    }

    pub fn revoke(&mut self, key: [u8; 32]) -> Verified {
        let text = SessionText::revoke(&genesis(), self.account.clone(), key, NOW_MS / 1000);
        let body = self.session_body(&text);
        self.say(vec![], None, body)
    }

    pub fn ticket(&mut self, round: u64) -> Verified {
        let body = Body::Ticket(Ticket { round, snapshot: -1, adapter: Hash::ZERO, max_units: 100 });
        self.say(vec![], None, body)
    }

    pub fn capability(&mut self) -> Verified {
        let body = Capability { adapters: vec![], region: "DE".into(), slots: 1, light: false, drain_round: None };
        self.say(vec![], None, Body::Capability(body))
    }

    pub fn commit(&mut self, task: Cid, n: u8) -> Verified {
        self.say(vec![task], Some(task), Body::Commit(Commit { hash: Hash([n; 32]) }))
    }

    pub fn result(&mut self, task: Cid, commit: Cid, blobs: Vec<Cid>) -> Verified {
        let body = TaskResult {
            commit,
            salt: ByteArray::new([1; 32]),
            output: ByteBuf::from(vec![0xf6]),
            blobs,
            binding: liaise_ledger::body::Binding {
                adapter: Hash::ZERO,
                config: Hash::ZERO,
                seed: Hash::ZERO,
                snapshot: None,
                system_prompt: Hash::ZERO,
            },
            units: 1,
        };
        self.say(vec![task, commit], Some(task), Body::Result(body))
    }
}

pub fn signed(messages: &[Verified]) -> Vec<Signed> {
    messages.iter().map(|message| message.signed.clone()).collect()
}

/// Ingests messages that must all be accepted.
pub fn accept(store: &Store, messages: &[Verified]) -> IngestReport {
    let report = store.ingest(signed(messages)).unwrap();
    for outcome in &report.outcomes {
        assert!(matches!(outcome.status, Status::Accepted { .. }), "{outcome:?}");
    }
    report
}

/// Ingests one message that must be refused.
pub fn refusal(store: &Store, message: &Verified) -> RefuseReason {
    let report = store.ingest(vec![message.signed.clone()]).unwrap();
    match &report.outcomes[0].status {
        Status::Refused(reason) => {
            assert!(!store.contains(&message.id).unwrap(), "refused, and stored");
            reason.clone()
        }
        other => panic!("{other:?}"),
    }
}

/// Ids and signatures of all messages, whatever the order.
pub fn content(store: &Store) -> std::collections::BTreeMap<Cid, Vec<u8>> {
    let all = store.follow(0, usize::MAX).unwrap();
    all.into_iter().map(|(_, s)| (liaise_ledger::hash::block_cid(&s.block), s.signature.into_vec())).collect()
}
