//! Sharing a pool by weight: largest remainder, to the unit.

use std::collections::BTreeMap;

use liaise_ledger::Account;

use super::FoldError;

/// Weights stay below this, so that doubling one never overflows.
const WEIGHT_LIMIT: u128 = 1 << 127;

/// What became of a pool. Shares and unemitted add up to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Every account that had a weight, also a weight of zero; base units.
    pub shares: BTreeMap<Account, u64>,
    /// The pool where nobody has any weight, else zero; base units.
    pub unemitted: u64,
}

/// Shares `pool` in proportion to `weights`: the floor of each exact share, then one unit more for the largest
/// remainders, ties by account bytes.
///
/// # Errors
/// [`FoldError::Overflow`] where the weights add up to 2^127 or more.
pub fn apportion(pool: u64, weights: &BTreeMap<Account, u128>) -> Result<Shares, FoldError> {
    let by_account: Vec<u128> = weights.values().copied().collect();
    let (shares, unemitted) = apportion_all(pool, &by_account)?;
    Ok(Shares { shares: weights.keys().cloned().zip(shares).collect(), unemitted })
}

/// The same for weights that stand in the order of accounts: their shares in that order, and what is unemitted.
///
/// # Errors
/// As [`apportion`].
pub(super) fn apportion_all(pool: u64, weights: &[u128]) -> Result<(Vec<u64>, u64), FoldError> {
    let overflow = || FoldError::Overflow { what: "weights of a pool" };
    let total = weights.iter().try_fold(0u128, |sum, weight| sum.checked_add(*weight)).ok_or_else(overflow)?;
    if total >= WEIGHT_LIMIT {
        return Err(overflow());
    }
    let mut shares = vec![0; weights.len()];
    if total == 0 {
        return Ok((shares, pool));
    }
    let mut left = pool;
    let mut remainders = Vec::new();
    for (index, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
        let (floor, remainder) = mul_div(*weight, pool, total);
        left = left.checked_sub(floor).expect("floors add up to at most the pool");
        shares[index] = floor;
        if remainder > 0 {
            remainders.push((remainder, index));
        }
    }
    remainders.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    assert!(left <= remainders.len() as u64, "what is left is less than one unit for each remainder");
    for (_, index) in remainders.into_iter().take(left as usize) {
        shares[index] += 1;
    }
    Ok((shares, 0))
}

/// `a·b / d` and its remainder, for `a <= d < 2^127`: by doubling where the product needs more than 128 bits, up to 190.
fn mul_div(a: u128, b: u64, d: u128) -> (u64, u128) {
    debug_assert!(a <= d && d < WEIGHT_LIMIT && d > 0);
    if let Some(product) = a.checked_mul(u128::from(b)) {
        return ((product / d) as u64, product % d);
    }
    let (mut quotient, mut remainder) = (0u64, 0u128);
    for bit in (0..u64::BITS).rev() {
        quotient <<= 1;
        remainder <<= 1;
        if remainder >= d {
            remainder -= d;
            quotient += 1;
        }
        if b >> bit & 1 == 1 {
            remainder += a;
            if remainder >= d {
                remainder -= d;
                quotient += 1;
            }
        }
    }
    (quotient, remainder)
}

/// The three pools of an epoch before anything is shared; base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pools {
    /// C: for winners.
    pub winners: u64,
    /// V: for judges.
    pub judges: u64,
    /// U: for users.
    pub users: u64,
    /// What the ramp keeps back for good.
    pub unemitted: u64,
}

/// Task weight of one unit of `ramp_weight`: that counts units times a thousandth, while a task weight is units times unlock
/// times used tickets, two thousandths. A unit in full is 1 000 of the one and 10^6 of the other.
const RAMP_UNIT: u128 = 1_000;

/// The task weight from which an epoch is emitted in full.
pub(super) fn ramp_full(ramp_weight: u64) -> u128 {
    u128::from(ramp_weight) * RAMP_UNIT
}

/// V = floor(7E/100), U = floor(3E/100), C = E - V - U, each times min(1, W/(1000·W0)) and floored. W0 = 0: no ramp.
pub fn pools(emission: u64, weight: u128, ramp_weight: u64) -> Pools {
    let percent = |n: u128| u64::try_from(u128::from(emission) * n / 100).expect("below the emission");
    let (judges, users) = (percent(7), percent(3));
    let winners = emission - judges - users;
    let ramp = |pool: u64| {
        let full = ramp_full(ramp_weight);
        if full == 0 || weight >= full {
            return pool;
        }
        // Below 2^64 · 2^63: the weight is below W0's 2^53 thousands.
        u64::try_from(u128::from(pool) * weight / full).expect("below the pool")
    };
    let (winners, judges, users) = (ramp(winners), ramp(judges), ramp(users));
    Pools { winners, judges, users, unemitted: emission - winners - judges - users }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_beyond_128_bits_divide_exactly() {
        assert_eq!(mul_div(7, 100, 10), (70, 0));
        assert_eq!(mul_div(2, 10, 3), (6, 2));
        let d = WEIGHT_LIMIT - 1;
        assert_eq!(mul_div(d, u64::MAX, d), (u64::MAX, 0));
        assert_eq!(mul_div(d - 1, u64::MAX, d), (u64::MAX - 1, d - u128::from(u64::MAX)));
    }

    #[test]
    fn the_ramp_scales_each_pool_and_keeps_the_rest_back() {
        assert_eq!(pools(1_000, 5, 0), Pools { winners: 900, judges: 70, users: 30, unemitted: 0 });
        assert_eq!(pools(1_000, 10_000, 10), Pools { winners: 900, judges: 70, users: 30, unemitted: 0 });
        assert_eq!(pools(1_000, 1_000, 3), Pools { winners: 300, judges: 23, users: 10, unemitted: 667 });
        assert_eq!(pools(1_000, 0, 3), Pools { winners: 0, judges: 0, users: 0, unemitted: 1_000 });
    }

    #[test]
    fn the_default_ramp_ends_at_a_million_full_units() {
        let full_unit = 1_000_000;
        let ramp_weight = liaise_ledger::Parameters::default().ramp_weight;
        assert_eq!(pools(1_000_000, 1_000_000 * full_unit, ramp_weight).unemitted, 0);
        assert_eq!(pools(1_000_000, 999_999 * full_unit, ramp_weight).unemitted, 3);
        assert_eq!(pools(1_000_000, 1_000 * full_unit, ramp_weight).winners, 900);
    }

    /// The largest ramp, an almost full weight and the largest pool together stay within 128 bits.
    #[test]
    fn the_ramp_is_exact_at_its_limits() {
        let ramp_weight = (1 << 53) - 1;
        let full = pools(u64::MAX, ramp_full(ramp_weight), ramp_weight);
        let below = pools(u64::MAX, ramp_full(ramp_weight) - 1, ramp_weight);
        assert_eq!((full.unemitted, pools(u64::MAX, u128::MAX, ramp_weight)), (0, full));
        // One part in 9·10^18 of 1.66·10^19 base units is 1.8 of them, and each pool is floored.
        assert_eq!(full.winners - below.winners, 2);
        assert_eq!(pools(1_000, 999, 1).unemitted, 3);
    }
}
