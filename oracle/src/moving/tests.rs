//! Moves over RocksDB: at most one host can sign, wherever the machine stops, and a false file is refused.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

use liaise_ledger::genesis::{Genesis, KeySet};
use liaise_ledger::{Author, Body, Draft, Hash, Signer};
use liaise_store::{Journal, JournalRow, Options, Store, StoreError};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, NetworkId};

use super::rows::Rows;
use super::steps::{export_over, import_over};
use super::*;
use crate::quorum::{OracleKey, QuorumError, sign, vote};

const SECRET: [u8; 32] = [7; 32];

fn key() -> OracleKey {
    OracleKey::from_bytes(SECRET).unwrap()
}

fn genesis(network: &str) -> Arc<Genesis> {
    let vectors = include_str!("../../../tests/vectors/genesis.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
    let mut genesis = Genesis::from_toml(vectors[0]["toml"].as_str().unwrap()).unwrap();
    let mut keys: Vec<[u8; 33]> = (7..12).map(|n| OracleKey::from_bytes([n; 32]).unwrap().public()).collect();
    keys.sort_unstable();
    genesis.oracles = KeySet { version: 1, keys };
    genesis.name = network.into();
    Arc::new(genesis)
}

/// A host: a store in a directory of its own.
struct Host {
    dir: tempfile::TempDir,
    store: Store,
}

impl Host {
    fn new() -> Host {
        Host::of("moves")
    }

    fn of(network: &str) -> Host {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("ledger"), Options::new(genesis(network))).unwrap();
        Host { dir, store }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Signs a content over a head and says it in the ledger, as an oracle does.
    fn vote(&self, head: u8, root_sum: u64) -> Result<(), QuorumError> {
        let statement = statement(self.store.network(), head, root_sum).into();
        let signature = sign(&key(), &Guard(self.store.clone()), &statement)?;
        let body = Body::Vote(vote(&statement, &signature, None, None));
        let author = Author::Oracle(key().public());
        let draft = Draft { author, parents: vec![], task: None, time_ms: 1, body };
        let signer = Signer::Secp256k1(secp256k1::SecretKey::from_byte_array(SECRET).unwrap());
        self.store.sign_with(&signer, draft).unwrap();
        Ok(())
    }

    fn can_sign(&self) -> bool {
        may_sign(&self.store, &key().public()).is_ok()
    }

    /// What another host of the network has heard.
    fn hears(&self, other: &Host) {
        for id in other.store.kind("vote").unwrap() {
            let signed = other.store.load(&id).unwrap().unwrap().signed;
            assert_eq!(self.store.ingest(vec![signed]).unwrap().refused().count(), 0);
        }
    }
}

fn statement(network: Hash, head: u8, root_sum: u64) -> EpochStatement {
    EpochStatement {
        network: NetworkId(network.0),
        distributor: DistributorId([2; 32]),
        epoch: Epoch(3),
        oracle_set: 1,
        head: Hash32([head; 32]),
        root_hash: Hash32([5; 32]),
        root_sum,
        owed: 0,
        artefact: Hash32([6; 32]),
    }
}

/// A host that has signed over two heads, and one that waits for its journal.
fn pair() -> (Host, Host, Hash) {
    let (old, new) = (Host::new(), Host::new());
    old.vote(1, 10).unwrap();
    old.vote(2, 20).unwrap();
    let host = receive(&new.store, Hash([9; 32])).unwrap();
    (old, new, host)
}

fn refused(result: Result<(), QuorumError>, word: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(word), "{error}");
}

#[test]
fn the_new_host_signs_on_and_the_old_one_never_again() {
    let (old, new, host) = pair();
    refused(new.vote(1, 10), "waits for a journal");
    let file = old.file("journal");
    export(&old.store, &key(), host, &file).unwrap();
    refused(old.vote(3, 30), "gave its journal away");
    assert!(!old.can_sign() && !new.can_sign(), "the file is on its way");

    let imported = import(&new.store, &key().public(), &file).unwrap();
    assert_eq!(imported, Imported { signed: 2, submissions: 0, messages: 2 });
    assert!(new.can_sign() && !old.can_sign());
    // What was signed there binds here, and the key goes on at its own place.
    assert!(matches!(new.vote(1, 11), Err(QuorumError::SignedOther { .. })));
    new.vote(1, 10).unwrap();
    new.vote(3, 30).unwrap();
    assert_eq!(new.store.place(&key().public()).unwrap().seq, 4);
    assert!(new.can_sign());
    // Once more changes nothing, and the old host is what it was after a restart.
    assert_eq!(import(&new.store, &key().public(), &file).unwrap(), imported);
    assert_eq!(Standing::of(&old.store).unwrap(), Standing::Away { to: host });
}

