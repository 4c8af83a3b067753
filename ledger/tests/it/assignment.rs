use crate::sample;
use liaise_ledger::assignment::{Assignment, AssignmentError};
use liaise_ledger::beacon::BeaconError;
use liaise_ledger::body::{Commit, Ticket};
use liaise_ledger::message::Place;
use liaise_ledger::{Author, BeaconKey, Body, Draft, Eligibility, Genesis, Hash, Signer, Verified};
use std::collections::BTreeSet;

const ROUND: u64 = 1_000;

/// A network whose beacon's key is at hand.
fn network() -> (Genesis, BeaconKey) {
    let key = BeaconKey::from_seed(&[4; 32]);
    let mut genesis = sample::genesis();
    genesis.beacon = key.beacon(sample::GENESIS_S, 3);
    (genesis, key)
}

fn signed(genesis: &Genesis, body: Body) -> Verified {
    let draft = Draft { author: Author::Account(sample::account(1)), parents: vec![], task: None, time_ms: 0, body };
    let signer = Signer::Ed25519(Box::new(sample::ed25519("session", 1)));
    draft.sign(genesis.network_id(), &signer, &mut Place::default()).unwrap()
}

fn ticket(genesis: &Genesis, adapter: Hash) -> Verified {
    signed(genesis, Body::Ticket(Ticket { round: ROUND, snapshot: -1, adapter, max_units: 100 }))
}

#[test]
fn anybody_recomputes_the_same_order_from_the_ledger() {
    let (genesis, key) = network();
    let snapshot = Eligibility::of_genesis(&genesis);
    for adapter in &genesis.adapters {
        let ticket = ticket(&genesis, adapter.id);
        let assignment = Assignment::compute(&genesis, &ticket, &key.sign(ROUND), &snapshot).unwrap();
        assert_eq!(assignment, Assignment::compute(&genesis, &ticket, &key.sign(ROUND), &snapshot).unwrap());
        assert_eq!((assignment.ticket, assignment.eligibility), (ticket.id, snapshot.root()));
        let serving: BTreeSet<_> =
            genesis.nodes.iter().filter(|n| n.adapters.contains(&adapter.id)).map(|n| n.account.clone()).collect();
        let drawn: BTreeSet<_> = assignment.rows(&snapshot).map(|row| row.account.clone()).collect();
        assert_eq!(drawn, serving);
        for (place, row) in assignment.rows(&snapshot).enumerate() {
            assert_eq!(assignment.place(&snapshot, &row.account), Some(place));
        }
        assert_eq!(assignment.place(&snapshot, &sample::account(77)), None);
        let ranks: BTreeSet<_> = drawn.iter().map(|account| assignment.seed.tie_rank(account)).collect();
        assert_eq!(ranks.len(), drawn.len());
    }
}

/// Two tickets of one round have nothing in common: a user can't learn one draw from another.
#[test]
fn each_ticket_has_its_own_seed() {
    let (genesis, key) = network();
    let snapshot = Eligibility::of_genesis(&genesis);
    let seed = |adapter| {
        let ticket = ticket(&genesis, adapter);
        Assignment::compute(&genesis, &ticket, &key.sign(ROUND), &snapshot).unwrap().seed
    };
    assert_ne!(seed(genesis.adapters[0].id), seed(genesis.adapters[1].id));
}

#[test]
fn another_rounds_signature_draws_nothing() {
    let (genesis, key) = network();
    let snapshot = Eligibility::of_genesis(&genesis);
    let ticket = ticket(&genesis, genesis.adapters[0].id);
    let wrong = Assignment::compute(&genesis, &ticket, &key.sign(ROUND + 1), &snapshot);
    assert_eq!(wrong, Err(AssignmentError::Beacon(BeaconError::Signature(ROUND))));
}

#[test]
fn only_tickets_are_drawn() {
    let (genesis, key) = network();
    let ticket = ticket(&genesis, Hash::ZERO);
    let message = liaise_ledger::Message { body: Body::Commit(Commit { hash: Hash::ZERO }), ..ticket.message.clone() };
    let other = Verified { message, ..ticket };
    let found = Assignment::compute(&genesis, &other, &key.sign(ROUND), &Eligibility::of_genesis(&genesis));
    assert_eq!(found, Err(AssignmentError::NotATicket(other.id, "commit")));
}
