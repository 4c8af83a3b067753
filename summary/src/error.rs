//! What can be wrong with bytes, sets, leaves and proofs.

use core::fmt;

use crate::ids::Payee;

/// Bytes that are no statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementError {
    /// The input does not have 200 bytes.
    Length {
        /// How many it has.
        found: usize,
    },
    /// The first 16 bytes are none of the four tags.
    UnknownTag {
        /// What they are.
        found: [u8; 16],
    },
    /// A field that its kind of statement leaves empty is not zero.
    NotZero {
        /// Where the field starts.
        offset: usize,
    },
    /// The kind of a DAO statement is none of 1 to 5.
    UnknownDaoAct {
        /// What it is.
        found: u32,
    },
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found } => write!(f, "a statement has 200 bytes, not {found}: pass exactly what was signed"),
            Self::UnknownTag { found } => {
                f.write_str("unknown statement tag ")?;
                crate::ids::write_hex(f, found)?;
                f.write_str(": update the software, or check where the bytes come from")
            }
            Self::NotZero { offset } => {
                write!(f, "the statement's field at offset {offset} must be zero for its kind: refuse it")
            }
            Self::UnknownDaoAct { found } => {
                write!(f, "unknown kind {found} of a dao statement: 1 to 5 are known, update the software")
            }
        }
    }
}

impl core::error::Error for StatementError {}

/// Keys that form no set, or signers that are no quorum of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetError {
    /// Too few or too many keys.
    Size {
        /// How many there are.
        found: usize,
        /// The fewest allowed.
        min: usize,
        /// The most allowed.
        max: usize,
    },
    /// A key does not start with 02 or 03.
    NotCompressed {
        /// Its place in the list.
        index: usize,
    },
    /// A key, or a signer, is not above the one before it.
    NotAscending {
        /// Its place in the list.
        index: usize,
    },
    /// The DAO's threshold is zero or above the number of keys.
    Threshold {
        /// The threshold.
        threshold: u32,
        /// The number of keys.
        keys: usize,
    },
    /// A signer is no member of the set.
    NotAMember {
        /// Its place among the signers.
        index: usize,
    },
    /// Fewer signers than the set's quorum.
    NoQuorum {
        /// How many signed.
        found: usize,
        /// How many must.
        needed: usize,
    },
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { found, min, max } => write!(f, "a set has {min} to {max} keys, not {found}"),
            Self::NotCompressed { index } => {
                write!(f, "key {index} is not compressed: give 33 bytes that start with 02 or 03")
            }
            Self::NotAscending { index } => {
                write!(f, "key {index} is not above the one before it: sort the keys and give each once")
            }
            Self::Threshold { threshold, keys } => {
                write!(f, "a threshold of {threshold} does not fit {keys} keys: choose 1 to {keys}")
            }
            Self::NotAMember { index } => write!(f, "signer {index} is no member of the set: drop its signature"),
            Self::NoQuorum { found, needed } => {
                write!(f, "{found} signers of the {needed} that the quorum needs: collect more signatures")
            }
        }
    }
}

impl core::error::Error for SetError {}

/// Leaves that form no tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeError {
    /// Two leaves pay the same payee.
    DuplicatePayee {
        /// Who would be paid twice.
        payee: Payee,
    },
    /// A leaf pays nothing.
    ZeroAmount {
        /// The leaf's place in the tree's order (a payout's in its batch).
        index: usize,
    },
    /// The amounts add up to 2^63 or more.
    SumTooLarge,
    /// A proof could have no index: more than 2^32 leaves.
    TooManyLeaves {
        /// How many there are.
        found: usize,
    },
    /// A batch of payouts is empty or longer than a transaction can pay.
    BatchSize {
        /// How many payouts it has.
        found: usize,
    },
    /// More batches than the 4 bytes of a batch number can count.
    TooManyBatches,
}

impl TreeError {
    /// The name that the vectors in tests/vectors give this error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DuplicatePayee { .. } => "duplicate-payee",
            Self::ZeroAmount { .. } => "zero-amount",
            Self::SumTooLarge => "sum-too-large",
            Self::TooManyLeaves { .. } => "too-many-leaves",
            Self::BatchSize { .. } => "batch-size",
            Self::TooManyBatches => "too-many-batches",
        }
    }
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicatePayee { payee } => write!(f, "payee {payee} has two leaves: add their amounts up first"),
            Self::ZeroAmount { index } => write!(f, "leaf {index} pays nothing: leave it out"),
            Self::SumTooLarge => f.write_str("the amounts add up to 2^63 or more: no distributor can owe that much"),
            Self::TooManyLeaves { found } => write!(f, "{found} leaves are more than the 2^32 of a proof's depth"),
            Self::BatchSize { found } => write!(f, "a batch has 1 to 1170 payouts, not {found}"),
            Self::TooManyBatches => f.write_str("more batches than a 4-byte number can count"),
        }
    }
}

impl core::error::Error for TreeError {}

/// A proof that proves nothing, or a place that has none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// More siblings than the deepest tree has levels.
    TooDeep {
        /// How many siblings.
        found: usize,
    },
    /// The index does not fit a tree of the proof's depth.
    IndexTooLarge {
        /// The index.
        index: u32,
        /// The number of siblings.
        depth: usize,
    },
    /// A node's sums add up to 2^63 or more.
    SumTooLarge,
    /// The proof leads to another root.
    WrongRoot,
    /// The tree has no leaf, or no full run of leaves, there.
    OutOfTree {
        /// The first leaf asked for.
        first: u32,
        /// How many leaves were asked for.
        count: u64,
        /// How many the tree has.
        leaves: usize,
    },
    /// A run is not a power of two long, or does not start at a multiple of its length.
    NotAligned {
        /// The first leaf.
        first: u32,
        /// The run's length.
        count: u64,
    },
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep { found } => write!(f, "a proof has at most 32 siblings, not {found}: refuse it"),
            Self::IndexTooLarge { index, depth } => {
                write!(f, "index {index} does not fit a proof of {depth} siblings: refuse it")
            }
            Self::SumTooLarge => f.write_str("the proof's sums add up to 2^63 or more: refuse it"),
            Self::WrongRoot => {
                f.write_str("the proof leads to another root: take a proof from the newest payable tree")
            }
            Self::OutOfTree { first, count, leaves } => {
                write!(f, "no {count} leaves from {first} on in a tree of {leaves}: ask for leaves that exist")
            }
            Self::NotAligned { first, count } => {
                write!(f, "a run of {count} leaves from {first} on is not aligned: take 2^k from a multiple of 2^k")
            }
        }
    }
}

impl core::error::Error for ProofError {}
