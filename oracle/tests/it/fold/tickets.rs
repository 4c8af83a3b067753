//! Tickets, prompts, keys: what counts at all, and what it costs to shop for a draw.

use liaise_ledger::assignment::Assignment;
use liaise_ledger::body::{Body, Prompt, RetrievalRemove, Ticket};
use liaise_ledger::eligibility::Eligibility;
use liaise_ledger::hash::blob_cid;
use liaise_ledger::session::SessionText;
use liaise_ledger::{Account, Hash};
use liaise_oracle::fold::ReasonCode;
use serde_bytes::{ByteArray, ByteBuf};

use super::world::{ADAPTER, Asked, Told, World, account, at, parameters};

fn codes(folded: &Told, who: &Account) -> Vec<ReasonCode> {
    let statement = folded.statements.iter().find(|statement| statement.account == *who).expect("a statement");
    statement.reasons.iter().map(|reason| reason.code).collect()
}

fn prompt(ticket: cid::Cid, text: &str) -> Body {
    Body::Prompt(Prompt {
        ticket,
        text: text.into(),
        params: ByteBuf::new(),
        snapshot: None,
        reply_key: ByteArray::new([1; 32]),
    })
}

#[test]
fn a_ticket_names_a_round_ahead_a_sealed_snapshot_and_a_certified_adapter() {
    let mut world = World::new(4, parameters());
    let now = at(0, 100);
    let round = world.genesis.round_at(now) + 1;
    let good = Ticket { round: round + 2, snapshot: -1, adapter: ADAPTER, max_units: 1 };
    let cases = [
        (Ticket { round: round - 1, ..good.clone() }, Some(ReasonCode::TicketRound)),
        (Ticket { round: round + 200, ..good.clone() }, Some(ReasonCode::TicketRound)),
        (Ticket { round: round + 198, ..good.clone() }, None),
        (Ticket { snapshot: 0, ..good.clone() }, Some(ReasonCode::TicketSnapshot)),
        (Ticket { snapshot: -4, ..good.clone() }, None),
        (Ticket { adapter: Hash([8; 32]), ..good }, Some(ReasonCode::TicketAdapter)),
    ];
    for (user, (ticket, _)) in (100..).zip(&cases) {
        world.say(&account(user), vec![], None, Body::Ticket(ticket.clone()), now);
    }
    let folded = world.fold_until(0).pop().unwrap();
    for (user, (ticket, flaw)) in (100..).zip(cases) {
        let codes = codes(&folded, &account(user));
        let flaws = [ReasonCode::TicketRound, ReasonCode::TicketSnapshot, ReasonCode::TicketAdapter];
        let found = codes.into_iter().find(|code| flaws.contains(code));
        assert_eq!(found, flaw, "{ticket:?}");
    }
}

#[test]
fn at_most_three_tickets_are_open_and_unused_ones_cost_weight() {
    let mut world = World::new(6, parameters());
    let user = account(100);
    for i in 0..4 {
        world.ticket(&user, -1, at(0, 10 + i));
    }
    // the first three ended 200 rounds later; the fourth never counted
    let asked = world.good_task(&user, "after", at(0, 1_000));
    let folded = world.fold_until(0).pop().unwrap();
    let row = &folded.tasks[&asked.id];
    assert_eq!(row.used_permille, 250, "one of four closed tickets was used");
    let codes = codes(&folded, &user);
    assert_eq!(codes.iter().filter(|code| **code == ReasonCode::TicketUnused).count(), 3);
    assert_eq!(codes.iter().filter(|code| **code == ReasonCode::TicketOpen).count(), 1);
    assert_eq!(folded.next.accounts[&user].tickets, [false, false, false, true]);
}

