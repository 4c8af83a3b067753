//! Where every base unit of the schedule is: in a tree, owed beside it, or gone for good.

use liaise_summary::{Emission, Epoch};

use crate::fold::{OwedRow, ReasonCode};

/// One statement that stands on a distributor, and what its tree block adds to it. Base units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filed {
    /// The epoch that it names.
    pub epoch: Epoch,
    /// Sum of its tree, over the distributor's life.
    pub root_sum: u64,
    /// Owed beside the tree.
    pub owed: u64,
    /// Of the epoch, gone for good.
    pub unemitted: u64,
}

/// A distributor's books. Base units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supply {
    /// How many epochs are filed.
    pub epochs: u32,
    /// What the schedule lets them issue.
    pub schedule: u128,
    /// In the newest tree.
    pub issued: u64,
    /// Of that, paid out.
    pub paid: u64,
    /// Of that, payable and not claimed.
    pub unclaimed: u64,
    /// Of that, in a tree that is not payable yet.
    pub pending: u64,
    /// Owed: held back after detections.
    pub held: u128,
    /// Owed: too little for its chain to pay.
    pub below_minimum: u128,
    /// Owed: to accounts that the chain can't pay.
    pub without_account: u128,
    /// Gone for good: pools that nobody earned, and what rounding and gates took.
    pub unemitted: u128,
    /// The schedule less everything above: nothing, or somebody lies.
    pub difference: i128,
    /// The first epoch whose books do not add up, and by how much.
    pub broken: Option<(Epoch, i128)>,
}

impl Supply {
    /// Adds up what stands on a distributor, oldest first. `owing` are the rows behind the newest statement; `payable` is
    /// the sum of the newest payable tree, and `unclaimed` what of it was not paid, as the chain says them.
    pub fn add_up(emission: Emission, filed: &[Filed], owing: &[OwedRow], payable: u64, unclaimed: u64) -> Supply {
        let mut supply = Supply { unclaimed, paid: payable.saturating_sub(unclaimed), ..Supply::default() };
        let mut before: Option<Filed> = None;
        for now in filed {
            // Late pay names the last epoch again: it pays what was owed and issues nothing.
            let is_late = before.is_some_and(|before| before.epoch == now.epoch);
            let emitted = if is_late { 0 } else { emission.epoch(now.epoch) };
            let unemitted = if is_late { 0 } else { now.unemitted };
            let (sum, owed) = before.map_or((0, 0), |before| (before.root_sum, before.owed));
            let growth = i128::from(now.root_sum) - i128::from(sum);
            let off = i128::from(owed) + i128::from(emitted) - growth - i128::from(now.owed) - i128::from(unemitted);
            if off != 0 && supply.broken.is_none() {
                supply.broken = Some((now.epoch, off));
            }
            supply.epochs += u32::from(!is_late);
            supply.schedule += u128::from(emitted);
            supply.unemitted += u128::from(unemitted);
            before = Some(*now);
        }
        supply.issued = before.map_or(0, |newest| newest.root_sum);
        supply.pending = supply.issued.saturating_sub(payable);
        for row in owing {
            let of = match row.reason {
                ReasonCode::Held => &mut supply.held,
                ReasonCode::NoAccountOnChain => &mut supply.without_account,
                ReasonCode::BelowMinimum => &mut supply.below_minimum,
                // Nothing else is owed: whatever it is then shows as a difference.
                _ => continue,
            };
            *of += u128::from(row.amount);
        }
        supply.difference = signed(supply.schedule) - signed(supply.accounted());
        supply
    }

    /// What is in a tree, owed, or gone for good.
    pub fn accounted(&self) -> u128 {
        let trees = u128::from(self.paid) + u128::from(self.unclaimed) + u128::from(self.pending);
        trees + self.held + self.below_minimum + self.without_account + self.unemitted
    }

    /// Whether all of it is somewhere, in every epoch.
    pub fn adds_up(&self) -> bool {
        self.difference == 0 && self.broken.is_none()
    }
}

/// Sums of 64-bit amounts over a network's life stay far below 127 bits.
fn signed(sum: u128) -> i128 {
    i128::try_from(sum).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMISSION: Emission = Emission { supply: 1_000, epochs: 10 };

    fn filed(epoch: u32, root_sum: u64, owed: u64, unemitted: u64) -> Filed {
        Filed { epoch: Epoch(epoch), root_sum, owed, unemitted }
    }

    fn owing(reason: ReasonCode, amount: u64) -> OwedRow {
        let account = "eip155:1:0x0101010101010101010101010101010101010101".parse().unwrap();
        OwedRow { account, epoch: 0, reason, amount }
    }

    /// Three epochs of 100 each.
    fn books() -> (Vec<Filed>, Vec<OwedRow>) {
        let filed = vec![filed(0, 70, 10, 20), filed(1, 150, 30, 0), filed(2, 250, 30, 0)];
        (filed, vec![owing(ReasonCode::Held, 12), owing(ReasonCode::NoAccountOnChain, 18)])
    }

    #[test]
    fn every_base_unit_of_the_schedule_is_somewhere() {
        let (filed, owing) = books();
        let supply = Supply::add_up(EMISSION, &filed, &owing, 150, 40);
        assert!(supply.adds_up(), "{supply:?}");
        assert_eq!((supply.epochs, supply.schedule, supply.issued, supply.unemitted), (3, 300, 250, 20));
        assert_eq!((supply.paid, supply.unclaimed, supply.pending), (110, 40, 100));
        assert_eq!((supply.held, supply.without_account, supply.below_minimum), (12, 18, 0));
        assert_eq!(supply.accounted(), 300);
        let nothing = Supply::add_up(EMISSION, &[], &[], 0, 0);
        assert!(nothing.adds_up() && nothing.schedule == 0);
    }

    #[test]
    fn one_unit_too_many_or_too_few_is_found_where_it_is() {
        let (filed, owing) = books();
        for (place, change) in [(0, 1i64), (1, 1), (1, -1), (2, 1), (2, -1)] {
            let mut altered = filed.clone();
            altered[place].root_sum = altered[place].root_sum.checked_add_signed(change).unwrap();
            let supply = Supply::add_up(EMISSION, &altered, &owing, 150, 40);
            assert_eq!(supply.broken, Some((Epoch(place as u32), i128::from(-change))), "{place} {change}");
            assert!(!supply.adds_up());
        }
        let mut hidden = filed.clone();
        hidden[1].unemitted += 1;
        assert_eq!(Supply::add_up(EMISSION, &hidden, &owing, 150, 40).difference, -1);
        // Rows that are not what the statement says is owed.
        assert_eq!(Supply::add_up(EMISSION, &filed, &owing[..1], 150, 40).difference, 18);
        // A chain that says more is payable than was ever issued.
        assert_ne!(Supply::add_up(EMISSION, &filed, &owing, 251, 40).difference, 0);
    }

    #[test]
    fn late_pay_moves_what_was_owed_and_issues_nothing() {
        let (mut filed, _) = books();
        filed.push(self::filed(2, 280, 0, 0));
        let supply = Supply::add_up(EMISSION, &filed, &[], 250, 250);
        assert!(supply.adds_up(), "{supply:?}");
        assert_eq!((supply.epochs, supply.schedule, supply.pending), (3, 300, 30));
    }
}
