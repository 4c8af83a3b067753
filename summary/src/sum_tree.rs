//! The Merkle-sum tree: every node carries the sum below it, so that no root can promise more than it shows.
//!
//! A node's hash covers both children's hashes and sums: H(0x01, left hash, left sum u64, right hash, right sum u64).
//! Leaves are padded to a power of two with (zero hash, 0). The padding is never stored: a level keeps only nodes that
//! stand over a real leaf, and a missing right neighbour is the padding of its level.

use alloc::vec::Vec;
use core::ops::Range;
#[cfg(feature = "rayon")]
use rayon::prelude::*;

use crate::error::{ProofError, TreeError};
use crate::hash::Hash32;
use crate::proof::{Proof, RangeProof};
use crate::short::Short;

/// The most levels below the root: an index has 32 bits.
pub const MAX_DEPTH: usize = 32;

/// Sums stay below 2^63: the smallest limit of any chain, Bitcoin Cash's.
pub const SUM_LIMIT: u64 = 1 << 63;

const NODE_TAG: u8 = 0x01;

/// A hash and the sum of the amounts below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Hash of the leaf, or of both children with their sums.
    pub hash: Hash32,
    /// Sum of the amounts below, in base units.
    pub sum: u64,
}

impl Node {
    /// What stands where no leaf is, and the root of an empty tree: (zero hash, 0).
    pub const PADDING: Self = Self { hash: Hash32::ZERO, sum: 0 };

    /// The parent of `self` and `right`; `None` if the sum reaches 2^63.
    pub fn join(&self, right: &Self) -> Option<Self> {
        let sum = self.joined_sum(right)?;
        Some(Self { hash: self.joined(right).hash(), sum })
    }

    /// The parents of two pairs, hashed at once where the processor can; `None` if a sum reaches 2^63.
    fn join_two([[a, b], [c, d]]: &[[Self; 2]; 2]) -> Option<[Self; 2]> {
        let sums = [a.joined_sum(b)?, c.joined_sum(d)?];
        let hashes = Short::hash_two(&[a.joined(b), c.joined(d)]);
        Some([Self { hash: hashes[0], sum: sums[0] }, Self { hash: hashes[1], sum: sums[1] }])
    }

    fn joined_sum(&self, right: &Self) -> Option<u64> {
        self.sum.checked_add(right.sum).filter(|sum| *sum < SUM_LIMIT)
    }

    fn joined(&self, right: &Self) -> Short<{ 1 + 2 * (32 + 8) }> {
        let sums = [self.sum.to_be_bytes(), right.sum.to_be_bytes()];
        Short::new([&[NODE_TAG], self.hash.as_bytes(), &sums[0], right.hash.as_bytes(), &sums[1]])
    }
}

/// What a leaf of a sum tree hashes to.
pub trait SumLeaf: Sync {
    /// Its amount: that of [`node`](Self::node), without hashing.
    fn sum(&self) -> u64;
    /// The leaf as a node; pure, and called again whenever a proof needs the leaf as a sibling.
    fn node(&self) -> Node;
    /// Two leaves as nodes: what [`node`](Self::node) says of each, for leaves that can be hashed at once.
    fn two(leaves: [&Self; 2]) -> [Node; 2]
    where
        Self: Sized,
    {
        leaves.map(Self::node)
    }
}

impl SumLeaf for Node {
    fn sum(&self) -> u64 {
        self.sum
    }

    fn node(&self) -> Node {
        *self
    }
}

/// A Merkle-sum tree over leaves in their final order.
///
/// Memory: the leaves and about one 40-byte node a leaf (80 bytes a leaf for reward leaves), whatever the padding.
/// Leaf hashes are recomputed when a proof needs them instead of being stored.
#[derive(Clone, Debug)]
pub struct SumTree<L> {
    leaves: Vec<L>,
    /// Levels 1 to depth, the root alone in the last; none for a tree of no or one leaf.
    levels: Vec<Vec<Node>>,
    /// The padding of levels 0 to depth - 1.
    padding: Vec<Node>,
    root: Node,
}

impl<L: SumLeaf> SumTree<L> {
    /// Builds the tree of `leaves` in the given order.
    ///
    /// # Errors
    /// A leaf of amount zero, a sum of 2^63 or more, more than 2^32 leaves.
    pub fn from_ordered(leaves: Vec<L>) -> Result<Self, TreeError> {
        if leaves.len() as u64 > 1 << MAX_DEPTH {
            return Err(TreeError::TooManyLeaves { found: leaves.len() });
        }
        let depth = depth_of(leaves.len());
        let mut tree =
            Self { levels: Vec::with_capacity(depth), padding: padding_levels(depth), root: Node::PADDING, leaves };
        tree.check_leaves()?;
        for level in 0..depth {
            tree.push_level_above(level);
        }
        if let Some(root) = tree.levels.last().map(|top| top[0]).or_else(|| tree.leaves.first().map(SumLeaf::node)) {
            tree.root = root;
        }
        Ok(tree)
    }

