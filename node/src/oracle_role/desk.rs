//! How what is due gets onto a chain: signed by a quorum, then submitted by whoever is first.

use super::due::{Due, LateLook, due};
use super::{Office, Oracle, OracleError, POLL};
use crate::blocking::blocking;
use crate::chain::Coin;
use crate::metrics::OracleMetrics;
use crate::replica::Replica;
use liaise_chain_api::{At, Distributor, DistributorReader, StatementSignature, Submitter};
use liaise_ledger::EpochNumber;
use liaise_oracle::audit::check_root;
use liaise_oracle::fold::{Shared, TermRow};
use liaise_oracle::journal::{Journal, Progress};
use liaise_oracle::moving::Guard;
use liaise_oracle::quorum::{Tally, sign, vote};
use liaise_store::Store;
use liaise_summary::{Hash32, OracleSet, Statement};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    stagger: Duration,
    look: LateLook,
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
    pub fn new(office: &Office, stagger: Duration) -> Desk {
        let (reader, submitter) = (office.reader.clone(), office.submitter.clone());
        let look = LateLook::default();
        Desk { reader, submitter, stagger, look, signed: None, waits: false, looked: None, followed: None }
    }

    /// Something waits for signatures, which may have come, or the chain has not been asked for a while.
    pub fn wants_a_look(&self) -> bool {
        self.waits || self.looked.is_none_or(|at| at.elapsed() >= POLL)
    }

    /// Signs what is due by the table of terms, once an epoch is folded, and submits what a quorum has signed.
    pub async fn pass(
        &mut self,
        oracle: &mut Oracle,
        table: Option<&(Vec<TermRow>, Shared)>,
        journal: &mut Journal<Store>,
    ) -> Result<(), OracleError> {
        self.looked = Some(Instant::now());
        self.follow_up(journal).await;
        let Some((rows, shared)) = table else { return Ok(()) };
        let at = self.reader.distributor(At::Latest).await?;
        let replica = oracle.replica.clone();
        let folds = &mut oracle.folds;
        let look = &mut self.look;
        let due =
            due(&replica, self.reader.as_ref(), shared, rows, &at, look, async |epoch| folds.at(epoch).await).await?;
        self.waits = due.is_some();
        let Some(due) = due else { return Ok(()) };
        let statement = due.statement();
        if self.signed.as_ref().is_none_or(|(digest, _)| *digest != statement.digest()) {
            self.sign(oracle, &due, &statement).await?;
            self.signed = Some((statement.digest(), None));
        }
        let metrics = oracle.metrics.clone();
        self.submit(&replica, &at, due, &statement, &metrics, journal).await
    }

    /// Sees how everything on its way stands: what nobody wants any more is written down as it ended, and what was lost is
    /// sent again, because later transactions wait behind it.
    async fn follow_up(&mut self, journal: &mut Journal<Store>) {
        let Some(submitter) = self.submitter.clone() else { return };
        if self.followed.is_some_and(|at| at.elapsed() < POLL) {
            return;
        }
        self.followed = Some(Instant::now());
        for (purpose, progress) in journal.resume(submitter.as_ref()).await {
            if let Err(error) = progress {
                tracing::warn!(%purpose, %error, "a submission can't be followed; it is kept");
            }
        }
    }

    async fn sign(&self, oracle: &Oracle, due: &Due, statement: &Statement) -> Result<(), OracleError> {
        let kind = match due {
            Due::Open(_) => "open",
            Due::Epoch(_) => "epoch",
            Due::Late(_) => "late",
        };
        let (history, tree) = match due.filing() {
            None => (None, None),
            Some(filing) => {
                // A root that a second implementation does not get is never signed.
                check_root(filing)?;
                oracle.publish_blocks(&filing.blocks).await?;
                (Some(filing.block.history), Some(filing.tree_block))
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
        journal: &mut Journal<Store>,
    ) -> Result<(), OracleError> {
        let Some(submitter) = self.submitter.clone() else { return Ok(()) };
        let (own, wanted) = (replica.clone(), *statement);
        let Some(signatures) = blocking(move || signatures_for(&own, &wanted)).await? else { return Ok(()) };
        // Operators leave each other time: only one of them should pay.
        let since = self.signed.get_or_insert((statement.digest(), None)).1.get_or_insert_with(Instant::now);
        if since.elapsed() < self.stagger {
            return Ok(());
        }
        if let Some(filing) = due.filing() {
            let end_s = replica.genesis.epoch_end_ms(EpochNumber::from(filing.statement.epoch.0)) / 1000;
            if at.at.time_s < end_s {
                return Ok(());
            }
        }
        let action = due.action(signatures);
        let limit = Coin::of(submitter.chain()).filing_limit;
        let progress = journal.want(submitter.as_ref(), &action, limit).await;
        metrics.submission(&progress, journal.live().len());
        match progress? {
            Progress::UnderWay(id) => tracing::info!(%id, action = action.name(), "submitted"),
            Progress::Done(id) => tracing::info!(%id, action = action.name(), "final"),
            Progress::DoneByOthers | Progress::Idle => {}
        }
        Ok(())
    }
}
