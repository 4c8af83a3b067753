use crate::sample;
use crate::strategies;
use cid::Cid;
use liaise_ledger::body::*;
use liaise_ledger::hash::{blob_cid, block_cid};
use liaise_ledger::message::{Place, VERSION};
use liaise_ledger::{Author, Body, Draft, Equivocation, Hash, Message, Signed, Signer, Verified};
use proptest::prelude::*;
use serde_bytes::{ByteArray, ByteBuf};

fn id(name: &str) -> Cid {
    block_cid(name.as_bytes())
}

fn hash(name: &str) -> Hash {
    Hash::of(&[name.as_bytes()])
}

fn signed_text() -> SignedText {
    SignedText { text: "a text".into(), signature: ByteBuf::from(vec![1; 65]) }
}

fn decree(value: DecreeValue, first: bool) -> Body {
    let act = Act {
        number: if first { 1 } else { 2 },
        previous: (!first).then(|| hash("previous decree")),
        network: Hash::ZERO,
        effective: 3,
        proposal: (!first).then(|| "42".to_owned()),
        value,
    };
    let signature = |i: u8| DaoSignature { key: ByteArray::new([i; 33]), signature: ByteArray::new([i; 64]) };
    Body::Decree(Decree { act, signatures: vec![signature(2), signature(3)] })
}

/// Every kind, and every field once null and once not.
fn bodies() -> Vec<Body> {
    let opening = Opening { index: 3, value: -7, siblings: vec![hash("a"), hash("b")] };
    let binding = |snapshot| Binding {
        adapter: hash("adapter"),
        config: hash("config"),
        seed: hash(""),
        snapshot,
        system_prompt: hash(""),
    };
    let prompt = |snapshot| {
        Body::Prompt(Prompt {
            ticket: id("ticket"),
            text: "Qui êtes-vous ?".into(),
            params: ByteBuf::from(vec![0xa0]),
            snapshot,
            reply_key: ByteArray::new([5; 32]),
        })
    };
    let result = |snapshot, blobs| {
        Body::Result(TaskResult {
            commit: id("commit"),
            salt: ByteArray::new([1; 32]),
            output: ByteBuf::from(vec![0x80]),
            blobs,
            binding: binding(snapshot),
            units: 52,
        })
    };
    let capability = |drain_round| {
        Body::Capability(Capability {
            adapters: vec![hash("adapter")],
            region: "CH".into(),
            slots: 2,
            light: true,
            drain_round,
        })
    };
    let receipts = |previous, close, n: u64| {
        let receipt = |i| Receipt { id: id("message"), mono_ns: i, wall_ms: 1_767_225_600_000 + i };
        Body::Receipts(Receipts {
            previous,
            boot: ByteArray::new([7; 16]),
            first: 10,
            close,
            receipts: (0..n).map(receipt).collect(),
        })
    };
    let vote = |length, block: Option<Cid>| {
        Body::Vote(Vote {
            statement: ByteBuf::from(vec![1; length]),
            signature: ByteBuf::from(vec![2; 65]),
            history: block,
            tree: block,
        })
    };
    let distributor = DistributorDecree {
        chain: "eip155:42161".parse().unwrap(),
        distributor: hash("distributor"),
        address: "0x00".into(),
        code: hash("code"),
        authority: "0x01".into(),
        guardian: "0x02".into(),
        epoch_delay_s: 21_600,
        long_delay_s: 604_800,
        notice_epochs: 7,
        guarded_until_s: 1_800_000_000,
    };
    vec![
        Body::Session(Session { text: "a text".into(), signature: ByteBuf::from(vec![1; 65]) }),
        Body::Link(Link { texts: vec![signed_text()] }),
        Body::Link(Link { texts: vec![signed_text(), signed_text()] }),
        capability(None),
        capability(Some(9_000)),
        Body::Ticket(Ticket { round: 1000, snapshot: -1, adapter: hash("adapter"), max_units: 4_096 }),
        prompt(None),
        prompt(Some(hash("snapshot"))),
        Body::Commit(Commit { hash: hash("commit") }),
        result(None, vec![]),
        result(Some(hash("snapshot")), vec![blob_cid(b"image")]),
        Body::VerdictCommit(VerdictCommit { result: id("result"), hash: hash("verdict"), round: 1_005 }),
        Body::Verdict(Verdict {
            commit: id("verdict commit"),
            result: id("result"),
            score: 1_000,
            salt: ByteArray::new([2; 32]),
            root: hash("evidence"),
            count: 8,
            opened: vec![opening],
            reason: "all agree".into(),
        }),
        Body::Feedback(Feedback { result: id("result"), rating: 900, text: "thanks".into() }),
        Body::RetrievalAdd(RetrievalAdd {
            ticket: id("ticket"),
            chunks: vec![Chunk { blob: blob_cid(b"chunk"), source: "a book, page 3".into() }],
            reply_key: ByteArray::new([5; 32]),
        }),
        Body::RetrievalRemove(RetrievalRemove { chunks: vec![blob_cid(b"chunk")], reason: "wrong".into() }),
        receipts(None, None, 1),
        receipts(Some(id("batch")), Some(-1), 0),
        Body::Seal(Seal {
            epoch: 4,
            batches: vec![Some(id("batch")), None],
            certificate: ByteBuf::from(vec![1, 2, 3]),
        }),
        vote(200, Some(id("history"))),
        vote(84, Some(id("history"))),
        vote(80, None),
        decree(DecreeValue::Distributor(distributor), true),
        decree(DecreeValue::Row(RowDecree { first: 0, new: hash("new"), old: Hash::ZERO }), false),
        decree(
            DecreeValue::Certify(CertifyDecree { adapter: hash("adapter"), manifest: ByteBuf::from(vec![0xa0]) }),
            false,
        ),
        decree(DecreeValue::Withdraw(WithdrawDecree { adapter: hash("adapter"), reason: "wrong".into() }), false),
    ]
}