#[test]
fn a_prompt_uses_its_authors_own_ticket_once_and_in_time() {
    let mut world = World::new(6, parameters());
    let (mine, other) = (account(100), account(101));
    let asked = world.good_task(&mine, "first", at(0, 100));
    world.say(&mine, vec![asked.ticket], None, prompt(asked.ticket, "second"), asked.prompt_ms + 100);
    world.say(&other, vec![asked.ticket], None, prompt(asked.ticket, "stolen"), asked.prompt_ms + 100);
    let (ticket, terms) = world.ticket(&account(102), -1, at(0, 100));
    let end = world.genesis.round_time_ms(terms.round + 200);
    world.say(&account(102), vec![ticket], None, prompt(ticket, "late"), end + 50);
    let folded = world.fold_until(0).pop().unwrap();
    assert_eq!(folded.tasks.len(), 1);
    assert!(codes(&folded, &mine).contains(&ReasonCode::PromptSecond));
    assert!(codes(&folded, &other).contains(&ReasonCode::PromptTicket));
    assert!(codes(&folded, &account(102)).contains(&ReasonCode::PromptTicket));
}

#[test]
fn nobody_is_late_for_a_draw_that_did_not_exist() {
    let mut world = World::new(6, parameters());
    let user = account(100);
    let now = at(0, 2_000);
    let round = world.genesis.round_at(now) + 100;
    let signature = world.round(round);
    let terms = Ticket { round, snapshot: -1, adapter: ADAPTER, max_units: 1_000_000 };
    let ticket = world.say(&user, vec![], None, Body::Ticket(terms), now);
    let id = world.say(&user, vec![ticket], None, prompt(ticket, "early"), now + 1_000);
    let snapshot = Eligibility::of_genesis(&world.genesis);
    let assignment = Assignment::compute(&world.genesis, &world.message(&ticket), &signature, &snapshot).unwrap();
    let order: Vec<Account> = assignment.rows(&snapshot).map(|row| row.account.clone()).collect();
    // five minutes after the prompt; everything below is counted from here
    let prompt_ms = world.genesis.round_time_ms(round);
    let asked = Asked { id, ticket, prompt_ms, order: order.clone(), assignment };
    world.commit(&asked, &order[3], 10_000_000, b"output");
    let result = world.race(&asked, &order[0], 20_000_000);
    world.judge(&asked, &order[1], result, 900, 24_000);
    world.judge(&asked, &order[2], result, 900, 890_000);
    let folded = world.fold_until(0).pop().unwrap();
    let row = &folded.tasks[&id];
    assert_eq!(row.winner.as_ref(), Some(&order[0]), "judged 890 s after the round, 1 190 s after the prompt");
    let fourth = row.lines.iter().find(|line| line.account == order[3]).unwrap();
    assert_eq!(fourth.reason.code, ReasonCode::NotAssigned, "nobody had been silent for 30 s");
    assert_eq!(row.latency_ns, Some(20_000_000_000 + (prompt_ms - now - 1_000) * 1_000_000));
}

#[test]
fn of_two_messages_at_one_place_neither_counts() {
    let mut world = World::new(6, parameters());
    let asked = world.ask(&account(100), "equivocation", at(0, 100));
    let order = asked.order.clone();
    let place = world.place(&order[0]);
    world.race(&asked, &order[0], 300_000);
    let after = world.place(&order[0]);
    world.set_place(&order[0], place);
    world.commit(&asked, &order[0], 310_000, b"other output");
    world.set_place(&order[0], after);
    let result = world.race(&asked, &order[1], 500_000);
    world.judge(&asked, &order[2], result, 900, 3_000);
    world.judge(&asked, &order[3], result, 900, 34_000);
    let folded = world.fold_until(0).pop().unwrap();
    assert_eq!(folded.tasks[&asked.id].winner.as_ref(), Some(&order[1]));
    assert!(codes(&folded, &order[0]).contains(&ReasonCode::Equivocation));
    assert!(folded.next.accounts[&order[0]].failed_jobs >= 1);
}

#[test]
fn a_place_that_was_taken_in_an_earlier_epoch_stays_taken() {
    let mut world = World::new(6, parameters());
    let user = account(100);
    let place = world.place(&user);
    world.good_task(&user, "one", at(0, 100));
    world.fold_until(0);
    world.set_place(&user, place);
    let (again, _) = world.ticket(&user, -1, at(1, 100));
    let folded = world.fold_until(1).pop().unwrap();
    assert!(codes(&folded, &user).contains(&ReasonCode::Equivocation));
    assert!(folded.statements.iter().any(|s| s.reasons.iter().any(|r| r.messages.contains(&again))));
}

