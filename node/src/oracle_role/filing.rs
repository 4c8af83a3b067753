//! What a distributor may file next, and how it gets there: signed by a quorum, then submitted by whoever is first.

use super::folds::{FoldedAt, artefact_cid};
use super::{Oracle, OracleError, POLL};
use crate::blocking::blocking;
use crate::chain::Coin;
use crate::metrics::OracleMetrics;
use crate::payable::accepted_statement;
use crate::replica::Replica;
use liaise_chain_api::{Action, At, Distributor, DistributorReader, StatementSignature, Submitter};
use liaise_ledger::{EpochNumber, Hash};
use liaise_oracle::artefact::{Blocks, TreeBlock, read_distributor};
use liaise_oracle::audit::check_root;
use liaise_oracle::fold::{DistributorState, Filing, FoldError, Shared, file, table, term_of};
use liaise_oracle::journal::{Journal, Progress};
use liaise_oracle::moving::Guard;
use liaise_oracle::quorum::{Tally, sign, vote};
use liaise_store::Store;
use liaise_summary::{DistributorId, Epoch, Hash32, NetworkId, OpenStatement, OracleSet, Statement};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the distributor waits for.
#[derive(Clone, Debug)]
pub enum Due {
    /// A range of the table is to be opened.
    Open(OpenStatement),
    /// An epoch is to be filed.
    Epoch(Box<Filing>),
}

impl Due {
    /// What oracles sign.
    pub fn statement(&self) -> Statement {
        match self {
            Due::Open(open) => Statement::Open(*open),
            Due::Epoch(filing) => Statement::Epoch(filing.statement),
        }
    }

    /// The submission, with a quorum's signatures.
    pub fn action(&self, signatures: Vec<StatementSignature>) -> Action {
        match self {
            Due::Open(statement) => Action::Open { statement: *statement, signatures },
            Due::Epoch(filing) => Action::SubmitEpoch { statement: filing.statement, signatures },
        }
    }
}

/// What the table and the chain's state call for, before any epoch is folded: an opening, or an epoch's number.
enum Call {
    Open(OpenStatement),
    File(EpochNumber),
}

fn call(shared: &Shared, network: Hash, at: &Distributor) -> Option<Call> {
    if at.pending.is_some() {
        return None;
    }
    let distributor = Hash(at.id.0);
    let rows = table(&shared.rows, &[]);
    let next = EpochNumber::from(at.next.0);
    // Epochs of its own range come before the next opening.
    if at.in_range(at.next) && term_of(&rows, next).is_some_and(|row| row.distributor == distributor) {
        return Some(Call::File(next));
    }
    let opened = |first: EpochNumber| at.range.is_some_and(|range| EpochNumber::from(range.first.0) == first);
    let row = rows.iter().find(|row| row.distributor == distributor && !opened(row.first) && row.first >= next)?;
    let decreed = shared.distributor(&distributor)?;
    Some(Call::Open(OpenStatement {
        network: NetworkId(network.0),
        distributor: DistributorId(distributor.0),
        first: Epoch(u32::try_from(row.first).ok()?),
        oracle_set: at.oracle_set.version,
        head: at.head,
        old: DistributorId(row.old.0),
        epoch_delay_s: decreed.value.epoch_delay_s,
        long_delay_s: decreed.value.long_delay_s,
        schedule: at.schedule.id(),
    }))
}

