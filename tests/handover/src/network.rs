//! The network's numbers, small, so that a schedule sees its end: an emission of 14 epochs in terms of four.

use liaise_emission::Rules as ProgramRules;
use liaise_ledger::EpochNumber;
use liaise_summary::{DistributorId, Emission, Epoch, NetworkId, Schedule};

/// Seconds of an hour, of an epoch, and when epoch 0 starts, Unix seconds.
pub const HOUR_S: u64 = 3_600;
/// See [`HOUR_S`].
pub const EPOCH_S: u64 = 24 * HOUR_S;
/// See [`HOUR_S`].
pub const GENESIS_S: u64 = 20_833 * EPOCH_S;
/// Epochs that issue something.
pub const EPOCHS: u32 = 14;
/// Base units; no epoch's part of them is whole.
pub const SUPPLY: u64 = 10_007;
/// Epochs of a term.
pub const TERM: u32 = 4;
/// Epochs of notice before a hand-over.
pub const NOTICE: u32 = 2;
/// Seconds that an epoch waits.
pub const EPOCH_DELAY_S: u32 = 6 * HOUR_S as u32;
/// Seconds that an opening, and what is filed after a guardian's veto, waits.
pub const LONG_DELAY_S: u32 = 30 * HOUR_S as u32;
/// The same two on the UTXO chain, in units of 512 seconds, rounded up.
pub const DELAY_UNITS: [u64; 2] = [43, 211];
/// Until then the guardian shares in the DAO's acts.
pub const GUARDED_UNTIL_S: u64 = GENESIS_S + TERM as u64 * EPOCH_S;
/// Silence before an emergency.
pub const SILENCE_S: u64 = 30 * HOUR_S;
/// Least payout of the UTXO chain, base units.
pub const PAYOUT_MIN: u64 = 90;
/// Payouts of a batch: few, so that an epoch has several.
pub const BATCH: usize = 2;
/// The network.
pub const NETWORK: NetworkId = NetworkId([7; 32]);
/// The chains, and which of them has unspent outputs.
pub const CHAINS: usize = 3;
/// See [`CHAINS`].
pub const UTXO_CHAIN: usize = 1;

/// A chain's distributor.
pub const fn distributor_id(chain: usize) -> DistributorId {
    DistributorId([chain as u8 + 1; 32])
}

/// The schedule that everybody knows.
pub fn schedule() -> Schedule {
    let emission = Emission { supply: SUPPLY, epochs: EPOCHS };
    Schedule { network: NETWORK, genesis_s: GENESIS_S, emission, epoch_s: EPOCH_S as u32, term_epochs: TERM }
}

/// E(e), base units.
pub fn emission(epoch: EpochNumber) -> u64 {
    u32::try_from(epoch).map_or(0, |epoch| schedule().emission.epoch(Epoch(epoch)))
}

/// When an epoch ends, Unix seconds.
pub fn end_s(epoch: EpochNumber) -> u64 {
    GENESIS_S.saturating_add_signed((epoch + 1) * EPOCH_S as i64)
}

/// What an account chain's distributor is deployed with. Its authority's address is not looked at.
pub fn program_rules() -> ProgramRules {
    ProgramRules {
        network: NETWORK.0,
        genesis_s: GENESIS_S,
        supply: SUPPLY,
        epochs: EPOCHS,
        epoch_s: EPOCH_S as u32,
        term_epochs: TERM,
        epoch_delay_s: EPOCH_DELAY_S,
        long_delay_s: LONG_DELAY_S,
        notice_epochs: NOTICE,
        guarded_until_s: GUARDED_UNTIL_S,
        authority: Default::default(),
        token_dao: true,
    }
}
