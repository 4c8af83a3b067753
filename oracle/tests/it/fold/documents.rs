//! Documents: what an accepted addition brings in, and what a removal takes out for good.

use liaise_ledger::Hash;
use liaise_ledger::body::{Body, Chunk, RetrievalAdd, RetrievalRemove};
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::hash::blob_cid;
use liaise_ledger::plain_tree::PlainTree;
use serde_bytes::ByteArray;

use super::world::{World, account, at, parameters};

const TEXTS: [&[u8]; 2] = [b"the first chunk", b"the second chunk"];

/// A curator adds both texts; the task is good, or nobody answers.
fn add(world: &mut World, curator: usize, epoch: i64, answered: bool) -> cid::Cid {
    let user = account(curator);
    let ticket = world.ticket(&user, -1, at(epoch, 2_000));
    let chunks = TEXTS.map(|text| Chunk { blob: blob_cid(text), source: "a book".into() }).to_vec();
    let body = Body::RetrievalAdd(RetrievalAdd { ticket: ticket.0, chunks, reply_key: ByteArray::new([1; 32]) });
    let snapshot = Eligibility::of_genesis(&world.genesis);
    let asked = world.use_ticket(&user, ticket, body, &snapshot);
    let order = asked.order.clone();
    if answered {
        let result = world.race(&asked, &order[0], 300_000);
        world.judge(&asked, &order[1], result, 900, 3_000);
        world.judge(&asked, &order[2], result, 900, 3_000);
    }
    asked.id
}

#[test]
fn an_accepted_addition_is_in_the_next_snapshot_and_a_removal_is_final() {
    let mut world = World::new(4, parameters());
    add(&mut world, 200, 0, true);
    let folded = world.fold_until(0).pop().unwrap();
    let mut ids = TEXTS.map(|text| Hash::of(&[text]));
    ids.sort_unstable();
    assert_eq!(folded.block.retrieval, PlainTree::new(ids.map(|id| id.0)).root());
    let first = Hash::of(&[TEXTS[0]]);
    let removal = RetrievalRemove { chunks: vec![blob_cid(TEXTS[0])], reason: "wrong".into() };
    world.say(&account(200), vec![], None, Body::RetrievalRemove(removal), at(1, 2_000));
    add(&mut world, 200, 2, true);
    let folded = world.fold_until(2);
    for folded in &folded[2..] {
        assert!(!folded.next.chunks[&first]);
        assert_eq!(folded.block.retrieval, PlainTree::new([Hash::of(&[TEXTS[1]]).0]).root());
    }
    assert_eq!(folded[3].tasks.values().filter(|row| row.winner.is_some()).count(), 1, "added again, and stays out");
}

#[test]
fn an_addition_that_nobody_confirms_or_that_is_no_curators_brings_nothing() {
    for (curator, answered) in [(200, false), (100, true)] {
        let mut world = World::new(4, parameters());
        let id = add(&mut world, curator, 0, answered);
        let folded = world.fold_until(0).pop().unwrap();
        assert!(folded.next.chunks.is_empty() && folded.block.retrieval == Hash::ZERO);
        assert_eq!(folded.tasks.contains_key(&id), curator == 200);
    }
}
