//! The stage `account`: from settled tasks to weights and shares.

use std::collections::BTreeMap;

use cid::Cid;
use liaise_ledger::Account;
use liaise_ledger::genesis::Parameters;

use super::apportion::{Pools, Shares, apportion, pools, ramp_full};
use super::reasons::ReasonCode;
use super::state::AccountState;
use super::statement::TaskRow;
use super::unlock::{unlock_permille, used_permille};
use super::{FoldError, median};

/// 2520 is divisible by every number of paid judges.
const JUDGE_PARTS: u128 = 2_520;
/// used‰ of whoever has closed no ticket.
const FULL_PERMILLE: u16 = 1_000;

/// Fills in what counts of every task: the user's cap, unlock and used tickets. Returns the epoch's median of users'
/// units, if it had any.
pub fn count_tasks(
    tasks: &mut BTreeMap<Cid, TaskRow>,
    accounts: &BTreeMap<Account, AccountState>,
    unlocks: &BTreeMap<Account, u64>,
    median_before: Option<u64>,
    parameters: &Parameters,
) -> Option<u64> {
    let mut by_user: BTreeMap<Account, Vec<(u64, Cid)>> = BTreeMap::new();
    for (id, row) in tasks.iter().filter(|(_, row)| row.winner.is_some()) {
        by_user.entry(row.user.clone()).or_default().push((row.asked_ms, *id));
    }
    let unlock = |user: &Account| unlock_permille(unlocks.get(user).copied().unwrap_or(0));
    let units = |ids: &[(u64, Cid)]| ids.iter().fold(0u64, |sum, (_, id)| sum.saturating_add(tasks[id].units));
    let of_users = by_user.iter().map(|(user, ids)| {
        let units = units(ids);
        (units, u128::from(unlock(user)) * u128::from(units))
    });
    let median_now = median::lower_weighted(of_users.collect());
    let cap = median_before.or(median_now).map_or(0, |median| median.saturating_mul(parameters.cap_medians));
    for row in tasks.values_mut() {
        row.unlock_permille = unlock(&row.user);
        row.used_permille = accounts.get(&row.user).map_or(FULL_PERMILLE, |state| used_permille(&state.tickets));
    }
    for ids in by_user.values_mut() {
        ids.sort_unstable();
        let mut left = cap;
        for (_, id) in ids.iter() {
            let row = tasks.get_mut(id).expect("it was grouped");
            row.counted = row.units.min(left);
            left -= row.counted;
        }
    }
    excuse_weightless(tasks, &by_user, cap);
    median_now
}

/// Silence in a task that could weigh nothing, because its user's cap was used up before it, is no failure.
fn excuse_weightless(tasks: &mut BTreeMap<Cid, TaskRow>, by_user: &BTreeMap<Account, Vec<(u64, Cid)>>, cap: u64) {
    let used_before = |tasks: &BTreeMap<Cid, TaskRow>, row: &TaskRow| {
        let ids = by_user.get(&row.user).map_or(&[][..], Vec::as_slice);
        let before = ids.iter().filter(|(at, id)| (*at, *id) < (row.asked_ms, row.task));
        before.fold(0u64, |sum, (_, id)| sum.saturating_add(tasks[id].counted))
    };
    let weightless = |row: &TaskRow| {
        row.used_permille == 0 || row.winner.is_some() && row.counted == 0 || cap > 0 && used_before(tasks, row) >= cap
    };
    let ids: Vec<Cid> = tasks.values().filter(|row| weightless(row)).map(|row| row.task).collect();
    for id in ids {
        let row = tasks.get_mut(&id).expect("it is one of them");
        for line in row.lines.iter_mut().filter(|line| line.reason.code == ReasonCode::Silent) {
            line.scored = None;
            line.reason.code = ReasonCode::SilentExcused;
        }
    }
}

/// The weights of one part's tasks: by role, account and task, so that merging a part twice changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    winners: BTreeMap<(Account, Cid), u128>,
    judges: BTreeMap<(Account, Cid), u128>,
    users: BTreeMap<(Account, Cid), u128>,
    /// Task weight by task.
    tasks: BTreeMap<Cid, u128>,
}

impl Weights {
    /// The weights of some tasks.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a TaskRow>) -> Weights {
        let mut weights = Weights::default();
        for row in rows {
            let Some(winner) = &row.winner else { continue };
            let weight = row.weight();
            weights.tasks.insert(row.task, weight);
            weights.winners.insert((winner.clone(), row.task), weight);
            weights.users.insert((row.user.clone(), row.task), weight);
            for judge in &row.judges {
                let share = JUDGE_PARTS * weight / row.judges.len() as u128;
                weights.judges.insert((judge.clone(), row.task), share);
            }
        }
        weights
    }

    /// Takes in another part.
    pub fn merge(&mut self, other: Weights) {
        self.winners.extend(other.winners);
        self.judges.extend(other.judges);
        self.users.extend(other.users);
        self.tasks.extend(other.tasks);
    }

    fn sum(of: &BTreeMap<(Account, Cid), u128>) -> Result<BTreeMap<Account, u128>, FoldError> {
        let mut out: BTreeMap<Account, u128> = BTreeMap::new();
        for ((account, _), weight) in of {
            let sum = out.entry(account.clone()).or_default();
            *sum = sum.checked_add(*weight).ok_or(FoldError::Overflow { what: "an account's weights" })?;
        }
        Ok(out)
    }

    /// Shares an epoch's emission.
    ///
    /// # Errors
    /// [`FoldError::Overflow`].
    pub fn share(&self, emission: u64, ramp_weight: u64) -> Result<Split, FoldError> {
        let weight = self.tasks.values().try_fold(0u128, |sum, weight| sum.checked_add(*weight));
        let weight = weight.ok_or(FoldError::Overflow { what: "the epoch's task weight" })?;
        let pools = pools(emission, weight, ramp_weight);
        Ok(Split {
            pools,
            weight,
            winners: apportion(pools.winners, &Weights::sum(&self.winners)?)?,
            judges: apportion(pools.judges, &Weights::sum(&self.judges)?)?,
            users: apportion(pools.users, &Weights::sum(&self.users)?)?,
        })
    }
}

/// The three pools, shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Before sharing.
    pub pools: Pools,
    /// W: the epoch's total task weight.
    pub weight: u128,
    /// The 90 %.
    pub winners: Shares,
    /// The 7 %.
    pub judges: Shares,
    /// The 3 %.
    pub users: Shares,
}

impl Split {
    /// What no pool gave to anybody; base units.
    pub fn unemitted(&self) -> u64 {
        self.pools.unemitted + self.winners.unemitted + self.judges.unemitted + self.users.unemitted
    }

    /// The ramp's thousandths, floored: 1000 where it does not bind.
    pub fn ramp_permille(&self, ramp_weight: u64) -> u64 {
        let full = ramp_full(ramp_weight);
        if self.weight >= full {
            return 1_000;
        }
        u64::try_from(self.weight * 1_000 / full).expect("below 1000")
    }
}
