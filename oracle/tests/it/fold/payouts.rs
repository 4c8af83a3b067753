//! A distributor on a UTXO chain: payouts of whole outputs, a least payout, and the same totals as anywhere else.

use std::collections::BTreeMap;

use liaise_ledger::{Account, ChainId, Hash};
use liaise_oracle::artefact::read_distributor;
use liaise_oracle::audit::{check_root, explain};
use liaise_oracle::fold::{DistributorState, Folded, PayTree, ReasonCode, file};
use liaise_summary::batch::batch_node;
use liaise_summary::{Epoch, Hash32};
use proptest::prelude::*;

use super::world::{World, account, at, parameters};

const LEAST: u64 = 1_000;

fn cash() -> ChainId {
    "bch:bchtest".parse().unwrap()
}

fn evm() -> ChainId {
    "eip155:42161".parse().unwrap()
}

/// Somebody's account on a chain.
fn person(chain: &ChainId, n: u8) -> Account {
    match chain.namespace() {
        "bch" => Account::bch(chain, [n + 1; 20]),
        _ => Account::evm(42_161, [n + 1; 20]),
    }
}

/// A folded epoch in which each of these earned so much, on whatever chain.
fn earned(template: &Folded, epoch: i64, chain: &ChainId, nets: &[(u8, u64, u64)], unemitted: u64) -> Folded {
    let mut folded = template.clone();
    let like = folded.pay[0].clone();
    let pay = |(n, net, held): &(u8, u64, u64)| {
        let (account, gated) = (person(chain, *n), net + held);
        let mut pay = like.clone();
        (pay.account, pay.gross, pay.gated, pay.held, pay.net) = (account, gated, gated, *held, *net);
        pay
    };
    folded.pay = nets.iter().map(pay).collect();
    folded.emission = folded.pay.iter().map(|pay| pay.gated).sum::<u64>() + unemitted;
    (folded.epoch, folded.unemitted, folded.payout_min) = (epoch, unemitted, LEAST);
    folded
}

fn template() -> Folded {
    let mut world = World::new(6, parameters());
    world.good_task(&account(100), "paid", at(0, 100));
    (*world.fold_until(0).pop().unwrap()).clone()
}

#[test]
fn an_epochs_tree_pays_that_epoch_only_and_small_pay_waits() {
    let template = template();
    let (network, head) = (Hash([9; 32]), Hash::ZERO);
    let start = DistributorState::new(Hash([5; 32]), cash());
    let first = earned(&template, 0, &cash(), &[(0, 5_000, 0), (1, 999, 0), (2, 1_000, 70)], 3);
    let filing = file(&first, &start, network, head, 1).unwrap();
    assert_eq!((filing.statement.root_sum, filing.statement.owed), (6_000, 999 + 70));
    let PayTree::Batches { payouts, tree } = &filing.tree else { panic!("a tree of batches") };
    assert_eq!(payouts.iter().map(|payout| payout.amount).collect::<Vec<_>>(), [5_000, 1_000]);
    assert_eq!(tree.root(), batch_node(Epoch(0), 0, payouts).unwrap());
    let reasons: Vec<_> = filing.next.owing.iter().map(|row| (row.reason, row.amount)).collect();
    assert!(reasons.contains(&(ReasonCode::BelowMinimum, 999)) && reasons.contains(&(ReasonCode::Held, 70)));
    assert_eq!(read_distributor(&filing.blocks, &filing.tree_block).unwrap(), filing.next);
    check_root(&filing).unwrap();

    // 999 and 1 are enough together; who was paid before and earned nothing is in no later tree
    let second = earned(&template, 1, &cash(), &[(1, 1, 0)], 0);
    let filing = file(&second, &filing.next, network, head, 1).unwrap();
    assert_eq!((filing.statement.root_sum, filing.statement.owed), (1_000, 70));
    assert_eq!(filing.place_of(&person(&cash(), 1)), Some(0));
    assert_eq!(filing.place_of(&person(&cash(), 0)), None);
    check_root(&filing).unwrap();

    // an epoch without pay is filed like any other
    let third = earned(&template, 2, &cash(), &[], 40);
    let filing = file(&third, &filing.next, network, head, 1).unwrap();
    assert_eq!((filing.statement.root_sum, filing.statement.root_hash), (0, Hash32::ZERO));
    assert_eq!(filing.statement.owed, 70);
}

