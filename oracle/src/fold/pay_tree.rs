//! The tree of a filing, as its chain's distributor knows it.

use liaise_summary::batch::batch_tree;
use liaise_summary::{BATCH_PAYOUTS, Epoch, Node, Payout, Proof, ProofError, RewardTree, SumTree};

use super::FoldError;
use super::filing::LeafRow;

/// See the module.
#[derive(Clone, Debug)]
pub enum PayTree {
    /// Account chains: a leaf a payee, with what it has earned over the distributor's life.
    Accounts(RewardTree),
    /// UTXO chains: a leaf a batch of the epoch's payouts.
    Batches {
        /// The payouts in the tree's order.
        payouts: Vec<Payout>,
        /// The tree.
        tree: SumTree<Node>,
    },
}

impl PayTree {
    /// The tree of leaves on an account chain.
    ///
    /// # Errors
    /// What [`RewardTree::new`] refuses.
    pub fn accounts<'a>(leaves: impl Iterator<Item = &'a LeafRow>) -> Result<PayTree, FoldError> {
        Ok(PayTree::Accounts(RewardTree::new(leaves.map(LeafRow::leaf).collect())?))
    }

    /// The tree of an epoch's payouts on a UTXO chain.
    ///
    /// # Errors
    /// What [`batch_tree`] refuses.
    pub fn batches<'a>(epoch: Epoch, leaves: impl Iterator<Item = &'a LeafRow>) -> Result<PayTree, FoldError> {
        let payout = |row: &LeafRow| {
            let pubkey_hash = row.payee.0[12..].try_into().expect("20 bytes of 32");
            Payout { pubkey_hash, amount: row.amount }
        };
        let (payouts, tree) = batch_tree(epoch, leaves.map(payout).collect())?;
        Ok(PayTree::Batches { payouts, tree })
    }

    /// Its root; padding where it has no leaf.
    pub fn root(&self) -> Node {
        match self {
            PayTree::Accounts(tree) => tree.root(),
            PayTree::Batches { tree, .. } => tree.root(),
        }
    }

    /// How many payouts it holds, where its leaves are batches; 0 where they are accounts.
    pub fn payouts(&self) -> u32 {
        match self {
            PayTree::Accounts(_) => 0,
            PayTree::Batches { payouts, .. } => u32::try_from(payouts.len()).expect("a tree has at most 2^32 leaves"),
        }
    }

    /// The proof of the leaf that pays whoever has this place among the paid: its own, or its batch's.
    ///
    /// # Errors
    /// Nobody has that place.
    pub fn proof(&self, place: u32) -> Result<Proof, ProofError> {
        match self {
            PayTree::Accounts(tree) => tree.proof(place),
            PayTree::Batches { tree, .. } => tree.proof(place / BATCH_PAYOUTS as u32),
        }
    }
}
