//! Sections 7 and 8: one task, from its draw to its winner.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::Account;
use liaise_ledger::assignment::Assignment;
use liaise_ledger::body::{Body, TaskResult, Ticket, Verdict, VerdictCommit};
use liaise_ledger::draw::open_positions;
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::plain_tree::verify_evidence;
use liaise_ledger::{Genesis, Hash};

use super::{Mutant, Reference, Task, author_of, lower_median};

struct Entry {
    racer: Account,
    id: Cid,
    at_ms: u64,
    units: u64,
    latency_ns: u64,
}

struct Ruling {
    judge: Account,
    about: Account,
    score: u16,
    is_audit: bool,
}

/// A verdict-commit that was taken.
struct Promise<'m> {
    id: Cid,
    body: &'m VerdictCommit,
    is_audit: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Accepted,
    AcceptedByAudit,
    RefusedByAudit,
    Open,
}

/// A race as it runs.
struct Race<'m> {
    genesis: &'m Genesis,
    root: Cid,
    /// The retrieval snapshot that was asked for.
    documents: Option<Hash>,
    ticket: &'m Ticket,
    start_ms: u64,
    snapshot: &'m Eligibility,
    assignment: &'m Assignment,
    order: Vec<Account>,
    commits: BTreeMap<Account, (u64, Cid, Hash)>,
    entries: Vec<Entry>,
    promises: BTreeMap<(Account, Cid), Promise<'m>>,
    rulings: Vec<Ruling>,
    panel: Option<Vec<Account>>,
    first_commit_ms: Option<u64>,
    first_result_ms: Option<u64>,
    /// When a result first had its two accepting verdicts.
    judged_ms: Option<u64>,
    /// See [`Mutant::TieBoundary`].
    has_narrow_ties: bool,
}

