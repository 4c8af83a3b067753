//! The draw: who works on a task, in integers only, from a seed that nobody knew when the ticket was signed.
//!
//! One order a task, read from front to back: the first K race, the next ones follow where the first are silent, judges
//! and auditors come from it too. [`Timeline`] holds the rule of patience.

use crate::account::Account;
use crate::beacon::RoundSignature;
use crate::eligibility::Row;
use crate::genesis::Parameters;
use crate::hash::{Hash, tag};
use std::collections::BTreeSet;

/// What a sub-seed is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The order of racers, judges and auditors.
    Race,
    /// The committee that classifies an image.
    Classify,
    /// The positions that a judge's evidence opens.
    Open,
    /// Who wins a tie.
    Tie,
}

impl Label {
    /// The name in vectors and hashes.
    pub fn name(self) -> &'static str {
        match self {
            Label::Race => "RACE",
            Label::Classify => "CLASSIFY",
            Label::Open => "OPEN",
            Label::Tie => "TIE",
        }
    }
}

/// The randomness of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(pub Hash);

/// What a [`Seed`] is made of.
#[derive(Clone, Copy, Debug)]
pub struct SeedParts<'a> {
    /// The network's id.
    pub network: Hash,
    /// The beacon's chain hash.
    pub chain_hash: Hash,
    /// The ticket's round.
    pub round: u64,
    /// That round's signature, verified.
    pub signature: &'a RoundSignature,
    /// `H` of the ticket's block: the digest in its CID.
    pub ticket: Hash,
    /// Root of the eligibility snapshot that the ticket names.
    pub eligibility: Hash,
}

impl SeedParts<'_> {
    /// `H(LIAISE/SEED/01, network, chain hash, round u64, signature 48, H(ticket), eligibility root)`.
    pub fn seed(&self) -> Seed {
        Seed(Hash::of(&[
            &tag("LIAISE/SEED/01"),
            &self.network.0,
            &self.chain_hash.0,
            &self.round.to_be_bytes(),
            self.signature,
            &self.ticket.0,
            &self.eligibility.0,
        ]))
    }
}

impl Seed {
    /// `H(seed, label 16, step u32)`.
    pub fn sub(&self, label: Label, step: u32) -> Hash {
        Hash::of(&[&self.0.0, &tag(label.name()), &step.to_be_bytes()])
    }

    /// What decides a tie: the lowest wins. `H(sub-seed TIE, account)`.
    pub fn tie_rank(&self, account: &Account) -> Hash {
        Hash::of(&[&self.sub(Label::Tie, 0).0, account.as_str().as_bytes()])
    }
}

/// log2 of a number in units of 2^-32, rounded down to 32 binary digits of the fraction.
///
/// # Panics
/// For 0, whose logarithm does not exist.
pub fn log2fix(u: u64) -> u64 {
    assert!(u > 0, "zero has no logarithm");
    let top = 63 - u.leading_zeros();
    let mut m = u128::from(u << (63 - top));
    let mut r = u64::from(top) << 32;
    for i in (0..32).rev() {
        m = (m * m) >> 63;
        if m >= 1 << 64 {
            m >>= 1;
            r |= 1 << i;
        }
    }
    r
}

/// The rank of an account with a weight above 0 under a sub-seed: the lowest is first.
/// An exponential variable of rate `weight`, as `-log2(uniform)/weight` in fixed point.
fn rank(sub: &Hash, account: &Hash, weight: u32) -> u64 {
    let hash = Hash::of(&[&sub.0, &account.0]);
    let u = first_u64(&hash) | 1;
    (((64 << 32) - log2fix(u)) << 20) / u64::from(weight)
}

fn first_u64(hash: &Hash) -> u64 {
    u64::from_be_bytes(hash.0[..8].try_into().expect("8 bytes of 32"))
}

/// Weighted sampling without replacement: indices into `rows`, first drawn first. Rows of weight 0, and those that `keep`
/// refuses, are never drawn; of a cluster's rows only the first drawn is.
pub fn weighted_order(sub: &Hash, rows: &[Row], keep: impl Fn(&Row) -> bool) -> Vec<usize> {
    let drawn = rows.iter().enumerate().filter(|(_, row)| row.weight > 0 && keep(row));
    let mut ranked: Vec<(u64, Hash, usize)> = drawn
        .map(|(index, row)| {
            let account = row.account.hash();
            (rank(sub, &account, row.weight), account, index)
        })
        .collect();
    ranked.sort_unstable();
    let mut clusters = BTreeSet::new();
    let once = |index: &usize| clusters.insert(rows[*index].cluster);
    ranked.into_iter().map(|(_, _, index)| index).filter(once).collect()
}

/// The order of a task: sub-seed `RACE`, over the rows that serve the ticket's adapter.
pub fn order(seed: &Seed, rows: &[Row], adapter: &Hash) -> Vec<usize> {
    weighted_order(&seed.sub(Label::Race, 0), rows, |row| row.serves(adapter))
}

