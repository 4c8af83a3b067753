//! The chain: a line of banks, the blocks' contents, and what waits for the next block.
//!
//! A bank stays for every block that is not final, and for some before, so that a read at any commitment, or of a node
//! that lags, sees exactly the accounts of its slot, and a rollback goes back to them.

mod bank;
mod execute;
mod genesis;
mod hashes;
mod inclusion;
mod ledger;
mod steps;
pub mod tokens;
mod view;
mod waiting;

use std::collections::VecDeque;
use std::sync::Arc;

use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_sha256_hasher::hashv;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

pub use bank::Bank;
pub use execute::inner_instructions;
pub use genesis::ProgramAtGenesis;
pub use hashes::MAX_AGE;
pub use ledger::{Ledger, Record};
pub use waiting::Waiting;

/// A block is final when this many are built on it.
pub const FINAL_AFTER: u64 = 32;
/// The last second that a clock is set to: the end of the year 9999.
pub const MAX_UNIX_TIME: u64 = 253_402_300_799;
/// How many blocks behind a node can be told to lag.
pub const MAX_LAG: u64 = 64;

/// What a chain is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names the chain: its genesis hash, its blockhashes and its faucet.
    pub seed: String,
    /// Unix milliseconds of slot 0.
    pub genesis_ms: u64,
    pub slot_ms: u64,
    /// How many blocks confirmed is behind processed.
    pub confirm_slots: u64,
    pub programs: Vec<ProgramAtGenesis>,
}

/// The chain as it is now. A clone is a copy of it: banks and blocks never change and are shared.
#[derive(Clone)]
pub struct Chain {
    seed: Arc<str>,
    slot_ms: u64,
    confirm_slots: u64,
    genesis_hash: Hash,
    genesis_ms: u64,
    /// Of consecutive heights, the newest last; never empty.
    banks: VecDeque<Arc<Bank>>,
    ledger: Ledger,
    /// Height of the newest final block.
    root: u64,
    /// Counts how often blocks were replaced, so that no two blocks have one hash.
    fork: u64,
    waiting: Vec<Waiting>,
    lag: u64,
    /// Micro-lamports for a compute unit below which a transaction waits.
    price_floor: u64,
    /// How many of the next sent transactions get lost.
    losing: u64,
    airdrops: u64,
}

impl Chain {
    /// A chain of one block, slot 0.
    ///
    /// # Errors
    /// A program can't be loaded.
    pub fn start(settings: &Settings) -> Result<Self, String> {
        let genesis_hash = genesis::genesis_hash(&settings.seed);
        let svm = genesis::svm(&settings.seed, &settings.programs)?;
        let bank = Bank::genesis(svm, settings.genesis_ms, hashv(&[b"slot 0", genesis_hash.as_ref()]));
        let mut ledger = Ledger::default();
        let hash = bank.blockhash();
        ledger.push(ledger::Block { slot: 0, time_ms: settings.genesis_ms, hash, records: Vec::new() });
        Ok(Self {
            seed: settings.seed.as_str().into(),
            slot_ms: settings.slot_ms,
            confirm_slots: settings.confirm_slots,
            genesis_hash,
            genesis_ms: settings.genesis_ms,
            banks: VecDeque::from([Arc::new(bank)]),
            ledger,
            root: 0,
            fork: 0,
            waiting: Vec::new(),
            lag: 0,
            price_floor: 0,
            losing: 0,
            airdrops: 0,
        })
    }

    /// The newest bank, whatever the node says of it.
    pub fn tip(&self) -> &Arc<Bank> {
        self.banks.back().expect("there is always a bank")
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub fn genesis_hash(&self) -> Hash {
        self.genesis_hash
    }

    /// Has the node stand under another chain's identity.
    pub fn set_genesis_hash(&mut self, hash: Option<Hash>) {
        self.genesis_hash = hash.unwrap_or_else(|| genesis::genesis_hash(&self.seed));
    }

    /// Unix seconds of slot 0.
    pub fn genesis_time(&self) -> u64 {
        self.genesis_ms / 1000
    }

    /// Who pays airdrops.
    pub fn faucet(&self) -> Keypair {
        genesis::faucet(&self.seed)
    }

    /// A number that no airdrop had before.
    pub fn next_airdrop(&mut self) -> u64 {
        self.airdrops += 1;
        self.airdrops
    }

    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// Micro-lamports for a compute unit below which transactions wait.
    pub fn price_floor(&self) -> u64 {
        self.price_floor
    }

    /// Has transactions below this price wait.
    pub fn set_price_floor(&mut self, micro_lamports: u64) {
        self.price_floor = micro_lamports;
    }

    /// Has the next transactions that are sent get lost on their way.
    pub fn lose_next(&mut self, transactions: u64) {
        self.losing = transactions;
    }

    /// Takes in a transaction whose signatures are right. One that waits or is in a block already is not taken again.
    pub fn send(&mut self, transaction: VersionedTransaction, max_retries: Option<usize>) {
        let new = Waiting::new(transaction, max_retries);
        let known = self.waiting.iter().any(|waiting| waiting.message_hash == new.message_hash);
        if known || self.ledger.by_message(&new.message_hash).is_some() {
            return;
        }
        if self.losing > 0 {
            self.losing -= 1;
            return;
        }
        self.waiting.push(new);
    }

    /// Forgets a waiting transaction; whether there was one.
    pub fn forget(&mut self, signature: &Signature) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.signature != *signature);
        self.waiting.len() < before
    }

    /// The chain as it was when it was saved, with nothing waiting and other blockhashes from here on.
    pub fn restore(&mut self, saved: &Self) {
        let fork = self.fork.max(saved.fork) + 1;
        *self = Self { fork, waiting: Vec::new(), ..saved.clone() };
    }
}
