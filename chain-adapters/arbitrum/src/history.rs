//! What happened to a distributor, from its events.

use alloy::primitives::B256;
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolEvent;
use alloy::transports::RpcError;
use liaise_chain_api::{Accepted, At, BlockRef, ChainError, DistributorReader, Range, SubmissionId};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, OpenStatement, Statement};

use crate::bindings::IEmission::{EpochAccepted, HandedOver, OpenAccepted, StatementVetoed};
use crate::reader::EvmReader;

/// Blocks that every node answers for at once; a request that fails is split down to this.
const SMALLEST_SPAN: u64 = 1_000;

impl EvmReader {
    /// Openings and filings under an epoch's number, in the chain's order.
    pub(crate) async fn accepted(&self, epoch: Epoch, at: At) -> Result<Vec<Accepted>, ChainError> {
        let until = self.block(at).await?;
        let number = B256::left_padding_from(&epoch.0.to_be_bytes());
        let kinds = vec![EpochAccepted::SIGNATURE_HASH, OpenAccepted::SIGNATURE_HASH];
        let mut accepted = Vec::new();
        for log in self.logs(self.filter(kinds).topic1(number), &until).await? {
            accepted.push(self.read_accepted(&log).await?);
        }
        if accepted.is_empty() {
            return Ok(accepted);
        }
        let digests: Vec<B256> = accepted.iter().map(|accepted| B256::from(accepted.digest.0)).collect();
        let vetoes = self.filter(vec![StatementVetoed::SIGNATURE_HASH]).topic1(digests);
        for log in self.logs(vetoes, &until).await? {
            let digest = Hash32(self.event::<StatementVetoed>(&log)?.digest.0);
            for accepted in accepted.iter_mut().filter(|accepted| accepted.digest == digest) {
                accepted.vetoed = true;
            }
        }
        Ok(accepted)
    }

    /// Every range that was opened and not vetoed, in order; the last as the contract's view shows it.
    pub(crate) async fn range_history(&self, at: At) -> Result<Vec<Range>, ChainError> {
        let state = self.distributor(at).await?;
        let kinds = vec![OpenAccepted::SIGNATURE_HASH, HandedOver::SIGNATURE_HASH, StatementVetoed::SIGNATURE_HASH];
        let mut opened: Vec<(Hash32, Range)> = Vec::new();
        for log in self.logs(self.filter(kinds), &state.at).await? {
            match log.topic0() {
                Some(&OpenAccepted::SIGNATURE_HASH) => {
                    let event = self.event::<OpenAccepted>(&log)?;
                    let range = Range { first: Epoch(event.first), end: None, handed_to: None };
                    opened.push((Hash32(event.digest.0), range));
                }
                Some(&StatementVetoed::SIGNATURE_HASH) => {
                    let vetoed = Hash32(self.event::<StatementVetoed>(&log)?.digest.0);
                    opened.retain(|(digest, _)| *digest != vetoed);
                }
                _ => {
                    let event = self.event::<HandedOver>(&log)?;
                    let (_, range) =
                        opened.last_mut().ok_or_else(|| self.endpoint.nonsense("a hand-over before any opening"))?;
                    range.end = Some(Epoch(event.end));
                    range.handed_to = Some(DistributorId(event.newDistributor.0));
                }
            }
        }
        // one that waits is accepted and does not count yet
        opened.retain(|(digest, _)| state.pending.is_none_or(|pending| pending.digest != *digest));
        let ranges: Vec<Range> = opened.into_iter().map(|(_, range)| range).collect();
        if ranges.last().copied() != state.range {
            let detail = "events that end in another range than the view: check deployed_block";
            return Err(self.endpoint.nonsense(detail));
        }
        Ok(ranges)
    }

    fn filter(&self, kinds: Vec<B256>) -> Filter {
        Filter::new().address(self.config.distributor).event_signature(kinds)
    }

    /// All logs of a filter up to a block, ascending.
    ///
    /// Asks for everything at once. Nodes limit how many blocks or logs they answer for, each in its own way, so a
    /// refused request is halved until it passes or is down to a span that every node takes.
    async fn logs(&self, filter: Filter, until: &BlockRef) -> Result<Vec<Log>, ChainError> {
        let mut spans = vec![(self.config.deployed_block.min(until.number), until.number)];
        let mut logs = Vec::new();
        while let Some((from, to)) = spans.pop() {
            match self.endpoint.provider().get_logs(&filter.clone().from_block(from).to_block(to)).await {
                Ok(found) => logs.extend(found),
                Err(RpcError::ErrorResp(_)) if to - from >= SMALLEST_SPAN => {
                    let middle = from + (to - from) / 2;
                    // the last pushed is asked first
                    spans.push((middle + 1, to));
                    spans.push((from, middle));
                }
                Err(error) => return Err(self.endpoint.failure(error)),
            }
        }
        let last = self.block_by(until.number.into()).await?;
        if last.hash != until.hash {
            return Err(self.endpoint.nonsense("a reorganisation while the history was read"));
        }
        Ok(logs)
    }

    async fn read_accepted(&self, log: &Log) -> Result<Accepted, ChainError> {
        let statement: Statement = match log.topic0() {
            Some(&EpochAccepted::SIGNATURE_HASH) => self.epoch_statement(&self.event(log)?).into(),
            _ => self.open_statement(&self.event(log)?).into(),
        };
        let digest = log.topics().get(2).map(|topic| Hash32(topic.0));
        if digest != Some(statement.digest()) {
            return Err(self.endpoint.nonsense("an event whose digest is not that of its statement"));
        }
        let place = log.block_number.zip(log.transaction_hash);
        let (number, transaction) = place.ok_or_else(|| self.endpoint.nonsense("an event outside any block"))?;
        Ok(Accepted {
            statement,
            digest: statement.digest(),
            vetoed: false,
            transaction: SubmissionId(transaction.to_string()),
            block: self.block_by(number.into()).await?,
        })
    }

    fn event<E: SolEvent>(&self, log: &Log) -> Result<E, ChainError> {
        let decoded = E::decode_log(&log.inner);
        decoded.map(|log| log.data).map_err(|_| self.endpoint.nonsense(format!("no {}", E::SIGNATURE)))
    }

    fn epoch_statement(&self, event: &EpochAccepted) -> EpochStatement {
        EpochStatement {
            network: self.constants.schedule.network,
            distributor: self.id(),
            epoch: Epoch(event.epoch),
            oracle_set: event.setVersion,
            head: Hash32(event.previousHead.0),
            root_hash: Hash32(event.rootHash.0),
            root_sum: event.rootSum,
            owed: event.owed,
            artefact: Hash32(event.artefact.0),
        }
    }

    fn open_statement(&self, event: &OpenAccepted) -> OpenStatement {
        OpenStatement {
            network: self.constants.schedule.network,
            distributor: self.id(),
            first: Epoch(event.first),
            oracle_set: event.setVersion,
            head: Hash32(event.previousHead.0),
            old: DistributorId(event.old.0),
            epoch_delay_s: self.constants.delays.epoch_s,
            long_delay_s: self.constants.delays.long_s,
            schedule: self.constants.schedule.id(),
        }
    }
}