#[test]
fn a_revoked_key_says_nothing_more_and_what_it_said_stands() {
    // with the first times delegation, revocation and tickets are all of one seal
    for (before, revoked, after) in [(40, 60, 100), (2_000, 3_000, 3_100)] {
        for user in 100..110 {
            let mut world = World::new(4, parameters());
            let user = account(user);
            let (stands, _) = world.ticket(&user, -1, at(0, before));
            let key = world.session_key(&user);
            let text = SessionText::revoke(&world.genesis, user.clone(), key, super::world::GENESIS_S + 50);
            world.session(&user, text, at(0, revoked));
            let (falls, _) = world.ticket(&user, -1, at(0, after));
            let folded = world.fold_until(0).pop().unwrap();
            let statement = folded.statements.iter().find(|statement| statement.account == user).unwrap();
            let of = |code| {
                let reason = statement.reasons.iter().find(|reason| reason.code == code);
                reason.map(|reason| reason.messages.clone())
            };
            assert_eq!(of(ReasonCode::TicketUnused), Some(vec![stands]));
            assert_eq!(of(ReasonCode::Session), Some(vec![falls]));
            world = World::new(6, parameters());
        }
    }
}

#[test]
fn a_message_without_a_session_waits_for_one_and_is_forgotten() {
    let mut world = World::new(6, parameters());
    let stranger = account(300);
    world.meet(300);
    let session = world.sign_session(&stranger, at(0, 90));
    let (ticket, _) = world.ticket(&stranger, -1, at(0, 100));
    let folded = world.fold_until(0).pop().unwrap();
    assert!(folded.next.carry[&ticket].observation.is_none());
    world.hear(session, at(1, 100));
    let folded = world.fold_until(1).pop().unwrap();
    assert!(codes(&folded, &stranger).contains(&ReasonCode::TicketRound), "it counts from the session's observation");

    // a delegation that is not the first message of its key is none
    let mut world = World::new(6, parameters());
    world.meet(300);
    let (ticket, _) = world.ticket(&stranger, -1, at(0, 100));
    let session = world.sign_session(&stranger, at(0, 90));
    world.hear(session, at(0, 90));
    let folded = world.fold_until(0).pop().unwrap();
    assert!(folded.next.carry[&ticket].observation.is_none());

    let mut world = World::new(6, parameters());
    world.meet(300);
    let (ticket, _) = world.ticket(&stranger, -1, at(0, 3_000));
    let folded = world.fold_until(8);
    assert!(folded[8].next.carry.contains_key(&ticket), "through epoch 7");
    assert!(!folded[9].next.carry.contains_key(&ticket));
}

#[test]
fn what_comes_between_an_epochs_end_and_its_close_is_told_in_its_own_epoch() {
    let mut world = World::new(4, parameters());
    let now = at(0, 100);
    let late = Ticket { round: world.genesis.round_at(now), snapshot: -1, adapter: ADAPTER, max_units: 1 };
    let id = world.say(&account(100), vec![], None, Body::Ticket(late), now);
    let folded = world.fold_until(0);
    assert!(folded[0].next.carry.contains_key(&id), "sealed with epoch -1");
    assert!(!codes(&folded[0], &account(100)).contains(&ReasonCode::TicketRound));
    assert!(codes(&folded[1], &account(100)).contains(&ReasonCode::TicketRound));
    assert!(folded[1].next.carry.is_empty());
}

#[test]
fn only_curators_remove_documents() {
    let mut world = World::new(4, parameters());
    let chunk = blob_cid(b"wrong");
    let removal = |reason: &str| Body::RetrievalRemove(RetrievalRemove { chunks: vec![chunk], reason: reason.into() });
    world.say(&account(100), vec![], None, removal("spite"), at(0, 100));
    let folded = world.fold_until(0).pop().unwrap();
    assert!(codes(&folded, &account(100)).contains(&ReasonCode::Curator));
    assert!(folded.next.chunks.is_empty());
    world.say(&account(200), vec![], None, removal("wrong"), at(1, 100));
    let folded = world.fold_until(1).pop().unwrap();
    assert_eq!(folded.next.chunks.get(&Hash::of(&[b"wrong"])), Some(&false));
}
