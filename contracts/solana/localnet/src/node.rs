//! What the servers share: the chain, when it makes blocks, and the errors that it is told to answer with.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard};
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::chain::Chain;
use crate::rpc::RpcError;

/// When blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mining {
    /// One every slot's time.
    Auto,
    /// Only when told.
    Manual,
    /// One for each transaction, at once.
    Instant,
}

/// A method's next calls that fail.
struct Failing {
    times: u64,
    error: RpcError,
}

/// A running node.
pub struct Node {
    chain: RwLock<Chain>,
    mining: Mutex<Mining>,
    failing: Mutex<HashMap<String, Failing>>,
    saved: Mutex<Vec<Chain>>,
    /// Counts the chain's changes, for those who wait for one.
    changes: watch::Sender<u64>,
    slot: Duration,
}

const SOUND: &str = "no thread panics while it holds this lock";

impl Node {
    pub fn new(chain: Chain, mining: Mining, slot: Duration) -> Self {
        Self {
            chain: RwLock::new(chain),
            mining: Mutex::new(mining),
            failing: Mutex::default(),
            saved: Mutex::default(),
            changes: watch::Sender::new(0),
            slot,
        }
    }

    /// The chain, to read.
    pub fn chain(&self) -> RwLockReadGuard<'_, Chain> {
        self.chain.read().expect(SOUND)
    }

    /// Changes the chain and tells whoever waits for that.
    pub fn change<T>(&self, change: impl FnOnce(&mut Chain) -> T) -> T {
        let result = change(&mut self.chain.write().expect(SOUND));
        self.changes.send_modify(|count| *count += 1);
        result
    }

    /// Something to wait on for the chain's next change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub fn mining(&self) -> Mining {
        *self.mining.lock().expect(SOUND)
    }

    pub fn set_mining(&self, mining: Mining) {
        *self.mining.lock().expect(SOUND) = mining;
    }

    /// Has the next calls of a method fail.
    pub fn fail(&self, method: String, times: u64, error: RpcError) {
        self.failing.lock().expect(SOUND).insert(method, Failing { times, error });
    }

    /// The error that a method was told to answer with, if it still has to.
    pub fn failure(&self, method: &str) -> Option<RpcError> {
        let mut failing = self.failing.lock().expect(SOUND);
        let failure = failing.get_mut(method)?;
        failure.times = failure.times.checked_sub(1)?;
        Some(failure.error.clone())
    }

    /// Chains that were saved, in the order in which they were.
    pub fn saved(&self) -> MutexGuard<'_, Vec<Chain>> {
        self.saved.lock().expect(SOUND)
    }

    /// Makes blocks in their time, for ever. A machine that was busy makes up for it, so that the chain's clock stays
    /// with the world's.
    pub async fn tick(&self) {
        let mut ticks = interval(self.slot);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if self.mining() == Mining::Auto {
                tokio::task::block_in_place(|| self.change(|chain| chain.mine(1)));
            }
        }
    }
}
