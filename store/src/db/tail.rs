//! The newest rows, in memory: what the log holds and RocksDB does not have yet.
//!
//! Each write's rows of a family become a sorted run. Runs are merged so that each is more than twice as long as the next
//! newer one: a look-up searches a handful of them, and a row is moved a logarithmic number of times. What is moved is a row's
//! place and the first bytes of its key; the bytes stay in the batch that they came with.

use super::batch::{Batch, Op, hash};
use crate::layout::{FAMILIES, Family};
use hashbrown::HashTable;
use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

const SEGMENT: usize = 256;

type Segment = [OnceLock<Batch>; SEGMENT];

/// A row: the number of its batch, and its own number there.
#[derive(Clone, Copy)]
struct At {
    batch: u32,
    op: u32,
}

#[derive(Clone, Copy)]
struct Entry {
    /// The key's first eight bytes: most comparisons end here.
    prefix: u64,
    at: At,
}

/// Rows of one family, ascending by key, one a key.
type Run = Arc<Vec<Entry>>;

/// All batches; cheap to clone, whatever comes later.
#[derive(Clone, Default)]
struct Batches(Vec<Arc<Segment>>);

impl Batches {
    fn row(&self, at: At) -> (&Batch, &Op) {
        let slot = &self.0[at.batch as usize / SEGMENT][at.batch as usize % SEGMENT];
        let batch = slot.get().expect("a row's batch is there before its row");
        (batch, &batch.ops()[at.op as usize])
    }

    fn key(&self, at: At) -> &[u8] {
        let (batch, op) = self.row(at);
        batch.key(op)
    }

    fn value(&self, at: At) -> Option<&[u8]> {
        let (batch, op) = self.row(at);
        batch.value(op)
    }

    fn order(&self, a: &Entry, b: &Entry) -> Ordering {
        a.prefix.cmp(&b.prefix).then_with(|| self.key(a.at).cmp(self.key(b.at)))
    }

    /// The position of the first entry whose key is not below `key`.
    fn search(&self, run: &[Entry], key: &[u8]) -> usize {
        let first = prefix(key);
        run.partition_point(|entry| entry.prefix.cmp(&first).then_with(|| self.key(entry.at).cmp(key)).is_lt())
    }

    fn merge(&self, older: &[Entry], newer: &[Entry]) -> Vec<Entry> {
        let mut merged = Vec::with_capacity(older.len() + newer.len());
        let (mut i, mut j) = (0, 0);
        while i < older.len() && j < newer.len() {
            match self.order(&older[i], &newer[j]) {
                Ordering::Less => {
                    merged.push(older[i]);
                    i += 1;
                }
                order => {
                    merged.push(newer[j]);
                    j += 1;
                    i += usize::from(order.is_eq());
                }
            }
        }
        merged.extend_from_slice(&older[i..]);
        merged.extend_from_slice(&newer[j..]);
        merged
    }
}

fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(8);
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}

/// See the module.
#[derive(Default)]
pub struct Tail {
    batches: Batches,
    count: u32,
    bytes: usize,
    /// By family, oldest and longest first.
    runs: [Vec<Run>; FAMILIES.len()],
    /// Of the families that are looked up: the latest row of each key.
    latest: HashTable<At>,
}

impl Tail {
    /// Bytes of all rows, removed and overwritten ones too.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes in a write's rows.
    pub fn push(&mut self, mut batch: Batch) {
        batch.shrink();
        let number = self.count;
        let mut fresh: [Vec<Entry>; FAMILIES.len()] = Default::default();
        for (op, row) in batch.ops().iter().enumerate() {
            let at = At { batch: number, op: op as u32 };
            fresh[usize::from(row.family.0)].push(Entry { prefix: prefix(batch.key(row)), at });
        }
        self.bytes += batch.bytes().len();
        if self.batches.0.len() * SEGMENT == number as usize {
            self.batches.0.push(Arc::new([const { OnceLock::new() }; SEGMENT]));
        }
        let slot = &self.batches.0[number as usize / SEGMENT][number as usize % SEGMENT];
        assert!(slot.set(batch).is_ok(), "batches are numbered one after the other");
        self.count += 1;
        self.index(number);
        for (family, run) in fresh.into_iter().enumerate().filter(|(_, run)| !run.is_empty()) {
            self.push_run(family, run);
        }
    }

