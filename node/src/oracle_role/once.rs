//! An oracle's work done once, step by step, for an operator at a terminal.

use super::desk::signatures_for;
use super::due::{Due, LateLook, due};
use super::folds::Folds;
use super::{Office, Oracle, OracleError};
use crate::blocking::blocking;
use crate::config::OracleRole;
use crate::replica::Replica;
use crate::start::{NodeError, oracle_keys};
use crate::terms::Terms;
use liaise_chain_api::{Action, At, Distributor, DistributorReader};
use liaise_ledger::EpochNumber;
use liaise_oracle::journal::Journal;
use std::time::Duration;

impl Oracle {
    /// One pass: folds what is sealed, attests to it, signs what is due, and submits what a quorum has signed.
    async fn once(mut self) -> Result<(), OracleError> {
        let mut journal = Journal::open(self.replica.store.clone())?;
        let (terms, mut desks) = (self.terms()?, self.desks(Duration::ZERO));
        self.pass(&terms, &mut desks, &mut journal).await
    }
}

/// What may be filed next, as this replica derives it.
pub struct Next {
    /// The distributor, as it was read.
    pub at: Distributor,
    /// What oracles sign now; null while something is pending or nothing is folded for it.
    pub due: Option<Due>,
    /// The submission, where a quorum has signed.
    pub action: Option<Action>,
}

/// Folds every sealed epoch up to one, or all; returns the newest that is folded.
///
/// # Errors
/// The store failed, or something can't be fetched.
pub async fn fold_up_to(replica: &Replica, last: Option<EpochNumber>) -> Result<Option<EpochNumber>, OracleError> {
    let mut folds = Folds::new(replica.clone());
    let reached = |epoch: EpochNumber| last.is_some_and(|last| epoch >= last);
    let mut newest = folds.newest().await?.map(|state| state.epoch);
    while !newest.is_some_and(reached) {
        let Some(folded) = folds.next().await? else { break };
        newest = Some(folded.epoch);
    }
    Ok(newest)
}

/// Folds what is sealed and says what a distributor waits for, by the table of terms.
///
/// # Errors
/// The chain, the store, or an artefact that can't be had.
pub async fn next_filing(
    replica: &Replica,
    reader: &dyn DistributorReader,
    terms: &Terms,
) -> Result<Next, OracleError> {
    fold_up_to(replica, None).await?;
    let mut folds = Folds::new(replica.clone());
    let at = reader.distributor(At::Latest).await?;
    let shared = folds.newest().await?.map(|state| state.shared.clone());
    let Some(shared) = shared else { return Ok(Next { at, due: None, action: None }) };
    let rows = terms.table(&shared).await?;
    let look = &mut LateLook::default();
    let due = due(replica, reader, &shared, &rows, &at, look, async |epoch| folds.at(epoch).await).await?;
    let action = match &due {
        None => None,
        Some(due) => {
            let (own, statement) = (replica.clone(), due.statement());
            let signatures = blocking(move || signatures_for(&own, &statement)).await?;
            signatures.map(|signatures| due.action(signatures))
        }
    };
    Ok(Next { at, due, action })
}

/// Folds what is sealed, attests to it and signs what is due, with the key of an operator's directory; sends nothing to
/// the chain.
///
/// # Errors
/// The key does not open or is no oracle's; the first thing that stopped the pass.
pub async fn sign_once(replica: &Replica, role: &OracleRole, passphrase: &str) -> Result<(), NodeError> {
    let (key, signer) = oracle_keys(&replica.genesis, role, passphrase)?;
    let mut offices = vec![];
    for chain in role.chains() {
        offices.push(Office { reader: crate::chain::reader(chain).await?, submitter: None });
    }
    Ok(Oracle::new(replica.clone(), key, signer, offices, role).once().await?)
}
