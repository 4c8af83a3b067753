//! The tree that a distributor pays from: fetched as an artefact, and held against the root on the chain.

use crate::oracle_role::{OracleError, load_distributor};
use crate::replica::Replica;
use liaise_chain_api::{At, ChainError, Distributor, DistributorReader, HeldRoot};
use liaise_oracle::fold::{DistributorState, LeafRow};
use liaise_summary::{
    Epoch, EpochStatement, Node, Payee, Proof, ProofError, RewardLeaf, RewardTree, Statement, TreeError,
};

/// The newest payable tree.
pub struct Payable {
    /// The distributor, as it was read.
    pub distributor: Distributor,
    /// The root that the chain holds.
    pub held: HeldRoot,
    /// What the tree's artefact says: leaves by payee, and what is owed beside it.
    pub state: DistributorState,
    /// The tree, for proofs.
    pub tree: RewardTree,
}

/// Why there is no tree to claim from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayableError {
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The artefact can't be had.
    #[error(transparent)]
    Artefact(Box<OracleError>),
    /// The artefact's leaves are no tree.
    #[error("the newest payable tree's artefact: {0}")]
    Tree(#[from] TreeError),
    /// A leaf has no proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// No epoch is payable yet.
    #[error(
        "no epoch is payable on this distributor yet: wait until the first one has been filed and its delay is over"
    )]
    NothingYet,
    /// The chain holds a root and no statement for it.
    #[error("the chain holds a root of epoch {0} and no accepted statement for it: report the endpoint")]
    NoStatement(u32),
    /// The artefact is not what the chain pays from.
    #[error(
        "the tree of epoch {epoch} that stores serve has root {found}, and the chain holds {held}: nothing is proved from it"
    )]
    WrongRoot {
        /// The epoch.
        epoch: u32,
        /// Of the artefact.
        found: String,
        /// On the chain.
        held: String,
    },
}

impl From<OracleError> for PayableError {
    fn from(error: OracleError) -> PayableError {
        PayableError::Artefact(Box::new(error))
    }
}

impl PayableError {
    /// The tree of an epoch's artefact has another root than the chain.
    pub(crate) fn wrong_root(epoch: u32, found: Node, held: Node) -> PayableError {
        let root = |node: Node| format!("{} over {} base units", node.hash, node.sum);
        PayableError::WrongRoot { epoch, found: root(found), held: root(held) }
    }

    /// Whether something does not prove what it should.
    pub fn is_proof(&self) -> bool {
        matches!(self, PayableError::Tree(_) | PayableError::Proof(_) | PayableError::WrongRoot { .. })
    }
}

/// The statements under an epoch's number that stand on the chain, oldest first: the epoch's own, then late pay.
///
/// # Errors
/// The chain.
pub async fn standing_statements(
    reader: &dyn DistributorReader,
    epoch: Epoch,
) -> Result<Vec<EpochStatement>, ChainError> {
    let accepted = reader.statements(epoch, At::Latest).await?;
    let standing = accepted.into_iter().filter(|accepted| !accepted.vetoed);
    let epochs = standing.filter_map(|accepted| match accepted.statement {
        Statement::Epoch(statement) => Some(statement),
        _ => None,
    });
    Ok(epochs.collect())
}

/// The statement that files an epoch on the chain; `None` where none stands.
///
/// # Errors
/// The chain.
pub async fn accepted_statement(
    reader: &dyn DistributorReader,
    epoch: Epoch,
) -> Result<Option<EpochStatement>, ChainError> {
    Ok(standing_statements(reader, epoch).await?.into_iter().next())
}

impl Payable {
    /// Reads the newest payable root and the tree behind it.
    ///
    /// # Errors
    /// Nothing is payable, the artefact can't be had, or it is not the one of the root.
    pub async fn newest(replica: &Replica, reader: &dyn DistributorReader) -> Result<Payable, PayableError> {
        let distributor = reader.distributor(At::Latest).await?;
        let held = distributor.held.newest.ok_or(PayableError::NothingYet)?;
        let number = held.epoch.0;
        let accepted = reader.statements(held.epoch, At::Latest).await?;
        // Late pay has the number of the last epoch: the root decides which of its statements it is.
        let statement = accepted.into_iter().rev().filter(|a| !a.vetoed).find_map(|a| match a.statement {
            Statement::Epoch(s) if (s.root_hash, s.root_sum) == (held.root.hash, held.root.sum) => Some(s),
            _ => None,
        });
        let statement = statement.ok_or(PayableError::NoStatement(number))?;
        let state = load_distributor(replica, &statement.artefact.0).await?;
        let tree = RewardTree::new(state.leaves.values().map(LeafRow::leaf).collect())?;
        if tree.root() != held.root {
            return Err(PayableError::wrong_root(number, tree.root(), held.root));
        }
        Ok(Payable { distributor, held, state, tree })
    }

    /// A payee's leaf and its proof; `None` where the tree has none for it.
    ///
    /// # Errors
    /// The tree can't prove its own leaf.
    pub fn leaf(&self, payee: &Payee) -> Result<Option<(RewardLeaf, Proof)>, PayableError> {
        let Some(index) = self.tree.index_of(payee) else { return Ok(None) };
        let leaf = self.tree.leaves()[index as usize];
        Ok(Some((leaf, self.tree.proof(index)?)))
    }
}
