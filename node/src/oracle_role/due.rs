//! What a distributor may file next, by the table of terms and by what it filed last.

use super::OracleError;
use super::folds::{FoldedAt, artefact_cid, state_at};
use crate::blocking::blocking;
use crate::payable::standing_statements;
use crate::replica::Replica;
use cid::Cid;
use liaise_chain_api::{Action, At, Distributor, DistributorReader, StatementSignature};
use liaise_ledger::{EpochNumber, Hash};
use liaise_oracle::artefact::{Blocks, TreeBlock, read_distributor, read_history};
use liaise_oracle::fold::{
    DecreedRow, DistributorState, Duty, Filing, FoldError, Shared, Standing, TermRow, duty, file, file_late,
};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, NetworkId, OpenStatement, Statement};

/// What the distributor waits for.
#[derive(Clone, Debug)]
pub enum Due {
    /// A range of the table is to be opened.
    Open(OpenStatement),
    /// An epoch is to be filed.
    Epoch(Box<Filing>),
    /// What is owed where no range is running can be paid.
    Late(Box<Filing>),
}

impl Due {
    /// What oracles sign.
    pub fn statement(&self) -> Statement {
        match self {
            Due::Open(open) => Statement::Open(*open),
            Due::Epoch(filing) | Due::Late(filing) => Statement::Epoch(filing.statement),
        }
    }

    /// The filing, where pay is filed.
    pub fn filing(&self) -> Option<&Filing> {
        match self {
            Due::Open(_) => None,
            Due::Epoch(filing) | Due::Late(filing) => Some(filing),
        }
    }

    /// The submission, with a quorum's signatures.
    pub fn action(&self, signatures: Vec<StatementSignature>) -> Action {
        match self {
            Due::Open(statement) => Action::Open { statement: *statement, signatures },
            Due::Epoch(filing) | Due::Late(filing) => {
                let payouts = filing.tree.payouts();
                Action::SubmitEpoch { statement: filing.statement, signatures, payouts }
            }
        }
    }
}

/// How a distributor stands, as the table is asked.
fn standing(at: &Distributor) -> Standing {
    let number = |epoch: Epoch| EpochNumber::from(epoch.0);
    let range = at.range.map(|range| (number(range.first), range.end.map(number)));
    Standing { distributor: Hash(at.id.0), range, next: number(at.next) }
}

/// The opening of a row's range; `None` where no decree admits the deployment.
fn opening(shared: &Shared, row: &TermRow, network: Hash, at: &Distributor) -> Option<OpenStatement> {
    let decreed = shared.distributor(&row.distributor)?;
    Some(OpenStatement {
        network: NetworkId(network.0),
        distributor: DistributorId(row.distributor.0),
        first: Epoch(u32::try_from(row.first).ok()?),
        oracle_set: at.oracle_set.version,
        head: at.head,
        old: DistributorId(row.old.0),
        epoch_delay_s: decreed.value.epoch_delay_s,
        long_delay_s: decreed.value.long_delay_s,
        schedule: at.schedule.id(),
    })
}

/// How far a distributor's owed pay was looked through: what could not be paid at an epoch's end can't be later by the same
/// accounts.
#[derive(Clone, Copy, Debug, Default)]
pub struct LateLook {
    /// The tree block, and the newest epoch whose accounts were looked at.
    seen: Option<(Cid, EpochNumber)>,
    /// A statement that waits and does not count: one that is in dispute.
    without: Option<Hash32>,
}

impl LateLook {
    /// As if a statement had not come.
    pub fn without(digest: Hash32) -> LateLook {
        LateLook { seen: None, without: Some(digest) }
    }
}

