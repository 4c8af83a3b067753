//! What goes in comes out, by every index, in any order of arrival.

use crate::receipts::check_chain;
use crate::support::*;
use liaise_ledger::body::{Body, Prompt};
use liaise_ledger::message::Place;
use liaise_ledger::session::Scopes;
use liaise_ledger::{MessageError, Signed};
use liaise_store::{RefuseReason, Status, Store};
use serde_bytes::{ByteArray, ByteBuf};

fn prompt(user: &mut User) -> (liaise_ledger::Verified, liaise_ledger::Verified) {
    let ticket = user.ticket(9);
    let body = Prompt {
        ticket: ticket.id,
        text: "Who laid the foundations?".into(),
        params: ByteBuf::new(),
        snapshot: None,
        reply_key: ByteArray::new([0; 32]),
    };
    let prompt = user.say(vec![ticket.id], None, Body::Prompt(body));
    (ticket, prompt)
}

#[test]
fn a_task_comes_back_by_every_index() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let (mut user, mut racer) = (User::new(1), User::new(2));
    let sessions = [user.open(), racer.open()];
    let (ticket, prompt) = prompt(&mut user);
    let commit = racer.commit(prompt.id, 1);
    let result = racer.result(prompt.id, commit.id, vec![]);
    let task = [ticket.clone(), prompt.clone(), commit.clone(), result.clone()];
    accept(&store, &sessions);
    accept(&store, &task);
    drop(store);
    let store = plain(dir.path());
    for message in sessions.iter().chain(&task) {
        assert_eq!(store.get(&message.id).unwrap(), Some(message.signed.clone()));
        assert_eq!(store.load(&message.id).unwrap().as_ref(), Some(message));
    }
    assert_eq!(store.task(&prompt.id).unwrap(), [commit.id, result.id]);
    assert_eq!(store.children(&prompt.id).unwrap(), [commit.id, result.id]);
    assert_eq!(store.children(&ticket.id).unwrap(), [prompt.id]);
    assert_eq!(store.kind("session").unwrap(), [sessions[0].id, sessions[1].id]);
    assert_eq!(store.kind("result").unwrap(), [result.id]);
    assert_eq!(store.kind("no such kind").unwrap(), []);
    assert_eq!(store.by_key(&user.signer.public(), 1).unwrap(), [ticket.id]);
    assert_eq!(store.place(&user.signer.public()).unwrap(), Place { seq: 3, prev: Some(prompt.id) });
    assert_eq!(store.place(b"nobody").unwrap(), Place::default());
    assert_eq!(store.head().unwrap(), 6);
    let all = store.follow(0, 100).unwrap();
    assert_eq!(all.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(store.follow(4, 1).unwrap(), [(5, commit.signed.clone())]);
    assert_eq!(store.follow(6, 10).unwrap(), []);
    assert_eq!(store.at(5).unwrap(), Some(commit.signed));
    assert_eq!(store.at(7).unwrap(), None);
}

#[test]
fn duplicates_are_told_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = witness_store(dir.path());
    let mut user = User::new(1);
    let (session, ticket) = (user.open(), user.ticket(1));
    accept(&store, &[session, ticket.clone()]);
    let before = content(&store);
    let report = store.ingest(vec![ticket.signed.clone(), ticket.signed.clone()]).unwrap();
    assert!(report.outcomes.iter().all(|outcome| outcome.status == Status::Duplicate { seq: 2 }), "{report:?}");
    assert!(report.receipts.is_empty());
    assert_eq!(content(&store), before);
    // Twice in one call is once.
    let other = user.ticket(2);
    let report = store.ingest(vec![other.signed.clone(), other.signed.clone()]).unwrap();
    assert_eq!(report.outcomes[0].status, Status::Accepted { seq: 4 });
    assert_eq!(report.outcomes[1].status, Status::Duplicate { seq: 4 });
    assert_eq!(report.receipts.len(), 1);
}

#[test]
fn one_call_takes_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let mut user = User::new(1);
    let session = user.open();
    let (ticket, prompt) = prompt(&mut user);
    accept(&store, &[prompt, ticket, session.clone()]);
    // Followers with a page of one must meet the session first, too.
    assert_eq!(store.follow(0, 1).unwrap()[0].1, session.signed);
}

/// Delivers messages one by one, and what was refused for its session again after the others.
fn deliver(store: &Store, messages: Vec<Signed>) {
    let mut left = messages;
    while !left.is_empty() {
        let before = left.len();
        left.retain(|message| {
            let report = store.ingest(vec![message.clone()]).unwrap();
            matches!(report.outcomes[0].status, Status::Refused(RefuseReason::UnknownSession { .. }))
        });
        assert!(left.len() < before, "nothing was accepted any more");
    }
}