    /// The root: (zero hash, 0) without leaves, the leaf itself if there is only one.
    pub fn root(&self) -> Node {
        self.root
    }

    /// The leaves in the tree's order.
    pub fn leaves(&self) -> &[L] {
        &self.leaves
    }

    /// Gives the leaves back.
    pub fn into_leaves(self) -> Vec<L> {
        self.leaves
    }

    /// Levels between a leaf and the root.
    pub fn depth(&self) -> usize {
        self.padding.len()
    }

    /// The proof of one leaf: at most 32 look-ups and one hash.
    ///
    /// # Errors
    /// [`ProofError::OutOfTree`] where the tree has no such leaf.
    pub fn proof(&self, index: u32) -> Result<Proof, ProofError> {
        if index as usize >= self.leaves.len() {
            return Err(ProofError::OutOfTree { first: index, count: 1, leaves: self.leaves.len() });
        }
        Ok(Proof { index, siblings: self.siblings(0, index) })
    }

    /// Shows the proofs of many leaves in order. One proof is changed from leaf to leaf: two of its nodes on average, for
    /// one hash.
    ///
    /// # Errors
    /// [`ProofError::OutOfTree`] where the tree has not all of these leaves.
    pub fn visit_proofs(&self, range: Range<u32>, mut visit: impl FnMut(&Proof)) -> Result<(), ProofError> {
        let count = u64::from(range.end.saturating_sub(range.start));
        if count == 0 {
            return Ok(());
        }
        if range.end as usize > self.leaves.len() {
            return Err(ProofError::OutOfTree { first: range.start, count, leaves: self.leaves.len() });
        }
        let mut proof = self.proof(range.start)?;
        visit(&proof);
        // The left leaf of a pair, hashed at once with the right one: each is the other's sibling.
        let mut left = self.node_or_padding(0, range.start as usize);
        for index in range.start + 1..range.end {
            proof.index = index;
            // A step to the right changes the way up to the first level where it was a left child.
            let changed = (index ^ (index - 1)).trailing_ones() as usize;
            if index % 2 == 1 {
                proof.siblings[0] = left;
            } else {
                [left, proof.siblings[0]] = children(&self.leaves, index as usize / 2, Node::PADDING);
                let siblings = proof.siblings.iter_mut().enumerate().take(changed).skip(1);
                siblings.for_each(|(level, sibling)| {
                    *sibling = self.node_or_padding(level, (index as usize >> level) ^ 1);
                });
            }
            visit(&proof);
        }
        Ok(())
    }

    /// One proof for the 2^`log2` leaves from `first` on.
    ///
    /// # Errors
    /// [`ProofError::NotAligned`] if `first` is no multiple of the run's length, [`ProofError::OutOfTree`] if the tree
    /// has not that many leaves there: a run holds no padding.
    pub fn range_proof(&self, first: u32, log2: u8) -> Result<RangeProof, ProofError> {
        let count = 1u64.checked_shl(u32::from(log2)).filter(|count| *count <= 1 << MAX_DEPTH);
        let Some(count) = count.filter(|count| u64::from(first).is_multiple_of(*count)) else {
            return Err(ProofError::NotAligned { first, count: count.unwrap_or(0) });
        };
        if u64::from(first) + count > self.leaves.len() as u64 {
            return Err(ProofError::OutOfTree { first, count, leaves: self.leaves.len() });
        }
        let level = usize::from(log2);
        let index = u64::from(first) >> log2;
        let index = u32::try_from(index).expect("no larger than first");
        Ok(RangeProof { first, log2, siblings: self.siblings(level, index) })
    }

    /// The siblings on the way from node `index` of `level` to the root.
    fn siblings(&self, level: usize, index: u32) -> Vec<Node> {
        let mut siblings = Vec::with_capacity(self.depth() - level);
        let mut position = index as usize;
        for level in level..self.depth() {
            siblings.push(self.node_or_padding(level, position ^ 1));
            position >>= 1;
        }
        siblings
    }

    fn node_or_padding(&self, level: usize, position: usize) -> Node {
        if level == 0 {
            return self.leaves.get(position).map_or(Node::PADDING, SumLeaf::node);
        }
        self.levels[level - 1].get(position).copied().unwrap_or(self.padding[level])
    }

