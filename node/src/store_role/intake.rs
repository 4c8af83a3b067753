//! Group commit: submissions that wait together are verified, written and synced together.

use crate::blocking::blocking;
use crate::metrics::StoreMetrics;
use crate::replica::Replica;
use crate::rpc::{MAX_MESSAGES, Outcome};
use liaise_ledger::Signed;
use liaise_store::{Status, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Submissions that may wait; more are refused as busy.
const QUEUE: usize = 256;

/// What a submitter gets: an outcome for each message, and the receipts batches that cover them.
pub type Answer = Result<(Vec<Outcome>, Vec<Signed>), String>;

struct Job {
    messages: Vec<Signed>,
    answer: oneshot::Sender<Answer>,
}

/// The way into the store.
#[derive(Clone)]
pub struct Intake {
    queue: mpsc::Sender<Job>,
    metrics: Arc<StoreMetrics>,
}

impl Intake {
    /// Starts the one task that writes.
    pub fn start(replica: Replica, metrics: Arc<StoreMetrics>) -> Intake {
        let (queue, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(work(replica, jobs, metrics.clone()));
        Intake { queue, metrics }
    }

    /// Submits messages and waits until they are durable.
    pub async fn submit(&self, messages: Vec<Signed>) -> Answer {
        if messages.len() > MAX_MESSAGES {
            return Err(format!("more than {MAX_MESSAGES} messages in a submission: split it"));
        }
        let (answer, result) = oneshot::channel();
        let job = Job { messages, answer };
        let _waiting = self.metrics.submission();
        self.queue.try_send(job).map_err(|_| String::from("the store is busy: submit again in a moment"))?;
        result.await.map_err(|_| String::from("the store is shutting down: submit to another one"))?
    }
}

async fn work(replica: Replica, mut jobs: mpsc::Receiver<Job>, metrics: Arc<StoreMetrics>) {
    while let Some(first) = jobs.recv().await {
        let mut group = vec![first];
        let mut count = group[0].messages.len();
        while count < MAX_MESSAGES {
            let Ok(job) = jobs.try_recv() else { break };
            count += job.messages.len();
            group.push(job);
        }
        commit(&replica, group, &metrics).await;
    }
}

async fn commit(replica: &Replica, group: Vec<Job>, metrics: &StoreMetrics) {
    let all: Vec<Signed> = group.iter().flat_map(|job| job.messages.iter().cloned()).collect();
    let store = replica.store.clone();
    let outcome = blocking(move || {
        let report = store.ingest(all)?;
        // A message that came earlier by another way has its receipt in an earlier batch: the submitter needs that one.
        let mut earlier = BTreeSet::new();
        for outcome in &report.outcomes {
            if let (Some(id), Status::Duplicate { .. }) = (&outcome.id, &outcome.status) {
                earlier.extend(store.own_receipt(id)?);
            }
        }
        let mut batches: Vec<Signed> = report.receipts.iter().map(|batch| batch.signed.clone()).collect();
        for id in earlier {
            batches.extend(store.get(&id)?);
        }
        Ok::<_, StoreError>((report, batches))
    })
    .await;
    let announced = replica.announce();
    match outcome.and_then(|done| announced.map(|()| done)) {
        Ok((report, batches)) => {
            replica.metrics.ingested(&report);
            let mut outcomes = report.outcomes.into_iter();
            for job in group {
                let own: Vec<Outcome> =
                    outcomes.by_ref().take(job.messages.len()).map(|o| describe(o.status)).collect();
                // A submitter that has gone needs no answer.
                let _ = job.answer.send(Ok((own, batches.clone())));
            }
        }
        Err(error) => {
            metrics.write_failed();
            tracing::error!(%error, "the store can't write");
            for job in group {
                let _ = job.answer.send(Err(error.to_string()));
            }
        }
    }
}

fn describe(status: Status) -> Outcome {
    match status {
        Status::Accepted { seq } => Outcome::Accepted(seq),
        Status::Duplicate { seq } => Outcome::Duplicate(seq),
        Status::Refused(why) => Outcome::Refused(why.to_string()),
    }
}
