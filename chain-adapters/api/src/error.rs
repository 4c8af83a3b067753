//! What can go wrong between an operator and a chain.

use liaise_summary::Payee;

use crate::{Account, ChainId, SubmissionId};

/// An error of a chain, its node, or what was asked of it.
///
/// Endpoints are shown without user, password, path and query, where providers put their secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The node serves another chain.
    #[error("{endpoint} serves {found}, not {expected}: configure an endpoint of {expected}")]
    WrongChain {
        /// The configured chain.
        expected: ChainId,
        /// What the node says.
        found: String,
        /// The node.
        endpoint: String,
    },
    /// No answer.
    #[error("can't reach {endpoint} ({detail}): check that it is up and that the configured address is right")]
    Unreachable {
        /// The node.
        endpoint: String,
        /// What happened, in the transport's words.
        detail: String,
    },
    /// An answer that can't be true.
    #[error("{endpoint} gave an answer that makes no sense ({detail}): try another endpoint")]
    BadAnswer {
        /// The node.
        endpoint: String,
        /// What is wrong with it.
        detail: String,
    },
    /// No distributor there.
    #[error("no distributor at {address} on {chain}: check the address in the network's deployment file")]
    NotDeployed {
        /// The chain.
        chain: ChainId,
        /// Where it should be.
        address: String,
    },
    /// The contract there is another one than configured.
    #[error("the contract at {address} is no distributor of this network ({detail}): check the deployment file")]
    ForeignDistributor {
        /// Where it is.
        address: String,
        /// What differs.
        detail: String,
    },
    /// The distributor would refuse the call, or has.
    #[error("the distributor refuses to {action}: {refusal}")]
    Refused {
        /// Which call.
        action: &'static str,
        /// Why.
        refusal: Refusal,
    },
    /// The node won't take the transaction now.
    #[error("{endpoint} rejects the transaction ({detail}): it is kept and sent again")]
    Rejected {
        /// The node.
        endpoint: String,
        /// In its words.
        detail: String,
    },
    /// Something must be included first that no node has.
    #[error(
        "{id} of {account} has {own} and waits behind {behind}, which nobody has sent: what the journal holds is sent again \
         at the oracle's next pass; if the account was used elsewhere, send any transaction of it that takes {behind}"
    )]
    Blocked {
        /// Whose transactions.
        account: Account,
        /// The one that waits.
        id: SubmissionId,
        /// What it has, in the chain's words.
        own: Box<str>,
        /// What is missing, in the chain's words.
        behind: Box<str>,
    },
    /// It would cost more than allowed.
    #[error("the fee would be up to {needed}, above the limit of {limit}: raise the limit, or wait for lower fees")]
    FeeTooHigh {
        /// What it may cost, in the chain's smallest unit.
        needed: u128,
        /// The limit.
        limit: u128,
    },
    /// The account can't pay the fee.
    #[error(
        "{account} can spend {has} of the {needed} that it needs, {missing} are missing: send it the chain's own coin",
        missing = needed.saturating_sub(*has)
    )]
    Funds {
        /// Who pays.
        account: Account,
        /// What it has, in the chain's smallest unit.
        has: u128,
        /// What it needs.
        needed: u128,
    },
    /// This chain has no such call, or no such account.
    #[error("{chain} has no way to {action}: {detail}")]
    Unsupported {
        /// The chain.
        chain: ChainId,
        /// Which call.
        action: &'static str,
        /// What to do instead.
        detail: &'static str,
    },
    /// The payee is no account of this chain.
    #[error("payee {payee} is no account of {chain}: it is paid elsewhere")]
    NotAnAccount {
        /// The payee.
        payee: Payee,
        /// The chain.
        chain: ChainId,
    },
    /// Something given to the adapter is malformed.
    #[error("{what} can't be used: {detail}")]
    Input {
        /// What.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Never: somebody must change something first.
    Never,
    /// The same again, later: the world may have recovered.
    Later,
    /// Read the distributor and decide afresh: it has moved on.
    AfterReading,
}

