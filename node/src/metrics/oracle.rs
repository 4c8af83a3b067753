//! What an oracle counts: folds, signatures given and refused, submissions. What it reads of the chain is in `chain`.

use super::{CounterBy1, Instruments, begin, count, seconds, whole};
use crate::oracle_role::OracleError;
use crate::replica::{Replica, ReplicaError};
use liaise_chain_api::{ChainError, SubmissionId};
use liaise_ledger::EpochNumber;
use liaise_oracle::audit::AuditError;
use liaise_oracle::journal::{JournalError, Progress};
use liaise_oracle::quorum::QuorumError;
use liaise_store::StoreError;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

const SIGNED: [&str; 3] = ["history", "epoch", "open"];
const REFUSED: [&str; 6] = ["other-content", "older-set", "guard", "two-roots", "moved", "form"];
const SENT: [&str; 4] = ["sent", "final", "by-others", "failed"];
const FAILURES: [&str; 8] =
    ["unreachable", "bad-answer", "rejected", "refused", "fee-limit", "funds", "configuration", "journal"];

/// See the module.
#[derive(Default)]
pub(crate) struct OracleMetrics {
    pub(super) folded: Gauge,
    signatures: CounterBy1,
    refused: CounterBy1,
    submissions: CounterBy1,
    submission_failures: CounterBy1,
    live: Gauge,
    last_sent: Mutex<Option<SubmissionId>>,
    pass_failures: Counter,
    pub(super) chain: ChainGauges,
}

/// What the chain showed when it was last asked.
#[derive(Default)]
pub(super) struct ChainGauges {
    pub errors: CounterBy1,
    pub head: Gauge,
    pub head_time: Gauge,
    pub head_age: Gauge,
    pub final_lag: Gauge,
    pub next: Gauge,
    pub filed: Gauge,
    pub filed_time: Gauge,
    /// The end of the epoch that the distributor takes next, Unix seconds; 0 where it takes none.
    pub next_end_s: AtomicI64,
    pub unfiled: Gauge,
    pub pending: Gauge,
    pub payable_time: Gauge,
    pub balance: Gauge<f64, AtomicU64>,
    pub fee_limit: Gauge<f64, AtomicU64>,
}

impl OracleMetrics {
    /// All counters at zero.
    pub fn new() -> OracleMetrics {
        let metrics = OracleMetrics::default();
        begin(&metrics.signatures, "statement", &SIGNED);
        begin(&metrics.refused, "reason", &REFUSED);
        begin(&metrics.submissions, "outcome", &SENT);
        begin(&metrics.submission_failures, "reason", &FAILURES);
        begin(&metrics.chain.errors, "reason", &FAILURES);
        metrics.folded.set(-2);
        metrics.chain.filed.set(-1);
        metrics
    }

    /// An epoch is folded.
    pub fn folded(&self, epoch: EpochNumber) {
        self.folded.set(epoch);
    }

    /// A signature was given: under a history, an epoch's statement or an opening.
    pub fn signed(&self, statement: &'static str) {
        count(&self.signatures, "statement", statement, 1);
    }

    /// A pass over a submission came to rest.
    pub fn submission(&self, outcome: &Result<Progress, JournalError>, live: usize) {
        self.live.set(whole(live as u64));
        let word = match outcome {
            Ok(Progress::UnderWay(id)) => {
                let mut last = self.last_sent.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                if last.replace(id.clone()).as_ref() == Some(id) {
                    return;
                }
                "sent"
            }
            Ok(Progress::Done(_)) => "final",
            Ok(Progress::DoneByOthers) => "by-others",
            Ok(Progress::Idle) => return,
            Err(error) => {
                let reason = match error {
                    JournalError::Chain(error) => failure(error),
                    _ => "journal",
                };
                count(&self.submission_failures, "reason", reason, 1);
                "failed"
            }
        };
        count(&self.submissions, "outcome", word, 1);
    }

    /// A pass stopped.
    pub fn pass_failed(&self, error: &OracleError) {
        self.pass_failures.inc();
        if let Some(reason) = refusal(error) {
            count(&self.refused, "reason", reason, 1);
        }
    }
}

/// Why nothing was signed, where that is what stopped a pass.
fn refusal(error: &OracleError) -> Option<&'static str> {
    match error {
        OracleError::Quorum(QuorumError::SignedOther { .. }) => Some("other-content"),
        OracleError::Quorum(QuorumError::OlderSet { .. }) => Some("older-set"),
        OracleError::Quorum(QuorumError::Guard(_)) => Some("guard"),
        OracleError::Quorum(_) => Some("form"),
        OracleError::Audit(AuditError::TwoRoots { .. } | AuditError::Root(_)) => Some("two-roots"),
        OracleError::Store(StoreError::Moved { .. })
        | OracleError::Replica(ReplicaError::Store(StoreError::Moved { .. })) => Some("moved"),
        _ => None,
    }
}

/// A chain's error as a label.
pub(super) fn failure(error: &ChainError) -> &'static str {
    match error {
        ChainError::Unreachable { .. } => "unreachable",
        ChainError::BadAnswer { .. } => "bad-answer",
        ChainError::Rejected { .. } => "rejected",
        ChainError::Refused { .. } => "refused",
        ChainError::FeeTooHigh { .. } => "fee-limit",
        ChainError::Funds { .. } => "funds",
        // Another chain, no distributor, an account of elsewhere: what node.toml says.
        _ => "configuration",
    }
}