/// Author, key, task and parents that belong to a body.
fn draft(body: Body) -> (Draft, Signer) {
    let session = || Signer::Ed25519(Box::new(sample::ed25519("session", 1)));
    let oracle = secp256k1::PublicKey::from_secret_key_global(&sample::secp("oracle", 0)).serialize();
    let dao = secp256k1::PublicKey::from_secret_key_global(&sample::secp("dao", 0)).serialize();
    let store = sample::ed25519("store", 0);
    let (author, signer) = match &body {
        Body::Receipts(_) | Body::Seal(_) => {
            (Author::Store(store.verifying_key().to_bytes()), Signer::Ed25519(Box::new(store)))
        }
        Body::Vote(_) => (Author::Oracle(oracle), Signer::Secp256k1(sample::secp("oracle", 0))),
        Body::Decree(_) => (Author::Dao(dao), Signer::Secp256k1(sample::secp("dao", 0))),
        _ => (Author::Account(sample::account(1)), session()),
    };
    let task = id("prompt");
    let (task, parents) = match &body {
        Body::Prompt(p) => (None, vec![p.ticket]),
        Body::RetrievalAdd(a) => (None, vec![a.ticket]),
        Body::Commit(_) => (Some(task), vec![task]),
        Body::Result(r) => (Some(task), vec![task, r.commit]),
        Body::VerdictCommit(v) => (Some(task), vec![task, v.result]),
        Body::Verdict(v) => (Some(task), vec![task, v.commit, v.result]),
        Body::Feedback(f) => (Some(task), vec![task, f.result]),
        _ => (None, vec![]),
    };
    (Draft { author, parents, task, time_ms: 1_767_225_600_000, body }, signer)
}

/// A good, signed message of every kind, some at the second place of their key.
pub fn samples() -> Vec<Verified> {
    let sign = |(i, body)| {
        let (draft, signer) = draft(body);
        let mut place = if i % 2 == 0 { Place::default() } else { Place { seq: 1, prev: Some(id("first")) } };
        draft.sign(Hash::ZERO, &signer, &mut place).unwrap()
    };
    bodies().into_iter().enumerate().map(sign).collect()
}

