//! Which transactions pay everybody: aligned runs of leaves where that is cheaper than one transaction each.

/// What a transaction costs beside the payments themselves, measured in leaves that a run passes over because they are
/// paid already: its base fee and its proof against one look at a payee and 40 bytes of calldata.
const TRANSACTION: u64 = 7;

/// 2^`log2` neighbouring leaves of a tree; `first` is a multiple of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first leaf's place.
    pub first: u32,
    /// The run is 2^`log2` leaves long.
    pub log2: u8,
}

impl Run {
    /// The places of its leaves.
    pub fn places(self) -> std::ops::Range<usize> {
        let first = self.first as usize;
        first..first + (1 << self.log2)
    }
}

/// What a leaf is to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Something is due to it, and it is to be paid.
    Due,
    /// Nothing is due to it: a run may pass over it.
    Paid,
    /// It is not asked for: no run may hold it, for the run would pay it.
    Other,
}

/// The cheapest runs of at most 2^`longest` leaves that hold every leaf that is due, in order.
pub fn cover(leaves: &[Leaf], longest: u8) -> Vec<Run> {
    let depth = leaves.len().next_power_of_two().trailing_zeros();
    let depth = u8::try_from(depth).expect("a tree has at most 2^32 leaves");
    cheapest(leaves, Run { first: 0, log2: depth }, longest).1
}

/// The cost of covering what is due in a run, and how.
fn cheapest(leaves: &[Leaf], run: Run, longest: u8) -> (u64, Vec<Run>) {
    let places = run.places();
    let present = &leaves[places.start.min(leaves.len())..places.end.min(leaves.len())];
    let wanted = present.iter().filter(|leaf| **leaf == Leaf::Due).count();
    if wanted == 0 {
        return (0, vec![]);
    }
    if run.log2 == 0 {
        return (TRANSACTION, vec![run]);
    }
    let half = run.log2 - 1;
    let (mut cost, mut runs) = cheapest(leaves, Run { first: run.first, log2: half }, longest);
    let (right_cost, right) = cheapest(leaves, Run { first: run.first + (1 << half), log2: half }, longest);
    cost += right_cost;
    runs.extend(right);
    let whole = TRANSACTION + (present.len() - wanted) as u64;
    // A run holds leaves only, nothing of the padding behind the last one.
    let is_run = run.log2 <= longest && present.len() == places.len() && !present.contains(&Leaf::Other);
    if is_run && whole < cost { (whole, vec![run]) } else { (cost, runs) }
}

/// One run a leaf, for chains that know no other.
pub fn one_each(leaves: &[Leaf]) -> Vec<Run> {
    let places = leaves.iter().enumerate().filter(|(_, leaf)| **leaf == Leaf::Due).map(|(place, _)| place);
    places.map(|place| Run { first: u32::try_from(place).expect("at most 2^32 leaves"), log2: 0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(due: &[bool]) -> Vec<Leaf> {
        due.iter().map(|due| if *due { Leaf::Due } else { Leaf::Paid }).collect()
    }

    fn runs(due: &[bool]) -> Vec<(u32, u8)> {
        checked(&leaves(due))
    }

    /// What is due is in one run, what nobody asked for in none.
    fn checked(leaves: &[Leaf]) -> Vec<(u32, u8)> {
        let runs = cover(leaves, 6);
        for (place, leaf) in leaves.iter().enumerate() {
            let holders = runs.iter().filter(|run| run.places().contains(&place)).count();
            let good = match leaf {
                Leaf::Due => holders == 1,
                Leaf::Paid => holders <= 1,
                Leaf::Other => holders == 0,
            };
            assert!(good, "leaf {place}, {leaf:?}, is in {holders} runs");
        }
        assert!(runs.iter().all(|run| run.places().end <= leaves.len()), "no padding");
        runs.iter().map(|run| (run.first, run.log2)).collect()
    }

    #[test]
    fn neighbours_share_a_transaction() {
        assert_eq!(runs(&[true; 11]), [(0, 3), (8, 1), (10, 0)]);
        assert_eq!(runs(&[true; 128]), [(0, 6), (64, 6)]);
        let short = cover(&leaves(&[true; 11]), 2);
        assert_eq!(
            short.iter().map(|run| run.log2).collect::<Vec<_>>(),
            [2, 2, 1, 0],
            "no longer than the chain takes"
        );
        assert!(runs(&[]).is_empty() && runs(&[false; 9]).is_empty());
        assert_eq!(runs(&[true]), [(0, 0)]);
    }

    #[test]
    fn what_is_paid_already_is_passed_over_while_that_is_cheaper() {
        let due = |places: &[usize], len: usize| (0..len).map(|i| places.contains(&i)).collect::<Vec<bool>>();
        // Six leaves too many cost less than a second transaction; fourteen cost more.
        assert_eq!(runs(&due(&[0, 7], 8)), [(0, 3)]);
        assert_eq!(runs(&due(&[0, 15], 16)), [(0, 0), (15, 0)]);
        assert_eq!(runs(&due(&[5], 64)), [(5, 0)]);
    }

    #[test]
    fn every_small_tree_is_covered() {
        for len in 0..=10usize {
            for bits in 0u32..1 << len {
                runs(&(0..len).map(|i| bits & 1 << i != 0).collect::<Vec<bool>>());
            }
        }
    }

    #[test]
    fn who_was_not_asked_for_is_in_no_run() {
        use Leaf::{Due, Other, Paid};
        assert_eq!(checked(&[Due, Due, Other, Due]), [(0, 1), (3, 0)]);
        assert_eq!(checked(&[Due, Paid, Due, Due]), [(0, 2)]);
        assert_eq!(checked(&[Other, Due, Due, Other]), [(1, 0), (2, 0)], "adjacent, and in no aligned run");
        for len in 0..=6u32 {
            for code in 0..3usize.pow(len) {
                let leaf = |i: u32| [Due, Paid, Other][code / 3usize.pow(i) % 3];
                checked(&(0..len).map(leaf).collect::<Vec<Leaf>>());
            }
        }
    }

    #[test]
    fn one_each_names_what_is_due() {
        assert_eq!(one_each(&leaves(&[true, false, true])), [Run { first: 0, log2: 0 }, Run { first: 2, log2: 0 }]);
    }
}
