//! How a transaction stands: in a block, not in one yet, or never to be in one.

use liaise_chain_api::{At, ChainError, DeadReason, Outcome, Status};
use serde_json::json;
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::Response;
use solana_transaction_status_client_types::{
    EncodedConfirmedTransactionWithStatusMeta, TransactionConfirmationStatus, TransactionStatus,
};

use crate::endpoint::commitment;
use crate::reader::SolanaReader;
use crate::transaction::{Birth, Held};

/// What a node says of a transaction.
pub(crate) struct Found {
    /// The newest slot that it has seen.
    by: u64,
    pub(crate) status: Option<TransactionStatus>,
}

impl SolanaReader {
    /// How a transaction stands.
    pub(crate) async fn standing(&self, held: &Held) -> Result<Status, ChainError> {
        if let Some(status) = self.found(held).await?.status {
            return self.included(held, &status).await;
        }
        let Some(expired_by) = self.has_expired(held.birth).await? else { return Ok(Status::Unseen) };
        // It is in a final slot before that one, or never will be: a node that has come as far says which.
        let Found { by, status } = self.found(held).await?;
        if let Some(status) = status {
            return self.included(held, &status).await;
        }
        if by < expired_by {
            return Err(self.endpoint.nonsense("statuses as of a slot before the final one that it has told of"));
        }
        self.remembers(held.birth).await?;
        if self.final_record(held).await?.is_some() {
            let id = held.signature;
            return Err(self.endpoint.nonsense(format!("no status of {id}, which is in a final slot")));
        }
        self.check_chain().await?;
        Ok(Status::Dead { reason: DeadReason::Expired })
    }

    /// What the node's own list says, its history included.
    pub(crate) async fn found(&self, held: &Held) -> Result<Found, ChainError> {
        let params = json!([[held.signature.to_string()], {"searchTransactionHistory": true}]);
        let answer: Response<Vec<Option<TransactionStatus>>> =
            self.endpoint.ask(RpcRequest::GetSignatureStatuses, params).await?;
        let one = <[_; 1]>::try_from(answer.value);
        let [status] = one.map_err(|_| self.endpoint.nonsense("another number of statuses than was asked for"))?;
        Ok(Found { by: answer.context.slot, status })
    }

    /// The final slot by which a blockhash has ended. None while it lives, and while the node has not come past the slot
    /// of its birth, for until then it does not know it.
    pub(crate) async fn has_expired(&self, birth: Birth) -> Result<Option<u64>, ChainError> {
        let params = json!([birth.blockhash.to_string(), {"commitment": commitment(At::Final)}]);
        let answer: Response<bool> = self.endpoint.ask(RpcRequest::IsBlockhashValid, params).await?;
        let past = !answer.value && answer.context.slot > birth.slot;
        Ok(past.then_some(answer.context.slot))
    }

    /// Checks that the node's records reach back to the slot that a blockhash is of, on the same chain: whatever named it
    /// came later. A node that has let go of those slots has no record of anything in them.
    async fn remembers(&self, birth: Birth) -> Result<(), ChainError> {
        let slot = birth.slot;
        match self.try_block_of(slot, At::Final).await? {
            Ok(block) if block.hash == birth.blockhash.to_bytes() => Ok(()),
            Ok(_) => Err(self.endpoint.nonsense(format!("another block of the final slot {slot} than was built on"))),
            Err(refused) => Err(self.endpoint.nonsense(format!(
                "no record of slot {slot} (error {}: {}), so it can't tell what was included after it: ask a node that \
                 keeps older records",
                refused.code, refused.message
            ))),
        }
    }

    /// The transaction in the chain's final history. A node that keeps none says so with an error.
    async fn final_record(&self, held: &Held) -> Result<Option<EncodedConfirmedTransactionWithStatusMeta>, ChainError> {
        let config =
            json!({"encoding": "base64", "commitment": commitment(At::Final), "maxSupportedTransactionVersion": 0});
        let params = json!([held.signature.to_string(), config]);
        self.endpoint.ask(RpcRequest::GetTransaction, params).await
    }

    async fn included(&self, held: &Held, status: &TransactionStatus) -> Result<Status, ChainError> {
        let nonsense = |detail: &str| self.endpoint.nonsense(detail);
        let outcome = if status.err.is_none() { Outcome::Succeeded } else { Outcome::Reverted };
        match status.confirmation_status {
            // nobody has voted for it
            Some(TransactionConfirmationStatus::Processed) => return Ok(Status::Pending),
            Some(TransactionConfirmationStatus::Confirmed) => {
                let block = self.block_of(status.slot).await?;
                return Ok(Status::Included { block, outcome });
            }
            Some(TransactionConfirmationStatus::Finalized) => {}
            None => return Err(nonsense("a status that does not say how certain it is")),
        }
        let record = self.final_record(held).await?.ok_or_else(|| nonsense("no record of a final transaction"))?;
        let meta = record.transaction.meta.ok_or_else(|| nonsense("a final transaction without its outcome"))?;
        if record.slot != status.slot || meta.err.is_some() != status.err.is_some() {
            return Err(nonsense("a record of a final transaction that differs from its status"));
        }
        // whoever signs pays, and stands first; rent of accounts that it opened is part of the cost
        let paid = meta.pre_balances.first().zip(meta.post_balances.first());
        let (before, after) = paid.ok_or_else(|| nonsense("a final transaction without balances"))?;
        let block = self.block_of(status.slot).await?;
        Ok(Status::Final { block, outcome, fee_paid: before.saturating_sub(*after).into() })
    }
}
