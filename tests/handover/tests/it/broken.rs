//! The simulation must be able to fail: each of these breaks one rule, and a schedule shows it.

use liaise_handover::{Mode, Rules};

use crate::seeds::first_failure;

/// As many seeds as a broken rule may take to be found.
const FOUND_WITHIN: u64 = 6_000;
const HONEST: [Mode; 2] = [Mode::Plain, Mode::Silence];

/// Runs seeds until one shows what is expected.
fn finds(modes: &[Mode], rules: Rules, expected: &[&str]) {
    let (report, failure) = first_failure(rules, modes, 0..FOUND_WITHIN);
    let (seed, why) = failure.unwrap_or_else(|| panic!("{FOUND_WITHIN} seeds show nothing: {report:?}"));
    println!("seed {seed}: {why}");
    assert!(expected.iter().any(|expected| why.contains(expected)), "seed {seed} shows something else: {why}");
}

#[test]
fn hand_overs_of_blocks_that_are_not_final() {
    finds(&HONEST, Rules { final_hand_overs: false, ..Rules::ALL }, &["is gone"]);
}

#[test]
fn epochs_that_the_table_gives_to_another() {
    finds(&HONEST, Rules { table: false, ..Rules::ALL }, &["is emitted on"]);
}

#[test]
fn hand_overs_of_ranges_that_no_row_opened() {
    finds(&HONEST, Rules { walk: false, ..Rules::ALL }, &["still takes", "is emitted on", "lost", "stuck"]);
}

#[test]
fn late_pay_below_the_least_payout() {
    finds(&HONEST, Rules { late_without_minimum: false, ..Rules::ALL }, &["stuck"]);
}

#[test]
fn a_false_statement_that_is_no_loss() {
    finds(&[Mode::Dishonest], Rules { filler: false, ..Rules::ALL }, &["stuck"]);
}

#[test]
fn a_veto_that_leaves_the_head() {
    finds(
        &HONEST,
        Rules { veto_moves_head: false, ..Rules::ALL },
        &["accepted twice", "a vetoed statement lives", "has Some"],
    );
}

/// Found by this simulation: an opening that was signed after a veto, in blocks that went away, opened a range a second time after the
/// DAO had advanced the head for the veto's reason.
#[test]
fn an_advance_for_a_vetos_reason() {
    finds(
        &[Mode::Plain, Mode::Silence, Mode::Dishonest],
        Rules { reasons_differ: false, ..Rules::ALL },
        &["still takes"],
    );
}

#[test]
fn a_veto_that_keeps_what_was_owed() {
    finds(&HONEST, Rules { veto_returns: false, ..Rules::ALL }, &["issued"]);
}

#[test]
fn a_guardian_that_vetoes_for_ever() {
    finds(&HONEST, Rules { one_veto: false, ..Rules::ALL }, &["stuck"]);
}

#[test]
fn signers_of_any_set() {
    finds(&[Mode::Dishonest], Rules { quorum_of_set: false, ..Rules::ALL }, &["a replaced set files"]);
}

#[test]
fn signatures_over_any_head() {
    finds(
        &HONEST,
        Rules { signatures_bind_head: false, ..Rules::ALL },
        &["accepted twice", "a vetoed statement lives", "issued"],
    );
}

#[test]
fn a_claim_that_is_forgotten() {
    finds(&HONEST, Rules { claims_remembered: false, ..Rules::ALL }, &["has Some"]);
}

#[test]
fn a_batch_that_is_paid_again() {
    finds(&HONEST, Rules { batches_once: false, ..Rules::ALL }, &["has Some", "stuck", "reserve"]);
}
