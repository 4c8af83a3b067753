//! What crosses from one epoch to the next.

use liaise_ledger::Hash;
use liaise_ledger::body::Body;
use liaise_ledger::hash::{DAG_CBOR, blob_cid, block_cid};
use liaise_oracle::artefact::read_state;
use liaise_oracle::fold::{EpochInput, FoldError, FoldState, Part, fold_epoch};

use super::world::{EPOCH_S, World, account, at, parameters};

#[test]
fn a_task_is_folded_from_the_seal_of_the_epoch_that_holds_its_deadline() {
    let mut world = World::new(6, parameters());
    // asked ten minutes before the epoch's end: the deadline lies in the next one
    let asked = world.good_task(&account(100), "late", at(0, u64::from(EPOCH_S) - 600));
    let folded = world.fold_until(1);
    assert!(folded[1].tasks.is_empty());
    assert_eq!(folded[1].unemitted, folded[1].emission);
    assert!(folded[1].next.carry.contains_key(&asked.ticket) && folded[1].next.carry.contains_key(&asked.id));
    assert_eq!(folded[2].tasks[&asked.id].winner.as_ref(), Some(&asked.order[0]));
    assert!(folded[2].next.carry.is_empty(), "{:?}", folded[2].next.carry);
    let user = &folded[2].next.accounts[&account(100)];
    assert_eq!(user.tickets, [true], "closed once, in the epoch of its prompt");
    assert_eq!(folded[1].next.accounts[&account(100)].tickets, [true]);
}

#[test]
fn a_witness_that_misses_a_seal_is_counted_later() {
    let mut world = World::new(6, parameters());
    let asked = world.good_task(&account(100), "three of four", at(0, 100));
    world.seal(-1);
    world.skip_close = vec![false, true, false, false];
    world.seal(0);
    world.skip_close = vec![false; 4];
    let folded = world.fold_until(1);
    assert_eq!(folded[1].tasks[&asked.id].winner.as_ref(), Some(&asked.order[0]));
    assert!(folded[2].tasks.is_empty(), "late receipts fold nothing again");
    assert!(folded[2].next.carry.is_empty());
}

#[test]
fn fewer_than_a_quorum_of_receipts_observe_nothing() {
    let mut world = World::new(6, parameters());
    world.hearing = vec![true, true, false, false];
    let (ticket, _) = world.ticket(&account(100), -1, at(0, 100));
    world.hearing = vec![true; 4];
    let folded = world.fold_until(0).pop().unwrap();
    assert!(folded.next.carry[&ticket].observation.is_none());
    assert!(folded.statements.is_empty());
}

#[test]
fn receipts_for_what_does_not_exist_stop_nothing() {
    let mut world = World::new(6, parameters());
    let asked = world.good_task(&account(100), "goes on", at(0, 2_000));
    let invented = block_cid(b"never written");
    world.invent(invented, 2, at(0, 2_000));
    // again by the same two: still two
    world.invent(invented, 2, at(1, 2_000));
    let folded = world.fold_until(8);
    assert!(folded[1].tasks[&asked.id].winner.is_some());
    assert_eq!(folded[1].next.carry[&invented].receipts.len(), 2);
    assert!(!folded[9].next.carry.contains_key(&invented), "forgotten after eight epochs");
    // three of four are no minority: then somebody honest has it, and the fold waits for it
    world.invent(block_cid(b"to be fetched"), 3, at(9, 2_000));
    let seal = world.seal(9);
    let refused = EpochInput::collect(&world.ledger, &world.genesis, &folded[9].next, &seal).unwrap_err();
    assert_eq!(refused, FoldError::MissingMessage(block_cid(b"to be fetched")));
}

#[test]
fn a_message_at_hand_with_too_few_receipts_changes_nothing() {
    let mut world = World::new(6, parameters());
    world.good_task(&account(100), "goes on", at(0, 2_000));
    world.hearing = vec![true, true, false, false];
    let (ticket, _) = world.ticket(&account(101), -1, at(0, 2_100));
    let folded = world.fold_until(0);
    let mut input = EpochInput::collect(&world.ledger, &world.genesis, &folded[0].next, &world.seals[1]).unwrap();
    assert!(!input.part.at_hand().any(|id| id == ticket));
    input.part.insert(&Hash::from_cid(&ticket).unwrap(), world.message(&ticket).into());
    let again = fold_epoch(&world.genesis, &folded[0].next, &input).unwrap();
    assert_eq!(again.history, folded[1].history);
}

#[test]
fn a_child_waits_for_its_parents() {
    let mut world = World::new(6, parameters());
    let asked = world.ask(&account(100), "parents", at(0, 100));
    let node = asked.order[0].clone();
    world.hearing = vec![true, true, false, false];
    let commit = world.commit(&asked, &node, 300_000, b"output");
    world.hearing = vec![true; 4];
    let result = World::result_of(commit, b"output", 1);
    let result = world.reveal(&asked, &node, commit, result, 2_300);
    let folded = world.fold_until(0).pop().unwrap();
    assert!(folded.tasks[&asked.id].winner.is_none());
    let waits = &folded.next.carry[&result];
    assert_eq!((waits.receipts.len(), waits.observation), (4, None));
}

