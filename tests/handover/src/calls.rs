//! What can be asked of a distributor, and why it refuses.

use liaise_summary::{DistributorId, EpochStatement, Hash32, OpenStatement, Payout, Proof, RewardLeaf};
use serde::{Deserialize, Serialize};

/// Whoever sends a call. On the UTXO chain: whose signatures it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The DAO authority.
    Dao,
    /// The guardian of this number: another after each change.
    Guardian(u8),
    /// Anybody else.
    Anybody,
}

/// What needs the guardian's consent until the guarded time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Ends the range before an epoch.
    HandOver {
        /// The first epoch after it.
        end: u32,
        /// Who is to take it.
        to: DistributorId,
    },
    /// The next oracle set.
    Rotate {
        /// Its version.
        version: u32,
    },
    /// Another guardian.
    SetGuardian {
        /// Its number.
        guardian: u8,
    },
}

/// Oracles' signatures under the digest of the statement beside them: a bit an oracle.
pub type Signers = u64;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Files an epoch, or late pay.
    Submit {
        /// What was signed.
        statement: EpochStatement,
        /// By whom.
        signers: Signers,
    },
    /// The DAO agrees to an opening; on the UTXO chain its signatures come with the opening itself.
    ApproveOpen {
        /// First epoch of the range.
        first: u32,
        /// Who held the term before.
        old: DistributorId,
        /// The head that it is approved over.
        head: Hash32,
        /// Who asks.
        by: By,
    },
    /// Opens a range.
    Open {
        /// What was signed.
        statement: OpenStatement,
        /// By whom.
        signers: Signers,
        /// Whether the DAO's signatures come along, which an account chain does not look at.
        dao: bool,
    },
    /// Strikes out what is pending.
    Veto {
        /// The pending statement.
        digest: Hash32,
        /// Makes the next head another one.
        reason: u8,
        /// Who asks.
        by: By,
    },
    /// Moves the head.
    Advance {
        /// From where.
        head: Hash32,
        /// Makes the next head another one.
        reason: u8,
        /// Who asks.
        by: By,
    },
    /// An act of the DAO.
    Act {
        /// Which.
        act: Act,
        /// Who asks.
        by: By,
        /// Whether the guardian's signature comes along, which only the UTXO chain looks at.
        agreed: bool,
    },
    /// The guardian agrees to an act, or no longer does; account chains only.
    Consent {
        /// To which.
        to: Act,
        /// Whether it agrees.
        given: bool,
        /// Who asks.
        by: By,
    },
    /// Pays a leaf; account chains only.
    Claim {
        /// The leaf.
        leaf: RewardLeaf,
        /// Its way to a root.
        proof: Proof,
    },
    /// Pays a batch; the UTXO chain only.
    Crank {
        /// The statement whose output it spends.
        digest: Hash32,
        /// The batch.
        payouts: Vec<Payout>,
        /// Its way to the root.
        proof: Proof,
    },
}

impl Call {
    /// Its name, as contracts/figures.json has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submit { .. } => "submit",
            Self::ApproveOpen { .. } => "approve-open",
            Self::Open { .. } => "open",
            Self::Veto { by: By::Dao, .. } => "veto-dao",
            Self::Veto { .. } => "veto",
            Self::Advance { .. } => "advance",
            Self::Act { act: Act::HandOver { .. }, .. } => "hand-over",
            Self::Act { act: Act::Rotate { .. }, .. } => "rotate",
            Self::Act { act: Act::SetGuardian { .. }, .. } => "set-guardian",
            Self::Consent { .. } => "consent",
            Self::Claim { .. } => "claim",
            Self::Crank { .. } => "crank",
        }
    }
}

/// Why a distributor refuses. A refused call changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Something waits for its delay.
    StatementPending,
    /// No range was ever opened.
    NotOpened,
    /// It is neither the next epoch nor the last again.
    EpochOutOfOrder,
    /// The range ends before.
    EpochOutOfRange,
    /// The epoch still runs.
    EpochNotEnded,
    /// The new tree pays less than the one before.
    RootSumFell,
    /// Root sum and owed grow by more than the epoch emits.
    IssuedTooMuch,
    /// A late statement that pays nothing; UTXO chain.
    LateWithoutPay,
    /// Somebody signed who is no member, or signed other bytes.
    NotAMember,
    /// Too few signed.
    NoQuorum,
    /// Whoever asks has no right to.
    NotAuthorized,
    /// Only the guardian consents.
    NotGuardian,
    /// The guardian has not agreed to this act.
    NoConsent,
    /// The guardian has agreed to as many acts as fit.
    TooManyConsents,
    /// There is nothing to veto.
    NothingPending,
    /// Another statement is pending than the one named.
    OtherStatementPending,
    /// The guardian's veto is used.
    GuardianVetoUsed,
    /// The head is another one.
    OtherHead,
    /// The range was handed over before.
    AlreadyHandedOver,
    /// The end is no boundary of a term, or too soon.
    InvalidHandOver,
    /// The DAO has not approved this opening over this head.
    OpenNotApproved,
    /// The range would begin before the next epoch.
    OpenTooEarly,
    /// Sets come one version at a time.
    WrongSetVersion,
    /// The proof leads to no held root.
    WrongProof,
    /// More is claimed than has become payable.
    CounterExhausted,
    /// The payee stands for a decreed loss.
    NoPayee,
    /// No such output is unspent; UTXO chain.
    NoOutput,
    /// The first batch waits for its delay; UTXO chain.
    BatchWaits,
    /// The batch is another one than the next; UTXO chain.
    WrongBatch,
    /// The first batch is paid, so its statement can't be vetoed any more; UTXO chain.
    BatchPaid,
    /// The chain knows no such call.
    NoSuchCall,
}
