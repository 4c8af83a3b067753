//! Ingest of a witness store for ten minutes, as fast as it goes, beside the generator that signs the messages: whether memory
//! stays flat, and what of the time is whose. `soak SECONDS` for another length.

use liaise_benches::network::{Traffic, genesis, store};
use liaise_benches::{Row, print, processor_time, thread_time};
use liaise_ledger::{Signed, Verified};
use liaise_store::Status;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

const CALL: usize = 512;
const CALLERS: usize = 3;
/// Memory is compared with what it was after this part of the time.
const SETTLED: u32 = 10;

fn signed(messages: Vec<Verified>) -> Vec<Signed> {
    messages.into_iter().map(|message| message.signed).collect()
}

/// A number of `/proc/self/status`, in MiB.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a resident size");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

fn bytes_below(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_below(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

fn main() {
    let seconds = std::env::args().nth(1).map_or(600, |text| text.parse().expect("a number of seconds"));
    let length = Duration::from_secs(seconds);
    let dir = tempfile::tempdir().expect("a directory");
    let store = store(dir.path());
    let (mut traffic, sessions) = Traffic::new(&genesis());
    store.ingest(signed(sessions)).expect("sessions are stored");
    let (stored, begun) = (AtomicU64::new(0), processor_time());
    let started = Instant::now();
    let (send, receive) = sync_channel::<Vec<Signed>>(2 * CALLERS);
    let receive: Mutex<Receiver<_>> = Mutex::new(receive);
    let (generating, settled, most) = std::thread::scope(|scope| {
        let generator = scope.spawn(move || {
            let begun = thread_time();
            while started.elapsed() < length {
                let mut call = Vec::with_capacity(CALL + 12);
                while call.len() < CALL {
                    call.extend(signed(traffic.task()));
                }
                send.send(call).expect("somebody stores");
            }
            (thread_time() - begun).as_secs_f64()
        });
        for _ in 0..CALLERS {
            scope.spawn(|| {
                loop {
                    let call = receive.lock().expect("no caller panics").recv();
                    let Ok(call) = call else { return };
                    let count = call.len() as u64;
                    let report = store.ingest(call).expect("the store can write");
                    let accepted = |status: &Status| matches!(status, Status::Accepted { .. });
                    assert!(report.outcomes.iter().all(|outcome| accepted(&outcome.status)), "all are new");
                    stored.fetch_add(count, Ordering::Relaxed);
                }
            });
        }
        let (mut settled, mut most) = (0f64, 0f64);
        while started.elapsed() < length {
            std::thread::sleep(Duration::from_millis(200));
            let now = resident_mib();
            if started.elapsed() < length / SETTLED {
                settled = settled.max(now);
            } else {
                most = most.max(now);
            }
        }
        (generator.join().expect("it ends"), settled, most)
    });
    let held = store.memory().expect("the database says");
    let (took, all) = (started.elapsed().as_secs_f64(), (processor_time() - begun).as_secs_f64());
    let count = stored.into_inner() as f64;
    let conditions = format!(
        "{took:.0} s, {:.1} million messages in calls of {CALL} by {CALLERS} threads, {:.0} a second; {:.1} GiB on disk at the \
         end, {:.2} times the messages; the generator that signs them took {:.0} % of the processor time",
        count / 1e6,
        count / took,
        bytes_below(dir.path()) as f64 / (1u64 << 30) as f64,
        bytes_below(dir.path()) as f64 / (count * 1_117.0),
        100.0 * generating / all,
    );
    let row = |name, ours, reference: Option<f64>, unit, conditions: String| Row {
        name,
        ours,
        reference,
        ratio: reference.map(|reference| reference / ours),
        unit,
        conditions,
        command: String::new(),
    };
    let each = (all - generating) * 1e6 / count;
    print("soak", row("soak-ingest", each, None, "us of processor time a message", conditions.clone()));
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let beside = format!(
        "{conditions}; the most that was resident, beside the most in the first tenth of the time; at the end the store held \
         {:.0} MiB of newest rows, {:.0} of the database's cache, {:.1} of its open tables, {:.1} of its memtables",
        mib(held.newest),
        mib(held.cache),
        mib(held.tables),
        mib(held.memtables),
    );
    print("soak", row("soak-memory", most, Some(settled), "MiB", beside));
}
