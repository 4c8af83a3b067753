//! A compute node: it learns of prompts, races where it is drawn, judges what others reveal.
//!
//! One thing at a time: a node has one slot. Judging goes before racing, for a judged result ends a race.

mod board;
mod certified;
mod draws;
mod judge;
mod work;

use crate::blocking::blocking;
use crate::documents::Library;
use crate::metrics::{ComputeMetrics, Work};
use crate::replica::{Replica, ReplicaError};
use board::{Duty, Fact, Task};
pub use certified::{Uncertified, certified_units, units_of};
use cid::Cid;
use draws::Draws;
use liaise_compute::{AdapterId, Primitive};
use liaise_ledger::body::Body;
use liaise_ledger::genesis::Units;
use liaise_ledger::{Account, Author, Draft, Hash, Signer, Verified};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How often patience is looked at when nothing arrives.
const TICK: Duration = Duration::from_millis(200);
/// How often what waits is counted.
const MEASURED: Duration = Duration::from_secs(1);
/// Messages read from the own store at once.
const PAGE: usize = 512;
/// A task is forgotten this long after its prompt came: its deadline has passed for everybody.
const FORGET_MS: u64 = 1_800_000;

/// What every piece of work needs.
pub struct Worker {
    /// The ledger.
    pub replica: Replica,
    /// Who is paid.
    pub account: Account,
    /// The work session's key.
    pub signer: Arc<Signer>,
    /// What the node serves, by the id that it announces.
    pub primitives: BTreeMap<Hash, Served>,
    /// The documents that answers are read from.
    pub library: Arc<Library>,
    /// What it counts.
    pub metrics: Arc<ComputeMetrics>,
}

/// An adapter that a node serves.
#[derive(Clone)]
pub struct Served {
    /// What runs it.
    pub primitive: Arc<dyn Primitive>,
    /// The table that its work is counted by, whatever the node's own bundle says.
    pub units: Units,
}

