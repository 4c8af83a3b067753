//! A verdict: commit first, open later. The round that draws what the evidence opens is not known when a judge commits.

use super::Worker;
use crate::beacon::fetch_round;
use cid::Cid;
use liaise_compute::Check;
use liaise_ledger::body::{Body, Opening, Verdict, VerdictCommit};
use liaise_ledger::draw::{Seed, open_positions};
use liaise_ledger::plain_tree::PlainTree;
use liaise_ledger::{Account, Hash};
use liaise_oracle::fold::OPENED;
use serde_bytes::ByteArray;

/// A verdict-commit's round must come a second after its observation and the result's. Receipts take a moment, on a busy
/// machine several.
const ROUND_AHEAD_MS: u64 = 3_000;
/// The longest reason that a verdict carries, in characters.
const REASON_CHARS: usize = 200;

/// A judge's finding with everything that its verdict will open.
pub struct Finding {
    result: Cid,
    score: u16,
    values: Vec<i64>,
    root: Hash,
    salt: [u8; 32],
    reason: String,
}

impl Finding {
    /// Binds a check to a result.
    pub fn new(result: Cid, check: Check, salt: [u8; 32]) -> Finding {
        let values: Vec<i64> = check.values.iter().map(|value| i64::from(*value)).collect();
        let root = PlainTree::of_evidence(&values).root();
        let reason = check.reason.chars().take(REASON_CHARS).collect();
        Finding { result, score: check.score_permille.min(1000), values, root, salt, reason }
    }

    /// Whether the score accepts.
    pub fn accepts(&self) -> bool {
        self.score >= 500
    }

    /// The body of the verdict-commit.
    pub fn commit(&self, judge: &Account, round: u64) -> Body {
        let count = self.values.len() as u32;
        let hash = Verdict::commitment(&self.result, self.score, &self.root, count, judge, &self.salt);
        Body::VerdictCommit(VerdictCommit { result: self.result, hash, round })
    }

    /// The body of the verdict, once the round's signature is known.
    pub fn open(&self, commit: Cid, judge: &Account, seed: &Seed, signature: &[u8; 48]) -> Body {
        let count = self.values.len() as u32;
        let tree = PlainTree::of_evidence(&self.values);
        let open = |index: u32| Opening {
            index,
            value: self.values[index as usize],
            siblings: tree.proof(index).expect("a drawn position is below the count"),
        };
        Body::Verdict(Verdict {
            commit,
            result: self.result,
            score: self.score,
            salt: ByteArray::new(self.salt),
            root: self.root,
            count,
            opened: open_positions(seed, signature, judge, count, OPENED).into_iter().map(open).collect(),
            reason: self.reason.clone(),
        })
    }
}

/// Publishes a finding: the verdict-commit at once, the verdict when its round has come.
pub async fn publish(worker: &Worker, task: Cid, seed: Seed, finding: Finding) -> Result<(), super::WorkError> {
    let replica = &worker.replica;
    // The round's time must be a second after the observation of both messages; receipts take a moment.
    let round = replica.genesis.round_at(replica.calendar.wall_ms() + ROUND_AHEAD_MS) + 1;
    let commit = worker.say(vec![task, finding.result], Some(task), finding.commit(&worker.account, round)).await?;
    let signature = fetch_round(&replica.links, &replica.store, &replica.genesis, round).await?;
    let body = finding.open(commit.id, &worker.account, &seed, &signature);
    worker.say(vec![task, finding.result, commit.id], Some(task), body).await?;
    Ok(())
}
