//! Messages of the next height, kept until it starts here: witnesses don't start at the same moment.

use super::context::{Place, SealHeight};
use super::wire::Wire;
use std::collections::BTreeMap;

/// A proposal and the votes of some rounds; what is lost is sent again by its author.
const PER_WITNESS: usize = 8;

/// The caller offers only messages of two heights, with the signature of a known witness: that bounds it.
#[derive(Debug, Default)]
pub(super) struct Early {
    kept: BTreeMap<SealHeight, Vec<(Place, Wire)>>,
}

impl Early {
    pub fn keep(&mut self, from: Place, wire: Wire) {
        let kept = self.kept.entry(wire.height()).or_default();
        if kept.iter().filter(|(author, _)| *author == from).count() < PER_WITNESS
            && !kept.iter().any(|(_, w)| *w == wire)
        {
            kept.push((from, wire));
        }
    }

    pub fn has(&self, height: SealHeight) -> bool {
        self.kept.contains_key(&height)
    }

    pub fn take(&mut self, height: SealHeight) -> Vec<Wire> {
        self.kept.remove(&height).unwrap_or_default().into_iter().map(|(_, wire)| wire).collect()
    }

    pub fn drop_below(&mut self, height: SealHeight) {
        self.kept = self.kept.split_off(&height);
    }
}
