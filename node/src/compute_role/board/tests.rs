use super::*;
use liaise_ledger::Hash;
use liaise_ledger::hash::block_cid;

fn who(n: u8) -> Account {
    Account::evm(1, [n; 20])
}

fn task(count: u8) -> Task {
    let order = (0..count).map(|n| Drawn { account: who(n), judges: true }).collect();
    Task::new(block_cid(b"prompt"), order, Seed(Hash::ZERO), 1000)
}

fn parameters() -> Parameters {
    Parameters { patience_s: 5, tie_ms: 2, ..Parameters::default() }
}

fn duties(task: &Task, n: u8, now: u64) -> Vec<Duty> {
    task.duties(&who(n), now, &parameters())
}

#[test]
fn the_first_three_race_and_silence_lets_the_next_in() {
    let task = task(7);
    assert_eq!(duties(&task, 0, 1000), [Duty::Race]);
    assert_eq!(duties(&task, 2, 1000), [Duty::Race]);
    assert!(duties(&task, 3, 5999).is_empty());
    assert_eq!(duties(&task, 3, 6000), [Duty::Race]);
    assert!(duties(&task, 6, 6000).is_empty());
    assert!(task.duties(&who(99), 60_000, &parameters()).is_empty());
}

#[test]
fn a_result_is_judged_first_and_a_good_one_ends_the_race() {
    let mut task = task(6);
    let result = block_cid(b"result");
    task.learn(&who(0), Fact::Commit, 1300, &parameters());
    task.learn(&who(0), Fact::Result(result), 1500, &parameters());
    assert_eq!(duties(&task, 1, 1500)[0], Duty::Judge(result));
    assert!(duties(&task, 0, 1500).is_empty(), "nobody judges itself");
    assert!(duties(&task, 4, 1500).is_empty(), "not drawn");
    task.started_judging(result);
    assert!(duties(&task, 1, 1500).is_empty());
    task.judged(result, true);
    assert!(duties(&task, 1, 1500).is_empty(), "a good result ends the race");
}

#[test]
fn too_few_verdicts_call_the_next_and_two_call_nobody() {
    let result = block_cid(b"result");
    let mut waiting = task(6);
    waiting.learn(&who(0), Fact::Commit, 1300, &parameters());
    waiting.learn(&who(0), Fact::Result(result), 1500, &parameters());
    waiting.learn(&who(1), Fact::Verdict { result, accepts: true }, 4000, &parameters());
    assert!(duties(&waiting, 3, 6400).is_empty());
    assert_eq!(duties(&waiting, 3, 6500), [Duty::Judge(result)]);
    waiting.learn(&who(2), Fact::Verdict { result, accepts: true }, 6600, &parameters());
    assert_eq!(duties(&waiting, 3, 60_000), [Duty::Judge(result)], "it was called before");
    assert!(duties(&waiting, 4, 60_000).is_empty(), "it is judged: nobody else is called");
}

#[test]
fn a_bad_result_makes_its_judge_race_and_calls_auditors_once_it_has_revealed() {
    let mut task = task(8);
    let (bad, good) = (block_cid(b"bad"), block_cid(b"good"));
    task.learn(&who(0), Fact::Commit, 1300, &parameters());
    task.learn(&who(0), Fact::Result(bad), 1500, &parameters());
    task.started_judging(bad);
    task.judged(bad, false);
    assert_eq!(duties(&task, 1, 1500), [Duty::Race]);
    task.learn(&who(1), Fact::Verdict { result: bad, accepts: false }, 1600, &parameters());
    let mut auditor = self::task(8);
    std::mem::swap(&mut auditor.mine, &mut task.mine);
    std::mem::swap(&mut auditor, &mut task);
    // From here on the view of somebody who was not drawn to race.
    let mut task = auditor;
    assert!(duties(&task, 3, 1600).is_empty(), "the refuser has revealed nothing");
    task.learn(&who(1), Fact::Commit, 1700, &parameters());
    task.learn(&who(1), Fact::Result(good), 1800, &parameters());
    task.mine = Mine::default();
    // Places 2 to 5 are the next four that hold nothing.
    assert_eq!(duties(&task, 5, 1800), [Duty::Judge(bad)]);
    assert!(duties(&task, 6, 1800).is_empty());
    task.started_judging(bad);
    task.judged(bad, false);
    assert_eq!(duties(&task, 5, 1800), [Duty::Judge(good)], "the next commit may win by the auditors' verdict");
}
