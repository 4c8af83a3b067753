//! Writing to a distributor.

use async_trait::async_trait;

use crate::{Account, Action, ChainError, DistributorReader, FeeLimit, Funds, Prepared, Quote, Status};

/// Writes in steps that survive a crash between any two.
#[async_trait]
pub trait Submitter: DistributorReader {
    /// The account that signs and pays fees.
    fn account(&self) -> &Account;

    /// What that account has of the chain's own coin, in its smallest unit, at the newest block.
    ///
    /// # Errors
    /// What reading returns.
    async fn balance(&self) -> Result<u128, ChainError>;

    /// What that account has, and what filing one epoch needs at the present prices.
    ///
    /// # Errors
    /// What reading returns.
    async fn funds(&self) -> Result<Funds, ChainError>;

    /// What an action would cost now, or after those of `undecided`, part by part; nothing is kept and nothing is sent.
    ///
    /// # Errors
    /// Those of [`prepare`](Self::prepare).
    async fn quote(&self, action: &Action, fee: FeeLimit, undecided: &[Prepared]) -> Result<Quote, ChainError> {
        let max = self.prepare(action, fee, undecided).await?.fee_max;
        Ok(Quote { max, parts: vec![], bytes: None })
    }

    /// log2 of the most neighbouring leaves that one claim of a run can hold in a tree of `depth` levels; 0 where each leaf
    /// is claimed by itself. 64 leaves stay far below any block's gas; chains with short transactions say less.
    fn longest_run(&self, depth: u8) -> u8 {
        depth.min(6)
    }

    /// Signs, fixes the id, sends nothing.
    ///
    /// `undecided` are all earlier submissions of this account that are neither final nor dead, whether broadcast or
    /// not: the new one takes no nonce and spends no input that one of them holds. The chain's own view is not enough,
    /// because a node forgets transactions and a reorg brings them back.
    ///
    /// # Errors
    /// [`ChainError::Refused`] if the distributor would refuse it now, [`ChainError::FeeTooHigh`] above the limit,
    /// [`ChainError::Funds`], [`ChainError::Unsupported`] where this chain has no such call, and what reading returns.
    async fn prepare(&self, action: &Action, fee: FeeLimit, undecided: &[Prepared]) -> Result<Prepared, ChainError>;

    /// Sends the signed bytes; may be repeated at any time and in any state.
    ///
    /// `Ok` means that the chain has them, or can no longer take them: [`status`](Self::status) tells which.
    ///
    /// # Errors
    /// [`ChainError::Rejected`] if the node won't take them now, and what reading returns.
    async fn broadcast(&self, prepared: &Prepared) -> Result<(), ChainError>;

    /// How a submission stands.
    ///
    /// Takes what was prepared rather than its id alone: whether it can still be included depends on what it holds
    /// (a nonce, a blockhash, inputs), which its bytes say and no node remembers.
    ///
    /// # Errors
    /// What reading returns.
    async fn status(&self, prepared: &Prepared) -> Result<Status, ChainError>;
}

// The compiler tests object safety.
const _: Option<&dyn Submitter> = None;
