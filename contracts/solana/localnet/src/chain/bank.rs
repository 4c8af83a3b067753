//! The state after a block: LiteSVM's accounts, the clock, and the blockhashes that are still good.

use litesvm::LiteSVM;
use solana_address::Address;
use solana_clock::{Clock, Slot};
use solana_epoch_schedule::EpochSchedule;
use solana_hash::Hash;
use solana_message::v0::LoadedAddresses;
use solana_message::{AddressLoader, VersionedMessage};
use solana_slot_hashes::SlotHashes;
use solana_transaction_error::TransactionError;

use super::hashes::{MAX_AGE, RecentHashes};

/// A slot with a block. Once its hash is registered nothing in it changes any more: later slots begin as copies.
pub struct Bank {
    pub slot: Slot,
    /// How many blocks were before it.
    pub height: u64,
    /// Unix milliseconds.
    pub time_ms: u64,
    /// How many transactions the chain has had, this block's included.
    pub transactions: u64,
    pub svm: LiteSVM,
    blockhash: Hash,
    hashes: RecentHashes,
}

impl Bank {
    /// Slot 0.
    pub fn genesis(mut svm: LiteSVM, time_ms: u64, blockhash: Hash) -> Self {
        svm.set_sysvar(&EpochSchedule::without_warmup());
        svm.set_sysvar(&SlotHashes::default());
        svm.set_sysvar(&clock(0, time_ms, None));
        let hashes = RecentHashes::new(blockhash);
        Self { slot: 0, height: 0, time_ms, transactions: 0, svm, blockhash, hashes }
    }

    /// The block after this one, still open.
    pub fn child(&self, slot: Slot, time_ms: u64) -> Self {
        let mut svm = self.svm.clone();
        let mut slot_hashes: SlotHashes = svm.get_sysvar();
        slot_hashes.add(self.slot, self.blockhash);
        svm.set_sysvar(&slot_hashes);
        svm.set_sysvar(&clock(slot, time_ms, Some(&svm.get_sysvar())));
        Self {
            slot,
            height: self.height + 1,
            time_ms,
            transactions: self.transactions,
            svm,
            blockhash: self.blockhash,
            hashes: self.hashes.clone(),
        }
    }

    /// Ends the block: from now on its hash can be named.
    pub fn freeze(&mut self, blockhash: Hash) {
        self.blockhash = blockhash;
        self.hashes.push(blockhash);
    }

    /// The newest hash that can be named here.
    pub fn blockhash(&self) -> Hash {
        self.blockhash
    }

    /// The block's time in Unix seconds, as the Clock sysvar says it.
    pub fn unix_time(&self) -> i64 {
        i64::try_from(self.time_ms / 1000).expect("milliseconds of 64 bits are fewer seconds than 63 bits hold")
    }

    /// How many blocks ago a hash was registered; none if a transaction can't name it any more, or yet.
    pub fn age(&self, hash: &Hash) -> Option<u64> {
        self.hashes.age(hash)
    }

    /// The last block height at which a transaction that names this hash can be included.
    pub fn last_valid_height(&self, hash: &Hash) -> Option<u64> {
        self.age(hash).map(|age| self.height + MAX_AGE - age)
    }

    /// Whether the message names a blockhash of at most this age.
    pub fn check_age(&self, message: &VersionedMessage, max_age: u64) -> Result<(), TransactionError> {
        match self.age(message.recent_blockhash()) {
            Some(age) if age <= max_age => Ok(()),
            _ => Err(TransactionError::BlockhashNotFound),
        }
    }

    /// What the message's lookup tables hold.
    pub fn loaded_addresses(&self, message: &VersionedMessage) -> Result<LoadedAddresses, TransactionError> {
        match message.address_table_lookups() {
            Some(lookups) if !lookups.is_empty() => Ok(self.svm.accounts_db().load_addresses(lookups)?),
            _ => Ok(LoadedAddresses::default()),
        }
    }
}

/// Every account of a message in the order of its indices.
pub fn account_keys(message: &VersionedMessage, loaded: &LoadedAddresses) -> Vec<Address> {
    message.static_account_keys().iter().chain(&loaded.writable).chain(&loaded.readonly).copied().collect()
}

fn clock(slot: Slot, time_ms: u64, before: Option<&Clock>) -> Clock {
    let schedule = EpochSchedule::without_warmup();
    let epoch = schedule.get_epoch(slot);
    let unix_timestamp = i64::try_from(time_ms / 1000).expect("fewer seconds than 63 bits hold");
    let epoch_start_timestamp = match before {
        Some(clock) if clock.epoch == epoch => clock.epoch_start_timestamp,
        _ => unix_timestamp,
    };
    Clock {
        slot,
        epoch_start_timestamp,
        epoch,
        leader_schedule_epoch: schedule.get_leader_schedule_epoch(slot),
        unix_timestamp,
    }
}
