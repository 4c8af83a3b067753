//! Refusals: what they call, who decides, who answers for it.

use liaise_ledger::Account;
use liaise_oracle::fold::{ReasonCode, TaskRow};

use super::world::{Asked, Told, World, account, at, parameters};

fn only(folded: &Told) -> &TaskRow {
    folded.tasks.values().next().unwrap()
}

fn failed(folded: &Told, who: &Account) -> u64 {
    folded.next.accounts[who].failed_jobs
}

fn said(row: &TaskRow, who: &Account, code: ReasonCode) -> bool {
    row.lines.iter().any(|line| line.account == *who && line.reason.code == code)
}

/// The first racer's result is judged good by the third and bad by the second, who has revealed a result of its own.
/// Nobody else has done anything: the auditors are the rest of the order.
fn refused(world: &mut World) -> (Asked, [cid::Cid; 2]) {
    let asked = world.ask(&account(100), "dispute", at(0, 100));
    let order = asked.order.clone();
    let first = world.race(&asked, &order[0], 300_000);
    let second = world.race(&asked, &order[1], 900_000);
    world.judge(&asked, &order[2], first, 900, 4_000);
    world.judge(&asked, &order[1], first, 0, 4_000);
    (asked, [first, second])
}

#[test]
fn auditors_overrule_a_false_refusal() {
    let mut world = World::new(7, parameters());
    let (asked, [first, _]) = refused(&mut world);
    let order = asked.order.clone();
    for (auditor, score) in [(3, 700), (4, 0), (5, 900), (6, 800)] {
        world.judge(&asked, &order[auditor], first, score, 20_000);
    }
    let folded = world.fold_until(0).pop().unwrap();
    let row = only(&folded);
    assert_eq!(row.auditors, &order[3..7]);
    assert_eq!(row.winner.as_ref(), Some(&order[0]));
    assert_eq!(row.judges, [2, 3, 5, 6].map(|place| order[place].clone()));
    assert_eq!([1, 4].map(|place| failed(&folded, &order[place])), [1, 1], "whom the lower median contradicts");
    assert_eq!([0, 2, 3].map(|place| failed(&folded, &order[place])), [0, 0, 0]);
    assert!(said(row, &order[1], ReasonCode::Contradicted));
}

#[test]
fn after_the_audit_refuses_only_its_verdict_lets_the_next_one_win() {
    for audited in [true, false] {
        let mut world = World::new(7, parameters());
        let (asked, [first, second]) = refused(&mut world);
        let order = asked.order.clone();
        for auditor in [3, 4, 5] {
            world.judge(&asked, &order[auditor], first, 0, 20_000);
            if audited {
                world.judge(&asked, &order[auditor], second, 900, 21_000);
            }
        }
        // two ordinary verdicts would accept it, had nobody been refused
        world.judge(&asked, &order[0], second, 900, 22_000);
        world.judge(&asked, &order[2], second, 900, 22_000);
        let folded = world.fold_until(0).pop().unwrap();
        let row = only(&folded);
        assert_eq!(row.winner.as_ref(), audited.then_some(&order[1]));
        assert!(said(row, &order[0], ReasonCode::RefusedByAudit));
        assert_eq!(failed(&folded, &order[0]), 1);
        assert_eq!(failed(&folded, &order[2]), 1, "it had accepted what the audit refused");
        if audited {
            assert_eq!(row.judges, &order[3..6], "who refused what was refused, and accepted what won");
        } else {
            assert_eq!(folded.unemitted, folded.emission);
        }
    }
}

#[test]
fn without_an_audit_the_verdicts_decide_and_nobody_fails() {
    // scores of the third, fourth and fifth beside the standing refusal
    for (scores, wins) in [(&[900, 800, 700][..], true), (&[900, 800], true), (&[900], false)] {
        let mut world = World::new(5, parameters());
        let asked = world.ask(&account(100), "no audit", at(0, 100));
        let order = asked.order.clone();
        let first = world.race(&asked, &order[0], 300_000);
        world.race(&asked, &order[1], 900_000);
        for (score, (place, after_ms)) in scores.iter().zip([(2, 4_000), (3, 34_000), (4, 64_000)]) {
            world.judge(&asked, &order[place], first, *score, after_ms);
        }
        // by the time of the refusal everybody who could audit has judged
        world.judge(&asked, &order[1], first, 0, 100_000);
        let folded = world.fold_until(0).pop().unwrap();
        let row = only(&folded);
        assert_eq!(row.winner.as_ref(), wins.then_some(&order[0]), "{scores:?}");
        let contradicted = row.lines.iter().filter(|line| line.reason.code == ReasonCode::Contradicted);
        assert_eq!(contradicted.count(), 0);
        assert_eq!(failed(&folded, &order[1]), 0);
    }
}

#[test]
fn a_refusal_without_a_result_of_its_own_decides_nothing() {
    let mut world = World::new(7, parameters());
    let asked = world.ask(&account(100), "idle refusal", at(0, 100));
    let order = asked.order.clone();
    let first = world.race(&asked, &order[0], 300_000);
    world.judge(&asked, &order[1], first, 0, 3_000);
    world.judge(&asked, &order[2], first, 900, 3_000);
    world.judge(&asked, &order[3], first, 600, 33_500);
    let folded = world.fold_until(0).pop().unwrap();
    let row = only(&folded);
    assert_eq!(row.winner.as_ref(), Some(&order[0]));
    assert!(row.auditors.is_empty());
    assert_eq!(row.judges, &order[2..4]);
    assert!(said(row, &order[1], ReasonCode::RefusalWithoutResult));
    assert_eq!(failed(&folded, &order[1]), 0);
}

#[test]
fn auditors_have_until_the_deadline_and_judges_have_not() {
    let mut world = World::new(7, parameters());
    let (asked, [first, _]) = refused(&mut world);
    let order = asked.order.clone();
    world.judge(&asked, &order[3], first, 900, 1_190_000);
    world.judge(&asked, &order[4], first, 0, 1_201_000);
    let folded = world.fold_until(0).pop().unwrap();
    let row = only(&folded);
    assert_eq!(row.winner.as_ref(), Some(&order[0]), "one auditor is enough");
    assert!(said(row, &order[4], ReasonCode::Late));
    assert_eq!(failed(&folded, &order[4]), 0);

    let mut world = World::new(7, parameters());
    let asked = world.ask(&account(100), "slow judge", at(0, 100));
    let order = asked.order.clone();
    let result = world.race(&asked, &order[0], 300_000);
    world.judge(&asked, &order[1], result, 900, 3_000);
    world.judge(&asked, &order[2], result, 900, 899_000);
    let folded = world.fold_until(0).pop().unwrap();
    assert_eq!(only(&folded).winner, None);
}
