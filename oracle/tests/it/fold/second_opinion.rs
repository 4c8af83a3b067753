//! The fold and the reference agree to the unit, on worlds that nobody wrote by hand.

use std::collections::{BTreeMap, BTreeSet};

use liaise_ledger::plain_tree::PlainTree;
use liaise_ledger::{Account, Genesis, Hash};
use liaise_oracle::fold::Ledger;
use proptest::prelude::*;

use super::reference::{Day, Mutant, Pay, Reference};
use super::unruly::Unruly;
use super::world::Told;

/// What the reference makes of a world's seals, under rules that may not be the world's.
fn days(unruly: &Unruly, rules: &Genesis, mutant: Option<Mutant>) -> Vec<Day> {
    let ledger = &unruly.world.ledger;
    let messages = ledger.messages().map(|message| message.as_ref().clone());
    let mut reference = Reference::new(&unruly.world.genesis, rules, messages).with(mutant);
    for round in rounds(unruly) {
        let signature = ledger.round(round).unwrap().expect("the world signed it");
        reference.round(round, signature);
    }
    unruly.world.seals.iter().map(|seal| reference.fold(seal)).collect()
}

/// Every round that a message names.
fn rounds(unruly: &Unruly) -> BTreeSet<u64> {
    use liaise_ledger::Body;
    let named = unruly.world.ledger.messages().filter_map(|message| match &message.message.body {
        Body::Ticket(ticket) => Some(ticket.round),
        Body::VerdictCommit(commit) => Some(commit.round),
        _ => None,
    });
    named.collect()
}

/// The first thing that two opinions of an epoch differ in.
fn difference(day: &Day, folded: &Told) -> Option<String> {
    let epoch = folded.epoch;
    let differ = |what: &str, reference: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
        let (reference, found) = (format!("{reference:?}"), format!("{found:?}"));
        (reference != found).then(|| format!("{what} of epoch {epoch}: {found}, and by the reference {reference}"))
    };
    let tasks: BTreeSet<_> = folded.tasks.keys().collect();
    if let Some(found) = differ("tasks", &day.tasks.keys().collect::<BTreeSet<_>>(), &tasks) {
        return Some(found);
    }
    for (id, task) in &day.tasks {
        let row = &folded.tasks[id];
        let found = differ("winner", &task.winner, &row.winner)
            .or_else(|| differ("latency", &task.latency_ns, &row.latency_ns))
            .or_else(|| differ("units", &(task.units, task.counted), &(row.units, row.counted)))
            .or_else(|| differ("unlock and used", &(task.unlock, task.used), &(row.unlock_permille, row.used_permille)))
            .or_else(|| differ("judges", &task.judges, &row.judges))
            .or_else(|| differ("auditors", &task.auditors, &row.auditors));
        if let Some(found) = found {
            return Some(format!("task {id}: {found}"));
        }
    }
    // The fold also tells those of nothing whose messages came too late or were not asked for.
    let pay: BTreeMap<Account, Pay> = folded
        .statements
        .iter()
        .map(|s| (s.account.clone(), Pay { won: s.won, judged: s.judged, prompted: s.prompted }))
        .filter(|(account, pay)| *pay != Pay::default() || day.pay.contains_key(account))
        .collect();
    let accounts = &folded.next.accounts;
    let all = |of: fn(&liaise_oracle::fold::AccountState) -> u64| -> BTreeMap<&Account, u64> {
        accounts.iter().map(|(account, state)| (account, of(state))).filter(|(_, n)| *n > 0).collect()
    };
    let some = |map: &BTreeMap<Account, u64>| -> BTreeMap<Account, u64> {
        map.iter().filter(|(_, n)| **n > 0).map(|(account, n)| (account.clone(), *n)).collect()
    };
    let jobs = |of: fn(&(u64, u64)) -> u64| -> BTreeMap<Account, u64> {
        some(&day.jobs.iter().map(|(account, jobs)| (account.clone(), of(jobs))).collect())
    };
    let tickets: BTreeMap<&Account, &Vec<bool>> =
        accounts.iter().map(|(account, state)| (account, &state.tickets)).filter(|(_, t)| !t.is_empty()).collect();
    let mut clusters: Vec<BTreeSet<Account>> = accounts
        .iter()
        .filter_map(|(account, state)| {
            let with = &state.links.as_ref().filter(|links| !links.with.is_empty())?.with;
            Some(with.iter().chain([account]).cloned().collect())
        })
        .collect();
    clusters.sort();
    clusters.dedup();
    let shared = &folded.next.shared;
    let rows: Vec<_> = shared.rows.iter().map(|row| (row.first, row.new, row.old)).collect();
    let distributors: Vec<Hash> = shared.distributors.iter().map(|decreed| decreed.value.distributor).collect();
    let adapters: BTreeMap<Hash, _> = shared.adapters.iter().map(|a| (a.id, (a.max_units, a.from, a.until))).collect();
    let decreed = &day.decreed;
    let shown: Vec<[u8; 32]> = day.chunks.iter().filter(|(_, may)| **may).map(|(chunk, _)| chunk.0).collect();
    differ("pay", &day.pay, &pay)
        .or_else(|| differ("decrees", &(decreed.number, decreed.digest), &(shared.decree, shared.decree_digest)))
        .or_else(|| differ("adapters", &decreed.adapters, &adapters))
        .or_else(|| differ("terms", &(&decreed.distributors, &decreed.rows), &(&distributors, &rows)))
        .or_else(|| differ("documents", &day.chunks, &folded.next.chunks))
        .or_else(|| differ("documents' root", &PlainTree::new(shown).root(), &folded.block.retrieval))
        .or_else(|| differ("unemitted", &day.unemitted, &folded.unemitted))
        .or_else(|| differ("unlock", &some(&day.unlock), &all(|state| state.unlock)))
        .or_else(|| differ("scored jobs", &jobs(|jobs| jobs.0), &all(|state| state.scored_jobs)))
        .or_else(|| differ("failed jobs", &jobs(|jobs| jobs.1), &all(|state| state.failed_jobs)))
        .or_else(|| differ("tickets", &day.tickets, &tickets))
        .or_else(|| differ("eligibility", &day.snapshot, &folded.eligibility))
        .or_else(|| differ("owners", &day.clusters, &clusters))
        .or_else(|| differ("median", &day.median, &folded.next.shared.median_units))
}

