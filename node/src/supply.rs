//! A distributor's books, from its chain and the artefacts behind its statements.

use crate::auditing::AuditingError;
use crate::blobs::fetch_blobs;
use crate::oracle_role::{artefact_cid, load_distributor};
use crate::replica::Replica;
use liaise_chain_api::{At, Distributor, DistributorReader, PendingKind};
use liaise_ledger::Hash;
use liaise_oracle::artefact::{Blocks, TreeBlock};
use liaise_oracle::audit::{AuditError, Filed, Supply};
use liaise_oracle::fold::{DistributorState, FoldError};
use liaise_summary::{EpochStatement, Statement};
use std::collections::BTreeSet;

/// The books, and what they were read from.
pub struct Books {
    /// The distributor, as it was read.
    pub at: Distributor,
    /// What its newest statement stands for; null where nothing was filed.
    pub state: Option<DistributorState>,
    /// Everybody whom it pays: of the newest tree, or of every tree where each pays its own epoch.
    pub payees: BTreeSet<Hash>,
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
    let in_state = |state: &DistributorState| state.leaves.keys().copied().collect::<Vec<Hash>>();
    let mut payees: BTreeSet<Hash> = state.iter().flat_map(in_state).collect();
    let mut payable = at.held.newest.map_or(0, |held| held.root.sum);
    if reader.batches().is_some() {
        for statement in &statements {
            payees.extend(in_state(&load_distributor(replica, &statement.artefact.0).await?));
        }
        payable = over_its_life(&mut filed);
        if let Some(pending) = at.pending.filter(|pending| pending.kind != PendingKind::Open) {
            payable = payable.saturating_sub(pending.root.sum);
        }
    }
    let owing = state.as_ref().map_or(&[][..], |state| &state.owing[..]);
    let supply = Supply::add_up(at.schedule.emission, &filed, owing, payable, at.unclaimed);
    Ok(Books { at, state, payees, supply })
}

/// Trees that pay their own epoch only, as sums over the distributor's life; all of it.
fn over_its_life(filed: &mut [Filed]) -> u64 {
    let mut sum = 0u64;
    for each in filed {
        // a schedule's whole supply is below 2^63: what leaves 64 bits does not add up, and shows so
        sum = sum.saturating_add(each.root_sum);
        each.root_sum = sum;
    }
    sum
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