    fn check_leaves(&self) -> Result<(), TreeError> {
        #[cfg(feature = "rayon")]
        let total = {
            let parts = self.leaves.par_chunks(1 << 14).map(total);
            parts.try_reduce(|| 0, |a, b| a.checked_add(b).filter(|sum| *sum < SUM_LIMIT))
        };
        #[cfg(not(feature = "rayon"))]
        let total = total(&self.leaves);
        if total.is_some() { Ok(()) } else { self.first_fault() }
    }

    /// The first thing wrong with the leaves in their order.
    fn first_fault(&self) -> Result<(), TreeError> {
        let mut total = 0u64;
        for (index, leaf) in self.leaves.iter().enumerate() {
            let amount = leaf.sum();
            if amount == 0 {
                return Err(TreeError::ZeroAmount { index });
            }
            total = total.checked_add(amount).filter(|sum| *sum < SUM_LIMIT).ok_or(TreeError::SumTooLarge)?;
        }
        Ok(())
    }

    fn push_level_above(&mut self, level: usize) {
        let padding = self.padding[level];
        self.levels.push(match level.checked_sub(1) {
            None => parents(&self.leaves, padding),
            Some(below) => parents(&self.levels[below], padding),
        });
    }
}

/// The sum of some leaves; nothing if one has none, or it is 2^63 or more.
fn total<L: SumLeaf>(leaves: &[L]) -> Option<u64> {
    leaves.iter().try_fold(0u64, |total, leaf| {
        let sum = Some(leaf.sum()).filter(|sum| *sum > 0)?;
        total.checked_add(sum).filter(|total| *total < SUM_LIMIT)
    })
}

/// The level above one whose sums were checked, made on all cores where the feature allows it.
fn parents<L: SumLeaf>(below: &[L], padding: Node) -> Vec<Node> {
    let count = below.len().div_ceil(2);
    // Two at a time, which the processor may hash at once.
    let two = |at: usize| {
        let pairs = [children(below, 2 * at, padding), children(below, 2 * at + 1, padding)];
        Node::join_two(&pairs).expect("all leaves together are below 2^63, as was checked")
    };
    let mut above = Vec::with_capacity(count.div_ceil(2));
    #[cfg(feature = "rayon")]
    // Fewer are not worth another thread.
    (0..count.div_ceil(2)).into_par_iter().with_min_len(512).map(two).collect_into_vec(&mut above);
    #[cfg(not(feature = "rayon"))]
    above.extend((0..count.div_ceil(2)).map(two));
    let mut above = above.into_flattened();
    // An odd number has no second one in its last two.
    above.truncate(count);
    above.shrink_to_fit();
    above
}

/// Both children of a level's node `pair`, with padding where the level below has ended.
fn children<L: SumLeaf>(below: &[L], pair: usize, padding: Node) -> [Node; 2] {
    match &below[below.len().min(2 * pair)..] {
        [left, right, ..] => L::two([left, right]),
        [left] => [left.node(), padding],
        [] => [padding; 2],
    }
}

/// Splits `count` leaves from `first` on into the fewest aligned runs: (first, log2 of the length), in order.
///
/// For claims of many leaves with one proof a run.
pub fn aligned_runs(first: u32, count: u32) -> impl Iterator<Item = (u32, u8)> {
    let mut next = u64::from(first);
    let end = next + u64::from(count);
    core::iter::from_fn(move || {
        let left = end.checked_sub(next).filter(|left| *left > 0)?;
        let alignment = if next == 0 { u32::BITS } else { next.trailing_zeros() };
        let log2 = alignment.min(left.ilog2());
        let run = (u32::try_from(next).ok()?, u8::try_from(log2).ok()?);
        next += 1 << log2;
        Some(run)
    })
}

fn depth_of(leaves: usize) -> usize {
    leaves.next_power_of_two().trailing_zeros() as usize
}