/// What a distributor may file over its present head; `None` while something is pending or nothing is folded for it.
///
/// # Errors
/// The chain, the store, or an artefact that is missing here.
pub async fn due(
    replica: &Replica,
    reader: &dyn DistributorReader,
    shared: &Shared,
    at: &Distributor,
    folded: impl AsyncFnOnce(EpochNumber) -> Result<Option<FoldedAt>, OracleError>,
) -> Result<Option<Due>, OracleError> {
    let epoch = match call(shared, replica.network, at) {
        None => return Ok(None),
        Some(Call::Open(open)) => return Ok(Some(Due::Open(open))),
        Some(Call::File(epoch)) => epoch,
    };
    let Some(folded) = folded(epoch).await? else { return Ok(None) };
    let before = distributor_state(replica, reader, at).await?;
    let (network, head, set) = (replica.network, Hash(at.head.0), at.oracle_set.version);
    let filing = blocking(move || file(&folded, &before, network, head, set)).await?;
    Ok(Some(Due::Epoch(Box::new(filing))))
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
    let start = DistributorState::new(Hash(at.id.0), reader.chain().clone());
    for number in (0..at.next.0).rev() {
        if let Some(statement) = accepted_statement(reader, Epoch(number)).await? {
            return load_distributor(replica, &statement.artefact.0).await;
        }
        // Before the range's first epoch nothing was filed here.
        if at.range.is_some_and(|range| range.first.0 >= number) {
            break;
        }
    }
    Ok(start)
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

async fn fetch_into(replica: &Replica, ids: &[cid::Cid], blocks: &mut Blocks) -> Result<(), OracleError> {
    let found = crate::blobs::fetch_blobs(replica, ids).await;
    let found = found.map_err(|error| FoldError::Store(error.to_string()))?;
    for id in ids {
        blocks.insert(found.get(id).cloned().ok_or(FoldError::MissingBlock(*id))?);
    }
    Ok(())
}

/// The signatures under a statement, once a quorum of the genesis's oracles has given them.
///
/// # Errors
/// The store failed, or the set is malformed.
pub fn signatures_for(
    replica: &Replica,
    statement: &Statement,
) -> Result<Option<Vec<StatementSignature>>, OracleError> {
    let set = &replica.genesis.oracles;
    let set = OracleSet::new(set.version, set.keys.clone()).map_err(liaise_oracle::quorum::QuorumError::from)?;
    let mut tally = Tally::new(&statement.encode(), set);
    for (author, vote) in replica.votes_for(&statement.encode())? {
        // Malformed votes count for nothing here.
        let _ = tally.add(&author, &vote);
    }
    Ok(tally.quorum())
}

/// Where an oracle's filings are on their way.
pub(super) struct Desk {
    reader: Arc<dyn DistributorReader>,
    submitter: Option<Arc<dyn Submitter>>,
    journal: Journal<Store>,
    stagger: Duration,
    /// The statement that was last signed, and since when its quorum is known here.
    signed: Option<(Hash32, Option<Instant>)>,
    /// Something is due and not yet on the chain.
    waits: bool,
    /// When the chain was last asked.
    looked: Option<Instant>,
    /// When it was last asked for what is on its way, wanted or not.
    followed: Option<Instant>,
}

impl Desk {
    pub fn new(
        reader: Arc<dyn DistributorReader>,
        submitter: Option<Arc<dyn Submitter>>,
        journal: Journal<Store>,
        stagger: Duration,
    ) -> Desk {
        Desk { reader, submitter, journal, stagger, signed: None, waits: false, looked: None, followed: None }
    }

    /// Something waits for signatures, which may have come, or the chain has not been asked for a while.
    pub fn wants_a_look(&self) -> bool {
        self.waits || self.looked.is_none_or(|at| at.elapsed() >= POLL)
    }

    /// Signs what is due and submits what a quorum has signed.
    pub async fn pass(&mut self, oracle: &mut Oracle) -> Result<(), OracleError> {
        self.looked = Some(Instant::now());
        self.follow_up().await;
        let Some(shared) = oracle.folds.newest().await?.map(|state| state.shared.clone()) else { return Ok(()) };
        let at = self.reader.distributor(At::Latest).await?;
        let replica = oracle.replica.clone();
        let folds = &mut oracle.folds;
        let due = due(&replica, self.reader.as_ref(), &shared, &at, async |epoch| folds.at(epoch).await).await?;
        self.waits = due.is_some();
        let Some(due) = due else { return Ok(()) };
        let statement = due.statement();
        if self.signed.as_ref().is_none_or(|(digest, _)| *digest != statement.digest()) {
            self.sign(oracle, &due, &statement).await?;
            self.signed = Some((statement.digest(), None));
        }
        let metrics = oracle.metrics.clone();
        self.submit(&replica, &at, due, &statement, &metrics).await
    }

    /// Sees how everything on its way stands: what nobody wants any more is written down as it ended, and what was lost is
    /// sent again, because later transactions wait behind it.
    async fn follow_up(&mut self) {
        let Some(submitter) = self.submitter.clone() else { return };
        if self.followed.is_some_and(|at| at.elapsed() < POLL) {
            return;
        }
        self.followed = Some(Instant::now());
        for (purpose, progress) in self.journal.resume(submitter.as_ref()).await {
            if let Err(error) = progress {
                tracing::warn!(%purpose, %error, "a submission can't be followed; it is kept");
            }
        }
    }

    async fn sign(&self, oracle: &Oracle, due: &Due, statement: &Statement) -> Result<(), OracleError> {
        let (kind, history, tree) = match due {
            Due::Open(_) => ("open", None, None),
            Due::Epoch(filing) => {
                // A root that a second implementation does not get is never signed.
                check_root(filing)?;
                oracle.publish_blocks(&filing.blocks).await?;
                ("epoch", Some(filing.block.history), Some(filing.tree_block))
            }
        };
        let guard = Guard(oracle.replica.store.clone());
        let signature = sign(&oracle.key, &guard, statement)?;
        oracle.say(vote(statement, &signature, history, tree)).await?;
        oracle.metrics.signed(kind);
        tracing::info!(digest = %statement.digest(), "signed");
        Ok(())
    }

    async fn submit(
        &mut self,
        replica: &Replica,
        at: &Distributor,
        due: Due,
        statement: &Statement,
        metrics: &OracleMetrics,
    ) -> Result<(), OracleError> {
        let Some(submitter) = self.submitter.clone() else { return Ok(()) };
        let (own, wanted) = (replica.clone(), *statement);
        let Some(signatures) = blocking(move || signatures_for(&own, &wanted)).await? else { return Ok(()) };
        // Operators leave each other time: only one of them should pay.
        let since = self.signed.get_or_insert((statement.digest(), None)).1.get_or_insert_with(Instant::now);
        if since.elapsed() < self.stagger {
            return Ok(());
        }
        if let Due::Epoch(filing) = &due {
            let end_s = replica.genesis.epoch_end_ms(EpochNumber::from(filing.statement.epoch.0)) / 1000;
            if at.at.time_s < end_s {
                return Ok(());
            }
        }
        let action = due.action(signatures);
        let limit = Coin::of(submitter.chain()).filing_limit;
        let progress = self.journal.want(submitter.as_ref(), &action, limit).await;
        metrics.submission(&progress, self.journal.live().len());
        match progress? {
            Progress::UnderWay(id) => tracing::info!(%id, action = action.name(), "submitted"),
            Progress::Done(id) => tracing::info!(%id, action = action.name(), "final"),
            Progress::DoneByOthers | Progress::Idle => {}
        }
        Ok(())
    }
}
