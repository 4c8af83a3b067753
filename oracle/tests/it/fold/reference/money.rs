//! Section 9: from settled tasks to everybody's pay.

use std::collections::{BTreeMap, BTreeSet};

use cid::Cid;
use liaise_ledger::body::Body;
use liaise_ledger::{Account, Hash};

use super::{Day, Mutant, Reference, Task, author_of};

/// What an account got in an epoch, in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pay {
    pub won: u64,
    pub judged: u64,
    pub prompted: u64,
}

/// F(e) - F(e-1) with F(e) = floor(min(e+1, T)·S/T).
fn emission(supply: u64, epochs: u64, epoch: i64) -> u64 {
    let until = |epoch: i64| {
        let passed = u128::try_from(epoch + 1).unwrap_or(0).min(u128::from(epochs));
        (passed * u128::from(supply) / u128::from(epochs)) as u64
    };
    until(epoch) - until(epoch - 1)
}

/// unlock‰ = 50 + floor(950·h²/(h² + 400 000²)).
fn unlock_permille(h: u64) -> u64 {
    let square = u128::from(h) * u128::from(h);
    50 + (950 * square / (square + 400_000 * 400_000)) as u64
}

/// The first value at which the running weight reaches half of the total.
fn lower_weighted_median(mut values: Vec<(u64, u128)>) -> Option<u64> {
    values.sort();
    let total: u128 = values.iter().map(|(_, weight)| weight).sum();
    let mut running = 0;
    for (value, weight) in values {
        running += weight;
        if total > 0 && 2 * running >= total {
            return Some(value);
        }
    }
    None
}

/// Shares by largest remainder, ties by account bytes. Returns what nobody got beside them.
fn share(pool: u64, weights: &BTreeMap<Account, u128>) -> (BTreeMap<Account, u64>, u64) {
    let total: u128 = weights.values().sum();
    if total == 0 {
        return (BTreeMap::new(), pool);
    }
    let mut shares = BTreeMap::new();
    let mut remainders = vec![];
    let mut left = pool;
    for (account, weight) in weights {
        // Weights of these worlds are below 2^64: the product fits.
        let exact = u128::from(pool) * weight;
        let floor = (exact / total) as u64;
        shares.insert(account.clone(), floor);
        left -= floor;
        remainders.push((exact % total, account.clone()));
    }
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, account) in remainders.iter().take(left as usize) {
        *shares.get_mut(account).unwrap() += 1;
    }
    (shares, 0)
}