/// What a distributor may file over its present head, by the table of terms; `None` while something is pending or nothing is
/// folded for it.
///
/// # Errors
/// The chain, the store, or an artefact that is missing here.
pub async fn due(
    replica: &Replica,
    reader: &dyn DistributorReader,
    shared: &Shared,
    rows: &[TermRow],
    at: &Distributor,
    look: &mut LateLook,
    folded: impl AsyncFnOnce(EpochNumber) -> Result<Option<FoldedAt>, OracleError>,
) -> Result<Option<Due>, OracleError> {
    if at.pending.is_some() {
        return Ok(None);
    }
    let standing = standing(at);
    // What can be paid late is looked for only where the table asks.
    let first = duty(rows, &standing, || true);
    if waits_for_another_chain(rows, at) && !matches!(first, Some(Duty::File(_))) {
        return Ok(None);
    }
    if let Some(Duty::File(epoch)) = first {
        let Some(folded) = folded(epoch).await? else { return Ok(None) };
        let before = state_without(replica, reader, at, look.without).await?;
        let (network, head, set) = (replica.network, Hash(at.head.0), at.oracle_set.version);
        let filing = blocking(move || file(&folded, &before, network, head, set)).await?;
        return Ok(Some(Due::Epoch(Box::new(filing))));
    }
    let row = match duty(rows, &standing, || false) {
        Some(Duty::Open(row)) => Some(row),
        _ => None,
    };
    let until = row.as_ref().map(|row| last_paid_late(&shared.rows, rows, row, at.notice_epochs));
    if let Some(Duty::Late(_)) = first
        && let Some(filing) = late(replica, reader, at, until, look).await?
    {
        return Ok(Some(Due::Late(Box::new(filing))));
    }
    let Some(row) = row else { return Ok(None) };
    let (own, until) = (replica.clone(), until.unwrap_or(EpochNumber::MIN));
    let is_folded = until < -1 || blocking(move || state_at(&own, until)).await?.is_some();
    Ok(opening(shared, &row, replica.network, at).filter(|_| is_folded).map(Due::Open))
}

/// The last epoch by whose accounts anything is paid late before a row's range opens. Without such an end, an opening that is
/// signed could be overtaken at every epoch's end; what comes later is paid in the new range. It is the last epoch before the
/// seal that brought a decreed row; of a row that was handed over, the last one before the range that gave it away, or before
/// the notice if that is earlier. So it is folded in good time before the range begins.
fn last_paid_late(decreed: &[DecreedRow], rows: &[TermRow], row: &TermRow, notice_epochs: u32) -> EpochNumber {
    if let Some(decreed) = decreed.iter().find(|decreed| row.is_decreed && decreed.first == row.first) {
        return decreed.seal - 1;
    }
    let notice = row.first - EpochNumber::from(notice_epochs);
    let giver = rows.iter().rev().find(|giver| giver.first < row.first);
    giver.map_or(notice, |giver| giver.first.min(notice)) - 1
}

/// Whether the chain says that the next epoch is in its range and the table does not, without a decreed row that took it away:
/// then a hand-over on another chain is not known here yet, and nothing is signed.
fn waits_for_another_chain(rows: &[TermRow], at: &Distributor) -> bool {
    let next = EpochNumber::from(at.next.0);
    at.in_range(at.next)
        && at.range.is_some_and(|range| {
            let first = EpochNumber::from(range.first.0);
            !rows.iter().any(|row| row.is_decreed && row.first > first && row.first <= next)
        })
}

/// What is owed and can be paid by the accounts of the first epoch after the newest filing's at which anything can.
async fn late(
    replica: &Replica,
    reader: &dyn DistributorReader,
    at: &Distributor,
    until: Option<EpochNumber>,
    look: &mut LateLook,
) -> Result<Option<Filing>, OracleError> {
    let before = state_without(replica, reader, at, look.without).await?;
    // The contract takes late pay under the number before the next, and under no other.
    let is_last = before.epoch == Some(EpochNumber::from(at.next.0) - 1);
    let Some(tree) = before.tree.filter(|_| is_last && !before.owing.is_empty()) else { return Ok(None) };
    let filed_at = history_epoch(replica, &tree).await?;
    let first = look.seen.filter(|(seen, _)| *seen == tree).map_or(filed_at, |(_, epoch)| epoch).saturating_add(1);
    let (own, network, head, set) = (replica.clone(), replica.network, Hash(at.head.0), at.oracle_set.version);
    let (found, newest) = blocking(move || {
        let mut epoch = first;
        while until.is_none_or(|until| epoch <= until) {
            let Some(state) = state_at(&own, epoch)? else { break };
            let history = state.history.ok_or(FoldError::Store("an epoch without a history".into()))?;
            if let Some(filing) = file_late(history, &state, &before, network, head, set)? {
                return Ok::<_, OracleError>((Some(filing), epoch));
            }
            epoch += 1;
        }
        Ok((None, epoch - 1))
    })
    .await?;
    // Where something was found, everything before it was looked through.
    look.seen = Some((tree, if found.is_some() { newest - 1 } else { newest }));
    Ok(found)
}

