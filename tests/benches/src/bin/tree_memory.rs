//! What the reward tree of 2^20 leaves holds in memory, and how much more its building needs for a while.

use liaise_benches::{LEAVES, Row, leaves, light, print};
use liaise_summary::SumTree;
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Bytes a leaf at the highest point of some work, what was there before left out.
fn peak<T>(work: impl FnOnce() -> T) -> f64 {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let made = work();
    let bytes = (HEAP.peak_usage() - before) as f64 / f64::from(LEAVES);
    drop(made);
    bytes
}

fn main() {
    let all = leaves();
    // The leaves become the tree's own, so they count.
    let ours = peak(|| SumTree::from_ordered(all.clone()).expect("a tree"));
    let reference = peak(|| light(&all));
    print(
        "tree_memory",
        Row {
            name: "tree-memory",
            ours,
            reference: Some(reference),
            ratio: Some(reference / ours),
            unit: "bytes a leaf",
            conditions:
                "2^20 reward leaves, the most that is held while the tree is built, its leaves included; beside \
                         merkle_light 0.4"
                    .into(),
            command: String::new(),
        },
    );
}
