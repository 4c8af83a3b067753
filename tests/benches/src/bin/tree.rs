//! The reward tree of 2^20 leaves with all proofs, beside two public crates.

use liaise_benches::{LEAVES, Row, alone, leaves, light, print, rs, versus};
use liaise_summary::{RewardLeaf, SumTree};
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Duration;

/// Parts in which proofs are shown; each is a claim server's share.
const PARTS: u32 = 64;

fn show_all(tree: &SumTree<RewardLeaf>) {
    let share = LEAVES / PARTS;
    (0..PARTS).into_par_iter().for_each(|part| {
        let range = part * share..(part + 1) * share;
        tree.visit_proofs(range, |proof| _ = black_box(proof)).expect("all are in the tree");
    });
}

fn row(name: &'static str, (ours, reference): (Duration, Duration), what: &str) -> Row {
    Row {
        name,
        ours: ours.as_secs_f64() * 1e3,
        reference: Some(reference.as_secs_f64() * 1e3),
        ratio: Some(reference.as_secs_f64() / ours.as_secs_f64()),
        unit: "ms",
        conditions: format!("2^20 reward leaves, built and all proofs made; {what}; medians of 5"),
        command: String::new(),
    }
}

fn main() {
    let all = leaves();
    let tree = SumTree::from_ordered(all.clone()).expect("a tree");
    assert_eq!(light(&all).root().hash(), tree.root().hash.0, "one rule, one root");
    assert_eq!(rs(&all).root().expect("a root").hash(), tree.root().hash.0, "one rule, one root");

    // The tree takes the leaves over and gives them back: what an oracle does with its own.
    let mut own = all.clone();
    let mut ours = || {
        let tree = SumTree::from_ordered(std::mem::take(&mut own)).expect("a tree");
        show_all(&tree);
        own = tree.into_leaves();
    };
    let theirs = || {
        let tree = light(&all);
        (0..LEAVES as usize).for_each(|index| _ = black_box(tree.gen_proof(index)));
    };
    let what = "merkle_light 0.4 has one thread and no other way to many proofs";
    print("tree", row("tree-vs-merkle_light", versus(&mut ours, theirs), what));
    let theirs = || {
        let tree = rs(&all);
        (0..LEAVES as usize).for_each(|index| _ = black_box(tree.proof(&[index])));
    };
    let what = "rs_merkle 1.5 has one thread and no other way to many proofs";
    print("tree", row("tree-vs-rs_merkle", versus(ours, theirs), what));

    let each = |work: &dyn Fn()| alone(work).as_secs_f64() * 1e9 / f64::from(LEAVES);
    let bulk = each(&|| tree.visit_proofs(0..LEAVES, |proof| _ = black_box(proof)).expect("all are in the tree"));
    let single = each(&|| (0..LEAVES).for_each(|index| _ = black_box(tree.proof(index).expect("it is in the tree"))));
    print(
        "tree",
        Row {
            name: "proof-in-bulk",
            ours: bulk,
            reference: Some(single),
            ratio: Some(single / bulk),
            unit: "ns",
            conditions: "a proof of 20 siblings, one thread; beside the same proofs made one by one; medians of 5"
                .into(),
            command: String::new(),
        },
    );
}
