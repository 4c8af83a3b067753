//! Pay that waits in batches: each filing that still holds some, with its payouts as its artefact says, held against the root on
//! the chain.

use crate::oracle_role::load_distributor;
use crate::payable::PayableError;
use crate::replica::Replica;
use liaise_chain_api::{Action, At, DistributorReader, PaysInBatches, Unpaid};
use liaise_oracle::fold::{FoldError, LeafRow, PayTree};
use liaise_summary::{BATCH_PAYOUTS, Node, Payee, Payout, Proof, ProofError, Statement, SumTree};
use std::ops::Range;

/// A filing that still holds pay.
pub struct Waiting {
    /// What the chain says of it.
    pub unpaid: Unpaid,
    /// Its payouts in the tree's order.
    payouts: Vec<Payout>,
    /// Whose they are, in the same order.
    rows: Vec<LeafRow>,
    tree: SumTree<Node>,
}

impl Waiting {
    /// All of them, in the order in which they were filed.
    ///
    /// # Errors
    /// The chain; an artefact can't be had, or is not the one of its root.
    pub async fn all(
        replica: &Replica,
        reader: &dyn DistributorReader,
        batches: &dyn PaysInBatches,
    ) -> Result<Vec<Waiting>, PayableError> {
        let mut found = vec![];
        for unpaid in batches.unpaid(At::Latest).await? {
            found.push(Waiting::of(replica, reader, unpaid).await?);
        }
        Ok(found)
    }

    async fn of(replica: &Replica, reader: &dyn DistributorReader, unpaid: Unpaid) -> Result<Waiting, PayableError> {
        let epoch = unpaid.epoch.0;
        let accepted = reader.statements(unpaid.epoch, At::Latest).await?;
        // Late pay has the number of the last epoch: the root decides which of its statements it is.
        let statement = accepted.into_iter().rev().filter(|a| !a.vetoed).find_map(|a| match a.statement {
            Statement::Epoch(s) if (s.root_hash, s.root_sum) == (unpaid.root.hash, unpaid.root.sum) => Some(s),
            _ => None,
        });
        let statement = statement.ok_or(PayableError::NoStatement(epoch))?;
        let state = load_distributor(replica, &statement.artefact.0).await?;
        let rows: Vec<LeafRow> = state.leaves.into_values().collect();
        let tree = PayTree::batches(unpaid.epoch, rows.iter()).map_err(crate::OracleError::from)?;
        let PayTree::Batches { payouts, tree } = tree else {
            return Err(crate::OracleError::from(FoldError::Filing {
                epoch: epoch.into(),
                why: "its tree is one of an account chain",
            })
            .into());
        };
        if tree.root() != unpaid.root {
            return Err(PayableError::wrong_root(epoch, tree.root(), unpaid.root));
        }
        Ok(Waiting { unpaid, payouts, rows, tree })
    }

    /// How many batches it had at first.
    pub fn batches(&self) -> u32 {
        u32::try_from(self.payouts.len().div_ceil(BATCH_PAYOUTS)).expect("a filing has less than 2^32 batches")
    }

    /// Numbers of the batches that are not paid.
    pub fn left(&self) -> Range<u32> {
        self.unpaid.next_batch..self.batches()
    }

    /// The unpaid payout of a payee: its batch and base units. None where the filing has none for it, or paid it.
    pub fn payout(&self, payee: &Payee) -> Option<(u32, u64)> {
        let place = self.rows.binary_search_by_key(&payee.0, |row| row.payee.0).ok()?;
        let batch = u32::try_from(place / BATCH_PAYOUTS).expect("a filing has less than 2^32 batches");
        self.left().contains(&batch).then(|| (batch, self.rows[place].amount))
    }

    /// Whom a batch pays, in the tree's order.
    pub fn rows(&self, batch: u32) -> &[LeafRow] {
        self.rows.get(self.places(batch)).unwrap_or_default()
    }

    /// What pays a batch.
    ///
    /// # Errors
    /// It has no batch of this number.
    pub fn crank(&self, batch: u32) -> Result<Action, ProofError> {
        let proof: Proof = self.tree.proof(batch)?;
        Ok(Action::Crank { epoch: self.unpaid.epoch, payouts: self.payouts[self.places(batch)].to_vec(), proof })
    }

    fn places(&self, batch: u32) -> Range<usize> {
        let first = batch as usize * BATCH_PAYOUTS;
        first..first.saturating_add(BATCH_PAYOUTS).min(self.payouts.len())
    }
}
