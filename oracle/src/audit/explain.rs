//! An account's pay of an epoch, with every reason and its place in the tree.

use liaise_ledger::Account;
use liaise_summary::Proof;

use crate::fold::{Filing, FoldError, Folded, LeafRow, OwedRow, Statement, TaskRow, paid_account};

/// What `rewards explain` shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The account's statement.
    pub statement: Statement,
    /// The tasks in which it had a part.
    pub tasks: Vec<TaskRow>,
    /// The leaf that pays it, with its proof: its own or, where it is linked, its cluster's; on a UTXO chain its payout, with
    /// its batch's. Null where the filing has none for it.
    pub leaf: Option<(LeafRow, Proof)>,
    /// What it is owed beside the tree.
    pub owed: Vec<OwedRow>,
}

/// Explains an account's pay. `None` where it took no part in the epoch.
///
/// # Errors
/// The fold's blocks are not at hand.
pub fn explain(account: &Account, folded: &Folded, filing: Option<&Filing>) -> Result<Option<Explanation>, FoldError> {
    let statement = folded.statements()?.into_iter().find(|statement| statement.account == *account);
    let Some(statement) = statement else { return Ok(None) };
    let mut all = folded.tasks()?;
    let tasks = statement.tasks.iter().filter_map(|id| all.remove(id)).collect();
    let leaf = filing.and_then(|filing| {
        let paid = paid_account(account, &filing.next.chain, &folded.next.accounts)?;
        let index = filing.place_of(paid)?;
        let leaf = filing.next.leaves.values().nth(index as usize)?.clone();
        Some((leaf, filing.tree.proof(index).ok()?))
    });
    let owing = filing.map_or(&[][..], |filing| filing.next.owing.as_slice());
    let owed = owing.iter().filter(|row| row.account == *account).cloned().collect();
    Ok(Some(Explanation { statement, tasks, leaf, owed }))
}
