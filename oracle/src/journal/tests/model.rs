//! A chain in memory: accounts with nonces, a mempool, blocks that go away, finality. It is no judge of actions: every
//! included transaction succeeds and is counted, so that a purpose sent twice shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use liaise_chain_api::{
    Accepted, Account, Action, At, BlockRef, ChainError, ChainId, Claimed, DeadReason, Distributor, DistributorReader,
    FeeLimit, Funds, Outcome, Prepared, Range, Status, SubmissionId, Submitter,
};
use liaise_summary::{DistributorId, Epoch, Payee, Proof, RewardLeaf};

use crate::journal::store::{JournalStore, StoreFailure};

/// A transaction: whose, with which nonce, for which payee (none: somebody's replacement).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Transaction {
    account: u8,
    nonce: u64,
    payee: Option<u8>,
    /// Tells apart two that are signed for the same.
    salt: u64,
}

impl Transaction {
    fn id(&self) -> SubmissionId {
        SubmissionId(format!("{}/{}/{:?}/{}", self.account, self.nonce, self.payee, self.salt))
    }
}

#[derive(Debug, Default)]
struct Chain {
    blocks: Vec<Vec<Transaction>>,
    /// Blocks below this height are final.
    finals: usize,
    waiting: BTreeSet<Transaction>,
    by_id: BTreeMap<SubmissionId, Transaction>,
    /// Everything that ever left the process: whoever saw it can send it again.
    sent: BTreeSet<Transaction>,
    signed: u64,
    /// Whether the chain shows what was paid. Blind, nothing but the journal's own rules keeps it from paying twice.
    shows: bool,
}

impl Chain {
    fn included(&self) -> impl Iterator<Item = (usize, &Transaction)> {
        self.blocks.iter().enumerate().flat_map(|(height, block)| block.iter().map(move |tx| (height, tx)))
    }

    fn nonce(&self, account: u8, below: usize) -> u64 {
        self.included().filter(|(height, tx)| *height < below && tx.account == account).count() as u64
    }

    /// The first nonce that neither a block nor what waits has taken.
    fn pending_nonce(&self, account: u8) -> u64 {
        let waits = |nonce| self.waiting.iter().any(|tx| tx.account == account && tx.nonce == nonce);
        (self.nonce(account, usize::MAX)..).find(|nonce| !waits(*nonce)).expect("few transactions")
    }

    /// Nodes drop what can't be included on the newest block.
    fn drop_overtaken(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let fits = |tx: &Transaction| tx.nonce >= self.nonce(tx.account, usize::MAX);
        self.waiting = waiting.into_iter().filter(fits).collect();
    }
}

/// The model and what acts on it.
#[derive(Clone, Debug)]
pub struct World {
    chain: Arc<Mutex<Chain>>,
    crash: Arc<Mutex<Crash>>,
}

/// When the process ends: at the n-th operation on chain or disk, before or after its effect.
#[derive(Debug, Default)]
struct Crash {
    in_operations: Option<u32>,
    after_effect: bool,
}

impl World {
    pub fn new(shows: bool) -> Self {
        let chain = Chain { shows, ..Chain::default() };
        Self { chain: Arc::new(Mutex::new(chain)), crash: Arc::default() }
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().expect("no test panics while it holds the lock")
    }

    pub fn crash_in(&self, operations: u32, after_effect: bool) {
        *self.crash.lock().expect("not poisoned") = Crash { in_operations: Some(operations), after_effect };
    }

    pub fn no_crash(&self) {
        *self.crash.lock().expect("not poisoned") = Crash::default();
    }

    /// Whether the process ends at this operation: before its effect, or after.
    fn ends_here(&self) -> Option<bool> {
        let mut crash = self.crash.lock().expect("not poisoned");
        let left = crash.in_operations?;
        if left > 0 {
            crash.in_operations = Some(left - 1);
            return None;
        }
        // it stays ended until it is restarted
        Some(std::mem::take(&mut crash.after_effect))
    }

    /// Carries out an operation, unless the process ends before it; if it ends after it, nobody learns the result.
    fn operation<T>(&self, effect: impl FnOnce() -> T) -> Option<T> {
        match self.ends_here() {
            None => Some(effect()),
            Some(false) => None,
            Some(true) => {
                effect();
                None
            }
        }
    }

