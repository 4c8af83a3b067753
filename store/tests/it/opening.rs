//! Directories that can't be opened, and why.

use crate::support::*;
use liaise_store::{Options, Store, StoreError, VERSION};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Set in a child: the directory that it has to hold.
const HOLD: &str = "LIAISE_STORE_TEST_HOLD";

/// This test binary again, running one test that finds its task in the environment.
pub fn child(test: &str, variable: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(variable, dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

#[test]
fn one_process_has_a_directory() {
    if let Some(dir) = std::env::var_os(HOLD) {
        let _store = plain(Path::new(&dir));
        println!("\nheld");
        std::io::stdout().flush().unwrap();
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut holder = child("opening::one_process_has_a_directory", HOLD, dir.path()).spawn().unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "held"), "the holder did not come up");
    let refused = Store::open(dir.path(), options()).unwrap_err();
    let StoreError::Locked { holder: named, .. } = &refused else { panic!("{refused}") };
    assert!(named.contains(&format!("pid {}", holder.id())), "{named}");
    // Reading is possible meanwhile.
    let reader = Store::open(dir.path(), Options { read_only: true, ..options() }).unwrap();
    assert!(matches!(reader.put_blob(b"x"), Err(StoreError::ReadOnly)));
    drop(reader);
    holder.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert!(lines.all(|line| !line.contains("FAILED")));
    assert!(holder.wait().unwrap().success());
    plain(dir.path());
}

#[test]
fn a_second_handle_in_one_process_is_refused_too() {
    let dir = tempfile::tempdir().unwrap();
    let _first = plain(dir.path());
    let refused = Store::open(dir.path(), options()).unwrap_err();
    assert!(matches!(&refused, StoreError::Locked { holder, .. } if holder.contains("this process")), "{refused}");
}

#[test]
fn a_missing_store_is_made_only_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none");
    for options in [Options { create: false, ..options() }, Options { read_only: true, ..options() }] {
        assert!(matches!(Store::open(&path, options), Err(StoreError::Missing { .. })));
        assert!(!path.exists());
    }
    plain(&path);
}

fn raw(dir: &Path) -> rocksdb::DB {
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, dir).unwrap();
    rocksdb::DB::open_cf(&options, dir, families).unwrap()
}

#[test]
fn a_newer_format_is_refused_by_number() {
    let dir = tempfile::tempdir().unwrap();
    drop(plain(dir.path()));
    {
        let raw = raw(dir.path());
        raw.create_cf("something new", &rocksdb::Options::default()).unwrap();
        raw.put_cf(&raw.cf_handle("meta").unwrap(), b"version", (VERSION + 1).to_be_bytes()).unwrap();
    }
    let refused = Store::open(dir.path(), options()).unwrap_err();
    assert!(matches!(refused, StoreError::NewerVersion { found, supported: VERSION, .. } if found == VERSION + 1));
}

#[test]
fn another_networks_store_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    drop(plain(dir.path()));
    let mut other = (*genesis()).clone();
    other.name = "other.liaise".into();
    let expected = other.network_id();
    let refused = Store::open(dir.path(), Options::new(Arc::new(other))).unwrap_err();
    let StoreError::ForeignNetwork { found, expected: named, .. } = refused else { panic!("{refused}") };
    assert_eq!((found, named), (genesis().network_id(), expected));
}

#[test]
fn a_key_of_no_witness_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = Store::open(dir.path(), options().witness(ed25519("stranger", 0))).unwrap_err();
    assert!(matches!(refused, StoreError::WitnessKey(_)));
}

fn log_file(dir: &Path) -> std::path::PathBuf {
    let files = std::fs::read_dir(dir.join("tail")).unwrap().map(|file| file.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "log"))
        .max_by_key(|p| p.metadata().unwrap().len())
        .unwrap()
}