/// The epoch whose history a filing's tree block names.
async fn history_epoch(replica: &Replica, tree: &Cid) -> Result<EpochNumber, OracleError> {
    let mut blocks = Blocks::default();
    fetch_into(replica, &[*tree], &mut blocks).await?;
    let block: TreeBlock = blocks.read(tree, "tree block")?;
    fetch_into(replica, &[block.history], &mut blocks).await?;
    Ok(read_history(&blocks, &block.history)?.epoch)
}

/// What the newest filing that the chain holds stands for.
///
/// # Errors
/// The chain, or the filing's tree block is not here.
pub async fn distributor_state(
    replica: &Replica,
    reader: &dyn DistributorReader,
    at: &Distributor,
) -> Result<DistributorState, OracleError> {
    state_without(replica, reader, at, None).await
}

/// The same, as if a statement had not come.
async fn state_without(
    replica: &Replica,
    reader: &dyn DistributorReader,
    at: &Distributor,
    without: Option<Hash32>,
) -> Result<DistributorState, OracleError> {
    let start = DistributorState::new(Hash(at.id.0), reader.chain().clone());
    let Some(range) = at.range else { return Ok(start) };
    let mut newest = newest_in(reader, range.first.0..at.next.0, without).await?;
    if newest.is_none() {
        // A range that was opened again: what was filed last is in an earlier one.
        for range in reader.ranges(At::Latest).await?.iter().rev() {
            let end = range.end.map_or(at.next.0, |end| end.0.min(at.next.0));
            newest = newest_in(reader, range.first.0..end, without).await?;
            if newest.is_some() {
                break;
            }
        }
    }
    match newest {
        Some(statement) => load_distributor(replica, &statement.artefact.0).await,
        None => Ok(start),
    }
}

/// The newest statement that stands under the numbers of some epochs.
async fn newest_in(
    reader: &dyn DistributorReader,
    numbers: std::ops::Range<u32>,
    without: Option<Hash32>,
) -> Result<Option<EpochStatement>, OracleError> {
    for number in numbers.rev() {
        let standing = standing_statements(reader, Epoch(number)).await?;
        let mut counting = standing.into_iter().filter(|statement| Some(statement.digest()) != without);
        if let Some(statement) = counting.next_back() {
            return Ok(Some(statement));
        }
    }
    Ok(None)
}

/// The state behind a filing, from its tree block's digest; what this store lacks is fetched from others.
///
/// # Errors
/// A block is at no store.
pub async fn load_distributor(replica: &Replica, digest: &[u8; 32]) -> Result<DistributorState, OracleError> {
    let id = artefact_cid(digest);
    let mut blocks = Blocks::default();
    fetch_into(replica, &[id], &mut blocks).await?;
    let block: TreeBlock = blocks.read(&id, "tree block")?;
    let rows: Vec<_> = block.leaves.iter().chain(&block.owing).copied().collect();
    fetch_into(replica, &rows, &mut blocks).await?;
    Ok(read_distributor(&blocks, &id)?)
}

async fn fetch_into(replica: &Replica, ids: &[Cid], blocks: &mut Blocks) -> Result<(), OracleError> {
    let found = crate::blobs::fetch_blobs(replica, ids).await;
    let found = found.map_err(|error| FoldError::Store(error.to_string()))?;
    for id in ids {
        blocks.insert(found.get(id).cloned().ok_or(FoldError::MissingBlock(*id))?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_pay_ends_before_the_row_was_known() {
        let decreed =
            DecreedRow { first: 60, new: Hash([2; 32]), old: Hash([1; 32]), seal: 31, message: Cid::default() };
        let row = TermRow { first: 60, distributor: Hash([2; 32]), old: Hash([1; 32]), is_decreed: true };
        assert_eq!(last_paid_late(&[decreed], &[row], &row, 7), 30);
        let handed_over = TermRow { first: 90, is_decreed: false, ..row };
        assert_eq!(last_paid_late(&[decreed], &[row, handed_over], &handed_over, 7), 59);
        assert_eq!(last_paid_late(&[decreed], &[row, handed_over], &handed_over, 35), 54);
    }
}