impl Race<'_> {
    fn waits(&self, from_ms: u64, until_ms: u64) -> u64 {
        if until_ms <= from_ms { 0 } else { (until_ms - from_ms) / (self.genesis.parameters.patience_s * 1000) }
    }

    /// K at first; K more after each patience without a commit, or that a commit waits for a result. A result ends it.
    fn racers(&self, now_ms: u64) -> usize {
        let now_ms = self.first_result_ms.map_or(now_ms, |at_ms| at_ms.min(now_ms));
        let silent_until = self.first_commit_ms.map_or(now_ms, |at_ms| at_ms.min(now_ms));
        let waves = 1 + self.waits(self.start_ms, silent_until) + self.waits(silent_until, now_ms);
        (self.genesis.parameters.racers * waves) as usize
    }

    /// Whoever may race, and one more after each patience from the first result on until one has its verdicts.
    fn judges(&self, now_ms: u64) -> usize {
        let Some(result_ms) = self.first_result_ms else { return 0 };
        let until_ms = self.judged_ms.map_or(now_ms, |at_ms| at_ms.min(now_ms));
        self.racers(now_ms) + self.waits(result_ms, until_ms) as usize
    }

    fn place(&self, account: &Account) -> usize {
        self.order.iter().position(|drawn| drawn == account).unwrap_or(usize::MAX)
    }

    fn is_late(&self, at_ms: u64, seconds: u64) -> bool {
        at_ms > self.start_ms + seconds * 1000
    }

    fn may_judge(&self, account: &Account) -> bool {
        let proven = self.snapshot.rows().iter().filter(|row| row.proven && row.weight > 0).count() as u64;
        let row = self.snapshot.rows().iter().find(|row| row.account == *account);
        row.is_some_and(|row| row.proven || proven < self.genesis.parameters.racers + 1)
    }

    fn racer_of(&self, result: &Cid) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == *result)
    }

    fn accepting(&self, racer: &Account) -> usize {
        self.rulings.iter().filter(|ruling| ruling.about == *racer && !ruling.is_audit && ruling.score >= 500).count()
    }

    fn commit(&mut self, account: &Account, at_ms: u64, id: Cid, hash: Hash) {
        let is_late = self.is_late(at_ms, self.genesis.parameters.result_s);
        if !self.commits.contains_key(account) && !is_late && self.place(account) < self.racers(at_ms) {
            self.commits.insert(account.clone(), (at_ms, id, hash));
            self.first_commit_ms.get_or_insert(at_ms);
        }
    }

    fn result(&mut self, account: &Account, at_ms: u64, id: Cid, body: &TaskResult, latency_ns: Option<u64>) {
        let known = self.entries.iter().any(|entry| entry.racer == *account);
        let Some((_, commit, hash)) = self.commits.get(account) else { return };
        let opens =
            *commit == body.commit && TaskResult::commitment(&self.root, &body.output, account, &body.salt) == *hash;
        let binding = &body.binding;
        let binds = binding.adapter == self.ticket.adapter
            && binding.snapshot == self.documents
            && ![binding.config, binding.seed, binding.system_prompt].contains(&Hash::ZERO);
        let in_time = !self.is_late(at_ms, self.genesis.parameters.result_s);
        if let (false, true, true, true, Some(latency_ns)) = (known, opens, binds, in_time, latency_ns) {
            self.entries.push(Entry { racer: account.clone(), id, at_ms, units: body.units, latency_ns });
            self.first_result_ms.get_or_insert(at_ms);
            self.call_auditors(at_ms);
        }
    }

    fn verdict(&mut self, account: &Account, at_ms: u64, body: &Verdict, rounds: &BTreeMap<u64, [u8; 48]>) {
        let Some(promise) = self.promises.get(&(account.clone(), body.result)) else { return };
        let is_audit = promise.is_audit;
        let about = self.racer_of(&body.result).expect("its verdict-commit was taken").racer.clone();
        let parameters = &self.genesis.parameters;
        let limit_s = if is_audit { parameters.deadline_s } else { parameters.verdict_s };
        let again = self.rulings.iter().any(|ruling| ruling.judge == *account && ruling.about == about);
        let opens = promise.id == body.commit
            && Verdict::commitment(&body.result, body.score, &body.root, body.count, account, &body.salt)
                == promise.body.hash;
        let has_values = body.count > 0 || body.score < 500;
        let signature = &rounds[&promise.body.round];
        let drawn = open_positions(&self.assignment.seed, signature, account, body.count, 4);
        let shown: Vec<u32> = body.opened.iter().map(|opening| opening.index).collect();
        let proved = body
            .opened
            .iter()
            .all(|opening| verify_evidence(&body.root, body.count, opening.index, opening.value, &opening.siblings));
        if again || self.is_late(at_ms, limit_s) || !opens || !has_values || shown != drawn || !proved {
            return;
        }
        self.rulings.push(Ruling { judge: account.clone(), about: about.clone(), score: body.score, is_audit });
        if self.accepting(&about) >= 2 {
            self.judged_ms.get_or_insert(at_ms);
        }
        self.call_auditors(at_ms);
    }

    /// A refusal by a node that has revealed a result of its own, and is no auditor.
    fn is_refused(&self, racer: &Account) -> bool {
        let revealed = |judge: &Account| self.entries.iter().any(|entry| entry.racer == *judge);
        let standing = |r: &&Ruling| r.score < 500 && !r.is_audit && revealed(&r.judge);
        self.rulings.iter().filter(standing).any(|ruling| ruling.about == *racer)
    }

    /// The first refusal that counts calls the first of the order that may judge and hold nothing in the task.
    fn call_auditors(&mut self, at_ms: u64) {
        let refused = self.entries.iter().any(|entry| self.is_refused(&entry.racer));
        if self.panel.is_some() || !refused || self.is_late(at_ms, self.genesis.parameters.deadline_s) {
            return;
        }
        let mut panel = vec![];
        for account in &self.order {
            let holds = self.commits.contains_key(account) || self.promises.keys().any(|(judge, _)| judge == account);
            if !holds && self.may_judge(account) && panel.len() < self.genesis.parameters.auditors as usize {
                panel.push(account.clone());
            }
        }
        self.panel = Some(panel);
    }

    fn fate(&self, entry: &Entry, refused_before: bool) -> Fate {
        if !self.is_refused(&entry.racer) && !refused_before {
            return if self.accepting(&entry.racer) >= 2 { Fate::Accepted } else { Fate::Open };
        }
        let about = || self.rulings.iter().filter(|ruling| ruling.about == entry.racer);
        match lower_median(about().filter(|ruling| ruling.is_audit).map(|ruling| ruling.score)) {
            Some(score) if score >= 500 => Fate::AcceptedByAudit,
            Some(_) => Fate::RefusedByAudit,
            None if refused_before => Fate::Open,
            None => {
                let counted = about().map(|ruling| if ruling.score < 500 { 0 } else { ruling.score });
                if lower_median(counted).is_some_and(|score| score >= 500) { Fate::Accepted } else { Fate::Open }
            }
        }
    }

    /// Winner, paid judges, and everybody's jobs.
    fn decide(&mut self, task: &mut Task) {
        let seed = &self.assignment.seed;
        self.entries.sort_by_key(|entry| (entry.latency_ns, seed.tie_rank(&entry.racer)));
        let mut fates = vec![];
        for entry in &self.entries {
            let refused_before = fates.contains(&Fate::RefusedByAudit);
            fates.push(self.fate(entry, refused_before));
        }
        let decided: Vec<(&Entry, Fate)> = self.entries.iter().zip(fates).collect();
        let accepted: Vec<&Entry> = decided
            .iter()
            .filter(|(_, fate)| matches!(fate, Fate::Accepted | Fate::AcceptedByAudit))
            .map(|(entry, _)| *entry)
            .collect();
        let window_ns =
            accepted.first().map(|best| (self.genesis.parameters.tie_ms * 1_000_000).max(best.latency_ns / 50));
        let is_tied = |entry: &&&Entry| {
            let (behind_ns, window_ns) = (entry.latency_ns - accepted[0].latency_ns, window_ns.unwrap());
            if self.has_narrow_ties { behind_ns < window_ns } else { behind_ns <= window_ns }
        };
        let tied = accepted.iter().filter(is_tied);
        let winner = tied.min_by_key(|entry| seed.tie_rank(&entry.racer)).copied();

        let mut contradicted = BTreeSet::new();
        let mut agreeing = BTreeSet::new();
        for (entry, fate) in &decided {
            for ruling in self.rulings.iter().filter(|ruling| ruling.about == entry.racer) {
                let accepts = ruling.score >= 500;
                let against = *fate == Fate::AcceptedByAudit && !accepts || *fate == Fate::RefusedByAudit && accepts;
                if against {
                    contradicted.insert(ruling.judge.clone());
                }
                let is_winner = winner.is_some_and(|winner| winner.racer == entry.racer);
                if accepts && is_winner || !accepts && *fate == Fate::RefusedByAudit {
                    agreeing.insert(ruling.judge.clone());
                }
            }
            if *fate == Fate::RefusedByAudit {
                contradicted.insert(entry.racer.clone());
            }
        }
        if let Some(winner) = winner {
            let mut judges: Vec<Account> =
                agreeing.into_iter().filter(|judge| !contradicted.contains(judge) && *judge != winner.racer).collect();
            judges.sort_by_key(|judge| self.place(judge));
            judges.truncate(10);
            task.judges = judges;
            task.winner = Some(winner.racer.clone());
            task.latency_ns = Some(winner.latency_ns);
            task.units = winner.units;
        }
        self.jobs(task, &contradicted);
    }

    fn jobs(&self, task: &mut Task, contradicted: &BTreeSet<Account>) {
        let until_ms = self.start_ms + self.genesis.parameters.result_s * 1000;
        let called: Vec<&Account> = self.order.iter().take(self.racers(until_ms)).collect();
        let revealed = |account: &Account| self.entries.iter().any(|entry| entry.racer == *account);
        let ruled = |account: &Account| self.rulings.iter().any(|ruling| ruling.judge == *account);
        for account in self.order.iter() {
            if contradicted.contains(account) {
                task.jobs.insert(account.clone(), false);
            } else if self.commits.contains_key(account) {
                task.jobs.insert(account.clone(), revealed(account));
            } else if ruled(account) {
                task.jobs.insert(account.clone(), true);
            } else if called.contains(&account) {
                task.silent.insert(account.clone());
            }
        }
    }
}

