//! The table of terms: which distributor an epoch belongs to, and what oracles sign for a distributor therefore.

use liaise_ledger::{EpochNumber, Hash};

use super::shared::DecreedRow;

/// A hand-over that is final on its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// The distributor that hands over.
    pub from: Hash,
    /// First epoch of the range that it closes.
    pub opened: EpochNumber,
    /// First epoch that is no longer its.
    pub end: EpochNumber,
    /// The distributor that it hands to.
    pub to: Hash,
}

/// A row of the table: from `first` on, until the next row, epochs belong to `distributor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermRow {
    /// First epoch of the range.
    pub first: EpochNumber,
    /// Who holds it.
    pub distributor: Hash,
    /// Who held the term before; zero for the first row.
    pub old: Hash,
    /// A decree set it; otherwise a hand-over did.
    pub is_decreed: bool,
}

/// Walks the table upwards: a row lasts until the next decreed row, or until its distributor handed over the range that
/// the row opened, if that is earlier. On a tie the decreed row wins. Every other hand-over is nothing.
pub fn table(decreed: &[DecreedRow], hand_overs: &[HandOver]) -> Vec<TermRow> {
    let mut decreed: Vec<&DecreedRow> = decreed.iter().collect();
    decreed.sort_by_key(|row| row.first);
    let mut out = Vec::new();
    for (index, start) in decreed.iter().enumerate() {
        let end = decreed.get(index + 1).map_or(EpochNumber::MAX, |next| next.first);
        let first = TermRow { first: start.first, distributor: start.new, old: start.old, is_decreed: true };
        let next = |row: &TermRow| {
            let mine = |h: &&HandOver| h.from == row.distributor && h.opened == row.first && h.end > row.first;
            hand_overs.iter().filter(mine).min_by_key(|hand_over| hand_over.end).map(|hand_over| TermRow {
                first: hand_over.end,
                distributor: hand_over.to,
                old: row.distributor,
                is_decreed: false,
            })
        };
        out.extend(std::iter::successors(Some(first), next).take_while(|row| row.first < end));
    }
    out
}

/// The row that an epoch lies in; `None` before the first.
pub fn term_of(table: &[TermRow], epoch: EpochNumber) -> Option<&TermRow> {
    table.iter().rev().find(|row| row.first <= epoch)
}

/// Where a distributor stands while nothing is pending there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub distributor: Hash,
    /// First epoch of the range that it holds or held last, and the first one after it where it was handed over.
    pub range: Option<(EpochNumber, Option<EpochNumber>)>,
    /// The next epoch to be filed.
    pub next: EpochNumber,
}

/// What oracles sign over a distributor's present head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// The next epoch of its range, once it is sealed.
    File(EpochNumber),
    /// Pay that is owed there and can be paid now, under the number of the last filed epoch.
    Late(EpochNumber),
    /// The opening of a row's range.
    Open(TermRow),
}

