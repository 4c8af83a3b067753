//! The reward tree of UTXO chains: a leaf is a batch of payouts that one transaction makes.
//!
//! A payout transaction has no proof for each payee: the covenant hashes the outputs that it is made to pay and
//! compares the result with a leaf, so an accumulator that Script can compute stands where an account chain has leaves.

use alloc::vec::Vec;

use crate::error::TreeError;
use crate::hash::{Hash32, sha256};
use crate::ids::Epoch;
use crate::sum_tree::{Node, SUM_LIMIT, SumTree};

/// Payouts of a full batch: as many as one standard transaction can pay at any tree depth.
pub const BATCH_PAYOUTS: usize = 1170;

const BATCH_TAG: u8 = 0x02;

/// One payout of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// The public key hash that is paid.
    pub pubkey_hash: [u8; 20],
    /// Base units of the epoch (not cumulative), above zero.
    pub amount: u64,
}

impl Payout {
    /// The 25 bytes of the locking script: pay to public key hash.
    pub fn script(&self) -> [u8; 25] {
        let mut script = [0; 25];
        script[..3].copy_from_slice(&[0x76, 0xa9, 0x14]);
        script[3..23].copy_from_slice(&self.pubkey_hash);
        script[23..].copy_from_slice(&[0x88, 0xac]);
        script
    }
}

/// The leaf of one batch: acc = epoch u32 ‖ batch u32, then acc = H(acc ‖ amount u64 ‖ script) for each payout;
/// hash = H(0x02, acc), sum = the batch's total.
///
/// # Errors
/// A batch of 0 or more than 1 170 payouts, an amount of zero, a total of 2^63 or more.
pub fn batch_node(epoch: Epoch, batch: u32, payouts: &[Payout]) -> Result<Node, TreeError> {
    if payouts.is_empty() || payouts.len() > BATCH_PAYOUTS {
        return Err(TreeError::BatchSize { found: payouts.len() });
    }
    let mut acc = Hash32::ZERO;
    let mut sum = 0u64;
    for (index, payout) in payouts.iter().enumerate() {
        if payout.amount == 0 {
            return Err(TreeError::ZeroAmount { index });
        }
        sum = sum.checked_add(payout.amount).filter(|sum| *sum < SUM_LIMIT).ok_or(TreeError::SumTooLarge)?;
        let amount = payout.amount.to_be_bytes();
        acc = if index == 0 {
            sha256(&[&epoch.0.to_be_bytes(), &batch.to_be_bytes(), &amount, &payout.script()])
        } else {
            sha256(&[acc.as_bytes(), &amount, &payout.script()])
        };
    }
    Ok(Node { hash: sha256(&[&[BATCH_TAG], acc.as_bytes()]), sum })
}

/// The tree of an epoch's payouts: sorted by payee, cut into batches of 1 170, the last one less.
///
/// Returns the payouts in their order beside the tree, whose leaf i is the batch of `payouts.chunks(BATCH_PAYOUTS)` i.
///
/// # Errors
/// A payee twice, an amount of zero, a sum of 2^63 or more.
pub fn batch_tree(epoch: Epoch, mut payouts: Vec<Payout>) -> Result<(Vec<Payout>, SumTree<Node>), TreeError> {
    payouts.sort_unstable_by_key(|payout| payout.pubkey_hash);
    if let Some(pair) = payouts.windows(2).find(|pair| pair[0].pubkey_hash == pair[1].pubkey_hash) {
        let payee = crate::ids::Payee::from_20(pair[0].pubkey_hash);
        return Err(TreeError::DuplicatePayee { payee });
    }
    let nodes = payouts.chunks(BATCH_PAYOUTS).enumerate().map(|(batch, payouts)| {
        let batch = u32::try_from(batch).map_err(|_| TreeError::TooManyBatches)?;
        batch_node(epoch, batch, payouts)
    });
    let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
    Ok((payouts, SumTree::from_ordered(nodes)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn payouts(n: u16) -> Vec<Payout> {
        (0..n)
            .map(|i| {
                let mut pubkey_hash = [0; 20];
                pubkey_hash[18..].copy_from_slice(&i.to_be_bytes());
                Payout { pubkey_hash, amount: u64::from(i) + 1 }
            })
            .collect()
    }

    #[test]
    fn a_batch_is_full_before_the_next_begins() {
        let (sorted, tree) = batch_tree(Epoch(3), payouts(1171)).expect("a valid tree");
        assert_eq!(tree.leaves().len(), 2);
        assert_eq!(tree.leaves()[1], batch_node(Epoch(3), 1, &sorted[1170..]).expect("one payout"));
        assert_eq!(tree.root().sum, 1171 * 1172 / 2);
    }

    #[test]
    fn epoch_and_batch_number_are_part_of_the_leaf() {
        let one = payouts(1);
        let node = batch_node(Epoch(1), 2, &one).expect("one payout");
        assert_ne!(node, batch_node(Epoch(2), 1, &one).expect("one payout"));
    }

    #[test]
    fn empty_long_and_zero_are_refused() {
        assert_eq!(batch_node(Epoch(0), 0, &[]), Err(TreeError::BatchSize { found: 0 }));
        assert_eq!(batch_node(Epoch(0), 0, &payouts(1171)), Err(TreeError::BatchSize { found: 1171 }));
        let zero = [Payout { pubkey_hash: [0; 20], amount: 0 }];
        assert_eq!(batch_node(Epoch(0), 0, &zero), Err(TreeError::ZeroAmount { index: 0 }));
        let twice = vec![payouts(1)[0]; 2];
        assert!(matches!(batch_tree(Epoch(0), twice), Err(TreeError::DuplicatePayee { .. })));
    }
}
