//! Killed at any moment, a store loses nothing that was receipted and says nothing twice.

use crate::opening::child;
use crate::receipts::check_chain;
use crate::support::*;
use cid::Cid;
use liaise_ledger::{Author, Draft};
use liaise_store::{Limits, Options, Store};
use rand::Rng;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Mutex;

/// Set in a child: the directory to write to until it is killed.
pub const WRITE: &str = "LIAISE_STORE_TEST_WRITE";
const KILLS: u32 = 20;

/// Callers beside the first, who all ingest at the same time.
const OTHERS: usize = 2;

/// Opens the store, ingests and signs for so many rounds in several threads, and says what each was given, always after it was
/// given.
fn write(dir: &Path, rounds: u64, say: impl FnMut(&str, u64, Cid) + Send) {
    // Few rows gather, so that they are often on their way into the database.
    let limits = Limits { newest_bytes: 40_000, ..Limits::default() };
    let store = Store::open(dir, Options { limits, ..witness_options(0) }).unwrap();
    let say = Mutex::new(say);
    let say = |key: &str, seq: u64, id: Cid| say.lock().unwrap()(key, seq, id);
    std::thread::scope(|scope| {
        for other in 0..OTHERS {
            let (store, say) = (&store, &say);
            scope.spawn(move || {
                let (name, mut user) = (format!("other{other}"), opened(store, 3 + other));
                (0..rounds).for_each(|round| ingest(store, &mut user, &name, round, say));
            });
        }
        let (mut user, mut writer) = (opened(&store, 1), opened(&store, 2));
        let author = Author::Account(writer.account.clone());
        for round in 0..rounds {
            ingest(&store, &mut user, "user", round, &say);
            let body = writer.ticket(round).message.body;
            let draft = Draft { author: author.clone(), parents: vec![], task: None, time_ms: round, body };
            let signed = store.sign_with(&writer.signer, draft).unwrap();
            say("writer", signed.message.seq, signed.id);
            if round % 16 == 15 {
                let closed = store.chain_head(&public(&witness(0))).unwrap().unwrap().closed.unwrap_or(-1);
                let close = store.close_epoch(closed + 1).unwrap();
                say("store", close.message.seq, close.id);
            }
        }
    });
}

/// A user with a session, at the place where an earlier life left it.
fn opened(store: &Store, wallet: usize) -> User {
    let mut user = User::new(wallet);
    if store.place(&user.signer.public()).unwrap().seq == 0 {
        accept(store, &[user.open()]);
    }
    user.place = store.place(&user.signer.public()).unwrap();
    user
}

fn ingest(store: &Store, user: &mut User, name: &str, round: u64, say: &impl Fn(&str, u64, Cid)) {
    let fresh: Vec<_> = (0..1 + round % 7).map(|i| user.ticket(round * 10 + i)).collect();
    let report = accept(store, &fresh);
    for batch in &report.receipts {
        say("store", batch.message.seq, batch.id);
    }
    for message in &fresh {
        say(name, message.message.seq, message.id);
    }
}

#[test]
fn killed_at_any_moment_it_loses_nothing_that_was_receipted() {
    if let Some(dir) = std::env::var_os(WRITE) {
        let mut out = std::io::stdout();
        return write(Path::new(&dir), u64::MAX, |key, seq, id| {
            writeln!(out, "\nsaid {key} {seq} {id}").and_then(|()| out.flush()).unwrap();
        });
    }
    let dir = tempfile::tempdir().unwrap();
    let mut told = Told::new();
    let mut random = rand::thread_rng();
    for kill in 0..KILLS {
        let test = "crash::killed_at_any_moment_it_loses_nothing_that_was_receipted";
        let mut writer = child(test, WRITE, dir.path()).spawn().unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let patience = random.gen_range(1..120);
        let mut heard = 0;
        while heard < patience {
            let line = lines.next().expect("the writer stopped by itself").unwrap();
            heard += u32::from(note(&mut told, &line));
        }
        for _ in 0..random.gen_range(0..2000u32) {
            std::hint::spin_loop();
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        // What it had said before it died, but the parent had not read.
        for line in lines.map_while(Result::ok) {
            note(&mut told, &line);
        }
        check_told(dir.path(), &told, &format!("kill {kill}"));
    }
    assert!(told.len() as u32 > KILLS * 3, "the writers did too little: {}", told.len());
}

/// What was told over all lives, by key and place: nothing may be lost, and no place may be taken twice.
pub type Told = BTreeMap<(String, u64), String>;

/// Whether a store that was reopened after its writer died has all that was told, and nothing besides at its places.
pub fn check_told(dir: &Path, told: &Told, when: &str) {
    let named = |name: &str, wallet| (name.to_owned(), User::new(wallet).signer.public());
    let mut keys = BTreeMap::from([named("user", 1), named("writer", 2), ("store".into(), witness(0).public())]);
    keys.extend((0..OTHERS).map(|other| named(&format!("other{other}"), 3 + other)));
    let store = witness_store(dir);
    for ((key, seq), id) in told {
        let stored: Vec<String> = store.by_key(&keys[key], *seq).unwrap().iter().map(|id| id.to_string()).collect();
        assert_eq!(stored.as_slice(), std::slice::from_ref(id), "{when}: place {seq} of {key}");
    }
    check(&store, when);
}

/// Takes a line that says a place and an id; a torn last line says nothing.
pub fn note(told: &mut Told, line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    let ["said", key, seq, id] = words.as_slice() else { return false };
    let (Ok(seq), true) = (seq.parse(), id.len() == 59) else { return false };
    let before = told.insert((key.to_string(), seq), id.to_string());
    assert!(before.is_none_or(|before| before == *id), "{key} said two things at {seq}");
    true
}

fn check(store: &Store, when: &str) {
    let receipts = check_chain(store, &public(&witness(0)));
    assert!(store.equivocations().unwrap().is_empty());
    let mut receipted = 0;
    for (_, signed) in store.follow(0, usize::MAX).unwrap() {
        let id = liaise_ledger::hash::block_cid(&signed.block);
        let message = store.load(&id).unwrap().unwrap();
        if message.message.body.is_receipted() {
            assert!(store.own_receipt(&id).unwrap().is_some(), "{when}: {id} has no receipt");
            receipted += 1;
        }
    }
    assert_eq!(receipts, receipted);
}

#[test]
fn unharmed_it_does_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut said = 0;
    write(dir.path(), 40, |_, _, _| said += 1);
    assert!(said > 200, "{said}");
    let store = witness_store(dir.path());
    check(&store, "unharmed");
    assert_eq!(store.closes(1).unwrap().len(), 1);
}
