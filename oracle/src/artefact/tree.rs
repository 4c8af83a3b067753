//! The tree block of a filing: what one distributor may pay, and what it owes beside that.

use cid::Cid;
use liaise_ledger::{ChainId, EpochNumber, Hash};
use serde::{Deserialize, Serialize};

use super::blocks::{Blocks, put_rows};
use super::cbor::Cbor;
use crate::fold::{DistributorState, FoldError, LeafRow, OwedRow};

/// The version of the artefact's layout.
const VERSION: u32 = 1;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeBlock {
    /// Version of this layout.
    pub v: u32,
    /// The distributor.
    pub distributor: Hash,
    /// Its chain.
    pub chain: ChainId,
    /// The epoch; of late pay the last one that was filed.
    pub epoch: EpochNumber,
    /// The distributor's head that the filing follows.
    pub head: Hash,
    /// The tree block before on this distributor; null at its first.
    pub previous: Option<Cid>,
    /// The history block whose pay it files; of late pay the one by whose accounts it can be paid.
    pub history: Cid,
    /// Base units owed beside the tree.
    pub owed: u64,
    /// Base units of the epoch that are gone for good.
    pub unemitted: u64,
    /// Chunks of leaves, in the tree's order.
    pub leaves: Vec<Cid>,
    /// Chunks of what is owed, by account and epoch.
    pub owing: Vec<Cid>,
}

/// Writes a filing's tree block and its rows: `next` over `before`, from a history block.
pub fn write_tree(
    history: Cid,
    unemitted: u64,
    before: &DistributorState,
    next: &DistributorState,
    head: Hash,
    owed: u64,
) -> (Cid, TreeBlock, Blocks) {
    let mut blocks = Blocks::default();
    let leaves: Vec<&LeafRow> = next.leaves.values().collect();
    let leaves = put_rows(&mut blocks, &leaves, |leaf, out| write_leaf(leaf, out)).expect("memory does not fail").0;
    let block = TreeBlock {
        v: VERSION,
        distributor: before.distributor,
        chain: before.chain.clone(),
        epoch: next.epoch.expect("a filing is of an epoch"),
        head,
        previous: before.tree,
        history,
        owed,
        unemitted,
        leaves,
        owing: blocks.put_rows(&next.owing),
    };
    let cid = blocks.put(&block);
    (cid, block, blocks)
}

fn write_leaf(leaf: &LeafRow, out: &mut Cbor) {
    out.map(3);
    out.text("payee");
    out.hash(&leaf.payee);
    out.text("amount");
    out.number(leaf.amount);
    out.text("account");
    out.text(leaf.account.as_str());
}

/// Reads the state that a tree block hands on.
///
/// # Errors
/// A block is missing or malformed, or the owed rows don't add up to what the block says.
pub fn read_distributor(blocks: &Blocks, cid: &Cid) -> Result<DistributorState, FoldError> {
    let block: TreeBlock = blocks.read(cid, "tree block")?;
    let wrong = |why: &str| FoldError::Block { cid: Box::new(*cid), expected: "tree block", why: why.into() };
    if block.v != VERSION {
        return Err(wrong("another version: update this program"));
    }
    let leaves: Vec<LeafRow> = blocks.read_rows(&block.leaves, "chunk of leaves")?;
    if !leaves.windows(2).all(|pair| pair[0].payee < pair[1].payee) {
        return Err(wrong("its leaves are not in the tree's order"));
    }
    let owing: Vec<OwedRow> = blocks.read_rows(&block.owing, "chunk of owed pay")?;
    let state = DistributorState {
        distributor: block.distributor,
        chain: block.chain.clone(),
        tree: Some(*cid),
        epoch: Some(block.epoch),
        leaves: leaves.into_iter().map(|leaf| (leaf.payee, leaf)).collect(),
        owing,
    };
    if state.owed() != u128::from(block.owed) {
        return Err(wrong("its owed rows don't add up to what it says is owed"));
    }
    Ok(state)
}
