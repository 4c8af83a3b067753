//! Whether an action's purpose is achieved already, by whomever.

use liaise_chain_api::{Action, At, ChainError, DistributorReader};
use liaise_summary::{Epoch, Hash32};

/// Looks at the newest block. `false` where the chain does not tell: the distributor refuses what can't be repeated.
///
/// # Errors
/// What reading returns.
pub(super) async fn achieved(reader: &dyn DistributorReader, action: &Action) -> Result<bool, ChainError> {
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
        Action::SetGuardian { guardian } => Ok(reader.distributor(At::Latest).await?.guardian == *guardian),
        _ => Ok(false),
    }
}

/// A statement whose digest is the head needs no history; else the epoch's is read.
async fn is_accepted(reader: &dyn DistributorReader, epoch: Epoch, digest: Hash32) -> Result<bool, ChainError> {
    if reader.distributor(At::Latest).await?.head == digest {
        return Ok(true);
    }
    let accepted = reader.statements(epoch, At::Latest).await?;
    Ok(accepted.iter().any(|accepted| accepted.digest == digest && !accepted.vetoed))
}
