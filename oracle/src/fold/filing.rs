//! The stage `tree`: an epoch's pay on the distributor that holds its term.

use std::collections::BTreeMap;

use cid::Cid;
use liaise_ledger::{Account, ChainId, EpochNumber, Hash};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, NetworkId, Payee, RewardLeaf, RewardTree};
use serde::{Deserialize, Serialize};

use super::reasons::ReasonCode;
use super::{FoldError, Folded};
use crate::artefact::{Blocks, TreeBlock, write_tree};

/// What one payee has earned at a distributor, all epochs together. Rows of the artefact, in the tree's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafRow {
    /// Whom the leaf pays.
    pub payee: Hash,
    /// Base units over the distributor's life.
    pub amount: u64,
    /// Whose payee it is.
    pub account: Account,
}

/// Pay that is owed and not in the tree. Rows of the artefact, by account and epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OwedRow {
    /// Whom it is owed to.
    pub account: Account,
    /// The epoch that earned it.
    pub epoch: EpochNumber,
    /// Why it is not in the tree.
    pub reason: ReasonCode,
    /// Base units.
    pub amount: u64,
}

/// What a distributor's newest true tree stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributorState {
    /// The distributor.
    pub distributor: Hash,
    /// Its chain.
    pub chain: ChainId,
    /// Its newest tree block; null before the first.
    pub tree: Option<Cid>,
    /// The newest filed epoch; null before the first.
    pub epoch: Option<EpochNumber>,
    /// Leaves by payee.
    pub leaves: BTreeMap<Hash, LeafRow>,
    /// What is owed beside the tree.
    pub owing: Vec<OwedRow>,
}

impl DistributorState {
    /// A distributor that has filed nothing.
    pub fn new(distributor: Hash, chain: ChainId) -> DistributorState {
        DistributorState { distributor, chain, tree: None, epoch: None, leaves: BTreeMap::new(), owing: vec![] }
    }

    /// Owed in all, base units.
    pub fn owed(&self) -> u128 {
        self.owing.iter().map(|row| u128::from(row.amount)).sum()
    }

    /// Sum of the tree, base units.
    pub fn root_sum(&self) -> u128 {
        self.leaves.values().map(|leaf| u128::from(leaf.amount)).sum()
    }
}

/// An epoch's pay on a distributor, ready to be signed.
#[derive(Clone, Debug)]
pub struct Filing {
    /// The tree block's id.
    pub tree_block: Cid,
    /// The tree block.
    pub block: TreeBlock,
    /// Every block of the filing's artefact.
    pub blocks: Blocks,
    /// The reward tree, for proofs.
    pub tree: RewardTree,
    /// What oracles sign.
    pub statement: EpochStatement,
    /// What the distributor's next filing starts from.
    pub next: DistributorState,
}

impl Filing {
    /// An account's place in the tree, if it has a leaf there.
    pub fn leaf_index(&self, account: &Account) -> Option<u32> {
        self.tree.index_of(&payee_of(account, &self.next.chain)?)
    }
}

/// Where an account is paid on a chain: itself, if it lives there. Links between accounts come later.
fn payee_of(account: &Account, chain: &ChainId) -> Option<Payee> {
    account.is_on(chain).then(|| account.payee().map(Payee)).flatten()
}

/// **owed(e-1) + E(e) = growth + owed(e) + unemitted(e)**, to the unit.
///
/// # Errors
/// [`FoldError::Conservation`].
pub fn check_conservation(
    epoch: EpochNumber,
    owed_before: u128,
    emission: u64,
    growth: u128,
    owed: u128,
    unemitted: u64,
) -> Result<(), FoldError> {
    let overflow = || FoldError::Overflow { what: "an epoch's sums" };
    let before = owed_before.checked_add(u128::from(emission)).ok_or_else(overflow)?;
    let after = growth.checked_add(owed).and_then(|sum| sum.checked_add(u128::from(unemitted)));
    let after = after.ok_or_else(overflow)?;
    if before == after { Ok(()) } else { Err(FoldError::Conservation { epoch, before, after }) }
}

/// Files a folded epoch on the distributor that holds its term: what was owed there and can be paid now, then the epoch's
/// pay. `head` is the distributor's head, `oracle_set` the version of the set that will sign. For account chains; where no
/// account of a chain has a payee of 32 bytes everything is owed.
///
/// # Errors
/// The epoch is before 0 or does not come after the distributor's last; the sums leave 63 bits.
pub fn file(
    folded: &Folded,
    before: &DistributorState,
    network: Hash,
    head: Hash,
    oracle_set: u32,
) -> Result<Filing, FoldError> {
    let epoch = folded.epoch;
    let number = u32::try_from(epoch).map_err(|_| FoldError::Filing { epoch, why: "it is before epoch 0" })?;
    if before.epoch.is_some_and(|last| last >= epoch) {
        return Err(FoldError::Filing { epoch, why: "the distributor has filed it or a later one" });
    }
    let mut leaves = before.leaves.clone();
    let mut owing = Vec::new();
    for row in &before.owing {
        credit(&mut leaves, &mut owing, &before.chain, row.clone())?;
    }
    for pay in &folded.pay {
        let row = |reason, amount| OwedRow { account: pay.account.clone(), epoch, reason, amount };
        credit(&mut leaves, &mut owing, &before.chain, row(ReasonCode::NoAccountOnChain, pay.net))?;
        if pay.held > 0 {
            owing.push(row(ReasonCode::Held, pay.held));
        }
    }
    owing.sort();
    let (distributor, chain) = (before.distributor, before.chain.clone());
    let next = DistributorState { distributor, chain, tree: None, epoch: Some(epoch), leaves, owing };
    let growth = next.root_sum().checked_sub(before.root_sum()).expect("a leaf never falls");
    check_conservation(epoch, before.owed(), folded.emission, growth, next.owed(), folded.unemitted)?;

    let reward = |leaf: &LeafRow| RewardLeaf { payee: Payee(leaf.payee.0), amount: leaf.amount };
    let tree = RewardTree::new(next.leaves.values().map(reward).collect())?;
    let owed = u64::try_from(next.owed()).map_err(|_| FoldError::Overflow { what: "owed" })?;
    let (tree_block, block, blocks) = write_tree(folded, before, &next, head, owed);
    let root = tree.root();
    let statement = EpochStatement {
        network: NetworkId(network.0),
        distributor: DistributorId(before.distributor.0),
        epoch: Epoch(number),
        oracle_set,
        head: Hash32(head.0),
        root_hash: root.hash,
        root_sum: root.sum,
        owed,
        artefact: Hash32(Hash::from_cid(&tree_block).expect("a block of SHA-256").0),
    };
    Ok(Filing { tree_block, block, blocks, tree, statement, next: DistributorState { tree: Some(tree_block), ..next } })
}

/// Adds pay to its account's leaf, or leaves it owed.
fn credit(
    leaves: &mut BTreeMap<Hash, LeafRow>,
    owing: &mut Vec<OwedRow>,
    chain: &ChainId,
    row: OwedRow,
) -> Result<(), FoldError> {
    if row.amount == 0 {
        return Ok(());
    }
    let may_pay = row.reason == ReasonCode::NoAccountOnChain;
    match payee_of(&row.account, chain).filter(|_| may_pay) {
        Some(payee) => {
            let payee = Hash(payee.0);
            let fresh = LeafRow { payee, amount: 0, account: row.account };
            let leaf = leaves.entry(payee).or_insert(fresh);
            leaf.amount = leaf.amount.checked_add(row.amount).ok_or(FoldError::Overflow { what: "a leaf" })?;
        }
        None => owing.push(row),
    }
    Ok(())
}
