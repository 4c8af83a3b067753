//! A distributor's state as read from its chain.

use std::fmt;

use liaise_summary::{DistributorId, Epoch, Hash32, NetworkId, Node, OracleSet, Schedule, Statement};

use serde::{Serialize, Serializer};

use crate::{Account, SubmissionId};

/// Which block a read looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The newest block: what the next transaction will meet. May be reorganised away.
    Latest,
    /// The newest final block: what decisions about terms and pay rest on.
    Final,
}

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRef {
    /// Its height (Solana: slot).
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its time, Unix seconds.
    pub time_s: u64,
}

/// A distributor's whole state at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distributor {
    /// Its identity, as statements name it.
    pub id: DistributorId,
    /// The block that it was read at.
    pub at: BlockRef,
    /// SHA-256 of its code as the chain holds it: what a `distributor` decree names.
    pub code_hash: Hash32,
    /// What it was built with and opens under; its network included.
    pub schedule: Schedule,
    /// Seconds that statements wait.
    pub delays: Delays,
    /// Fewest epochs between the next to be filed and the first of a hand-over.
    pub notice_epochs: u32,
    /// Until then, Unix seconds, the guardian shares in rotation, hand-over and change of guardian.
    pub guarded_until_s: u64,
    /// Who decides for the DAO on this chain.
    pub authority: Authority,
    /// May veto a statement once.
    pub guardian: Account,
    /// The set that signs.
    pub oracle_set: SetRef,
    /// The range that it holds, or held last; an opening that waits does not count yet.
    pub range: Option<Range>,
    /// The next epoch to be filed.
    pub next: Epoch,
    /// The last one's digest, or what a veto made of it.
    pub head: Hash32,
    /// Sum of the newest tree, base units; the pending one's counts.
    pub root_sum: u64,
    /// Base units owed beside the tree; the pending statement's counts.
    pub owed: u64,
    /// What is accepted and not yet payable at this block's time.
    pub pending: Option<Pending>,
    /// The roots that claims are proved against at this block's time.
    pub held: HeldRoots,
    /// Base units that payable roots still allow to be paid.
    pub unclaimed: u64,
}

impl Distributor {
    /// The network.
    pub fn network(&self) -> NetworkId {
        self.schedule.network
    }

    /// Whether an epoch lies in the current range.
    pub fn in_range(&self, epoch: Epoch) -> bool {
        self.range.is_some_and(|range| range.contains(epoch))
    }
}

/// Who decides for the DAO on a chain. Prints as an account, or as a set's hash after `dao:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// A contract or a program's account, whose rules say who acts: a governor, an m-of-n.
    Account(Account),
    /// One key: whoever holds it decides alone.
    Key(Account),
    /// The hash of the DAO's set, where no contract of the DAO exists and its members sign (Bitcoin Cash).
    Set(Hash32),
}

impl Authority {
    /// The account, where it is one.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Account(account) | Self::Key(account) => Some(account),
            Self::Set(_) => None,
        }
    }

    /// Whether whoever holds one key decides alone.
    pub fn is_one_key(&self) -> bool {
        matches!(self, Self::Key(_))
    }
}

impl From<Account> for Authority {
    fn from(account: Account) -> Self {
        Self::Account(account)
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) | Self::Key(account) => account.fmt(f),
            Self::Set(hash) => write!(f, "dao:{hash}"),
        }
    }
}

impl Serialize for Authority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Seconds that statements wait between acceptance and effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    /// An epoch's.
    pub epoch_s: u32,
    /// An opening's, and that of what is filed after a guardian's veto.
    pub long_s: u32,
}

/// An oracle set as a chain knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRef {
    /// Its version.
    pub version: u32,
    /// Its hash, where the chain keeps or computes one.
    pub hash: Hash32,
    /// The set itself, where the chain tells it.
    pub set: Option<OracleSet>,
}

/// A run of epochs that a distributor files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Its first epoch.
    pub first: Epoch,
    /// The first epoch after it, once handed over.
    pub end: Option<Epoch>,
    /// Whom it was handed to.
    pub handed_to: Option<DistributorId>,
}

impl Range {
    /// Whether an epoch lies in it.
    pub fn contains(&self, epoch: Epoch) -> bool {
        self.first <= epoch && self.end.is_none_or(|end| epoch < end)
    }
}

/// What kind of statement waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingKind {
    /// An epoch of the range.
    Epoch,
    /// Late pay under the last filed number.
    Late,
    /// An opening.
    Open,
}

/// An accepted statement that is not yet in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What it is.
    pub kind: PendingKind,
    /// The epoch that it names.
    pub epoch: Epoch,
    /// Its digest: the head while it waits.
    pub digest: Hash32,
    /// From when on it is in effect, Unix seconds; vetoed only before.
    pub payable_s: u64,
    /// The root that becomes payable; padding for an opening.
    pub root: Node,
    /// Whether the guardian's veto is used up for it.
    pub guardian_spent: bool,
}

/// A root that claims can be proved against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldRoot {
    /// The epoch that filed it.
    pub epoch: Epoch,
    /// Hash and sum.
    pub root: Node,
}

/// The two payable roots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldRoots {
    /// The newest payable root.
    pub newest: Option<HeldRoot>,
    /// The one before it.
    pub before: Option<HeldRoot>,
}

/// A statement that the chain accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What it says.
    pub statement: Statement,
    /// Its digest.
    pub digest: Hash32,
    /// Whether it was vetoed afterwards, as of the block that was asked for.
    pub vetoed: bool,
    /// The transaction that brought it.
    pub transaction: SubmissionId,
    /// The block that holds it.
    pub block: BlockRef,
}

/// What a payee has been paid by a distributor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// Base units over the distributor's life.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_open_ended_until_it_is_handed_over() {
        let open = Range { first: Epoch(4), end: None, handed_to: None };
        assert!(!open.contains(Epoch(3)) && open.contains(Epoch(4)) && open.contains(Epoch(u32::MAX)));
        let closed = Range { end: Some(Epoch(8)), ..open };
        assert!(closed.contains(Epoch(7)) && !closed.contains(Epoch(8)));
    }
}
