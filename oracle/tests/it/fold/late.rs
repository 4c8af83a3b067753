//! Late pay: what a distributor owes after its range, paid once it can be.

use cid::Cid;
use liaise_ledger::{Account, Hash};
use liaise_oracle::artefact::read_distributor;
use liaise_oracle::audit::check_root;
use liaise_oracle::fold::{DistributorState, Filing, FoldState, ReasonCode, file, file_late};

use super::links::{link, on};
use super::world::{CASH, SOLANA, Told, World, account, at, parameters};

/// A distributor that held epochs 0 and 1, in which somebody without an account on its chain earned; by the world's epochs.
fn handed_over(chain: &str) -> (World, Vec<Told>, DistributorState) {
    let mut world = World::new(6, parameters());
    for epoch in 0..2 {
        world.good_task(&account(100), &format!("question {epoch}"), at(epoch, 100));
    }
    // in force from epoch 4 on
    link(&mut world, 100, chain, at(2, 10));
    let folded = world.fold_until(5);
    let mut state = DistributorState::new(Hash([5; 32]), chain.parse().unwrap());
    for told in &folded[1..3] {
        state = file(told, &state, world.network, Hash::ZERO, 1).unwrap().next;
    }
    assert!(state.leaves.is_empty() && state.owed() > 0);
    (world, folded, state)
}

fn late(world: &World, told: &Told, before: &DistributorState) -> Option<Filing> {
    let history: Cid = told.history;
    let at: &FoldState = &told.next;
    file_late(history, at, before, world.network, Hash([3; 32]), 1).unwrap()
}

fn owed_to(state: &DistributorState, account: &Account) -> u64 {
    state.owing.iter().filter(|row| row.account == *account).map(|row| row.amount).sum()
}

#[test]
fn what_is_owed_after_the_range_is_paid_when_its_owner_links() {
    for chain in [SOLANA, CASH] {
        let (world, folded, before) = handed_over(chain);
        for told in &folded[3..5] {
            assert!(late(&world, told, &before).is_none(), "epoch {}: nothing can be paid yet", told.epoch);
        }
        let due = owed_to(&before, &account(100));
        let filing = late(&world, &folded[5], &before).expect("the link is in force");
        // the number of the last filed epoch; nothing is issued
        assert_eq!((filing.statement.epoch.0, filing.block.history), (1, folded[5].history));
        assert_eq!(u128::from(filing.statement.root_sum) + u128::from(filing.statement.owed), before.owed());
        assert_eq!((filing.statement.root_sum, owed_to(&filing.next, &account(100))), (due, 0));
        assert_eq!(filing.block.unemitted, 0);
        assert_eq!(filing.next.leaves.values().map(|leaf| &leaf.account).collect::<Vec<_>>(), [&on(chain, 100)]);
        assert!(filing.next.owing.iter().all(|row| row.reason == ReasonCode::NoAccountOnChain), "the nodes'");
        check_root(&filing).unwrap();
        assert_eq!(read_distributor(&filing.blocks, &filing.tree_block).unwrap(), filing.next);
        // what is left can't be paid
        assert!(late(&world, &folded[6], &filing.next).is_none());
    }
}

#[test]
fn whoever_filed_nothing_owes_nothing_late() {
    let (world, folded, _) = handed_over(SOLANA);
    let fresh = DistributorState::new(Hash([6; 32]), SOLANA.parse().unwrap());
    let told = &folded[5];
    assert!(file_late(told.history, &told.next, &fresh, world.network, Hash::ZERO, 1).is_err());
}
