//! Sorted runs of rows: a row's place and the first bytes of its key. The bytes stay in the batch that they came with.

use super::batch::{Batch, BatchRow};
use crate::layout::Family;
use std::cmp::Ordering;
use std::hint::black_box;
use std::sync::{Arc, OnceLock};

const SEGMENT: usize = 256;
/// Rows that are touched together.
const STRETCH: usize = 32;

type Segment = [OnceLock<Arc<Batch>>; SEGMENT];

/// A row: the number of its batch, and where it begins there.
#[derive(Clone, Copy)]
pub struct At {
    pub batch: u32,
    pub row: u32,
}

#[derive(Clone, Copy)]
pub struct Entry {
    /// The key's first sixteen bytes: most comparisons end here, without a look at the row.
    words: [u64; 2],
    pub at: At,
}

/// Rows of one family, ascending by key, one a key.
pub type Run = Arc<Vec<Entry>>;

/// All batches; cheap to clone, whatever comes later.
#[derive(Clone, Default)]
pub struct Batches {
    segments: Vec<Arc<Segment>>,
    count: u32,
}

impl Entry {
    pub fn new(key: &[u8], at: At) -> Entry {
        Entry { words: words(key), at }
    }
}

impl Batches {
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes in a batch; returns its number.
    pub fn push(&mut self, batch: Arc<Batch>) -> u32 {
        let number = self.count;
        if self.segments.len() * SEGMENT == number as usize {
            self.segments.push(Arc::new([const { OnceLock::new() }; SEGMENT]));
        }
        let slot = &self.segments[number as usize / SEGMENT][number as usize % SEGMENT];
        assert!(slot.set(batch).is_ok(), "batches are numbered one after the other");
        self.count += 1;
        number
    }

    fn batch(&self, at: At) -> &Batch {
        let slot = &self.segments[at.batch as usize / SEGMENT][at.batch as usize % SEGMENT];
        slot.get().expect("a row's batch is there before its row")
    }

    fn row(&self, at: At) -> BatchRow<'_> {
        self.batch(at).row(at.row)
    }

    pub fn key(&self, at: At) -> &[u8] {
        self.row(at).key
    }

    pub fn value(&self, at: At) -> Option<&[u8]> {
        self.row(at).value
    }

    pub fn is_of(&self, at: At, family: Family, key: &[u8]) -> bool {
        let row = self.row(at);
        row.family == family && row.key == key
    }

    /// The rows of a run, with `None` for those that are removed. Each lies somewhere else in memory: a stretch of them is
    /// touched together, for the processor waits for many at once as long as for one.
    pub fn rows(&self, run: Vec<Entry>) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        (0..run.len()).map(move |i| {
            if i % STRETCH == 0 {
                let stretch = run[i..].iter().take(STRETCH);
                black_box(stretch.fold(0, |sum, entry| sum ^ self.batch(entry.at).bytes()[entry.at.row as usize]));
            }
            let row = self.row(run[i].at);
            (row.key, row.value)
        })
    }

    fn order(&self, a: &Entry, b: &Entry) -> Ordering {
        a.words.cmp(&b.words).then_with(|| self.key(a.at).cmp(self.key(b.at)))
    }

    /// The position of the first entry whose key is not below `key`.
    pub fn search(&self, run: &[Entry], key: &[u8]) -> usize {
        let first = words(key);
        run.partition_point(|entry| entry.words.cmp(&first).then_with(|| self.key(entry.at).cmp(key)).is_lt())
    }

    /// A batch's rows of a family, which come in the batch's order, as a run. Of two for one key the later counts.
    pub fn sorted(&self, mut run: Vec<Entry>) -> Vec<Entry> {
        run.sort_by_key(|entry| entry.words);
        let ascending = |w: &[Entry]| self.order(&w[0], &w[1]).is_lt();
        if !run.windows(2).all(ascending) {
            run.sort_by(|a, b| self.order(a, b));
            run.dedup_by(|later, first| {
                let same = self.order(first, later).is_eq();
                if same {
                    *first = *later;
                }
                same
            });
        }
        run
    }

    pub fn merge(&self, mut older: &[Entry], mut newer: &[Entry]) -> Vec<Entry> {
        let mut merged = Vec::with_capacity(older.len() + newer.len());
        while let (Some(first), Some(second)) = (older.first(), newer.first()) {
            match first.words.cmp(&second.words) {
                Ordering::Less => merged.push(take(&mut older, 1)[0]),
                Ordering::Greater => merged.push(take(&mut newer, 1)[0]),
                Ordering::Equal => {
                    let older = take_same(&mut older);
                    self.merge_same(older, take_same(&mut newer), &mut merged);
                }
            }
        }
        merged.extend_from_slice(older);
        merged.extend_from_slice(newer);
        merged
    }

    /// Merges entries whose keys begin with the same bytes: a key's or a task's, whose newer rows mostly come behind its older.
    fn merge_same(&self, mut older: &[Entry], mut newer: &[Entry], merged: &mut Vec<Entry>) {
        while let (Some(first), Some(last), Some(second)) = (older.first(), older.last(), newer.first()) {
            if self.order(last, second).is_lt() {
                break;
            }
            match self.order(first, second) {
                Ordering::Less => merged.push(take(&mut older, 1)[0]),
                order => {
                    merged.push(take(&mut newer, 1)[0]);
                    take(&mut older, usize::from(order.is_eq()));
                }
            }
        }
        merged.extend_from_slice(older);
        merged.extend_from_slice(newer);
    }
}

fn take<'a>(entries: &mut &'a [Entry], count: usize) -> &'a [Entry] {
    let (taken, rest) = entries.split_at(count);
    *entries = rest;
    taken
}

/// Takes the entries that begin as the first does.
fn take_same<'a>(entries: &mut &'a [Entry]) -> &'a [Entry] {
    let first = entries[0].words;
    let count = entries.iter().take_while(|entry| entry.words == first).count();
    take(entries, count)
}

/// The first sixteen bytes, as numbers that are ordered as they are.
fn words(key: &[u8]) -> [u64; 2] {
    let mut bytes = [0; 16];
    let length = key.len().min(16);
    bytes[..length].copy_from_slice(&key[..length]);
    let number = u128::from_be_bytes(bytes);
    [(number >> 64) as u64, number as u64]
}