#[test]
fn damage_is_told_and_nothing_is_dropped_silently() {
    let dir = tempfile::tempdir().unwrap();
    let mut user = User::new(1);
    let store = plain(dir.path());
    accept(&store, &[user.open()]);
    for i in 0..200 {
        accept(&store, &[user.ticket(i)]);
    }
    drop(store);
    let log = log_file(dir.path());
    let good = std::fs::read(&log).unwrap();
    assert!(good.len() > 50_000, "the messages are still in the log");
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle..middle + 64].fill(0xa5);
    std::fs::write(&log, &bad).unwrap();
    let refused = Store::open(dir.path(), options()).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    assert!(refused.to_string().contains("restore a snapshot"), "{refused}");
    // A tail that a crash cut off was never synced: that is no damage. The last 28 bytes are the closing mark.
    std::fs::write(&log, &good[..good.len() - 38]).unwrap();
    assert_eq!(plain(dir.path()).head().unwrap(), 200);
}

#[test]
fn a_lost_manifest_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    drop(plain(dir.path()));
    std::fs::write(dir.path().join("CURRENT"), "MANIFEST-nonsense").unwrap();
    let refused = Store::open(dir.path(), options()).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. } | StoreError::Database(_)), "{refused}");
}

#[test]
fn a_snapshot_opens_as_a_second_store_that_signs_only_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let (live, copy) = (dir.path().join("live"), dir.path().join("copy"));
    let mut user = User::new(1);
    let store = witness_store(&live);
    accept(&store, &[user.open(), user.ticket(1)]);
    let blob = store.put_blob(b"text").unwrap();
    store.snapshot(&copy).unwrap();
    assert!(matches!(store.snapshot(&copy), Err(StoreError::File { .. })), "never overwritten");
    let at_snapshot = content(&store);
    let after = accept(&store, &[user.ticket(2)]);
    let restored = witness_store(&copy);
    assert_eq!(content(&restored), at_snapshot);
    assert_eq!(restored.get_blob(&blob).unwrap().as_deref(), Some(&b"text"[..]));
    assert_ne!(restored.boot(), store.boot());
    // It follows and keeps, but gives no receipts: the original has signed on.
    let fresh = user.ticket(3);
    assert!(accept(&restored, std::slice::from_ref(&fresh)).receipts.is_empty());
    assert!(matches!(restored.close_epoch(0), Err(StoreError::Moved { .. })));
    drop(restored);
    let restored = witness_store(&copy);
    assert!(matches!(restored.close_epoch(0), Err(StoreError::Moved { .. })), "also when it is opened again");
    let missed: Vec<_> = store.follow(0, 100).unwrap().into_iter().map(|(_, signed)| signed).collect();
    restored.ingest(missed).unwrap();
    drop((restored, store));
    // The original is gone; caught up and told so, the copy goes on where the original stopped.
    let resumed = Store::open(&copy, Options { resume: true, ..witness_options(0) }).unwrap();
    let report = accept(&resumed, &[user.ticket(4)]);
    let batch = crate::receipts::body(&report.receipts[0]);
    assert_eq!(batch.previous, Some(after.receipts[0].id));
    crate::receipts::check_chain(&resumed, &public(&witness(0)));
    drop(resumed);
    assert!(witness_store(&copy).close_epoch(0).is_ok());
}

#[test]
fn a_witness_that_lost_its_state_does_not_equivocate() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old"), dir.path().join("new"));
    let mut user = User::new(1);
    let store = witness_store(&old);
    accept(&store, &[user.open(), user.ticket(1)]);
    let told: Vec<_> = store.follow(0, 100).unwrap().into_iter().map(|(_, signed)| signed).collect();
    let empty = witness_store(&new);
    let report = empty.ingest(told).unwrap();
    assert!(report.receipts.is_empty(), "its own old batch came back: it has signed elsewhere");
    assert!(matches!(empty.close_epoch(0), Err(StoreError::Moved { .. })));
    assert!(accept(&empty, &[user.ticket(2)]).receipts.is_empty());
}