/// What the table lets oracles sign for a distributor: epochs of its own range, as long as the table gives them to the row that opened
/// it; then late pay, where `pays_late` finds some; then the next opening. `None`: nothing.
pub fn duty(table: &[TermRow], at: &Standing, pays_late: impl FnOnce() -> bool) -> Option<Duty> {
    let opened = at.range.map(|(first, _)| first);
    let in_range = at.range.is_some_and(|(first, end)| first <= at.next && end.is_none_or(|end| at.next < end));
    let own = |row: &&TermRow| row.distributor == at.distributor;
    if in_range && term_of(table, at.next).filter(own).is_some_and(|row| Some(row.first) == opened) {
        return Some(Duty::File(at.next));
    }
    if at.next > 0 && pays_late() {
        return Some(Duty::Late(at.next - 1));
    }
    let unopened = |row: &&TermRow| Some(row.first) != opened && row.first >= at.next;
    table.iter().filter(own).find(unopened).map(|row| Duty::Open(*row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::hash::block_cid;

    const A: Hash = Hash([1; 32]);
    const B: Hash = Hash([2; 32]);
    const C: Hash = Hash([3; 32]);

    fn row(first: i64, new: Hash, old: Hash) -> DecreedRow {
        DecreedRow { first, new, old, seal: first - 1, message: block_cid(&[]) }
    }

    fn over(from: Hash, opened: i64, end: i64, to: Hash) -> HandOver {
        HandOver { from, opened, end, to }
    }

    fn short(table: &[TermRow]) -> Vec<(i64, Hash)> {
        table.iter().map(|row| (row.first, row.distributor)).collect()
    }

    #[test]
    fn the_first_row_lasts_until_its_range_is_handed_over() {
        let rows = [row(0, A, Hash::ZERO)];
        assert_eq!(short(&table(&rows, &[])), [(0, A)]);
        let walked = table(&rows, &[over(A, 0, 180, B), over(B, 180, 360, A)]);
        assert_eq!(short(&walked), [(0, A), (180, B), (360, A)]);
        assert_eq!((walked[1].old, walked[1].is_decreed), (A, false));
        assert_eq!(term_of(&walked, 179).map(|row| row.distributor), Some(A));
        assert_eq!(term_of(&walked, 180).map(|row| row.distributor), Some(B));
        assert_eq!(term_of(&walked, -1), None);
    }

    #[test]
    fn a_hand_over_of_another_range_is_nothing() {
        let rows = [row(0, A, Hash::ZERO)];
        assert_eq!(short(&table(&rows, &[over(A, 360, 540, C), over(C, 0, 180, B)])), [(0, A)]);
    }

    #[test]
    fn an_emergency_ends_a_row_and_wins_a_tie() {
        let rows = [row(0, A, Hash::ZERO), row(180, C, A)];
        assert_eq!(short(&table(&rows, &[over(A, 0, 180, B)])), [(0, A), (180, C)]);
        assert_eq!(short(&table(&rows, &[over(A, 0, 360, B)])), [(0, A), (180, C)], "what comes back revives nothing");
        let earlier = [row(0, A, Hash::ZERO), row(200, C, B)];
        assert_eq!(short(&table(&earlier, &[over(A, 0, 180, B)])), [(0, A), (180, B), (200, C)]);
    }

    #[test]
    fn an_emergency_row_can_start_where_the_holder_opened_again() {
        let rows = [row(0, A, Hash::ZERO), row(50, A, A)];
        assert_eq!(short(&table(&rows, &[over(A, 50, 230, B)])), [(0, A), (50, A), (230, B)]);
    }

    #[test]
    fn own_epochs_come_before_late_pay_and_late_pay_before_an_opening() {
        let rows = table(&[row(0, A, Hash::ZERO)], &[over(A, 0, 180, B), over(B, 180, 360, A)]);
        let at = |range, next| Standing { distributor: A, range, next };
        assert_eq!(duty(&rows, &at(None, 0), || panic!("nothing was filed")), Some(Duty::Open(rows[0])));
        assert_eq!(duty(&rows, &at(Some((0, Some(180))), 179), || true), Some(Duty::File(179)));
        assert_eq!(duty(&rows, &at(Some((0, Some(180))), 180), || true), Some(Duty::Late(179)));
        assert_eq!(duty(&rows, &at(Some((0, Some(180))), 180), || false), Some(Duty::Open(rows[2])));
        assert_eq!(duty(&rows, &Standing { distributor: C, ..at(None, 0) }, || false), None);
    }

    #[test]
    fn a_range_that_an_emergency_ended_files_nothing_more() {
        let at = Standing { distributor: A, range: Some((0, None)), next: 50 };
        let elsewhere = table(&[row(0, A, Hash::ZERO), row(50, C, A)], &[]);
        assert_eq!(duty(&elsewhere, &at, || false), None);
        // to the same distributor: it must open anew first
        let again = table(&[row(0, A, Hash::ZERO), row(50, A, A)], &[]);
        assert_eq!(duty(&again, &at, || false), Some(Duty::Open(again[1])));
        let behind = Standing { next: 49, ..at };
        assert_eq!(duty(&again, &behind, || false), Some(Duty::File(49)));
    }
}
