//! The signed statements: 200 bytes, one form for every chain.
//!
//! | offset | bytes | EPOCH | OPEN | SETTLE | DAO |
//! |---|---|---|---|---|---|
//! | 0 | 16 | tag | tag | tag | tag |
//! | 16 | 32 | network | network | network | network |
//! | 48 | 32 | distributor | the new one | XLV's | its own |
//! | 80 | 4 | epoch | first of the range | epoch settled | epoch argument, else 0 |
//! | 84 | 4 | set version | set version | set version | act number |
//! | 88 | 32 | head | head | previous SETTLE | head for kind 3, else zero |
//! | 120 | 32 | root hash | old distributor | root hash | argument |
//! | 152 | 8 | root sum | 0 | root sum | kind u32, 0 u32 |
//! | 160 | 8 | owed | epoch delay s u32, long delay s u32 | number of leaves | 0 |
//! | 168 | 32 | artefact | schedule id | artefact | decree digest |
//!
//! What is signed is the digest: SHA-256 of the 200 bytes. Decoding refuses whatever encoding would not produce, so
//! bytes and value stand for each other exactly.

use crate::error::StatementError;
use crate::hash::{Hash32, sha256, tag16};
use crate::ids::{DistributorId, Epoch, NetworkId};

/// Length of every statement.
pub const STATEMENT_BYTES: usize = 200;

/// Tag of an EPOCH statement.
pub const EPOCH_TAG: [u8; 16] = tag16("LIAISE/EPOCH/01");
/// Tag of an OPEN statement.
pub const OPEN_TAG: [u8; 16] = tag16("LIAISE/OPEN/01");
/// Tag of a SETTLE statement.
pub const SETTLE_TAG: [u8; 16] = tag16("LIAISE/SETTLE/01");
/// Tag of a DAO statement.
pub const DAO_TAG: [u8; 16] = tag16("LIAISE/DAO/01");

/// Files an epoch: what its distributor may pay from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochStatement {
    /// The network.
    pub network: NetworkId,
    /// The distributor that files it; every other refuses it.
    pub distributor: DistributorId,
    /// The epoch; the last filed one where pay comes late.
    pub epoch: Epoch,
    /// Version of the oracle set that signs.
    pub oracle_set: u32,
    /// The distributor's head that this statement follows.
    pub head: Hash32,
    /// Hash of the reward tree's root.
    pub root_hash: Hash32,
    /// Sum of the reward tree's root, base units.
    pub root_sum: u64,
    /// Base units earned but not in the tree: held back, below the minimum, or without an account here.
    pub owed: u64,
    /// Hash of the filing's tree block.
    pub artefact: Hash32,
}

/// Opens a range of epochs on a distributor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenStatement {
    /// The network.
    pub network: NetworkId,
    /// The distributor that is opened.
    pub distributor: DistributorId,
    /// First epoch of the range.
    pub first: Epoch,
    /// Version of the oracle set that signs.
    pub oracle_set: u32,
    /// The distributor's head, zero if it was never used.
    pub head: Hash32,
    /// The distributor that held the term before, zero for the first term.
    pub old: DistributorId,
    /// Seconds from acceptance until an epoch is payable.
    pub epoch_delay_s: u32,
    /// Seconds that an opening and a refiled statement wait.
    pub long_delay_s: u32,
    /// The network's [schedule id](crate::Schedule::id).
    pub schedule: Hash32,
}

/// Settles escrows by a sum tree of payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettleStatement {
    /// The network.
    pub network: NetworkId,
    /// The distributor of the token that the escrows hold.
    pub distributor: DistributorId,
    /// The epoch that is settled.
    pub epoch: Epoch,
    /// Version of the oracle set that signs.
    pub oracle_set: u32,
    /// Digest of the SETTLE statement before, zero for the first.
    pub previous: Hash32,
    /// Hash of the sum tree's root.
    pub root_hash: Hash32,
    /// Sum of the sum tree's root, base units.
    pub root_sum: u64,
    /// Number of leaves of the sum tree.
    pub leaves: u64,
    /// Hash of the settlement's artefact.
    pub artefact: Hash32,
}