impl Reference<'_> {
    /// Runs a task's messages in the order of observation.
    pub(super) fn settle(&self, root: &Cid, start_ms: u64) -> Task {
        let documents = match &self.messages[root].message.body {
            Body::Prompt(prompt) => prompt.snapshot,
            _ => None,
        };
        let ticket_id = self.ticket_of(root).expect("a root uses a ticket");
        let (_, ticket) = self.ticket(&ticket_id).expect("its ticket");
        let of_genesis = Eligibility::of_genesis(self.genesis);
        let snapshot = if ticket.snapshot < 0 { &of_genesis } else { &self.snapshots[&ticket.snapshot] };
        let signature = &self.rounds[&ticket.round];
        let assignment =
            Assignment::compute(self.genesis, &self.messages[&ticket_id], signature, snapshot).expect("a draw");
        let mut race = Race {
            genesis: self.genesis,
            root: *root,
            documents,
            ticket,
            start_ms,
            snapshot,
            order: assignment.rows(snapshot).map(|row| row.account.clone()).collect(),
            assignment: &assignment,
            commits: BTreeMap::new(),
            entries: vec![],
            promises: BTreeMap::new(),
            rulings: vec![],
            panel: None,
            first_commit_ms: None,
            first_result_ms: None,
            judged_ms: None,
            has_narrow_ties: self.is(Mutant::TieBoundary),
        };
        let mut events: Vec<(u64, Cid)> = vec![];
        for id in self.observed.keys() {
            if let (Some(Some(task)), Some(observed)) =
                (self.messages.get(id).map(|message| message.message.task), self.counts(id))
                && task == *root
            {
                events.push((observed.at_ms, *id));
            }
        }
        events.sort();
        for (at_ms, id) in events {
            let message = &self.messages[&id];
            let account = author_of(message).expect("who works is an account");
            match &message.message.body {
                Body::Commit(commit) => race.commit(account, at_ms, id, commit.hash),
                Body::Result(result) => {
                    let commit = race.commits.get(account).map(|(_, id, _)| *id);
                    let latency_ns = commit.and_then(|commit| self.latency(root, &commit));
                    race.result(account, at_ms, id, result, latency_ns);
                }
                Body::VerdictCommit(body) => self.promise(&mut race, account, at_ms, id, body),
                Body::Verdict(verdict) => race.verdict(account, at_ms, verdict, &self.rounds),
                _ => {}
            }
        }
        let observed = &self.observed[root];
        let mut task = Task {
            user: author_of(&self.messages[root]).expect("who asks is an account").clone(),
            asked_ms: observed.at_ms,
            winner: None,
            latency_ns: None,
            units: 0,
            counted: 0,
            unlock: 0,
            used: 0,
            judges: vec![],
            auditors: race.panel.clone().unwrap_or_default(),
            jobs: BTreeMap::new(),
            silent: BTreeSet::new(),
        };
        race.decide(&mut task);
        let (max_units, ..) = self.decreed_before.adapters.get(&ticket.adapter).copied().unwrap_or_default();
        task.units = task.units.min(max_units.unwrap_or(u64::MAX)).min(ticket.max_units);
        task.silent.retain(|account| !self.has_drained(account, ticket));
        task
    }

    /// A drain that was observed before the round excuses silence.
    fn has_drained(&self, account: &Account, ticket: &Ticket) -> bool {
        let mut newest: Option<((u64, Cid), Option<u64>)> = None;
        for id in self.observed.keys() {
            let (Some(observed), message) = (self.counts(id), &self.messages[id]) else { continue };
            let Body::Capability(body) = &message.message.body else { continue };
            let at = (observed.at_ms, *id);
            let is_before = observed.at_ms <= self.round_ms(ticket.round);
            if author_of(message) == Some(account) && is_before && newest.is_none_or(|(known, _)| known < at) {
                newest = Some((at, body.drain_round));
            }
        }
        newest.and_then(|(_, drain)| drain).is_some_and(|drain| drain <= ticket.round)
    }

    fn promise<'m>(&self, race: &mut Race<'m>, account: &Account, at_ms: u64, id: Cid, body: &'m VerdictCommit) {
        let Some(entry) = race.racer_of(&body.result) else { return };
        let is_audit = race.panel.as_ref().is_some_and(|panel| panel.contains(account));
        let may = race.may_judge(account) && (is_audit || race.place(account) < race.judges(at_ms));
        let fits =
            at_ms.max(entry.at_ms) + 1_000 <= self.round_ms(body.round) && body.round <= self.newest_round(at_ms) + 20;
        let key = (account.clone(), body.result);
        if entry.racer != *account && may && fits && !race.promises.contains_key(&key) {
            race.promises.insert(key, Promise { id, body, is_audit });
        }
    }

    /// Elapsed at each witness, within one boot: the lower median over at least Q of them.
    fn latency(&self, root: &Cid, commit: &Cid) -> Option<u64> {
        let mut elapsed = vec![];
        for (store, from) in &self.words[root] {
            if let Some(to) = self.words[commit].get(store).filter(|to| to.boot == from.boot) {
                elapsed.push(to.mono_ns.saturating_sub(from.mono_ns));
            }
        }
        let quorum = (2 * self.genesis.stores.keys.len()).div_ceil(3);
        if elapsed.len() < quorum { None } else { lower_median(elapsed) }
    }
}
