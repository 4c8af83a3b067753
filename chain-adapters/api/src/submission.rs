//! A submission on its way: what was signed, and how it stands.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::{BlockRef, ChainId};

/// A transaction's id in its chain's own spelling, fixed by signing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubmissionId(pub String);

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Signed and not sent: all that is needed to send it, again and again, after any crash.
///
/// Holds no key. Whoever has it can broadcast it and can change nothing about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The chain that it is for.
    pub chain: ChainId,
    /// Its id once it is included.
    pub id: SubmissionId,
    /// The signed transaction in its chain's wire format, and with it what its end is judged by where those bytes don't say
    /// it (Solana: the slot that its blockhash was read at).
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// The most that it can cost.
    pub fee_max: FeeLimit,
}

/// The most that a submission may cost, all fees together, in the chain's smallest unit (wei, lamports, satoshis).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FeeLimit(pub u128);

// As text, because the journal's DAG-CBOR knows no integers above 64 bits.
impl From<FeeLimit> for String {
    fn from(limit: FeeLimit) -> Self {
        limit.0.to_string()
    }
}

impl TryFrom<String> for FeeLimit {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl fmt::Display for FeeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether an account can go on paying, in the chain's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funds {
    /// Who pays.
    pub account: crate::Account,
    /// What it has.
    pub has: u128,
    /// What filing one epoch needs at the present prices.
    pub filing: u128,
}

/// What an action would cost, in the chain's smallest unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// All of it, at most.
    pub max: FeeLimit,
    /// Its parts, where the chain has several; together they are no more than `max`.
    pub parts: Vec<Cost>,
    /// Bytes of the transaction, where the chain charges by them.
    pub bytes: Option<u64>,
}

/// A part of a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// What is paid for, and what of it comes back to whom.
    pub what: String,
    /// How much; decimal text once it is serialised, for it may pass 2^53.
    #[serde(serialize_with = "as_text")]
    pub amount: u128,
}

fn as_text<S: Serializer>(amount: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// How a submission stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// No node that was asked knows it, and it can still be included: broadcast it.
    Unseen,
    /// Waiting to be included.
    Pending,
    /// In a block that may still be reorganised away.
    Included {
        /// The block.
        block: BlockRef,
        /// What it did there.
        outcome: Outcome,
    },
    /// In a block for ever.
    Final {
        /// The block.
        block: BlockRef,
        /// What it did there.
        outcome: Outcome,
        /// What it cost, in the chain's smallest unit.
        fee_paid: u128,
    },
    /// It can never be included.
    Dead {
        /// Why.
        reason: DeadReason,
    },
}

impl Status {
    /// Whether nothing can change any more.
    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Final { .. } | Self::Dead { .. })
    }
}

/// What an included transaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What it was meant to.
    Succeeded,
    /// Nothing but cost its fee: somebody else was first, or the state had changed.
    Reverted,
}

/// Why a transaction can never be included.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeadReason {
    /// Another final transaction of the account used its nonce (EVM).
    NonceUsed {
        /// The nonce.
        nonce: u64,
    },
    /// Its blockhash expired at the finalised height and it is in no block (Solana).
    Expired,
    /// A buried transaction spent one of its inputs (Bitcoin Cash).
    InputSpent {
        /// Which transaction.
        by: SubmissionId,
    },
}

impl fmt::Display for DeadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NonceUsed { nonce } => write!(f, "nonce {nonce} was used by another final transaction"),
            Self::Expired => f.write_str("its blockhash expired before it was included"),
            Self::InputSpent { by } => write!(f, "transaction {by} spent its input"),
        }
    }
}