#[test]
fn an_explanation_proves_the_batch_that_pays() {
    let mut world = World::new(6, parameters());
    world.good_task(&account(100), "explain", at(0, 100));
    let folded = world.fold_until(0).pop().unwrap();
    let mut paid = (*folded).clone();
    let theirs = paid.pay[0].account.clone();
    paid.payout_min = 0;
    for (n, pay) in (0..).zip(&mut paid.pay) {
        pay.account = person(&cash(), n);
    }
    let filing = file(&paid, &DistributorState::new(Hash([5; 32]), cash()), world.network, Hash::ZERO, 1).unwrap();
    let place = filing.place_of(&person(&cash(), 1)).unwrap();
    let PayTree::Batches { payouts, tree } = &filing.tree else { panic!("a tree of batches") };
    let node = batch_node(Epoch(0), 0, payouts).unwrap();
    filing.tree.proof(place).unwrap().verify(&tree.root(), &node).unwrap();
    // the account on the other chain has no payout here
    assert_eq!(explain(&theirs, &folded, Some(&filing)).unwrap().unwrap().leaf, None);
}

#[test]
fn the_hundred_thousandth_payout_is_in_the_eighty_sixth_batch() {
    let template = template();
    let mut folded = earned(&template, 0, &cash(), &[], 0);
    let like = template.pay[0].clone();
    let pay = |n: u32| {
        let mut hash = [0; 20];
        hash[16..].copy_from_slice(&n.to_be_bytes());
        let mut pay = like.clone();
        (pay.account, pay.held, pay.net) = (Account::bch(&cash(), hash), 0, LEAST + u64::from(n));
        pay
    };
    folded.pay = (0..100_000).map(pay).collect();
    folded.emission = folded.pay.iter().map(|pay| pay.net).sum();
    let filing = file(&folded, &DistributorState::new(Hash([5; 32]), cash()), Hash([9; 32]), Hash::ZERO, 1).unwrap();
    let PayTree::Batches { payouts, tree } = &filing.tree else { panic!("a tree of batches") };
    assert_eq!((payouts.len(), tree.leaves().len()), (100_000, 86));
    let last = filing.place_of(&folded.pay[99_999].account).unwrap();
    let proof = filing.tree.proof(last).unwrap();
    assert_eq!((last, proof.index), (99_999, 85));
    proof.verify(&tree.root(), &tree.leaves()[85]).unwrap();
    check_root(&filing).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// What an account gets on a UTXO chain over many epochs, and what it is still owed, is what an account chain gives it.
    #[test]
    fn every_account_has_the_same_total_as_on_an_account_chain(
        epochs in prop::collection::vec(
            (prop::collection::vec((0u64..3 * LEAST, 0u64..5), 6), 0u64..10), 1..12,
        ),
    ) {
        let template = template_once();
        let mut states = [evm(), cash()].map(|chain| DistributorState::new(Hash([5; 32]), chain));
        let mut paid: BTreeMap<u8, u64> = BTreeMap::new();
        for (epoch, (nets, unemitted)) in (0..).zip(&epochs) {
            let nets: Vec<_> = (0..).zip(nets).map(|(n, (net, held))| (n, *net, *held)).collect();
            for state in &mut states {
                let folded = earned(template, epoch, &state.chain, &nets, *unemitted);
                let filing = file(&folded, state, Hash([9; 32]), Hash::ZERO, 1).unwrap();
                check_root(&filing).unwrap();
                *state = filing.next;
            }
            for n in 0..6 {
                let payout = states[1].leaves.values().find(|leaf| leaf.account == person(&cash(), n));
                let payout = payout.map_or(0, |leaf| leaf.amount);
                prop_assert!(payout == 0 || payout >= LEAST);
                *paid.entry(n).or_default() += payout;
                let owed = |state: &DistributorState| {
                    let theirs = state.owing.iter().filter(|row| row.account == person(&state.chain, n));
                    theirs.map(|row| row.amount).sum::<u64>()
                };
                let leaf = states[0].leaves.values().find(|leaf| leaf.account == person(&evm(), n));
                let cumulative = leaf.map_or(0, |leaf| leaf.amount);
                prop_assert_eq!(cumulative + owed(&states[0]), paid[&n] + owed(&states[1]));
            }
        }
    }
}

/// The world behind it takes a while.
fn template_once() -> &'static Folded {
    static TEMPLATE: std::sync::OnceLock<Folded> = std::sync::OnceLock::new();
    TEMPLATE.get_or_init(template)
}