    /// Includes what waits and has the next nonce of its account.
    pub fn mine(&self) {
        let mut chain = self.chain();
        let mut block: Vec<Transaction> = Vec::new();
        let waiting: Vec<Transaction> = chain.waiting.iter().cloned().collect();
        for tx in waiting {
            let here = block.iter().filter(|other| other.account == tx.account).count() as u64;
            if tx.nonce == chain.nonce(tx.account, usize::MAX) + here {
                block.push(tx);
            }
        }
        chain.blocks.push(block);
        chain.drop_overtaken();
    }

    /// Takes blocks away; their transactions wait again or are forgotten. A stranger to the journal, who used the key
    /// elsewhere, sends again what was lost: else it would leave a gap that only a transaction of its own can fill.
    pub fn reorg(&self, depth: usize, keep: bool) {
        let mut chain = self.chain();
        let height = chain.blocks.len().saturating_sub(depth).max(chain.finals);
        let gone = chain.blocks.split_off(height);
        let again = |tx: &Transaction| keep || tx.payee.is_none();
        chain.waiting.extend(gone.into_iter().flatten().filter(again));
        chain.drop_overtaken();
    }

    /// All nodes forget what waits; the stranger sends again.
    pub fn forget(&self) {
        self.chain().waiting.retain(|tx| tx.payee.is_none());
    }

    pub fn finalise(&self) {
        let mut chain = self.chain();
        chain.finals = chain.blocks.len();
    }

    /// The same key, elsewhere, uses the next nonce in a block.
    pub fn replace(&self, account: u8) {
        let mut chain = self.chain();
        let nonce = chain.nonce(account, usize::MAX);
        chain.signed += 1;
        let salt = chain.signed;
        chain.blocks.push(vec![Transaction { account, nonce, payee: None, salt }]);
        chain.drop_overtaken();
    }

    /// How often a payee's claim was included, on the chain as it is.
    pub fn paid(&self, payee: u8) -> usize {
        self.chain().included().filter(|(_, tx)| tx.payee == Some(payee)).count()
    }

    /// How many transactions of an account for a payee could still be included, or are.
    pub fn could_pay(&self, account: u8, payee: u8) -> usize {
        let chain = self.chain();
        let final_nonce = chain.nonce(account, chain.finals);
        let here = |tx: &&Transaction| tx.account == account && tx.payee == Some(payee);
        let final_ones = chain.included().filter(|(height, tx)| *height < chain.finals && here(tx)).count();
        // whoever holds the bytes can send them as long as the nonce is not finally used
        let seen = |tx: &&Transaction| chain.sent.contains(*tx);
        final_ones + chain.by_id.values().filter(|tx| here(tx) && tx.nonce >= final_nonce).filter(seen).count()
    }
}

/// The claim of payee `i`.
pub fn claim(i: u8) -> Action {
    let leaf = RewardLeaf { payee: Payee([i; 32]), amount: 1 };
    Action::Claim { leaf, proof: Proof { index: 0, siblings: vec![] } }
}

/// One operator's connection.
#[derive(Debug)]
pub struct Operator {
    world: World,
    number: u8,
    chain: ChainId,
    account: Account,
}

impl Operator {
    pub fn new(world: &World, number: u8) -> Self {
        Self {
            world: world.clone(),
            number,
            chain: "eip155:31337".parse().expect("a chain"),
            account: Account::evm(31_337, [number; 20]),
        }
    }

    fn unreachable() -> ChainError {
        ChainError::Unreachable { endpoint: "model".to_owned(), detail: "the process ended".to_owned() }
    }

    fn transaction(&self, prepared: &Prepared) -> Transaction {
        self.world.chain().by_id.get(&prepared.id).cloned().expect("a transaction that was signed")
    }
}

fn block(height: usize) -> BlockRef {
    BlockRef { number: height as u64, hash: [0; 32], time_s: 0 }
}

#[async_trait]
impl DistributorReader for Operator {
    fn chain(&self) -> &ChainId {
        &self.chain
    }

    fn id(&self) -> DistributorId {
        DistributorId([7; 32])
    }

    async fn distributor(&self, _: At) -> Result<Distributor, ChainError> {
        unreachable!("claims need no state")
    }

