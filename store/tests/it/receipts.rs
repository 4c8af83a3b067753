//! Receipts: durable with their messages, gapless, never back in time; what others gave is indexed.

use crate::support::*;
use liaise_ledger::Verified;
use liaise_ledger::body::{Body, Receipts};
use liaise_store::{Store, StoreError};

pub fn body(batch: &Verified) -> Receipts {
    match &batch.message.body {
        Body::Receipts(receipts) => receipts.clone(),
        other => panic!("{other:?}"),
    }
}

/// Asserts that a witness' chain has neither gap nor fork, and returns how many receipts it has.
pub fn check_chain(store: &Store, key: &[u8; 32]) -> u64 {
    let batches = store.batch_chain(key, 0, usize::MAX).unwrap();
    let (mut next, mut previous, mut wall) = (0, None, 0);
    for batch in &batches {
        let receipts = body(batch);
        assert_eq!((receipts.first, receipts.previous), (next, previous), "batch {}", batch.id);
        assert_eq!(store.by_key(key, batch.message.seq).unwrap(), [batch.id]);
        next += receipts.receipts.len() as u64;
        previous = Some(batch.id);
        for receipt in receipts.receipts {
            assert!(store.contains(&receipt.id).unwrap(), "receipted and lost: {}", receipt.id);
            assert!(receipt.wall_ms >= wall);
            wall = receipt.wall_ms;
        }
    }
    next
}

#[test]
fn every_message_is_receipted_once_across_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let key = public(&witness(0));
    let mut user = User::new(1);
    let mut boots = Vec::new();
    let mut all = vec![user.open()];
    let store = witness_store(dir.path());
    accept(&store, &all);
    drop(store);
    for round in 0..3 {
        let store = witness_store(dir.path());
        boots.push(store.boot().unwrap());
        let fresh: Vec<_> = (0..700).map(|i| user.ticket(1000 * round + i)).collect();
        let report = accept(&store, &fresh);
        let sizes: Vec<usize> = report.receipts.iter().map(|batch| body(batch).receipts.len()).collect();
        assert_eq!(sizes, [512, 188]);
        for batch in &report.receipts {
            assert_eq!(store.get(&batch.id).unwrap().as_ref(), Some(&batch.signed));
            assert_eq!(body(batch).boot.into_array(), store.boot().unwrap());
        }
        all.extend(fresh);
    }
    assert_ne!(boots[0], boots[1]);
    let store = witness_store(dir.path());
    assert_eq!(check_chain(&store, &key), all.len() as u64);
    for message in &all {
        let receipts = store.receipts_of(&message.id).unwrap();
        assert_eq!(receipts.len(), 1);
        assert_eq!((receipts[0].store, receipts[0].receipt.id), (key, message.id));
        assert_eq!(store.own_receipt(&message.id).unwrap(), Some(receipts[0].batch));
    }
    // The column says the same as the batches.
    let column = store.receipt_column(&key, 0, u64::MAX).unwrap();
    assert_eq!(column.len(), all.len());
    for (entry, message) in column.iter().zip(&all) {
        assert_eq!(entry.message, store.position(&message.id).unwrap());
    }
    let middle = store.receipt_column(&key, 600, 1300).unwrap();
    assert_eq!((middle.first().unwrap().place, middle.last().unwrap().place, middle.len()), (600, 1299, 700));
    assert_eq!(body(&store.batch_chain(&key, 600, 1).unwrap()[0]).first, 513);
}

#[test]
fn receipts_never_go_back_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let clock = clock();
    let mut user = User::new(1);
    let mut walls = Vec::new();
    let mut monos = Vec::new();
    for (wall, restart) in [(NOW_MS + 5_000, false), (NOW_MS + 1_000, false), (NOW_MS, true), (NOW_MS + 6_000, false)] {
        clock.set_wall_ms(wall);
        let store = Store::open(dir.path(), witness_options(0).clock(clock.clone())).unwrap();
        let message = if restart || !walls.is_empty() { user.ticket(wall) } else { user.open() };
        let report = accept(&store, &[message]);
        let receipt = body(&report.receipts[0]).receipts[0];
        walls.push(receipt.wall_ms);
        monos.push(receipt.mono_ns);
    }
    assert_eq!(walls, [NOW_MS + 5_000, NOW_MS + 5_000, NOW_MS + 5_000, NOW_MS + 6_000]);
    assert!(monos.windows(2).all(|w| w[0] < w[1]), "{monos:?}");
}

