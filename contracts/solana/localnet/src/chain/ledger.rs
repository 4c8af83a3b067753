//! What the blocks held: transactions by signature, by message and by address.

use std::collections::HashMap;
use std::sync::Arc;

use solana_address::Address;
use solana_clock::Slot;
use solana_hash::Hash;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::TransactionStatusMeta;

/// A transaction in a block.
pub struct Record {
    pub signature: Signature,
    pub message_hash: Hash,
    pub slot: Slot,
    pub height: u64,
    /// Its place in the block.
    pub index: u32,
    /// The block's Unix seconds.
    pub unix_time: i64,
    pub transaction: VersionedTransaction,
    pub meta: TransactionStatusMeta,
    /// Every account, looked-up ones included.
    pub keys: Vec<Address>,
    /// Those that it may write.
    pub writable: Vec<Address>,
    /// Micro-lamports for a compute unit.
    pub price: u64,
}

impl Record {
    pub fn err(&self) -> Option<&TransactionError> {
        self.meta.status.as_ref().err()
    }
}

/// A block's place and contents.
pub struct Block {
    pub slot: Slot,
    /// Unix milliseconds.
    pub time_ms: u64,
    pub hash: Hash,
    pub records: Vec<Arc<Record>>,
}

impl Block {
    /// Its time in Unix seconds.
    pub fn unix_time(&self) -> i64 {
        i64::try_from(self.time_ms / 1000).expect("milliseconds of 64 bits are fewer seconds than 63 bits hold")
    }
}

/// Every block since genesis, by height.
#[derive(Clone, Default)]
pub struct Ledger {
    blocks: Vec<Arc<Block>>,
    by_signature: HashMap<Signature, Arc<Record>>,
    by_message: HashMap<Hash, Arc<Record>>,
}

impl Ledger {
    /// Appends the next block.
    pub fn push(&mut self, block: Block) {
        for record in &block.records {
            self.by_signature.insert(record.signature, Arc::clone(record));
            self.by_message.insert(record.message_hash, Arc::clone(record));
        }
        self.blocks.push(Arc::new(block));
    }

    /// Takes away every block above this height, the highest last.
    pub fn truncate(&mut self, height: u64) -> Vec<Arc<Block>> {
        let kept = usize::try_from(height + 1).expect("blocks are in memory");
        let removed = self.blocks.split_off(kept.min(self.blocks.len()));
        for record in removed.iter().flat_map(|block| &block.records) {
            self.by_signature.remove(&record.signature);
            self.by_message.remove(&record.message_hash);
        }
        removed
    }

    pub fn by_signature(&self, signature: &Signature) -> Option<&Arc<Record>> {
        self.by_signature.get(signature)
    }

    pub fn by_message(&self, message_hash: &Hash) -> Option<&Arc<Record>> {
        self.by_message.get(message_hash)
    }

    /// The block of a slot; none if the slot was skipped or is yet to come.
    pub fn at_slot(&self, slot: Slot) -> Option<(u64, &Arc<Block>)> {
        let index = self.blocks.binary_search_by_key(&slot, |block| block.slot).ok()?;
        Some((index as u64, &self.blocks[index]))
    }

    /// The block of a height.
    pub fn at_height(&self, height: u64) -> Option<&Arc<Block>> {
        self.blocks.get(usize::try_from(height).ok()?)
    }

    /// Blocks up to this height, the newest first.
    pub fn newest_first(&self, height: u64) -> impl Iterator<Item = &Arc<Block>> {
        let count = usize::try_from(height + 1).expect("blocks are in memory").min(self.blocks.len());
        self.blocks[..count].iter().rev()
    }

    /// Transactions up to this height that name an address, the newest first.
    pub fn of_address(&self, height: u64, address: Address) -> impl Iterator<Item = &Arc<Record>> {
        let records = self.newest_first(height).flat_map(|block| block.records.iter().rev());
        records.filter(move |record| record.keys.contains(&address))
    }
}
