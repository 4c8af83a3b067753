//! What a distributor is built with, and the two covenants that follow from it.

use liaise_chain_api::{ChainError, Delays};
use liaise_summary::{BATCH_PAYOUTS, Schedule};

use crate::covenant::{CONTROLLER, Covenant, EPOCH, Value};

/// Seconds of one unit of a relative lock (BIP 68).
pub const UNIT_S: u32 = 512;

/// Below this a lock time is a block height.
const LEAST_TIME: u64 = 500_000_000;
/// Units that a relative lock has bits for.
const MOST_UNITS: u32 = 0xffff;

/// Constructor values: all that is fixed for a deployment. The controller's address follows from them alone; which of two
/// distributors with the same terms is meant, the category says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Network, genesis, supply, epochs, lengths.
    pub schedule: Schedule,
    /// The statements' waits. The chain counts in units of 512 s, rounded up.
    pub delays: Delays,
    /// Epochs of notice before a hand-over.
    pub notice_epochs: u32,
    /// Until when the guardian shares in rotation, hand-over and change of guardian, Unix seconds.
    pub guarded_until_s: u64,
    /// The least that the controller holds, satoshis.
    pub floor_sats: u64,
    /// What a payout costs.
    pub payout: PayoutTerms,
}

/// What cranks are held to, satoshis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayoutTerms {
    /// Each payout carries so much.
    pub payout_sats: u64,
    /// Fee of a batch, beside that of its payouts.
    pub fee_base_sats: u64,
    /// Fee for each payout.
    pub fee_per_sats: u64,
    /// Tenths of a byte of padding for each payout, which buys the operations that it costs.
    pub pad_tenths: u32,
}

impl PayoutTerms {
    /// What every network uses: 675 to the payee, 84 of fee, 1 950 a batch (docs/decisions/0703).
    pub const USUAL: Self = Self { payout_sats: 675, fee_base_sats: 1950, fee_per_sats: 84, pad_tenths: 60 };

    /// What a batch takes from its epoch's UTXO.
    pub fn batch_sats(&self, payouts: usize) -> u64 {
        let each = self.payout_sats.saturating_add(self.fee_per_sats);
        self.fee_base_sats.saturating_add(each.saturating_mul(payouts as u64))
    }

    /// What all batches of so many payouts take from their epoch's UTXO: with as much it ends empty.
    pub fn filing_sats(&self, payouts: u32) -> u64 {
        let payouts = payouts as usize;
        let full = (payouts / BATCH_PAYOUTS) as u64;
        let rest = match payouts % BATCH_PAYOUTS {
            0 => 0,
            rest => self.batch_sats(rest),
        };
        self.batch_sats(BATCH_PAYOUTS).saturating_mul(full).saturating_add(rest)
    }

    /// Bytes of padding of a batch.
    pub(crate) fn padding(&self, payouts: usize) -> usize {
        self.pad_tenths as usize * payouts / 10
    }
}

impl Terms {
    /// The least that the controller holds on every network.
    pub const FLOOR_SATS: u64 = 2000;

    /// Units of 512 s that an epoch waits.
    pub(crate) fn short_units(&self) -> u32 {
        self.delays.epoch_s.div_ceil(UNIT_S)
    }

    /// Units of 512 s that an opening and a refiled statement wait.
    pub(crate) fn long_units(&self) -> u32 {
        self.delays.long_s.div_ceil(UNIT_S)
    }