    fn index(&mut self, number: u32) {
        let Tail { batches, latest, .. } = self;
        let rows = batches.row(At { batch: number, op: 0 }).0.ops().iter().enumerate();
        for (op, row) in rows.filter(|(_, row)| row.family.is_looked_up()) {
            let at = At { batch: number, op: op as u32 };
            let key = batches.key(at);
            let same = |other: &At| {
                let (batch, other) = batches.row(*other);
                other.family == row.family && batch.key(other) == key
            };
            match latest.entry(row.hash, same, |at| batches.row(*at).1.hash) {
                hashbrown::hash_table::Entry::Occupied(mut entry) => *entry.get_mut() = at,
                hashbrown::hash_table::Entry::Vacant(entry) => drop(entry.insert(at)),
            }
        }
    }

    fn push_run(&mut self, family: usize, mut run: Vec<Entry>) {
        let Tail { batches, runs, .. } = self;
        let ascending = |w: &[Entry]| batches.order(&w[0], &w[1]).is_lt();
        if !run.windows(2).all(ascending) {
            // Of two rows for one key the later counts: it goes first, and the others are dropped.
            run.sort_unstable_by(|a, b| batches.order(a, b).then(b.at.op.cmp(&a.at.op)));
            run.dedup_by(|later, first| batches.order(first, later).is_eq());
        }
        let runs = &mut runs[family];
        while let Some(older) = runs.pop_if(|older| older.len() <= 2 * run.len()) {
            run = batches.merge(&older, &run);
        }
        runs.push(Arc::new(run));
    }

    /// What is known here of a key: nothing, that its row is removed, or its value.
    pub fn get(&self, family: Family, key: &[u8]) -> Option<Option<&[u8]>> {
        let at = if family.is_looked_up() {
            let same = |at: &At| {
                let (batch, op) = self.batches.row(*at);
                op.family == family && batch.key(op) == key
            };
            *self.latest.find(hash(family, key), same)?
        } else {
            let found = self.runs[usize::from(family.0)].iter().rev().find_map(|run| {
                let entry = run.get(self.batches.search(run, key))?;
                (self.batches.key(entry.at) == key).then_some(entry.at)
            });
            found?
        };
        Some(self.batches.value(at))
    }

    /// Cursors over a family, the newest rows' first, that stand at `start`: see [`Cursor::new`].
    pub fn cursors(&self, family: Family, start: &[u8], forward: bool) -> impl Iterator<Item = Cursor> {
        let runs = self.runs[usize::from(family.0)].iter().rev();
        runs.map(move |run| Cursor::new(self.batches.clone(), run.clone(), start, forward))
    }

    /// All rows of a family, ascending, with `None` for those that are removed.
    pub fn all(&self, family: Family) -> (usize, impl Iterator<Item = (&[u8], Option<&[u8]>)>) {
        let mut runs = self.runs[usize::from(family.0)].iter().rev();
        let mut merged = runs.next().map(|run| run.to_vec()).unwrap_or_default();
        for older in runs {
            merged = self.batches.merge(older, &merged);
        }
        (merged.len(), merged.into_iter().map(|entry| (self.batches.key(entry.at), self.batches.value(entry.at))))
    }
}

/// A place in a run, going up or down.
pub struct Cursor {
    batches: Batches,
    run: Run,
    /// Where it stands, plus one; 0 is before the first row.
    next: usize,
    forward: bool,
}

impl Cursor {
    /// Stands at the first key that is not below `start`, or, backwards, at the last that is not above it.
    fn new(batches: Batches, run: Run, start: &[u8], forward: bool) -> Cursor {
        let at = batches.search(&run, start);
        let hit = run.get(at).is_some_and(|entry| batches.key(entry.at) == start);
        let next = if forward || hit { at + 1 } else { at };
        Cursor { batches, run, next, forward }
    }

    fn at(&self) -> Option<At> {
        self.run.get(self.next.checked_sub(1)?).map(|entry| entry.at)
    }

    pub fn key(&self) -> Option<&[u8]> {
        self.at().map(|at| self.batches.key(at))
    }

    /// The value where it stands; `None` where the row is removed.
    pub fn value(&self) -> Option<&[u8]> {
        self.at().and_then(|at| self.batches.value(at))
    }

    pub fn advance(&mut self) {
        self.next = if self.forward { self.next + 1 } else { self.next.saturating_sub(1) };
    }
}
