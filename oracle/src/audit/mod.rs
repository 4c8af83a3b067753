//! Checking others, and oneself: re-derives an epoch from artefacts and messages, and every root a second way.

mod compare;
mod explain;
mod message;
mod second_root;
mod supply;

use cid::Cid;
use liaise_ledger::body::Seal;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{EpochNumber, Hash};
use liaise_summary::EpochStatement;

pub use compare::{Difference, filings as compare_filings};
pub use explain::{Explanation, explain};
pub use message::{MessageReport, MessageStatus, audit_message};
pub use second_root::{Root, RootError, second_batch_root, second_root};
pub use supply::{Filed, Supply};

use crate::artefact::{Blocks, TreeBlock, read_distributor, read_state};
use crate::fold::{DistributorState, EpochInput, Filing, FoldError, FoldState, Folded, Ledger, file, fold_epoch};

/// Why something can't be audited, or must not be signed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditError {
    /// The epoch can't be folded with what is at hand.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The leaves are no tree.
    #[error("leaves: {0}")]
    Root(#[from] RootError),
    /// Two implementations derive two roots. Nothing must be signed.
    #[error("the root {second:?}, computed a second way, is not {first:?}: sign nothing and report both")]
    TwoRoots {
        /// By this program's tree.
        first: Root,
        /// By `merkle_light`.
        second: Root,
    },
}

/// What is claimed about an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Its history block.
    pub history: Cid,
    /// A filing of it, or null where it was not filed.
    pub filing: Option<ClaimedFiling<'a>>,
    /// The claimed artefacts' blocks and their predecessors'. What is missing can't be compared in detail.
    pub blocks: &'a Blocks,
}

/// See [`Claim::filing`].
#[derive(Clone, Copy, Debug)]
pub struct ClaimedFiling<'a> {
    /// The statement that was signed.
    pub statement: &'a EpochStatement,
    /// Its tree block: what [`EpochStatement::artefact`] is the digest of.
    pub tree: Cid,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// The epoch.
    pub epoch: EpochNumber,
    /// The history block as derived here.
    pub history: Cid,
    /// The filing's tree block as derived here, where one was claimed.
    pub tree: Option<Cid>,
    /// The root as derived here, twice, where a filing was claimed.
    pub root: Option<Root>,
    /// What the claim says otherwise; none: it is true to the byte.
    pub differences: Vec<Difference>,
}

impl AuditReport {
    /// Whether the claim is what everybody derives.
    pub fn is_true(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Re-derives an epoch's history and filing from the artefacts before it and its messages, and compares every byte.
///
/// # Errors
/// Something is missing, or the two ways to compute the root disagree. A false claim is no error but a report.
pub fn audit_epoch(
    genesis: &Genesis,
    ledger: &impl Ledger,
    seal: &Seal,
    claim: &Claim<'_>,
) -> Result<AuditReport, AuditError> {
    let claimed = crate::artefact::read_history(claim.blocks, &claim.history)?;
    let before = match &claimed.previous {
        Some(previous) => read_state(claim.blocks, previous)?,
        None => FoldState::of_genesis(genesis),
    };
    let input = EpochInput::collect(ledger, genesis, &before, seal)?;
    let folded = fold_epoch(genesis, &before, &input)?;
    let mut report = AuditReport {
        epoch: folded.epoch,
        history: folded.history,
        tree: None,
        root: None,
        differences: compare::histories(&folded, claim.history, &claimed, claim.blocks)?,
    };
    if let Some(filing) = &claim.filing {
        let derived = derive_filing(genesis, &folded, filing, claim.blocks)?;
        report.root = Some(check_root(&derived)?);
        report.tree = Some(derived.tree_block);
        report.differences.extend(compare::filings(&derived, filing, claim.blocks));
    }
    Ok(report)
}

/// Files an epoch anew as the claimed tree block says: over its head, after its predecessor.
fn derive_filing(
    genesis: &Genesis,
    folded: &Folded,
    claimed: &ClaimedFiling<'_>,
    blocks: &Blocks,
) -> Result<Filing, AuditError> {
    let block: TreeBlock = blocks.read(&claimed.tree, "tree block")?;
    let before = match &block.previous {
        Some(previous) => read_distributor(blocks, previous)?,
        None => DistributorState::new(block.distributor, block.chain.clone()),
    };
    let statement = claimed.statement;
    Ok(file(folded, &before, genesis.network_id(), Hash(statement.head.0), statement.oracle_set)?)
}

/// Computes a filing's root a second way, over `merkle_light`. Oracles do it before they sign.
///
/// # Errors
/// [`AuditError::TwoRoots`].
pub fn check_root(filing: &Filing) -> Result<Root, AuditError> {
    let leaves = filing.next.leaves.values().map(|leaf| (leaf.payee.0, leaf.amount));
    let epoch = filing.statement.epoch.0;
    let second = if filing.next.has_payouts() { second_batch_root(epoch, leaves)? } else { second_root(leaves)? };
    let first = Root { hash: filing.statement.root_hash.0, sum: filing.statement.root_sum };
    if first == second { Ok(second) } else { Err(AuditError::TwoRoots { first, second }) }
}
