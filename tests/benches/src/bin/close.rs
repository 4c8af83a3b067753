//! The close of an epoch beyond reading the store: fold, statements, reward tree, artefacts. Beside it the same where every
//! message is decoded for it.
//!
//! `close [MESSAGES [NODES [WINDOW]]]`: by default ten million messages, fewer where they do not fit the machine's memory.

use std::hint::black_box;
use std::time::Duration;

use cid::Cid;
use liaise_benches::{Row, epoch, print, processor_time};
use liaise_ledger::{Hash, Verified};
use liaise_oracle::artefact::Shelf;
use liaise_oracle::fold::{DistributorState, Fact, FoldError, file, fold_onto};

/// The size that the goal is stated for.
const MESSAGES: usize = 10_000_000;
/// Nodes that tasks are drawn from.
const NODES: usize = 100;
/// Bytes of memory a message that a run may need, this program's own share included.
const BYTES_A_MESSAGE: usize = 500;

/// A line of a file under /proc that begins with a name, in KiB.
fn kib(path: &str, name: &str) -> usize {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim_matches([':', ' ', '\t']).split(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Where the artefact's blocks go: they are weighed and let go, as a store lets them go to its disk.
#[derive(Default)]
struct Weighed(usize);

impl Shelf for Weighed {
    fn put(&mut self, _: Cid, bytes: Vec<u8>) -> Result<(), FoldError> {
        self.0 += bytes.len();
        Ok(())
    }

    fn has(&self, _: &Cid) -> Result<bool, FoldError> {
        Ok(true)
    }
}

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|number| number.parse().expect("a number")).collect();
    let fits = kib("/proc/meminfo", "MemAvailable") * 1024 / BYTES_A_MESSAGE;
    let wanted = numbers.first().copied().unwrap_or(MESSAGES.min(fits));
    let (nodes, window) = (numbers.get(1).copied().unwrap_or(NODES), numbers.get(2).copied().unwrap_or(0));
    let made = epoch::generate(wanted, nodes, window);
    let held = kib("/proc/self/status", "VmRSS");
    let each = |time: Duration| time.as_secs_f64() * 1e9 / made.messages as f64;

    let started = processor_time();
    let mut shelf = Weighed::default();
    let folded = fold_onto(&made.genesis, &made.before, made.input, &mut shelf).expect("it folds");
    let fold = processor_time() - started;
    let started = processor_time();
    let distributor = DistributorState::new(Hash([5; 32]), "eip155:42161".parse().expect("a chain"));
    let filing = file(&folded, &distributor, made.genesis.network_id(), Hash::ZERO, 1).expect("it is filed");
    let tree = processor_time() - started;
    let peak = kib("/proc/self/status", "VmHWM");
    eprintln!("history {}", folded.history);
    assert_eq!(u128::from(filing.statement.root_sum), filing.next.root_sum());
    let artefacts: usize = shelf.0 + filing.blocks.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();

    let network = made.genesis.network_id();
    let sample = made.sample.len() as f64;
    let started = processor_time();
    for signed in &made.sample {
        black_box(Fact::of(&Verified::check_stored(signed.clone(), network).expect("it decodes")));
    }
    let decoding = (processor_time() - started).as_secs_f64() * 1e9 / sample;

    let (fold, tree, facts, draws) = (each(fold), each(tree), each(made.facts), each(made.draws));
    let conditions = format!(
        "{} messages of {} bytes on average, {} tasks, {} accounts of which {} have a statement, {} nodes, receipts of 4 \
         witnesses, {} earlier epochs of the window as full; fold with statements and artefacts {fold:.0} ns, tree {tree:.0} \
         ns, {} bytes of artefacts a message",
        made.messages,
        made.bytes / made.messages as u64,
        made.tasks,
        made.before.accounts.len(),
        folded.pay.len(),
        nodes,
        window,
        artefacts / made.messages,
    );
    print(
        "close",
        Row {
            name: "close-per-message",
            ours: fold + tree,
            reference: Some(fold + tree + decoding),
            ratio: Some((fold + tree + decoding) / (fold + tree)),
            unit: "ns",
            conditions: format!(
                "{conditions}; processor time beyond reading what the fold needs of each message, which takes {facts:.0} ns \
                 once it is decoded, and beyond the draws, which are made when their rounds come and take {draws:.0} ns; \
                 beside decoding every message for it"
            ),
            command: String::new(),
        },
    );
    print(
        "close",
        Row {
            name: "close-memory",
            ours: peak as f64 / 1024.0,
            reference: None,
            ratio: None,
            unit: "MiB",
            conditions: format!(
                "{conditions}; the most that the process held, {} MiB of it the epoch's input",
                held / 1024
            ),
            command: String::new(),
        },
    );
}
