//! Proofs that a leaf, or an aligned run of leaves, belongs to a sum tree.

use alloc::vec::Vec;

use crate::error::ProofError;
use crate::sum_tree::{MAX_DEPTH, Node};

/// The way of one leaf to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The leaf's place in the tree.
    pub index: u32,
    /// Its siblings from the leaf upwards.
    pub siblings: Vec<Node>,
}

impl Proof {
    /// The root that this proof and `leaf` lead to.
    ///
    /// # Errors
    /// Too many siblings, an index that does not fit them, or sums of 2^63 and more.
    pub fn root(&self, leaf: &Node) -> Result<Node, ProofError> {
        climb(*leaf, self.index, 0, &self.siblings)
    }

    /// Checks that the proof leads from `leaf` to `root`, hash and sum.
    ///
    /// # Errors
    /// What [`root`](Self::root) refuses, and [`ProofError::WrongRoot`].
    pub fn verify(&self, root: &Node, leaf: &Node) -> Result<(), ProofError> {
        same_root(self.root(leaf)?, root)
    }
}

/// The way of 2^`log2` neighbouring leaves to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeProof {
    /// The first leaf's place in the tree: a multiple of the run's length.
    pub first: u32,
    /// The run is 2^`log2` leaves long.
    pub log2: u8,
    /// The siblings from the run's own root upwards.
    pub siblings: Vec<Node>,
}

impl RangeProof {
    /// The root that this proof and the run's `leaves`, in order, lead to.
    ///
    /// # Errors
    /// A run of another length or not aligned, and what [`Proof::root`] refuses.
    pub fn root(&self, leaves: &[Node]) -> Result<Node, ProofError> {
        let count = 1u64.checked_shl(u32::from(self.log2)).unwrap_or(0);
        if count == 0 || leaves.len() as u64 != count || !u64::from(self.first).is_multiple_of(count) {
            return Err(ProofError::NotAligned { first: self.first, count: leaves.len() as u64 });
        }
        let mut level = leaves.to_vec();
        while level.len() > 1 {
            for pair in 0..level.len() / 2 {
                level[pair] = level[2 * pair].join(&level[2 * pair + 1]).ok_or(ProofError::SumTooLarge)?;
            }
            level.truncate(level.len() / 2);
        }
        let index = u64::from(self.first) >> self.log2;
        let index = u32::try_from(index).expect("no larger than first");
        climb(level[0], index, usize::from(self.log2), &self.siblings)
    }

    /// Checks that the proof leads from `leaves` to `root`, hash and sum.
    ///
    /// # Errors
    /// What [`root`](Self::root) refuses, and [`ProofError::WrongRoot`].
    pub fn verify(&self, root: &Node, leaves: &[Node]) -> Result<(), ProofError> {
        same_root(self.root(leaves)?, root)
    }
}

fn climb(from: Node, index: u32, level: usize, siblings: &[Node]) -> Result<Node, ProofError> {
    if level + siblings.len() > MAX_DEPTH {
        return Err(ProofError::TooDeep { found: level + siblings.len() });
    }
    if u64::from(index) >= 1 << siblings.len() {
        return Err(ProofError::IndexTooLarge { index, depth: siblings.len() });
    }
    let mut node = from;
    let mut position = index;
    for sibling in siblings {
        let parent = if position & 1 == 0 { node.join(sibling) } else { sibling.join(&node) };
        node = parent.ok_or(ProofError::SumTooLarge)?;
        position >>= 1;
    }
    Ok(node)
}

fn same_root(found: Node, expected: &Node) -> Result<(), ProofError> {
    if found == *expected { Ok(()) } else { Err(ProofError::WrongRoot) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash32;
    use crate::sum_tree::SUM_LIMIT;
    use alloc::vec;

    const LEAF: Node = Node { hash: Hash32([1; 32]), sum: 1 };

    #[test]
    fn a_proof_has_at_most_32_siblings_and_an_index_that_fits_them() {
        let deep = Proof { index: 0, siblings: vec![Node::PADDING; 33] };
        assert_eq!(deep.root(&LEAF), Err(ProofError::TooDeep { found: 33 }));
        let deepest = Proof { index: u32::MAX, siblings: vec![Node::PADDING; 32] };
        assert!(deepest.root(&LEAF).is_ok());
        let beyond = Proof { index: 2, siblings: vec![Node::PADDING] };
        assert_eq!(beyond.root(&LEAF), Err(ProofError::IndexTooLarge { index: 2, depth: 1 }));
    }

    #[test]
    fn sums_are_checked_at_every_node_and_compared_at_the_root() {
        let large = Node { sum: SUM_LIMIT - 1, ..LEAF };
        let overflowing = Proof { index: 0, siblings: vec![large] };
        assert_eq!(overflowing.root(&LEAF), Err(ProofError::SumTooLarge));
        let proof = Proof { index: 1, siblings: vec![LEAF] };
        let root = proof.root(&LEAF).expect("small sums");
        let more = Node { sum: root.sum + 1, ..root };
        assert_eq!(proof.verify(&more, &LEAF), Err(ProofError::WrongRoot));
    }

    #[test]
    fn a_run_of_another_length_is_refused() {
        let proof = RangeProof { first: 2, log2: 1, siblings: vec![LEAF] };
        assert_eq!(proof.root(&[LEAF]), Err(ProofError::NotAligned { first: 2, count: 1 }));
        let crooked = RangeProof { first: 1, log2: 1, siblings: vec![LEAF] };
        assert_eq!(crooked.root(&[LEAF, LEAF]), Err(ProofError::NotAligned { first: 1, count: 2 }));
        let endless = RangeProof { first: 0, log2: 255, siblings: vec![] };
        assert_eq!(endless.root(&[]), Err(ProofError::NotAligned { first: 0, count: 0 }));
    }
}
