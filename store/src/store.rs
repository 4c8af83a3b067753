//! The store: what is shared by all its handles, and how it is opened.

use crate::clock::Clock;
use crate::db::Db;
use crate::error::StoreError;
use crate::layout::{ABSENT, MESSAGES, META, META_MOVED, WANTED, read_hash, read_u64};
use crate::options::{Limits, Memory, Options, SealCheck};
use crate::sessions::SessionRow;
use crate::signatures::Verifier;
use crate::snapshot;
use liaise_ledger::message::Place;
use liaise_ledger::{Genesis, Hash, Signer};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// A message store. Clones are handles to the same store; every call blocks, so async callers run it on a thread for that.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub db: Db,
    pub genesis: Arc<Genesis>,
    pub network: Hash,
    pub witness: Option<OpenWitness>,
    pub clock: Arc<dyn Clock>,
    pub seal_check: Option<SealCheck>,
    pub limits: Limits,
    pub verifier: Verifier,
    /// The newest message's place in the order of arrival.
    pub head: AtomicU64,
    writer: Mutex<Writer>,
    pub journal: Mutex<()>,
}

/// The witness' key, and what this start is called.
pub(crate) struct OpenWitness {
    pub signer: Arc<Signer>,
    pub key: [u8; 32],
    pub boot: [u8; 16],
}

/// What only the one writer at a time touches: of all that was appended, durable or not.
#[derive(Default)]
pub(crate) struct Writer {
    /// The place of the next message in the order of arrival.
    pub next: u64,
    /// Sessions that were used lately.
    pub sessions: HashMap<Vec<u8>, SessionRow>,
    /// The place of the witness' own next message.
    pub own: Place,
    /// Messages that witnesses gave receipts for and that are not here.
    pub wanted: HashSet<Hash>,
    /// The newest monotonic time in a receipt of this boot.
    pub mono_ns: u64,
    /// Keys may have signed elsewhere: nothing is signed.
    pub moved: bool,
    /// Messages wait for their effect on blobs.
    pub purging: bool,
}

impl Store {
    /// Opens the store in a directory. One process at a time may write to it.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::NewerVersion`], [`StoreError::ForeignNetwork`], [`StoreError::Corrupt`] and
    /// others; each says what to do.
    pub fn open(dir: &Path, options: Options) -> Result<Store, StoreError> {
        let network = options.genesis.network_id();
        let witness = options.witness.map(|witness| open_witness(&options.genesis, witness)).transpose()?;
        let db = Db::open(dir, network, options.create, options.read_only, options.limits)?;
        if !options.read_only {
            snapshot::adopt(&db, options.resume)?;
        }
        let writer = read_writer(&db)?;
        let head = AtomicU64::new(writer.next - 1);
        let inner = Inner {
            db,
            genesis: options.genesis,
            network,
            witness,
            clock: options.clock,
            seal_check: options.seal_check,
            limits: options.limits,
            verifier: Verifier::new(std::thread::available_parallelism().map_or(1, usize::from)),
            head,
            writer: Mutex::new(writer),
            journal: Mutex::new(()),
        };
        if let Some(witness) = &inner.witness {
            inner.writer().own = inner.place(&witness.key)?;
        }
        let store = Store { inner: Arc::new(inner) };
        if !options.read_only {
            store.purge_pending(&mut store.inner.writer())?;
        }
        Ok(store)
    }

    /// The network's id.
    pub fn network(&self) -> Hash {
        self.inner.network
    }

    /// The network's rules, as the store was opened with.
    pub fn genesis(&self) -> &Arc<Genesis> {
        &self.inner.genesis
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        self.inner.db.dir()
    }

    /// What it holds in memory.
    ///
    /// # Errors
    /// The database does not say.
    pub fn memory(&self) -> Result<Memory, StoreError> {
        self.inner.db.memory()
    }

    /// The witness key, if this store gives receipts.
    pub fn witness_key(&self) -> Option<[u8; 32]> {
        self.inner.witness.as_ref().map(|witness| witness.key)
    }

    /// What this start is called in receipts, if this store gives any.
    pub fn boot(&self) -> Option<[u8; 16]> {
        self.inner.witness.as_ref().map(|witness| witness.boot)
    }
}

impl Inner {
    /// The right to write. A writer that panicked left nothing half done: rows and counters change only after a write.
    pub fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Tells that everything before a place is durable.
    pub fn publish_head(&self, next: u64) {
        self.head.fetch_max(next - 1, Ordering::AcqRel);
    }
}

fn open_witness(genesis: &Genesis, witness: crate::Witness) -> Result<OpenWitness, StoreError> {
    let public = witness.signer.public();
    let key: Option<[u8; 32]> = public.as_slice().try_into().ok();
    let Some(key) = key.filter(|key| genesis.is_witness(key)) else {
        return Err(StoreError::WitnessKey(to_hex(&public)));
    };
    let boot = witness.boot.unwrap_or_else(|| {
        let mut boot = [0; 16];
        rand::RngCore::fill_bytes(&mut rand::rngs::OsRng, &mut boot);
        boot
    });
    Ok(OpenWitness { signer: witness.signer, key, boot })
}

fn read_writer(db: &Db) -> Result<Writer, StoreError> {
    let newest = db.scan_back(MESSAGES, &[], &ABSENT.to_be_bytes())?.next().transpose()?;
    let next = match newest {
        Some((key, _)) => read_u64(&key).ok_or_else(|| StoreError::corrupt("a message without a place"))? + 1,
        None => 1,
    };
    let wanted = db.scan(WANTED, &[], &[])?.map(|row| {
        let (key, _) = row?;
        read_hash(&key).ok_or_else(|| StoreError::corrupt("a wanted message without an id"))
    });
    let wanted = wanted.collect::<Result<HashSet<_>, _>>()?;
    let moved = db.contains(META, META_MOVED)?;
    Ok(Writer { next, wanted, moved, purging: true, ..Writer::default() })
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir()).field("network", &self.network()).finish_non_exhaustive()
    }
}
