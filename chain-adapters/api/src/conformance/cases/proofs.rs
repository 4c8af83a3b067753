//! Proofs that prove nothing.

use liaise_summary::{RewardLeaf, RewardTree, filler_payee};

use super::super::world::{World, claim_of, leaf_and_proof, range_claim_of};
use super::super::{Harness, LocalChain, Role};
use crate::{Action, Refusal};

/// Amount, payee, index, a sibling's hash, a sibling's sum, a sibling too many: each alone makes it worthless.
pub async fn a_forged_proof_is_refused<H: Harness>() {
    let world = World::opened::<H>().await;
    let tree = world.tree(&[(0, 100), (1, 200), (2, 300), (3, 400)]);
    world.file_payable(&tree).await;
    let (leaf, proof) = leaf_and_proof(&tree, &world.chain.payee(0));
    let mut forgeries = Vec::new();
    forgeries.push((RewardLeaf { amount: leaf.amount + 1, ..leaf }, proof.clone()));
    forgeries.push((RewardLeaf { payee: world.chain.payee(9), ..leaf }, proof.clone()));
    let mut elsewhere = proof.clone();
    elsewhere.index ^= 1;
    forgeries.push((leaf, elsewhere));
    let mut other_hash = proof.clone();
    other_hash.siblings[0].hash.0[31] ^= 1;
    forgeries.push((leaf, other_hash));
    let mut other_sum = proof.clone();
    other_sum.siblings[1].sum += 1;
    forgeries.push((leaf, other_sum));
    let mut beyond = proof.clone();
    beyond.index += 4;
    forgeries.push((leaf, beyond));
    let mut longer = proof.clone();
    longer.siblings.push(tree.root());
    forgeries.push((leaf, longer));
    for (leaf, proof) in forgeries {
        world.expect_refused(Role::Operator, &Action::Claim { leaf, proof }, Refusal::Proof).await;
    }

    let mut run = range_claim_of(&tree, 0, 1);
    if let Action::ClaimRange { leaves, .. } = &mut run {
        leaves[1].amount += 1;
    }
    world.expect_refused(Role::Operator, &run, Refusal::Proof).await;

    world.act(Role::Operator, &Action::Claim { leaf, proof }).await;
    assert_eq!(world.paid(&world.chain.payee(0)).await, 100);
}

/// A proof that is right in another distributor's tree.
pub async fn a_foreign_proof_is_refused<H: Harness>() {
    let world = World::opened::<H>().await;
    world.file_payable(&world.tree(&[(0, 100), (1, 200)])).await;
    let foreign = world.tree(&[(0, 100), (1, 201)]);
    for i in 0..2 {
        let claim = claim_of(&foreign, &world.chain.payee(i));
        world.expect_refused(Role::Operator, &claim, Refusal::Proof).await;
    }
    world.expect_refused(Role::Operator, &range_claim_of(&foreign, 0, 1), Refusal::Proof).await;
}

/// Two roots are held; the third newest is forgotten.
pub async fn a_stale_proof_is_refused<H: Harness>() {
    let world = World::opened::<H>().await;
    let trees = [100, 110, 120].map(|amount| world.tree(&[(0, amount), (1, 200), (2, amount)]));
    for tree in &trees {
        world.file_payable(tree).await;
    }
    let payee = world.chain.payee(0);
    world.expect_refused(Role::Operator, &claim_of(&trees[0], &payee), Refusal::Proof).await;
    world.act(Role::Operator, &claim_of(&trees[1], &payee)).await;
    assert_eq!(world.paid(&payee).await, 110);
    world.act(Role::Operator, &claim_of(&trees[2], &payee)).await;
    assert_eq!(world.paid(&payee).await, 120);
}

/// A decreed loss belongs to nobody: its own claim is refused, a run skips it.
pub async fn the_filler_cannot_claim<H: Harness>() {
    let world = World::opened::<H>().await;
    let filler = RewardLeaf { payee: filler_payee(&world.id().await), amount: 50 };
    let real = RewardLeaf { payee: world.chain.payee(0), amount: 100 };
    let tree = RewardTree::new(vec![filler, real]).expect("a valid tree");
    world.file_payable(&tree).await;
    world.expect_refused(Role::Operator, &claim_of(&tree, &filler.payee), Refusal::Filler).await;
    world.act(Role::Operator, &range_claim_of(&tree, 0, 1)).await;
    assert_eq!(world.paid(&real.payee).await, 100);
    assert_eq!(world.state().await.unclaimed, 50);
}
