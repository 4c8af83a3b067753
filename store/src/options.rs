//! How a store is opened.

use crate::clock::{Clock, SystemClock};
use liaise_ledger::body::Seal;
use liaise_ledger::{Genesis, Signer};
use std::fmt;
use std::sync::Arc;

/// Checks a seal's certificate; the reason is told to whoever sent it.
pub type SealCheck = Arc<dyn Fn(&Seal) -> Result<(), String> + Send + Sync>;

/// How a store is opened. Start from [`Options::new`].
#[derive(Clone)]
pub struct Options {
    /// The network: its id, chains, witnesses, oracles, DAO, curators and the longest session.
    pub genesis: Arc<Genesis>,
    /// Set on witness stores: then every message that is stored gets a receipt.
    pub witness: Option<Witness>,
    /// Make the store if there is none.
    pub create: bool,
    /// Read while another process writes; nothing can be stored. What that process writes later is not seen.
    pub read_only: bool,
    /// Sign again although keys may have signed elsewhere: see [`StoreError::Moved`](crate::StoreError::Moved).
    pub resume: bool,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Asked before a seal is stored. Without it the seals of all witnesses are kept.
    pub seal_check: Option<SealCheck>,
    /// How much the store takes at once.
    pub limits: Limits,
}

/// The key of a witness store. It must never run twice at one time: two stores that sign with it equivocate.
#[derive(Clone)]
pub struct Witness {
    /// An Ed25519 key of the genesis' `stores`.
    pub signer: Arc<Signer>,
    /// What this start is called in receipts; drawn at random when `None`, as it should be outside of simulations.
    pub boot: Option<[u8; 16]>,
}

/// How much a store takes at once. Messages' own limits are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a blob, and of a block in an imported CAR file.
    pub blob_bytes: usize,
    /// Bytes of the newest rows that gather in memory, and in the log, before they go into the database. As many again may
    /// be on their way.
    pub newest_bytes: usize,
    /// Bytes of the database's files that stay in memory: blocks of rows, of indexes and of filters.
    pub cache_bytes: usize,
}

/// What a store holds in memory, in bytes, apart from what calls under way need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The newest rows, as far as they are written: twice [`Limits::newest_bytes`] and one write at most.
    pub newest: u64,
    /// Rows of small families on their way into the database.
    pub memtables: u64,
    /// What belongs to open files of the database and is not in the cache.
    pub tables: u64,
    /// The cache: at most [`Limits::cache_bytes`], and what is in use.
    pub cache: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { blob_bytes: 16 << 20, newest_bytes: 64 << 20, cache_bytes: 64 << 20 }
    }
}

impl Options {
    /// A store that keeps and gives no receipts; it is made if there is none.
    pub fn new(genesis: Arc<Genesis>) -> Options {
        Options {
            genesis,
            witness: None,
            create: true,
            read_only: false,
            resume: false,
            clock: Arc::new(SystemClock),
            seal_check: None,
            limits: Limits::default(),
        }
    }

    /// Gives receipts with this key.
    pub fn witness(mut self, signer: Arc<Signer>) -> Options {
        self.witness = Some(Witness { signer, boot: None });
        self
    }

    /// Takes time from elsewhere.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Options {
        self.clock = clock;
        self
    }

    /// Asks before a seal is stored.
    pub fn seal_check(mut self, check: SealCheck) -> Options {
        self.seal_check = Some(check);
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("network", &self.genesis.network_id())
            .field("witness", &self.witness.as_ref().map(|witness| &witness.signer))
            .field("create", &self.create)
            .field("read_only", &self.read_only)
            .field("resume", &self.resume)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
