//! Running a task, and checking what another node says about it.

use super::judge::Finding;
use super::{Served, WorkError, Worker};
use crate::blocking::blocking;
use crate::metrics::Work;
use crate::offer::{EarlyAnswer, seal};
use crate::rpc::{Offer, Request};
use cid::Cid;
use futures::StreamExt;
use liaise_compute::retrieval::Documents;
use liaise_compute::retrieval::task::{AddInput, AnswerInput, TaskInput};
use liaise_compute::{Check, SnapshotId, TaskContext};
use liaise_ledger::body::{Binding, Body, Commit, TaskResult, Ticket};
use liaise_ledger::hash::blob_cid;
use liaise_ledger::{Hash, Verified};
use serde_bytes::{ByteArray, ByteBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How many sources an answer reads at least.
const SOURCES: u32 = 10;

/// Everything that a task needs before a model sees it.
struct Prepared {
    served: Served,
    announced: Hash,
    input: Vec<u8>,
    documents: Option<Arc<dyn Documents>>,
    snapshot: Option<Hash>,
    reply_key: [u8; 32],
}

async fn message(worker: &Worker, id: Cid, what: &'static str) -> Result<Verified, WorkError> {
    let (store, network) = (worker.replica.store.clone(), worker.replica.network);
    let signed = blocking(move || store.get(&id)).await?.ok_or(WorkError::Missing(what, id))?;
    Verified::check_stored(signed, network).map_err(|_| WorkError::Missing(what, id))
}

async fn ticket_of(worker: &Worker, ticket: Cid) -> Result<Ticket, WorkError> {
    match message(worker, ticket, "the ticket").await?.message.body {
        Body::Ticket(terms) => Ok(terms),
        _ => Err(WorkError::Missing("the ticket", ticket)),
    }
}

async fn prepare(worker: &Worker, id: Cid) -> Result<Prepared, WorkError> {
    let (ticket, input, documents, snapshot, reply_key) = match message(worker, id, "the prompt").await?.message.body {
        Body::Prompt(prompt) => {
            let documents = match prompt.snapshot {
                Some(snapshot) => Some(worker.library.documents(snapshot).await?),
                None => None,
            };
            let snapshot = SnapshotId(prompt.snapshot.unwrap_or_default().0);
            let input = TaskInput::Answer(AnswerInput { v: 1, question: prompt.text, snapshot, k: SOURCES }).to_bytes();
            (prompt.ticket, input, documents, prompt.snapshot, prompt.reply_key)
        }
        Body::RetrievalAdd(add) => {
            let chunks = worker.library.texts(&add.chunks).await?;
            let input = TaskInput::Add(AddInput { v: 1, chunks }).to_bytes();
            (add.ticket, input, None, None, add.reply_key)
        }
        _ => return Err(WorkError::Missing("the prompt", id)),
    };
    let terms = ticket_of(worker, ticket).await?;
    let served = worker.primitives.get(&terms.adapter).cloned().ok_or(WorkError::Missing("the adapter", id))?;
    Ok(Prepared { served, announced: terms.adapter, input, documents, snapshot, reply_key: reply_key.into_array() })
}

fn context<'a>(documents: &'a Option<Arc<dyn Documents>>, cancel: &'a AtomicBool) -> TaskContext<'a> {
    let context = TaskContext::new().with_cancel(cancel);
    match documents {
        Some(documents) => context.with_documents(documents.as_ref()),
        None => context,
    }
}

/// Runs a task, commits, sends the user the early answer and reveals.
///
/// # Errors
/// The task can't be done here, or was cancelled.
pub async fn race(worker: &Arc<Worker>, id: Cid, cancel: Arc<AtomicBool>) -> Result<(), WorkError> {
    let prepared = prepare(worker, id).await?;
    let started = std::time::Instant::now();
    let (served, input, documents) = (prepared.served.clone(), prepared.input.clone(), prepared.documents.clone());
    let (output, units) = blocking(move || {
        let output = served.primitive.run(&input, &context(&documents, &cancel))?;
        // The ticket's limit is the fold's to apply: a claim says what the work is by the table.
        let units = served.units.count(served.primitive.items(&input, &output.bytes)?);
        Ok::<_, liaise_compute::Error>((output, units))
    })
    .await?;
    let latency = started.elapsed();
    worker.metrics.inferred(Work::Race, latency);
    let salt = *crate::keys::random_secret();
    let hash = TaskResult::commitment(&id, &output.bytes, &worker.account, &salt);
    // From here on the node is bound: it reveals whatever others do.
    let commit = worker.say(vec![id], Some(id), Body::Commit(Commit { hash })).await?;
    let worker = worker.clone();
    tokio::spawn(async move {
        let revealed = reveal(&worker, id, commit.id, prepared, output, units, salt, latency).await;
        if let Err(error) = revealed {
            tracing::warn!(%error, task = %id, "a result could not be revealed");
        }
    });
    Ok(())
}

#[allow(clippy::too_many_arguments)] // one call site; a struct would only repeat the names
async fn reveal(
    worker: &Worker,
    id: Cid,
    commit: Cid,
    prepared: Prepared,
    output: liaise_compute::Output,
    units: u64,
    salt: [u8; 32],
    latency: Duration,
) -> Result<(), WorkError> {
    let parameters = &worker.replica.genesis.parameters;
    // Whoever copies comes too late to win or to tie.
    let wait = Duration::from_millis(parameters.reveal_ms).max(latency / 50);
    let revealed_at = tokio::time::Instant::now() + wait;
    offer(worker, id, commit, &prepared, &output, &salt).await;
    tokio::time::sleep_until(revealed_at).await;
    let blobs: Vec<Cid> = output.blobs.iter().map(|blob| blob_cid(blob)).collect();
    worker.replica.put_blobs(output.blobs).await;
    let binding = Binding {
        adapter: prepared.announced,
        config: Hash::of(&[b"retrieval/1"]),
        seed: Hash::of(&[]),
        snapshot: prepared.snapshot,
        system_prompt: Hash::of(&[]),
    };
    let output = ByteBuf::from(output.bytes);
    let body = Body::Result(TaskResult { commit, salt: ByteArray::new(salt), output, blobs, binding, units });
    worker.say(vec![id, commit], Some(id), body).await?;
    worker.metrics.revealed();
    Ok(())
}

/// Hands the early answer to the stores. That it arrives is a courtesy, not a duty: failures are only logged.
async fn offer(
    worker: &Worker,
    prompt: Cid,
    commit: Cid,
    prepared: &Prepared,
    output: &liaise_compute::Output,
    salt: &[u8; 32],
) {
    let answer = EarlyAnswer { output: ByteBuf::from(output.bytes.clone()), salt: ByteArray::new(*salt) };
    let sealed = ByteBuf::from(seal(&prepared.reply_key, &answer));
    let request = Request::Offer(Offer { prompt, commit, sealed });
    let mut answers = Box::pin(worker.replica.links.ask_all(&request, crate::links::PATIENCE));
    while let Some((_, answer)) = answers.next().await {
        if let Err(error) = answer {
            tracing::debug!(%error, "a store did not take an early answer");
        }
    }
}

/// Checks another node's result.
///
/// # Errors
/// What stops this node from judging; whatever is wrong with the result is a finding.
pub async fn check(worker: &Arc<Worker>, id: Cid, result: Cid) -> Result<Finding, WorkError> {
    let prepared = prepare(worker, id).await?;
    let Body::Result(body) = message(worker, result, "the result").await?.message.body else {
        return Err(WorkError::Missing("the result", result));
    };
    let blobs = worker.library.blobs(&body.blobs).await?;
    // Nobody else can know which part is recomputed: the seed is this judge's secret.
    let sample_seed = *crate::keys::random_secret();
    let salt = *crate::keys::random_secret();
    let started = std::time::Instant::now();
    let check = blocking(move || judge(&prepared, &body, &blobs, sample_seed)).await?;
    worker.metrics.inferred(Work::Judge, started.elapsed());
    Ok(Finding::new(result, check, salt))
}

/// What a judge finds: cheap questions first.
fn judge(
    prepared: &Prepared,
    result: &TaskResult,
    blobs: &[Vec<u8>],
    sample_seed: [u8; 32],
) -> Result<Check, liaise_compute::Error> {
    if result.binding.adapter != prepared.announced || result.binding.snapshot != prepared.snapshot {
        return Ok(Check::refused("the result names another adapter or snapshot than the task"));
    }
    let Served { primitive, units } = &prepared.served;
    let items = primitive.items(&prepared.input, &result.output);
    if let Ok(items) = items {
        let units = units.count(items);
        if units != result.units {
            let claimed = result.units;
            return Ok(Check::refused(format!("it claims {claimed} work units, the certified table gives {units}")));
        }
    }
    let never = AtomicBool::new(false);
    let check =
        primitive.verify(&prepared.input, &result.output, blobs, sample_seed, &context(&prepared.documents, &never))?;
    if check.accepts() {
        // What can't be counted is not accepted: `verify` has told what is wrong with it, or this node can't judge.
        items?;
    }
    Ok(check)
}

#[cfg(test)]
mod tests;