/// The same for whoever draws often from one snapshot: `accounts` are the hashes of the rows' accounts, ascending, as a
/// snapshot's rows stand.
pub fn order_of(seed: &Seed, rows: &[Row], accounts: &[Hash], adapter: &Hash) -> Vec<usize> {
    let sub = seed.sub(Label::Race, 0);
    let drawn = rows.iter().zip(accounts).enumerate().filter(|(_, (row, _))| row.serves(adapter));
    // Ties go by account hash, which is the order of the rows.
    let mut ranked: Vec<(u64, usize)> =
        drawn.map(|(index, (row, account))| (rank(&sub, account, row.weight), index)).collect();
    ranked.sort_unstable();
    let order = ranked.into_iter().map(|(_, index)| index);
    // Where each is a cluster of its own, none is drawn twice.
    if rows.iter().zip(accounts).all(|(row, account)| row.cluster == *account) {
        return order.collect();
    }
    let mut clusters = BTreeSet::new();
    order.filter(|index| clusters.insert(rows[*index].cluster)).collect()
}

/// The order of classifiers: sub-seed `CLASSIFY`, over the rows that serve the classifier's adapter and belong to none of
/// the racers' clusters. The committee is its front; `step` counts repeated draws of one task.
pub fn committee_order(seed: &Seed, step: u32, rows: &[Row], adapter: &Hash, racers: &[usize]) -> Vec<usize> {
    let taken: BTreeSet<Hash> = racers.iter().map(|i| rows[*i].cluster).collect();
    weighted_order(&seed.sub(Label::Classify, step), rows, |row| row.serves(adapter) && !taken.contains(&row.cluster))
}

/// What has happened in a task, in milliseconds of one clock: observations for the fold, a node's own clock for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The prompt.
    pub prompt_ms: u64,
    /// The first commit of a racer, if any.
    pub commit_ms: Option<u64>,
    /// The first result, if any.
    pub result_ms: Option<u64>,
    /// When that result had the verdicts that it needs, if it has.
    pub judged_ms: Option<u64>,
}

impl Timeline {
    /// How many full waits fit from `from` to `until`.
    fn waits(from: u64, until: u64, parameters: &Parameters) -> u64 {
        until.saturating_sub(from) / (parameters.patience_s * 1000)
    }

    /// How many of the order's front may race at a time: K at first, K more after each `patience_s` without a commit, and
    /// after each `patience_s` that a commit waits for its result. A result ends it.
    pub fn racers(&self, now_ms: u64, parameters: &Parameters) -> usize {
        let end = self.result_ms.map_or(now_ms, |t| t.min(now_ms));
        let commit = self.commit_ms.map_or(end, |t| t.min(end));
        let waves = 1 + Self::waits(self.prompt_ms, commit, parameters) + Self::waits(commit, end, parameters);
        usize::try_from(parameters.racers.saturating_mul(waves)).unwrap_or(usize::MAX)
    }

    /// How many of the order's front may judge at a time: all that may race, and one more after each `patience_s` that a
    /// result waits for its verdicts. None before a result.
    pub fn judges(&self, now_ms: u64, parameters: &Parameters) -> usize {
        let Some(result) = self.result_ms.filter(|result| *result <= now_ms) else {
            return 0;
        };
        let end = self.judged_ms.map_or(now_ms, |t| t.min(now_ms));
        let more = usize::try_from(Self::waits(result, end, parameters)).unwrap_or(usize::MAX);
        self.racers(now_ms, parameters).saturating_add(more)
    }
}

/// The auditors of a refusal: the next of the order, from its front, that `holds` nothing in the task - no commit, result,
/// verdict-commit or verdict when the refusal is observed - and that may judge by the snapshot's rule.
pub fn auditors(
    order: impl IntoIterator<Item = usize>,
    parameters: &Parameters,
    holds: impl Fn(usize) -> bool,
    may_judge: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let free = order.into_iter().filter(|i| !holds(*i) && may_judge(*i));
    free.take(usize::try_from(parameters.auditors).unwrap_or(usize::MAX)).collect()
}

/// What judges of a task open whose verdict-commits named one round.
#[derive(Clone, Debug)]
pub struct Openings {
    seed: Seed,
    /// Sub-seeds `OPEN` of the first steps: the same for every judge.
    subs: Vec<Hash>,
}

impl Openings {
    /// Of a task's seed and the round's verified signature: `s = H(seed, round signature)`.
    pub fn new(seed: &Seed, round_signature: &RoundSignature) -> Openings {
        Openings { seed: Seed(Hash::of(&[&seed.0.0, round_signature])), subs: vec![] }
    }

    /// The positions of a judge's `count` values that its verdict opens: `wanted` different ones, all where there are not
    /// more. `judge` is H(account). For step 0, 1, …: the first 8 bytes of `H(H(s, OPEN, step u32), judge)`, modulo
    /// `count`; a position drawn before is skipped.
    pub fn positions(&mut self, judge: &Hash, count: u32, wanted: usize) -> Vec<u32> {
        let wanted = wanted.min(count as usize);
        let mut positions = Vec::with_capacity(wanted);
        for step in 0.. {
            if positions.len() == wanted {
                break;
            }
            if self.subs.len() == step {
                self.subs.push(self.seed.sub(Label::Open, u32::try_from(step).expect("far fewer steps")));
            }
            let hash = Hash::of(&[&self.subs[step].0, &judge.0]);
            let position = u32::try_from(first_u64(&hash) % u64::from(count)).expect("below a u32");
            if !positions.contains(&position) {
                positions.push(position);
            }
        }
        positions
    }
}

/// The positions that one judge's verdict opens, see [`Openings::positions`].
pub fn open_positions(
    seed: &Seed,
    round_signature: &RoundSignature,
    judge: &Account,
    count: u32,
    wanted: usize,
) -> Vec<u32> {
    Openings::new(seed, round_signature).positions(&judge.hash(), count, wanted)
}

#[cfg(test)]
mod tests;