impl Reference<'_> {
    pub(super) fn account(&mut self, epoch: i64, mut tasks: BTreeMap<Cid, Task>) -> Day {
        let parameters = self.genesis.parameters.clone();
        for task in tasks.values_mut() {
            let own = self.as_one(&task.user, Mutant::HistoriesAlone);
            task.unlock = unlock_permille(own.iter().filter_map(|one| self.unlock.get(one)).sum());
            task.used = self.used_permille(&task.user);
        }
        self.count(&mut tasks);

        let total: u128 = tasks.values().map(weight).sum();
        let emission = emission(self.genesis.fixed.supply, self.genesis.fixed.epochs.into(), epoch);
        let (for_judges, for_users) = (emission * 7 / 100, emission * 3 / 100);
        let ramp = |pool: u64| {
            let full = 1_000 * u128::from(parameters.ramp_weight);
            if total >= full { pool } else { (u128::from(pool) * total / full) as u64 }
        };
        let pools = [emission - for_judges - for_users, for_judges, for_users].map(ramp);
        let mut weights: [BTreeMap<Account, u128>; 3] = Default::default();
        for task in tasks.values() {
            let Some(winner) = &task.winner else { continue };
            *weights[0].entry(winner.clone()).or_default() += weight(task);
            for judge in &task.judges {
                *weights[1].entry(judge.clone()).or_default() += 2_520 * weight(task) / task.judges.len() as u128;
            }
            *weights[2].entry(task.user.clone()).or_default() += weight(task);
        }
        let mut pay: BTreeMap<Account, Pay> = BTreeMap::new();
        let mut unemitted = emission - pools.iter().sum::<u64>();
        for (role, (pool, weights)) in pools.into_iter().zip(&weights).enumerate() {
            let (shares, rest) = share(pool, weights);
            unemitted += rest;
            for (account, amount) in shares {
                let row = pay.entry(account).or_default();
                *[&mut row.won, &mut row.judged, &mut row.prompted][role] = amount;
            }
        }
        for account in self.heard(epoch, &tasks) {
            pay.entry(account).or_default();
        }
        self.score(epoch, &tasks);
        self.grow(&tasks);
        let snapshot = self.snapshot(epoch);
        if epoch >= 0 {
            self.snapshots.insert(epoch, snapshot.clone());
        }
        Day {
            decreed: self.decreed.clone(),
            chunks: self.chunks.clone(),
            pay,
            unemitted,
            tasks,
            unlock: self.unlock.clone(),
            jobs: self.jobs.clone(),
            tickets: self.last_tickets(),
            snapshot,
            clusters: self.linked.clusters.clone(),
            median: self.median,
        }
    }

    /// A user's tasks count up to a few medians of users' units; whoever was silent where nothing could be had is excused.
    fn count(&mut self, tasks: &mut BTreeMap<Cid, Task>) {
        let head = |user: &Account| self.as_one(user, Mutant::CapsAlone).first().expect("at least itself").clone();
        let heads: BTreeMap<Account, Account> =
            tasks.values().map(|task| (task.user.clone(), head(&task.user))).collect();
        let mut users: BTreeMap<Account, BTreeSet<(u64, Cid)>> = BTreeMap::new();
        for (id, task) in tasks.iter().filter(|(_, task)| task.winner.is_some()) {
            users.entry(heads[&task.user].clone()).or_default().insert((task.asked_ms, *id));
        }
        let mut values = vec![];
        for ids in users.values() {
            let units: u64 = ids.iter().map(|(_, id)| tasks[id].units).sum();
            let unlock = ids.first().map(|(_, id)| tasks[id].unlock).unwrap();
            values.push((units, u128::from(unlock) * u128::from(units)));
        }
        let now = lower_weighted_median(values);
        let cap = self.median.or(now).unwrap_or(0) * self.genesis.parameters.cap_medians;
        self.median = now.or(self.median);
        for ids in users.values() {
            let mut left = cap;
            for (_, id) in ids {
                let task = tasks.get_mut(id).unwrap();
                task.counted = task.units.min(left);
                left -= task.counted;
            }
        }
        let counted = tasks.clone();
        for (id, task) in tasks.iter_mut() {
            let earlier = users.get(&heads[&task.user]).into_iter().flatten().filter(|at| **at < (task.asked_ms, *id));
            let before: u64 = earlier.map(|(_, id)| counted[id].counted).sum();
            let nothing = task.used == 0 || task.winner.is_some() && task.counted == 0 || cap > 0 && before >= cap;
            if nothing {
                task.silent.clear();
            }
        }
    }

    /// Everybody who said something that belongs to the epoch, whose ticket closed, or who had a part in a task.
    fn heard(&self, epoch: i64, tasks: &BTreeMap<Cid, Task>) -> BTreeSet<Account> {
        let mut heard = self.closing.clone();
        for (id, observed) in &self.observed {
            if observed.epoch == epoch {
                heard.extend(author_of(&self.messages[id]).cloned());
            }
        }
        for task in tasks.values() {
            heard.insert(task.user.clone());
            heard.extend(task.jobs.keys().chain(&task.silent).cloned());
        }
        heard
    }

    /// One job for each task and participant; a place with two messages is one, done badly.
    fn score(&mut self, epoch: i64, tasks: &BTreeMap<Cid, Task>) {
        for task in tasks.values() {
            for (account, good) in &task.jobs {
                let jobs = self.jobs.entry(account.clone()).or_default();
                *jobs = (jobs.0 + 1, jobs.1 + u64::from(!good));
            }
            for account in &task.silent {
                let jobs = self.jobs.entry(account.clone()).or_default();
                *jobs = (jobs.0 + 1, jobs.1 + 1);
            }
        }
        for account in self.doubled(epoch) {
            let jobs = self.jobs.entry(account).or_default();
            *jobs = (jobs.0 + 1, jobs.1 + 1);
        }
    }

    /// h <- floor(63h/64) + min(20, distinct prompts of accepted tasks)·1000.
    fn grow(&mut self, tasks: &BTreeMap<Cid, Task>) {
        let mut texts: BTreeMap<Account, BTreeSet<Hash>> = BTreeMap::new();
        for (id, task) in tasks.iter().filter(|(_, task)| task.winner.is_some()) {
            let Body::Prompt(prompt) = &self.messages[id].message.body else { continue };
            texts.entry(task.user.clone()).or_default().insert(Hash::of(&[prompt.text.as_bytes()]));
        }
        // An owner's accounts in their order: a text counts for the first that asked it, and twenty for all of them.
        let mut counted: BTreeMap<Account, BTreeSet<Hash>> = BTreeMap::new();
        let mut grown: BTreeMap<Account, usize> = BTreeMap::new();
        for (user, texts) in &texts {
            let owner = self.linked.cluster(user).first().expect("at least itself").clone();
            let known = counted.entry(owner).or_default();
            let before = known.len().min(20);
            known.extend(texts);
            grown.insert(user.clone(), known.len().min(20) - before);
        }
        for h in self.unlock.values_mut() {
            *h = *h * 63 / 64;
        }
        for (user, texts) in grown {
            *self.unlock.entry(user).or_default() += 1_000 * texts as u64;
        }
    }
}

/// Counted units · unlock‰ · used‰, of an accepted task.
fn weight(task: &Task) -> u128 {
    if task.winner.is_some() { u128::from(task.counted) * u128::from(task.unlock) * u128::from(task.used) } else { 0 }
}
