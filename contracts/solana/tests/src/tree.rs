//! Trees as deep as a live network's without its leaves: the ones that matter are real, the siblings above are made up.

use liaise_summary::{Hash32, Node, Payee, Proof, RangeProof, RewardLeaf, RewardTree, sha256};
use solana_address::Address;

/// A full tree of a few leaves, as the left-most part of a tree of the given depth.
pub struct DeepTree {
    pub near: RewardTree,
    above: Vec<Node>,
    pub root: Node,
}

impl DeepTree {
    /// The leaves, sorted by payee, below `depth` levels.
    pub fn new(leaves: &[(Address, u64)], depth: usize) -> Self {
        let leaf = |(payee, amount): &(Address, u64)| RewardLeaf { payee: Payee(payee.to_bytes()), amount: *amount };
        let near = RewardTree::new(leaves.iter().map(leaf).collect()).expect("a tree");
        let made_up = |level: usize| Node { hash: sha256(&[b"sibling", &[level as u8]]), sum: 1_000 + level as u64 };
        let above: Vec<Node> = (near.depth()..depth).map(made_up).collect();
        let root = above.iter().fold(near.root(), |node, sibling| node.join(sibling).expect("small sums"));
        Self { near, above, root }
    }

    pub fn payee(&self, index: u32) -> Address {
        Address::new_from_array(self.near.leaves()[index as usize].payee.0)
    }

    pub fn amount(&self, index: u32) -> u64 {
        self.near.leaves()[index as usize].amount
    }

    pub fn place(&self, payee: &Address) -> u32 {
        self.near.index_of(&Payee(payee.to_bytes())).expect("a payee of the tree")
    }

    pub fn proof(&self, index: u32) -> Vec<u8> {
        let Proof { siblings, .. } = self.near.proof(index).expect("a leaf");
        packed(siblings.iter().chain(&self.above))
    }

    /// The proof of the 2^log2 leaves from `first` on.
    pub fn range_proof(&self, first: u32, log2: u8) -> Vec<u8> {
        let RangeProof { siblings, .. } = self.near.range_proof(first, log2).expect("a run");
        packed(siblings.iter().chain(&self.above))
    }
}

/// 40 bytes a node.
pub fn packed<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Vec<u8> {
    nodes.into_iter().flat_map(|node| [&node.hash.0[..], &node.sum.to_be_bytes()].concat()).collect()
}

/// The root of no tree.
pub const NO_ROOT: Node = Node { hash: Hash32::ZERO, sum: 0 };
