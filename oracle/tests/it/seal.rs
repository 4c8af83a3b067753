//! Four witnesses with logs on disk, over a network that loses nothing: what the store and an audit see of a seal.

use cid::Cid;
use ed25519_dalek::{Signer, SigningKey};
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::message::signing_bytes;
use liaise_ledger::{EpochNumber, Hash};
use liaise_oracle::seal::{
    Action, Agreement, BatchStatus, CertificateError, CloseHeader, Config, Decision, Event, FileWal, Held, MemoryWal,
    Pace, SealError, To, View, Wal, WalError, verify_certificate,
};
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

const NETWORK: Hash = Hash([5; 32]);

fn keys() -> Vec<SigningKey> {
    let mut keys: Vec<_> = (1..5).map(|n| SigningKey::from_bytes(&[n; 32])).collect();
    keys.sort_by_key(|key| key.verifying_key().to_bytes());
    keys
}

fn public() -> Vec<[u8; 32]> {
    keys().iter().map(|key| key.verifying_key().to_bytes()).collect()
}

/// Everybody holds everything since ever.
struct All;

fn header(store: &[u8; 32], epoch: EpochNumber) -> CloseHeader {
    let batch = Hash::of(&[store, &epoch.to_be_bytes()]);
    let key = keys().into_iter().find(|key| key.verifying_key().as_bytes() == store).expect("a witness");
    CloseHeader { batch, signature: key.sign(&signing_bytes(&batch.to_cid(DAG_CBOR))).to_bytes() }
}

impl View for All {
    fn close_batch(&self, store: &[u8; 32], epoch: EpochNumber) -> Option<Held> {
        Some(Held { header: header(store, epoch), since_ms: 0 })
    }
    fn status(&self, store: &[u8; 32], epoch: EpochNumber, batch: &Hash) -> BatchStatus {
        if *batch == header(store, epoch).batch { BatchStatus::HeldAndDescends } else { BatchStatus::Refused }
    }
    fn sealed(&self, _: EpochNumber) -> Option<Decision> {
        None
    }
}

fn config(signer: SigningKey) -> Config {
    Config { network: NETWORK, keys: public(), signer, wait: Duration::from_secs(60), pace: Pace::default() }
}

fn witness(folder: &Path, i: usize) -> Agreement<FileWal> {
    let wal = FileWal::open(&folder.join(format!("{i}.wal"))).expect("a fresh folder");
    Agreement::new(config(keys()[i].clone()), wal).expect("a whole log")
}

/// Starts an epoch everywhere and delivers until nothing is left to deliver.
fn agree<W: Wal>(witnesses: &mut [Agreement<W>], epoch: EpochNumber) -> Vec<Decision> {
    let (mut mail, mut decisions) = (VecDeque::new(), Vec::new());
    let mut sort = |from: usize, actions: Vec<Action>, mail: &mut VecDeque<(usize, Vec<u8>)>| {
        for action in actions {
            match action {
                Action::Send { to: To::All, bytes } => {
                    mail.extend((0..4).filter(|i| *i != from).map(|i| (i, bytes.clone())));
                }
                Action::Send { to: To::One(key), bytes } => {
                    mail.push_back((public().iter().position(|k| *k == key).expect("a witness"), bytes));
                }
                Action::Decided(decision) => decisions.push(decision),
                Action::SetTimeout { .. } | Action::CancelTimeout(_) => {}
            }
        }
    };
    for (i, witness) in witnesses.iter_mut().enumerate() {
        sort(i, witness.start(epoch, 0, &All).expect("starts"), &mut mail);
    }
    while let Some((to, bytes)) = mail.pop_front() {
        sort(to, witnesses[to].handle(Event::Message(bytes), 0, &All).expect("goes on"), &mut mail);
    }
    decisions
}

fn in_memory() -> Vec<Agreement<MemoryWal>> {
    keys().into_iter().map(|key| Agreement::new(config(key), MemoryWal::default()).expect("a witness")).collect()
}

#[test]
fn four_witnesses_seal_and_remember() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut witnesses: Vec<_> = (0..4).map(|i| witness(folder.path(), i)).collect();
    for epoch in -1..20 {
        let decisions = agree(&mut witnesses, epoch);
        assert_eq!(decisions.len(), 4);
        for decision in &decisions {
            assert_eq!(decision.batches, decisions[0].batches);
            let expected: Vec<_> = public().iter().map(|store| Some(header(store, epoch).cid())).collect();
            assert_eq!(decision.batches, expected, "in the order of the keys");
            verify_certificate(&NETWORK, &public(), epoch, &decision.batches, &decision.certificate).expect("a proof");
        }
    }
    drop(witnesses);
    let mut again = witness(folder.path(), 2);
    assert_eq!((again.last_decided(), again.running()), (Some(19), None));
    let actions = again.start(19, 0, &All).expect("decided before");
    assert!(matches!(&actions[..], [Action::Decided(d)] if d.epoch == 19), "{actions:?}");
    assert!(matches!(again.start(-1, 0, &All), Err(SealError::Past(-1))), "the log keeps the last sixteen");
    again.start(20, 0, &All).expect("the next");
    assert!(matches!(again.start(21, 0, &All), Err(SealError::Running { running: 20, asked: 21 })));
    assert!(again.start(20, 0, &All).expect("started before").is_empty());
}

