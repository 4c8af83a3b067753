//! Ingest of a witness store, from bytes to durable messages with receipts, beside the bare verification of the same
//! signatures in batches, on the same cores: by `ed25519-dalek`, and by this project's own equation, each in calls of the same
//! size and in batches as large as pay.

use ed25519_dalek::{Signature, VerifyingKey};
use liaise_benches::network::{Traffic, genesis, store};
use liaise_benches::{Row, median, print, processor_time};
use liaise_ledger::ed25519::{Claim, verify_all};
use liaise_ledger::message::signing_bytes;
use liaise_ledger::{Signed, Verified};
use liaise_store::Status;
use rand::Rng;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::time::{Duration, Instant};

/// Messages of a call: as many as a store takes at once.
const CALL: usize = 512;
/// Larger batches are no faster.
const LARGE: usize = 4096;
/// Enough that the newest rows went into the database several times.
const TASKS: usize = 12_000;
/// Callers: more than cores, as some wait for the disk and others are verified together.
const CALLERS: usize = 16;
const ROUNDS: usize = 3;

/// Threads for each way: on a machine that does other things too, more threads get a larger share of it.
fn callers() -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(CALLERS).build().expect("threads")
}

/// What a way took: by the clock, and of all processors.
#[derive(Clone, Copy)]
struct Took {
    clock: Duration,
    processor: Duration,
}

fn took(work: impl FnOnce()) -> Took {
    let (processor, clock) = (processor_time(), Instant::now());
    work();
    Took { clock: clock.elapsed(), processor: processor_time() - processor }
}

fn ingest(sessions: &[Signed], calls: &[Vec<Signed>]) -> Took {
    let dir = tempfile::tempdir().expect("a directory");
    let store = store(dir.path());
    store.ingest(sessions.to_vec()).expect("sessions are stored");
    let calls = calls.to_vec();
    let callers = callers();
    took(|| {
        callers.install(|| {
            calls.into_par_iter().with_max_len(1).for_each(|call| {
                let report = store.ingest(call).expect("the store can write");
                let accepted = |status: &Status| matches!(status, Status::Accepted { .. });
                assert!(report.outcomes.iter().all(|outcome| accepted(&outcome.status)), "all are new");
            });
        });
    })
}

/// Signatures, ready to be verified together.
struct Batch {
    bytes: Vec<[u8; 48]>,
    signatures: Vec<Signature>,
    raw: Vec<[u8; 64]>,
    keys: Vec<VerifyingKey>,
}

fn batches(messages: &[Verified], size: usize) -> Vec<Batch> {
    let batch = |call: &[Verified]| {
        let raw: Vec<[u8; 64]> =
            call.iter().map(|message| message.signed.signature.as_slice().try_into().expect("64 bytes")).collect();
        let key = |message: &Verified| {
            VerifyingKey::from_bytes(message.message.key.as_slice().try_into().expect("32 bytes")).expect("a key")
        };
        Batch {
            bytes: call.iter().map(|message| signing_bytes(&message.id)).collect(),
            signatures: raw.iter().map(Signature::from_bytes).collect(),
            raw,
            keys: call.iter().map(key).collect(),
        }
    };
    messages.chunks(size).map(batch).collect()
}

fn verify(batches: &[Batch], way: fn(&Batch) -> bool) -> Took {
    let callers = callers();
    took(|| {
        callers.install(|| batches.par_iter().with_max_len(1).for_each(|batch| assert!(way(batch), "all are good")))
    })
}

fn library(batch: &Batch) -> bool {
    let bytes: Vec<&[u8]> = batch.bytes.iter().map(|bytes| bytes.as_slice()).collect();
    ed25519_dalek::verify_batch(&bytes, &batch.signatures, &batch.keys).is_ok()
}

fn own(batch: &Batch) -> bool {
    let claim = |i: usize| Claim { key: &batch.keys[i], message: &batch.bytes[i], signature: &batch.raw[i] };
    let claims: Vec<Claim<'_>> = (0..batch.raw.len()).map(claim).collect();
    let mut random = rand::thread_rng();
    verify_all(&claims, || random.r#gen())
}

fn main() {
    let (mut traffic, sessions) = Traffic::new(&genesis());
    let all: Vec<Verified> = (0..TASKS).flat_map(|_| traffic.task()).collect();
    let signed = |messages: &[Verified]| -> Vec<Signed> { messages.iter().map(|m| m.signed.clone()).collect() };
    let sessions = signed(&sessions);
    let bytes: usize = all.iter().map(|message| message.signed.block.len()).sum();
    let count = all.len();
    let submitted: Vec<Vec<Signed>> = all.chunks(CALL).map(signed).collect();
    let (small, large) = (batches(&all, CALL), batches(&all, LARGE));
    let mut times: [Vec<Took>; 5] = Default::default();
    for _ in 0..ROUNDS {
        let verified = [(&small, library as fn(&Batch) -> bool), (&large, library), (&small, own), (&large, own)];
        let verified = verified.map(|(batches, way)| verify(batches, way));
        let round = std::iter::once(ingest(&sessions, &submitted)).chain(verified);
        times.iter_mut().zip(round).for_each(|(times, took)| times.push(took));
    }
    let each = |times: &[Took], of: fn(&Took) -> Duration| {
        median(times.iter().map(of).collect()).as_secs_f64() * 1e6 / count as f64
    };
    let clock = |times: &Vec<Took>| each(times, |took| took.clock);
    let processor = |times: &Vec<Took>| each(times, |took| took.processor);
    let ours = clock(&times[0]);
    let against = |name, reference: f64, what: &str| {
        print(
            "ingest",
            Row {
                name,
                ours,
                reference: Some(reference),
                ratio: Some(reference / ours),
                unit: "us a message",
                conditions: format!(
                    "{count} messages of {} bytes on average, of 500 keys, in calls of {CALL} by {CALLERS} threads; a \
                     witness's store: decoded, verified, stored with receipts, synced; beside {what}; processor time {:.1} \
                     us a message, the library's {:.1} in the same calls and {:.1} in batches of {LARGE}, our own {:.1} and \
                     {:.1}; medians of {ROUNDS}",
                    bytes / count,
                    processor(&times[0]),
                    processor(&times[1]),
                    processor(&times[2]),
                    processor(&times[3]),
                    processor(&times[4]),
                ),
                command: String::new(),
            },
        );
    };
    let library = clock(&times[1]).min(clock(&times[2]));
    against(
        "ingest-vs-batch-verify",
        library,
        "ed25519-dalek's batch verification of the same signatures, at its best size",
    );
    let best = library.min(clock(&times[3])).min(clock(&times[4]));
    against(
        "ingest-vs-own-batch-verify",
        best,
        "the fastest verification of the same signatures, which is our own at its best size",
    );
}
