//! How the chain goes on, and back.

use std::sync::Arc;

use solana_account::Account;
use solana_address::Address;
use solana_sha256_hasher::hashv;

use super::bank::Bank;
use super::ledger::Block;
use super::{Chain, FINAL_AFTER, MAX_AGE, MAX_LAG};

impl Chain {
    /// Makes a block of what waits, then as many empty ones as are left of `blocks`.
    pub fn mine(&mut self, blocks: u64) {
        for index in 0..blocks {
            let tip = self.tip();
            let (slot, time_ms) = (tip.slot + 1, tip.time_ms + self.slot_ms);
            self.produce(slot, time_ms, index == 0);
        }
    }

    /// Makes an empty block at a later time.
    ///
    /// # Errors
    /// The time is before the newest block's.
    pub fn advance_to(&mut self, unix_time: u64) -> Result<(), String> {
        let tip = self.tip();
        let (slot, time_ms) = (tip.slot + 1, unix_time.saturating_mul(1000));
        if time_ms < tip.time_ms {
            let now = tip.unix_time();
            return Err(format!("{unix_time} is in the past: the newest block's time is {now}"));
        }
        self.produce(slot, time_ms, false);
        Ok(())
    }

    /// Leaves slots without blocks, then makes an empty block.
    pub fn skip(&mut self, slots: u64) {
        let tip = self.tip();
        let (slot, time_ms) = (tip.slot + slots + 1, tip.time_ms + self.slot_ms.saturating_mul(slots + 1));
        self.produce(slot, time_ms, false);
    }

    /// Makes every block that is there final.
    pub fn finalise(&mut self) {
        self.root = self.tip().height;
        self.prune();
    }

    /// Makes empty blocks until no transaction that was signed before can be included.
    pub fn expire(&mut self) {
        for _ in 0..=MAX_AGE {
            let tip = self.tip();
            let (slot, time_ms) = (tip.slot + 1, tip.time_ms + self.slot_ms);
            self.produce(slot, time_ms, false);
        }
    }

    /// Replaces the newest blocks by empty ones at the same slots and times. Their transactions wait nowhere.
    ///
    /// # Errors
    /// Some of them are final and `finalised` does not say that this is meant, or are too old to be taken back.
    pub fn rollback(&mut self, blocks: u64, finalised: bool) -> Result<(), String> {
        let height = self.tip().height;
        let oldest = self.banks.front().expect("there is always a bank").height;
        let kept = height.checked_sub(blocks).filter(|kept| *kept >= oldest);
        let kept = kept.ok_or_else(|| format!("at most {} blocks can be taken back", height - oldest))?;
        if kept < self.root && !finalised {
            let free = height - self.root;
            return Err(format!("only the newest {free} blocks are not final: say \"finalised\": true if it is meant"));
        }
        let removed = self.ledger.truncate(kept);
        self.banks.retain(|bank| bank.height <= kept);
        self.root = self.root.min(kept);
        self.fork += 1;
        for block in removed {
            self.produce(block.slot, block.time_ms, false);
        }
        Ok(())
    }

    /// Has the node answer as it would have this many blocks ago.
    ///
    /// # Errors
    /// More than [`MAX_LAG`].
    pub fn set_lag(&mut self, blocks: u64) -> Result<(), String> {
        if blocks > MAX_LAG {
            return Err(format!("a node can lag {MAX_LAG} blocks at most"));
        }
        self.lag = blocks;
        Ok(())
    }

    /// Makes an empty block in which an account is as it never came to be by a transaction.
    ///
    /// # Errors
    /// The account says of itself what the VM can't load.
    pub fn set_account(&mut self, address: Address, account: Account) -> Result<(), String> {
        let tip = self.tip();
        let mut bank = tip.child(tip.slot + 1, tip.time_ms + self.slot_ms);
        bank.svm.set_account(address, account).map_err(|error| format!("{address}: {error}"))?;
        self.append(bank, Vec::new());
        Ok(())
    }

    fn produce(&mut self, slot: u64, time_ms: u64, include: bool) {
        let mut bank = self.tip().child(slot, time_ms);
        let records = if include { self.include(&mut bank) } else { Vec::new() };
        self.append(bank, records);
    }

    fn append(&mut self, mut bank: Bank, records: Vec<Arc<super::Record>>) {
        let parent = self.tip().blockhash();
        let (slot, fork) = (bank.slot.to_le_bytes(), self.fork.to_le_bytes());
        bank.freeze(hashv(&[self.seed.as_bytes(), parent.as_ref(), &slot, &fork]));
        self.ledger.push(Block { slot: bank.slot, time_ms: bank.time_ms, hash: bank.blockhash(), records });
        self.root = self.root.max(bank.height.saturating_sub(FINAL_AFTER));
        self.banks.push_back(Arc::new(bank));
        self.forget_expired();
        self.prune();
    }

    /// Lets go of banks that no read and no rollback goes back to.
    fn prune(&mut self) {
        let needed = self.root.saturating_sub(MAX_LAG);
        while self.banks.front().is_some_and(|bank| bank.height < needed) {
            self.banks.pop_front();
        }
    }
}