#[test]
fn a_journal_goes_to_one_host_and_from_there_to_the_next() {
    let (old, new, host) = pair();
    let (first, second) = (old.file("first"), new.file("second"));
    export(&old.store, &key(), host, &first).unwrap();
    let other = export(&old.store, &key(), Hash([8; 32]), &old.file("other"));
    assert!(matches!(other, Err(MoveError::Away { to }) if to == host), "{other:?}");
    assert!(matches!(receive(&old.store, Hash([8; 32])), Err(MoveError::Away { .. })));

    // A copy of the file is of no use to a third host.
    let third = Host::new();
    let id = receive(&third.store, Hash([3; 32])).unwrap();
    assert!(matches!(import(&third.store, &key().public(), &first), Err(MoveError::ForeignHost { .. })));
    import(&new.store, &key().public(), &first).unwrap();
    new.vote(3, 30).unwrap();
    export(&new.store, &key(), id, &second).unwrap();
    import(&third.store, &key().public(), &second).unwrap();
    assert!(third.can_sign() && !new.can_sign() && !old.can_sign());
    assert!(matches!(third.vote(3, 31), Err(QuorumError::SignedOther { .. })));
}

#[test]
fn who_did_not_ask_takes_nothing() {
    let (old, _, host) = pair();
    let file = old.file("journal");
    export(&old.store, &key(), host, &file).unwrap();
    let fresh = Host::new();
    assert!(matches!(import(&fresh.store, &key().public(), &file), Err(MoveError::NotWaiting)));
    fresh.vote(9, 90).unwrap();
    assert!(matches!(receive(&fresh.store, Hash([4; 32])), Err(MoveError::HasSigned)));
    let waiting = Host::new();
    let host = receive(&waiting.store, Hash([5; 32])).unwrap();
    assert_eq!(receive(&waiting.store, Hash([6; 32])).unwrap(), host, "its name stays");
    let nothing = export(&waiting.store, &key(), Hash([1; 32]), &waiting.file("journal"));
    assert!(matches!(nothing, Err(MoveError::Waiting { .. })));
}

#[test]
fn an_export_that_can_t_be_written_leaves_the_old_host_as_it_was() {
    let (old, _, host) = pair();
    assert!(matches!(export(&old.store, &key(), host, &old.file("no/such/place")), Err(MoveError::File { .. })));
    std::fs::write(old.file("taken"), "something").unwrap();
    assert!(matches!(export(&old.store, &key(), host, &old.file("taken")), Err(MoveError::File { .. })));
    assert!(old.can_sign());
    assert_eq!(std::fs::read(old.file("taken")).unwrap(), b"something");
}

#[test]
fn every_altered_byte_and_every_cut_is_refused() {
    let (old, new, host) = pair();
    let file = old.file("journal");
    export(&old.store, &key(), host, &file).unwrap();
    let good = std::fs::read(&file).unwrap();
    let altered = old.file("altered");
    let refuse = |bytes: &[u8]| {
        std::fs::write(&altered, bytes).unwrap();
        import(&new.store, &key().public(), &altered).unwrap_err()
    };
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let error = refuse(&bytes);
        let expected = match at {
            16..20 => matches!(error, MoveError::Newer { .. } | MoveError::Damaged { .. }),
            _ if at >= good.len() - 65 => matches!(error, MoveError::Forged { .. }),
            _ => matches!(error, MoveError::Damaged { .. }),
        };
        assert!(expected, "byte {at}: {error}");
    }
    for end in (0..good.len()).step_by(7) {
        assert!(matches!(refuse(&good[..end]), MoveError::Damaged { .. }), "cut at {end}");
    }
    assert!(matches!(refuse(&[&good[..], b"more"].concat()), MoveError::Damaged { .. }));
    assert!(!new.can_sign());
    import(&new.store, &key().public(), &file).unwrap();
    assert!(new.can_sign());
}

#[test]
fn whoever_is_not_the_oracle_writes_no_journal() {
    let (old, new, host) = pair();
    let file = old.file("journal");
    let mut journal = export(&old.store, &key(), host, &file).unwrap();
    // Without the row of a head, over which another content could then be signed.
    journal.signed.clear();
    journal.messages.clear();
    let stranger = OracleKey::from_bytes([8; 32]).unwrap();
    std::fs::write(&file, journal.encode(&stranger).0).unwrap();
    assert!(matches!(import(&new.store, &key().public(), &file), Err(MoveError::Forged { .. })));
    // A whole file of another oracle is named as such.
    journal.key = serde_bytes::ByteArray::new(stranger.public());
    std::fs::write(&file, journal.encode(&stranger).0).unwrap();
    assert!(matches!(import(&new.store, &key().public(), &file), Err(MoveError::ForeignKey { .. })));
    let elsewhere = Host::of("elsewhere");
    receive(&elsewhere.store, host).unwrap();
    journal.key = serde_bytes::ByteArray::new(key().public());
    std::fs::write(&file, journal.encode(&key()).0).unwrap();
    let foreign = import(&elsewhere.store, &key().public(), &file);
    assert!(matches!(foreign, Err(MoveError::ForeignNetwork { .. })), "{foreign:?}");
    assert!(!new.can_sign() && !elsewhere.can_sign());
}

