//! Whose messages are taken: sessions, scopes, times, members.

use crate::support::*;
use liaise_ledger::body::{Body, Receipt, Receipts, Seal, Vote};
use liaise_ledger::message::Place;
use liaise_ledger::session::{Scopes, SessionError};
use liaise_ledger::{Author, Draft, Signer, Verified};
use liaise_store::{RefuseReason, Status, Store};
use secp256k1::PublicKey;
use serde_bytes::{ByteArray, ByteBuf};
use std::sync::Arc;

/// Signs as a store, with any key.
fn as_store(signer: &Signer, place: &mut Place, body: Body) -> Verified {
    let author = Author::Store(public(signer));
    Draft { author, parents: vec![], task: None, time_ms: 0, body }.sign(genesis().network_id(), signer, place).unwrap()
}

fn batch(messages: &[&Verified], wall_ms: u64) -> Body {
    let receipts = messages.iter().map(|m| Receipt { id: m.id, mono_ns: 1, wall_ms }).collect();
    Body::Receipts(Receipts { previous: None, boot: ByteArray::new([9; 16]), first: 0, close: None, receipts })
}

#[test]
fn a_key_needs_a_session_of_its_account() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let mut user = User::new(1);
    let (session, ticket) = (user.open(), user.ticket(1));
    let reason = refusal(&store, &ticket);
    assert!(matches!(reason, RefuseReason::UnknownSession { .. }));
    assert!(reason.to_string().contains("send the session message first"), "{reason}");
    accept(&store, &[session, ticket]);
    // Another account can't use the key.
    let mut thief = User::with_key(2, user.signer.clone());
    assert!(matches!(refusal(&store, &thief.ticket(1)), RefuseReason::UnknownSession { .. }));
}

#[test]
fn scopes_bind() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let mut user = User::new(1);
    accept(&store, &[user.grant(Scopes::PROMPT, NOW_MS / 1000, 60)]);
    accept(&store, &[user.ticket(1)]);
    assert_eq!(refusal(&store, &user.capability()), RefuseReason::Scope { kind: "capability" });
}

#[test]
fn session_texts_are_verified() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let mut user = User::new(1);
    let long = user.grant(Scopes::ALL, NOW_MS / 1000, 2_592_001);
    assert!(matches!(refusal(&store, &long), RefuseReason::Session(SessionError::Lifetime { .. })));
    let late = user.open();
    assert_eq!(late.message.seq, 1);
    assert_eq!(refusal(&store, &late), RefuseReason::NotFirst);
    let mut other = User::new(2);
    let mut body = other.session_body(&other.grant_text(Scopes::ALL, NOW_MS / 1000, 60));
    if let Body::Session(session) = &mut body {
        session.signature[3] ^= 1;
    }
    let forged = other.say(vec![], None, body);
    assert!(matches!(refusal(&store, &forged), RefuseReason::Session(_)));
}

#[test]
fn a_witness_takes_nothing_fresh_outside_of_a_session() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let store = Store::open(dir.path(), witness_options(0).clock(clock.clone())).unwrap();
    let mut user = User::new(1);
    let mut early = User::new(2);
    let future = early.grant(Scopes::ALL, NOW_MS / 1000 + 121, 60);
    assert!(matches!(refusal(&store, &future), RefuseReason::SessionNotYet { .. }));
    accept(&store, &[user.grant(Scopes::ALL, NOW_MS / 1000, 60)]);
    accept(&store, &[user.ticket(1)]);
    clock.set_wall_ms(NOW_MS + 60_000);
    let late = user.ticket(2);
    assert!(matches!(refusal(&store, &late), RefuseReason::SessionExpired { .. }));
    // What another witness received in time is taken, in one call with its receipt and after it.
    let received = as_store(&witness(1), &mut Place::default(), batch(&[&late], NOW_MS + 59_000));
    accept(&store, &[late, received]);
    let later = user.ticket(3);
    let mut place = Place { seq: 1, prev: Some(later.id) };
    accept(&store, &[as_store(&witness(1), &mut place, batch(&[&later], NOW_MS + 59_500))]);
    assert_eq!(store.wanted(None, 10).unwrap(), [later.id]);
    accept(&store, &[later]);
    assert_eq!(store.wanted(None, 10).unwrap(), []);
}