impl ChainError {
    /// When to try again. Nobody matches on text.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. } | Self::BadAnswer { .. } | Self::Rejected { .. } => Retry::Later,
            Self::Blocked { .. } | Self::FeeTooHigh { .. } | Self::Funds { .. } => Retry::Later,
            Self::Refused { refusal, .. } => refusal.retry(),
            Self::WrongChain { .. }
            | Self::NotDeployed { .. }
            | Self::ForeignDistributor { .. }
            | Self::Unsupported { .. }
            | Self::NotAnAccount { .. }
            | Self::Input { .. } => Retry::Never,
        }
    }
}

/// Why a distributor refuses: the same classes on every chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The epoch has not ended by the chain's clock.
    #[error("the epoch has not ended by the chain's clock: wait")]
    NotEnded,
    /// The epoch is neither the next nor the last filed one.
    #[error("another epoch is next: read the distributor")]
    OutOfOrder,
    /// No range of this distributor holds the epoch.
    #[error("the epoch is in no range of this distributor: file it where the term is")]
    OutOfRange,
    /// A statement is pending.
    #[error("a statement is pending: wait until it is payable")]
    Busy,
    /// Nothing is pending, or no longer.
    #[error("nothing is pending that could be vetoed")]
    NothingPending,
    /// The statement, or the call, follows another head.
    #[error("the head has moved: sign over the new one")]
    WrongHead,
    /// Another set version than the current one.
    #[error("another oracle set is in force: sign under its version")]
    WrongSet,
    /// The statement names another network or distributor, or is of another kind.
    #[error("the statement names another network or distributor")]
    Foreign,
    /// A signature is malformed, by a stranger, doubled or out of order.
    #[error("a signature is not one of the set's, each once and in order: collect them again")]
    Signature,
    /// Too few signatures.
    #[error("too few signatures for the quorum: collect more")]
    NoQuorum,
    /// Issued would grow by more than the epoch's emission, or the root's sum would fall.
    #[error(
        "the amounts break the emission bound: the fold and the distributor disagree, do not sign again before an audit"
    )]
    Bound,
    /// The proof leads to no payable root.
    #[error("the proof leads to no payable root: take one from the newest payable tree")]
    Proof,
    /// The leaf stands for a decreed loss.
    #[error("the leaf stands for a decreed loss and belongs to nobody")]
    Filler,
    /// The caller lacks the right.
    #[error("the sender has no right to this call: use the guardian's or the dao's account")]
    Authority,
    /// The guardian had its veto for this statement.
    #[error("the guardian had its veto for this statement: only the dao can veto it now")]
    GuardianSpent,
    /// The hand-over's epoch is no boundary, too near, or the range is already handed over.
    #[error("the hand-over's epoch is no term boundary with enough notice, or the range is handed over already")]
    Boundary,
    /// The opening is not what the DAO authority approved.
    #[error("the dao has not approved this opening: it must approve first, over the same head")]
    NotApproved,
    /// The opening's delays or schedule differ from the distributor's, or its first epoch is used.
    #[error("the opening does not fit the distributor's schedule, delays or filed epochs")]
    Opening,
    /// The distributor is still guarded and the guardian has not agreed to this exact call.
    #[error("the guardian has not agreed to this exact call: it must consent first")]
    NoConsent,
    /// The next set is not the next version, or breaks a set's rules.
    #[error("the set is not the next version, or breaks the rules of sets")]
    Set,
    /// Something that no class covers.
    #[error("{0}")]
    Other(String),
}

impl Refusal {
    /// When to try again.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::NotEnded | Self::Busy => Retry::Later,
            Self::OutOfOrder | Self::WrongHead | Self::WrongSet | Self::NothingPending | Self::Proof => {
                Retry::AfterReading
            }
            Self::NotApproved | Self::NoConsent => Retry::Later,
            Self::OutOfRange
            | Self::Foreign
            | Self::Signature
            | Self::NoQuorum
            | Self::Bound
            | Self::Filler
            | Self::Authority
            | Self::GuardianSpent
            | Self::Boundary
            | Self::Opening
            | Self::Set
            | Self::Other(_) => Retry::Never,
        }
    }
}
