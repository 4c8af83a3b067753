//! The statement that waits on a distributor, held against what this copy of the ledger derives for the same place.

use crate::auditing::AuditingError;
use crate::blobs::fetch_blobs;
use crate::blocking::blocking;
use crate::oracle_role::{Due, Folds, LateLook, artefact_cid, due, fold_up_to};
use crate::replica::Replica;
use crate::terms::Terms;
use liaise_chain_api::{Accepted, At, Distributor, DistributorReader, Pending, PendingKind, StatementSignature};
use liaise_oracle::artefact::{Blocks, TreeBlock};
use liaise_oracle::audit::{ClaimedFiling, Difference, check_root, compare_filings};
use liaise_oracle::quorum::recover;
use liaise_summary::{EpochStatement, Hash32, Statement};

/// A statement that waits, and what is derived here in its place.
pub struct Disputed {
    /// The distributor, as it was read.
    pub at: Distributor,
    /// What waits.
    pub pending: Pending,
    /// What it says, and the transaction that brought it.
    pub accepted: Accepted,
    /// What is derived here; null where nothing is to be filed there by this ledger, or it is not folded yet.
    pub derived: Option<Due>,
    /// What the statement says otherwise; none where nothing is derived.
    pub differences: Vec<Difference>,
    /// Who has signed the statement, as far as the ledger shows; the transaction holds the quorum's signatures.
    pub signatures: Vec<StatementSignature>,
}

/// Derives what should wait on the distributor and compares it with what does; `None` where nothing waits.
///
/// # Errors
/// The chain, the own store, or something that deriving needs. A false statement is no error.
pub async fn pending_statement(
    replica: &Replica,
    reader: &dyn DistributorReader,
    terms: &Terms,
) -> Result<Option<Disputed>, AuditingError> {
    let at = reader.distributor(At::Latest).await?;
    let Some(pending) = at.pending else { return Ok(None) };
    let accepted = reader.statements(pending.epoch, At::Latest).await?;
    let accepted = accepted.into_iter().rev().find(|accepted| accepted.digest == pending.digest);
    let accepted = accepted.ok_or(AuditingError::NoStatement(pending.epoch.0))?;
    let derived = derive(replica, reader, terms, &at, &accepted.statement).await?;
    let differences = match &derived {
        Some(derived) => differences(replica, derived, &accepted.statement).await?,
        None => vec![],
    };
    let (own, bytes) = (replica.clone(), accepted.statement.encode());
    let signatures = blocking(move || signatures(&own, &bytes)).await?;
    Ok(Some(Disputed { at, pending, accepted, derived, differences, signatures }))
}

/// What is due on the distributor as it was before the statement came.
async fn derive(
    replica: &Replica,
    reader: &dyn DistributorReader,
    terms: &Terms,
    at: &Distributor,
    claimed: &Statement,
) -> Result<Option<Due>, AuditingError> {
    fold_up_to(replica, None).await?;
    let mut folds = Folds::new(replica.clone());
    let Some(shared) = folds.newest().await?.map(|state| state.shared.clone()) else { return Ok(None) };
    let mut before = Distributor { pending: None, ..at.clone() };
    match claimed {
        // Late pay has the number of what was filed last, and leaves the next as it was.
        Statement::Epoch(statement) if at.pending.is_some_and(|pending| pending.kind == PendingKind::Late) => {
            before.head = statement.head;
        }
        Statement::Epoch(statement) => (before.next, before.head) = (statement.epoch, statement.head),
        Statement::Open(statement) => before.head = statement.head,
        _ => return Ok(None),
    }
    let rows = terms.table(&shared).await?;
    let look = &mut LateLook::without(at.pending.map_or(Hash32::ZERO, |pending| pending.digest));
    let derived = due(replica, reader, &shared, &rows, &before, look, async |epoch| folds.at(epoch).await).await?;
    if let Some(filing) = derived.as_ref().and_then(Due::filing) {
        // A root that a second implementation does not get accuses nobody.
        check_root(filing)?;
    }
    Ok(derived)
}

async fn differences(replica: &Replica, derived: &Due, claimed: &Statement) -> Result<Vec<Difference>, AuditingError> {
    if derived.statement() == *claimed {
        return Ok(vec![]);
    }
    if let (Some(filing), Statement::Epoch(statement)) = (derived.filing(), claimed) {
        let blocks = claimed_blocks(replica, statement).await?;
        let claim = ClaimedFiling { statement, tree: artefact_cid(&statement.artefact.0) };
        let found = compare_filings(filing, &claim, &blocks);
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let shown = |statement: &Statement| hex::encode(statement.encode());
    let (derived, claimed) = (shown(&derived.statement()), shown(claimed));
    Ok(vec![Difference { what: "statement", which: String::new(), derived, claimed }])
}

/// The claimed tree block and its rows, as far as a store has them: who files what nobody can check may well keep them.
async fn claimed_blocks(replica: &Replica, statement: &EpochStatement) -> Result<Blocks, AuditingError> {
    let tree = artefact_cid(&statement.artefact.0);
    let mut blocks = Blocks::default();
    for bytes in fetch_blobs(replica, &[tree]).await?.into_values() {
        blocks.insert(bytes);
    }
    if let Ok(block) = blocks.read::<TreeBlock>(&tree, "tree block") {
        let rows: Vec<_> = block.leaves.iter().chain(&block.owing).copied().collect();
        for bytes in fetch_blobs(replica, &rows).await?.into_values() {
            blocks.insert(bytes);
        }
    }
    Ok(blocks)
}

/// Who has signed some bytes, by the ledger's votes; each signature is checked.
fn signatures(replica: &Replica, bytes: &[u8]) -> Result<Vec<StatementSignature>, liaise_store::StoreError> {
    let mut found: Vec<StatementSignature> = vec![];
    for (key, vote) in replica.votes_for(bytes)? {
        let signed = vote.statement.as_slice() == bytes && recover(bytes, &vote.signature).is_ok_and(|own| own == key);
        let rsv: Result<[u8; 65], _> = vote.signature.as_slice().try_into();
        if let (true, Ok(rsv)) = (signed, rsv)
            && !found.iter().any(|known| known.key == key)
        {
            found.push(StatementSignature { key, rsv });
        }
    }
    found.sort_by_key(|signature| signature.key);
    Ok(found)
}
