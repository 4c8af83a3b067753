//! What happened on each chain, in order: what is replayed on real ones.

use std::collections::BTreeSet;

use crate::calls::{Call, Refusal};
use crate::coverage::Mark;
use crate::distributor::Distributor;

/// Something that happened on a chain.
#[derive(Clone, Debug)]
pub enum Event {
    /// A block of what was called since the last one.
    Block {
        /// Its time, Unix seconds.
        time_s: u64,
    },
    /// A call.
    Call {
        /// Which.
        call: Box<Call>,
        /// What it shows.
        mark: Mark,
        /// Its outcome.
        outcome: Result<(), Refusal>,
        /// The distributor after it.
        after: Box<Distributor>,
    },
    /// The newest blocks went away, with what was called since.
    Gone {
        /// How many.
        blocks: usize,
    },
}

/// The part of a chain's events that shows something that is not shown yet, up to the last call that does; what the part shows counts as
/// shown from then on. Empty where all is shown.
pub fn worth_replaying<'a>(events: &'a [Event], shown: &mut BTreeSet<Mark>) -> &'a [Event] {
    let is_new = |event: &Event| matches!(event, Event::Call { mark, .. } if !shown.contains(mark));
    let end = events.iter().rposition(is_new).map_or(0, |last| last + 1);
    for event in &events[..end] {
        if let Event::Call { mark, .. } = event {
            shown.insert(mark.clone());
        }
    }
    &events[..end]
}
