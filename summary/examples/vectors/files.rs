//! Which file holds which vectors.

use serde::Serialize;

use crate::{statement_vectors as statements, trees};

/// Every file of this crate's vectors: name and text.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("reward-tree.json", json(&trees::reward_trees())),
        ("bch-batch.json", json(&trees::batches())),
        ("merkle-tree.json", json(&trees::merkle_trees())),
        ("epoch-summary.json", json(&statements::epoch_summaries())),
        ("statements.json", json(&statements::others())),
        ("schedule.json", json(&statements::schedule())),
        ("schedule-id.json", json(&statements::schedule_ids())),
        ("oracle-set.json", json(&statements::oracle_sets())),
        ("dao-set.json", json(&statements::dao_sets())),
        ("veto-head.json", json(&statements::veto_heads())),
        ("distributor-id.json", json(&statements::distributor_ids())),
    ]
}

fn json(cases: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(cases).expect("plain structs serialise");
    text.push('\n');
    text
}
