//! The newest rows, in memory: what the log holds and RocksDB does not have yet.
//!
//! Each write's rows of a family become a sorted run. Runs are merged so that each is more than twice as long as the next
//! newer one: a look-up searches a handful of them, and a row is moved a logarithmic number of times.

use super::batch::Batch;
use super::latest::{Latest, hash};
use super::run::{At, Batches, Entry, Run};
use crate::layout::{FAMILIES, Family};
use std::sync::Arc;

/// See the module.
#[derive(Default)]
pub struct Tail {
    batches: Batches,
    bytes: usize,
    /// By family, oldest and longest first.
    runs: [Vec<Run>; FAMILIES.len()],
    /// Of the families that are looked up.
    latest: Latest<At>,
}

impl Tail {
    /// Bytes of all rows, removed and overwritten ones too.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Takes in a write's rows.
    pub fn push(&mut self, batch: Arc<Batch>) {
        self.bytes += batch.bytes().len();
        let number = self.batches.push(batch.clone());
        let mut fresh: [Vec<Entry>; FAMILIES.len()] = Default::default();
        for (row, found) in batch.rows() {
            fresh[usize::from(found.family.0)].push(Entry::new(found.key, At { batch: number, row }));
        }
        let Tail { batches, runs, latest, .. } = self;
        for (runs, run) in runs.iter_mut().zip(fresh).filter(|(_, run)| !run.is_empty()) {
            let mut run = batches.sorted(run);
            while let Some(older) = runs.pop_if(|older| older.len() <= 2 * run.len()) {
                run = batches.merge(&older, &run);
            }
            runs.push(Arc::new(run));
        }
        for (hash, row) in batch.latest() {
            let found = batch.row(row);
            latest.note(hash, At { batch: number, row }, |at| batches.is_of(at, found.family, found.key));
        }
    }

    /// What is known here of a key: nothing, that its row is removed, or its value.
    pub fn get(&self, family: Family, key: &[u8]) -> Option<Option<&[u8]>> {
        let at = if family.is_looked_up() {
            self.latest.find(hash(family, key), |at| self.batches.is_of(at, family, key))?
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
        (merged.len(), self.batches.rows(merged))
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
