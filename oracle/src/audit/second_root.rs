//! The reward tree's root by a second implementation: `merkle_light`, a public crate, over SHA-256.
//!
//! Its limits are kept away from it: it panics at no or one leaf, repeats the last node at odd counts, and its nodes can't
//! fail. So it is given padded powers of two from two leaves on, and the sums are checked before.

use std::fmt;
use std::hash::Hasher;

use merkle_light::hash::Algorithm;
use merkle_light::merkle::MerkleTree;
use sha2::{Digest, Sha256};

/// Payouts of a full batch on a UTXO chain.
const PAYOUTS: usize = 1_170;

/// A root: hash and sum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Root {
    /// Its hash; zeros without leaves.
    pub hash: [u8; 32],
    /// Base units below it.
    pub sum: u64,
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", liaise_ledger::Hash(self.hash), self.sum)
    }
}

/// Leaves that are no reward tree.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootError {
    /// Payees are not strictly ascending.
    #[error("leaf {0} is not above the one before it by payee")]
    Order(usize),
    /// A leaf pays nothing.
    #[error("leaf {0} pays nothing")]
    Zero(usize),
    /// The amounts reach 2^63.
    #[error("the amounts reach 2^63")]
    Sum,
}

/// A node for `merkle_light`: hash, then the sum big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Node([u8; 40]);

impl Node {
    const PADDING: Node = Node([0; 40]);

    fn new(hash: &[u8], sum: u64) -> Node {
        let mut bytes = [0; 40];
        bytes[..32].copy_from_slice(hash);
        bytes[32..].copy_from_slice(&sum.to_be_bytes());
        Node(bytes)
    }

    fn sum(&self) -> u64 {
        u64::from_be_bytes(self.0[32..].try_into().expect("8 bytes"))
    }
}

impl AsRef<[u8]> for Node {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[derive(Clone, Default)]
struct SumHash(Sha256);

impl Hasher for SumHash {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        u64::from_be_bytes(digest[..8].try_into().expect("8 bytes"))
    }
}

impl Algorithm<Node> for SumHash {
    fn hash(&mut self) -> Node {
        Node::new(&self.0.clone().finalize(), 0)
    }

    /// Leaves are nodes already.
    fn leaf(&mut self, leaf: Node) -> Node {
        leaf
    }

    fn node(&mut self, left: Node, right: Node) -> Node {
        let digest = Sha256::new().chain_update([0x01]).chain_update(left.0).chain_update(right.0).finalize();
        // The leaves' sum was checked: no part of it overflows.
        Node::new(&digest, left.sum() + right.sum())
    }
}

/// The root over (payee, amount) in the tree's order.
///
/// # Errors
/// Payees that are not ascending, an amount of zero, a sum of 2^63 or more.
pub fn second_root(leaves: impl IntoIterator<Item = ([u8; 32], u64)>) -> Result<Root, RootError> {
    let mut nodes = Vec::new();
    for leaf in checked(leaves) {
        let (payee, amount) = leaf?;
        let digest =
            Sha256::new().chain_update([0x00]).chain_update(payee).chain_update(amount.to_be_bytes()).finalize();
        nodes.push(Node::new(&digest, amount));
    }
    Ok(root(nodes))
}

/// The root over an epoch's payouts on a UTXO chain, (payee, amount) in the tree's order: a payee is a key's hash with zeros
/// before it.
///
/// # Errors
/// As [`second_root`].
pub fn second_batch_root(epoch: u32, payouts: impl IntoIterator<Item = ([u8; 32], u64)>) -> Result<Root, RootError> {
    let payouts = checked(payouts).collect::<Result<Vec<_>, _>>()?;
    let batch = |(number, payouts): (u32, &[([u8; 32], u64)])| {
        let mut accumulator = [epoch.to_be_bytes(), number.to_be_bytes()].concat();
        let mut sum = 0;
        for (payee, amount) in payouts {
            // OP_DUP OP_HASH160, the hash, OP_EQUALVERIFY OP_CHECKSIG
            let script = [&[0x76, 0xa9, 0x14], &payee[12..], &[0x88, 0xac]].concat();
            accumulator = Sha256::new()
                .chain_update(accumulator)
                .chain_update(amount.to_be_bytes())
                .chain_update(script)
                .finalize()
                .to_vec();
            sum += amount;
        }
        Node::new(&Sha256::new().chain_update([0x02]).chain_update(accumulator).finalize(), sum)
    };
    Ok(root((0..).zip(payouts.chunks(PAYOUTS)).map(batch).collect()))
}

