//! The table of terms as decrees and the chains have it: which distributor an epoch belongs to.

use liaise_chain_api::{At, ChainError, DistributorReader, Range};
use liaise_ledger::Hash;
use liaise_oracle::fold::{HandOver, Shared, TermRow, table};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The distributors that a node knows, and what is final of their ranges.
#[derive(Debug)]
pub struct Terms {
    readers: Vec<Arc<dyn DistributorReader>>,
    /// Ranges that were final when their chain was last asked. They never change, so a chain that does not answer is taken
    /// as it was: what it has handed over since is not known yet, and nobody signs for whoever took it.
    ranges: Mutex<BTreeMap<Hash, Vec<Range>>>,
}

impl Terms {
    /// Nothing was read yet.
    pub fn new(readers: Vec<Arc<dyn DistributorReader>>) -> Terms {
        Terms { readers, ranges: Mutex::default() }
    }

    /// The table: decreed rows, and the hand-overs that are final on the chains that this node knows.
    ///
    /// # Errors
    /// A chain answers, and what it says can't be used.
    pub async fn table(&self, shared: &Shared) -> Result<Vec<TermRow>, ChainError> {
        for reader in &self.readers {
            if let Err(error) = self.look(reader.as_ref()).await {
                match error {
                    ChainError::Unreachable { .. } | ChainError::NotDeployed { .. } => {
                        tracing::warn!(chain = %reader.chain(), %error, "its hand-overs are taken as they were last seen");
                    }
                    other => return Err(other),
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

    /// Reads a chain's history where its newest range is another than was known.
    async fn look(&self, reader: &dyn DistributorReader) -> Result<(), ChainError> {
        let id = Hash(reader.id().0);
        let Some(newest) = reader.distributor(At::Final).await?.range else { return Ok(()) };
        let known =
            |ranges: &BTreeMap<Hash, Vec<Range>>| ranges.get(&id).and_then(|ranges| ranges.last()) == Some(&newest);
        if known(&self.ranges.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let ranges = reader.ranges(At::Final).await?;
        self.ranges.lock().unwrap_or_else(PoisonError::into_inner).insert(id, ranges);
        Ok(())
    }
}

/// What a range's end says, once it was handed over.
fn hand_over(from: Hash, range: &Range) -> Option<HandOver> {
    let (end, to) = (range.end?, range.handed_to?);
    Some(HandOver { from, opened: range.first.0.into(), end: end.0.into(), to: Hash(to.0) })
}
