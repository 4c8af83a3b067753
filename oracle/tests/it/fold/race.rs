//! One task at a time: who wins, who judges, whose work counts for nothing.

use liaise_ledger::body::{Body, VerdictCommit};
use liaise_ledger::{Account, Hash};
use liaise_oracle::fold::{ReasonCode, Statement, TaskRow};

use super::world::{Told, UNITS, World, account, at, parameters};

fn only(folded: &Told) -> &TaskRow {
    assert_eq!(folded.tasks.len(), 1);
    folded.tasks.values().next().unwrap()
}

fn said(row: &TaskRow, who: &Account, code: ReasonCode) -> Option<bool> {
    let line = row.lines.iter().find(|line| line.account == *who && line.reason.code == code);
    line.unwrap_or_else(|| panic!("no {code:?} for {who} in {:#?}", row.lines)).scored
}

fn statement<'a>(folded: &'a Told, who: &Account) -> &'a Statement {
    folded.statements.iter().find(|statement| statement.account == *who).expect("a statement")
}

#[test]
fn the_first_accepted_result_wins_and_its_judges_share() {
    let mut world = World::new(6, parameters());
    let user = account(100);
    let asked = world.good_task(&user, "what is owed?", at(0, 100));
    let folded = world.fold_until(0).pop().unwrap();
    let row = only(&folded);
    assert_eq!(row.winner.as_ref(), Some(&asked.order[0]));
    assert_eq!(row.judges, &asked.order[1..3]);
    // every store's delay is the same for prompt and commit
    assert_eq!(row.latency_ns, Some(300_000_000));
    assert_eq!((row.units, row.counted, row.unlock_permille, row.used_permille), (UNITS, UNITS, 50, 1_000));
    let emission = folded.emission;
    let (judges, users) = (emission * 7 / 100, emission * 3 / 100);
    assert_eq!(statement(&folded, &asked.order[0]).won, emission - judges - users);
    assert_eq!(statement(&folded, &user).prompted, users);
    let shared = statement(&folded, &asked.order[1]).judged + statement(&folded, &asked.order[2]).judged;
    assert_eq!(shared, judges);
    assert_eq!(folded.unemitted, 0);
    assert!(asked.order[3..].iter().all(|idle| !row.lines.iter().any(|line| line.account == *idle)));
}

#[test]
fn everybody_who_spoke_has_a_statement_whose_reasons_name_messages() {
    let mut world = World::new(6, parameters());
    world.good_task(&account(100), "a", at(0, 100));
    world.ticket(&account(101), -1, at(0, 200));
    let folded = world.fold_until(0);
    for folded in &folded {
        for statement in &folded.statements {
            assert!(!statement.reasons.is_empty(), "{statement:?}");
            for reason in &statement.reasons {
                assert!(!reason.messages.is_empty(), "{} of {}", reason, statement.account);
            }
        }
    }
    let idle = statement(&folded[1], &account(101));
    let codes: Vec<ReasonCode> = idle.reasons.iter().map(|reason| reason.code).collect();
    assert!(codes.contains(&ReasonCode::TicketUnused) && codes.contains(&ReasonCode::NothingCounted), "{codes:?}");
    assert_eq!(folded[0].statements.len(), 6 + 10 + 1, "epoch -1: everybody signed in");
}

#[test]
fn the_lowest_latency_wins_and_ties_are_drawn() {
    // within 20 ms, or a fiftieth of the lowest latency where that is longer
    let cases = [
        (300_000, 319_000, true),
        (300_000, 321_000, false),
        (2_000_000, 2_039_000, true),
        (2_000_000, 2_041_000, false),
    ];
    for (faster_us, slower_us, ties) in cases {
        let mut world = World::new(6, parameters());
        let asked = world.ask(&account(100), "tie?", at(0, 100));
        let order = asked.order.clone();
        let (fast, slow) = (world.race(&asked, &order[0], faster_us), world.race(&asked, &order[1], slower_us));
        for judge in [2, 1] {
            world.judge(&asked, &order[judge], fast, 900, 5_000);
        }
        for judge in [2, 0] {
            world.judge(&asked, &order[judge], slow, 900, 5_200);
        }
        let rank = |who: &Account| asked.assignment.seed.tie_rank(who);
        let drawn = if rank(&order[0]) < rank(&order[1]) { &order[0] } else { &order[1] };
        let folded = world.fold_until(0).pop().unwrap();
        let expected = if ties { drawn } else { &order[0] };
        assert_eq!(only(&folded).winner.as_ref(), Some(expected), "after {slower_us} µs");
    }
}