fn padding_levels(depth: usize) -> Vec<Node> {
    let join = |below: &Node| below.join(below);
    core::iter::successors(Some(Node::PADDING), join).take(depth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;
    use alloc::vec;

    fn leaf(amount: u64) -> Node {
        Node { hash: sha256(&[&amount.to_be_bytes()]), sum: amount }
    }

    /// The definition, spelled out: pad, then join pairs until one is left.
    fn naive_root(leaves: &[Node]) -> Node {
        let mut level = leaves.to_vec();
        level.resize(leaves.len().next_power_of_two(), Node::PADDING);
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| pair[0].join(&pair[1]).expect("small sums")).collect();
        }
        level[0]
    }

    #[test]
    fn every_size_has_the_root_of_the_definition_and_proofs_that_lead_to_it() {
        for n in 1..=70u64 {
            let leaves: Vec<Node> = (1..=n).map(leaf).collect();
            let tree = SumTree::from_ordered(leaves.clone()).expect("a valid tree");
            assert_eq!(tree.root(), naive_root(&leaves), "{n} leaves");
            assert_eq!(tree.root().sum, n * (n + 1) / 2);
            let mut shown = vec![];
            tree.visit_proofs(0..n as u32, |proof| shown.push(proof.clone())).expect("all are in the tree");
            assert_eq!(shown.len(), leaves.len());
            for (index, (proof, leaf)) in shown.iter().zip(&leaves).enumerate() {
                assert_eq!(proof.verify(&tree.root(), leaf), Ok(()));
                assert_eq!(tree.proof(index as u32).as_ref(), Ok(proof));
            }
        }
    }

    #[test]
    fn proofs_may_begin_and_end_anywhere() {
        let tree = SumTree::from_ordered((1..=37).map(leaf).collect()).expect("a valid tree");
        for start in 0..37 {
            for end in start..=37 {
                let mut next = start;
                let shown = tree.visit_proofs(start..end, |proof| {
                    assert_eq!(tree.proof(next).as_ref(), Ok(proof));
                    next += 1;
                });
                assert_eq!((shown, next), (Ok(()), end));
            }
        }
        let outside = tree.visit_proofs(30..38, |_| panic!("nothing is shown"));
        assert_eq!(outside, Err(ProofError::OutOfTree { first: 30, count: 8, leaves: 37 }));
    }

    #[test]
    fn no_leaf_and_one_leaf() {
        let empty = SumTree::<Node>::from_ordered(vec![]).expect("no leaves are a tree");
        assert_eq!((empty.root(), empty.depth()), (Node::PADDING, 0));
        let one = SumTree::from_ordered(vec![leaf(5)]).expect("one leaf is a tree");
        assert_eq!((one.root(), one.depth()), (leaf(5), 0));
        assert!(matches!(one.proof(1), Err(ProofError::OutOfTree { first: 1, .. })));
    }

    #[test]
    fn inner_nodes_take_about_one_node_a_leaf_even_just_above_a_power_of_two() {
        let leaves: Vec<Node> = (1..=1025).map(leaf).collect();
        let tree = SumTree::from_ordered(leaves).expect("a valid tree");
        let nodes: usize = tree.levels.iter().map(Vec::capacity).sum();
        assert!(nodes <= 1025 + tree.depth(), "room for {nodes} inner nodes");
    }

    #[test]
    fn runs_are_proved_at_once_and_only_if_aligned_and_full() {
        let leaves: Vec<Node> = (1..=21).map(leaf).collect();
        let tree = SumTree::from_ordered(leaves.clone()).expect("a valid tree");
        for log2 in 0..=4u8 {
            let count = 1usize << log2;
            for first in (0..=21 - count).step_by(count) {
                let proof = tree.range_proof(first as u32, log2).expect("an aligned run");
                assert_eq!(proof.verify(&tree.root(), &leaves[first..first + count]), Ok(()));
            }
        }
        assert!(matches!(tree.range_proof(2, 2), Err(ProofError::NotAligned { .. })));
        assert!(matches!(tree.range_proof(20, 1), Err(ProofError::OutOfTree { .. })));
        assert!(matches!(tree.range_proof(0, 200), Err(ProofError::NotAligned { .. })));
    }

    #[test]
    fn runs_cover_a_range_once_in_order() {
        for (first, count) in [(0, 0), (0, 1), (0, 21), (3, 18), (5, 1), (128, 128), (u32::MAX - 2, 3)] {
            let mut next = u64::from(first);
            for (start, log2) in aligned_runs(first, count) {
                assert_eq!(u64::from(start), next);
                assert!(start.is_multiple_of(1 << log2));
                next += 1 << log2;
            }
            assert_eq!(next, u64::from(first) + u64::from(count));
        }
        assert_eq!(aligned_runs(0, 128).count(), 1);
    }

    #[test]
    fn zero_amounts_and_sums_of_two_to_the_63_are_refused() {
        let zero = SumTree::from_ordered(vec![leaf(1), leaf(0)]);
        assert_eq!(zero.err(), Some(TreeError::ZeroAmount { index: 1 }));
        let largest = SumTree::from_ordered(vec![leaf(SUM_LIMIT - 2), leaf(1)]).expect("2^63 - 1 fits");
        assert_eq!(largest.root().sum, SUM_LIMIT - 1);
        let above = SumTree::from_ordered(vec![leaf(SUM_LIMIT - 1), leaf(1)]);
        assert_eq!(above.err(), Some(TreeError::SumTooLarge));
        let alone = SumTree::from_ordered(vec![leaf(SUM_LIMIT)]);
        assert_eq!(alone.err(), Some(TreeError::SumTooLarge));
    }
}
