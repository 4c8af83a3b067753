//! Group commit: submissions that wait together are verified, written and synced together, and several groups at once, so
//! that one is verified while another waits for the disk.

use super::turns::Turns;
use crate::blocking::blocking;
use crate::metrics::StoreMetrics;
use crate::replica::Replica;
use crate::rpc::{MAX_MESSAGES, Outcome};
use liaise_ledger::Signed;
use liaise_store::{Status, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// Submissions that may wait; more are refused as busy.
const QUEUE: usize = 256;
/// Groups that are in the store at once. It shares the disk and the verification among them; each holds a thread while it waits.
const WORKERS: usize = 8;

/// What a submitter gets: an outcome for each message, and the receipts batches that cover them.
pub type Answer = Result<(Vec<Outcome>, Vec<Signed>), String>;

/// A submission, and who waits for its answer.
pub struct Job {
    pub messages: Vec<Signed>,
    pub answer: oneshot::Sender<Answer>,
}

/// The way into the store.
#[derive(Clone)]
pub struct Intake {
    queue: mpsc::Sender<Job>,
    metrics: Arc<StoreMetrics>,
}

impl Intake {
    /// Starts what writes.
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
        let down = || String::from("the store is shutting down: submit to another one");
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => String::from("the store is busy: submit again in a moment"),
            TrySendError::Closed(_) => down(),
        })?;
        result.await.map_err(|_| down())?
    }
}

async fn work(replica: Replica, mut jobs: mpsc::Receiver<Job>, metrics: Arc<StoreMetrics>) {
    let (mut turns, mut groups) = (Turns::default(), JoinSet::new());
    loop {
        while groups.len() < WORKERS
            && let Some(group) = turns.next()
        {
            let (replica, metrics) = (replica.clone(), metrics.clone());
            groups.spawn(async move {
                let keys = group.keys();
                commit(&replica, group.jobs, &metrics).await;
                keys
            });
        }
        tokio::select! {
            Some(done) = groups.join_next() => match done {
                Ok(keys) => turns.done(&keys),
                // Whoever waits, or comes, is told that the store is going down.
                Err(error) => return tracing::error!(%error, "a write broke off: restart the node"),
            },
            job = jobs.recv(), if turns.has_room() => match job {
                Some(job) => {
                    turns.push(job);
                    // What waits already goes together.
                    while turns.has_room() && let Ok(job) = jobs.try_recv() {
                        turns.push(job);
                    }
                }
                None => break,
            },
        }
    }
    // Nobody submits any more; what was taken in is finished.
    loop {
        while let Some(group) = turns.next() {
            commit(&replica, group.jobs, &metrics).await;
        }
        match groups.join_next().await {
            Some(Ok(keys)) => turns.done(&keys),
            _ => return,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Town;
    use futures::future::join_all;
    use liaise_ledger::body::{Body, Ticket};
    use liaise_ledger::message::Place;
    use liaise_ledger::{Author, Draft, Hash};

    const KEYS: u8 = 12;
    const TICKETS: u64 = 8;

    /// A wallet's session, and tickets that its key signs, in their order.
    fn chain(town: &Town, number: u8) -> Vec<Signed> {
        let (session, signer) = town.session_of(number);
        let mut place = Place { seq: 1, prev: Some(session.id) };
        let Author::Account(account) = session.message.author.clone() else { panic!("a wallet's") };
        let ticket = |n: u64| {
            let body = Body::Ticket(Ticket { round: n, snapshot: -1, adapter: Hash([1; 32]), max_units: 1 });
            let author = Author::Account(account.clone());
            let draft = Draft { author, parents: vec![], task: None, time_ms: session.message.time_ms, body };
            draft.sign(town.genesis.network_id(), &signer, &mut place).unwrap().signed
        };
        let tickets: Vec<Signed> = (0..TICKETS).map(ticket).collect();
        std::iter::once(session.signed).chain(tickets).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_key_says_is_stored_in_its_order_though_nobody_waits_for_answers() {
        let town = Town::start().await;
        let intake = Intake::start(town.witness.clone(), Arc::default());
        let chains: Vec<Vec<Signed>> = (0..KEYS).map(|n| chain(&town, 40 + 2 * n)).collect();
        // First all sessions, then all first tickets, and so on: each a submission of its own, all of them at once.
        let count = chains[0].len();
        let all = (0..count).flat_map(|n| chains.iter().map(move |chain| chain[n].clone()));
        let answers = join_all(all.map(|message| intake.submit(vec![message]))).await;
        assert_eq!(answers.len(), chains.len() * count);
        let mut places = vec![vec![]; chains.len()];
        for (n, answer) in answers.into_iter().enumerate() {
            let (outcomes, receipts) = answer.unwrap();
            assert!(!receipts.is_empty(), "a witness's receipts come with the answer");
            let [Outcome::Accepted(place)] = outcomes[..] else { panic!("{outcomes:?}") };
            places[n % chains.len()].push(place);
        }
        assert!(places.iter().all(|of_key| of_key.is_sorted()), "{places:?}");
    }
}
