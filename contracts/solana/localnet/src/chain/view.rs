//! What the node says the chain is: how far, how certain, and how late.

use std::sync::Arc;

use solana_commitment_config::CommitmentLevel;
use solana_transaction_status_client_types::{TransactionConfirmationStatus, TransactionStatus};

use super::Chain;
use super::bank::Bank;
use super::ledger::Record;

impl Chain {
    /// How many blocks behind the node's answers are.
    pub fn lag(&self) -> u64 {
        self.lag
    }

    /// Height of the newest block of a commitment.
    pub fn height_at(&self, level: CommitmentLevel) -> u64 {
        let tip = self.tip().height;
        let newest = match level {
            CommitmentLevel::Processed => tip,
            CommitmentLevel::Confirmed => tip.saturating_sub(self.confirm_slots).max(self.root),
            CommitmentLevel::Finalized => self.root,
        };
        newest.saturating_sub(self.lag)
    }

    /// The bank of a commitment.
    pub fn bank_at(&self, level: CommitmentLevel) -> Arc<Bank> {
        let oldest = self.banks.front().expect("there is always a bank").height;
        let index = self.height_at(level).saturating_sub(oldest);
        Arc::clone(&self.banks[usize::try_from(index).expect("banks are in memory")])
    }

    /// Whether the node knows a block of this height as certain as that.
    pub fn reaches(&self, height: u64, level: CommitmentLevel) -> bool {
        height <= self.height_at(level)
    }

    /// How certain the node is of a transaction; none if it has not seen its block.
    pub fn status_of(&self, record: &Record) -> Option<TransactionStatus> {
        let built_on = self.height_at(CommitmentLevel::Processed).checked_sub(record.height)?;
        let confirmation = self.confirmation_of(record);
        Some(TransactionStatus {
            slot: record.slot,
            confirmations: (confirmation != TransactionConfirmationStatus::Finalized)
                .then(|| usize::try_from(built_on).expect("blocks are in memory")),
            status: record.meta.status.clone(),
            err: record.err().cloned(),
            confirmation_status: Some(confirmation),
        })
    }

    /// The commitment that a transaction's block has reached, if the node has seen it.
    pub fn confirmation_of(&self, record: &Record) -> TransactionConfirmationStatus {
        if self.reaches(record.height, CommitmentLevel::Finalized) {
            TransactionConfirmationStatus::Finalized
        } else if self.reaches(record.height, CommitmentLevel::Confirmed) {
            TransactionConfirmationStatus::Confirmed
        } else {
            TransactionConfirmationStatus::Processed
        }
    }
}
