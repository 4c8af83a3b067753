//! A distributor's books, from its chain and the artefacts behind its statements.

use crate::auditing::AuditingError;
use crate::blobs::fetch_blobs;
use crate::oracle_role::{artefact_cid, load_distributor};
use crate::replica::Replica;
use liaise_chain_api::{At, Distributor, DistributorReader};
use liaise_oracle::artefact::{Blocks, TreeBlock};
use liaise_oracle::audit::{AuditError, Filed, Supply};
use liaise_oracle::fold::{DistributorState, FoldError};
use liaise_summary::{EpochStatement, Statement};

/// The books, and what they were read from.
pub struct Books {
    /// The distributor, as it was read.
    pub at: Distributor,
    /// What its newest statement stands for; null where nothing was filed.
    pub state: Option<DistributorState>,
    /// All of it, added up.
    pub supply: Supply,
}

/// Adds up everything that was filed on a distributor.
///
/// # Errors
/// The chain, or an artefact that can't be had, or is another than its statement says. Books that do not add up are no
/// error but a result.
pub async fn audit_supply(replica: &Replica, reader: &dyn DistributorReader) -> Result<Books, AuditingError> {
    let at = reader.distributor(At::Latest).await?;
    let statements = standing(reader, &at).await?;
    let mut filed = Vec::with_capacity(statements.len());
    for statement in &statements {
        filed.push(with_block(replica, statement).await?);
    }
    let state = match statements.last() {
        Some(newest) => Some(load_distributor(replica, &newest.artefact.0).await?),
        None => None,
    };
    let owing = state.as_ref().map_or(&[][..], |state| &state.owing[..]);
    let payable = at.held.newest.map_or(0, |held| held.root.sum);
    let supply = Supply::add_up(at.schedule.emission, &filed, owing, payable, at.unclaimed);
    Ok(Books { at, state, supply })
}

/// The EPOCH statements that stand, oldest first, late pay too.
async fn standing(reader: &dyn DistributorReader, at: &Distributor) -> Result<Vec<EpochStatement>, AuditingError> {
    let mut found = vec![];
    let Some(first) = reader.ranges(At::Latest).await?.first().map(|range| range.first.0) else { return Ok(found) };
    for number in first..at.next.0 {
        let accepted = reader.statements(liaise_summary::Epoch(number), At::Latest).await?;
        found.extend(accepted.into_iter().filter(|accepted| !accepted.vetoed).filter_map(|a| match a.statement {
            Statement::Epoch(statement) => Some(statement),
            _ => None,
        }));
    }
    Ok(found)
}

/// A statement with what its tree block says beside it.
async fn with_block(replica: &Replica, statement: &EpochStatement) -> Result<Filed, AuditingError> {
    let id = artefact_cid(&statement.artefact.0);
    let mut blocks = Blocks::default();
    let found = fetch_blobs(replica, &[id]).await?.remove(&id).ok_or(FoldError::MissingBlock(id))?;
    blocks.insert(found);
    let block: TreeBlock = blocks.read(&id, "tree block")?;
    let (epoch, owed) = (i64::from(statement.epoch.0), statement.owed);
    if (block.epoch, block.owed, block.distributor.0) != (epoch, owed, statement.distributor.0) {
        let why = "it is not what its statement says of epoch, distributor and owed".to_owned();
        let wrong = FoldError::Block { cid: Box::new(id), expected: "tree block", why };
        return Err(AuditError::Fold(wrong).into());
    }
    Ok(Filed { epoch: statement.epoch, root_sum: statement.root_sum, owed, unemitted: block.unemitted })
}