/// Encodes and signs a message as it stands, whatever rule it breaks.
fn sign_anything(message: &Message) -> Signed {
    let (draft, signer) = draft(message.body.clone());
    let mut message = message.clone();
    message.author = draft.author;
    message.key = ByteBuf::from(signer.public());
    let block = message.to_block();
    let bytes = liaise_ledger::message::signing_bytes(&block_cid(&block));
    let signature = match &signer {
        Signer::Ed25519(key) => ed25519_dalek::Signer::sign(&**key, &bytes).to_bytes().to_vec(),
        Signer::Secp256k1(key) => {
            let digest = secp256k1::Message::from_digest(Hash::of(&[&bytes]).0);
            secp256k1::global::SECP256K1.sign_ecdsa(digest, key).serialize_compact().to_vec()
        }
    };
    Signed { block: ByteBuf::from(block), signature: ByteBuf::from(signature) }
}

#[test]
fn every_kind_has_a_sample_that_verifies() {
    let samples = samples();
    let kinds: std::collections::BTreeSet<_> = samples.iter().map(|m| m.message.body.kind()).collect();
    assert_eq!(kinds.len(), 16);
    for message in samples {
        assert_eq!(Verified::check(message.signed.clone(), Hash::ZERO), Ok(message));
    }
}

/// Each limit is met by one change of a good message, and the error names the field.
#[test]
fn each_limit_is_named() {
    type Change = fn(&mut Message);
    fn body(message: &mut Message) -> &mut Body {
        &mut message.body
    }
    macro_rules! with {
        ($kind:ident, $b:ident, $change:expr) => {
            |m: &mut Message| {
                let Body::$kind($b) = body(m) else { panic!("the sample's kind") };
                $change;
            }
        };
    }
    let cases: Vec<(&str, &str, Change)> = vec![
        ("ticket", "parents", |m| m.parents = vec![id("p"); 17]),
        ("ticket", "parents", |m| m.parents = vec![blob_cid(b"blob")]),
        ("ticket", "prev", |m| m.prev = if m.seq == 0 { Some(id("p")) } else { None }),
        ("ticket", "seq", |m| m.time_ms = 1 << 53),
        ("ticket", "task", |m| m.task = Some(id("t"))),
        ("ticket", "ticket", with!(Ticket, t, t.snapshot = -5)),
        ("capability", "region", with!(Capability, c, c.region = "ch".into())),
        ("capability", "slots", with!(Capability, c, c.slots = 0)),
        ("capability", "adapters", with!(Capability, c, c.adapters = vec![Hash::ZERO; 2])),
        ("prompt", "task", |m| m.task = Some(id("t"))),
        ("prompt", "parents", |m| m.parents.clear()),
        ("prompt", "text", with!(Prompt, p, p.text = "e\u{301}".into())),
        ("commit", "task", |m| m.task = None),
        ("result", "parents", |m| m.parents.truncate(1)),
        ("result", "blobs", with!(Result, r, r.blobs = vec![id("not a blob")])),
        ("result", "units", with!(Result, r, r.units = 1 << 53)),
        ("verdict-commit", "round", with!(VerdictCommit, v, v.round = 1 << 53)),
        ("verdict", "score", with!(Verdict, v, v.score = 1_001)),
        ("verdict", "opened", with!(Verdict, v, v.opened[0].siblings = vec![Hash::ZERO; 33])),
        ("verdict", "reason", with!(Verdict, v, v.reason = "r".repeat(1_025))),
        ("feedback", "rating", with!(Feedback, f, f.rating = 1_001)),
        ("retrieval-add", "chunks", with!(RetrievalAdd, a, a.chunks.clear())),
        ("retrieval-remove", "chunks", with!(RetrievalRemove, r, r.chunks.clear())),
        ("receipts", "receipts", with!(Receipts, r, (r.receipts.clear(), r.close = None))),
        ("receipts", "first", with!(Receipts, r, r.first = 1 << 53)),
        ("seal", "batches", with!(Seal, s, s.batches = vec![None; 257])),
        ("vote", "statement", with!(Vote, v, v.statement = ByteBuf::from(vec![0; 199]))),
        ("vote", "signature", with!(Vote, v, v.signature = ByteBuf::from(vec![0; 64]))),
        ("decree", "signatures", with!(Decree, d, d.signatures.reverse())),
    ];
    let samples = samples();
    for (kind, field, change) in cases {
        let sample = samples.iter().find(|m| m.message.body.kind() == kind).unwrap();
        let mut message = sample.message.clone();
        change(&mut message);
        let error = Verified::check(sign_anything(&message), Hash::ZERO).unwrap_err();
        let named = matches!(&error, liaise_ledger::MessageError::Field { field: found, .. } if *found == field);
        assert!(named, "{kind}: {field}: {error}");
    }
}

