//! The same tree with two public crates: their own layout and proofs, our rule for leaves and nodes.

use liaise_summary::RewardLeaf;
use merkle_light::hash::Algorithm;
use sha2::{Digest, Sha256};
use std::hash::Hasher;

/// Hash, then the sum big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node([u8; 40]);

impl Node {
    fn new(hash: &[u8], sum: u64) -> Node {
        let mut bytes = [0; 40];
        bytes[..32].copy_from_slice(hash);
        bytes[32..].copy_from_slice(&sum.to_be_bytes());
        Node(bytes)
    }

    fn sum(&self) -> u64 {
        u64::from_be_bytes(self.0[32..].try_into().expect("8 bytes"))
    }

    fn join(&self, right: &Node) -> Node {
        let hash = Sha256::new().chain_update([1]).chain_update(self.0).chain_update(right.0).finalize();
        Node::new(&hash, self.sum() + right.sum())
    }

    /// The hash of the node.
    pub fn hash(&self) -> &[u8] {
        &self.0[..32]
    }
}

impl AsRef<[u8]> for Node {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Node> for Vec<u8> {
    fn from(node: Node) -> Vec<u8> {
        node.0.to_vec()
    }
}

impl TryFrom<Vec<u8>> for Node {
    type Error = Vec<u8>;
    fn try_from(bytes: Vec<u8>) -> Result<Node, Vec<u8>> {
        bytes.try_into().map(Node)
    }
}

/// The leaves as nodes.
pub fn others_leaves(leaves: &[RewardLeaf]) -> Vec<Node> {
    let node = |leaf: &RewardLeaf| {
        let hash = Sha256::new().chain_update([0]).chain_update(leaf.payee.0).chain_update(leaf.amount.to_be_bytes());
        Node::new(&hash.finalize(), leaf.amount)
    };
    leaves.iter().map(node).collect()
}

/// The rule for `merkle_light`.
#[derive(Clone, Default)]
pub struct Light(Sha256);

impl Hasher for Light {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("a tree asks for nodes only")
    }
}

impl Algorithm<Node> for Light {
    fn hash(&mut self) -> Node {
        unreachable!("leaves are nodes already")
    }

    fn leaf(&mut self, leaf: Node) -> Node {
        leaf
    }

    fn node(&mut self, left: Node, right: Node) -> Node {
        left.join(&right)
    }
}

/// The tree by `merkle_light`.
pub fn light(leaves: &[RewardLeaf]) -> merkle_light::merkle::MerkleTree<Node, Light> {
    merkle_light::merkle::MerkleTree::from_iter(others_leaves(leaves))
}

/// The rule for `rs_merkle`.
#[derive(Clone)]
pub struct Rs;

impl rs_merkle::Hasher for Rs {
    type Hash = Node;

    fn hash(_: &[u8]) -> Node {
        unreachable!("leaves are nodes already")
    }

    fn concat_and_hash(left: &Node, right: Option<&Node>) -> Node {
        right.map_or(*left, |right| left.join(right))
    }
}

/// The tree by `rs_merkle`.
pub fn rs(leaves: &[RewardLeaf]) -> rs_merkle::MerkleTree<Rs> {
    rs_merkle::MerkleTree::from_leaves(&others_leaves(leaves))
}