/// What a DAO statement does, with what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaoAct {
    /// Kind 1: the range ends before `epoch`, and `new` is to open the next.
    HandOver {
        /// First epoch that is no longer this distributor's.
        epoch: Epoch,
        /// The distributor that is to take it.
        new: DistributorId,
    },
    /// Kind 2: the DAO's next set.
    DaoSet {
        /// [Hash](crate::DaoSet::hash) of the set.
        set: Hash32,
    },
    /// Kind 3: the head moves on, for oracles that split.
    AdvanceHead {
        /// The head that it moves from.
        head: Hash32,
        /// Hash of the reason.
        reason: Hash32,
    },
    /// Kind 4: the next guardian.
    Guardian {
        /// Hash of its 33-byte key.
        key: Hash32,
    },
    /// Kind 5: the next oracle set.
    Rotate {
        /// [Hash](crate::OracleSet::hash) of the set.
        set: Hash32,
    },
}

impl DaoAct {
    /// The number at offset 152.
    pub const fn kind(&self) -> u32 {
        match self {
            Self::HandOver { .. } => 1,
            Self::DaoSet { .. } => 2,
            Self::AdvanceHead { .. } => 3,
            Self::Guardian { .. } => 4,
            Self::Rotate { .. } => 5,
        }
    }

    const fn argument(&self) -> Hash32 {
        match self {
            Self::HandOver { new, .. } => Hash32(new.0),
            Self::DaoSet { set } | Self::Rotate { set } => *set,
            Self::AdvanceHead { reason, .. } => *reason,
            Self::Guardian { key } => *key,
        }
    }
}

/// An act of the DAO where no contract of the DAO exists, signed by the threshold of the DAO set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaoStatement {
    /// The network.
    pub network: NetworkId,
    /// The distributor that is acted on.
    pub distributor: DistributorId,
    /// Number of the act on this distributor: the last one's plus one.
    pub number: u32,
    /// What is done.
    pub act: DaoAct,
    /// Digest of the decree that it carries out.
    pub decree: Hash32,
}

/// Any of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Files an epoch.
    Epoch(EpochStatement),
    /// Opens a range.
    Open(OpenStatement),
    /// Settles escrows.
    Settle(SettleStatement),
    /// Acts for the DAO.
    Dao(DaoStatement),
}

impl Statement {
    /// The 200 bytes that are hashed and signed.
    pub fn encode(&self) -> [u8; STATEMENT_BYTES] {
        match self {
            Self::Epoch(statement) => statement.encode(),
            Self::Open(statement) => statement.encode(),
            Self::Settle(statement) => statement.encode(),
            Self::Dao(statement) => statement.encode(),
        }
    }

    /// Reads exactly 200 bytes.
    ///
    /// # Errors
    /// Another length, an unknown tag or kind, a field that must be zero and is not.
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let bytes: &[u8; STATEMENT_BYTES] =
            bytes.try_into().map_err(|_| StatementError::Length { found: bytes.len() })?;
        let fields = Fields(bytes);
        match fields.array::<16>(0) {
            EPOCH_TAG => Ok(Self::Epoch(decode_epoch(&fields))),
            OPEN_TAG => decode_open(&fields).map(Self::Open),
            SETTLE_TAG => Ok(Self::Settle(decode_settle(&fields))),
            DAO_TAG => decode_dao(&fields).map(Self::Dao),
            found => Err(StatementError::UnknownTag { found }),
        }
    }

    /// SHA-256 of the 200 bytes: what is signed, and the head once the statement is accepted.
    pub fn digest(&self) -> Hash32 {
        sha256(&[&self.encode()])
    }

    /// The network that it names.
    pub fn network(&self) -> NetworkId {
        match self {
            Self::Epoch(EpochStatement { network, .. })
            | Self::Open(OpenStatement { network, .. })
            | Self::Settle(SettleStatement { network, .. })
            | Self::Dao(DaoStatement { network, .. }) => *network,
        }
    }

    /// The distributor that it names.
    pub fn distributor(&self) -> DistributorId {
        match self {
            Self::Epoch(EpochStatement { distributor, .. })
            | Self::Open(OpenStatement { distributor, .. })
            | Self::Settle(SettleStatement { distributor, .. })
            | Self::Dao(DaoStatement { distributor, .. }) => *distributor,
        }
    }
}

