//! The reward tree of account chains: one leaf a payee, sorted, cumulative over the distributor's life.

use alloc::vec::Vec;

use crate::error::TreeError;
use crate::hash::{sha256, tag16};
use crate::ids::{DistributorId, Payee};
use crate::short::Short;
use crate::sum_tree::{Node, SumLeaf, SumTree};

const LEAF_TAG: u8 = 0x00;
const FILLER_TAG: [u8; 16] = tag16("LIAISE/FILLER/1");

/// What one payee has earned at a distributor, all epochs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RewardLeaf {
    /// Whom it pays.
    pub payee: Payee,
    /// Base units, above zero.
    pub amount: u64,
}

impl RewardLeaf {
    fn message(&self) -> Short<{ 1 + 32 + 8 }> {
        Short::new([&[LEAF_TAG], self.payee.as_bytes(), &self.amount.to_be_bytes()])
    }
}

impl SumLeaf for RewardLeaf {
    fn sum(&self) -> u64 {
        self.amount
    }

    /// hash = H(0x00, payee 32 bytes, amount u64), sum = amount.
    fn node(&self) -> Node {
        Node { hash: self.message().hash(), sum: self.amount }
    }

    fn two([first, second]: [&Self; 2]) -> [Node; 2] {
        let hashes = Short::hash_two(&[first.message(), second.message()]);
        [Node { hash: hashes[0], sum: first.amount }, Node { hash: hashes[1], sum: second.amount }]
    }
}

/// A sum tree with one leaf a payee, sorted by payee.
pub type RewardTree = SumTree<RewardLeaf>;

impl RewardTree {
    /// Sorts the leaves by payee and builds their tree.
    ///
    /// # Errors
    /// A payee twice, an amount of zero, a sum of 2^63 or more, more than 2^32 leaves, reported in this order.
    pub fn new(mut leaves: Vec<RewardLeaf>) -> Result<Self, TreeError> {
        leaves.sort_unstable_by_key(|leaf| leaf.payee);
        if let Some(pair) = leaves.windows(2).find(|pair| pair[0].payee == pair[1].payee) {
            return Err(TreeError::DuplicatePayee { payee: pair[0].payee });
        }
        Self::from_ordered(leaves)
    }

    /// The place of a payee's leaf, by binary search.
    pub fn index_of(&self, payee: &Payee) -> Option<u32> {
        let index = self.leaves().binary_search_by_key(payee, |leaf| leaf.payee).ok()?;
        u32::try_from(index).ok()
    }
}

/// The payee of a leaf that stands for a decreed loss: H(`LIAISE/FILLER/1`, distributor). Nobody can claim it.
pub fn filler_payee(distributor: &DistributorId) -> Payee {
    Payee(sha256(&[&FILLER_TAG, distributor.as_bytes()]).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn leaf(payee: u8, amount: u64) -> RewardLeaf {
        RewardLeaf { payee: Payee([payee; 32]), amount }
    }

    #[test]
    fn the_order_of_the_input_does_not_matter() {
        let tree = RewardTree::new(vec![leaf(3, 1), leaf(1, 2), leaf(2, 3)]).expect("a valid tree");
        let sorted = RewardTree::new(vec![leaf(1, 2), leaf(2, 3), leaf(3, 1)]).expect("a valid tree");
        assert_eq!(tree.root(), sorted.root());
        assert_eq!(tree.index_of(&Payee([2; 32])), Some(1));
        assert_eq!(tree.index_of(&Payee([9; 32])), None);
    }

    #[test]
    fn a_payee_has_one_leaf() {
        let twice = RewardTree::new(vec![leaf(3, 1), leaf(1, 0), leaf(3, 2)]);
        assert_eq!(twice.err(), Some(TreeError::DuplicatePayee { payee: Payee([3; 32]) }));
    }

    #[test]
    fn two_leaves_at_once_are_each_itself() {
        let (first, second) = (leaf(1, 2), leaf(3, 4));
        assert_eq!(RewardLeaf::two([&first, &second]), [first.node(), second.node()]);
    }

    #[test]
    fn the_filler_is_the_distributors_own() {
        assert_ne!(filler_payee(&DistributorId([1; 32])), filler_payee(&DistributorId([2; 32])));
    }
}
