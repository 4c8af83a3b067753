//! What the suite's distributor is built with.

use liaise_summary::{Emission, NetworkId, OracleSet, Schedule, sha256};

use super::Oracles;
use crate::Delays;

/// The constructor values of the distributor under test.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Network, genesis, supply, epochs, lengths.
    pub schedule: Schedule,
    /// The statements' waits.
    pub delays: Delays,
    /// Epochs of notice before a hand-over.
    pub notice_epochs: u32,
    /// Until when the guardian shares in rotation, hand-over and change of guardian, Unix seconds. The suite's is
    /// genesis, so that the authority acts alone.
    pub guarded_until_s: u64,
    /// The first oracle set.
    pub oracle_set: OracleSet,
}

impl Plan {
    /// Hours for days: an epoch is an hour, a term four of them.
    pub fn new(oracles: &Oracles) -> Self {
        let epoch_s = 3600;
        // far enough ahead that no local chain's own clock has passed it
        let genesis_s = 1_900_000_800;
        assert_eq!(genesis_s % u64::from(epoch_s), 0, "genesis is a multiple of the epoch's length");
        Self {
            schedule: Schedule {
                network: NetworkId(sha256(&[b"liaise conformance network"]).0),
                genesis_s,
                emission: Emission { supply: 10_007_000_003, epochs: 14 },
                epoch_s,
                term_epochs: 4,
            },
            // whole units of 512 s, in which Bitcoin Cash counts
            delays: Delays { epoch_s: 2 * 512, long_s: 15 * 512 },
            notice_epochs: 2,
            guarded_until_s: genesis_s,
            oracle_set: oracles.set(),
        }
    }
}
