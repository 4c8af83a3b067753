//! Writing to a distributor: prepare, broadcast, status.

use alloy::eips::BlockId;
use alloy::network::TransactionBuilder;
use alloy::primitives::{B256, TxKind};
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::{RpcError, TransportError};
use async_trait::async_trait;
use liaise_chain_api::{
    Account, Action, At, BlockRef, ChainError, DeadReason, DistributorReader, FeeLimit, Funds, Outcome, Prepared,
    ReadsAs, Status, Submitter,
};

use crate::config::EvmConfig;
use crate::fees::{Fees, Misfit, prices};
use crate::nonce::NonceUse;
use crate::reader::EvmReader;
use crate::refusal::classify;
use crate::transaction::{self, Held};

/// Gas of filing an epoch: what 9 of 13 oracles' signatures need, measured, and a little more.
const FILING_GAS: u64 = 150_000;
/// Calldata of that.
const FILING_BYTES: usize = 1_400;

/// Bytes of a transaction beside its calldata, rounded up.
const ENVELOPE_BYTES: usize = 200;

/// Reads and writes the distributor of one [`EvmConfig`] with one account.
///
/// Keeps nothing between calls: what is under way is known to the chain and to the caller's journal.
#[derive(Debug)]
pub struct EvmSubmitter {
    reader: EvmReader,
    signer: PrivateKeySigner,
    account: Account,
}

impl EvmSubmitter {
    /// Connects as [`EvmReader::connect`] does; `signer` comes from the caller, who opened the keystore.
    ///
    /// # Errors
    /// Those of [`EvmReader::connect`].
    pub async fn connect(config: EvmConfig, signer: PrivateKeySigner) -> Result<Self, ChainError> {
        let reader = EvmReader::connect(config).await?;
        let account = Account::evm(reader.chain_number, signer.address().into_array());
        Ok(Self { reader, signer, account })
    }

    fn held(&self, prepared: &Prepared) -> Result<Held, ChainError> {
        transaction::held(prepared, &self.reader.config.chain, self.reader.chain_number)
    }

    fn failure(&self, error: TransportError) -> ChainError {
        self.reader.endpoint.failure(error)
    }

    fn provider(&self) -> &impl Provider {
        self.reader.endpoint.provider()
    }

    /// Gas that the call needs now; a revert becomes a refusal.
    async fn estimate(&self, action: &Action, input: &[u8]) -> Result<u64, ChainError> {
        let request = TransactionRequest::default()
            .with_from(self.signer.address())
            .with_to(self.reader.config.distributor)
            .with_input(input.to_vec());
        match self.provider().estimate_gas(request).block(BlockId::latest()).await {
            Ok(gas) => Ok(gas),
            Err(error) => {
                let revert = error.as_error_resp().and_then(|payload| payload.as_revert_data());
                match revert {
                    Some(data) => Err(ChainError::Refused { action: action.name(), refusal: classify(&data) }),
                    None => Err(self.failure(error)),
                }
            }
        }
    }

    /// The lowest nonce that neither a block nor anything undecided has taken.
    ///
    /// What the node says is pending does not count: it forgets, and a nonce above what it invents is never reached.
    async fn free_nonce(&self, undecided: &[Prepared]) -> Result<u64, ChainError> {
        let address = self.signer.address();
        let mut taken = Vec::with_capacity(undecided.len());
        for prepared in undecided {
            let held = self.held(prepared)?;
            if held.sender == address {
                taken.push(held.nonce);
            }
        }
        let mut nonce = self.reader.nonce_at(address, BlockId::latest()).await?;
        if self.reader.nonce_at(address, BlockId::pending()).await? < nonce {
            return Err(self.reader.endpoint.nonsense("fewer transactions with those that wait than without"));
        }
        while taken.contains(&nonce) {
            nonce = nonce.checked_add(1).ok_or_else(|| self.reader.endpoint.nonsense("no nonces left"))?;
        }
        Ok(nonce)
    }

    /// The receipt, if its block is part of the chain now. A block that does not list the transaction makes it a lie.
    async fn receipt(&self, hash: B256) -> Result<Option<(TransactionReceipt, BlockRef)>, ChainError> {
        let receipt = self.provider().get_transaction_receipt(hash).await.map_err(|error| self.failure(error))?;
        let Some(receipt) = receipt else { return Ok(None) };
        let nonsense = |detail: &str| self.reader.endpoint.nonsense(detail);
        if receipt.transaction_hash != hash {
            return Err(nonsense("another transaction's receipt"));
        }
        let place = receipt.block_number.zip(receipt.block_hash);
        let (number, block_hash) = place.ok_or_else(|| nonsense("a receipt outside any block"))?;
        let (block, ids) = self.reader.block_with_ids(number.into()).await?;
        if block.hash != block_hash.0 {
            return Ok(None);
        }
        if !ids.contains(&hash) {
            return Err(nonsense("a receipt from a block that does not hold the transaction"));
        }
        Ok(Some((receipt, block)))
    }

    async fn included(&self, held: &Held, receipt: &TransactionReceipt, block: BlockRef) -> Result<Status, ChainError> {
        let outcome = if receipt.status() { Outcome::Succeeded } else { Outcome::Reverted };
        let last_final = self.reader.block(At::Final).await?;
        if block.number > last_final.number {
            return Ok(Status::Included { block, outcome });
        }
        self.check_outcome(held, receipt, block).await?;
        // on Arbitrum the gas used holds the L1 part
        let fee_paid = u128::from(receipt.gas_used).saturating_mul(receipt.effective_gas_price);
        Ok(Status::Final { block, outcome, fee_paid })
    }

