//! Two oracles that got the same in another order, twice, or in parts agree to the byte.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use liaise_ledger::body::{Body, Seal};
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::{Genesis, Hash, Verified};
use liaise_oracle::artefact::Blocks;
use liaise_oracle::fold::{
    DistributorState, EpochInput, FoldState, GENESIS, MemoryLedger, Part, SealVector, Urn, file, fold_epoch,
    fold_parts, snapshots,
};
use proptest::prelude::*;

use super::world::{World, account, at, parameters};

/// An epoch with some of everything, its input, and what one oracle makes of it.
struct Day {
    genesis: Genesis,
    before: FoldState,
    seal: SealVector,
    sealed: Seal,
    input: Part,
    everything: Vec<Verified>,
    history: cid::Cid,
    blocks: Blocks,
    root: [u8; 32],
}

fn day() -> &'static Day {
    static DAY: OnceLock<Day> = OnceLock::new();
    DAY.get_or_init(|| {
        let mut world = World::new(7, parameters());
        for user in 100..104 {
            world.good_task(&account(user), "good", at(0, 100 * (user as u64 - 99)));
        }
        let asked = world.ask(&account(104), "disputed", at(0, 900));
        let order = asked.order.clone();
        let first = world.race(&asked, &order[0], 300_000);
        world.race(&asked, &order[1], 310_000);
        world.judge(&asked, &order[1], first, 0, 4_000);
        world.judge(&asked, &order[3], first, 900, 20_000);
        world.ticket(&account(105), -1, at(0, 1_000));
        world.good_task(&account(106), "crosses", at(0, 6_700));
        let folded = world.fold_until(0);
        let before = folded[0].next.clone();
        let input = EpochInput::collect(&world.ledger, &world.genesis, &before, &world.seals[1]).unwrap();
        let (history, blocks) = (folded[1].history, folded[1].blocks.clone());
        let start = DistributorState::new(Hash([5; 32]), "eip155:42161".parse().unwrap());
        let root = file(&folded[1], &start, world.network, Hash::ZERO, 1).unwrap().statement.root_hash.0;
        assert!(folded[1].tasks.len() == 5 && root != [0; 32]);
        Day {
            everything: world.ledger.messages().map(|message| message.as_ref().clone()).collect(),
            genesis: world.genesis,
            before,
            seal: input.seal,
            sealed: world.seals[1].clone(),
            input: input.part,
            history,
            blocks,
            root,
        }
    })
}

/// Deals what `day` reads into parts: each thing into at least one of them, some into several.
fn deal(input: &Part, parts: usize, mut random: impl FnMut() -> u64) -> Vec<Part> {
    let mut dealt = vec![Part::default(); parts];
    let mut places = || -> Vec<usize> {
        let copies = if random().is_multiple_of(4) { 3 } else { 1 };
        (0..copies).map(|_| random() as usize % parts).collect()
    };
    for (number, id) in (0..).zip(input.ids()) {
        for receipt in input.receipts().of(number) {
            for place in places() {
                dealt[place].count(id, &receipt);
            }
        }
        if let Some(fact) = input.fact(number) {
            for place in places() {
                dealt[place].insert(id, fact.clone());
            }
        }
    }
    for (round, signature) in &input.rounds {
        for place in places() {
            dealt[place].rounds.insert(*round, *signature);
        }
    }
    for id in &input.older {
        dealt[places()[0]].older.insert(*id);
    }
    dealt
}

fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut step = 0u64;
    move || {
        step += 1;
        let hash = Hash::of(&[&seed.to_be_bytes(), &step.to_be_bytes()]);
        u64::from_be_bytes(hash.0[..8].try_into().unwrap())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn parts_in_any_order_some_twice_fold_to_the_same_bytes(seed: u64) {
        let day = day();
        for parts in [1usize, 3, 16, 37] {
            let mut random = numbers(seed ^ parts as u64);
            let mut dealt = deal(&day.input, parts, &mut random);
            for i in (1..dealt.len()).rev() {
                dealt.swap(i, random() as usize % (i + 1));
            }
            let again = dealt[random() as usize % parts].clone();
            dealt.push(again);
            let folded = fold_parts(&day.genesis, &day.before, &day.seal, &dealt, parts).unwrap();
            prop_assert_eq!(folded.history, day.history);
            prop_assert_eq!(&folded.blocks, &day.blocks);
            let start = DistributorState::new(Hash([5; 32]), "eip155:42161".parse().unwrap());
            let filing = file(&folded, &start, day.genesis.network_id(), Hash::ZERO, 1).unwrap();
            prop_assert_eq!(filing.statement.root_hash.0, day.root);
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(seed: u64) {
        let day = day();
        let mut random = numbers(seed);
        let mut arrivals: Vec<&Verified> = day.everything.iter().collect();
        for i in (1..arrivals.len()).rev() {
            arrivals.swap(i, random() as usize % (i + 1));
        }
        let mut ledger = MemoryLedger::default();
        for message in arrivals.iter().chain(&arrivals[..20]) {
            ledger.insert((*message).clone());
        }
        for (round, signature) in &day.input.rounds {
            ledger.insert_round(*round, *signature);
        }
        let input = EpochInput::collect(&ledger, &day.genesis, &day.before, &day.sealed).unwrap();
        let folded = fold_epoch(&day.genesis, &day.before, &input).unwrap();
        prop_assert_eq!(folded.history, day.history);
    }
}

/// The day's input with the draws of its tickets, the front of each as `change` leaves it.
fn with_draws(change: impl Fn(&mut [u32])) -> Part {
    let day = day();
    let urns: BTreeMap<i64, Urn> =
        snapshots(&day.genesis, &day.before).into_iter().map(|(epoch, rows)| (epoch, Urn::new(rows))).collect();
    let mut input = day.input.clone();
    let mut drawn = 0;
    for message in &day.everything {
        if let Body::Ticket(ticket) = &message.message.body {
            let (urn, id) = (&urns[&ticket.snapshot.max(GENESIS)], Hash::from_cid(&message.id).unwrap());
            let signature = &day.input.rounds[&ticket.round];
            let mut kept = urn.draw(&day.genesis, day.genesis.network_id(), id, ticket, signature);
            change(&mut kept.front[..7]);
            input.keep_draw(input.find(&id).unwrap(), kept);
            drawn += 1;
        }
    }
    assert!(drawn >= 6);
    input
}

#[test]
fn what_was_drawn_ahead_is_what_the_fold_draws() {
    let day = day();
    let fold = |input| fold_parts(&day.genesis, &day.before, &day.seal, &[input], 1).unwrap();
    let folded = fold(with_draws(|_| ()));
    assert_eq!((folded.history, &folded.blocks), (day.history, &day.blocks));
    assert_ne!(fold(with_draws(<[u32]>::reverse)).history, day.history, "it is taken, not drawn again");
}

#[test]
fn a_later_receipt_of_a_store_does_not_replace_its_first() {
    let day = day();
    let id = day.input.ids()[0].to_cid(DAG_CBOR);
    let receipts = day.input.receipts_of(&id);
    let first = receipts[0];
    let mut forged = first;
    forged.seq += 1_000;
    forged.wall_ms += 50_000;
    let mut input = day.input.clone();
    input.count(&day.input.ids()[0], &forged);
    assert_eq!(input.receipts_of(&id), receipts);
    let mut backwards = Part::default();
    backwards.count(&day.input.ids()[0], &forged);
    backwards.count(&day.input.ids()[0], &first);
    assert_eq!(backwards.receipts_of(&id), [first]);
}