/// The leaves as they come, until one is wrong.
fn checked(
    leaves: impl IntoIterator<Item = ([u8; 32], u64)>,
) -> impl Iterator<Item = Result<([u8; 32], u64), RootError>> {
    let (mut sum, mut last) = (0u64, None);
    leaves.into_iter().enumerate().map(move |(index, (payee, amount))| {
        if last.replace(payee).is_some_and(|last| last >= payee) {
            return Err(RootError::Order(index));
        }
        if amount == 0 {
            return Err(RootError::Zero(index));
        }
        sum = sum.checked_add(amount).filter(|sum| *sum < 1 << 63).ok_or(RootError::Sum)?;
        Ok((payee, amount))
    })
}

fn root(mut nodes: Vec<Node>) -> Root {
    let root = match nodes.len() {
        0 => Node::PADDING,
        1 => nodes[0],
        count => {
            nodes.resize(count.next_power_of_two(), Node::PADDING);
            MerkleTree::<Node, SumHash>::from_iter(nodes).root()
        }
    };
    Root { hash: root.0[..32].try_into().expect("32 bytes"), sum: root.sum() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_summary::batch::batch_tree;
    use liaise_summary::{Epoch, Payee, Payout, RewardLeaf, RewardTree};

    fn payee(n: u32) -> [u8; 32] {
        let mut payee = [0; 32];
        payee[28..].copy_from_slice(&n.to_be_bytes());
        payee
    }

    #[test]
    fn both_ways_lead_to_one_root_at_every_size() {
        for n in 0..=67u32 {
            let leaves: Vec<_> = (1..=n).map(|i| (payee(i), u64::from(i) * 1_000_003)).collect();
            let first = leaves.iter().map(|(payee, amount)| RewardLeaf { payee: Payee(*payee), amount: *amount });
            let first = RewardTree::new(first.collect()).expect("a tree").root();
            let second = second_root(leaves).expect("a tree");
            assert_eq!((first.hash.0, first.sum), (second.hash, second.sum), "{n} leaves");
        }
    }

    #[test]
    fn both_ways_lead_to_one_root_of_batches() {
        for n in [0, 1, 2, 1_169, 1_170, 1_171, 3 * 1_170, 5 * 1_170 + 1] {
            let leaves: Vec<_> = (1..=n).map(|i| (payee(i), u64::from(i) * 1_000_003)).collect();
            let payout = |(payee, amount): &([u8; 32], u64)| Payout {
                pubkey_hash: payee[12..].try_into().expect("20 bytes"),
                amount: *amount,
            };
            let (_, first) = batch_tree(Epoch(7), leaves.iter().map(payout).collect()).expect("a tree");
            let second = second_batch_root(7, leaves).expect("a tree");
            assert_eq!((first.root().hash.0, first.root().sum), (second.hash, second.sum), "{n} payouts");
        }
        assert_eq!(second_batch_root(7, [(payee(2), 1), (payee(1), 1)]), Err(RootError::Order(1)));
        assert_eq!(second_batch_root(7, [(payee(1), 0)]), Err(RootError::Zero(0)));
        assert_eq!(second_batch_root(7, [(payee(1), 1 << 62), (payee(2), 1 << 62)]), Err(RootError::Sum));
    }

    #[test]
    fn what_is_no_tree_is_refused_before_the_crate_sees_it() {
        assert_eq!(second_root([(payee(2), 1), (payee(1), 1)]), Err(RootError::Order(1)));
        assert_eq!(second_root([(payee(1), 1), (payee(1), 1)]), Err(RootError::Order(1)));
        assert_eq!(second_root([(payee(1), 0)]), Err(RootError::Zero(0)));
        assert_eq!(second_root([(payee(1), 1 << 63)]), Err(RootError::Sum));
        assert_eq!(second_root([(payee(1), (1 << 63) - 1), (payee(2), 1)]), Err(RootError::Sum));
        let largest = second_root([(payee(1), (1 << 63) - 2), (payee(2), 1)]).expect("2^63 - 1 fits");
        assert_eq!(largest.sum, (1 << 63) - 1);
    }
}
