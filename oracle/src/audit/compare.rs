//! What a claim says otherwise than what is derived: by name, down to the row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cid::Cid;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ClaimedFiling;
use crate::artefact::{Blocks, HistoryBlock, TreeBlock};
use crate::fold::{Filing, FoldError, Folded, LeafRow, OwedRow, Statement, TaskRow};

/// One thing that a claim says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What: a field of a block or statement, or a kind of row.
    pub what: &'static str,
    /// Which row, or empty.
    pub which: String,
    /// What is derived here; empty where nothing is.
    pub derived: String,
    /// What is claimed; empty where nothing is.
    pub claimed: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        let (derived, claimed) = (shown(&self.derived), shown(&self.claimed));
        write!(f, "{} {}: derived {derived}, claimed {claimed}", self.what, self.which)
    }
}

struct Differences(Vec<Difference>);

impl Differences {
    fn field<T: fmt::Debug + PartialEq>(&mut self, what: &'static str, derived: &T, claimed: &T) {
        if derived != claimed {
            let (derived, claimed) = (format!("{derived:?}"), format!("{claimed:?}"));
            self.0.push(Difference { what, which: String::new(), derived, claimed });
        }
    }

    /// Compares rows by key. Claimed rows that can't be read are one difference.
    fn rows<T: fmt::Debug + PartialEq + Serialize + DeserializeOwned>(
        &mut self,
        what: &'static str,
        derived: &[T],
        claimed: &[Cid],
        blocks: &Blocks,
        key: impl Fn(&T) -> String,
    ) {
        let claimed: Vec<T> = match blocks.read_rows(claimed, what) {
            Ok(rows) => rows,
            Err(error) => {
                let which = "claimed rows".into();
                self.0.push(Difference { what, which, derived: "readable".into(), claimed: error.to_string() });
                return;
            }
        };
        let by_key = |rows: &[T]| -> BTreeMap<String, Vec<String>> {
            let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for row in rows {
                out.entry(key(row)).or_default().push(format!("{row:?}"));
            }
            out
        };
        let (derived, claimed) = (by_key(derived), by_key(&claimed));
        let keys: BTreeSet<&String> = derived.keys().chain(claimed.keys()).collect();
        for key in keys {
            let shown =
                |of: &BTreeMap<String, Vec<String>>| of.get(key).map_or(String::new(), |rows| rows.join(" and "));
            let (derived, claimed) = (shown(&derived), shown(&claimed));
            if derived != claimed {
                self.0.push(Difference { what, which: key.clone(), derived, claimed });
            }
        }
    }
}

/// Differences between a derived history and a claimed one.
///
/// # Errors
/// The derived blocks are not at hand.
pub fn histories(
    folded: &Folded,
    id: Cid,
    claimed: &HistoryBlock,
    blocks: &Blocks,
) -> Result<Vec<Difference>, FoldError> {
    let mut out = Differences(vec![]);
    if folded.history == id {
        return Ok(out.0);
    }
    let derived = &folded.block;
    out.field("history block", &folded.history, &id);
    out.field("epoch", &derived.epoch, &claimed.epoch);
    out.field("network", &derived.network, &claimed.network);
    out.field("previous history block", &derived.previous, &claimed.previous);
    out.field("seal", &derived.seal, &claimed.seal);
    out.field("parameters", &derived.params, &claimed.params);
    out.field("last decree", &derived.decree, &claimed.decree);
    out.field("eligibility root", &derived.eligibility, &claimed.eligibility);
    out.field("shared state", &derived.shared, &claimed.shared);
    out.field("account states", &derived.states, &claimed.states);
    out.field("carried messages", &derived.carry, &claimed.carry);
    out.field("observed messages", &derived.observed, &claimed.observed);
    out.field("earlier snapshots", &derived.snapshots, &claimed.snapshots);
    out.field("retrieval snapshot", &derived.retrieval, &claimed.retrieval);
    out.field("retrieval chunks", &derived.chunks, &claimed.chunks);
    let account = |row: &Statement| row.account.to_string();
    out.rows("statement", &folded.statement_rows()?, &claimed.statements, blocks, account);
    let tasks: Vec<TaskRow> = folded.tasks()?.into_values().collect();
    out.rows("task", &tasks, &claimed.tasks, blocks, |row: &TaskRow| row.task.to_string());
    let eligible = |row: &liaise_ledger::eligibility::Row| row.account.to_string();
    out.rows("eligibility row", folded.eligibility.rows(), &claimed.eligible, blocks, eligible);
    Ok(out.0)
}

/// Differences between a derived filing and a claimed one.
pub fn filings(derived: &Filing, claimed: &ClaimedFiling<'_>, blocks: &Blocks) -> Vec<Difference> {
    let mut out = Differences(vec![]);
    let (mine, theirs) = (&derived.statement, claimed.statement);
    out.field("statement's network", &mine.network, &theirs.network);
    out.field("statement's distributor", &mine.distributor, &theirs.distributor);
    out.field("statement's epoch", &mine.epoch, &theirs.epoch);
    out.field("statement's root hash", &mine.root_hash, &theirs.root_hash);
    out.field("statement's root sum", &mine.root_sum, &theirs.root_sum);
    out.field("statement's owed", &mine.owed, &theirs.owed);
    out.field("statement's artefact", &mine.artefact, &theirs.artefact);
    if derived.tree_block == claimed.tree {
        return out.0;
    }
    out.field("tree block", &derived.tree_block, &claimed.tree);
    let Ok(block) = blocks.read::<TreeBlock>(&claimed.tree, "tree block") else { return out.0 };
    out.field("head", &derived.block.head, &block.head);
    out.field("history block of the tree", &derived.block.history, &block.history);
    out.field("owed", &derived.block.owed, &block.owed);
    out.field("unemitted", &derived.block.unemitted, &block.unemitted);
    let leaves: Vec<LeafRow> = derived.next.leaves.values().cloned().collect();
    out.rows("leaf", &leaves, &block.leaves, blocks, |row: &LeafRow| row.account.to_string());
    let owed = |row: &OwedRow| format!("{} of epoch {}", row.account, row.epoch);
    out.rows("owed pay", &derived.next.owing, &block.owing, blocks, owed);
    out.0
}
