//! From shares to trees: caps, ramp, conservation, accounts of other chains.

use liaise_ledger::{ChainId, Hash, Parameters};
use liaise_oracle::artefact::read_distributor;
use liaise_oracle::audit::{check_root, explain};
use liaise_oracle::fold::{DistributorState, FoldError, ReasonCode, check_conservation, file};
use liaise_summary::{Hash32, RewardLeaf, SumLeaf};

use super::world::{UNITS, World, account, at, parameters};

const HERE: &str = "eip155:42161";

fn chain(id: &str) -> ChainId {
    id.parse().unwrap()
}

#[test]
fn a_distributor_files_epoch_after_epoch_and_no_leaf_falls() {
    let mut world = World::new(6, parameters());
    for (epoch, tasks) in [(0, 2), (1, 0), (2, 1)] {
        for task in 0..tasks {
            world.good_task(&account(100 + task), "paid", at(epoch, 200 * (1 + task as u64)));
        }
    }
    let folded = world.fold_until(2);
    let mut state = DistributorState::new(Hash([5; 32]), chain(HERE));
    let mut head = Hash::ZERO;
    let mut issued = 0;
    for folded in &folded[1..] {
        let filing = file(folded, &state, world.network, head, 1).unwrap();
        let grew = filing.next.root_sum() - state.root_sum();
        let expected = if folded.tasks.is_empty() { 0 } else { u128::from(folded.emission) };
        assert_eq!(grew, expected);
        issued += grew;
        for (payee, leaf) in &state.leaves {
            assert!(filing.next.leaves[payee].amount >= leaf.amount);
        }
        let root = check_root(&filing).unwrap();
        assert_eq!((root.hash, u128::from(root.sum)), (filing.statement.root_hash.0, issued));
        assert_eq!(read_distributor(&filing.blocks, &filing.tree_block).unwrap(), filing.next);
        assert_eq!(filing.statement.head, Hash32(head.0));
        head = Hash(filing.statement.digest().0);
        state = filing.next;
    }
    let again = file(&folded[3], &state, world.network, head, 1).unwrap_err();
    assert!(matches!(again, FoldError::Filing { epoch: 2, .. }), "{again}");
    let never = file(&folded[0], &state, world.network, head, 1).unwrap_err();
    assert!(matches!(never, FoldError::Filing { epoch: -1, .. }), "{never}");
}

#[test]
fn whoever_has_no_account_on_the_terms_chain_is_owed() {
    let mut world = World::new(6, parameters());
    world.good_task(&account(100), "elsewhere", at(0, 100));
    let folded = world.fold_until(0).pop().unwrap();
    let state = DistributorState::new(Hash([5; 32]), chain("eip155:1"));
    let filing = file(&folded, &state, world.network, Hash::ZERO, 1).unwrap();
    assert_eq!((filing.statement.root_sum, filing.statement.owed), (0, folded.emission));
    assert_eq!(filing.statement.root_hash, Hash32::ZERO);
    let account = &filing.next.owing[0].account;
    let told = explain(account, &folded, Some(&filing)).unwrap().unwrap();
    assert_eq!((told.leaf, told.owed.len()), (None, 1));
    assert_eq!(told.owed[0].reason, ReasonCode::NoAccountOnChain);
    assert_eq!(read_distributor(&filing.blocks, &filing.tree_block).unwrap(), filing.next);
}

#[test]
fn an_explanation_proves_its_leaf() {
    let mut world = World::new(6, parameters());
    let asked = world.good_task(&account(100), "prove it", at(0, 100));
    let folded = world.fold_until(0).pop().unwrap();
    let state = DistributorState::new(Hash([5; 32]), chain(HERE));
    let filing = file(&folded, &state, world.network, Hash::ZERO, 1).unwrap();
    for account in asked.order[..3].iter().chain([&account(100)]) {
        let told = explain(account, &folded, Some(&filing)).unwrap().unwrap();
        let (row, proof) = told.leaf.unwrap();
        assert_eq!((row.amount, &row.account), (told.statement.net, account));
        let leaf = RewardLeaf { payee: liaise_summary::Payee(row.payee.0), amount: row.amount };
        proof.verify(&filing.tree.root(), &leaf.node()).unwrap();
        assert_eq!(told.tasks.len(), 1);
    }
    assert_eq!(explain(&super::world::account(109), &folded, None), Ok(None));
}

#[test]
fn a_nearly_idle_network_does_not_pay_a_fortune() {
    // One task at unlock 50 ‰ and used 1000 ‰, in the ramp's thousandths of a unit.
    let weight = 50 * UNITS;
    for (ramp_weight, permille) in [(weight, 1_000), (weight + weight / 4, 800), (4 * weight, 250)] {
        let mut world = World::new(6, Parameters { ramp_weight, ..parameters() });
        let user = account(100);
        world.good_task(&user, "ramp", at(0, 100));
        let folded = world.fold_until(0).pop().unwrap();
        let paid: u64 = folded.statements.iter().map(|statement| statement.net).sum();
        assert_eq!(paid + folded.unemitted, folded.emission);
        let expected = folded.emission / 1_000 * permille;
        assert!(paid.abs_diff(expected) <= 1_000, "{paid} of {expected}");
        let told = explain(&user, &folded, None).unwrap().unwrap().statement;
        let ramp = told.reasons.iter().find(|reason| reason.code == ReasonCode::Ramp).and_then(|reason| reason.value);
        assert_eq!(ramp, (permille < 1_000).then_some(permille));
    }
}

#[test]
fn a_user_counts_up_to_a_few_medians() {
    let mut world = World::new(6, parameters());
    // three modest users, and one that asks six times as much
    for user in [100, 101, 102] {
        world.good_task(&account(user), "modest", at(0, 100 + 150 * (user as u64 - 99)));
    }
    let mut greedy = vec![];
    for task in 0..6 {
        greedy.push(world.good_task(&account(103), &format!("more {task}"), at(1, 100 + 150 * task)).id);
    }
    let folded = world.fold_until(1);
    assert_eq!(folded[1].next.shared.median_units, Some(UNITS));
    let counted: Vec<u64> = greedy.iter().map(|id| folded[2].tasks[id].counted).collect();
    assert_eq!(counted, [UNITS, UNITS, UNITS, UNITS, 0, 0], "four medians of the epoch before");
    assert_eq!(folded[2].next.shared.median_units, Some(6 * UNITS));
    let told = explain(&account(103), &folded[2], None).unwrap().unwrap().statement;
    assert_eq!(told.reasons.iter().filter(|reason| reason.code == ReasonCode::OverCap).count(), 2);
    assert_eq!(folded[2].next.accounts[&account(103)].unlock, 6_000);
}

#[test]
fn conservation_is_to_the_unit() {
    assert_eq!(check_conservation(3, 10, 100, 60, 45, 5), Ok(()));
    let lost = check_conservation(3, 10, 100, 60, 45, 4).unwrap_err();
    assert_eq!(lost, FoldError::Conservation { epoch: 3, before: 110, after: 109 });
    assert!(check_conservation(3, u128::MAX, 1, 0, 0, 0).is_err());
}
