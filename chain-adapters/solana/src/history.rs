//! What happened to a distributor, from its events.
//!
//! Every call but a claim, a consent and a settlement names the oracle set's account: the transactions that name it are the
//! whole history of statements, vetoes, openings and hand-overs, and no more than a few for each epoch. What is final never
//! changes and is read once.

use std::sync::{Mutex, PoisonError};

use liaise_chain_api::{Accepted, At, BlockRef, ChainError, DistributorReader, Range, SubmissionId};
use liaise_emission::Rules;
use liaise_emission::events::{EpochAccepted, OpenAccepted};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, OpenStatement, Statement};
use serde_json::json;
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::RpcConfirmedTransactionStatusWithSignature;
use solana_transaction_status_client_types::option_serializer::OptionSerializer;
use solana_transaction_status_client_types::{
    EncodedConfirmedTransactionWithStatusMeta, TransactionConfirmationStatus,
};

use crate::endpoint::commitment;
use crate::events::{Event, events};
use crate::reader::SolanaReader;

/// Signatures that one answer holds at most.
const PAGE: usize = 1000;

/// What one transaction did.
#[derive(Clone)]
struct Happened {
    signature: String,
    slot: u64,
    events: Vec<Event>,
}

/// The final part of the history, as far as it was read.
#[derive(Default)]
pub(crate) struct History(Mutex<Known>);

#[derive(Clone, Default)]
struct Known {
    /// The newest transaction that was listed, failed ones included.
    newest: Option<String>,
    /// Oldest first.
    happened: Vec<Happened>,
}

impl SolanaReader {
    /// Openings and filings under an epoch's number, in the chain's order.
    pub(crate) async fn accepted(&self, epoch: Epoch, at: At) -> Result<Vec<Accepted>, ChainError> {
        let loaded = self.load(at).await?;
        let rules = &loaded.distributor.rules;
        let mut accepted: Vec<Accepted> = Vec::new();
        for happened in self.happened(at).await? {
            for event in &happened.events {
                let (statement, digest) = match event {
                    Event::Vetoed(digest) => {
                        accepted.iter_mut().filter(|one| one.digest == *digest).for_each(|one| one.vetoed = true);
                        continue;
                    }
                    Event::Epoch(event) if event.epoch == epoch.0 => (self.epoch_statement(rules, event), event.digest),
                    Event::Open(event) if event.first == epoch.0 => (self.open_statement(rules, event), event.digest),
                    _ => continue,
                };
                if statement.digest().0 != digest {
                    return Err(self.endpoint.nonsense("an event whose digest is not that of its statement"));
                }
                let block: BlockRef = self.block_of(happened.slot).await?;
                let transaction = SubmissionId(happened.signature.clone());
                accepted.push(Accepted { digest: statement.digest(), statement, vetoed: false, transaction, block });
            }
        }
        Ok(accepted)
    }

    /// Every range that was opened and not vetoed, in order; the last as the distributor's account shows it.
    pub(crate) async fn range_history(&self, at: At) -> Result<Vec<Range>, ChainError> {
        let state = self.load_state(at).await?;
        let mut opened: Vec<(Hash32, Range)> = Vec::new();
        for event in self.happened(at).await?.iter().flat_map(|happened| &happened.events) {
            match event {
                Event::Epoch(_) => {}
                Event::Open(event) => {
                    let range = Range { first: Epoch(event.first), end: None, handed_to: None };
                    opened.push((Hash32(event.digest), range));
                }
                Event::Vetoed(vetoed) => opened.retain(|(digest, _)| digest != vetoed),
                Event::HandedOver(end, new) => {
                    let last = opened.last_mut();
                    let (_, range) = last.ok_or_else(|| self.endpoint.nonsense("a hand-over before any opening"))?;
                    range.end = Some(*end);
                    range.handed_to = Some(*new);
                }
            }
        }
        // one that waits is accepted and does not count yet
        opened.retain(|(digest, _)| state.pending.is_none_or(|pending| pending.digest != *digest));
        let ranges: Vec<Range> = opened.into_iter().map(|(_, range)| range).collect();
        if ranges.last().copied() != state.range {
            let detail = "events that end in another range than the distributor's account: its history has gaps";
            return Err(self.endpoint.nonsense(detail));
        }
        Ok(ranges)
    }

