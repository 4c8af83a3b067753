//! A verdict: commit first, open later. The round that draws what the evidence opens is not known when a judge commits.

use super::Worker;
use crate::beacon::fetch_round;
use cid::Cid;
use liaise_compute::Check;
use liaise_ledger::body::{Body, Opening, Verdict, VerdictCommit};
use liaise_ledger::draw::{Seed, open_positions};
use liaise_ledger::plain_tree::PlainTree;
use liaise_ledger::{Account, Hash};
use liaise_oracle::fold::{OPENED, round_fits};
use serde_bytes::ByteArray;

/// A verdict-commit's round must come a second after its observation and the result's; receipts take a moment.
const ROUND_AHEAD_MS: u64 = 2_000;
/// On a busy machine they take several: each further try doubles what it allows for, up to this.
const MOST_AHEAD_MS: u64 = 12_000;
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
    let (commit, round) = commit_in_time(worker, task, &finding).await?;
    let signature = fetch_round(&replica.links, &replica.store, &replica.genesis, round).await?;
    let body = finding.open(commit, &worker.account, &seed, &signature);
    worker.say(vec![task, finding.result, commit], Some(task), body).await?;
    Ok(())
}

/// Publishes the verdict-commit, and anew with a later round where the stores observed it too late for the first.
async fn commit_in_time(worker: &Worker, task: Cid, finding: &Finding) -> Result<(Cid, u64), super::WorkError> {
    let replica = &worker.replica;
    let mut ahead_ms = ROUND_AHEAD_MS;
    loop {
        let round = replica.genesis.round_at(replica.calendar.wall_ms() + ahead_ms) + 1;
        let body = finding.commit(&worker.account, round);
        let commit = worker.sign(vec![task, finding.result], Some(task), body).await?;
        let published = replica.publish(std::slice::from_ref(&commit)).await?;
        let observed_ms = published.iter().filter_map(|message| message.observed_ms()).max().unwrap_or(u64::MAX);
        ahead_ms *= 2;
        if round_fits(&replica.genesis, round, observed_ms, observed_ms) || ahead_ms > MOST_AHEAD_MS {
            return Ok((commit.id, round));
        }
        tracing::debug!(%task, "a verdict-commit was observed too late for its round");
    }
}
