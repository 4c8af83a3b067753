//! Which beacon rounds some messages need.

use std::collections::BTreeSet;

use liaise_ledger::body::Body;

/// The rounds that tickets draw by and that verdict commits open by.
pub fn rounds_of<'a>(bodies: impl Iterator<Item = &'a Body>) -> BTreeSet<u64> {
    bodies
        .filter_map(|body| match body {
            Body::Ticket(ticket) => Some(ticket.round),
            Body::VerdictCommit(commit) => Some(commit.round),
            _ => None,
        })
        .collect()
}
