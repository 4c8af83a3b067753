//! What a compute node knows of the open tasks, and what it owes each of them. Pure: times come in, duties go out.
//!
//! The rules are protocol.md's: one order a task, read from front to back. The first K race; a silent front lets the next
//! in; a revealed result is judged by those who did not win; a refusal by somebody who has revealed calls auditors.

use cid::Cid;
use liaise_ledger::Account;
use liaise_ledger::draw::{Seed, Timeline};
use liaise_ledger::genesis::Parameters;
use std::collections::{BTreeMap, BTreeSet};

/// One open task, as this node sees it. Times are milliseconds of this node's monotonic clock.
#[derive(Debug)]
pub struct Task {
    /// The prompt or retrieval-add.
    pub id: Cid,
    /// The draw's order, first drawn first.
    pub order: Vec<Drawn>,
    /// The task's randomness.
    pub seed: Seed,
    /// When the prompt came.
    pub prompt_ms: u64,
    commits: BTreeMap<Account, u64>,
    results: BTreeMap<Cid, Revealed>,
    verdicts: Vec<Judged>,
    busy: BTreeSet<Account>,
    auditors: BTreeSet<Account>,
    /// When a result had its verdicts: from then on nobody else is called to judge.
    judged_ms: Option<u64>,
    mine: Mine,
}

/// A node in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Who.
    pub account: Account,
    /// Whether the snapshot lets it judge.
    pub judges: bool,
}

#[derive(Debug)]
struct Revealed {
    by: Account,
    /// When its commit came: what the order of latencies is read from.
    commit_ms: u64,
    at_ms: u64,
}

#[derive(Debug)]
struct Judged {
    by: Account,
    result: Cid,
    accepts: bool,
}

#[derive(Debug, Default)]
struct Mine {
    racing: bool,
    gave_up: bool,
    judged: BTreeMap<Cid, bool>,
    judging: BTreeSet<Cid>,
}

/// Something to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// Judge this result.
    Judge(Cid),
    /// Run the task.
    Race,
}

/// What a message says about a task.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A commit.
    Commit,
    /// A result, by its id.
    Result(Cid),
    /// A verdict-commit.
    VerdictCommit,
    /// A verdict on a result.
    Verdict {
        /// The judged result.
        result: Cid,
        /// Whether the score accepts.
        accepts: bool,
    },
}

impl Task {
    /// A task that has just come.
    pub fn new(id: Cid, order: Vec<Drawn>, seed: Seed, prompt_ms: u64) -> Task {
        Task {
            id,
            order,
            seed,
            prompt_ms,
            commits: BTreeMap::new(),
            results: BTreeMap::new(),
            verdicts: vec![],
            busy: BTreeSet::new(),
            auditors: BTreeSet::new(),
            judged_ms: None,
            mine: Mine::default(),
        }
    }

    /// Takes in what `by` published at `now_ms`.
    pub fn learn(&mut self, by: &Account, fact: Fact, now_ms: u64, parameters: &Parameters) {
        match fact {
            Fact::Commit => {
                self.commits.entry(by.clone()).or_insert(now_ms);
            }
            Fact::Result(id) => {
                let commit_ms = *self.commits.entry(by.clone()).or_insert(now_ms);
                self.results.entry(id).or_insert(Revealed { by: by.clone(), commit_ms, at_ms: now_ms });
            }
            Fact::VerdictCommit => {}
            Fact::Verdict { result, accepts } => {
                self.verdicts.push(Judged { by: by.clone(), result, accepts });
            }
        }
        self.busy.insert(by.clone());
        self.call_auditors(parameters);
        if self.judged_ms.is_none() && self.results.iter().any(|(id, result)| self.accepted(id, result)) {
            self.judged_ms = Some(now_ms);
        }
    }

    /// A refusal calls auditors once, and only when its judge has revealed a result of its own.
    fn call_auditors(&mut self, parameters: &Parameters) {
        let revealed = |who: &Account| self.results.values().any(|result| result.by == *who);
        let called = self.verdicts.iter().any(|verdict| !verdict.accepts && revealed(&verdict.by));
        if called && self.auditors.is_empty() {
            let free = self.order.iter().filter(|drawn| drawn.judges && !self.busy.contains(&drawn.account));
            let count = usize::try_from(parameters.auditors).unwrap_or(usize::MAX);
            self.auditors = free.take(count).map(|drawn| drawn.account.clone()).collect();
        }
    }