#[test]
fn a_journal_older_than_the_ledger_is_refused() {
    let (old, new, host) = pair();
    let file = old.file("journal");
    export(&old.store, &key(), host, &file).unwrap();
    // A backup of the old host, made before the export, signs on somewhere: the ledger hears of it.
    let backup = Host::new();
    backup.vote(1, 10).unwrap();
    backup.vote(4, 40).unwrap();
    new.hears(&backup);
    let stale = import(&new.store, &key().public(), &file);
    assert!(matches!(stale, Err(MoveError::Stale { .. })), "{stale:?}");
    assert!(matches!(Standing::of(&new.store).unwrap(), Standing::Waiting { .. }));
    assert!(new.store.journal().rows("signed", b"").unwrap().is_empty(), "nothing of it was taken");
}

#[test]
fn a_host_whose_journal_is_behind_the_ledger_signs_nothing_and_exports_nothing() {
    let (old, restored) = (Host::new(), Host::new());
    old.vote(1, 10).unwrap();
    restored.vote(1, 10).unwrap();
    assert!(restored.can_sign());
    old.vote(2, 20).unwrap();
    restored.hears(&old);
    let error = may_sign(&restored.store, &key().public()).unwrap_err();
    assert!(matches!(error, MoveError::Behind { .. }), "{error}");
    let export = export(&restored.store, &key(), Hash([1; 32]), &restored.file("journal"));
    assert!(matches!(export, Err(MoveError::Behind { .. })));
    assert_eq!(Standing::of(&restored.store).unwrap(), Standing::Home);
}

/// A journal whose machine stops after so many writes: the rest never happens.
struct Stopping {
    journal: Journal,
    writes: Cell<usize>,
}

impl Stopping {
    fn after(writes: usize, host: &Host) -> Stopping {
        Stopping { journal: host.store.journal(), writes: Cell::new(writes) }
    }
}

impl Rows for Stopping {
    fn get(&self, namespace: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.journal.get(namespace, key)
    }

    fn all(&self, namespace: &str) -> Result<Vec<JournalRow>, StoreError> {
        self.journal.rows(namespace, b"")
    }

    fn replace(&self, namespace: &str, key: &[u8], expected: Option<&[u8]>, value: &[u8]) -> Result<bool, StoreError> {
        let Some(left) = self.writes.get().checked_sub(1) else {
            return Err(StoreError::Halted("the machine stopped".into()));
        };
        self.writes.set(left);
        self.journal.compare_and_set(namespace, key, expected, Some(value))
    }
}

#[test]
fn wherever_the_machine_stops_at_most_one_host_can_sign_and_the_same_command_goes_on() {
    // Two rows of signatures, one of a submission, and the mark.
    const WRITES: usize = 4;
    for (exported, imported) in (0..=1).flat_map(|e| (0..=WRITES).map(move |i| (e, i))) {
        let (old, new, host) = pair();
        old.store.journal().put("submissions", b"submit/1", b"a row").unwrap();
        let file = old.file("journal");
        let stopped = export_over(&old.store, &Stopping::after(exported, &old), &key(), host, &file);
        assert_eq!(stopped.is_ok(), exported == 1);
        assert!(!new.can_sign());
        assert_eq!(old.can_sign(), exported == 0, "the mark is the one write");
        if exported == 0 {
            assert!(!file.exists(), "no file without the mark");
            export(&old.store, &key(), host, &file).unwrap();
        }

        let stopped = import_over(&new.store, &Stopping::after(imported, &new), &key().public(), &file);
        assert_eq!(stopped.is_ok(), imported == WRITES, "{stopped:?}");
        assert!(!old.can_sign());
        assert_eq!(new.can_sign(), imported == WRITES);
        import(&new.store, &key().public(), &file).unwrap();
        assert!(new.can_sign() && !old.can_sign());
        assert_eq!(new.store.journal().get("submissions", b"submit/1").unwrap().unwrap(), b"a row");
        assert!(matches!(new.vote(2, 21), Err(QuorumError::SignedOther { .. })));
    }
}

#[test]
fn a_file_lost_on_the_way_is_written_again_for_the_same_host() {
    let (old, new, host) = pair();
    let file = old.file("journal");
    export(&old.store, &key(), host, &file).unwrap();
    let first = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    export(&old.store, &key(), host, &file).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), first);
    import(&new.store, &key().public(), &file).unwrap();
    assert!(new.can_sign());
}
