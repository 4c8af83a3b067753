//! Carries out cases and checks what must hold.

use std::collections::BTreeSet;
use std::time::Instant;

use super::{Case, Driver, FaultyChain, Kind, Meets, Operator, Passed, Stage};
use crate::conformance::{Fault, Role, World};
use crate::{Action, At, ChainError, Outcome, Status};
use liaise_summary::EpochStatement;

/// Rounds of a pass, a block and finality in which everything must end once the faults are over.
const CALM_ROUNDS: usize = 8;

/// Runs cases one after the other on one chain, each from the same saved state with an epoch that waits to be filed.
///
/// # Panics
/// At the end, with the name and the reason of every case that failed.
pub async fn run_all<C: FaultyChain, D: Driver>(mut world: World<C>, cases: Vec<Case>) {
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases of one name");
    let statement = world.filing(&world.tree(&[(0, 100), (1, 200)]), 0).await;
    world.pass_epoch(statement.epoch).await;
    world.chain.finalise().await;
    world.chain.save().await;
    let mut failures = Vec::new();
    let count = cases.len();
    for case in cases {
        let began = Instant::now();
        let result = run::<C, D>(&world, &case, statement).await;
        println!("{:>6} ms  {}", began.elapsed().as_millis(), case.name);
        if let Err(why) = result {
            println!("           {why}");
            failures.push(format!("{}: {why}", case.name));
        }
        world.chain.restore().await;
    }
    assert!(failures.is_empty(), "{} of {count} fault cases failed:\n{}", failures.len(), failures.join("\n"));
}

async fn run<C: FaultyChain, D: Driver>(
    world: &World<C>,
    case: &Case,
    statement: EpochStatement,
) -> Result<(), String> {
    let chain = &world.chain;
    let action = world.signed_filing(statement);
    let mut operator = Operator::<D>::start(Role::Operator, chain.node()).await;
    let mut rival = match case.rival {
        true => Some(Operator::<D>::start(Role::Rival, chain.node()).await),
        false => None,
    };
    let errors = trouble(chain, case, &action, &mut operator, rival.as_mut()).await?;
    if !case.rules.is_empty() && operator.proxy.met() == 0 {
        return Err("no request met the fault".to_owned());
    }
    operator.proxy.lift().await;
    if let Some((_, weather)) = case.weather {
        chain.end(weather).await;
    }
    check_errors(case.meets, &errors)?;
    let ends = calm(chain, &action, &mut operator, rival.as_mut()).await?;
    check_filed(world, statement).await?;
    let operators: Vec<&Operator<D>> = std::iter::once(&operator).chain(&rival).collect();
    check_operators(chain, &operators, &ends).await
}

/// The stages, with what goes wrong in them; returns the errors that the operator saw since the fault began.
async fn trouble<C: FaultyChain, D: Driver>(
    chain: &C,
    case: &Case,
    action: &Action,
    operator: &mut Operator<D>,
    mut rival: Option<&mut Operator<D>>,
) -> Result<Vec<ChainError>, String> {
    let mut errors = Vec::new();
    let mut sent_before = 0;
    // a busy machine's slow answer looks like silence, which is what these cases expect; a killed process hears nothing
    // anyway, and its successor is not to be cut short
    let impatient = !case.killed && case.rules.iter().any(|rule| matches!(rule.fault, Fault::Silence | Fault::Unheard));
    for stage in Stage::ALL {
        if stage == case.from {
            sent_before = operator.proxy.forwarded(chain.sends_with()).len();
            case.rules.iter().for_each(|rule| operator.proxy.arm(rule.clone()));
        }
        if let Some((from, weather)) = case.weather
            && from == stage
        {
            chain.begin(weather, operator.signed.last()).await;
        }
        let struck = stage == case.from || case.weather.is_some_and(|(from, _)| from == stage);
        if stage == case.from && case.killed {
            if let Some(passed) = operator.killed_pass(chain, action).await {
                return Err(format!("the process was to end at a fault, and its pass ended with {passed:?}"));
            }
            operator.proxy.lift().await;
        }
        for _ in 0..1 + usize::from(struck) {
            match operator.pass(chain, action, impatient && stage >= case.from).await {
                Ok(_) => {}
                Err(error) if stage >= case.from => errors.push(error),
                Err(error) => return Err(format!("an error before the fault began: {error}")),
            }
        }
        if let Some(rival) = &mut rival {
            // that the other was first is an error until it is looked up
            let _ = rival.pass(chain, action, false).await;
        }
        match stage {
            Stage::Start | Stage::Included | Stage::Final | Stage::Settled => {}
            Stage::Sent => chain.mine(1).await,
            Stage::Seen => chain.finalise().await,
        }
    }
    let sent = operator.proxy.forwarded(chain.sends_with()).len() - sent_before;
    if case.meets == Meets::Only(Kind::WrongChain) && sent > 0 {
        return Err(format!("{sent} transactions left for another chain"));
    }
    Ok(errors)
}

