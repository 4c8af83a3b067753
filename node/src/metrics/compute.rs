//! What a compute node counts: its work, how long inference takes, what waits, what it earned.

use super::{CounterBy1, CounterBy2, Instruments, Labels, begin, count, whole};
use crate::documents::{DocumentsError, Library};
use crate::replica::Replica;
use liaise_ledger::{Account, EpochNumber, Hash};
use liaise_oracle::fold::Statement;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

/// How often a newer attested epoch is looked for.
const POLL: Duration = Duration::from_secs(15);

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Running a task.
    Race,
    /// Judging a result.
    Judge,
}

impl Work {
    fn word(self) -> &'static str {
        match self {
            Work::Race => "race",
            Work::Judge => "judge",
        }
    }
}

/// See the module.
pub(crate) struct ComputeMetrics {
    devices: Family<Labels, Gauge>,
    tasks: CounterBy2,
    inference: Family<[super::Label; 1], Histogram>,
    verdicts: CounterBy1,
    revealed: Counter,
    open: Gauge,
    owed: Gauge,
    busy: Gauge,
    session_end: Gauge,
    earned: Gauge,
    earned_epoch: Gauge,
}

impl ComputeMetrics {
    /// All counters at zero; `session_end_s` is when the node's session ends, Unix seconds.
    pub fn new(session_end_s: u64) -> ComputeMetrics {
        let metrics = ComputeMetrics {
            devices: Family::default(),
            tasks: CounterBy2::default(),
            // 5 ms to 80 s.
            inference: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.005, 2.0, 15))),
            verdicts: CounterBy1::default(),
            revealed: Counter::default(),
            open: Gauge::default(),
            owed: Gauge::default(),
            busy: Gauge::default(),
            session_end: Gauge::default(),
            earned: Gauge::default(),
            earned_epoch: Gauge::default(),
        };
        begin(&metrics.verdicts, "verdict", &["accepts", "refuses"]);
        for work in [Work::Race, Work::Judge] {
            drop(metrics.inference.get_or_create(&[("work", work.word())]));
            for outcome in ["done", "cancelled", "failed"] {
                drop(metrics.tasks.get_or_create(&[("work", work.word()), ("outcome", outcome)]));
            }
        }
        metrics.session_end.set(whole(session_end_s));
        metrics.earned_epoch.set(-2);
        metrics
    }

    /// An adapter and the device that it runs on.
    pub fn serves(&self, adapter: &Hash, device: &str, threads: usize) {
        let labels =
            vec![("adapter", adapter.to_string()), ("device", device.to_owned()), ("threads", threads.to_string())];
        self.devices.get_or_create(&labels).set(1);
    }

    /// Work came to an end: `done`, `cancelled` or `failed`.
    pub fn worked(&self, work: Work, outcome: &'static str) {
        self.tasks.get_or_create(&[("work", work.word()), ("outcome", outcome)]).inc();
    }

    /// A model has run.
    pub fn inferred(&self, work: Work, took: Duration) {
        self.inference.get_or_create(&[("work", work.word())]).observe(took.as_secs_f64());
    }

    /// A verdict was reached.
    pub fn judged(&self, accepts: bool) {
        count(&self.verdicts, "verdict", if accepts { "accepts" } else { "refuses" }, 1);
    }

    /// A result was revealed.
    pub fn revealed(&self) {
        self.revealed.inc();
    }

    /// Tasks on the board, what of them this node owes now, and whether it is at work.
    pub fn board(&self, open: usize, owed: usize, busy: bool) {
        self.open.set(whole(open as u64));
        self.owed.set(whole(owed as u64));
        self.busy.set(busy.into());
    }
}

impl Instruments for ComputeMetrics {
    fn register(&self, registry: &mut Registry) {
        let help = "Always 1; the labels say which adapter runs on which device";
        registry.register("compute_device_info", help, self.devices.clone());
        registry.register("compute_tasks", "Pieces of work by what became of them", self.tasks.clone());
        let help = "Time that a model took for a task or for the part of a result that was judged";
        registry.register("compute_inference_seconds", help, self.inference.clone());
        registry.register("compute_verdicts", "Findings on others' results", self.verdicts.clone());
        registry.register("compute_results", "Results that this node has revealed", self.revealed.clone());
        let mut gauge = |name, help: &str, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("compute_tasks_open", "Tasks that this node was drawn for and whose time is not over", &self.open);
        gauge("compute_queue_tasks", "Pieces of work that wait for the node's one slot", &self.owed);
        gauge("compute_busy", "1 while the slot is taken", &self.busy);
        gauge(
            "compute_session_end_timestamp_seconds",
            "When the node's session ends, in Unix seconds",
            &self.session_end,
        );
        let help = "What the account earned in the newest attested epoch, in base units of XLV (10^-8)";
        gauge("compute_earned_base_units", help, &self.earned);
        gauge("compute_earned_epoch", "That epoch; -2 before the first", &self.earned_epoch);
    }
}

/// Reads what an account earned in each newly attested epoch, until it is dropped.
pub(crate) async fn watch_earnings(
    metrics: Arc<ComputeMetrics>,
    replica: Replica,
    library: Arc<Library>,
    account: Account,
) {
    let mut known = None;
    loop {
        match newer(&replica, &library, &account, known).await {
            Ok(Some((epoch, net))) => {
                metrics.earned.set(whole(net));
                metrics.earned_epoch.set(epoch);
                known = Some(epoch);
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "what was earned can't be read for the metrics"),
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The newest attested epoch, if it is newer than the known one, and what the account earned in it.
async fn newer(
    replica: &Replica,
    library: &Library,
    account: &Account,
    known: Option<EpochNumber>,
) -> Result<Option<(EpochNumber, u64)>, DocumentsError> {
    let now = replica.genesis.epoch_of(replica.calendar.wall_ms());
    let newest = library.histories().newest(now).await?;
    let Some(block) = newest.filter(|block| known.is_none_or(|known| block.epoch > known)) else { return Ok(None) };
    let rows: Vec<Statement> = library.histories().rows(block.epoch, &block.statements).await?;
    let net = rows.iter().find(|row| row.account == *account).map_or(0, |row| row.net);
    Ok(Some((block.epoch, net)))
}
