//! What an oracle's operator must know of the chain, read now and then: a scrape never waits for an RPC endpoint.

use super::oracle::{ChainGauges, OracleMetrics, failure};
use super::{count, seconds, whole};
use crate::chain::Coin;
use crate::replica::Replica;
use liaise_chain_api::{At, ChainError, Distributor, DistributorReader, Submitter};
use liaise_ledger::EpochNumber;
use liaise_summary::{Epoch, Statement};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often the chain is read.
const POLL: Duration = Duration::from_secs(15);

/// Reads the chain until it is dropped. What can't be read keeps its last value and is counted.
pub(crate) async fn watch_chain(
    metrics: Arc<OracleMetrics>,
    replica: Replica,
    reader: Arc<dyn DistributorReader>,
    submitter: Option<Arc<dyn Submitter>>,
) {
    let mut filed = None;
    loop {
        if let Err(error) = read(&metrics.chain, &replica, reader.as_ref(), &mut filed).await {
            failed(&metrics.chain, &error);
        }
        if let Some(submitter) = &submitter {
            metrics.chain.fee_limit.set(Coin::of(submitter.chain()).filing_limit.0 as f64);
            match submitter.balance().await {
                Ok(balance) => drop(metrics.chain.balance.set(balance as f64)),
                Err(error) => failed(&metrics.chain, &error),
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

fn failed(gauges: &ChainGauges, error: &ChainError) {
    tracing::debug!(%error, "the chain can't be read for the metrics");
    count(&gauges.errors, "reason", failure(error), 1);
}

/// `filed` is the newest epoch whose block is known: its statement is looked up once.
async fn read(
    gauges: &ChainGauges,
    replica: &Replica,
    reader: &dyn DistributorReader,
    filed: &mut Option<Epoch>,
) -> Result<(), ChainError> {
    let at = reader.distributor(At::Latest).await?;
    gauges.head.set(whole(at.at.number));
    gauges.head_time.set(whole(at.at.time_s));
    gauges.next.set(at.next.0.into());
    let end_ms = replica.genesis.epoch_end_ms(EpochNumber::from(at.next.0));
    let next_end_s = if at.in_range(at.next) { seconds(end_ms) } else { 0 };
    gauges.next_end_s.store(next_end_s, Ordering::Relaxed);
    gauges.pending.set(at.pending.is_some().into());
    gauges.payable_time.set(whole(at.pending.map_or(0, |pending| pending.payable_s)));
    read_filed(gauges, reader, &at, filed).await?;
    let last_final = reader.distributor(At::Final).await?.at.number;
    gauges.final_lag.set(whole(at.at.number.saturating_sub(last_final)));
    Ok(())
}

/// The newest epoch that stands, and when it was filed.
async fn read_filed(
    gauges: &ChainGauges,
    reader: &dyn DistributorReader,
    at: &Distributor,
    filed: &mut Option<Epoch>,
) -> Result<(), ChainError> {
    let Some(newest) = at.next.previous().filter(|newest| *filed != Some(*newest)) else { return Ok(()) };
    let accepted = reader.statements(newest, At::Latest).await?;
    let standing = accepted.iter().rev().find(|one| !one.vetoed && matches!(one.statement, Statement::Epoch(_)));
    // Before the first of a range there is none of this distributor's own.
    if let Some(standing) = standing {
        gauges.filed.set(newest.0.into());
        gauges.filed_time.set(whole(standing.block.time_s));
    }
    *filed = Some(newest);
    Ok(())
}