#[test]
fn a_certificate_proves_its_vector_and_nothing_else() {
    let decision = agree(&mut in_memory(), 3).remove(0);
    let Decision { epoch, batches, certificate } = decision;
    let check = |network: &Hash, keys: &[[u8; 32]], epoch, batches: &[Option<Cid>], certificate: &[u8]| {
        verify_certificate(network, keys, epoch, batches, certificate)
    };
    let keys_here = public();
    assert_eq!(check(&NETWORK, &keys_here, epoch, &batches, &certificate), Ok(()));
    assert!(check(&Hash([6; 32]), &keys_here, epoch, &batches, &certificate).is_err(), "another network");
    assert!(check(&NETWORK, &keys_here, epoch + 1, &batches, &certificate).is_err(), "another epoch");
    let mut other = batches.clone();
    other[1] = None;
    assert!(check(&NETWORK, &keys_here, epoch, &other, &certificate).is_err(), "another vector");
    other[2] = None;
    let too_few = check(&NETWORK, &keys_here, epoch, &other, &certificate);
    assert!(matches!(too_few, Err(CertificateError::Vector(_))), "{too_few:?}");
    let mut strangers = keys_here.clone();
    strangers[3] = [0xfe; 32];
    assert!(check(&NETWORK, &strangers, epoch, &batches, &certificate).is_err(), "another set");
    for i in 0..certificate.len() {
        let mut damaged = certificate.clone();
        damaged[i] ^= 1;
        assert!(check(&NETWORK, &keys_here, epoch, &batches, &damaged).is_err(), "byte {i}");
        assert!(check(&NETWORK, &keys_here, epoch, &batches, &certificate[..i]).is_err(), "cut at {i}");
    }
}

#[test]
fn a_seal_from_the_ledger_ends_the_epoch_of_a_late_witness() {
    let mut four = in_memory();
    let mut late = four.pop().expect("four");
    let mut decision = agree(&mut in_memory(), 7).remove(0);
    late.start(7, 0, &All).expect("starts");
    let seal = Event::Sealed(decision.clone());
    let actions = late.handle(seal, 0, &All).expect("a proof");
    assert!(actions.iter().any(|a| matches!(a, Action::Decided(d) if *d == decision)));
    assert_eq!(late.last_decided(), Some(7));
    decision.epoch = 8;
    let refused = late.handle(Event::Sealed(decision), 0, &All);
    assert!(matches!(refused, Err(SealError::Seal { epoch: 8, .. })), "{refused:?}");
    late.start(8, 0, &All).expect("a bad seal halts nothing");
}

#[test]
fn one_process_has_the_log_and_a_crash_tears_only_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("seal.wal");
    let mut wal = FileWal::open(&path).expect("opens");
    assert!(matches!(FileWal::open(&path), Err(WalError::InUse(_))));
    assert!(wal.replay().expect("empty").is_empty());
    wal.append(b"one").expect("appends");
    wal.append(b"two").expect("appends");
    drop(wal);
    let whole = std::fs::read(&path).expect("a file");

    std::fs::write(&path, &whole[..whole.len() - 1]).expect("torn");
    let mut wal = FileWal::open(&path).expect("opens");
    assert_eq!(wal.replay().expect("torn"), [b"one"]);
    wal.append(b"three").expect("appends");
    assert_eq!(wal.replay().expect("whole"), [&b"one"[..], b"three"]);
    wal.truncate(&[b"kept".to_vec()]).expect("truncates");
    wal.append(b"four").expect("appends");
    drop(wal);
    assert_eq!(FileWal::open(&path).expect("opens").replay().expect("whole"), [&b"kept"[..], b"four"]);

    let mut damaged = whole;
    damaged[8] ^= 1;
    std::fs::write(&path, damaged).expect("damaged");
    let refused = FileWal::open(&path).expect("opens").replay();
    assert!(matches!(refused, Err(WalError::Damaged(0))), "a record before the last is no torn tail: {refused:?}");
}

/// A disk that fills up.
struct FullDisk(u32);

impl Wal for FullDisk {
    fn replay(&mut self) -> Result<Vec<Vec<u8>>, WalError> {
        Ok(Vec::new())
    }
    fn append(&mut self, _: &[u8]) -> Result<(), WalError> {
        self.0 = self.0.checked_sub(1).ok_or(WalError::Other("disk full".to_owned()))?;
        Ok(())
    }
    fn truncate(&mut self, _: &[Vec<u8>]) -> Result<(), WalError> {
        Ok(())
    }
}

#[test]
fn a_witness_halts_for_good_when_its_log_fails() {
    for room in 0..3 {
        // Witness 1 leads epoch -1: it proposes as soon as it starts.
        let mut witness = Agreement::new(config(keys()[1].clone()), FullDisk(room)).expect("a witness");
        let error = witness.start(-1, 0, &All).expect_err("no room for what it signs");
        assert!(matches!(error, SealError::Log(_)) && error.to_string().contains("mend the disk"), "{error}");
        assert!(matches!(witness.handle(Event::View, 0, &All), Err(SealError::Halted)));
        assert!(matches!(witness.start(-1, 0, &All), Err(SealError::Halted)));
    }
}

#[test]
fn who_is_no_witness_is_told() {
    let stranger = Agreement::new(config(SigningKey::from_bytes(&[99; 32])), MemoryWal::default());
    assert!(matches!(stranger.err(), Some(SealError::NotAWitness)));
    let mut few = config(keys()[0].clone());
    few.keys.pop();
    assert!(matches!(Agreement::new(few, MemoryWal::default()).err(), Some(SealError::Keys(_))));
}

#[test]
fn garbage_is_dropped() {
    let mut witness = in_memory().remove(0);
    witness.start(0, 0, &All).expect("starts");
    for bytes in [vec![], vec![0], vec![1, 99], vec![255; 1 << 16]] {
        assert!(witness.handle(Event::Message(bytes), 0, &All).expect("nothing happens").is_empty());
    }
}

#[test]
fn an_agreement_may_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&in_memory());
}
