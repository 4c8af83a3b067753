//! Nonces: how far an account is, and which transaction used one for ever.

use alloy::eips::BlockId;
use alloy::primitives::Address;
use alloy::providers::Provider;
use liaise_chain_api::{BlockRef, ChainError};

use crate::reader::EvmReader;
use crate::transaction::Held;

/// What used a transaction's nonce, up to a final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NonceUse {
    /// Nothing yet.
    None,
    /// The transaction itself.
    This,
    /// Something else, so that the transaction can never be included.
    Other,
}

impl EvmReader {
    /// How many nonces an account has used up to a block.
    pub(crate) async fn nonce_at(&self, address: Address, at: BlockId) -> Result<u64, ChainError> {
        let count = self.endpoint.provider().get_transaction_count(address).block_id(at).await;
        count.map_err(|error| self.endpoint.failure(error))
    }

    /// What used a transaction's nonce, as the final blocks show it.
    ///
    /// That a node has no receipt proves nothing: it may lag, prune or lie. So the block is looked for in which the
    /// account's count passed the nonce; no other block can hold the transaction. Every question names a final block,
    /// so that several nodes behind one address can't contradict each other.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], and [`ChainError::BadAnswer`] also from nodes that no longer know the states in
    /// question: an archive node does.
    pub(crate) async fn use_of_nonce(&self, held: &Held, last_final: &BlockRef) -> Result<NonceUse, ChainError> {
        if self.nonce_at(held.sender, BlockId::hash(last_final.hash.into())).await? <= held.nonce {
            return Ok(NonceUse::None);
        }
        let is_used = async |number: u64| match self.nonce_at(held.sender, BlockId::number(number)).await {
            Ok(count) => Ok(count > held.nonce),
            Err(ChainError::BadAnswer { detail, .. }) => {
                let detail = format!("no count of transactions at block {number}, which an archive node has: {detail}");
                Err(self.endpoint.nonsense(detail))
            }
            Err(error) => Err(error),
        };
        // backwards in growing steps: it is mostly near, and nodes without an archive know late states alone
        let (mut used_at, mut span) = (last_final.number, 1);
        let mut free_at = loop {
            let earlier = used_at.saturating_sub(span);
            if !is_used(earlier).await? {
                break earlier;
            }
            if earlier == 0 {
                return Err(self.endpoint.nonsense("a nonce that was used before the first block"));
            }
            (used_at, span) = (earlier, span.saturating_mul(2));
        };
        while used_at - free_at > 1 {
            let middle = free_at + (used_at - free_at) / 2;
            if is_used(middle).await? { used_at = middle } else { free_at = middle }
        }
        let (_, ids) = self.block_with_ids(used_at.into()).await?;
        Ok(if ids.contains(&held.hash) { NonceUse::This } else { NonceUse::Other })
    }
}