#[test]
fn epochs_are_closed_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let key = public(&witness(0));
    let mut user = User::new(1);
    let store = witness_store(dir.path());
    accept(&store, &[user.open()]);
    let first = store.close_epoch(-1).unwrap();
    assert_eq!((body(&first).close, body(&first).receipts.len()), (Some(-1), 0));
    let empty = store.close_epoch(0).unwrap();
    accept(&store, &[user.ticket(1)]);
    assert_eq!(store.close_epoch(-1).unwrap(), first, "asked again, it is the same batch");
    drop(store);
    let store = witness_store(dir.path());
    assert_eq!(store.close_epoch(0).unwrap(), empty);
    let last = store.close_epoch(5).unwrap();
    assert!(matches!(store.close_epoch(4), Err(StoreError::EpochOrder { asked: 4, closed: 5 })));
    assert_eq!(store.closes(5).unwrap(), [(key, last.id)]);
    assert_eq!(store.closes(4).unwrap(), []);
    assert_eq!(check_chain(&store, &key), 2);
    let head = store.chain_head(&key).unwrap().unwrap();
    assert_eq!((head.next, head.batch, head.closed), (2, Some(last.id), Some(5)));
    let other = tempfile::tempdir().unwrap();
    assert!(matches!(plain(other.path()).close_epoch(0), Err(StoreError::NotAWitness)));
}

#[test]
fn others_receipts_are_indexed_in_any_order() {
    let (one, two, reader) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stores =
        [Store::open(one.path(), witness_options(0)).unwrap(), Store::open(two.path(), witness_options(1)).unwrap()];
    let mut user = User::new(1);
    let messages: Vec<_> = std::iter::once(user.open()).chain((0..20).map(|i| user.ticket(i))).collect();
    for store in &stores {
        for message in &messages {
            accept(store, std::slice::from_ref(message));
        }
        store.close_epoch(0).unwrap();
    }
    let reader = plain(reader.path());
    // Batches first, backwards: their messages are wanted until they come.
    for store in &stores {
        let mut batches: Vec<_> = store.kind("receipts").unwrap();
        batches.reverse();
        for batch in batches {
            accept(&reader, &[store.load(&batch).unwrap().unwrap()]);
        }
    }
    let mut wanted = reader.wanted(None, 100).unwrap();
    let mut expected: Vec<_> = messages.iter().map(|m| m.id).collect();
    wanted.sort();
    expected.sort();
    assert_eq!(wanted, expected);
    // Page after page the same list, each once.
    let mut paged = reader.wanted(None, 1).unwrap();
    while let Some(next) = reader.wanted(paged.last(), 1).unwrap().first() {
        paged.push(*next);
    }
    assert_eq!(paged, reader.wanted(None, 100).unwrap());
    accept(&reader, &messages);
    assert!(reader.wanted(None, 100).unwrap().is_empty());
    for message in &messages {
        let mut givers: Vec<_> = reader.receipts_of(&message.id).unwrap().iter().map(|r| r.store).collect();
        givers.sort_unstable();
        let mut both = [public(&witness(0)), public(&witness(1))];
        both.sort_unstable();
        assert_eq!(givers, both);
    }
    for (i, store) in stores.iter().enumerate() {
        let key = public(&witness(i));
        assert_eq!(check_chain(&reader, &key), 21);
        assert_eq!(reader.chain_head(&key).unwrap(), store.chain_head(&key).unwrap());
        let column = reader.receipt_column(&key, 0, 30).unwrap();
        assert_eq!(column.len(), 21);
        assert!(column.iter().all(|entry| entry.message.is_none()), "they came before their messages");
    }
    assert_eq!(reader.closes(0).unwrap().len(), 2);
}

#[test]
fn a_store_that_becomes_a_witness_receipts_what_it_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut user = User::new(1);
    let messages = [user.open(), user.ticket(1)];
    accept(&plain(dir.path()), &messages);
    let store = witness_store(dir.path());
    assert_eq!(store.own_receipt(&messages[1].id).unwrap(), None);
    let again = signed(&[messages[1].clone(), messages[0].clone(), messages[1].clone()]);
    let report = store.ingest(again.clone()).unwrap();
    let ids: Vec<_> = body(&report.receipts[0]).receipts.iter().map(|receipt| receipt.id).collect();
    assert_eq!((report.receipts.len(), ids), (1, vec![messages[1].id, messages[0].id]));
    assert_eq!(store.own_receipt(&messages[1].id).unwrap(), Some(report.receipts[0].id));
    assert!(store.ingest(again).unwrap().receipts.is_empty(), "once is enough");
    // Batches are not receipted, however often they come.
    assert!(store.ingest(signed(&report.receipts)).unwrap().receipts.is_empty());
}