    /// Checks that script can hold the values to what they mean.
    ///
    /// # Errors
    /// [`ChainError::Input`] that names the value.
    pub fn check(&self) -> Result<(), ChainError> {
        let bad = |what: &'static str, detail: String| Err(ChainError::Input { what, detail });
        for (what, time) in [("genesis", self.schedule.genesis_s), ("guarded_until_s", self.guarded_until_s)] {
            if !(LEAST_TIME..=u64::from(u32::MAX)).contains(&time) {
                return bad(what, format!("{time} is no lock time: Bitcoin Cash takes 500 000 000 to 4 294 967 295"));
            }
        }
        for (what, units) in [("the epoch delay", self.short_units()), ("the long delay", self.long_units())] {
            if !(1..=MOST_UNITS).contains(&units) {
                return bad(what, format!("{units} units of 512 s: a relative lock takes 1 to 65 535"));
            }
        }
        let emission = self.schedule.emission;
        if emission.epochs == 0 || emission.supply == 0 || emission.supply > i64::MAX as u64 {
            return bad("the emission", "a supply of 1 to 2^63 - 1 over at least one epoch is needed".to_owned());
        }
        if self.schedule.epoch_s == 0 || self.schedule.term_epochs == 0 {
            return bad("the schedule", "epochs and terms must have a length".to_owned());
        }
        Ok(())
    }
}

/// The two covenants of a deployment.
#[derive(Clone, Debug)]
pub(crate) struct Covenants {
    pub(crate) controller: Covenant,
    pub(crate) epoch: Covenant,
}

impl Covenants {
    pub(crate) fn of(terms: &Terms) -> Self {
        let number = |value: u64| Value::Number(value);
        let small = |value: u32| Value::Number(u64::from(value));
        let units = [("delayUnits", small(terms.short_units())), ("longUnits", small(terms.long_units()))];
        let payout = &terms.payout;
        let mut values = vec![
            ("payoutSats", number(payout.payout_sats)),
            ("feeBase", number(payout.fee_base_sats)),
            ("feePer", number(payout.fee_per_sats)),
            ("padTenths", small(payout.pad_tenths)),
        ];
        values.extend(units.clone());
        let epoch = Covenant::new(EPOCH, &values);

        let schedule = &terms.schedule;
        let mut values = vec![
            ("network", schedule.network.0.into()),
            ("genesis", number(schedule.genesis_s)),
            ("supply", number(schedule.emission.supply)),
            ("epochs", small(schedule.emission.epochs)),
            ("epochS", small(schedule.epoch_s)),
            ("term", small(schedule.term_epochs)),
            ("notice", small(terms.notice_epochs)),
            ("guardedUntil", number(terms.guarded_until_s)),
            ("delayS", small(terms.delays.epoch_s)),
            ("longS", small(terms.delays.long_s)),
        ];
        values.extend(units);
        values.push(("floorSats", number(terms.floor_sats)));
        values.push(("epochScript", epoch.script_hash().into()));
        Self { controller: Covenant::new(CONTROLLER, &values), epoch }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::live;

    #[test]
    fn the_live_controller_has_the_size_of_the_figures() {
        live().check().expect("live values");
        assert_eq!((live().short_units(), live().long_units()), (43, 1182));
        assert_eq!(Covenants::of(&live()).controller.redeem().len(), 3645);
        // 100 000 payouts in 86 batches
        let payout = live().payout;
        assert_eq!(payout.filing_sats(100_000), 76_067_700);
        assert_eq!((payout.filing_sats(0), payout.filing_sats(1)), (0, 759 + 1950));
        assert_eq!(payout.filing_sats(1171), payout.batch_sats(1170) + payout.batch_sats(1));
        assert_eq!(payout.filing_sats(2340), 2 * payout.batch_sats(1170));
    }

    #[test]
    fn values_that_script_takes_for_something_else_are_refused() {
        let height = Terms { guarded_until_s: 499_999_999, ..live() };
        let far = Terms { guarded_until_s: 1 << 32, ..live() };
        let hasty = Terms { delays: Delays { epoch_s: 0, ..live().delays }, ..live() };
        let endless = Terms { delays: Delays { long_s: u32::MAX, ..live().delays }, ..live() };
        for terms in [height, far, hasty, endless] {
            assert!(matches!(terms.check(), Err(ChainError::Input { .. })), "{terms:?}");
        }
    }
}