#[test]
fn a_result_must_open_its_commit_and_bind_all_that_it_used() {
    let mut world = World::new(6, parameters());
    let asked = world.ask(&account(100), "bind", at(0, 100));
    let order = asked.order.clone();
    let commit = world.commit(&asked, &order[0], 100_000, b"output");
    world.reveal(&asked, &order[0], commit, World::result_of(commit, b"another output", UNITS), 2_100);
    let commit = world.commit(&asked, &order[1], 150_000, b"output");
    let mut unbound = World::result_of(commit, b"output", UNITS);
    unbound.binding.seed = liaise_ledger::Hash::ZERO;
    world.reveal(&asked, &order[1], commit, unbound, 2_150);
    let good = world.race(&asked, &order[2], 400_000);
    // from 30 s after the first valid result the next of the order may judge, one by one
    world.judge(&asked, &order[3], good, 900, 33_000);
    world.judge(&asked, &order[4], good, 900, 64_000);
    let folded = world.fold_until(0).pop().unwrap();
    let row = only(&folded);
    assert_eq!(row.winner.as_ref(), Some(&order[2]));
    assert_eq!(row.judges, &order[3..5]);
    said(row, &order[0], ReasonCode::BadOpening);
    said(row, &order[1], ReasonCode::BindingIncomplete);
    assert_eq!(said(row, &order[0], ReasonCode::Unrevealed), Some(false));
    assert_eq!(folded.next.accounts[&order[0]].failed_jobs, 1);
    assert_eq!(folded.next.accounts[&order[2]].failed_jobs, 0);
}

#[test]
fn who_is_not_drawn_or_late_counts_for_nothing() {
    let mut world = World::new(6, parameters());
    let asked = world.ask(&account(100), "late", at(0, 100));
    let order = asked.order.clone();
    let early = world.race(&asked, &order[3], 200_000);
    world.judge(&asked, &order[1], early, 900, 3_000);
    // a first wave that stays silent lets the next one in after 30 s
    let second_wave = world.race(&asked, &order[4], 31_000_000);
    world.judge(&asked, &order[1], second_wave, 900, 34_000);
    world.judge(&asked, &order[2], second_wave, 900, 34_100);
    let late = world.commit(&asked, &order[5], 601_000_000, b"output");
    let folded = world.fold_until(0).pop().unwrap();
    let row = only(&folded);
    assert_eq!(row.winner.as_ref(), Some(&order[4]));
    said(row, &order[3], ReasonCode::NotAssigned);
    assert_eq!(said(row, &order[0], ReasonCode::Silent), Some(false));
    assert_eq!(
        said(row, &order[3], ReasonCode::Silent),
        Some(false),
        "of the second wave, its early commit is nothing"
    );
    said(row, &order[5], ReasonCode::Late);
    assert!(row.lines.iter().any(|line| line.reason.messages.contains(&late)));
}

#[test]
fn a_drain_excuses_silence() {
    let mut world = World::new(6, parameters());
    let probe = world.genesis.round_at(at(0, 90));
    world.fold_until(-1);
    let asked = {
        let ahead: Vec<Account> = (0..6).map(account).collect();
        for node in &ahead {
            world.capability(node, Some(probe), at(0, 50));
        }
        world.good_task(&account(100), "drain", at(0, 3_000))
    };
    let silent = world.ask(&account(101), "nobody answers", at(1, 100));
    let folded = world.fold_until(1);
    assert_eq!(said(only(&folded[2]), &silent.order[0], ReasonCode::SilentExcused), None);
    assert_eq!(folded[2].next.accounts[&silent.order[0]].failed_jobs, 0);
    assert!(folded[1].eligibility.rows().is_empty(), "who drains is not in the next snapshot");
    assert_eq!(only(&folded[1]).winner.as_ref(), Some(&asked.order[0]));
}

#[test]
fn a_verdict_commit_too_late_for_its_round_counts_once_it_is_made_anew() {
    let mut world = World::new(6, parameters());
    let asked = world.ask(&account(100), "late", at(0, 100));
    let order = asked.order.clone();
    let result = world.race(&asked, &order[0], 300_000);
    world.judge(&asked, &order[1], result, 900, 3_000);
    let at_ms = asked.prompt_ms + 3_000;
    // Half a second ahead where a second is asked for.
    let round = world.genesis.round_at(at_ms + 500);
    let body = Body::VerdictCommit(VerdictCommit { result, hash: Hash([7; 32]), round });
    world.say(&order[2], vec![asked.id, result], Some(asked.id), body, at_ms);
    world.judge(&asked, &order[2], result, 900, 4_000);
    let folded = world.fold_until(0).pop().unwrap();
    assert_eq!(only(&folded).winner.as_ref(), Some(&order[0]));
    said(only(&folded), &order[2], ReasonCode::VerdictRound);
    said(only(&folded), &order[2], ReasonCode::Judged);
}

#[test]
fn evidence_must_be_what_was_drawn() {
    for (name, spoil) in [
        ("a value", (|v| v.opened[0].value += 1) as fn(&mut liaise_ledger::body::Verdict)),
        ("a position", |v| v.opened[0].index ^= 1),
        ("too few", |v| drop(v.opened.pop())),
        ("another score", |v| v.score = 1_000),
        ("another root", |v| v.root = liaise_ledger::Hash([1; 32])),
    ] {
        let mut world = World::new(6, parameters());
        let asked = world.ask(&account(100), "evidence", at(0, 100));
        let order = asked.order.clone();
        let result = world.race(&asked, &order[0], 300_000);
        world.judge(&asked, &order[1], result, 900, 3_000);
        world.judge_with(&asked, &order[2], result, 900, 3_000, spoil);
        let folded = world.fold_until(0).pop().unwrap();
        assert_eq!(only(&folded).winner, None, "{name}");
        said(only(&folded), &order[2], ReasonCode::BadEvidence);
        assert_eq!(folded.unemitted, folded.emission, "nobody worked, nothing is emitted");
    }
}