fn check_errors(meets: Meets, errors: &[ChainError]) -> Result<(), String> {
    let shown = || errors.iter().map(|error| format!("{:?} ({error})", Kind::of(error))).collect::<Vec<_>>().join("; ");
    let fine = match meets {
        Meets::Nothing => errors.is_empty(),
        Meets::Only(kind) => !errors.is_empty() && errors.iter().all(|error| Kind::of(error) == kind),
        Meets::Perhaps(kind) => errors.iter().all(|error| Kind::of(error) == kind),
    };
    if !fine {
        return Err(format!("should meet {meets:?}, and meets [{}]", shown()));
    }
    match errors.iter().find(|error| !error.to_string().contains(": ")) {
        Some(error) => Err(format!("an error that does not say what to do: {error}")),
        None => Ok(()),
    }
}

/// Everything comes to its end within a few rounds of fair weather.
async fn calm<C: FaultyChain, D: Driver>(
    chain: &C,
    action: &Action,
    operator: &mut Operator<D>,
    mut rival: Option<&mut Operator<D>>,
) -> Result<Vec<Passed>, String> {
    let mut last = Vec::new();
    for _ in 0..CALM_ROUNDS {
        last = vec![operator.pass(chain, action, false).await];
        if let Some(rival) = &mut rival {
            last.push(rival.pass(chain, action, false).await);
        }
        let ended: Vec<Passed> = last.iter().flatten().filter(|passed| is_end(passed)).cloned().collect();
        if ended.len() == last.len() {
            return Ok(ended);
        }
        chain.mine(1).await;
        chain.finalise().await;
    }
    Err(format!("it does not end after the faults: {last:?}"))
}

fn is_end(passed: &Passed) -> bool {
    matches!(passed, Passed::Done(_) | Passed::DoneByOthers)
}

async fn check_filed<C: FaultyChain>(world: &World<C>, statement: EpochStatement) -> Result<(), String> {
    world.chain.finalise().await;
    let reader = world.submitter(Role::Stranger).await;
    let failed = |error: ChainError| error.to_string();
    let state = reader.distributor(At::Final).await.map_err(failed)?;
    if (state.head, state.next.0) != (statement.digest(), statement.epoch.0 + 1) {
        return Err(format!("the epoch is not filed: next is {}, the head {}", state.next.0, state.head));
    }
    let accepted = reader.statements(statement.epoch, At::Final).await.map_err(failed)?;
    match accepted.iter().filter(|accepted| accepted.statement == statement.into()).count() {
        1 => Ok(()),
        times => Err(format!("the epoch was accepted {times} times")),
    }
}

/// What each operator sent, said and remembers, against what an honest connection to the chain says.
async fn check_operators<C: FaultyChain, D: Driver>(
    chain: &C,
    operators: &[&Operator<D>],
    ends: &[Passed],
) -> Result<(), String> {
    let mut successes = Vec::new();
    for (operator, end) in operators.iter().zip(ends) {
        let role = operator.role;
        let honest = chain.submitter(role).await;
        let nothing = operator.driver.came_to_nothing();
        let sent: BTreeSet<String> =
            operator.proxy.forwarded(chain.sends_with()).iter().map(|sent| sent.params[0].to_string()).collect();
        if sent.len() > nothing.len() + 1 {
            return Err(format!("{role:?} sent {} transactions and {} came to nothing", sent.len(), nothing.len()));
        }
        for prepared in &operator.signed {
            let status = honest.status(prepared).await.map_err(|error| error.to_string())?;
            let effect = matches!(status, Status::Final { outcome: Outcome::Succeeded, .. });
            if effect {
                successes.push(prepared.id.clone());
            }
            let settled = status.is_settled();
            if nothing.contains(&prepared.id) && (effect || !settled) {
                return Err(format!("{role:?} took {} for dead or without effect, and it is {status:?}", prepared.id));
            }
            if *end == Passed::Done(prepared.id.clone()) && !effect {
                return Err(format!("{role:?} calls {} done, and it is {status:?}", prepared.id));
            }
        }
        let known = operator.on_disk();
        let lost = operator.acknowledged.iter().find(|id| !known.contains(id) && *end != Passed::Done((*id).clone()));
        if let Some(id) = lost {
            return Err(format!("{role:?} said that {id} was under way, and no longer knows it"));
        }
    }
    match successes.len() {
        1 => Ok(()),
        _ => Err(format!("transactions that succeeded: {successes:?}")),
    }
}