#[test]
fn a_message_above_64_kib_is_refused_before_it_is_decoded() {
    let signed = Signed { block: ByteBuf::from(vec![0xff; 65_537]), signature: ByteBuf::from(vec![0; 64]) };
    assert_eq!(Verified::check(signed, Hash::ZERO), Err(liaise_ledger::MessageError::TooLarge(65_537)));
}

#[test]
fn secp256k1_authors_sign_with_low_s() {
    let vote = samples().into_iter().find(|m| m.message.body.kind() == "vote").unwrap();
    let mut high = vote.signed.clone();
    let s: [u8; 32] = high.signature[32..].try_into().unwrap();
    let negated = secp256k1::SecretKey::from_byte_array(s).unwrap().negate();
    high.signature[32..].copy_from_slice(&negated.secret_bytes());
    assert_eq!(Verified::check(high, Hash::ZERO), Err(liaise_ledger::MessageError::Signature));
}

proptest! {
    #[test]
    fn messages_survive_their_encoding(message in strategies::message()) {
        let block = message.to_block();
        let read: Message = serde_ipld_dagcbor::from_slice(&block).unwrap();
        prop_assert_eq!(&read, &message);
        prop_assert_eq!(read.to_block(), block);
    }

    /// Whatever is signed: it is taken unchanged, or refused by a limit, but never for its form or signature.
    #[test]
    fn a_signed_message_is_taken_or_breaks_a_limit(message in strategies::message()) {
        let signed = sign_anything(&message);
        match Verified::check(signed.clone(), message.network) {
            Ok(verified) => {
                prop_assert_eq!(verified.message.body, message.body);
                prop_assert_eq!(verified.signed, signed);
            }
            Err(error) => {
                let limit = matches!(
                    error,
                    liaise_ledger::MessageError::Field { .. } | liaise_ledger::MessageError::TooLarge(_)
                );
                prop_assert!(limit, "{error}");
            }
        }
        prop_assert_eq!(message.v, VERSION);
    }

    #[test]
    fn random_bytes_are_refused_without_a_panic(
        block in prop::collection::vec(any::<u8>(), 0..400), signature in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let signed = Signed { block: ByteBuf::from(block.clone()), signature: ByteBuf::from(signature) };
        prop_assert!(Verified::check(signed, Hash::ZERO).is_err());
        prop_assert!(Equivocation::decode(&block, Hash::ZERO).is_err());
    }

    /// Nearly good bytes reach deeper than random ones.
    #[test]
    fn changed_messages_are_refused_without_a_panic(
        which: prop::sample::Index, at: prop::sample::Index, to: u8, cut: prop::sample::Index, insert in prop::collection::vec(any::<u8>(), 0..5),
    ) {
        let samples = samples();
        let sample = which.get(&samples);
        let mut block = sample.signed.block.to_vec();
        let at = at.index(block.len());
        block[at] = to;
        let cut = cut.index(block.len());
        block.splice(cut..cut, insert);
        let signed = Signed { block: ByteBuf::from(block.clone()), signature: sample.signed.signature.clone() };
        prop_assert_eq!(Verified::check(signed, Hash::ZERO).is_ok(), block == sample.signed.block.as_slice());
    }
}

#[test]
fn the_key_is_read_from_a_block_without_decoding_it() {
    let signer = Signer::Ed25519(Box::new(sample::ed25519("session", 1)));
    let author = Author::Account(liaise_ledger::Account::evm(1, [1; 20]));
    let body = Body::Ticket(Ticket { round: 7, snapshot: -1, adapter: hash("adapter"), max_units: 1 });
    let draft = Draft { author, parents: vec![], task: None, time_ms: 1, body };
    let message = draft.sign(Hash::ZERO, &signer, &mut Place::default()).unwrap();
    assert_eq!(message.signed.key(), Some(&message.message.key[..]));
    let cut = |length: usize| Signed {
        block: ByteBuf::from(message.signed.block[..length].to_vec()),
        ..message.signed.clone()
    };
    assert!((0..42).all(|length| cut(length).key().is_none()), "nothing is read behind the end");
    assert_eq!(cut(42).key(), Some(&message.message.key[..]), "nothing behind the key is looked at");
}
