//! Ranges are disjoint, issued grows by at most E an epoch, paid is at most what became payable, no unit is lost or paid twice, and
//! every honest claim can be paid.

use liaise_handover::{Mode, Rules, run};

use crate::seeds::all_good;

#[test]
fn nothing_is_lost_or_paid_twice_while_distributors_hand_over() {
    let test = "nothing_is_lost_or_paid_twice_while_distributors_hand_over";
    let Some(report) = all_good(test, Mode::Plain) else { return };
    // what was checked would mean nothing if none of this had happened
    assert!(report.hand_overs > report.schedules / 2 && report.late > 0, "{report:?}");
    assert!(report.vetoes > 0 && report.rotations > 0 && report.reorgs > 0 && report.crashes > 0, "{report:?}");
    assert!(report.refused_to_sign > 0, "no oracle was tempted to sign a second content: {report:?}");
    assert_eq!(report.false_statements, 0, "{report:?}");
}

#[test]
fn nothing_is_lost_or_paid_twice_while_chains_fall_silent() {
    let test = "nothing_is_lost_or_paid_twice_while_chains_fall_silent";
    let Some(report) = all_good(test, Mode::Silence) else { return };
    assert!(report.silences > 0 && report.emergencies > 0, "{report:?}");
    assert!(report.lost_epochs > 0, "an emergency can cost epochs, which are listed: {report:?}");
}

#[test]
fn a_seed_repeats_its_schedule() {
    for seed in 0..6 {
        assert_eq!(run(seed, Rules::ALL), run(seed, Rules::ALL));
    }
    assert_ne!(run(0, Rules::ALL), run(3, Rules::ALL));
}
