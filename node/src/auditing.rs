//! Folding an epoch again from what stores serve, to hold it against what was attested and filed.

use crate::blocking::blocking;
use crate::history::{Histories, HistoryError};
use crate::oracle_role::{OracleError, artefact_cid, ledger, seal_of};
use crate::payable::accepted_statement;
use crate::replica::Replica;
use cid::Cid;
use liaise_chain_api::{ChainError, DistributorReader};
use liaise_ledger::EpochNumber;
use liaise_ledger::body::Seal;
use liaise_oracle::artefact::{Blocks, HistoryBlock, TreeBlock, read_history, read_state};
use liaise_oracle::audit::{self, AuditError, AuditReport, Claim, ClaimedFiling};
use liaise_oracle::fold::{EpochInput, FoldError, FoldState, Folded, fold_epoch};
use liaise_store::StoreError;
use liaise_summary::{Epoch, EpochStatement};

/// Why an epoch can't be audited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditingError {
    /// Something is missing or can't be folded.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// An attested history can't be had.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A beacon round.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// A block is at no store.
    #[error(transparent)]
    Documents(#[from] crate::documents::DocumentsError),
    /// A beacon round.
    #[error(transparent)]
    Beacon(#[from] crate::beacon::BeaconFetchError),
    /// Nothing to audit.
    #[error("no quorum of oracles attests to epoch {0} yet: wait until it is closed and folded")]
    NotAttested(EpochNumber),
    /// What waits on the chain, and what it says it accepted, do not fit.
    #[error("a statement of epoch {0} is pending, and the chain's history has none such: report the endpoint")]
    NoStatement(u32),
    /// The seal has not come.
    #[error("the seal of epoch {0} is not here yet: synchronise, or wait")]
    NotSealed(EpochNumber),
}

impl From<FoldError> for AuditingError {
    fn from(error: FoldError) -> Self {
        AuditingError::Audit(error.into())
    }
}

/// An epoch that was folded here, from the attested state before it.
pub struct Refolded {
    /// What it started from.
    pub before: FoldState,
    /// What it read.
    pub input: EpochInput,
    /// What came of it.
    pub folded: Folded,
    /// The history block that the oracles attest to.
    pub attested: Cid,
}

/// The id of a history block.
pub fn history_id(block: &HistoryBlock) -> Cid {
    Blocks::default().put(block)
}

/// Folds an attested epoch again.
///
/// # Errors
/// It is not attested or sealed, or something that it counts is missing.
pub async fn refold(replica: &Replica, histories: &Histories, epoch: EpochNumber) -> Result<Refolded, AuditingError> {
    let block = histories.of(epoch).await?.ok_or(AuditingError::NotAttested(epoch))?;
    let mut blocks = Blocks::default();
    let before = match block.previous {
        None => FoldState::of_genesis(&replica.genesis),
        Some(previous) => {
            take_history(replica, &previous, &mut blocks).await?;
            read_state(&blocks, &previous)?
        }
    };
    let seal = seal(replica, epoch).await?;
    let (input, folded, before) = with_rounds(replica, move |replica| {
        let input = EpochInput::collect(&ledger(&replica.store), &replica.genesis, &before, &seal)?;
        let folded = fold_epoch(&replica.genesis, &before, &input)?;
        Ok((input, folded, before.clone()))
    })
    .await?;
    Ok(Refolded { before, input, folded, attested: history_id(&block) })
}

/// Re-derives an attested epoch, and its filing where `reader`'s distributor accepted one, and compares every byte.
///
/// # Errors
/// It is not attested or sealed, or something is missing. A false claim is no error but a report.
pub async fn audit_epoch(
    replica: &Replica,
    histories: &Histories,
    reader: Option<&dyn DistributorReader>,
    epoch: EpochNumber,
) -> Result<AuditReport, AuditingError> {
    let block = histories.of(epoch).await?.ok_or(AuditingError::NotAttested(epoch))?;
    let history = history_id(&block);
    let mut blocks = Blocks::default();
    take_history(replica, &history, &mut blocks).await?;
    if let Some(previous) = block.previous {
        take_history(replica, &previous, &mut blocks).await?;
    }
    let statement = match (reader, u32::try_from(epoch)) {
        (Some(reader), Ok(number)) => accepted_statement(reader, Epoch(number)).await?,
        _ => None,
    };
    let filing = match statement {
        None => None,
        Some(statement) => Some(take_filing(replica, statement, &mut blocks).await?),
    };
    let seal = seal(replica, epoch).await?;
    with_rounds(replica, move |replica| {
        let filing = filing.as_ref().map(|(statement, tree)| ClaimedFiling { statement, tree: *tree });
        let claim = Claim { history, filing, blocks: &blocks };
        audit::audit_epoch(&replica.genesis, &ledger(&replica.store), &seal, &claim)
    })
    .await
}

async fn seal(replica: &Replica, epoch: EpochNumber) -> Result<Seal, AuditingError> {
    let store = replica.store.clone();
    blocking(move || seal_of(&store, epoch)).await?.ok_or(AuditingError::NotSealed(epoch))
}

/// Runs a fold off tokio's workers, fetching the beacon rounds that it lacks.
async fn with_rounds<T: Send + 'static>(
    replica: &Replica,
    work: impl Fn(&Replica) -> Result<T, AuditError> + Send + Sync + 'static,
) -> Result<T, AuditingError> {
    let work = std::sync::Arc::new(work);
    loop {
        let (own, work) = (replica.clone(), work.clone());
        match blocking(move || work(&own)).await {
            Err(AuditError::Fold(FoldError::MissingRounds(rounds))) => {
                replica.fetch_rounds(&rounds).await?;
            }
            other => return Ok(other?),
        }
    }
}

async fn take(replica: &Replica, ids: &[Cid], blocks: &mut Blocks) -> Result<(), AuditingError> {
    let found = crate::blobs::fetch_blobs(replica, ids).await?;
    for id in ids {
        blocks.insert(found.get(id).cloned().ok_or(FoldError::MissingBlock(*id))?);
    }
    Ok(())
}

/// A history block and everything beneath it.
async fn take_history(replica: &Replica, id: &Cid, blocks: &mut Blocks) -> Result<(), AuditingError> {
    take(replica, &[*id], blocks).await?;
    let block = read_history(blocks, id)?;
    let beneath: Vec<Cid> = block.beneath().copied().collect();
    take(replica, &beneath, blocks).await
}

/// A filing's tree block, the one before it, and their rows.
async fn take_filing(
    replica: &Replica,
    statement: EpochStatement,
    blocks: &mut Blocks,
) -> Result<(EpochStatement, Cid), AuditingError> {
    let tree = artefact_cid(&statement.artefact.0);
    let mut next = Some(tree);
    for _ in 0..2 {
        let Some(id) = next else { break };
        take(replica, &[id], blocks).await?;
        let block: TreeBlock = blocks.read(&id, "tree block")?;
        let rows: Vec<Cid> = block.leaves.iter().chain(&block.owing).copied().collect();
        take(replica, &rows, blocks).await?;
        next = block.previous;
    }
    Ok((statement, tree))
}