    async fn statements(&self, _: Epoch, _: At) -> Result<Vec<Accepted>, ChainError> {
        unreachable!("claims need no statements")
    }

    async fn ranges(&self, _: At) -> Result<Vec<Range>, ChainError> {
        unreachable!("claims need no ranges")
    }

    async fn claimed(&self, payee: &Payee, _: At) -> Result<Claimed, ChainError> {
        let paid = self.world.paid(payee.0[0]);
        let shows = self.world.chain().shows;
        let total = if shows { paid as u64 } else { 0 };
        self.world.operation(|| Claimed { total }).ok_or_else(Self::unreachable)
    }
}

#[async_trait]
impl Submitter for Operator {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Result<u128, ChainError> {
        unreachable!("no step of the journal asks for it")
    }

    async fn funds(&self) -> Result<Funds, ChainError> {
        unreachable!("no step of the journal asks for it")
    }

    async fn prepare(&self, action: &Action, fee: FeeLimit, undecided: &[Prepared]) -> Result<Prepared, ChainError> {
        let Action::Claim { leaf, .. } = action else { unreachable!("the tests claim") };
        let taken: Vec<u64> = undecided.iter().map(|prepared| self.transaction(prepared).nonce).collect();
        let sign = || {
            let mut chain = self.world.chain();
            let mut nonce = chain.pending_nonce(self.number);
            while taken.contains(&nonce) {
                nonce += 1;
            }
            chain.signed += 1;
            let tx = Transaction { account: self.number, nonce, payee: Some(leaf.payee.0[0]), salt: chain.signed };
            chain.by_id.insert(tx.id(), tx.clone());
            Prepared { chain: self.chain.clone(), id: tx.id(), bytes: vec![1], fee_max: fee }
        };
        self.world.operation(sign).ok_or_else(Self::unreachable)
    }

    async fn broadcast(&self, prepared: &Prepared) -> Result<(), ChainError> {
        let tx = self.transaction(prepared);
        let send = || {
            let mut chain = self.world.chain();
            chain.sent.insert(tx.clone());
            chain.waiting.insert(tx);
            chain.drop_overtaken();
        };
        self.world.operation(send).ok_or_else(Self::unreachable)
    }

    async fn status(&self, prepared: &Prepared) -> Result<Status, ChainError> {
        let tx = self.transaction(prepared);
        let look = || {
            let chain = self.world.chain();
            let found = chain.included().find(|(_, other)| **other == tx).map(|(height, _)| height);
            let outcome = Outcome::Succeeded;
            match found {
                Some(height) if height < chain.finals => Status::Final { block: block(height), outcome, fee_paid: 1 },
                Some(height) => Status::Included { block: block(height), outcome },
                None if chain.waiting.contains(&tx) => Status::Pending,
                None if chain.nonce(tx.account, chain.finals) > tx.nonce => {
                    Status::Dead { reason: DeadReason::NonceUsed { nonce: tx.nonce } }
                }
                None => Status::Unseen,
            }
        };
        self.world.operation(look).ok_or_else(Self::unreachable)
    }
}

/// A disk whose writes are whole or not there; it outlives the process.
#[derive(Clone, Debug)]
pub struct Disk {
    world: World,
    rows: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Disk {
    pub fn new(world: &World) -> Self {
        Self { world: world.clone(), rows: Arc::default() }
    }

    fn failed() -> StoreFailure {
        "the process ended".into()
    }
}

impl JournalStore for Disk {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreFailure> {
        Ok(self.rows.lock().expect("not poisoned").get(key).cloned())
    }

    fn put(&mut self, key: &str, row: &[u8]) -> Result<(), StoreFailure> {
        let write = || self.rows.lock().expect("not poisoned").insert(key.to_owned(), row.to_vec());
        self.world.operation(write).map(|_| ()).ok_or_else(Self::failed)
    }

    fn remove(&mut self, key: &str) -> Result<(), StoreFailure> {
        self.rows.lock().expect("not poisoned").remove(key);
        Ok(())
    }

    fn rows(&self) -> Result<Vec<(String, Vec<u8>)>, StoreFailure> {
        Ok(self.rows.lock().expect("not poisoned").iter().map(|(key, row)| (key.clone(), row.clone())).collect())
    }
}
