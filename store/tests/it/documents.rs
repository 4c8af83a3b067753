//! A curator's removal: bytes go, ids stay, in whatever order things arrive.

use crate::support::*;
use cid::Cid;
use liaise_ledger::Verified;
use liaise_ledger::body::{Body, Chunk, RetrievalAdd, RetrievalRemove};
use liaise_ledger::hash::blob_cid;
use liaise_store::{Store, StoreError};
use serde_bytes::ByteArray;

fn add(user: &mut User, ticket: &Verified, texts: &[&str]) -> Verified {
    let chunks = texts.iter().map(|text| Chunk { blob: blob_cid(text.as_bytes()), source: "a book".into() }).collect();
    let body = RetrievalAdd { ticket: ticket.id, chunks, reply_key: ByteArray::new([0; 32]) };
    user.say(vec![ticket.id], None, Body::RetrievalAdd(body))
}

fn remove(user: &mut User, texts: &[&str]) -> Verified {
    let chunks = texts.iter().map(|text| blob_cid(text.as_bytes())).collect();
    user.say(vec![], None, Body::RetrievalRemove(RetrievalRemove { chunks, reason: "asked by its author".into() }))
}

fn put(store: &Store, texts: &[&str]) -> Vec<Cid> {
    texts.iter().map(|text| store.put_blob(text.as_bytes()).unwrap()).collect()
}

fn here(store: &Store, texts: &[&str]) -> Vec<bool> {
    texts.iter().map(|text| store.contains_blob(&blob_cid(text.as_bytes())).unwrap()).collect()
}

const TEXTS: [&str; 3] = ["text one", "text two", "text three"];
const VECTORS: [&str; 3] = ["vector one", "vector two", "vector three"];

struct Scene {
    sessions: Vec<Verified>,
    rest: Vec<Verified>,
}

/// A curator's documents, a racer's embeddings one by one, and the removal of the second.
fn scene() -> Scene {
    let (mut curator, mut racer) = (User::new(0), User::new(2));
    let sessions = vec![curator.open(), racer.open()];
    let ticket = curator.ticket(1);
    let add = add(&mut curator, &ticket, &TEXTS);
    let commit = racer.commit(add.id, 1);
    let result = racer.result(add.id, commit.id, VECTORS.iter().map(|v| blob_cid(v.as_bytes())).collect());
    let removal = remove(&mut curator, &TEXTS[1..2]);
    Scene { sessions, rest: vec![ticket, add, commit, result, removal] }
}

#[test]
fn removal_purges_the_chunk_and_what_was_computed_from_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    put(&store, &TEXTS);
    put(&store, &VECTORS);
    let Scene { sessions, rest } = scene();
    accept(&store, &sessions);
    accept(&store, &rest[..4]);
    assert_eq!((here(&store, &TEXTS), here(&store, &VECTORS)), (vec![true; 3], vec![true; 3]));
    accept(&store, &rest[4..]);
    drop(store);
    let store = plain(dir.path());
    assert_eq!(here(&store, &TEXTS), [true, false, true]);
    assert_eq!(here(&store, &VECTORS), [true, false, true]);
    for text in [TEXTS[1], VECTORS[1]] {
        assert!(matches!(store.put_blob(text.as_bytes()), Err(StoreError::Purged(_))));
    }
    assert_eq!(store.kind("retrieval-add").unwrap(), [rest[1].id], "the messages stay");
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let Scene { sessions, rest } = scene();
    for order in [[4, 3, 2, 1, 0], [3, 4, 1, 0, 2], [1, 4, 3, 0, 2], [4, 1, 3, 2, 0], [3, 1, 4, 2, 0]] {
        let dir = tempfile::tempdir().unwrap();
        let store = plain(dir.path());
        accept(&store, &sessions);
        for i in order {
            accept(&store, &rest[i..=i]);
        }
        for (i, (text, vector)) in TEXTS.iter().zip(VECTORS).enumerate() {
            for bytes in [text, vector] {
                assert_eq!(store.put_blob(bytes.as_bytes()).is_err(), i == 1, "{bytes} in order {order:?}");
            }
        }
    }
}

#[test]
fn only_a_curator_removes() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    put(&store, &TEXTS);
    let mut user = User::new(1);
    accept(&store, &[user.open(), remove(&mut user, &TEXTS)]);
    assert_eq!(here(&store, &TEXTS), [true; 3]);
}

#[test]
fn one_blob_for_all_chunks_goes_with_the_last_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    put(&store, &TEXTS);
    put(&store, &["all vectors"]);
    let (mut curator, mut racer) = (User::new(0), User::new(2));
    let sessions = [curator.open(), racer.open()];
    let ticket = curator.ticket(1);
    let add = add(&mut curator, &ticket, &TEXTS);
    let commit = racer.commit(add.id, 1);
    let result = racer.result(add.id, commit.id, vec![blob_cid(b"all vectors")]);
    accept(&store, &sessions);
    accept(&store, &[ticket, add, commit, result, remove(&mut curator, &TEXTS[..2])]);
    assert_eq!((here(&store, &TEXTS), here(&store, &["all vectors"])), (vec![false, false, true], vec![true]));
    accept(&store, &[remove(&mut curator, &TEXTS[2..])]);
    assert_eq!(here(&store, &["all vectors"]), [false]);
}

#[test]
fn a_false_result_takes_no_other_documents_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    put(&store, &TEXTS);
    put(&store, &VECTORS);
    let Scene { sessions, rest } = scene();
    accept(&store, &sessions);
    accept(&store, &rest[..4]);
    // Somebody says that the removed chunk gave another document's text and another chunk's vector.
    let mut thief = User::new(3);
    let session = thief.open();
    let commit = thief.commit(rest[1].id, 7);
    let blobs = [VECTORS[1], TEXTS[0], VECTORS[1]].map(|bytes| blob_cid(bytes.as_bytes())).to_vec();
    let again = [VECTORS[1], VECTORS[2], VECTORS[1]].map(|bytes| blob_cid(bytes.as_bytes())).to_vec();
    let (first, second) = (thief.result(rest[1].id, commit.id, blobs), thief.result(rest[1].id, commit.id, again));
    accept(&store, &[session, commit, first, second]);
    accept(&store, &rest[4..]);
    assert_eq!(here(&store, &TEXTS), [true, false, true]);
    assert!(here(&store, &VECTORS)[2], "another chunk's vector stays");
}
