//! The plain Merkle tree of eligibility and evidence: rows without amounts.
//!
//! leaf = H(0x10, row), node = H(0x11, left, right), padded to a power of two with zero hashes, which are not stored.
//! No rows: the zero hash. One row: its leaf is the root.

use alloc::vec::Vec;

use crate::error::ProofError;
use crate::hash::{Hash32, sha256};
use crate::sum_tree::MAX_DEPTH;

const LEAF_TAG: u8 = 0x10;
const NODE_TAG: u8 = 0x11;

/// The leaf of a row.
pub fn merkle_leaf(row: &[u8]) -> Hash32 {
    sha256(&[&[LEAF_TAG], row])
}

fn join(left: &Hash32, right: &Hash32) -> Hash32 {
    sha256(&[&[NODE_TAG], left.as_bytes(), right.as_bytes()])
}

/// A Merkle tree over rows in their final order; 64 bytes a row.
#[derive(Clone, Debug)]
pub struct MerkleTree {
    /// Level 0 holds the leaves, the last one the root; padding is left out.
    levels: Vec<Vec<Hash32>>,
    padding: Vec<Hash32>,
}

impl MerkleTree {
    /// Builds the tree of `rows`.
    pub fn new<R: AsRef<[u8]>>(rows: impl IntoIterator<Item = R>) -> Self {
        let leaves: Vec<Hash32> = rows.into_iter().map(|row| merkle_leaf(row.as_ref())).collect();
        let depth = leaves.len().next_power_of_two().trailing_zeros() as usize;
        let padding: Vec<Hash32> =
            core::iter::successors(Some(Hash32::ZERO), |below| Some(join(below, below))).take(depth).collect();
        let mut levels = Vec::with_capacity(depth + 1);
        levels.push(leaves);
        for pad in &padding {
            let below = &levels[levels.len() - 1];
            let above = below.chunks(2).map(|pair| join(&pair[0], pair.get(1).unwrap_or(pad))).collect();
            levels.push(above);
        }
        Self { levels, padding }
    }

    /// The root; the zero hash without rows.
    pub fn root(&self) -> Hash32 {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or(Hash32::ZERO)
    }

    /// How many rows the tree has.
    pub fn len(&self) -> usize {
        self.levels[0].len()
    }

    /// Whether the tree has no rows.
    pub fn is_empty(&self) -> bool {
        self.levels[0].is_empty()
    }

    /// The siblings of row `index` from the leaf upwards; `None` where there is no such row.
    pub fn proof(&self, index: u32) -> Option<Vec<Hash32>> {
        let mut position = index as usize;
        if position >= self.len() {
            return None;
        }
        let levels = self.levels.iter().zip(&self.padding);
        let sibling = |(level, pad): (&Vec<Hash32>, &Hash32)| {
            let sibling = level.get(position ^ 1).unwrap_or(pad);
            position >>= 1;
            *sibling
        };
        Some(levels.map(sibling).collect())
    }
}

/// Checks that `row` stands at `index` under `root`.
///
/// # Errors
/// More than 32 siblings, an index that does not fit them, another root.
pub fn verify_merkle(root: &Hash32, row: &[u8], index: u32, siblings: &[Hash32]) -> Result<(), ProofError> {
    if siblings.len() > MAX_DEPTH {
        return Err(ProofError::TooDeep { found: siblings.len() });
    }
    if u64::from(index) >= 1 << siblings.len() {
        return Err(ProofError::IndexTooLarge { index, depth: siblings.len() });
    }
    let mut hash = merkle_leaf(row);
    for (level, sibling) in siblings.iter().enumerate() {
        let is_left = (index >> level) & 1 == 0;
        hash = if is_left { join(&hash, sibling) } else { join(sibling, &hash) };
    }
    if hash == *root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_proved_and_no_other() {
        for n in 1..=17u8 {
            let rows: Vec<[u8; 1]> = (0..n).map(|row| [row]).collect();
            let tree = MerkleTree::new(&rows);
            for (index, row) in rows.iter().enumerate() {
                let proof = tree.proof(index as u32).expect("a row that exists");
                assert_eq!(verify_merkle(&tree.root(), row, index as u32, &proof), Ok(()));
                assert_eq!(verify_merkle(&tree.root(), b"other", index as u32, &proof), Err(ProofError::WrongRoot));
            }
            assert_eq!(tree.proof(u32::from(n)), None);
        }
    }

    #[test]
    fn three_rows_are_padded_to_four() {
        let tree = MerkleTree::new([b"a", b"b", b"c"]);
        let left = join(&merkle_leaf(b"a"), &merkle_leaf(b"b"));
        let right = join(&merkle_leaf(b"c"), &Hash32::ZERO);
        assert_eq!(tree.root(), join(&left, &right));
    }

    #[test]
    fn no_rows_are_the_zero_hash() {
        let tree = MerkleTree::new::<[u8; 1]>([]);
        assert!(tree.is_empty());
        assert_eq!(tree.root(), Hash32::ZERO);
    }
}
