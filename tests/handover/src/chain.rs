//! A chain: its newest state, and the blocks that it can fall back to.

use std::collections::VecDeque;

use crate::distributor::Distributor;
use crate::network::GENESIS_S;

/// A block is final under so many others.
const FINAL_UNDER: usize = 2;

/// A chain.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The distributor as the next call meets it.
    pub distributor: Distributor,
    /// The chain's time, Unix seconds.
    pub time_s: u64,
    /// The last blocks, oldest first: their time and the distributor after them.
    blocks: VecDeque<(u64, Distributor)>,
    /// Since when it makes no blocks, Unix seconds.
    pub silent_since_s: Option<u64>,
    /// Whether it never will again.
    pub is_dead: bool,
}

impl Chain {
    /// A chain whose newest block is final.
    pub fn new(distributor: Distributor) -> Self {
        let blocks = VecDeque::from([(GENESIS_S, distributor.clone())]);
        Self { distributor, time_s: GENESIS_S, blocks, silent_since_s: None, is_dead: false }
    }

    /// Whether it makes no blocks.
    pub fn is_silent(&self) -> bool {
        self.silent_since_s.is_some()
    }

    /// The distributor in the newest final block.
    pub fn final_state(&self) -> &Distributor {
        &self.blocks.front().expect("there is a block").1
    }

    /// The distributor in the newest block, and the block's time.
    pub fn last_block(&self) -> &(u64, Distributor) {
        self.blocks.back().expect("there is a block")
    }

    /// A block of all that was called since the last one.
    pub fn grow(&mut self, time_s: u64) {
        self.time_s = time_s;
        self.blocks.push_back((time_s, self.distributor.clone()));
        while self.blocks.len() > FINAL_UNDER + 1 {
            self.blocks.pop_front();
        }
    }

    /// The newest blocks that are not final go away, with what was called since. Returns how many did.
    pub fn reorg(&mut self, blocks: usize) -> usize {
        let gone = blocks.min(self.blocks.len() - 1);
        self.blocks.truncate(self.blocks.len() - gone);
        let (time_s, distributor) = self.last_block().clone();
        (self.time_s, self.distributor) = (time_s, distributor);
        gone
    }
}
