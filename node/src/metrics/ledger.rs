//! What every node has: its copy of the ledger, its peers, its disk, the calendar.

use super::disk::directory_size;
use super::{CounterBy1, Instruments, begin, count, disk_space, seconds, whole};
use crate::replica::Replica;
use liaise_ledger::body::Body;
use liaise_ledger::{MessageError, Verified};
use liaise_store::{IngestReport, RefuseReason, Status, StoreError};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicBool, Ordering};

/// Missing messages are counted up to this many: the list can be as long as a liar makes it.
const WANTED_CAP: usize = 10_000;
const OUTCOMES: [&str; 3] = ["accepted", "duplicate", "refused"];
const REASONS: [&str; 14] = [
    "size",
    "form",
    "version",
    "network",
    "field",
    "signature",
    "session-text",
    "session-unknown",
    "session-place",
    "session-scope",
    "session-time",
    "session-revoked",
    "stranger",
    "certificate",
];

/// See the module.
#[derive(Default)]
pub(crate) struct LedgerMetrics {
    /// The store signs receipts.
    witness: AtomicBool,
    ingested: CounterBy1,
    refused: CounterBy1,
    receipts: Counter,
    head: Gauge,
    wanted: Gauge,
    database: Gauge,
    disk_size: Gauge,
    disk_free: Gauge,
    peers: Gauge,
    configured: Gauge,
    reached: Gauge,
    epoch: Gauge,
    sealed: Gauge,
    overdue: Gauge,
}

impl LedgerMetrics {
    /// Those of a store; receipts are shown where it signs them.
    pub fn new(witness: bool) -> LedgerMetrics {
        let metrics = LedgerMetrics { witness: AtomicBool::new(witness), ..LedgerMetrics::default() };
        begin(&metrics.ingested, "outcome", &OUTCOMES);
        begin(&metrics.refused, "reason", &REASONS);
        metrics
    }

    /// Counts what became of messages, and the receipts that the store gave for them.
    pub fn ingested(&self, report: &IngestReport) {
        for outcome in &report.outcomes {
            let word = match &outcome.status {
                Status::Accepted { .. } => "accepted",
                Status::Duplicate { .. } => "duplicate",
                Status::Refused(why) => {
                    count(&self.refused, "reason", reason(why), 1);
                    "refused"
                }
            };
            count(&self.ingested, "outcome", word, 1);
        }
        report.receipts.iter().for_each(|batch| self.receipted(batch));
    }

    /// Counts the receipts of a batch that the store has just signed.
    pub fn receipted(&self, batch: &Verified) {
        if let Body::Receipts(batch) = &batch.message.body {
            self.receipts.inc_by(batch.receipts.len() as u64);
        }
    }

    fn sample_epochs(&self, replica: &Replica) -> Result<(), StoreError> {
        let (genesis, now_ms) = (&replica.genesis, replica.calendar.wall_ms());
        let sealed = replica.store.newest_seal()?.unwrap_or(-2);
        self.epoch.set(genesis.epoch_of(now_ms));
        self.sealed.set(sealed);
        self.overdue.set(seconds(now_ms.saturating_sub(genesis.close_ms(sealed + 1))));
        Ok(())
    }

    fn sample_peers(&self, replica: &Replica) {
        let peers = replica.links.mesh().peers();
        let number = |of: &dyn Fn(bool, bool) -> bool| {
            whole(peers.iter().filter(|peer| of(peer.fixed, peer.connected)).count() as u64)
        };
        self.peers.set(number(&|_, connected| connected));
        self.configured.set(number(&|fixed, _| fixed));
        self.reached.set(number(&|fixed, connected| fixed && connected));
    }
}

impl Instruments for LedgerMetrics {
    fn register(&self, registry: &mut Registry) {
        let mut gauge = |name, help: &str, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("ledger_head", "Newest place in the order in which messages came here", &self.head);
        gauge(
            "ledger_wanted_messages",
            "Messages that receipts name and that are not here; at most 10000",
            &self.wanted,
        );
        gauge("ledger_size_bytes", "Size of the ledger's files", &self.database);
        gauge("disk_size_bytes", "Size of the file system that holds the ledger", &self.disk_size);
        gauge("disk_free_bytes", "What may still be written to that file system", &self.disk_free);
        gauge("peers_connected", "Peers with a connection", &self.peers);
        gauge("peers_configured", "Stores that node.toml names, without this one", &self.configured);
        gauge("peers_configured_connected", "Of these, stores with a connection", &self.reached);
        gauge("epoch_current", "The epoch that goes on by this node's calendar", &self.epoch);
        gauge("epoch_sealed", "Newest epoch whose seal is here; -2 before the first", &self.sealed);
        gauge(
            "epoch_seal_overdue_seconds",
            "Time since the next epoch to be sealed should have been closed; 0 before",
            &self.overdue,
        );
        registry.register("messages_ingested", "Messages that were handed to the ledger", self.ingested.clone());
        registry.register("messages_refused", "Messages that the ledger refused", self.refused.clone());
        if self.witness.load(Ordering::Relaxed) {
            registry.register("receipts_signed", "Receipts that this witness has signed", self.receipts.clone());
        }
    }

    fn sample(&self, replica: &Replica) -> Result<(), StoreError> {
        self.head.set(whole(replica.store.head()?));
        self.wanted.set(whole(replica.store.wanted(None, WANTED_CAP)?.len() as u64));
        self.sample_epochs(replica)?;
        self.sample_peers(replica);
        let dir = replica.store.dir();
        let file = |error: std::io::Error| StoreError::File { path: dir.to_owned(), why: error.to_string() };
        let space = disk_space(dir).map_err(file)?;
        self.disk_size.set(whole(space.size));
        self.disk_free.set(whole(space.free));
        self.database.set(whole(directory_size(dir).map_err(file)?));
        Ok(())
    }
}

/// A refusal as a label: a kind, never the words, which name authors and keys.
fn reason(why: &RefuseReason) -> &'static str {
    match why {
        RefuseReason::Message(MessageError::TooLarge(_)) => "size",
        RefuseReason::Message(MessageError::Malformed(_) | MessageError::NotCanonical) => "form",
        RefuseReason::Message(MessageError::Version(_)) => "version",
        RefuseReason::Message(MessageError::ForeignNetwork(_)) => "network",
        RefuseReason::Message(MessageError::Signature) => "signature",
        RefuseReason::Session(_) => "session-text",
        RefuseReason::Link(_) => "link-text",
        RefuseReason::LinkTime { .. } => "link-time",
        RefuseReason::UnknownSession { .. } => "session-unknown",
        RefuseReason::NotFirst => "session-place",
        RefuseReason::Scope { .. } => "session-scope",
        RefuseReason::SessionNotYet { .. } | RefuseReason::SessionExpired { .. } => "session-time",
        RefuseReason::SessionRevoked => "session-revoked",
        RefuseReason::NotAMember { .. } => "stranger",
        RefuseReason::Seal(_) => "certificate",
        // A rule of one field; later kinds are rules of this sort too.
        _ => "field",
    }
}