impl Instruments for OracleMetrics {
    fn register(&self, registry: &mut Registry) {
        let chain = &self.chain;
        let mut gauge = |name, help: &str, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("oracle_epoch_folded", "Newest epoch that is folded; -2 before the first", &self.folded);
        gauge("oracle_submissions_live", "Transactions that may be on their way", &self.live);
        gauge("oracle_epoch_next", "The epoch that the distributor takes next", &chain.next);
        gauge("oracle_epoch_filed", "Newest epoch that stands filed; -1 before the first", &chain.filed);
        gauge(
            "oracle_epoch_filed_timestamp_seconds",
            "Time of the block that holds it, in Unix seconds",
            &chain.filed_time,
        );
        gauge(
            "oracle_epoch_unfiled_seconds",
            "Time since the end of the epoch that the distributor takes next; 0 while it goes on",
            &chain.unfiled,
        );
        gauge("oracle_statement_pending", "1 while an accepted statement waits for its effect", &chain.pending);
        gauge(
            "oracle_statement_payable_timestamp_seconds",
            "When the pending statement takes effect, in Unix seconds; 0 where none is pending",
            &chain.payable_time,
        );
        gauge("chain_head_number", "Number of the chain's newest block", &chain.head);
        gauge("chain_head_timestamp_seconds", "Time of that block, in Unix seconds", &chain.head_time);
        gauge(
            "chain_head_age_seconds",
            "By how much that time is behind this node's calendar; 0 before the chain was read",
            &chain.head_age,
        );
        gauge("chain_final_lag_blocks", "Blocks after the newest final one", &chain.final_lag);
        let help = "Signatures that this oracle gave";
        registry.register("oracle_signatures", help, self.signatures.clone());
        let help = "Passes in which this oracle refused to sign";
        registry.register("oracle_signing_refused", help, self.refused.clone());
        registry.register("oracle_submissions", "Submissions by what became of them", self.submissions.clone());
        let help = "Passes in which a submission failed";
        registry.register("oracle_submission_failures", help, self.submission_failures.clone());
        let help = "Passes that stopped with an error; the next one goes on";
        registry.register("oracle_pass_failures", help, self.pass_failures.clone());
        registry.register("chain_errors", "Reads of the chain that failed", chain.errors.clone());
        let help = "What the account that pays for submissions has, in the coin's smallest unit";
        registry.register("oracle_submitter_balance_coin_units", help, chain.balance.clone());
        let help = "The most that one submission may cost, in the same unit; 0 without a submitter";
        registry.register("oracle_submission_fee_limit_coin_units", help, chain.fee_limit.clone());
    }

    /// Ages grow while the chain can't be read.
    fn sample(&self, replica: &Replica) -> Result<(), StoreError> {
        let now = seconds(replica.calendar.wall_ms());
        let since = |then: i64| if then == 0 { 0 } else { (now - then).max(0) };
        self.chain.head_age.set(since(self.chain.head_time.get()));
        self.chain.unfiled.set(since(self.chain.next_end_s.load(Ordering::Relaxed)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a series in what the metrics show.
    fn shown(metrics: &OracleMetrics, series: &str) -> u64 {
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::prometheus_text::encode(&mut text, &registry).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{series} is not in {text}")).parse().unwrap()
    }

    #[test]
    fn refusals_to_sign_are_told_from_other_trouble() {
        let metrics = OracleMetrics::new();
        let head = liaise_ledger::Hash([1; 32]);
        metrics.pass_failed(&QuorumError::SignedOther { distributor: head, head }.into());
        metrics.pass_failed(&StoreError::Moved { key: "02ab".into() }.into());
        let unreachable = ChainError::Unreachable { endpoint: "http://rpc".into(), detail: "no connection".into() };
        metrics.pass_failed(&unreachable.into());
        assert_eq!(shown(&metrics, "oracle_pass_failures_total"), 3);
        let refused = |reason: &str| shown(&metrics, &format!("oracle_signing_refused_total{{reason=\"{reason}\"}}"));
        assert_eq!(REFUSED.map(refused), [1, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn a_transaction_is_counted_once_however_often_it_is_looked_at() {
        let metrics = OracleMetrics::new();
        let id = |n: u8| SubmissionId(format!("0x{n}"));
        for id in [id(1), id(1), id(2)] {
            metrics.submission(&Ok(Progress::UnderWay(id)), 1);
        }
        metrics.submission(&Ok(Progress::DoneByOthers), 0);
        let account = liaise_chain_api::Account::evm(1, [1; 20]);
        let funds = ChainError::Funds { account, has: 1, needed: 2 };
        metrics.submission(&Err(JournalError::Chain(funds)), 0);
        let outcome = |word: &str| shown(&metrics, &format!("oracle_submissions_total{{outcome=\"{word}\"}}"));
        assert_eq!(SENT.map(outcome), [2, 0, 1, 1]);
        assert_eq!(shown(&metrics, "oracle_submission_failures_total{reason=\"funds\"}"), 1);
        assert_eq!(shown(&metrics, "oracle_submissions_live"), 0);
    }
}