    /// Checks what a receipt says against the events that the block itself has of the transaction.
    async fn check_outcome(&self, held: &Held, receipt: &TransactionReceipt, at: BlockRef) -> Result<(), ChainError> {
        let distributor = self.reader.config.distributor;
        let filter = Filter::new().address(distributor).at_block_hash(B256::from(at.hash));
        let logs = self.provider().get_logs(&filter).await.map_err(|error| self.failure(error))?;
        let in_block = logs.iter().filter(|log| log.transaction_hash == Some(held.hash)).count();
        let in_receipt = receipt.logs().iter().filter(|log| log.address() == distributor).count();
        let told = (receipt.status(), in_receipt);
        let fits = match in_block {
            0 => told == (false, 0) || (told == (true, 0) && held.may_be_silent),
            events => told == (true, events),
        };
        if fits {
            return Ok(());
        }
        let detail = format!("a receipt that says {told:?} of a transaction with {in_block} events in its block");
        Err(self.reader.endpoint.nonsense(detail))
    }

    /// Whether the node has the transaction, in a block or waiting.
    async fn is_known(&self, hash: B256) -> Result<bool, ChainError> {
        let found = self.provider().get_transaction_by_hash(hash).await.map_err(|error| self.failure(error))?;
        Ok(found.is_some())
    }

    /// How a transaction stands that the node has: behind a nonce that the node has nothing for it waits for ever.
    async fn waiting(&self, prepared: &Prepared, held: &Held) -> Result<Status, ChainError> {
        let next = self.reader.nonce_at(held.sender, BlockId::pending()).await?;
        if next > held.nonce {
            return Ok(Status::Pending);
        }
        if next == held.nonce {
            // the node does not count on it: sent again, it may
            return Ok(Status::Unseen);
        }
        Err(ChainError::Blocked {
            account: Account::evm(self.reader.chain_number, held.sender.into_array()),
            id: prepared.id.clone(),
            behind: format!("nonce {next}").into(),
            own: format!("nonce {}", held.nonce).into(),
        })
    }
}

impl ReadsAs for EvmSubmitter {
    type Reader = EvmReader;

    fn reader(&self) -> &EvmReader {
        &self.reader
    }
}

#[async_trait]
impl Submitter for EvmSubmitter {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Result<u128, ChainError> {
        let balance = self.provider().get_balance(self.signer.address()).await.map_err(|error| self.failure(error))?;
        // more than 128 bits of wei is more than any fee
        Ok(u128::try_from(balance).unwrap_or(u128::MAX))
    }

    async fn funds(&self) -> Result<Funds, ChainError> {
        let prices = prices(&self.reader.endpoint, self.reader.config.gas).await?;
        let has = self.balance().await?;
        Ok(Funds { account: self.account.clone(), has, filing: Fees::needed(FILING_GAS, FILING_BYTES, &prices) })
    }

    async fn prepare(&self, action: &Action, fee: FeeLimit, undecided: &[Prepared]) -> Result<Prepared, ChainError> {
        let state = self.reader.distributor(At::Latest).await?;
        let input = self.reader.calldata(action, &state)?;
        let estimate = self.estimate(action, &input).await?;
        let prices = prices(&self.reader.endpoint, self.reader.config.gas).await?;
        let balance = self.balance().await?;
        let fees = Fees::fit(estimate, input.len() + ENVELOPE_BYTES, &prices, fee, balance);
        let fees = fees.map_err(|misfit| match misfit {
            Misfit::Limit { needed } => ChainError::FeeTooHigh { needed, limit: fee.0 },
            Misfit::Balance { needed } => ChainError::Funds { account: self.account.clone(), has: balance, needed },
        })?;
        let nonce = self.free_nonce(undecided).await?;
        let (config, number) = (&self.reader.config, self.reader.chain_number);
        let to = TxKind::Call(config.distributor);
        transaction::sign(&self.signer, &config.chain, number, to, nonce, &fees, input)
    }

    async fn broadcast(&self, prepared: &Prepared) -> Result<(), ChainError> {
        let held = self.held(prepared)?;
        self.reader.check_chain().await?;
        let error = match self.provider().send_raw_transaction(&prepared.bytes).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        let RpcError::ErrorResp(payload) = &error else { return Err(self.failure(error)) };
        let detail = format!("error {}: {}", payload.code, payload.message);
        // Nodes word "already known" and "nonce too low" in their own ways: ask for the facts instead.
        if self.is_known(held.hash).await? || self.reader.nonce_at(held.sender, BlockId::latest()).await? > held.nonce {
            return Ok(());
        }
        Err(ChainError::Rejected { endpoint: self.reader.endpoint.shown().to_owned(), detail })
    }

    async fn status(&self, prepared: &Prepared) -> Result<Status, ChainError> {
        let held = self.held(prepared)?;
        self.reader.check_chain().await?;
        if let Some((receipt, block)) = self.receipt(held.hash).await? {
            return self.included(&held, &receipt, block).await;
        }
        if self.is_known(held.hash).await? {
            return self.waiting(prepared, &held).await;
        }
        let last_final = self.reader.block(At::Final).await?;
        match self.reader.use_of_nonce(&held, &last_final).await? {
            NonceUse::None => Ok(Status::Unseen),
            NonceUse::Other => {
                self.reader.check_chain().await?;
                Ok(Status::Dead { reason: DeadReason::NonceUsed { nonce: held.nonce } })
            }
            // included since the receipt was asked for, or behind the back of a node that has no receipt of it
            NonceUse::This => match self.receipt(held.hash).await? {
                Some((receipt, block)) => self.included(&held, &receipt, block).await,
                None => Err(self.reader.endpoint.nonsense(format!("no receipt of {} in a final block", prepared.id))),
            },
        }
    }
}
