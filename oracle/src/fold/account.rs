//! The stage `account`: from settled tasks to weights and shares.

use liaise_ledger::genesis::Parameters;

use super::apportion::{apportion_all, pools, ramp_full};
use super::people::{People, Person};
use super::reasons::ReasonCode;
use super::settle::Settled;
use super::unlock::{unlock_permille, used_permille};
use super::{FoldError, median};

/// 2520 is divisible by every number of paid judges.
const JUDGE_PARTS: u128 = 2_520;

/// Fills in what counts of every task: the user's cap, unlock and used tickets, each of the user's whole cluster. Returns the
/// epoch's median of users' units, if it had any.
pub fn count_tasks(
    tasks: &mut [Settled],
    people: &People,
    median_before: Option<u64>,
    parameters: &Parameters,
) -> Option<u64> {
    for task in tasks.iter_mut() {
        let cluster = || people.cluster(task.user);
        task.unlock_permille = unlock_permille(cluster().fold(0, |sum, user| sum.saturating_add(user.unlock)));
        task.used_permille = used_permille(cluster().flat_map(|user| &user.tickets));
    }
    // Accepted tasks by cluster, and each cluster's by observation and id: tasks stand by id.
    let accepted = (0..).zip(&*tasks).filter(|(_, task)| task.winner.is_some());
    let mut accepted: Vec<Asked> =
        accepted.map(|(index, task)| Asked { user: people.head(task.user), asked_ms: task.asked_ms, index }).collect();
    accepted.sort_unstable();
    let of_users = accepted.chunk_by(|a, b| a.user == b.user).map(|asked| {
        let units = asked.iter().fold(0u64, |sum, asked| sum.saturating_add(tasks[asked.index].units));
        (units, u128::from(tasks[asked[0].index].unlock_permille) * u128::from(units))
    });
    let median_now = median::lower_weighted(of_users.collect());
    let cap = median_before.or(median_now).map_or(0, |median| median.saturating_mul(parameters.cap_medians));
    for asked in accepted.chunk_by(|a, b| a.user == b.user) {
        let mut left = cap;
        for asked in asked {
            let row = &mut tasks[asked.index];
            row.counted = row.units.min(left);
            left -= row.counted;
        }
    }
    excuse_weightless(tasks, people, &accepted, cap);
    median_now
}

/// An accepted task, in the order in which a user's tasks count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    /// Who stands for the user's cluster.
    user: Person,
    asked_ms: u64,
    index: usize,
}

/// Silence in a task that could weigh nothing, because its user's cap was used up before it, is no failure.
fn excuse_weightless(tasks: &mut [Settled], people: &People, accepted: &[Asked], cap: u64) {
    // What counted of a user's tasks up to each of them.
    let mut counted = Vec::with_capacity(accepted.len());
    for asked in accepted.chunk_by(|a, b| a.user == b.user) {
        let mut sum = 0u64;
        counted.extend(asked.iter().map(|asked| {
            sum = sum.saturating_add(tasks[asked.index].counted);
            sum
        }));
    }
    for (index, task) in tasks.iter_mut().enumerate() {
        if task.lines.iter().all(|line| line.code != ReasonCode::Silent) {
            continue;
        }
        let here = Asked { user: people.head(task.user), asked_ms: task.asked_ms, index };
        let before = accepted.partition_point(|asked| *asked < here).checked_sub(1);
        let used = before.filter(|at| accepted[*at].user == here.user).map_or(0, |at| counted[at]);
        let row = task;
        let is_weightless =
            row.used_permille == 0 || row.winner.is_some() && row.counted == 0 || cap > 0 && used >= cap;
        if is_weightless {
            for line in row.lines.iter_mut().filter(|line| line.code == ReasonCode::Silent) {
                line.scored = None;
                line.code = ReasonCode::SilentExcused;
            }
        }
    }
}

/// Shares an epoch's emission among so many accounts by what their tasks weigh.
///
/// # Errors
/// [`FoldError::Overflow`].
pub fn share(tasks: &[Settled], people: usize, emission: u64, ramp_weight: u64) -> Result<Split, FoldError> {
    let add = |sum: &mut u128, weight: u128| -> Result<(), FoldError> {
        *sum = sum.checked_add(weight).ok_or(FoldError::Overflow { what: "an account's weights" })?;
        Ok(())
    };
    let mut total = 0u128;
    let [mut winners, mut judges, mut users] = [(); 3].map(|()| vec![0u128; people]);
    for task in tasks {
        let Some(winner) = task.winner else { continue };
        let weight = task.weight();
        total = total.checked_add(weight).ok_or(FoldError::Overflow { what: "the epoch's task weight" })?;
        add(&mut winners[winner.who as usize], weight)?;
        add(&mut users[task.user as usize], weight)?;
        for judge in &task.judges {
            add(&mut judges[*judge as usize], JUDGE_PARTS * weight / task.judges.len() as u128)?;
        }
    }
    let pools = pools(emission, total, ramp_weight);
    let (won, no_winner) = apportion_all(pools.winners, &winners)?;
    let (judged, no_judge) = apportion_all(pools.judges, &judges)?;
    let (prompted, no_user) = apportion_all(pools.users, &users)?;
    let unemitted = pools.unemitted + no_winner + no_judge + no_user;
    Ok(Split { weight: total, won, judged, prompted, unemitted })
}

/// An epoch's emission, shared; by the accounts' numbers.
pub struct Split {
    /// W: the epoch's total task weight.
    pub weight: u128,
    /// Of the 90 %, base units.
    pub won: Vec<u64>,
    /// Of the 7 %.
    pub judged: Vec<u64>,
    /// Of the 3 %.
    pub prompted: Vec<u64>,
    /// What no pool gave to anybody.
    pub unemitted: u64,
}

impl Split {
    /// The ramp's thousandths, floored: 1000 where it does not bind.
    pub fn ramp_permille(&self, ramp_weight: u64) -> u64 {
        let full = ramp_full(ramp_weight);
        if self.weight >= full {
            return 1_000;
        }
        u64::try_from(self.weight * 1_000 / full).expect("below 1000")
    }
}
