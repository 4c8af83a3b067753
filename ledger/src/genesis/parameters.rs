//! The parameters: numbers of the protocol that a network chooses.

use super::GenesisError;
use serde::{Deserialize, Serialize};

/// What a value may be, for error messages and checks.
struct Rule(&'static str, u64, u64, u64);

macro_rules! parameters {
    ($($(#[doc = $doc:literal])+ $key:ident = $default:literal in $low:literal ..= $high:literal;)*) => {
        /// Every parameter, each an integer with its unit in the name. [`Default`] gives the values of a live network;
        /// a genesis file lists them all.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Parameters {
            $($(#[doc = $doc])+ pub $key: u64,)*
        }

        impl Default for Parameters {
            fn default() -> Self {
                Parameters { $($key: $default,)* }
            }
        }

        impl Parameters {
            fn rules(&self) -> Vec<Rule> {
                vec![$(Rule(concat!("parameters.", stringify!($key)), self.$key, $low, $high),)*]
            }
        }
    };
}

parameters! {
    /// After an epoch's end, when a witness store closes it.
    close_s = 1_800 in 0 ..= 86_400;
    /// How long a witness must have held a store's close batch to refuse a vector with null for that store.
    seal_wait_s = 60 in 0 ..= 86_400;
    /// The longest life of a session key.
    session_max_s = 2_592_000 in 1 ..= 31_622_400;
    /// Epochs from a link's observation to its effect.
    link_epochs = 2 in 1 ..= 365;
    /// The most open tickets of a cluster.
    tickets_open = 3 in 1 ..= 1_000;
    /// After the prompt, until when results count.
    result_s = 600 in 1 ..= 86_400;
    /// After the prompt, until when verdicts count.
    verdict_s = 900 in 1 ..= 86_400;
    /// After the prompt, until when audits count: the task's deadline.
    deadline_s = 1_200 in 1 ..= 86_400;
    /// K: how many race at first, and how many more with each wave.
    racers = 3 in 1 ..= 64;
    /// After which silence the next ones of the order may race or judge.
    patience_s = 30 in 1 ..= 86_400;
    /// The least time between a racer's commit and its result.
    reveal_ms = 2_000 in 0 ..= 600_000;
    /// Latencies closer than this to the lowest are a tie. A local network may take 2.
    tie_ms = 20 in 0 ..= 10_000;
    /// How many auditors a refusal calls.
    auditors = 4 in 1 ..= 64;
    /// How many classify an image.
    committee = 3 in 1 ..= 64;
    /// W0: from which work on an epoch is emitted in full, in thousandths of a unit (units times ‰: a full unit weighs
    /// 1 000); 0: always. The default is a million full units. A local network takes 1.
    ramp_weight = 1_000_000_000 in 0 ..= 9_007_199_254_740_991;
    /// How many median users' units a user's tasks of an epoch may count.
    cap_medians = 4 in 1 ..= 1_000_000;
    /// The length gate: 0 paper, 1 robust.
    gate_mode = 1 in 0 ..= 1;
    /// The length gate's significance.
    alpha_ppm = 1_000 in 0 ..= 1_000_000;
    /// From which score on a classifier says "not safe for work".
    nsfw_permille = 800 in 0 ..= 1_000;
    /// What a detection adds to the hold-back.
    hold_step_permille = 20 in 0 ..= 1_000;
    /// The largest hold-back.
    hold_max_permille = 800 in 0 ..= 1_000;
    /// Epochs without a worse rate after which a hold-back is released.
    hold_release_epochs = 60 in 1 ..= 3_650;
    /// The last jobs that reliability counts.
    reliability_jobs = 200 in 1 ..= 100_000;
    /// The epochs back that reliability counts.
    reliability_epochs = 14 in 1 ..= 3_650;
    /// Jobs from which reliability is judged; a node with fewer is unproven.
    reliability_min_jobs = 20 in 1 ..= 100_000;
    /// What all unproven nodes together weigh at most, of the proven ones' weight.
    unproven_permille = 50 in 0 ..= 1_000;
    /// The weight of a node without a snapshot.
    light_permille = 500 in 0 ..= 1_000;
    /// The longest G-line.
    gline_epochs = 30 in 1 ..= 3_650;
    /// The least payout on Bitcoin Cash; less stays owed.
    bch_payout_min = 100_000_000 in 0 ..= 9_007_199_254_740_991;
    /// Seconds that an epoch waits on chain before it is payable.
    epoch_delay_s = 21_600 in 0 ..= 4_294_967_295;
    /// Seconds that an opening or a refiled statement waits on chain.
    long_delay_s = 604_800 in 0 ..= 4_294_967_295;
    /// Epochs of notice before a hand-over.
    notice_epochs = 7 in 0 ..= 3_650;
    /// Silence of a chain from which an emergency may be decreed.
    silence_s = 604_800 in 1 ..= 4_294_967_295;
}

impl Parameters {
    /// Whether every value is in its range, and the task's times are in order.
    pub(super) fn check(&self) -> Result<(), GenesisError> {
        for Rule(key, value, low, high) in self.rules() {
            if !(low..=high).contains(&value) {
                return Err(GenesisError::field(key, format!("{value} is not in {low} to {high}")));
            }
        }
        if !(self.result_s <= self.verdict_s && self.verdict_s <= self.deadline_s) {
            return Err(GenesisError::field("parameters.verdict_s", "result_s <= verdict_s <= deadline_s must hold"));
        }
        Ok(())
    }
}
