//! A chain in memory that does what a chain of accounts with nonces does: what waits, what is included, what goes away,
//! what is final. The journal's simulation runs on it; an adapter's tests hold it against the real chain.
//!
//! A block is final when [`depth`](Twin::new) blocks stand on it, for ever. It knows one distributor: an epoch is filed
//! over the head before it, once; claims always succeed.

use std::collections::BTreeMap;

use crate::{BlockRef, DeadReason, Outcome, Status};

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Files content over a head: both are digests' first bytes, the first head is 0.
    File {
        /// The head.
        head: u64,
        /// The content, which is the next head.
        content: u64,
    },
    /// Claims for a payee.
    Claim {
        /// The payee's number.
        payee: u8,
    },
    /// Anything else that the account does.
    Else,
}

/// A signed transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transaction {
    /// Whose.
    pub account: u8,
    /// Its place among the account's.
    pub nonce: u64,
    /// What it is for.
    pub task: Task,
    /// Tells apart two that are the same otherwise.
    pub salt: u64,
}

/// What a node says to a transaction that it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It waits now, or did before.
    Waits,
    /// Its nonce is used in a block.
    TooLow,
    /// Another one waits with its nonce.
    Taken,
}

#[derive(Clone, Debug)]
struct Block {
    /// Tells apart two of one height.
    mark: u64,
    held: Vec<(Transaction, Outcome)>,
    /// After the block: nonces by account, and the distributor's head.
    nonces: BTreeMap<u8, u64>,
    head: u64,
}

/// The chain.
#[derive(Clone, Debug)]
pub struct Twin {
    depth: usize,
    blocks: Vec<Block>,
    /// How many blocks, from the first on, were ever final.
    finals: usize,
    /// In the order of arrival.
    waiting: Vec<Transaction>,
    marks: u64,
}

impl Twin {
    /// A chain with one empty block, whose blocks are final under `depth` others.
    pub fn new(depth: usize) -> Self {
        let first = Block { mark: 0, held: Vec::new(), nonces: BTreeMap::new(), head: 0 };
        Self { depth, blocks: vec![first], finals: 0, waiting: Vec::new(), marks: 0 }
    }

    /// How many blocks there are: what a view of the whole chain sees.
    pub fn height(&self) -> usize {
        self.blocks.len()
    }

    /// How many blocks are final to a node that sees this many.
    pub fn finals(&self, seen: usize) -> usize {
        self.finals.min(seen)
    }

    /// Sends a transaction to the nodes.
    pub fn send(&mut self, transaction: Transaction) -> Reply {
        if self.nonce(transaction.account, self.height()) > transaction.nonce {
            return Reply::TooLow;
        }
        let same_place =
            |other: &&Transaction| (other.account, other.nonce) == (transaction.account, transaction.nonce);
        match self.waiting.iter().find(same_place) {
            Some(other) if *other == transaction => Reply::Waits,
            Some(_) => Reply::Taken,
            None => {
                self.waiting.push(transaction);
                Reply::Waits
            }
        }
    }

    /// A block of what waits and has its account's next nonce, in the order of arrival.
    pub fn mine(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.grow(waiting);
    }

    /// A block in which something else that an account does takes its next nonce, before what waits.
    pub fn replace(&mut self, account: u8, salt: u64) {
        let nonce = self.nonce(account, self.height());
        let mut list = vec![Transaction { account, nonce, task: Task::Else, salt }];
        list.append(&mut self.waiting);
        self.grow(list);
    }

    /// Adds a block of what can be included of a list; the rest waits again.
    fn grow(&mut self, mut list: Vec<Transaction>) {
        let last = self.blocks.last().expect("there is a first block");
        let (mut nonces, mut head) = (last.nonces.clone(), last.head);
        let mut held = Vec::new();
        // one whose predecessor arrived later comes after it
        while let Some(at) = list.iter().position(|tx| nonces.get(&tx.account).copied().unwrap_or(0) == tx.nonce) {
            let transaction = list.remove(at);
            *nonces.entry(transaction.account).or_default() += 1;
            let outcome = match transaction.task {
                Task::File { head: over, .. } if over != head => Outcome::Reverted,
                Task::File { content, .. } => {
                    head = content;
                    Outcome::Succeeded
                }
                Task::Claim { .. } | Task::Else => Outcome::Succeeded,
            };
            held.push((transaction, outcome));
        }
        self.marks += 1;
        self.blocks.push(Block { mark: self.marks, held, nonces, head });
        self.finals = self.finals.max(self.height().saturating_sub(self.depth));
        self.waiting.extend(list);
        self.drop_overtaken();
    }

    /// Takes the newest blocks away, final ones only if told; what they held waits again or is forgotten.
    ///
    /// What was signed elsewhere with the same account waits again in any case: its sender sends it again. Else it would
    /// leave a gap that nothing but another of its kind can fill.
    pub fn reorg(&mut self, blocks: usize, keep: bool, final_too: bool) {
        let least = if final_too { 1 } else { self.finals.max(1) };
        let gone = self.blocks.split_off(self.height().saturating_sub(blocks).max(least));
        self.finals = self.finals.min(self.height());
        let held = gone.into_iter().flat_map(|block| block.held).map(|(transaction, _)| transaction);
        for transaction in held.filter(|transaction| keep || transaction.task == Task::Else) {
            self.send(transaction);
        }
    }

