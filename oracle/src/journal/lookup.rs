//! Whether an action's purpose is achieved already, by whomever.

use liaise_chain_api::{Action, At, Authority, ChainError, DistributorReader};
use liaise_summary::batch::batch_node;
use liaise_summary::{Epoch, Hash32, Payout, Proof, Statement};

/// Looks at the newest block. `false` where the chain does not tell: the distributor refuses what can't be repeated.
///
/// # Errors
/// What reading returns.
pub(super) async fn achieved(reader: &dyn DistributorReader, action: &Action) -> Result<bool, ChainError> {
    let action = match action {
        Action::Signed { action, .. } => &**action,
        action => action,
    };
    match action {
        Action::SubmitEpoch { statement, .. } => is_accepted(reader, statement.epoch, statement.digest()).await,
        Action::Open { statement, .. } => is_accepted(reader, statement.first, statement.digest()).await,
        Action::Claim { leaf, .. } => Ok(reader.claimed(&leaf.payee, At::Latest).await?.total >= leaf.amount),
        Action::HandOver { epoch, new } => {
            let range = reader.distributor(At::Latest).await?.range;
            Ok(range.is_some_and(|range| range.end == Some(*epoch) && range.handed_to == Some(*new)))
        }
        Action::Rotate { set } => {
            let current = reader.distributor(At::Latest).await?.oracle_set;
            Ok((current.version, current.hash) == (set.version(), set.hash()))
        }
        Action::Crank { epoch, payouts, proof } => is_paid(reader, *epoch, payouts, proof).await,
        Action::SetDao { set } => Ok(reader.distributor(At::Latest).await?.authority == Authority::Set(set.hash())),
        Action::SetGuardian { guardian } => Ok(reader.distributor(At::Latest).await?.guardian == *guardian),
        _ => Ok(false),
    }
}

/// Whether a batch went out: its filing stands, and what it still holds comes after.
async fn is_paid(
    reader: &dyn DistributorReader,
    epoch: Epoch,
    payouts: &[Payout],
    proof: &Proof,
) -> Result<bool, ChainError> {
    let Some(batches) = reader.batches() else { return Ok(false) };
    // what is no batch of any tree was never paid
    let root = batch_node(epoch, proof.index, payouts).ok().and_then(|leaf| proof.root(&leaf).ok());
    let Some(root) = root else { return Ok(false) };
    let filed = reader.statements(epoch, At::Latest).await?.into_iter().filter(|accepted| !accepted.vetoed).any(|accepted| {
        matches!(accepted.statement, Statement::Epoch(filed) if (filed.root_hash, filed.root_sum) == (root.hash, root.sum))
    });
    let unpaid = batches.unpaid(At::Latest).await?;
    Ok(filed && !unpaid.iter().any(|left| left.root == root && left.next_batch <= proof.index))
}

/// A statement whose digest is the head needs no history; else the epoch's is read.
async fn is_accepted(reader: &dyn DistributorReader, epoch: Epoch, digest: Hash32) -> Result<bool, ChainError> {
    if reader.distributor(At::Latest).await?.head == digest {
        return Ok(true);
    }
    let accepted = reader.statements(epoch, At::Latest).await?;
    Ok(accepted.iter().any(|accepted| accepted.digest == digest && !accepted.vetoed))
}
