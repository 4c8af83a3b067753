//! An oracle: it folds each sealed epoch, attests to it, signs what its distributor may file, and files it.

mod desk;
mod draws;
mod due;
mod folds;
mod once;

use crate::blocking::blocking;
use crate::config::OracleRole;
use crate::metrics::OracleMetrics;
use crate::replica::{Replica, ReplicaError};
use crate::terms::Terms;
use cid::Cid;
use desk::Desk;
use draws::Draws;
use liaise_chain_api::{ChainError, DistributorReader, Submitter};
use liaise_ledger::body::{Body, Vote};
use liaise_ledger::{Author, Draft, Signer};
use liaise_oracle::artefact::Blocks;
use liaise_oracle::audit::AuditError;
use liaise_oracle::fold::FoldError;
use liaise_oracle::journal::{Journal, JournalError};
use liaise_oracle::moving::{Guard, MoveError, may_sign, votes_of};
use liaise_oracle::quorum::{OracleKey, QuorumError, attest};
use liaise_store::{Store, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use desk::signatures_for;
pub use due::{Due, LateLook, distributor_state, due, load_distributor};
pub use folds::{FoldedAt, folded_at, state_at};
pub(crate) use folds::{Folds, artefact_cid, ledger, seal_of};
pub use once::{Next, fold_up_to, next_filing, sign_once};

/// How often the chain is asked how it stands.
const POLL: Duration = Duration::from_millis(700);
/// Blocks of a history that are read and sent at once.
const PUBLISHED: usize = 256;

/// Why an oracle can't go on for now. It tries again: nothing here is lost.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OracleError {
    /// The fold, or something that it needs is missing.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something could not be published.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A signature was refused.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    /// A root that two implementations do not agree on: nothing was signed.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The submission journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// This host's journal does not let it sign.
    #[error(transparent)]
    Move(#[from] MoveError),
    /// A beacon round that the fold needs.
    #[error(transparent)]
    Beacon(#[from] crate::beacon::BeaconFetchError),
}

fn bytes_of(blocks: &Blocks) -> Vec<Vec<u8>> {
    blocks.iter().map(|(_, bytes)| bytes.to_vec()).collect()
}

/// A distributor that an oracle files on.
#[derive(Clone, Debug)]
pub struct Office {
    /// Reads it.
    pub reader: Arc<dyn DistributorReader>,
    /// Pays for filings there; without one others submit what this oracle signs.
    pub submitter: Option<Arc<dyn Submitter>>,
}

/// A running oracle.
pub struct Oracle {
    replica: Replica,
    key: OracleKey,
    signer: Arc<Signer>,
    folds: Folds,
    draws: Draws,
    offices: Vec<Office>,
    stagger: Duration,
    /// What the ledger holds of its votes, once its journal was held against it: nothing of that is said again.
    said: Option<BTreeSet<Vec<u8>>>,
    metrics: Arc<OracleMetrics>,
}

impl Oracle {
    /// An oracle over a replica.
    pub fn new(
        replica: Replica,
        key: OracleKey,
        signer: Arc<Signer>,
        offices: Vec<Office>,
        role: &OracleRole,
    ) -> Oracle {
        let (folds, draws) = (Folds::new(replica.clone()), Draws::new(replica.clone()));
        let metrics = Arc::new(OracleMetrics::new());
        let stagger = Duration::from_secs(role.stagger_s);
        Oracle { replica, key, signer, folds, draws, offices, stagger, said: None, metrics }
    }

    /// What it counts.
    pub(crate) fn metrics(&self) -> Arc<OracleMetrics> {
        self.metrics.clone()
    }

    /// Folds, signs and files until it is dropped.
    ///
    /// # Errors
    /// The submission journal can't be read: then nothing may be sent, and the process must end.
    pub async fn run(mut self) -> Result<(), OracleError> {
        let mut journal = Journal::open(self.replica.store.clone())?;
        let terms = self.terms()?;
        let mut desks = self.desks(self.stagger);
        let mut head = self.replica.watch();
        loop {
            if let Err(error) = self.pass(&terms, &mut desks, &mut journal).await {
                self.metrics.pass_failed(&error);
                tracing::warn!(%error, "an oracle's pass stopped; it comes back");
            }
            let _ = tokio::time::timeout(POLL, head.changed()).await;
        }
    }

    /// The table of terms over all its distributors.
    fn terms(&self) -> Result<Terms, StoreError> {
        let readers = self.offices.iter().map(|office| office.reader.clone()).collect();
        Terms::kept_in(self.replica.store.clone(), readers)
    }

    /// A desk for each distributor.
    fn desks(&self, stagger: Duration) -> Vec<Desk> {
        self.offices.iter().map(|office| Desk::new(office, stagger)).collect()
    }

    async fn pass(
        &mut self,
        terms: &Terms,
        desks: &mut [Desk],
        journal: &mut Journal<Store>,
    ) -> Result<(), OracleError> {
        self.clear().await?;
        // Most messages change nothing on the chain: it is asked for each only while a filing waits for signatures.
        let mut look = desks.iter().any(Desk::wants_a_look);
        while let Some(folded) = self.folds.next().await? {
            tracing::info!(epoch = folded.epoch, history = %folded.history, "folded");
            self.publish_history(&folded).await?;
            let (key, guard) = (&self.key, Guard(self.replica.store.clone()));
            let vote = attest(key, &guard, self.replica.network, folded.epoch, &folded.history)?;
            // A host that has taken over folds what was attested to long ago.
            if !self.said.as_ref().is_some_and(|said| said.contains(vote.statement.as_slice())) {
                self.say(vote).await?;
                self.metrics.signed("history");
            }
            look = true;
        }
        if let Some(state) = self.folds.newest().await? {
            self.metrics.folded(state.epoch);
            // Drawing ahead only saves time at the close: filing waits for nothing of it.
            if let Err(error) = self.draws.pass(state).await {
                tracing::debug!(%error, "tickets are drawn later");
            }
        }
        if !look {
            return Ok(());
        }
        // Every chain is asked for its hand-overs once a look, not once a desk.
        let table = match self.folds.newest().await?.map(|state| state.shared.clone()) {
            Some(shared) => Some((terms.table(&shared).await?, shared)),
            None => None,
        };
        let mut first = Ok(());
        for desk in desks {
            // A chain that is away keeps nobody from filing on the others.
            if let Err(error) = desk.pass(self, table.as_ref(), journal).await {
                first = first.and(Err(error));
            }
        }
        first
    }

    /// Makes sure, once, that nothing was signed with this key that the journal here does not know: another host's votes, or
    /// those from after a backup, are in the ledger.
    async fn clear(&mut self) -> Result<(), OracleError> {
        if self.said.is_some() {
            return Ok(());
        }
        self.replica.catch_up().await?;
        let (store, key) = (self.replica.store.clone(), self.key.public());
        let said = blocking(move || {
            may_sign(&store, &key)?;
            Ok::<_, MoveError>(votes_of(&store, &key)?.into_iter().map(|(_, bytes)| bytes).collect())
        });
        self.said = Some(said.await?);
        Ok(())
    }

    /// Sends a history's blocks to the stores: the fold has put them into the own one already.
    async fn publish_history(&self, folded: &FoldedAt) -> Result<(), OracleError> {
        let ids: Vec<Cid> = folded.block.beneath().chain([&folded.history]).copied().collect();
        for ids in ids.chunks(PUBLISHED) {
            let (store, ids) = (self.replica.store.clone(), ids.to_vec());
            let blocks = blocking(move || {
                let block = |id| store.get_blob(id).transpose();
                ids.iter().filter_map(block).collect::<Result<Vec<Vec<u8>>, StoreError>>()
            });
            self.replica.put_blobs(blocks.await?).await;
        }
        Ok(())
    }

    /// Keeps a filing's blocks and hands them to every store; one that misses them gets them from another.
    async fn publish_blocks(&self, blocks: &Blocks) -> Result<(), OracleError> {
        let (store, own) = (self.replica.store.clone(), bytes_of(blocks));
        blocking(move || {
            let own: Vec<&[u8]> = own.iter().map(Vec::as_slice).collect();
            store.put_blobs(&own)
        })
        .await?;
        self.replica.put_blobs(bytes_of(blocks)).await;
        Ok(())
    }

    async fn say(&self, vote: Vote) -> Result<(), OracleError> {
        let author = Author::Oracle(self.key.public());
        let time_ms = self.replica.calendar.wall_ms();
        let draft = Draft { author, parents: vec![], task: None, time_ms, body: Body::Vote(vote) };
        self.replica.say(self.signer.clone(), draft).await?;
        Ok(())
    }
}
