//! The fold over a store on disk.

use std::sync::Arc;

use liaise_ledger::Signed;
use liaise_ledger::body::Body;
use liaise_oracle::fold::{EpochInput, FoldState, Ledger, StoreLedger, fold_epoch};
use liaise_store::{Options, Store};

use super::world::{World, account, at, parameters};

#[test]
fn a_store_and_a_ledger_in_memory_fold_to_the_same_bytes() {
    let mut world = World::new(6, parameters());
    let first = world.good_task(&account(100), "on disk", at(0, 2_000));
    world.good_task(&account(101), "crosses", at(0, 6_700));
    let folded = world.fold_until(1);

    let directory = tempfile::tempdir().unwrap();
    let genesis = Arc::new(world.genesis.clone());
    let store = Store::open(directory.path(), Options::new(genesis)).unwrap();
    // sessions first: a store takes nothing from keys that it does not know
    let (sessions, rest): (Vec<_>, Vec<_>) =
        world.ledger.messages().partition(|message| matches!(message.message.body, Body::Session(_)));
    for group in [sessions, rest] {
        let signed: Vec<Signed> = group.iter().map(|message| message.signed.clone()).collect();
        let report = store.ingest(signed).unwrap();
        assert_eq!(report.refused().count(), 0);
    }
    let ledger = StoreLedger::new(&store, |round| Ok(world.ledger.round(round).expect("in memory")));
    let mut state = FoldState::of_genesis(&world.genesis);
    for (epoch, expected) in (-1..=1).zip(&folded) {
        let seal = world.seals.iter().find(|seal| seal.epoch == epoch).unwrap();
        let input = EpochInput::collect(&ledger, &world.genesis, &state, seal).unwrap();
        let found = fold_epoch(&world.genesis, &state, &input).unwrap();
        assert_eq!((found.history, &found.blocks), (expected.history, &expected.blocks));
        state = found.next;
    }
    for known in [&first.id, &first.ticket] {
        for epoch in &folded {
            let sealed = &epoch.next.shared.closes;
            assert_eq!(ledger.counted_by(known, sealed), world.ledger.counted_by(known, sealed));
        }
        assert_eq!(ledger.counted_by(known, &folded[0].next.shared.closes), Ok(0), "sealed later");
        assert_eq!(ledger.counted_by(known, &folded[1].next.shared.closes), Ok(4));
    }
}
