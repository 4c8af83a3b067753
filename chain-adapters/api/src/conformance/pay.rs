//! What an epoch pays, as the chain under test takes it.

use liaise_summary::batch::batch_node;
use liaise_summary::{Epoch, Node, Payout, RewardTree, SumTree};

use super::{LocalChain, World, claim_of};
use crate::Action;

/// Something with a root that a statement can carry.
pub trait Rooted {
    /// Hash and sum.
    fn node(&self) -> Node;
}

impl Rooted for RewardTree {
    fn node(&self) -> Node {
        self.root()
    }
}

/// A tree with the action that pays each payee: a claim of its leaf, or the crank of a batch of its own.
#[derive(Debug)]
pub struct Pay {
    root: Node,
    actions: Vec<(u8, Action)>,
}

impl Rooted for Pay {
    fn node(&self) -> Node {
        self.root
    }
}

impl Pay {
    /// What pays a payee. Batches are paid in the order in which the payees were named.
    ///
    /// # Panics
    /// For a payee that was not named.
    pub fn claim(&self, payee: u8) -> &Action {
        let found = self.actions.iter().find(|(named, _)| *named == payee);
        &found.expect("a payee that was named").1
    }
}

impl<C: LocalChain> World<C> {
    /// What the next epoch pays to (payee number, amount): cumulative leaves, or batches of one payout each.
    pub async fn pay(&self, amounts: &[(u8, u64)]) -> Pay {
        self.pay_of(self.state().await.next, amounts)
    }

    /// The same, of an epoch.
    pub fn pay_of(&self, epoch: Epoch, amounts: &[(u8, u64)]) -> Pay {
        if !self.chain.pays_in_batches() {
            let tree = self.tree(amounts);
            let claim = |&(payee, _): &(u8, u64)| (payee, claim_of(&tree, &self.chain.payee(payee)));
            return Pay { root: tree.root(), actions: amounts.iter().map(claim).collect() };
        }
        let payout = |&(payee, amount): &(u8, u64)| {
            let pubkey_hash = self.chain.payee(payee).to_20().expect("a payee of twenty bytes");
            vec![Payout { pubkey_hash, amount }]
        };
        let batches: Vec<Vec<Payout>> = amounts.iter().map(payout).collect();
        let numbered = (0u32..).zip(&batches);
        let nodes = numbered.map(|(batch, payouts)| batch_node(epoch, batch, payouts).expect("small amounts"));
        let tree = SumTree::from_ordered(nodes.collect()).expect("small amounts");
        let cranks = (0u32..).zip(batches).zip(amounts).map(|((batch, payouts), (payee, _))| {
            let proof = tree.proof(batch).expect("a batch of the tree");
            (*payee, Action::Crank { epoch, payouts, proof })
        });
        Pay { root: tree.root(), actions: cranks.collect() }
    }

    /// What a tree holds that pays `new` after one that paid `before`: both where leaves are cumulative.
    pub fn after(&self, before: &[(u8, u64)], new: &[(u8, u64)]) -> Vec<(u8, u64)> {
        if self.chain.pays_in_batches() { new.to_vec() } else { [before, new].concat() }
    }
}
