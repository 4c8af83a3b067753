//! The table of terms as decrees and the chains have it: which distributor an epoch belongs to.

use liaise_chain_api::{At, ChainError, DistributorReader, Range};
use liaise_ledger::Hash;
use liaise_oracle::fold::{HandOver, Shared, TermRow, table};
use liaise_store::{Store, StoreError};
use liaise_summary::{DistributorId, Epoch};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The distributors that a node knows, and what is final of their ranges.
#[derive(Debug)]
pub struct Terms {
    readers: Vec<Arc<dyn DistributorReader>>,
    /// Where what is final is kept; none for a look.
    store: Option<Store>,
    /// Ranges that were final when their chain was last asked. They never change, so a chain that does not answer is taken
    /// as it was: what it has handed over since is not known yet, and nobody signs for whoever took it.
    ranges: Mutex<BTreeMap<Hash, Vec<Range>>>,
}

/// A range as it is kept: its first epoch, and where it was handed over to whom.
type Kept = (u32, Option<u32>, Option<Hash>);

/// Where ranges are kept.
const RANGES: &str = "ranges";

impl Terms {
    /// Nothing was read yet.
    pub fn new(readers: Vec<Arc<dyn DistributorReader>>) -> Terms {
        Terms { readers, store: None, ranges: Mutex::default() }
    }

    /// With what a store keeps of what was final before: also of chains that nobody reads now.
    ///
    /// # Errors
    /// The store failed.
    pub fn kept_in(store: Store, readers: Vec<Arc<dyn DistributorReader>>) -> Result<Terms, StoreError> {
        let mut ranges = BTreeMap::new();
        for (key, bytes) in store.journal().rows(RANGES, b"")? {
            // A row that can't be read is read from its chain again.
            let kept: Option<Vec<Kept>> = serde_ipld_dagcbor::from_slice(&bytes).ok();
            if let (Ok(id), Some(kept)) = (<[u8; 32]>::try_from(key.as_slice()), kept) {
                ranges.insert(Hash(id), kept.into_iter().map(range_of).collect());
            }
        }
        Ok(Terms { readers, store: Some(store), ranges: Mutex::new(ranges) })
    }

    /// The table: decreed rows, and the hand-overs that are final on the chains that this node knows.
    ///
    /// # Errors
    /// The store failed. A chain's trouble is none: its hand-overs are taken as they were last seen.
    pub async fn table(&self, shared: &Shared) -> Result<Vec<TermRow>, StoreError> {
        for reader in &self.readers {
            match self.look(reader.as_ref()).await {
                Ok(None) => {}
                Ok(Some(ranges)) => self.keep(Hash(reader.id().0), ranges)?,
                Err(error) => {
                    tracing::warn!(chain = %reader.chain(), %error, "its hand-overs are taken as they were last seen");
                }
            }
        }
        let ranges = self.ranges.lock().unwrap_or_else(PoisonError::into_inner);
        let hand_overs: Vec<HandOver> = ranges
            .iter()
            .flat_map(|(from, ranges)| ranges.iter().filter_map(|range| hand_over(*from, range)))
            .collect();
        Ok(table(&shared.rows, &hand_overs))
    }

    /// A chain's history, where its newest range is another than was known.
    async fn look(&self, reader: &dyn DistributorReader) -> Result<Option<Vec<Range>>, ChainError> {
        let id = Hash(reader.id().0);
        let Some(newest) = reader.distributor(At::Final).await?.range else { return Ok(None) };
        let known =
            |ranges: &BTreeMap<Hash, Vec<Range>>| ranges.get(&id).and_then(|ranges| ranges.last()) == Some(&newest);
        if known(&self.ranges.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(None);
        }
        reader.ranges(At::Final).await.map(Some)
    }

    fn keep(&self, id: Hash, ranges: Vec<Range>) -> Result<(), StoreError> {
        if let Some(store) = &self.store {
            let kept: Vec<Kept> = ranges.iter().map(kept_of).collect();
            let bytes = serde_ipld_dagcbor::to_vec(&kept).expect("numbers and bytes");
            store.journal().put(RANGES, &id.0, &bytes)?;
        }
        self.ranges.lock().unwrap_or_else(PoisonError::into_inner).insert(id, ranges);
        Ok(())
    }
}

fn kept_of(range: &Range) -> Kept {
    (range.first.0, range.end.map(|end| end.0), range.handed_to.map(|to| Hash(to.0)))
}

fn range_of((first, end, to): Kept) -> Range {
    Range { first: Epoch(first), end: end.map(Epoch), handed_to: to.map(|to| DistributorId(to.0)) }
}

/// What a range's end says, once it was handed over.
fn hand_over(from: Hash, range: &Range) -> Option<HandOver> {
    let (end, to) = (range.end?, range.handed_to?);
    Some(HandOver { from, opened: range.first.0.into(), end: end.0.into(), to: Hash(to.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_kept_as_it_was_read() {
        let open = Range { first: Epoch(4), end: None, handed_to: None };
        let closed = Range { end: Some(Epoch(18)), handed_to: Some(DistributorId([7; 32])), ..open };
        for range in [open, closed] {
            assert_eq!(range_of(kept_of(&range)), range);
        }
        let over = hand_over(Hash([1; 32]), &closed).expect("it was handed over");
        assert_eq!((over.opened, over.end, over.to), (4, 18, Hash([7; 32])));
        assert_eq!(hand_over(Hash([1; 32]), &open), None);
    }
}