    /// All nodes forget what waits, and only what was signed elsewhere is sent again.
    pub fn forget_all(&mut self) {
        self.waiting.retain(|transaction| transaction.task == Task::Else);
    }

    /// The nodes forget one that waits.
    pub fn forget(&mut self, transaction: &Transaction) {
        self.waiting.retain(|other| other != transaction);
    }

    fn drop_overtaken(&mut self) {
        let last = self.blocks.last().expect("there is a first block");
        self.waiting.retain(|tx| tx.nonce >= last.nonces.get(&tx.account).copied().unwrap_or(0));
    }

    /// How many nonces of an account the first `seen` blocks use.
    pub fn nonce(&self, account: u8, seen: usize) -> u64 {
        self.blocks[..seen].last().and_then(|block| block.nonces.get(&account)).copied().unwrap_or(0)
    }

    /// The distributor's head after the first `seen` blocks.
    pub fn head(&self, seen: usize) -> u64 {
        self.blocks[..seen].last().map_or(0, |block| block.head)
    }

    /// Whether the first `seen` blocks filed this content.
    pub fn filed(&self, content: u64, seen: usize) -> bool {
        self.succeeded(seen).any(|tx| matches!(tx.task, Task::File { content: filed, .. } if filed == content))
    }

    /// What succeeded in the first `seen` blocks, in order.
    pub fn succeeded(&self, seen: usize) -> impl Iterator<Item = &Transaction> {
        let held = self.blocks[..seen].iter().flat_map(|block| &block.held);
        held.filter(|(_, outcome)| *outcome == Outcome::Succeeded).map(|(transaction, _)| transaction)
    }

    /// Where a transaction is included in the first `seen` blocks, and what it did.
    pub fn receipt(&self, transaction: &Transaction, seen: usize) -> Option<(usize, Outcome)> {
        // an account's nonces rise with the blocks: the one that uses this nonce is found by halving
        let at = self.blocks[..seen]
            .partition_point(|block| block.nonces.get(&transaction.account).copied().unwrap_or(0) <= transaction.nonce);
        let block = self.blocks[..seen].get(at)?;
        block.held.iter().find(|(held, _)| held == transaction).map(|(_, outcome)| (at, *outcome))
    }

    /// How a transaction stands, asked as adapters ask: each question may be answered by another node, which sees as many
    /// blocks as `seen` says, and may have no receipt where it says so.
    pub fn status(&self, transaction: &Transaction, seen: impl FnMut() -> Eyes) -> Status {
        let mut seen = seen;
        let eyes = seen();
        let receipt = self.receipt(transaction, eyes.blocks).filter(|_| eyes.receipts);
        if let Some((at, outcome)) = receipt {
            return self.included(at, outcome, self.finals(seen().blocks));
        }
        if seen().receipts && self.waiting.contains(transaction) {
            return Status::Pending;
        }
        let finals = self.finals(seen().blocks);
        if self.nonce(transaction.account, finals) <= transaction.nonce {
            return Status::Unseen;
        }
        match self.receipt(transaction, finals) {
            // a receipt is asked for once more; without one an adapter has an error
            Some((at, outcome)) => self.included(at, outcome, finals),
            None => Status::Dead { reason: DeadReason::NonceUsed { nonce: transaction.nonce } },
        }
    }

    fn included(&self, at: usize, outcome: Outcome, finals: usize) -> Status {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&self.blocks[at].mark.to_be_bytes());
        let block = BlockRef { number: at as u64, hash, time_s: 0 };
        if at < finals { Status::Final { block, outcome, fee_paid: 1 } } else { Status::Included { block, outcome } }
    }

    /// The nonce that nobody has sent and that something of the account waits behind.
    pub fn gap(&self, account: u8) -> Option<u64> {
        let own = || self.waiting.iter().filter(|waiting| waiting.account == account).map(|waiting| waiting.nonce);
        let next = (self.nonce(account, self.height())..).find(|nonce| own().all(|waiting| waiting != *nonce))?;
        own().any(|waiting| waiting > next).then_some(next)
    }

    /// Whether a transaction waits behind such a nonce.
    pub fn is_blocked(&self, transaction: &Transaction) -> bool {
        self.waiting.contains(transaction) && self.gap(transaction.account).is_some_and(|gap| gap < transaction.nonce)
    }

    /// Whether a transaction is in a final block with effect, or could still be included.
    pub fn counts(&self, transaction: &Transaction) -> bool {
        match self.receipt(transaction, self.finals) {
            Some((_, outcome)) => outcome == Outcome::Succeeded,
            None => self.nonce(transaction.account, self.finals) <= transaction.nonce,
        }
    }
}

/// What one node sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eyes {
    /// How many blocks.
    pub blocks: usize,
    /// Whether it has receipts and transactions.
    pub receipts: bool,
}
