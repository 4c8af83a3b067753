//! Transactions that are sent and not in a block.

use solana_hash::Hash;
use solana_message::VersionedMessage;
use solana_sdk_ids::compute_budget;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

/// A transaction that waits for a block.
#[derive(Clone)]
pub struct Waiting {
    pub signature: Signature,
    pub message_hash: Hash,
    pub transaction: VersionedTransaction,
    /// In how many more blocks it is tried; none if until its blockhash expires.
    pub attempts: Option<usize>,
    /// Micro-lamports for a compute unit.
    pub price: u64,
}

impl Waiting {
    /// `max_retries` as in `sendTransaction`.
    pub fn new(transaction: VersionedTransaction, max_retries: Option<usize>) -> Self {
        Self {
            signature: transaction.signatures.first().copied().unwrap_or_default(),
            message_hash: transaction.message.hash(),
            price: unit_price(&transaction.message),
            attempts: max_retries.map(|retries| retries.saturating_add(1)),
            transaction,
        }
    }

    /// Counts a failed attempt; whether there will be another.
    pub fn tries_again(&mut self) -> bool {
        self.attempts = self.attempts.map(|left| left.saturating_sub(1));
        self.attempts != Some(0)
    }
}

/// The price that a message's compute budget names: instruction 3, a number of eight bytes.
fn unit_price(message: &VersionedMessage) -> u64 {
    let keys = message.static_account_keys();
    let price = |data: &[u8]| match data {
        [3, price @ ..] => Some(u64::from_le_bytes(price.try_into().ok()?)),
        _ => None,
    };
    let of_budget = |instruction: &&solana_message::compiled_instruction::CompiledInstruction| {
        keys.get(usize::from(instruction.program_id_index)) == Some(&compute_budget::ID)
    };
    message.instructions().iter().filter(of_budget).find_map(|instruction| price(&instruction.data)).unwrap_or(0)
}