#[test]
fn a_follow_up_of_a_forgotten_message_is_observed() {
    let mut world = World::new(6, parameters());
    let first = world.good_task(&account(100), "long ago", at(0, 100));
    world.fold_until(9);
    assert!(world.fold_until(9).pop().unwrap().next.done(&liaise_ledger::Hash::from_cid(&first.id).unwrap()).is_none());
    let (ticket, terms) = world.ticket(&account(100), 9, at(10, 100));
    let Body::Prompt(mut prompt) = world.message(&first.id).message.body else { panic!("a prompt") };
    prompt.ticket = ticket;
    let prompt_ms = world.genesis.round_time_ms(terms.round) + 100;
    let follow_up = world.say(&account(100), vec![ticket, first.id], None, Body::Prompt(prompt), prompt_ms);
    let folded = world.fold_until(10).pop().unwrap();
    assert!(folded.tasks.contains_key(&follow_up));
}

#[test]
fn a_late_receipt_of_a_forgotten_message_makes_nobody_wait() {
    let mut world = World::new(6, parameters());
    world.hearing = vec![true, true, true, false];
    let first = world.ask(&account(100), "long ago", at(0, 100));
    world.fold_until(9);
    world.hearing = vec![false, false, false, true];
    world.hear(world.message(&first.id), at(10, 2_000));
    world.hearing = vec![true; 4];
    let follow_up = world.ticket_naming(&account(100), first.id, at(10, 2_100));
    let folded = world.fold_until(10).pop().unwrap();
    assert!(folded.next.carry.contains_key(&first.id), "somebody counts it anew");
    let done = folded.next.done(&liaise_ledger::Hash::from_cid(&follow_up).unwrap());
    assert!(done.is_some(), "and what names it is observed");
}

#[test]
fn nothing_is_observed_before_a_parent_that_is_done_with() {
    let mut world = World::new(6, parameters());
    let user = account(100);
    // nobody but a curator removes: it counts for nothing and is done with at its seal
    let removal =
        liaise_ledger::body::RetrievalRemove { chunks: vec![blob_cid(b"a document")], reason: "spite".into() };
    let parent = world.say(&user, vec![], None, Body::RetrievalRemove(removal), at(0, 5_000));
    world.hearing = vec![true, true, false, false];
    let child = world.ticket_naming(&user, parent, at(0, 4_000));
    world.hearing = vec![false, false, true, true];
    world.seal(-1);
    world.seal(0);
    world.hear(world.message(&child), at(1, 2_000));
    let folded = world.fold_until(1).pop().unwrap();
    let at_ms = |id| folded.next.done(&liaise_ledger::Hash::from_cid(id).unwrap()).unwrap().at_ms;
    assert_eq!(at_ms(&child), at_ms(&parent));
}

#[test]
fn the_artefact_alone_hands_on_the_whole_state() {
    let mut world = World::new(6, parameters());
    world.good_task(&account(100), "kept", at(0, 100));
    world.good_task(&account(101), "crosses", at(0, u64::from(EPOCH_S) - 600));
    let folded = world.fold_until(2);
    for pair in folded.windows(2) {
        let state = read_state(&pair[0].blocks, &pair[0].history).unwrap();
        assert_eq!(state, pair[0].next);
        let seal = world.seals.iter().find(|seal| seal.epoch == pair[1].epoch).unwrap();
        let input = EpochInput::collect(&world.ledger, &world.genesis, &state, seal).unwrap();
        let again = fold_epoch(&world.genesis, &state, &input).unwrap();
        assert_eq!((again.history, again.blocks), (pair[1].history, pair[1].blocks.clone()));
    }
}

#[test]
fn what_is_missing_or_out_of_order_stops_the_fold() {
    let mut world = World::new(6, parameters());
    world.good_task(&account(100), "missing", at(0, 100));
    let folded = world.fold_until(0);
    let (before, seal) = (&folded[0].next, &world.seals[1]);
    let mut input = EpochInput::collect(&world.ledger, &world.genesis, before, seal).unwrap();
    let genesis = FoldState::of_genesis(&world.genesis);
    let early = fold_epoch(&world.genesis, &genesis, &input).unwrap_err();
    assert_eq!(early, FoldError::OutOfOrder { last: -2, found: 0 });
    let round = *input.part.rounds.keys().next().unwrap();
    let signature = input.part.rounds.insert(round, [0; 48]).unwrap();
    assert_eq!(fold_epoch(&world.genesis, before, &input).unwrap_err(), FoldError::WrongRound(round));
    input.part.rounds.remove(&round);
    assert_eq!(fold_epoch(&world.genesis, before, &input).unwrap_err(), FoldError::MissingRounds(vec![round]));
    input.part.rounds.insert(round, signature);
    let id = input.part.at_hand().next().unwrap();
    let mut rest = Part::default();
    rest.rounds.extend(&input.part.rounds);
    for (number, message) in (0..).zip(input.part.ids()) {
        input.part.receipts().of(number).for_each(|receipt| rest.count(message, &receipt));
        if let Some(fact) = input.part.fact(number).filter(|_| message.to_cid(DAG_CBOR) != id) {
            rest.insert(message, fact);
        }
    }
    let input = EpochInput { part: rest, ..input };
    assert_eq!(fold_epoch(&world.genesis, before, &input).unwrap_err(), FoldError::MissingMessage(id));
    let mut foreign = seal.clone();
    foreign.batches.swap(0, 1);
    let refused = EpochInput::collect(&world.ledger, &world.genesis, before, &foreign).unwrap_err();
    assert!(matches!(refused, FoldError::Chain { why: "another store signed it", .. }), "{refused}");
    let mut poor = seal.clone();
    poor.batches[0] = None;
    poor.batches[1] = None;
    let refused = EpochInput::collect(&world.ledger, &world.genesis, before, &poor).unwrap_err();
    assert!(matches!(refused, FoldError::Seal { epoch: 0, .. }), "{refused}");
}
