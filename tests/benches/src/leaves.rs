//! The reward leaves that trees are measured with.

use liaise_summary::{Payee, RewardLeaf};
use sha2::{Digest, Sha256};

/// How many: depth 20.
pub const LEAVES: u32 = 1 << 20;

/// Leaves with payees as random as addresses are, in the tree's order.
pub fn leaves() -> Vec<RewardLeaf> {
    let leaf = |n: u32| RewardLeaf { payee: Payee(Sha256::digest(n.to_be_bytes()).into()), amount: 1 + u64::from(n) };
    let mut leaves: Vec<_> = (0..LEAVES).map(leaf).collect();
    leaves.sort_unstable_by_key(|leaf| leaf.payee);
    leaves
}
