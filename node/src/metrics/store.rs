//! What a message store counts: requests, submissions, closed epochs.

use super::{CounterBy2, Instruments};
use crate::replica::Replica;
use crate::rpc::{Request, Response};
use liaise_store::StoreError;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Instant;

/// See the module.
pub(crate) struct StoreMetrics {
    requests: CounterBy2,
    waiting: Gauge,
    submissions: Histogram,
    write_failures: Counter,
    closed: Gauge,
}

impl Default for StoreMetrics {
    fn default() -> StoreMetrics {
        StoreMetrics {
            requests: CounterBy2::default(),
            waiting: Gauge::default(),
            // 1 ms to 16 s.
            submissions: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            write_failures: Counter::default(),
            closed: Gauge::default(),
        }
    }
}

impl StoreMetrics {
    /// Counts a request that was read and its answer.
    pub fn answered(&self, request: &'static str, response: &Response) {
        let outcome = if matches!(response, Response::Refused(_)) { "refused" } else { "answered" };
        self.requests.get_or_create(&[("request", request), ("outcome", outcome)]).inc();
    }

    /// A submission waits for its turn and for the disk until the guard is dropped.
    pub fn submission(&self) -> Waiting<'_> {
        self.waiting.inc();
        Waiting { metrics: self, since: Instant::now() }
    }

    /// The store could not write.
    pub fn write_failed(&self) {
        self.write_failures.inc();
    }
}

/// A submission under way.
pub(crate) struct Waiting<'a> {
    metrics: &'a StoreMetrics,
    since: Instant,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.metrics.waiting.dec();
        self.metrics.submissions.observe(self.since.elapsed().as_secs_f64());
    }
}

/// A request's name as a label.
pub(crate) fn name(request: &Request) -> &'static str {
    match request {
        Request::Submit(_) => "submit",
        Request::Follow { .. } => "follow",
        Request::Get(_) => "get",
        Request::Blobs(_) => "blobs",
        Request::PutBlobs(_) => "put-blobs",
        Request::Round { .. } => "round",
        Request::Offer(_) => "offer",
        Request::Offers { .. } => "offers",
        Request::Agreement(_) => "agreement",
        Request::Status => "status",
    }
}

/// A request that can't be read.
pub(crate) const MALFORMED: &str = "malformed";

impl Instruments for StoreMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("store_requests", "Requests of peers, by their answer", self.requests.clone());
        let help = "Submissions that wait to be verified and written";
        registry.register("store_submissions_waiting", help, self.waiting.clone());
        let help = "Time from a submission's arrival until its messages and receipts are durable";
        registry.register("store_submission_seconds", help, self.submissions.clone());
        let help = "Groups of submissions that could not be written";
        registry.register("store_write_failures", help, self.write_failures.clone());
        let help = "Newest epoch that this witness has closed; -2 before the first, and for stores that are no witness";
        registry.register("store_epoch_closed", help, self.closed.clone());
    }

    fn sample(&self, replica: &Replica) -> Result<(), StoreError> {
        let (store, now) = (&replica.store, replica.genesis.epoch_of(replica.calendar.wall_ms()));
        let mut closed = -2;
        if let Some(own) = store.witness_key() {
            // What is sealed without this witness it never closes: the search ends there.
            let oldest = store.newest_seal()?.unwrap_or(-1).max(0) - 1;
            for epoch in (oldest..=now).rev() {
                if store.closes(epoch)?.iter().any(|(key, _)| *key == own) {
                    closed = epoch;
                    break;
                }
            }
        }
        self.closed.set(closed);
        Ok(())
    }
}