/// Gives a statement its bytes and its digest.
macro_rules! encoded {
    ($name:ident, $variant:ident, |$statement:ident, $layout:ident| $body:block) => {
        impl From<$name> for Statement {
            fn from(statement: $name) -> Self {
                Self::$variant(statement)
            }
        }

        impl $name {
            /// The 200 bytes that are hashed and signed.
            pub fn encode(&self) -> [u8; STATEMENT_BYTES] {
                let $statement = self;
                let mut $layout = Layout::default();
                $body
                $layout.0
            }

            /// SHA-256 of the 200 bytes: what is signed.
            pub fn digest(&self) -> Hash32 {
                sha256(&[&self.encode()])
            }
        }
    };
}

encoded!(EpochStatement, Epoch, |statement, layout| {
    layout.begin(EPOCH_TAG, statement.network, statement.distributor);
    layout.place(statement.epoch.0, statement.oracle_set, statement.head);
    layout.put(120, statement.root_hash.as_bytes());
    layout.put(152, &statement.root_sum.to_be_bytes());
    layout.put(160, &statement.owed.to_be_bytes());
    layout.put(168, statement.artefact.as_bytes());
});

encoded!(OpenStatement, Open, |statement, layout| {
    layout.begin(OPEN_TAG, statement.network, statement.distributor);
    layout.place(statement.first.0, statement.oracle_set, statement.head);
    layout.put(120, statement.old.as_bytes());
    layout.put(160, &statement.epoch_delay_s.to_be_bytes());
    layout.put(164, &statement.long_delay_s.to_be_bytes());
    layout.put(168, statement.schedule.as_bytes());
});

encoded!(SettleStatement, Settle, |statement, layout| {
    layout.begin(SETTLE_TAG, statement.network, statement.distributor);
    layout.place(statement.epoch.0, statement.oracle_set, statement.previous);
    layout.put(120, statement.root_hash.as_bytes());
    layout.put(152, &statement.root_sum.to_be_bytes());
    layout.put(160, &statement.leaves.to_be_bytes());
    layout.put(168, statement.artefact.as_bytes());
});

encoded!(DaoStatement, Dao, |statement, layout| {
    let epoch = if let DaoAct::HandOver { epoch, .. } = statement.act { epoch.0 } else { 0 };
    let head = if let DaoAct::AdvanceHead { head, .. } = statement.act { head } else { Hash32::ZERO };
    layout.begin(DAO_TAG, statement.network, statement.distributor);
    layout.place(epoch, statement.number, head);
    layout.put(120, statement.act.argument().as_bytes());
    layout.put(152, &statement.act.kind().to_be_bytes());
    layout.put(168, statement.decree.as_bytes());
});

fn decode_epoch(fields: &Fields<'_>) -> EpochStatement {
    EpochStatement {
        network: NetworkId(fields.array(16)),
        distributor: DistributorId(fields.array(48)),
        epoch: Epoch(fields.u32(80)),
        oracle_set: fields.u32(84),
        head: Hash32(fields.array(88)),
        root_hash: Hash32(fields.array(120)),
        root_sum: fields.u64(152),
        owed: fields.u64(160),
        artefact: Hash32(fields.array(168)),
    }
}

