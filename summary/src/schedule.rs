//! The emission schedule: how much may be issued by the end of an epoch.

use crate::hash::{Hash32, sha256, tag16};
use crate::ids::{Epoch, NetworkId};

const SCHEDULE_TAG: [u8; 16] = tag16("LIAISE/SCHED/01");

/// Supply and number of epochs: linear emission, rounded down cumulatively, so that all of it adds up to the supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emission {
    /// S: base units that all epochs together may issue, below 2^63.
    pub supply: u64,
    /// T: number of epochs that issue something, at least 1.
    pub epochs: u32,
}

impl Emission {
    /// F(e) = floor(min(e+1, T)·S/T): base units that may be issued up to the end of epoch `e`.
    ///
    /// # Panics
    /// If `epochs` is zero, which no genesis allows.
    pub fn cumulative_floor(&self, epoch: Epoch) -> u64 {
        assert!(self.epochs > 0, "a schedule has at least one epoch");
        let counted = (u64::from(epoch.0) + 1).min(u64::from(self.epochs));
        let floor = u128::from(counted) * u128::from(self.supply) / u128::from(self.epochs);
        u64::try_from(floor).expect("at most the supply, because counted <= epochs")
    }

    /// E(e) = F(e) - F(e-1): base units that epoch `e` itself may issue.
    pub fn epoch(&self, epoch: Epoch) -> u64 {
        let before = epoch.previous().map_or(0, |previous| self.cumulative_floor(previous));
        self.cumulative_floor(epoch).checked_sub(before).expect("F never falls")
    }
}

/// All that is fixed for a network for ever and that a distributor must be built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The network.
    pub network: NetworkId,
    /// Start of epoch 0, Unix seconds.
    pub genesis_s: u64,
    /// Supply and number of epochs.
    pub emission: Emission,
    /// Length of an epoch in seconds.
    pub epoch_s: u32,
    /// Length of a term in epochs: hand-overs happen at its multiples.
    pub term_epochs: u32,
}

impl Schedule {
    /// H(`LIAISE/SCHED/01`, network, genesis_s u64, S u64, T u32, epoch_s u32, term u32).
    ///
    /// An OPEN statement carries it, so that a wrongly built distributor can't be opened.
    pub fn id(&self) -> Hash32 {
        sha256(&[
            &SCHEDULE_TAG,
            self.network.as_bytes(),
            &self.genesis_s.to_be_bytes(),
            &self.emission.supply.to_be_bytes(),
            &self.emission.epochs.to_be_bytes(),
            &self.epoch_s.to_be_bytes(),
            &self.term_epochs.to_be_bytes(),
        ])
    }

    /// The end of an epoch in Unix seconds, from which on a chain takes its statement; `None` beyond 64 bits.
    pub fn epoch_end_s(&self, epoch: Epoch) -> Option<u64> {
        // below 2^64 for every epoch and length: (2^32) * (2^32 - 1)
        let offset = (u64::from(epoch.0) + 1) * u64::from(self.epoch_s);
        self.genesis_s.checked_add(offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_epochs_add_up_to_the_supply_and_later_ones_issue_nothing() {
        let emission = Emission { supply: 10_007, epochs: 14 };
        let total: u64 = (0..14).map(|epoch| emission.epoch(Epoch(epoch))).sum();
        assert_eq!(total, 10_007);
        assert_eq!(emission.epoch(Epoch(14)), 0);
        assert_eq!(emission.cumulative_floor(Epoch(u32::MAX)), 10_007);
    }

    #[test]
    fn the_largest_supply_does_not_overflow() {
        let emission = Emission { supply: u64::MAX, epochs: u32::MAX };
        assert_eq!(emission.cumulative_floor(Epoch(u32::MAX)), u64::MAX);
    }

    #[test]
    fn the_end_of_an_epoch_is_the_start_of_the_next() {
        let schedule = Schedule {
            network: NetworkId::ZERO,
            genesis_s: 86_400,
            emission: Emission { supply: 1, epochs: 1 },
            epoch_s: 60,
            term_epochs: 180,
        };
        assert_eq!(schedule.epoch_end_s(Epoch(0)), Some(86_460));
        assert_eq!(Schedule { genesis_s: u64::MAX, ..schedule }.epoch_end_s(Epoch(0)), None);
    }
}
