//! What still holds under a dishonest quorum: E a day for each opened distributor, and what is unclaimed on account chains.

use liaise_handover::Mode;

use crate::seeds::all_good;

#[test]
fn a_dishonest_quorum_is_bounded_by_each_distributors_own_schedule() {
    let test = "a_dishonest_quorum_is_bounded_by_each_distributors_own_schedule";
    let Some(report) = all_good(test, Mode::Dishonest) else { return };
    assert!(report.false_statements > 0, "{report:?}");
    // the bound is reached, so that it is no smaller one: an epoch on two distributors, and the unclaimed taken
    assert!(report.emitted_twice > 0, "{report:?}");
    assert!(report.robbed_units > 0, "{report:?}");
}