/// Why a piece of work came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkError {
    /// Something could not be published or read.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// The own store failed.
    #[error(transparent)]
    Store(#[from] liaise_store::StoreError),
    /// A beacon round is missing.
    #[error(transparent)]
    Beacon(#[from] crate::beacon::BeaconFetchError),
    /// The model failed, or the input is malformed.
    #[error(transparent)]
    Compute(#[from] liaise_compute::Error),
    /// A message that the work rests on is missing or of another kind.
    #[error("{0} of task {1} is missing or of another kind")]
    Missing(&'static str, Cid),
    /// The eligibility snapshot of an epoch can't be had yet.
    #[error("the snapshot of epoch {0} is not attested by a quorum of oracles yet")]
    Snapshot(i64),
    /// Documents that the task needs can't be had.
    #[error(transparent)]
    Documents(#[from] crate::documents::DocumentsError),
}

impl Worker {
    /// Signs a message of this node's account; nobody else has it yet.
    pub async fn sign(&self, parents: Vec<Cid>, task: Option<Cid>, body: Body) -> Result<Verified, ReplicaError> {
        self.replica.sign(self.signer.clone(), self.draft(parents, task, body)).await
    }

    /// Signs and publishes a message of this node's account.
    pub async fn say(&self, parents: Vec<Cid>, task: Option<Cid>, body: Body) -> Result<Verified, ReplicaError> {
        self.replica.say(self.signer.clone(), self.draft(parents, task, body)).await
    }

    fn draft(&self, parents: Vec<Cid>, task: Option<Cid>, body: Body) -> Draft {
        let author = Author::Account(self.account.clone());
        Draft { author, parents, task, time_ms: self.replica.calendar.wall_ms(), body }
    }

    fn now_ms(&self) -> u64 {
        self.replica.calendar.mono_ns() / 1_000_000
    }
}

/// What the node is doing, and what makes it stop.
struct Running {
    task: Cid,
    duty: Duty,
    cancel: Arc<AtomicBool>,
}

type Job = (Running, tokio::task::JoinHandle<()>);

/// Returns when the job that is under way has ended; never where there is none.
async fn end_of(job: &mut Option<Job>) {
    match job {
        Some((_, handle)) => drop(handle.await),
        None => std::future::pending().await,
    }
}

struct Node {
    worker: Arc<Worker>,
    draws: Draws,
    tasks: Mutex<BTreeMap<Cid, Task>>,
    /// Told when a task is there to be looked at.
    drawn: Notify,
}

/// Works until it is dropped.
///
/// # Errors
/// The node's own store failed.
pub async fn run(worker: Arc<Worker>) -> Result<(), WorkError> {
    let (draws, tasks) = (Draws::new(worker.clone()), Mutex::default());
    let node = Arc::new(Node { worker, draws, tasks, drawn: Notify::new() });
    let mut head = node.worker.replica.watch();
    // What happened before the node was up is over: prompts that it missed have successors.
    let mut read = *head.borrow_and_update();
    let mut running: Option<Job> = None;
    let mut measured = Instant::now();
    loop {
        // Whatever may give something to do wakes it at once; time itself, which lets in others, at the next tick.
        tokio::select! {
            _ = head.changed() => {}
            () = node.drawn.notified() => {}
            () = end_of(&mut running) => running = None,
            () = tokio::time::sleep(TICK) => {}
        }
        read = node.read_from(read).await?;
        if let Some((job, _)) = &running
            && node.is_pointless(job)
        {
            job.cancel.store(true, Ordering::Relaxed);
        }
        if running.is_none()
            && let Some((task, duty)) = node.next_duty()
        {
            running = Some(node.clone().start(task, duty));
        }
        if measured.elapsed() >= MEASURED {
            node.measure(running.is_some());
            measured = Instant::now();
        }
    }
}

impl Node {
    /// Takes in everything that the store has after a place.
    async fn read_from(self: &Arc<Self>, mut place: u64) -> Result<u64, WorkError> {
        loop {
            let store = self.worker.replica.store.clone();
            let page = blocking(move || store.follow(place, PAGE)).await?;
            let Some((last, _)) = page.last() else { return Ok(place) };
            place = *last;
            for (_, signed) in page {
                // The store verified it; only its form is needed here.
                if let Ok(message) = Verified::check_stored(signed, self.worker.replica.network) {
                    self.take(message);
                }
            }
        }
    }

    fn take(self: &Arc<Self>, message: Verified) {
        let Author::Account(by) = &message.message.author else { return };
        let fact = match &message.message.body {
            Body::Ticket(ticket) if self.worker.primitives.contains_key(&ticket.adapter) => {
                return self.draws.prepare(message.id, ticket.clone());
            }
            Body::Prompt(prompt) => return self.open(message.id, prompt.ticket),
            Body::RetrievalAdd(add) => return self.open(message.id, add.ticket),
            Body::RetrievalRemove(remove) => return self.worker.library.remove(&remove.chunks),
            Body::Commit(_) => Fact::Commit,
            Body::Result(_) => Fact::Result(message.id),
            Body::VerdictCommit(_) => Fact::VerdictCommit,
            Body::Verdict(verdict) => Fact::Verdict { result: verdict.result, accepts: verdict.score >= 500 },
            _ => return,
        };
        let Some(task) = message.message.task else { return };
        let now = self.worker.now_ms();
        if let Some(task) = lock(&self.tasks).get_mut(&task) {
            task.learn(by, fact, now, &self.worker.replica.genesis.parameters);
        }
    }

    /// A prompt has come: once its draw is known it is a task for this node or none.
    fn open(self: &Arc<Self>, id: Cid, ticket: Cid) {
        let (node, now) = (self.clone(), self.worker.now_ms());
        tokio::spawn(async move {
            match node.draws.draw(ticket).await {
                Ok(Some((order, seed))) => {
                    lock(&node.tasks).entry(id).or_insert_with(|| Task::new(id, order, seed, now));
                    // What others published while the draw was under way.
                    let store = node.worker.replica.store.clone();
                    let known = blocking(move || {
                        let ids = store.task(&id)?;
                        ids.iter().map(|id| store.get(id)).collect::<Result<Vec<_>, _>>()
                    });
                    for signed in known.await.into_iter().flatten().flatten() {
                        if let Ok(message) = Verified::check_stored(signed, node.worker.replica.network) {
                            node.take(message);
                        }
                    }
                    node.drawn.notify_one();
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, task = %id, "no draw for a prompt"),
            }
        });
    }

    /// The most urgent thing to do: results to judge before tasks to run, older tasks first.
    fn next_duty(&self) -> Option<(Cid, Duty)> {
        let (now, parameters) = (self.worker.now_ms(), &self.worker.replica.genesis.parameters);
        let mut tasks = lock(&self.tasks);
        tasks.retain(|_, task| now.saturating_sub(task.prompt_ms) < FORGET_MS);
        let owed = tasks.values().flat_map(|task| {
            let duties = task.duties(&self.worker.account, now, parameters);
            duties.into_iter().map(|duty| (matches!(duty, Duty::Race), task.prompt_ms, task.id, duty))
        });
        let (_, _, id, duty) = owed.min()?;
        let task = tasks.get_mut(&id)?;
        match duty {
            Duty::Race => task.started_race(),
            Duty::Judge(result) => task.started_judging(result),
        }
        Some((id, duty))
    }

    /// Counts what waits, for whoever watches the node.
    fn measure(&self, busy: bool) {
        let (now, parameters) = (self.worker.now_ms(), &self.worker.replica.genesis.parameters);
        let tasks = lock(&self.tasks);
        let owed = tasks.values().map(|task| task.duties(&self.worker.account, now, parameters).len()).sum();
        self.worker.metrics.board(tasks.len(), owed, busy);
    }

    /// A race that a rival's result may have decided stops, to judge it first.
    fn is_pointless(&self, job: &Running) -> bool {
        job.duty == Duty::Race
            && lock(&self.tasks).get(&job.task).is_some_and(|task| task.has_rival(&self.worker.account))
    }

    fn start(self: Arc<Self>, task: Cid, duty: Duty) -> Job {
        let cancel = Arc::new(AtomicBool::new(false));
        let running = Running { task, duty, cancel: cancel.clone() };
        let handle = tokio::spawn(async move {
            match duty {
                Duty::Race => self.race(task, cancel).await,
                Duty::Judge(result) => self.judge(task, result).await,
            }
        });
        (running, handle)
    }

    async fn race(self: &Arc<Self>, id: Cid, cancel: Arc<AtomicBool>) {
        let outcome = work::race(&self.worker, id, cancel).await;
        self.worker.metrics.worked(Work::Race, word(&outcome));
        let mut tasks = lock(&self.tasks);
        let Some(task) = tasks.get_mut(&id) else { return };
        match outcome {
            Ok(()) => {}
            Err(WorkError::Compute(liaise_compute::Error::Cancelled)) => task.stopped_race(),
            Err(error) => {
                tracing::warn!(%error, task = %id, "a task could not be done");
                task.give_up();
            }
        }
    }

    async fn judge(self: &Arc<Self>, id: Cid, result: Cid) {
        let outcome = work::check(&self.worker, id, result).await;
        self.worker.metrics.worked(Work::Judge, word(&outcome));
        match outcome {
            Ok(finding) => {
                let accepts = finding.accepts();
                self.worker.metrics.judged(accepts);
                let seed = {
                    let mut tasks = lock(&self.tasks);
                    let Some(task) = tasks.get_mut(&id) else { return };
                    task.judged(result, accepts);
                    task.seed
                };
                // Opening waits for a beacon round: the slot is free meanwhile.
                let node = self.clone();
                tokio::spawn(async move {
                    if !accepts {
                        node.reveal_before_refusing(id).await;
                    }
                    if let Err(error) = judge::publish(&node.worker, id, seed, finding).await {
                        tracing::warn!(%error, task = %id, "a verdict could not be published");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, task = %id, %result, "a result could not be judged");
                if let Some(task) = lock(&self.tasks).get_mut(&id) {
                    task.judged(result, false);
                }
            }
        }
    }

    /// A refusal counts only from a node that has revealed a result of its own: a racer reveals first, within its patience.
    async fn reveal_before_refusing(&self, id: Cid) {
        let patience = Duration::from_secs(self.worker.replica.genesis.parameters.patience_s.max(1) * 4);
        let wait = async {
            loop {
                let waiting = {
                    let tasks = lock(&self.tasks);
                    tasks.get(&id).is_some_and(|task| {
                        let drawn = task.duties(
                            &self.worker.account,
                            self.worker.now_ms(),
                            &self.worker.replica.genesis.parameters,
                        );
                        drawn.contains(&Duty::Race) || task.may_still_reveal(&self.worker.account)
                    })
                };
                if !waiting {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let _ = tokio::time::timeout(patience, wait).await;
    }
}

/// What became of a piece of work, for the metrics.
fn word<T>(outcome: &Result<T, WorkError>) -> &'static str {
    match outcome {
        Ok(_) => "done",
        Err(WorkError::Compute(liaise_compute::Error::Cancelled)) => "cancelled",
        Err(_) => "failed",
    }
}

/// A panic elsewhere is reported there; the data is whole between two calls.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The primitives that a node serves, by the adapter id that it announces.
pub fn adapter_hash(id: AdapterId) -> Hash {
    Hash(id.0)
}
