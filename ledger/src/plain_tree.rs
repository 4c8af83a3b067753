//! The plain Merkle tree of eligibility rows and of judges' evidence: no amounts, no sums.
//!
//! Leaf: `H(0x10, bytes)`. Node: `H(0x11, left, right)`. Padded to a power of two with zero hashes, which are not stored.
//! No leaves: the zero hash. One leaf: it is the root.

use crate::hash::Hash;

const LEAF: [u8; 1] = [0x10];
const NODE: [u8; 1] = [0x11];
/// The longest proof.
pub const MAX_DEPTH: usize = 32;

/// The leaf of some bytes.
pub fn leaf(bytes: &[u8]) -> Hash {
    Hash::of(&[&LEAF, bytes])
}

/// The leaf's bytes of one of a judge's values: index and value, big-endian.
pub fn evidence_bytes(index: u32, value: i64) -> [u8; 12] {
    let mut out = [0; 12];
    out[..4].copy_from_slice(&index.to_be_bytes());
    out[4..].copy_from_slice(&value.to_be_bytes());
    out
}

fn join(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&NODE, &left.0, &right.0])
}

/// A tree with all its levels: 64 bytes a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainTree {
    /// From the leaves up; the last level is the root alone. Padding is left out.
    levels: Vec<Vec<Hash>>,
    /// By level, the hash of a node over padding only.
    padding: Vec<Hash>,
}

impl PlainTree {
    /// The tree over leaves' bytes in their final order.
    pub fn new<B: AsRef<[u8]>>(leaves: impl IntoIterator<Item = B>) -> PlainTree {
        let mut levels = vec![leaves.into_iter().map(|bytes| leaf(bytes.as_ref())).collect::<Vec<_>>()];
        let mut padding = vec![];
        let mut pad = Hash::ZERO;
        while levels[levels.len() - 1].len() > 1 {
            let below = &levels[levels.len() - 1];
            let above = below.chunks(2).map(|pair| join(&pair[0], pair.get(1).unwrap_or(&pad))).collect();
            levels.push(above);
            padding.push(pad);
            pad = join(&pad, &pad);
        }
        PlainTree { levels, padding }
    }

    /// The tree over a judge's values.
    pub fn of_evidence(values: &[i64]) -> PlainTree {
        PlainTree::new((0u32..).zip(values).map(|(index, value)| evidence_bytes(index, *value)))
    }

    /// The root.
    pub fn root(&self) -> Hash {
        self.levels[self.levels.len() - 1].first().copied().unwrap_or(Hash::ZERO)
    }

    /// The siblings of a leaf from the leaf upwards; `None` where there is no such leaf.
    pub fn proof(&self, index: u32) -> Option<Vec<Hash>> {
        let index = index as usize;
        (index < self.levels[0].len()).then(|| {
            let sibling =
                |(height, pad): (usize, &Hash)| self.levels[height].get(index >> height ^ 1).copied().unwrap_or(*pad);
            self.padding.iter().enumerate().map(sibling).collect()
        })
    }
}

/// Whether some bytes stand at an index of a tree with that root and so many leaves.
pub fn verify(root: &Hash, count: u32, index: u32, bytes: &[u8], siblings: &[Hash]) -> bool {
    if index >= count || siblings.len() != depth(count) {
        return false;
    }
    let up = |(hash, index): (Hash, u32), sibling: &Hash| {
        (if index & 1 == 0 { join(&hash, sibling) } else { join(sibling, &hash) }, index >> 1)
    };
    siblings.iter().fold((leaf(bytes), index), up).0 == *root
}

/// Whether a judge's value stands at an index of its evidence.
pub fn verify_evidence(root: &Hash, count: u32, index: u32, value: i64, siblings: &[Hash]) -> bool {
    verify(root, count, index, &evidence_bytes(index, value), siblings)
}

/// The length of every proof in a tree with so many leaves.
pub fn depth(count: u32) -> usize {
    u64::from(count).next_power_of_two().trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_is_proved_and_no_other() {
        for n in 0..=17u32 {
            let values: Vec<i64> = (0..n).map(|v| -i64::from(v)).collect();
            let tree = PlainTree::of_evidence(&values);
            assert_eq!(tree.proof(n), None);
            for (index, value) in (0..).zip(&values) {
                let proof = tree.proof(index).unwrap();
                assert!(verify_evidence(&tree.root(), n, index, *value, &proof));
                assert!(!verify_evidence(&tree.root(), n, index, *value + 1, &proof));
                assert!(!verify_evidence(&tree.root(), n, index ^ 1, *value, &proof));
                assert!(!verify_evidence(&tree.root(), 2 * n + 1, index, *value, &proof), "of another length");
            }
        }
    }

    #[test]
    fn padding_is_the_zero_hash() {
        let tree = PlainTree::new([b"a", b"b", b"c"]);
        let (left, right) = (join(&leaf(b"a"), &leaf(b"b")), join(&leaf(b"c"), &Hash::ZERO));
        assert_eq!(tree.root(), join(&left, &right));
        assert_eq!(PlainTree::new::<&[u8]>([]).root(), Hash::ZERO);
    }
}