    fn timeline(&self) -> Timeline {
        Timeline {
            prompt_ms: self.prompt_ms,
            commit_ms: self.commits.values().min().copied(),
            result_ms: self.results.values().map(|result| result.at_ms).min(),
            judged_ms: self.judged_ms,
        }
    }

    fn accepted(&self, id: &Cid, result: &Revealed) -> bool {
        let judges: BTreeSet<&Account> =
            self.verdicts.iter().filter(|v| v.result == *id && v.accepts && v.by != result.by).map(|v| &v.by).collect();
        judges.len() >= 2
    }

    /// What `me` owes the task at a time, the most urgent first.
    pub fn duties(&self, me: &Account, now_ms: u64, parameters: &Parameters) -> Vec<Duty> {
        let Some(place) = self.order.iter().position(|drawn| drawn.account == *me) else { return vec![] };
        let timeline = self.timeline();
        let judges =
            self.order[place].judges && (self.auditors.contains(me) || place < timeline.judges(now_ms, parameters));
        let mut duties = vec![];
        if judges {
            duties.extend(self.to_judge(me, parameters).map(Duty::Judge));
        }
        if self.must_race(me, place, &timeline, now_ms, parameters) {
            duties.push(Duty::Race);
        }
        duties
    }

    /// Others' results from the fastest on, until one that this node accepts; those that tie with the fastest too.
    fn to_judge(&self, me: &Account, parameters: &Parameters) -> impl Iterator<Item = Cid> {
        let mut by_latency: Vec<(&Cid, &Revealed)> = self.results.iter().collect();
        by_latency.sort_by_key(|(id, result)| (result.commit_ms, **id));
        let mut out = vec![];
        let mut limit: Option<u64> = None;
        for (id, result) in by_latency {
            let latency = result.commit_ms.saturating_sub(self.prompt_ms);
            if limit.is_some_and(|limit| latency > limit) {
                break;
            }
            let refused = self.mine.judged.get(id) == Some(&false);
            if !refused && limit.is_none() {
                // Twice the tie's window: this node's clock is not the stores'.
                limit = Some(latency + 2 * parameters.tie_ms.max(latency / 50));
            }
            if result.by != *me && !self.mine.judged.contains_key(id) && !self.mine.judging.contains(id) {
                out.push(*id);
            }
        }
        out.into_iter()
    }

    fn must_race(&self, me: &Account, place: usize, timeline: &Timeline, now_ms: u64, parameters: &Parameters) -> bool {
        let committed = self.commits.contains_key(me);
        let done = self.mine.racing || self.mine.gave_up || committed;
        let good = self.mine.judged.values().any(|accepts| *accepts)
            || self.results.iter().any(|(id, result)| self.accepted(id, result));
        // A result that has not been judged yet stops nobody, but judging comes first.
        !done && !good && self.mine.judging.is_empty() && place < timeline.racers(now_ms, parameters)
    }

    /// This node has begun to run the task.
    pub fn started_race(&mut self) {
        self.mine.racing = true;
    }

    /// This node stopped running the task: it may begin again where its result is still wanted.
    pub fn stopped_race(&mut self) {
        self.mine.racing = false;
    }

    /// This node can't do the task at all.
    pub fn give_up(&mut self) {
        self.mine.racing = false;
        self.mine.gave_up = true;
    }

    /// This node has begun to judge a result.
    pub fn started_judging(&mut self, result: Cid) {
        self.mine.judging.insert(result);
    }

    /// This node has judged a result.
    pub fn judged(&mut self, result: Cid, accepts: bool) {
        self.mine.judging.remove(&result);
        self.mine.judged.insert(result, accepts);
    }

    /// Whether somebody else's result makes running on pointless until it is judged.
    pub fn has_rival(&self, me: &Account) -> bool {
        self.results.iter().any(|(id, result)| result.by != *me && self.mine.judged.get(id) != Some(&false))
    }

    /// Whether this node has published a result of its own: only then does a refusal of its count.
    pub fn has_revealed(&self, me: &Account) -> bool {
        self.results.values().any(|result| result.by == *me)
    }

    /// Whether this node was drawn to race and has not settled the matter for itself.
    pub fn may_still_reveal(&self, me: &Account) -> bool {
        !self.mine.gave_up && (self.mine.racing || self.commits.contains_key(me)) && !self.has_revealed(me)
    }
}

#[cfg(test)]
mod tests;
