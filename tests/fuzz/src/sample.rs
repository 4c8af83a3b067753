//! The sample network of tests/vectors, its keys, and a message of every kind. The secrets are known to everybody.

use cid::Cid;
use ed25519_dalek::SigningKey;
use liaise_ledger::body::*;
use liaise_ledger::hash::{DAG_CBOR, blob_cid};
use liaise_ledger::message::{Place, verify_secp256k1};
use liaise_ledger::session::{Scopes, SessionText, eip191_hash, evm_address};
use liaise_ledger::{Account, Author, Draft, Genesis, Hash, LinkText, Signed, Signer};
use secp256k1::global::SECP256K1;
use secp256k1::{Message, PublicKey, SecretKey};
use serde_bytes::{ByteArray, ByteBuf};
use std::sync::{Arc, LazyLock};

static GENESIS: LazyLock<(String, Arc<Genesis>)> = LazyLock::new(|| {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../vectors/genesis.json")).expect("tests/vectors/genesis.json is JSON");
    let toml = vectors[0]["toml"].as_str().expect("its first case is a file").to_owned();
    let genesis = Genesis::from_toml(&toml).expect("its first case is a genesis");
    (toml, Arc::new(genesis))
});

/// The genesis file's text.
pub fn genesis_toml() -> &'static str {
    &GENESIS.0
}

/// The network's rules.
pub fn genesis() -> Arc<Genesis> {
    GENESIS.1.clone()
}

/// The network's id.
pub fn network() -> Hash {
    static ID: LazyLock<Hash> = LazyLock::new(|| GENESIS.1.network_id());
    *ID
}

/// A secret as the vectors derive it.
pub fn seed(what: &str, i: usize) -> [u8; 32] {
    Hash::of(&[format!("liaise vector {what} {i}").as_bytes()]).0
}

/// A secp256k1 secret.
pub fn secp(what: &str, i: usize) -> SecretKey {
    SecretKey::from_byte_array(seed(what, i)).expect("a hash below the group's order")
}

/// A compressed public key.
pub fn public(secret: &SecretKey) -> [u8; 33] {
    PublicKey::from_secret_key_global(secret).serialize()
}

/// An Ed25519 signer.
pub fn ed25519(what: &str, i: usize) -> Signer {
    Signer::Ed25519(Box::new(SigningKey::from_bytes(&seed(what, i))))
}

/// The account of wallet `i`.
pub fn account(i: usize) -> Account {
    Account::evm(42_161, evm_address(&PublicKey::from_secret_key_global(&secp("wallet", i))))
}

/// r, s and a recovery id over a digest.
pub fn recoverable(secret: &SecretKey, digest: [u8; 32]) -> [u8; 65] {
    let (id, rs) = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest), secret).serialize_compact();
    let mut out = [0; 65];
    out[..64].copy_from_slice(&rs);
    out[64] = i32::from(id) as u8;
    out
}

/// The text with which wallet 1 lets its session key sign, and the wallet's signature.
pub fn delegation() -> (String, [u8; 65]) {
    let key = ed25519("session", 1).public().try_into().expect("32 bytes");
    let issued_s = genesis().genesis_s + 3_600;
    let text = SessionText::grant(&genesis(), account(1), key, Scopes::ALL, issued_s, issued_s + 86_400).render();
    let mut signature = recoverable(&secp("wallet", 1), eip191_hash(&text));
    signature[64] += 27;
    (text, signature)
}

/// The text with which wallet 1 leaves its cluster.
pub fn unlink() -> String {
    let issued_s = genesis().genesis_s + 3_600;
    LinkText::unlink(&genesis(), account(1), account(1), [7; 32], issued_s, issued_s + 86_400).render()
}

fn id(what: &str) -> Cid {
    Hash::of(&[what.as_bytes()]).to_cid(DAG_CBOR)
}

