//! Pay in whole batches: what a distributor tells where no payee claims for itself (Bitcoin Cash).

use std::fmt::Debug;

use async_trait::async_trait;
use liaise_summary::{Epoch, Node, Payee};

use crate::{At, ChainError, SubmissionId};

/// A filing that still holds pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unpaid {
    /// Its epoch. Late pay has the number of the epoch before it.
    pub epoch: Epoch,
    /// The root that proofs of its batches lead to.
    pub root: Node,
    /// The batch that is paid next; those before it are paid.
    pub next_batch: u32,
    /// Base units that are not paid yet.
    pub amount: u64,
    /// What it has for its batches, in the smallest unit of the chain's coin.
    pub coins: u128,
    /// From when on its first batch is paid, Unix seconds by the chain's clock.
    pub payable_s: u64,
}

/// A payout that went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidOut {
    /// The epoch of the filing that paid it.
    pub epoch: Epoch,
    /// The batch that it was part of.
    pub batch: u32,
    /// Base units.
    pub amount: u64,
    /// The transaction that paid the batch.
    pub transaction: SubmissionId,
}

/// The part of a reader whose distributor pays in batches: [`DistributorReader::batches`](crate::DistributorReader::batches).
#[async_trait]
pub trait PaysInBatches: Debug + Send + Sync {
    /// Filings that still hold pay, in the order in which they were filed; those that wait, too, and no vetoed one.
    ///
    /// # Errors
    /// As [`DistributorReader::distributor`](crate::DistributorReader::distributor).
    async fn unpaid(&self, at: At) -> Result<Vec<Unpaid>, ChainError>;

    /// Every payout that a payee got, oldest filing first.
    ///
    /// # Errors
    /// As [`unpaid`](Self::unpaid); [`ChainError::NotAnAccount`] for a payee that this chain can't pay.
    async fn payouts(&self, payee: &Payee, at: At) -> Result<Vec<PaidOut>, ChainError>;
}

// The compiler tests object safety.
const _: Option<&dyn PaysInBatches> = None;
