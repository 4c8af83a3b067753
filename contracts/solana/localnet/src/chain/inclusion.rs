//! Which of the waiting transactions get into a block.

use std::collections::HashSet;
use std::sync::Arc;

use solana_address::Address;

use super::bank::Bank;
use super::ledger::Record;
use super::{Chain, MAX_AGE, Waiting};

/// Prices are told of any account; what the runtime demotes to read-only does not matter there.
const NONE_RESERVED: Option<&HashSet<Address>> = None;

impl Chain {
    /// Executes what waits, in the order of its arrival. What can't be in this block goes on waiting while it is to be
    /// tried again and its blockhash lives.
    pub(super) fn include(&mut self, bank: &mut Bank) -> Vec<Arc<Record>> {
        let mut records = Vec::new();
        let mut left = Vec::new();
        for mut waiting in std::mem::take(&mut self.waiting) {
            let included = self.try_one(bank, &waiting, records.len());
            match included {
                Some(record) => records.push(Arc::new(record)),
                None if waiting.tries_again() => left.push(waiting),
                None => {}
            }
        }
        self.waiting = left;
        records
    }

    /// Forgets what names a blockhash that no later block accepts.
    pub(super) fn forget_expired(&mut self) {
        let tip = Arc::clone(self.tip());
        self.waiting.retain(|waiting| tip.check_age(&waiting.transaction.message, MAX_AGE).is_ok());
    }

    fn try_one(&self, bank: &mut Bank, waiting: &Waiting, index: usize) -> Option<Record> {
        let Waiting { signature, message_hash, transaction, price, .. } = waiting;
        if *price < self.price_floor {
            return None;
        }
        bank.check_age(&transaction.message, MAX_AGE).ok()?;
        let executed = bank.execute(transaction).ok()?;
        let message = &transaction.message;
        let fixed = message.static_account_keys().iter().enumerate();
        let fixed = fixed
            .filter(|(index, _)| message.is_maybe_writable_with_reserved_addresses(*index, NONE_RESERVED))
            .map(|(_, key)| key);
        let writable = fixed.chain(&executed.meta.loaded_addresses.writable).copied().collect();
        Some(Record {
            signature: *signature,
            message_hash: *message_hash,
            slot: bank.slot,
            height: bank.height,
            index: u32::try_from(index).expect("a block in memory"),
            unix_time: bank.unix_time(),
            transaction: transaction.clone(),
            meta: executed.meta,
            keys: executed.keys,
            writable,
            price: *price,
        })
    }
}