    /// All that happened, oldest first.
    async fn happened(&self, at: At) -> Result<Vec<Happened>, ChainError> {
        let known = self.history.known();
        let mut listed = self.listed(at, known.newest.as_deref()).await?;
        listed.reverse();
        // a node that does not know where to stop lists everything again
        if listed.iter().any(|one| known.happened.iter().any(|happened| happened.signature == one.signature)) {
            self.history.forget();
            return Err(self.endpoint.nonsense("a history without what was its newest final transaction"));
        }
        let mut happened = known.happened;
        let (mut newest, mut sure, mut all_final) = (known.newest.clone(), happened.len(), true);
        for one in listed {
            if one.err.is_none() {
                happened.push(self.look_up(&one.signature, at).await?);
            }
            all_final &= one.confirmation_status == Some(TransactionConfirmationStatus::Finalized);
            if all_final {
                (newest, sure) = (Some(one.signature), happened.len());
            }
        }
        self.history.advance(known.newest.as_deref(), Known { newest, happened: happened[..sure].to_vec() });
        Ok(happened)
    }

    /// The transactions that name the oracle set's account, newest first, down to `until` without it.
    async fn listed(
        &self,
        at: At,
        until: Option<&str>,
    ) -> Result<Vec<RpcConfirmedTransactionStatusWithSignature>, ChainError> {
        let mut listed: Vec<RpcConfirmedTransactionStatusWithSignature> = Vec::new();
        loop {
            let mut config = json!({"commitment": commitment(at), "limit": PAGE});
            if let Some(until) = until {
                config["until"] = json!(until);
            }
            if let Some(last) = listed.last() {
                config["before"] = json!(last.signature);
            }
            let params = json!([self.addresses.oracles.to_string(), config]);
            let page: Vec<RpcConfirmedTransactionStatusWithSignature> =
                self.endpoint.ask(RpcRequest::GetSignaturesForAddress, params).await?;
            let is_last = page.len() < PAGE;
            listed.extend(page);
            if is_last {
                return Ok(listed);
            }
        }
    }

    async fn look_up(&self, signature: &str, at: At) -> Result<Happened, ChainError> {
        let config = json!({"encoding": "base64", "commitment": commitment(at), "maxSupportedTransactionVersion": 0});
        let answer: Option<EncodedConfirmedTransactionWithStatusMeta> =
            self.endpoint.ask(RpcRequest::GetTransaction, json!([signature, config])).await?;
        let missing = || self.endpoint.nonsense(format!("no record of {signature}, which it has listed"));
        let found = answer.ok_or_else(missing)?;
        let OptionSerializer::Some(logs) = found.transaction.meta.ok_or_else(missing)?.log_messages else {
            return Err(self.endpoint.nonsense(format!("no log of {signature}")));
        };
        let events = events(&logs, &self.config.program, &self.config.distributor);
        let events = events.map_err(|detail| self.endpoint.nonsense(format!("{detail} in the log of {signature}")))?;
        Ok(Happened { signature: signature.to_owned(), slot: found.slot, events })
    }

    fn epoch_statement(&self, rules: &Rules, event: &EpochAccepted) -> Statement {
        EpochStatement {
            network: rules.schedule().network,
            distributor: self.id(),
            epoch: Epoch(event.epoch),
            oracle_set: event.set_version,
            head: Hash32(event.previous_head),
            root_hash: Hash32(event.root_hash),
            root_sum: event.root_sum,
            owed: event.owed,
            artefact: Hash32(event.artefact),
        }
        .into()
    }

    fn open_statement(&self, rules: &Rules, event: &OpenAccepted) -> Statement {
        let schedule = rules.schedule();
        OpenStatement {
            network: schedule.network,
            distributor: self.id(),
            first: Epoch(event.first),
            oracle_set: event.set_version,
            head: Hash32(event.previous_head),
            old: DistributorId(event.old),
            epoch_delay_s: rules.epoch_delay_s,
            long_delay_s: rules.long_delay_s,
            schedule: schedule.id(),
        }
        .into()
    }
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "History({} transactions)", self.known().happened.len())
    }
}

impl History {
    fn known(&self) -> Known {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }

    /// Goes on from `before`, unless another reader was faster.
    fn advance(&self, before: Option<&str>, to: Known) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.newest.as_deref() == before {
            *known = to;
        }
    }
}
