//! Reading a distributor.

use std::fmt::Debug;

use async_trait::async_trait;
use liaise_summary::{DistributorId, Epoch, Payee};

use crate::{Accepted, At, ChainError, ChainId, Claimed, Distributor, PaysInBatches, Range, SignedRights};

/// Reads a distributor. Holds no key: all that `audit` and the web API are given.
///
/// Every call goes to the network and may be dropped at any await point.
#[async_trait]
pub trait DistributorReader: Debug + Send + Sync {
    /// The chain, CAIP-2.
    fn chain(&self) -> &ChainId;

    /// The distributor's identity, as statements name it.
    fn id(&self) -> DistributorId;

    /// The distributor's whole state, read at one block.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::WrongChain`], [`ChainError::NotDeployed`] if there was nothing yet at
    /// that block.
    async fn distributor(&self, at: At) -> Result<Distributor, ChainError>;

    /// What was accepted under an epoch's number, in order: openings, the epoch, late statements, vetoed ones too.
    ///
    /// # Errors
    /// As [`distributor`](Self::distributor).
    async fn statements(&self, epoch: Epoch, at: At) -> Result<Vec<Accepted>, ChainError>;

    /// Every range that it was given, in the order they were opened; the last is the one of
    /// [`distributor`](Self::distributor). Reads the chain's history: for audits and for nodes that start.
    ///
    /// # Errors
    /// As [`distributor`](Self::distributor).
    async fn ranges(&self, at: At) -> Result<Vec<Range>, ChainError>;

    /// What a payee has been paid.
    ///
    /// # Errors
    /// As [`distributor`](Self::distributor); [`ChainError::NotAnAccount`] for a payee that this chain can't pay.
    async fn claimed(&self, payee: &Payee, at: At) -> Result<Claimed, ChainError>;

    /// What it tells of batches, where the distributor pays in batches that anybody cranks; none where each payee's leaf is
    /// claimed.
    fn batches(&self) -> Option<&dyn PaysInBatches> {
        None
    }

    /// What members of the DAO's set sign, where rights are signatures; none where a right is the sender of a call.
    fn rights(&self) -> Option<&dyn SignedRights> {
        None
    }
}

/// What reads as a part of it does: a submitter, as its reader.
pub trait ReadsAs: Debug + Send + Sync {
    /// The part.
    type Reader: DistributorReader;

    /// That part of it.
    fn reader(&self) -> &Self::Reader;
}

#[async_trait]
impl<T: ReadsAs> DistributorReader for T {
    fn chain(&self) -> &ChainId {
        self.reader().chain()
    }

    fn id(&self) -> DistributorId {
        self.reader().id()
    }

    async fn distributor(&self, at: At) -> Result<Distributor, ChainError> {
        self.reader().distributor(at).await
    }

    async fn statements(&self, epoch: Epoch, at: At) -> Result<Vec<Accepted>, ChainError> {
        self.reader().statements(epoch, at).await
    }

    async fn ranges(&self, at: At) -> Result<Vec<Range>, ChainError> {
        self.reader().ranges(at).await
    }

    async fn claimed(&self, payee: &Payee, at: At) -> Result<Claimed, ChainError> {
        self.reader().claimed(payee, at).await
    }

    fn batches(&self) -> Option<&dyn PaysInBatches> {
        self.reader().batches()
    }

    fn rights(&self) -> Option<&dyn SignedRights> {
        self.reader().rights()
    }
}

// The compiler tests object safety.
const _: Option<&dyn DistributorReader> = None;
