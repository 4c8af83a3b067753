//! Beacon rounds: fetched from any store, verified, remembered.

use crate::links::{AskError, Links};
use crate::rpc::{MAX_WAIT_MS, Request, Response};
use futures::StreamExt;
use liaise_ledger::beacon::RoundSignature;
use liaise_ledger::genesis::Genesis;
use liaise_store::{Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// Rounds asked for at the same time.
const AT_ONCE: usize = 16;
/// Where rounds are kept: the fold of an epoch needs them again.
const ROUNDS: &str = "round";

/// Why a round can't be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeaconFetchError {
    /// No store answers.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The node's own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What came is not the beacon's signature.
    #[error("round {0}: {1}")]
    Wrong(u64, String),
    /// Its time has not come.
    #[error("round {0} is not published yet")]
    Early(u64),
}

/// A round that this node knows already.
///
/// # Errors
/// The store failed.
pub fn load_round(store: &Store, round: u64) -> Result<Option<RoundSignature>, StoreError> {
    let row = store.journal().get(ROUNDS, &round.to_be_bytes())?;
    Ok(row.and_then(|bytes| bytes.try_into().ok()))
}

/// Keeps a verified round.
///
/// # Errors
/// The store failed.
pub fn keep_round(store: &Store, round: u64, signature: &RoundSignature) -> Result<(), StoreError> {
    // It can be fetched again, so it need not be synced.
    store.journal().put_lazily(ROUNDS, &round.to_be_bytes(), signature)
}

/// Fetches rounds whose time has come; some of them may be nonsense that somebody named.
///
/// # Errors
/// None of them can be had: whoever asked would ask for ever.
pub async fn fetch_rounds(
    links: &Arc<Links>,
    store: &Store,
    genesis: &Genesis,
    now_ms: u64,
    rounds: &[u64],
) -> Result<(), BeaconFetchError> {
    let past = rounds.iter().copied().filter(|round| genesis.round_time_ms(*round) <= now_ms);
    let fetched = futures::stream::iter(past).map(|round| fetch_round(links, store, genesis, round));
    let fetched: Vec<Result<RoundSignature, BeaconFetchError>> = fetched.buffer_unordered(AT_ONCE).collect().await;
    if fetched.iter().any(Result::is_ok) {
        return Ok(());
    }
    let early = || BeaconFetchError::Early(rounds.first().copied().unwrap_or_default());
    Err(fetched.into_iter().find_map(Result::err).unwrap_or_else(early))
}

/// A round's signature, waiting for its time where necessary.
///
/// # Errors
/// No store answers with the right signature.
pub async fn fetch_round(
    links: &Arc<Links>,
    store: &Store,
    genesis: &Genesis,
    round: u64,
) -> Result<RoundSignature, BeaconFetchError> {
    if let Some(known) = load_round(store, round)? {
        return Ok(known);
    }
    let request = Request::Round { round, wait_ms: MAX_WAIT_MS };
    let patience = Duration::from_millis(u64::from(MAX_WAIT_MS) + 5_000);
    let answer = links
        .ask_any(&request, patience, |response| match response {
            Response::Round(signature) => Some(signature),
            _ => None,
        })
        .await?;
    let bytes = answer.ok_or(BeaconFetchError::Early(round))?;
    let wrong = |why: String| BeaconFetchError::Wrong(round, why);
    let signature: RoundSignature = bytes.into_vec().try_into().map_err(|_| wrong("not 48 bytes".into()))?;
    genesis.beacon.verify_round(round, &signature).map_err(|error| wrong(error.to_string()))?;
    keep_round(store, round, &signature)?;
    Ok(signature)
}
