//! Verdicts in the test world: evidence, commits, openings.

use cid::Cid;
use liaise_ledger::Account;
use liaise_ledger::body::{Body, Opening, Verdict, VerdictCommit};
use liaise_ledger::draw::open_positions;
use liaise_ledger::plain_tree::PlainTree;
use liaise_oracle::fold::OPENED;
use serde_bytes::ByteArray;

use super::world::{Asked, World};

/// The values that an honest judge of these tests has.
pub const VALUES: [i64; 6] = [5, -3, 8, 0, 11, 2];

impl World {
    /// Judges a result: the verdict-commit `after_ms` after the prompt, the verdict when its round has come.
    pub fn judge(&mut self, asked: &Asked, who: &Account, result: Cid, score: u16, after_ms: u64) -> Cid {
        self.judge_with(asked, who, result, score, after_ms, |_| {})
    }

    /// The same, with a verdict that is changed before it is signed.
    pub fn judge_with(
        &mut self,
        asked: &Asked,
        who: &Account,
        result: Cid,
        score: u16,
        after_ms: u64,
        change: impl FnOnce(&mut Verdict),
    ) -> Cid {
        let at_ms = asked.prompt_ms + after_ms;
        let tree = PlainTree::of_evidence(&VALUES);
        let count = VALUES.len() as u32;
        let round = self.genesis.round_at(at_ms + 1_100) + 1;
        let signature = self.round(round);
        let hash = Verdict::commitment(&result, score, &tree.root(), count, who, &[4; 32]);
        let body = Body::VerdictCommit(VerdictCommit { result, hash, round });
        let commit = self.say(who, vec![asked.id, result], Some(asked.id), body, at_ms);
        let open = |index: u32| Opening { index, value: VALUES[index as usize], siblings: tree.proof(index).unwrap() };
        let drawn = open_positions(&asked.assignment.seed, &signature, who, count, OPENED);
        let mut verdict = Verdict {
            commit,
            result,
            score,
            salt: ByteArray::new([4; 32]),
            root: tree.root(),
            count,
            opened: drawn.into_iter().map(open).collect(),
            reason: "checked".into(),
        };
        change(&mut verdict);
        let parents = vec![asked.id, result, commit];
        let opened_ms = self.genesis.round_time_ms(round) + 200;
        self.say(who, parents, Some(asked.id), Body::Verdict(verdict), opened_ms)
    }
}