#[test]
fn shuffled_delivery_gives_the_same_content() {
    let mut messages = Vec::new();
    for i in 1..5 {
        let mut user = User::new(i);
        messages.push(user.open().signed);
        let (ticket, prompt) = prompt(&mut user);
        messages.extend([ticket.signed, prompt.signed]);
        let commit = user.commit(prompt.id, 1);
        messages.extend([commit.signed, user.result(prompt.id, commit.id, vec![]).signed]);
    }
    // Two at one place: kept everywhere, flagged everywhere.
    let mut twin = User::new(5);
    messages.push(twin.open().signed);
    let place = twin.place.clone();
    let first = twin.ticket(1);
    twin.place = place;
    let second = twin.ticket(2);
    messages.extend([first.signed, second.signed]);
    let whole = {
        let dir = tempfile::tempdir().unwrap();
        let store = plain(dir.path());
        deliver(&store, messages.clone());
        content(&store)
    };
    assert_eq!(whole.len(), messages.len());
    for round in 0..12u64 {
        let dir = tempfile::tempdir().unwrap();
        let store = plain(dir.path());
        let mut shuffled = messages.clone();
        shuffled.sort_by_key(|message| liaise_ledger::Hash::of(&[&round.to_be_bytes(), &message.block]));
        deliver(&store, shuffled);
        assert_eq!(content(&store), whole);
        let twice = store.equivocations().unwrap();
        assert_eq!(twice.len(), 1);
        assert!(store.equivocates(&first.id).unwrap() && store.equivocates(&second.id).unwrap());
    }
}

#[test]
fn bad_input_is_refused_by_name_and_harms_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let mut user = User::new(1);
    let session = user.open();
    let good: Vec<_> = (0..40).map(|i| user.ticket(i)).collect();
    let mut batch = signed(&good);
    let mut forged = user.ticket(90).signed;
    forged.signature[5] ^= 1;
    let mut short = user.ticket(91).signed;
    short.signature.truncate(63);
    batch.insert(0, Signed { block: ByteBuf::from(vec![0; 65_537]), signature: ByteBuf::new() });
    batch.insert(11, forged);
    batch.insert(12, Signed { block: ByteBuf::from(b"no cbor".to_vec()), signature: ByteBuf::new() });
    batch.insert(43, short);
    batch.push(session.signed);
    let report = store.ingest(batch).unwrap();
    let refused: Vec<(usize, &RefuseReason)> = report
        .outcomes
        .iter()
        .enumerate()
        .filter_map(|(i, outcome)| match &outcome.status {
            Status::Refused(reason) => Some((i, reason)),
            _ => None,
        })
        .collect();
    assert!(
        matches!(
            refused.as_slice(),
            [
                (0, RefuseReason::Message(MessageError::TooLarge(65_537))),
                (11, RefuseReason::Message(MessageError::Signature)),
                (12, RefuseReason::Message(MessageError::Malformed(_))),
                (43, RefuseReason::Message(MessageError::Signature)),
            ]
        ),
        "{refused:?}"
    );
    assert_eq!(report.outcomes[0].id, None);
    assert_eq!(content(&store).len(), 41);
}

#[test]
fn two_messages_at_one_place_are_kept_as_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let mut user = User::new(1);
    let session = user.open();
    let place = user.place.clone();
    let first = user.ticket(1);
    let fine = user.ticket(3);
    accept(&store, &[session, first.clone(), fine.clone()]);
    assert!(!store.equivocates(&first.id).unwrap());
    user.place = place;
    let second = user.ticket(2);
    let report = accept(&store, std::slice::from_ref(&second));
    assert_eq!(report.equivocations.len(), 1);
    let twice = &report.equivocations[0];
    assert_eq!((twice.seq, &twice.ids), (1, &vec![first.id, second.id]));
    assert_eq!(store.equivocations().unwrap(), report.equivocations);
    assert!(store.equivocates(&first.id).unwrap() && store.equivocates(&second.id).unwrap());
    assert!(!store.equivocates(&fine.id).unwrap());
    let proof = store.proof(twice).unwrap().unwrap();
    assert_eq!(proof.verify(store.network()).unwrap().seq, 1);
}

#[test]
fn one_key_for_two_accounts_is_no_equivocation() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let key = ed25519("shared", 0);
    let (mut one, mut two) = (User::with_key(1, key.clone()), User::with_key(2, key));
    let messages = [one.open(), two.open()];
    let report = accept(&store, &messages);
    assert!(report.equivocations.is_empty(), "{:?}", report.equivocations);
    assert!(store.equivocations().unwrap().is_empty());
    assert!(!store.equivocates(&messages[0].id).unwrap());
    assert_eq!(store.by_key(&one.signer.public(), 0).unwrap().len(), 2);
}