fn decode_open(fields: &Fields<'_>) -> Result<OpenStatement, StatementError> {
    fields.zero::<8>(152)?;
    Ok(OpenStatement {
        network: NetworkId(fields.array(16)),
        distributor: DistributorId(fields.array(48)),
        first: Epoch(fields.u32(80)),
        oracle_set: fields.u32(84),
        head: Hash32(fields.array(88)),
        old: DistributorId(fields.array(120)),
        epoch_delay_s: fields.u32(160),
        long_delay_s: fields.u32(164),
        schedule: Hash32(fields.array(168)),
    })
}

fn decode_settle(fields: &Fields<'_>) -> SettleStatement {
    SettleStatement {
        network: NetworkId(fields.array(16)),
        distributor: DistributorId(fields.array(48)),
        epoch: Epoch(fields.u32(80)),
        oracle_set: fields.u32(84),
        previous: Hash32(fields.array(88)),
        root_hash: Hash32(fields.array(120)),
        root_sum: fields.u64(152),
        leaves: fields.u64(160),
        artefact: Hash32(fields.array(168)),
    }
}

fn decode_dao(fields: &Fields<'_>) -> Result<DaoStatement, StatementError> {
    let argument = Hash32(fields.array(120));
    let act = match fields.u32(152) {
        1 => DaoAct::HandOver { epoch: Epoch(fields.u32(80)), new: DistributorId(argument.0) },
        2 => DaoAct::DaoSet { set: argument },
        3 => DaoAct::AdvanceHead { head: Hash32(fields.array(88)), reason: argument },
        4 => DaoAct::Guardian { key: argument },
        5 => DaoAct::Rotate { set: argument },
        found => return Err(StatementError::UnknownDaoAct { found }),
    };
    if !matches!(act, DaoAct::HandOver { .. }) {
        fields.zero::<4>(80)?;
    }
    if !matches!(act, DaoAct::AdvanceHead { .. }) {
        fields.zero::<32>(88)?;
    }
    fields.zero::<4>(156)?;
    fields.zero::<8>(160)?;
    Ok(DaoStatement {
        network: NetworkId(fields.array(16)),
        distributor: DistributorId(fields.array(48)),
        number: fields.u32(84),
        act,
        decree: Hash32(fields.array(168)),
    })
}

/// The bytes while they are written; what is not put stays zero.
struct Layout([u8; STATEMENT_BYTES]);

impl Default for Layout {
    fn default() -> Self {
        Self([0; STATEMENT_BYTES])
    }
}

impl Layout {
    fn put(&mut self, offset: usize, bytes: &[u8]) {
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    fn begin(&mut self, tag: [u8; 16], network: NetworkId, distributor: DistributorId) {
        self.put(0, &tag);
        self.put(16, network.as_bytes());
        self.put(48, distributor.as_bytes());
    }

    fn place(&mut self, at_80: u32, at_84: u32, at_88: Hash32) {
        self.put(80, &at_80.to_be_bytes());
        self.put(84, &at_84.to_be_bytes());
        self.put(88, at_88.as_bytes());
    }
}

/// The bytes while they are read. Offsets are constants of the layout above, all inside 200.
struct Fields<'a>(&'a [u8; STATEMENT_BYTES]);

impl Fields<'_> {
    fn array<const N: usize>(&self, offset: usize) -> [u8; N] {
        self.0[offset..offset + N].try_into().expect("the slice has N bytes")
    }

    fn u32(&self, offset: usize) -> u32 {
        u32::from_be_bytes(self.array(offset))
    }

    fn u64(&self, offset: usize) -> u64 {
        u64::from_be_bytes(self.array(offset))
    }

    fn zero<const N: usize>(&self, offset: usize) -> Result<(), StatementError> {
        if self.array(offset) == [0; N] { Ok(()) } else { Err(StatementError::NotZero { offset }) }
    }
}
