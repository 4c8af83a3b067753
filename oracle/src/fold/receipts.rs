//! Counted receipts in columns: of each store the clocks, in the order in which they were counted.

use std::collections::BTreeMap;

use liaise_ledger::Hash;

use super::state::StoreReceipt;

/// A wall clock that stands elsewhere.
const FAR: u32 = u32::MAX;
/// No receipt of a store.
const NONE: u32 = u32::MAX;

/// One store's receipts. Numbers of receipts are places in the columns.
#[derive(Clone, Debug)]
struct Column {
    store: Hash,
    /// Of each message its first receipt.
    first: Vec<u32>,
    mono_ns: Vec<u64>,
    /// Wall clocks after `base_ms`, or [`FAR`].
    wall_ms: Vec<u32>,
    base_ms: u64,
    /// Wall clocks that lie weeks away from the others.
    far_ms: BTreeMap<u32, u64>,
    /// Where consecutive places of the store's sequence begin: receipt, place.
    runs: Vec<(u32, u64)>,
    /// Where a boot begins.
    boots: Vec<(u32, Hash)>,
}

/// The last row that begins at or before a receipt.
fn row_of<T: Copy>(rows: &[(u32, T)], at: u32) -> (u32, T) {
    rows[rows.partition_point(|(begin, _)| *begin <= at) - 1]
}

impl Column {
    fn new(store: Hash, wall_ms: u64) -> Column {
        Column {
            store,
            first: vec![],
            mono_ns: vec![],
            wall_ms: vec![],
            base_ms: wall_ms.saturating_sub(1 << 31),
            far_ms: BTreeMap::new(),
            runs: vec![],
            boots: vec![],
        }
    }

    fn wall_ms(&self, at: u32) -> u64 {
        match self.wall_ms[at as usize] {
            FAR => self.far_ms[&at],
            near => self.base_ms + u64::from(near),
        }
    }

    fn seq(&self, at: u32) -> u64 {
        let (begin, seq) = row_of(&self.runs, at);
        seq + u64::from(at - begin)
    }

    /// Takes in a receipt of a message, if it is the store's first.
    fn count(&mut self, message: u32, receipt: &StoreReceipt) {
        let message = message as usize;
        if self.first.len() <= message {
            self.first.resize(message + 1, NONE);
        }
        let known = self.first[message];
        if known != NONE && self.seq(known) <= receipt.seq {
            return;
        }
        let at = u32::try_from(self.wall_ms.len()).ok().filter(|at| *at != NONE).expect("fewer than 2^32 receipts");
        self.first[message] = at;
        if self.runs.last().is_none_or(|(begin, seq)| seq.checked_add(u64::from(at - begin)) != Some(receipt.seq)) {
            self.runs.push((at, receipt.seq));
        }
        if self.boots.last().is_none_or(|(_, boot)| *boot != receipt.boot) {
            self.boots.push((at, receipt.boot));
        }
        self.mono_ns.push(receipt.mono_ns);
        let near = receipt.wall_ms.checked_sub(self.base_ms).and_then(|ms| u32::try_from(ms).ok());
        self.wall_ms.push(near.filter(|ms| *ms != FAR).unwrap_or_else(|| {
            self.far_ms.insert(at, receipt.wall_ms);
            FAR
        }));
    }

    fn of(&self, message: u32) -> Option<u32> {
        self.first.get(message as usize).copied().filter(|at| *at != NONE)
    }

    fn boot(&self, at: u32) -> Hash {
        row_of(&self.boots, at).1
    }

    fn get(&self, at: u32) -> StoreReceipt {
        StoreReceipt {
            store: self.store,
            seq: self.seq(at),
            boot: self.boot(at),
            mono_ns: self.mono_ns[at as usize],
            wall_ms: self.wall_ms(at),
        }
    }
}

/// Each store's first receipt of each message, by the messages' numbers.
#[derive(Clone, Debug, Default)]
pub struct Receipts(Vec<Column>);

impl Receipts {
    /// Counts a receipt, if it is its store's first for the message.
    pub fn count(&mut self, message: u32, receipt: &StoreReceipt) {
        let at = match self.0.binary_search_by(|column| column.store.cmp(&receipt.store)) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, Column::new(receipt.store, receipt.wall_ms));
                at
            }
        };
        self.0[at].count(message, receipt);
    }

    /// A message's receipts, by store.
    pub fn of(&self, message: u32) -> impl Iterator<Item = StoreReceipt> + '_ {
        self.0.iter().filter_map(move |column| Some(column.get(column.of(message)?)))
    }

    /// The wall clocks of a message's receipts, by store; milliseconds since 1970.
    pub fn walls(&self, message: u32) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().filter_map(move |column| Some(column.wall_ms(column.of(message)?)))
    }

    /// From one message to another, by the monotonic clock of each store that gave receipts for both within one boot;
    /// nanoseconds. Negative counts as zero.
    pub fn spans(&self, from: u32, to: u32) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().filter_map(move |column| {
            let (from, to) = (column.of(from)?, column.of(to)?);
            let is_one_boot = column.boots.len() == 1 || column.boot(from) == column.boot(to);
            is_one_boot.then(|| column.mono_ns[to as usize].saturating_sub(column.mono_ns[from as usize]))
        })
    }

    /// How many stores have a receipt for a message.
    pub fn count_of(&self, message: u32) -> usize {
        self.0.iter().filter(|column| column.of(message).is_some()).count()
    }
}

/// The receipts of one message from two places: each store's first, by store.
pub fn both(a: &[StoreReceipt], b: impl Iterator<Item = StoreReceipt>) -> Vec<StoreReceipt> {
    let mut all = a.to_vec();
    all.extend(b);
    all.sort_unstable_by_key(|receipt| (receipt.store, receipt.seq));
    all.dedup_by_key(|receipt| receipt.store);
    all
}
