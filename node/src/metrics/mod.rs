//! What an operator watches: what the roles count as it happens, what is read when somebody asks, and the endpoint that a
//! Prometheus server asks. [docs/monitoring.md](../../../docs/monitoring.md) lists every metric.
//!
//! Labels are words of this program, ids of adapters, and what the configuration says. None is an address of a peer.

mod chain;
mod compute;
mod disk;
mod endpoint;
mod ledger;
mod oracle;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use crate::replica::Replica;
use liaise_store::StoreError;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::Arc;

pub(crate) use chain::watch_chain;
pub(crate) use compute::{ComputeMetrics, Work, watch_earnings};
pub use disk::{DiskSpace, disk_space};
pub(crate) use endpoint::Endpoint;
pub(crate) use ledger::LedgerMetrics;
pub(crate) use oracle::OracleMetrics;
pub(crate) use store::StoreMetrics;

/// Before every metric's name.
const PREFIX: &str = "liaise";

type Label = (&'static str, &'static str);
/// Counters by one label.
type CounterBy1 = Family<[Label; 1], Counter>;
/// Counters by two labels.
type CounterBy2 = Family<[Label; 2], Counter>;
/// Labels that are known only when the node runs.
type Labels = Vec<(&'static str, String)>;

/// The metrics of a part of a node.
pub(crate) trait Instruments: Send + Sync {
    /// Hands them over to whoever shows them.
    fn register(&self, registry: &mut Registry);

    /// Reads what is not counted as it happens. Blocks on the disk.
    ///
    /// # Errors
    /// The store can't be read.
    fn sample(&self, _replica: &Replica) -> Result<(), StoreError> {
        Ok(())
    }
}

/// All metrics of a node.
pub(crate) struct Metrics {
    registry: Registry,
    replica: Replica,
    parts: Vec<Arc<dyn Instruments>>,
}

impl Metrics {
    /// Those of the node's ledger and of its role, which is also the name in `liaise_build_info`.
    pub fn new(replica: Replica, role: &'static str, instruments: Arc<dyn Instruments>) -> Metrics {
        let mut registry = Registry::with_prefix(PREFIX);
        let build: Family<Labels, Gauge> = Family::default();
        let labels = vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("role", role.to_owned()),
            ("network", replica.genesis.name.clone()),
        ];
        build.get_or_create(&labels).set(1);
        registry.register(
            "build_info",
            "Always 1; the labels say which program runs which role of which network",
            build,
        );
        let started: Gauge = Gauge::default();
        started.set(seconds(replica.calendar.wall_ms()));
        registry.register("start_timestamp_seconds", "When the node was started, in Unix seconds", started);
        let parts: Vec<Arc<dyn Instruments>> = vec![replica.metrics.clone(), instruments];
        parts.iter().for_each(|part| part.register(&mut registry));
        Metrics { registry, replica, parts }
    }

    /// Reads what must be read and writes everything in Prometheus's text format.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn render(&self) -> Result<String, StoreError> {
        for part in &self.parts {
            part.sample(&self.replica)?;
        }
        let mut text = String::new();
        prometheus_client::encoding::prometheus_text::encode(&mut text, &self.registry)
            .expect("a string takes everything that is written to it");
        Ok(text)
    }
}

/// Makes the counters of all `values` of a label, at zero: a series that begins with its first event hides that event
/// from `increase`.
fn begin(family: &CounterBy1, label: &'static str, values: &[&'static str]) {
    for value in values {
        drop(family.get_or_create(&[(label, value)]));
    }
}

fn count(family: &CounterBy1, label: &'static str, value: &'static str, by: u64) {
    family.get_or_create(&[(label, value)]).inc_by(by);
}

/// Milliseconds as the seconds of a gauge.
fn seconds(ms: u64) -> i64 {
    whole(ms / 1000)
}

/// A count as a gauge's value.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