#[test]
fn a_store_that_gives_no_receipts_keeps_what_is_long_over() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let store = Store::open(dir.path(), options().clock(clock.clone())).unwrap();
    clock.set_wall_ms(NOW_MS + 10 * 365 * 86_400_000);
    let mut user = User::new(1);
    accept(&store, &[user.open(), user.ticket(1)]);
}

#[test]
fn a_revoked_key_is_refused_by_witnesses() {
    let dir = tempfile::tempdir().unwrap();
    let store = witness_store(dir.path());
    let mut user = User::new(1);
    accept(&store, &[user.open(), user.ticket(1)]);
    let mut again = User::with_key(1, ed25519("second", 1));
    let revocation = again.revoke(public(&user.signer));
    accept(&store, &[revocation]);
    assert_eq!(refusal(&store, &user.ticket(2)), RefuseReason::SessionRevoked);
}

#[test]
fn only_members_speak_as_stores_and_oracles() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let seal = |epoch| Body::Seal(Seal { epoch, batches: vec![None; 4], certificate: ByteBuf::new() });
    let stranger = as_store(&ed25519("stranger", 0), &mut Place::default(), seal(0));
    assert!(matches!(refusal(&store, &stranger), RefuseReason::NotAMember { .. }));
    accept(&store, &[as_store(&witness(2), &mut Place::default(), seal(0))]);
    let vote = |what: &str| {
        let signer = Signer::Secp256k1(secp(what, 0));
        let author = Author::Oracle(PublicKey::from_secret_key_global(&secp(what, 0)).serialize());
        let (statement, signature) = (ByteBuf::from(vec![0; 200]), ByteBuf::from(vec![0; 65]));
        let body = Body::Vote(Vote { statement, signature, history: None, tree: None });
        let draft = Draft { author, parents: vec![], task: None, time_ms: 0, body };
        draft.sign(genesis().network_id(), &signer, &mut Place::default()).unwrap()
    };
    assert!(matches!(refusal(&store, &vote("stranger")), RefuseReason::NotAMember { .. }));
    let mut forged = vote("oracle");
    forged.signed.signature[7] ^= 1;
    assert!(matches!(refusal(&store, &forged), RefuseReason::Message(_)));
    accept(&store, &[vote("oracle")]);
}

#[test]
fn a_seal_needs_a_certificate_where_somebody_checks() {
    let dir = tempfile::tempdir().unwrap();
    let check = Arc::new(|seal: &Seal| match seal.certificate.as_slice() {
        b"good" => Ok(()),
        _ => Err("no quorum signed it".to_owned()),
    });
    let store = Store::open(dir.path(), options().seal_check(check)).unwrap();
    let mut place = Place::default();
    let mut seal = |epoch, certificate: &[u8]| {
        let certificate = ByteBuf::from(certificate);
        as_store(&witness(1), &mut place, Body::Seal(Seal { epoch, batches: vec![None; 4], certificate }))
    };
    assert_eq!(refusal(&store, &seal(3, b"bad")), RefuseReason::Seal("no quorum signed it".into()));
    assert_eq!(store.newest_seal().unwrap(), None);
    let (second, first) = (seal(3, b"good"), seal(-1, b"good"));
    accept(&store, &[second.clone(), first.clone()]);
    assert_eq!(store.seals(3).unwrap(), [second.id]);
    assert_eq!(store.seals(-1).unwrap(), [first.id]);
    assert_eq!(store.seals(0).unwrap(), []);
    assert_eq!(store.newest_seal().unwrap(), Some(3));
}

#[test]
fn a_foreign_network_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let mut user = User::new(1);
    let body = user.ticket(1).message.body;
    let author = Author::Account(user.account.clone());
    let draft = Draft { author, parents: vec![], task: None, time_ms: 0, body };
    let foreign = draft.sign(liaise_ledger::Hash([7; 32]), &user.signer, &mut Place::default()).unwrap();
    let report = store.ingest(vec![foreign.signed]).unwrap();
    let Status::Refused(reason) = &report.outcomes[0].status else { panic!("{report:?}") };
    assert!(reason.to_string().starts_with("network:"), "{reason}");
}
