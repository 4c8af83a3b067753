//! Writes on their way: appended to the log one after the other, synced together, and only then seen by readers.
//!
//! Whoever waits for a write to be durable and finds nobody at the disk goes there, for all that was appended until then; the
//! others wait for that. So one sync serves all that came while the one before it ran, and whoever comes next can append
//! meanwhile. Nothing is read that a crash could still take back: the newest rows take writes in once they are on disk.

use super::batch::Batch;
use super::flush::Shared;
use super::log::{End, Log};
use crate::error::StoreError;
use crate::layout::Family;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// A write's place among all writes of an open store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// The way to the disk.
pub struct Writing {
    state: Mutex<State>,
    /// Somebody came back from the disk.
    changed: Condvar,
    /// Bytes of rows that gather in memory before they go to RocksDB; as many may be on their way there.
    gather: usize,
}

struct State {
    log: Log,
    /// Appended, and not among the newest rows yet; the oldest first.
    waiting: Vec<Waiting>,
    appended: Ticket,
    published: Ticket,
    /// Somebody is at the disk.
    away: bool,
}

struct Waiting {
    rows: Arc<Batch>,
    sync: bool,
}

impl Writing {
    pub fn new(log: Log, gather: usize) -> Writing {
        let (appended, published) = (Ticket(0), Ticket(0));
        let state = State { log, waiting: Vec::new(), appended, published, away: false };
        Writing { state: Mutex::new(state), changed: Condvar::new(), gather }
    }

    /// A thread that panicked under the lock left whole writes; one that panicked at the disk stopped all others.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Appends a write's rows; without rows it is the newest write's ticket. They count, and are read, once they are
    /// [published](Writing::publish).
    pub fn append(&self, shared: &Shared, mut rows: Batch, sync: bool) -> Result<Ticket, StoreError> {
        rows.shrink();
        let mut state = self.state();
        shared.check()?;
        if !rows.is_empty() {
            shared.halt_on(state.log.append(rows.bytes()))?;
            state.waiting.push(Waiting { rows: Arc::new(rows), sync });
            state.appended.0 += 1;
        }
        Ok(state.appended)
    }

    /// Rows that were appended and that readers don't see yet, the newest first.
    pub fn waiting(&self) -> Vec<Arc<Batch>> {
        self.state().waiting.iter().rev().map(|waiting| waiting.rows.clone()).collect()
    }

    /// Waits until a write, and all before it, are durable and seen by readers.
    pub fn publish(&self, shared: &Shared, ticket: Ticket) -> Result<(), StoreError> {
        let mut state = self.state();
        loop {
            shared.check()?;
            if state.published >= ticket {
                return Ok(());
            }
            state = if state.away { self.wait(state) } else { self.go(shared, state)? };
        }
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Goes to the disk for everybody.
    fn go<'a>(
        &'a self,
        shared: &'a Shared,
        mut state: MutexGuard<'a, State>,
    ) -> Result<MutexGuard<'a, State>, StoreError> {
        state.away = true;
        let rows: Vec<Arc<Batch>> = state.waiting.iter().map(|waiting| waiting.rows.clone()).collect();
        let end = state.waiting.iter().any(|waiting| waiting.sync).then(|| state.log.end());
        drop(state);
        let back = Back { writing: self, shared };
        let synced = end.map(End::sync).transpose();
        if synced.is_ok() {
            shared.show(&rows);
        }
        let mut state = back.come();
        if let Some(length) = shared.halt_on(synced)? {
            state.log.note_synced(length);
        }
        state.waiting.drain(..rows.len());
        state.published.0 += rows.len() as u64;
        if shared.gathered() >= self.gather {
            shared.halt_on(rotate(shared, &mut state, Vec::new()))?;
        }
        Ok(state)
    }

    /// Sends the newest rows on their way to RocksDB; the log goes on in a new file. Afterwards the bytes of the rows of
    /// `erase`, which were removed before, leave the disk.
    pub fn freeze(&self, shared: &Shared, erase: Vec<(Family, Vec<u8>)>) -> Result<(), StoreError> {
        let mut state = self.state();
        while state.away {
            state = self.wait(state);
        }
        shared.check()?;
        self.changed.notify_all();
        shared.halt_on(rotate(shared, &mut state, erase))
    }

    /// Marks in the log that everything so far was on disk.
    pub fn close(&self) -> Result<(), StoreError> {
        self.state().log.close()
    }
}

/// With nobody at the disk. What waits is published first: the log's older files are forgotten with the rows that are frozen.
fn rotate(shared: &Shared, state: &mut State, erase: Vec<(Family, Vec<u8>)>) -> Result<(), StoreError> {
    shared.wait()?;
    let below = state.log.rotate()?;
    let rows: Vec<Arc<Batch>> = state.waiting.drain(..).map(|waiting| waiting.rows).collect();
    shared.show(&rows);
    state.published = state.appended;
    shared.freeze(below, erase);
    Ok(())
}

/// Somebody at the disk, who comes back, or panics.
struct Back<'a> {
    writing: &'a Writing,
    shared: &'a Shared,
}

impl<'a> Back<'a> {
    fn come(self) -> MutexGuard<'a, State> {
        let mut state = self.writing.state();
        state.away = false;
        self.writing.changed.notify_all();
        std::mem::forget(self);
        state
    }
}

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.shared.halt("a thread panicked while it wrote");
        self.writing.state().away = false;
        self.writing.changed.notify_all();
    }
}
