//! What an epoch's messages say, in a column for each kind that comes with every task: side by side and without a pointer to
//! each, so that they are made, read and let go at once.

use liaise_ledger::Hash;
use liaise_ledger::body::{Capability, Decree};

use super::fact::{Delegation, Drawing, Joining, Kind, Opened, Promised, Removed, Root, Ruled, Says};

/// What a message says, where it stands.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    Session(&'a Delegation),
    Link(&'a Joining),
    Capability(&'a Capability),
    Ticket(&'a Drawing),
    Root(&'a Root),
    Commit(&'a Hash),
    Result(&'a Opened),
    VerdictCommit(&'a Promised),
    Verdict(&'a Ruled),
    Removal(&'a Removed),
    Decree(&'a Decree),
    Unreceipted,
    Nothing,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    drawings: Vec<Drawing>,
    roots: Vec<Root>,
    commits: Vec<Hash>,
    results: Vec<Opened>,
    promised: Vec<Promised>,
    ruled: Vec<Ruled>,
    /// Of the other kinds there are few.
    others: Vec<Says>,
}

/// Puts a value behind the others; returns its number.
fn put<T>(column: &mut Vec<T>, value: T) -> u32 {
    column.push(value);
    u32::try_from(column.len() - 1).expect("fewer than 2^32 messages in an epoch")
}

impl Columns {
    /// Takes in what a message says; returns its number in its kind's column.
    pub fn take(&mut self, says: Says) -> u32 {
        match says {
            Says::Ticket(drawing) => put(&mut self.drawings, *drawing),
            Says::Root(root) => put(&mut self.roots, *root),
            Says::Commit(hash) => put(&mut self.commits, *hash),
            Says::Result(opened) => put(&mut self.results, *opened),
            Says::VerdictCommit(promised) => put(&mut self.promised, *promised),
            Says::Verdict(ruled) => put(&mut self.ruled, *ruled),
            Says::Unreceipted | Says::Nothing => 0,
            other => put(&mut self.others, other),
        }
    }

    /// What stands at a number of a kind.
    pub fn get(&self, kind: Kind, number: u32) -> Said<'_> {
        let at = number as usize;
        match kind {
            Kind::Ticket => Said::Ticket(&self.drawings[at]),
            Kind::Root => Said::Root(&self.roots[at]),
            Kind::Commit => Said::Commit(&self.commits[at]),
            Kind::Result => Said::Result(&self.results[at]),
            Kind::VerdictCommit => Said::VerdictCommit(&self.promised[at]),
            Kind::Verdict => Said::Verdict(&self.ruled[at]),
            Kind::Unreceipted => Said::Unreceipted,
            Kind::Nothing => Said::Nothing,
            Kind::Session | Kind::Link | Kind::Capability | Kind::Removal | Kind::Decree => match &self.others[at] {
                Says::Session(delegation) => Said::Session(delegation),
                Says::Link(joining) => Said::Link(joining),
                Says::Capability(capability) => Said::Capability(capability),
                Says::Removal(removed) => Said::Removal(removed),
                Says::Decree(decree) => Said::Decree(decree),
                _ => Said::Nothing,
            },
        }
    }

    /// A ticket, to be drawn.
    pub fn drawing_mut(&mut self, number: u32) -> &mut Drawing {
        &mut self.drawings[number as usize]
    }

    /// The links and their ends.
    pub fn links(&self) -> impl Iterator<Item = &Joining> {
        self.others.iter().filter_map(|says| match says {
            Says::Link(joining) => Some(&**joining),
            _ => None,
        })
    }

    /// The rounds that are named.
    pub fn rounds(&self) -> impl Iterator<Item = u64> + '_ {
        let tickets = self.drawings.iter().map(|drawing| drawing.ticket.round);
        tickets.chain(self.promised.iter().map(|promised| promised.round))
    }
}

impl Said<'_> {
    /// The same for itself.
    pub fn to_owned(self) -> Says {
        match self {
            Said::Session(delegation) => Says::Session(Box::new(delegation.clone())),
            Said::Link(joining) => Says::Link(Box::new(joining.clone())),
            Said::Capability(capability) => Says::Capability(Box::new(capability.clone())),
            Said::Ticket(drawing) => Says::Ticket(Box::new(drawing.clone())),
            Said::Root(root) => Says::Root(Box::new(root.clone())),
            Said::Commit(hash) => Says::Commit(Box::new(*hash)),
            Said::Result(opened) => Says::Result(Box::new(opened.clone())),
            Said::VerdictCommit(promised) => Says::VerdictCommit(Box::new(*promised)),
            Said::Verdict(ruled) => Says::Verdict(Box::new(ruled.clone())),
            Said::Removal(removed) => Says::Removal(Box::new(removed.clone())),
            Said::Decree(decree) => Says::Decree(Box::new(decree.clone())),
            Said::Unreceipted => Says::Unreceipted,
            Said::Nothing => Says::Nothing,
        }
    }

    /// The round that it names, if a draw or an opening hangs on one.
    pub fn round(&self) -> Option<u64> {
        match self {
            Said::Ticket(drawing) => Some(drawing.ticket.round),
            Said::VerdictCommit(promised) => Some(promised.round),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_in_stands_under_its_number() {
        let mut columns = Columns::default();
        let commit = |n: u8| Says::Commit(Box::new(Hash([n; 32])));
        let promised = |round| Says::VerdictCommit(Box::new(Promised { result: 1, hash: Hash::ZERO, round }));
        let all = [commit(1), promised(7), commit(2), Says::Nothing, promised(9), Says::Unreceipted];
        let all: Vec<(Kind, String, u32)> =
            all.into_iter().map(|says| (says.kind(), format!("{says:?}"), columns.take(says))).collect();
        for (kind, shown, number) in &all {
            let owned = columns.get(*kind, *number).to_owned();
            assert_eq!((owned.kind(), &format!("{owned:?}")), (*kind, shown));
        }
        assert_eq!(columns.rounds().collect::<Vec<_>>(), [7, 9]);
    }
}