/// The first difference in a world, the reference working under `genesis`, at times with a rule that is off.
fn disagreement(unruly: &Unruly, genesis: &Genesis, mutant: Option<Mutant>) -> Option<String> {
    days(unruly, genesis, mutant).iter().zip(&unruly.folded).find_map(|(day, folded)| difference(day, folded))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_fold_says_what_the_reference_says(seed: u64) {
        let unruly = Unruly::new(seed);
        let found = disagreement(&unruly, &unruly.world.genesis, None);
        prop_assert!(found.is_none(), "seed {}: {}", seed, found.unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn they_agree_on_decrees_and_documents_and_on_what_is_forgotten(seed: u64) {
        let unruly = Unruly::long(seed);
        let found = disagreement(&unruly, &unruly.world.genesis, None);
        prop_assert!(found.is_none(), "seed {}: {}", seed, found.unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn they_agree_on_owners_of_several_accounts(seed: u64) {
        let unruly = Unruly::owned(seed);
        let found = disagreement(&unruly, &unruly.world.genesis, None);
        prop_assert!(found.is_none(), "seed {}: {}", seed, found.unwrap());
    }
}

/// The comparison sees what it is there for: a rule that is off by one step, on the reference's side, is found, each within
/// a dozen worlds.
#[test]
fn a_rule_that_is_off_is_found() {
    type Rule = (&'static str, fn(&mut Genesis));
    let rules: [Rule; 9] = [
        ("ties", |genesis| genesis.parameters.tie_ms = 0),
        ("ramp", |genesis| genesis.parameters.ramp_weight += 400_000),
        ("patience", |genesis| genesis.parameters.patience_s = 29),
        ("open tickets", |genesis| genesis.parameters.tickets_open += 1),
        ("caps", |genesis| genesis.parameters.cap_medians += 1),
        ("results' time", |genesis| genesis.parameters.result_s += 2),
        ("auditors", |genesis| genesis.parameters.auditors += 1),
        ("proof by jobs", |genesis| genesis.parameters.reliability_min_jobs += 1),
        ("emission", |genesis| genesis.fixed.supply += 1_000_000),
    ];
    let worlds: Vec<Unruly> = (0..12).map(Unruly::new).collect();
    for (name, change) in rules {
        let found = worlds.iter().any(|unruly| {
            let mut genesis = unruly.world.genesis.clone();
            change(&mut genesis);
            disagreement(unruly, &genesis, None).is_some()
        });
        assert!(found, "{name}: another rule, and nobody noticed");
    }
    let found = worlds.iter().any(|unruly| {
        let genesis = &unruly.world.genesis;
        disagreement(unruly, genesis, Some(Mutant::TieBoundary)).is_some()
    });
    assert!(found, "a tie of the whole width is none, and nobody noticed");
}

/// The same for rules that no genesis sets, in long worlds.
#[test]
fn a_rule_of_long_worlds_that_is_off_is_found() {
    use Mutant::*;
    let mut hidden = vec![
        DecreeNotice,
        DecreeNeverWaits,
        DecreeSigners,
        DecreeLater,
        AddedUnaccepted,
        AddedByAnybody,
        RemovedComesBack,
        WaitsLonger,
        DoneForgottenSooner,
        DoneNeverForgotten,
        SessionsNeverForgotten,
        SessionsForgottenAtOnce,
    ];
    find(&mut hidden, Unruly::long);
}

/// The same for rules about owners of several accounts.
#[test]
fn a_rule_of_owners_that_is_off_is_found() {
    use Mutant::*;
    find(&mut vec![LinksSooner, OldTextsCount, TicketsAlone, CapsAlone, HistoriesAlone], Unruly::owned);
}

/// Each of some altered rules is noticed within a dozen worlds.
fn find(hidden: &mut Vec<Mutant>, world: fn(u64) -> Unruly) {
    for seed in 0..12 {
        if hidden.is_empty() {
            break;
        }
        let unruly = world(seed);
        hidden.retain(|mutant| disagreement(&unruly, &unruly.world.genesis, Some(*mutant)).is_none());
    }
    assert!(hidden.is_empty(), "{hidden:?}: other rules, and nobody noticed");
}

/// The worlds have what they are drawn for; otherwise agreement would say little.
#[test]
fn the_worlds_are_as_unruly_as_they_should_be() {
    use liaise_oracle::fold::ReasonCode::*;
    let mut seen = BTreeSet::new();
    let (mut audited, mut paid) = (0, 0);
    for seed in 0..24 {
        for folded in &Unruly::new(seed).folded {
            seen.extend(folded.statements.iter().flat_map(|s| s.reasons.iter().map(|reason| reason.code)));
            audited += folded.tasks.values().filter(|row| row.winner.is_some() && !row.auditors.is_empty()).count();
            paid += folded.statements.iter().filter(|s| s.net > 0).count();
        }
    }
    let wanted = [
        Won,
        Judged,
        Prompted,
        SlowerResult,
        NotAccepted,
        RefusedByAudit,
        Contradicted,
        VerdictUnpaid,
        Unrevealed,
        Silent,
        SilentExcused,
        NotAssigned,
        Late,
        BadOpening,
        BindingIncomplete,
        BadEvidence,
        RefusalWithoutResult,
        NoWinner,
        OverCap,
        TicketUnused,
        TicketSnapshot,
        TicketOpen,
        PromptTicket,
        PromptSecond,
        Curator,
        Equivocation,
        Session,
        Ramp,
    ];
    let missing: Vec<_> = wanted.into_iter().filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?} never happened");
    assert!(audited > 0 && paid > 60, "{audited} audited winners, {paid} paid statements");
}