/// What accounts say, each with its parents and its task.
fn bodies() -> Vec<(Body, Vec<Cid>, Option<Cid>)> {
    let (text, signature) = delegation();
    let (ticket, task, commit, result) = (id("ticket"), id("task"), id("commit"), id("result"));
    let binding = Binding {
        adapter: Hash::of(&[b"adapter"]),
        config: Hash::ZERO,
        seed: Hash::ZERO,
        snapshot: Some(Hash::ZERO),
        system_prompt: Hash::ZERO,
    };
    let opening = Opening { index: 2, value: -7, siblings: vec![Hash::ZERO; 2] };
    let verdict = Verdict {
        commit,
        result,
        score: 900,
        salt: ByteArray::new([1; 32]),
        root: Hash::ZERO,
        count: 3,
        opened: vec![opening],
        reason: "agrees".into(),
    };
    let prompt = Prompt {
        ticket,
        text: "Who followed Naomi?".into(),
        params: ByteBuf::from(vec![0xa0]),
        snapshot: None,
        reply_key: ByteArray::new([2; 32]),
    };
    let output = TaskResult {
        commit,
        salt: ByteArray::new([3; 32]),
        output: ByteBuf::from(vec![0xf6]),
        blobs: vec![blob_cid(b"blob")],
        binding,
        units: 52,
    };
    let chunk = Chunk { blob: blob_cid(b"chunk"), source: "Ruth 1:16".into() };
    vec![
        (Body::Session(Session { text, signature: ByteBuf::from(signature) }), vec![], None),
        (
            Body::Link(Link { texts: vec![SignedText { text: unlink(), signature: ByteBuf::from(vec![1; 65]) }] }),
            vec![],
            None,
        ),
        (
            Body::Capability(Capability {
                adapters: vec![Hash::ZERO],
                region: "CH".into(),
                slots: 1,
                light: false,
                drain_round: Some(9),
            }),
            vec![],
            None,
        ),
        (Body::Ticket(Ticket { round: 5, snapshot: -1, adapter: Hash::ZERO, max_units: 100 }), vec![], None),
        (Body::Prompt(prompt), vec![ticket], None),
        (Body::Commit(Commit { hash: Hash::ZERO }), vec![task], Some(task)),
        (Body::Result(output), vec![task, commit], Some(task)),
        (Body::VerdictCommit(VerdictCommit { result, hash: Hash::ZERO, round: 8 }), vec![task, result], Some(task)),
        (Body::Verdict(verdict), vec![task, commit, result], Some(task)),
        (Body::Feedback(Feedback { result, rating: 800, text: "good".into() }), vec![task, result], Some(task)),
        (
            Body::RetrievalAdd(RetrievalAdd { ticket, chunks: vec![chunk], reply_key: ByteArray::new([4; 32]) }),
            vec![ticket],
            None,
        ),
        (
            Body::RetrievalRemove(RetrievalRemove { chunks: vec![blob_cid(b"chunk")], reason: "withdrawn".into() }),
            vec![],
            None,
        ),
    ]
}

/// What a store, an oracle and the DAO say.
fn official() -> Vec<(Author, Signer, Body)> {
    let store = |i| (Author::Store(ed25519("store", i).public().try_into().expect("32 bytes")), ed25519("store", i));
    let receipt = Receipt { id: id("ticket"), mono_ns: 5, wall_ms: 1_767_229_200_000 };
    let receipts = Receipts {
        previous: None,
        boot: ByteArray::new([5; 16]),
        first: 0,
        close: Some(0),
        receipts: vec![receipt; 2],
    };
    let seal = Seal { epoch: 0, batches: vec![Some(id("batch")), None], certificate: ByteBuf::from(vec![1, 2]) };
    let oracle = secp("oracle", 0);
    let vote = Vote {
        statement: ByteBuf::from(vec![6; 200]),
        signature: ByteBuf::from(vec![7; 65]),
        history: Some(id("history")),
        tree: Some(id("tree")),
    };
    let act = Act {
        number: 1,
        previous: None,
        network: network(),
        effective: 0,
        proposal: Some("12".into()),
        value: DecreeValue::Row(RowDecree { first: 0, new: Hash::of(&[b"new"]), old: Hash::ZERO }),
    };
    let dao = secp("dao", 0);
    let signature = SECP256K1.sign_ecdsa(Message::from_digest(act.digest().0), &dao).serialize_compact();
    verify_secp256k1(&public(&dao), &act.digest(), &signature).expect("it was just signed");
    let signatures = vec![DaoSignature { key: ByteArray::new(public(&dao)), signature: ByteArray::new(signature) }];
    let (first, second) = (store(0), store(1));
    vec![
        (first.0, first.1, Body::Receipts(receipts)),
        (second.0, second.1, Body::Seal(seal)),
        (Author::Oracle(public(&oracle)), Signer::Secp256k1(oracle), Body::Vote(vote)),
        (Author::Dao(public(&dao)), Signer::Secp256k1(dao), Body::Decree(Decree { act, signatures })),
    ]
}

/// A signed message of every kind; those of the account are one key's sequence.
pub fn messages() -> Vec<Signed> {
    let signer = ed25519("session", 1);
    let mut place = Place::default();
    let mut signed = vec![];
    for (body, parents, task) in bodies() {
        let author = Author::Account(account(1));
        let draft = Draft { author, parents, task, time_ms: 1_767_229_300_000, body };
        signed.push(draft.sign(network(), &signer, &mut place).expect("within all limits").signed);
    }
    for (author, signer, body) in official() {
        let draft = Draft { author, parents: vec![], task: None, time_ms: 1_767_229_300_000, body };
        signed.push(draft.sign(network(), &signer, &mut Place::default()).expect("within all limits").signed);
    }
    signed
}

/// Two messages of one key at one place.
pub fn twice() -> [Signed; 2] {
    [5, 6].map(|round| {
        let body = Body::Ticket(Ticket { round, snapshot: -1, adapter: Hash::ZERO, max_units: 100 });
        let author = Author::Account(account(1));
        let draft = Draft { author, parents: vec![], task: None, time_ms: 0, body };
        draft.sign(network(), &ed25519("session", 1), &mut Place::default()).expect("within all limits").signed
    })
}
