//! Ingest of a witness store, from bytes to durable messages with receipts, beside the bare verification of the same
//! signatures in batches, on the same cores.

use ed25519_dalek::{Signature, VerifyingKey};
use liaise_benches::network::{Traffic, genesis, store};
use liaise_benches::{Row, median, print};
use liaise_ledger::message::signing_bytes;
use liaise_ledger::{Signed, Verified};
use liaise_store::Status;
use rayon::prelude::*;
use std::time::{Duration, Instant};

/// Messages of a call: as many as a store takes at once.
const CALL: usize = 512;
/// Enough that the newest rows went into the database several times.
const TASKS: usize = 12_000;
/// Callers: more than cores, as one of them always waits for the disk.
const CALLERS: usize = 4;
const ROUNDS: usize = 3;

fn ingest(sessions: &[Signed], calls: &[Vec<Signed>]) -> Duration {
    let dir = tempfile::tempdir().expect("a directory");
    let store = store(dir.path());
    store.ingest(sessions.to_vec()).expect("sessions are stored");
    let calls = calls.to_vec();
    let callers = rayon::ThreadPoolBuilder::new().num_threads(CALLERS).build().expect("threads");
    let started = Instant::now();
    callers.install(|| {
        calls.into_par_iter().for_each(|call| {
            let report = store.ingest(call).expect("the store can write");
            let accepted = |status: &Status| matches!(status, Status::Accepted { .. });
            assert!(report.outcomes.iter().all(|outcome| accepted(&outcome.status)), "all are new");
        });
    });
    started.elapsed()
}

fn verify(calls: &[Vec<Verified>]) -> Duration {
    type Batch = (Vec<[u8; 48]>, Vec<Signature>, Vec<VerifyingKey>);
    let batch = |call: &Vec<Verified>| -> Batch {
        let bytes = call.iter().map(|message| signing_bytes(&message.id)).collect();
        let signature = |message: &Verified| Signature::from_slice(&message.signed.signature).expect("64 bytes");
        let key = |message: &Verified| {
            VerifyingKey::from_bytes(message.message.key.as_slice().try_into().expect("32 bytes")).expect("a key")
        };
        (bytes, call.iter().map(signature).collect(), call.iter().map(key).collect())
    };
    let batches: Vec<Batch> = calls.iter().map(batch).collect();
    let started = Instant::now();
    batches.par_iter().for_each(|(bytes, signatures, keys)| {
        let bytes: Vec<&[u8]> = bytes.iter().map(|bytes| bytes.as_slice()).collect();
        ed25519_dalek::verify_batch(&bytes, signatures, keys).expect("all are good");
    });
    started.elapsed()
}

fn main() {
    let (mut traffic, sessions) = Traffic::new(&genesis());
    let all: Vec<Verified> = (0..TASKS).flat_map(|_| traffic.task()).collect();
    let signed = |messages: &[Verified]| -> Vec<Signed> { messages.iter().map(|m| m.signed.clone()).collect() };
    let sessions = signed(&sessions);
    let bytes: usize = all.iter().map(|message| message.signed.block.len()).sum();
    let count = all.len();
    let calls: Vec<Vec<Verified>> = all.chunks(CALL).map(<[Verified]>::to_vec).collect();
    let submitted: Vec<Vec<Signed>> = calls.iter().map(|call| signed(call)).collect();
    let (ours, reference): (Vec<_>, Vec<_>) =
        (0..ROUNDS).map(|_| (ingest(&sessions, &submitted), verify(&calls))).unzip();
    let each = |times: Vec<Duration>| median(times).as_secs_f64() * 1e6 / count as f64;
    let (ours, reference) = (each(ours), each(reference));
    print(
        "ingest",
        Row {
            name: "ingest-vs-batch-verify",
            ours,
            reference: Some(reference),
            ratio: Some(reference / ours),
            unit: "us a message",
            conditions: format!(
                "{count} messages of {} bytes on average, of 500 keys, in calls of {CALL} by {CALLERS} threads; a witness's store: \
                 decoded, verified, stored with receipts, synced; beside ed25519-dalek's batch verification of the same \
                 signatures in the same calls; medians of {ROUNDS}",
                bytes / count
            ),
            command: String::new(),
        },
    );
}