#[test]
fn signing_keeps_the_place_with_the_message() {
    let dir = tempfile::tempdir().unwrap();
    let mut user = User::new(1);
    let draft = |user: &User, body| liaise_ledger::Draft {
        author: liaise_ledger::Author::Account(user.account.clone()),
        parents: vec![],
        task: None,
        time_ms: NOW_MS,
        body,
    };
    let ticket = user.ticket(1).message.body;
    let session = user.session_body(&user.grant_text(Scopes::PROMPT, NOW_MS / 1000, 600));
    {
        let store = plain(dir.path());
        let early = store.sign_with(&user.signer, draft(&user, ticket.clone())).unwrap_err();
        assert!(early.to_string().contains("send the session message first"), "{early}");
        assert_eq!(store.head().unwrap(), 0, "what is refused takes no place");
        let first = store.sign_with(&user.signer, draft(&user, session)).unwrap();
        assert_eq!(first.message.seq, 0);
    }
    let store = plain(dir.path());
    let second = store.sign_with(&user.signer, draft(&user, ticket)).unwrap();
    assert_eq!(second.message.seq, 1);
    assert_eq!(store.get(&second.id).unwrap(), Some(second.signed));
}

/// Callers whose calls meet on their way to the disk, and share messages: each message is stored once and receipted once, and a
/// key that says two things at one place is found out once, whoever came first.
#[test]
fn calls_at_the_same_time_agree_about_what_they_share() {
    let dir = tempfile::tempdir().unwrap();
    let limits = liaise_store::Limits { newest_bytes: 60_000, ..liaise_store::Limits::default() };
    let store = Store::open(dir.path(), liaise_store::Options { limits, ..witness_options(0) }).unwrap();
    let mut users: Vec<User> = (1..5).map(User::new).collect();
    let sessions: Vec<_> = users.iter_mut().map(User::open).collect();
    let mut calls: Vec<Vec<_>> = vec![Vec::new(); 40];
    let mut twice = std::collections::BTreeSet::new();
    for (round, call) in calls.iter_mut().enumerate() {
        // The sessions come with whoever is first.
        call.extend(sessions.clone());
        let user = &mut users[round % 4];
        call.extend((0..5).map(|i| user.ticket((round * 10 + i) as u64)));
        if round % 4 == 3 {
            let place = user.place.clone();
            let first = user.ticket(1_000);
            user.place = place;
            let second = user.ticket(2_000 + round as u64);
            twice.insert(first.message.seq);
            call.extend([first, second]);
        }
    }
    // Each call shares half of its messages with the next one.
    let all: Vec<Vec<_>> =
        calls.iter().zip(calls.iter().cycle().skip(1)).map(|(one, next)| [&one[..], &next[..]].concat()).collect();
    let reports = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for part in all.chunks(5) {
            let (store, reports) = (&store, &reports);
            scope.spawn(move || {
                for call in part {
                    let report = store.ingest(signed(call)).unwrap();
                    // What a call was told is there, whoever stored it.
                    for outcome in &report.outcomes {
                        assert!(store.contains(&outcome.id.unwrap()).unwrap(), "{outcome:?}");
                    }
                    reports.lock().unwrap().push(report);
                }
            });
        }
    });
    let (mut places, mut accepted) = (std::collections::BTreeMap::new(), 0);
    let reports = reports.into_inner().unwrap();
    for outcome in reports.iter().flat_map(|report| &report.outcomes) {
        let (Status::Accepted { seq } | Status::Duplicate { seq }) = outcome.status else { panic!("{outcome:?}") };
        accepted += usize::from(matches!(outcome.status, Status::Accepted { .. }));
        assert_eq!(*places.entry(outcome.id).or_insert(seq), seq, "a message has one place");
    }
    let distinct: std::collections::BTreeSet<_> = calls.iter().flatten().map(|message| message.id).collect();
    assert_eq!((accepted, places.len()), (distinct.len(), distinct.len()));
    for id in &distinct {
        assert_eq!(store.receipts_of(id).unwrap().len(), 1, "{id}");
    }
    let found: Vec<u64> = reports.iter().flat_map(|report| &report.equivocations).map(|twice| twice.seq).collect();
    assert_eq!(found.len(), twice.len());
    assert_eq!(found.into_iter().collect::<std::collections::BTreeSet<_>>(), twice);
    assert_eq!(store.equivocations().unwrap().len(), twice.len());
    check_chain(&store, &public(&witness(0)));
}
