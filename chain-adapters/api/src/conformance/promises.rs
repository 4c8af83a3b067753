//! What a reader promises of whatever a node answers, for tests that let a node answer anything.

use liaise_summary::{Epoch, OracleSet, Statement};

use crate::{At, ChainError, DistributorReader};

/// Reads the distributor, and checks that it is the one that was asked for, with the set that its hash names.
///
/// # Errors
/// The reader's own.
///
/// # Panics
/// If a promise is broken.
pub async fn distributor(reader: &dyn DistributorReader, at: At) -> Result<(), ChainError> {
    let state = reader.distributor(at).await?;
    assert_eq!(state.oracle_set.set.as_ref().map(OracleSet::hash), Some(state.oracle_set.hash));
    assert_eq!(state.id, reader.id());
    Ok(())
}

/// Reads an epoch's statements, and checks that they are of this epoch, with their digests.
///
/// # Errors
/// The reader's own.
///
/// # Panics
/// If a promise is broken.
pub async fn statements(reader: &dyn DistributorReader, asked: Epoch, at: At) -> Result<(), ChainError> {
    for accepted in reader.statements(asked, at).await? {
        assert_eq!(accepted.digest, accepted.statement.digest());
        let epoch = match accepted.statement {
            Statement::Epoch(statement) => Some(statement.epoch),
            Statement::Open(statement) => Some(statement.first),
            Statement::Settle(_) | Statement::Dao(_) => None,
        };
        assert_eq!(epoch, Some(asked), "it was asked for this one");
    }
    Ok(())
}
