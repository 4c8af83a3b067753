//! CAR files of messages and blobs, as strangers hand them over.

use crate::sample;
use crate::{Target, bombs, choose, chosen};
use liaise_ledger::hash::blob_cid;
use liaise_store::fuzz::{read_car, write_car};
use liaise_store::{Filter, Options, Store};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// Bytes of a block, in these targets.
const LIMIT: usize = 64 * 1024;

pub const CAR: Target = Target {
    name: "car",
    decoders: "CAR frames, and `Store::import_car` into a store on disk",
    longest: 64 * 1024,
    memory: 256,
    read: |input| {
        let Some((which, rest)) = choose(input) else { return false };
        match which {
            0 => frames(rest),
            1 => import(rest),
            _ => false,
        }
    },
    seeds: || {
        let blocks = [(blob_cid(b"one"), b"one".to_vec()), (blob_cid(b""), vec![])];
        let exported = exported();
        [chosen(0, [write_car(blocks[0].0, &blocks), exported.clone()]), chosen(1, [exported])].concat()
    },
    refused: || {
        let root = blob_cid(b"root");
        let header = write_car(root, &[]);
        let claims = [&header[..], b"\xff\xff\xff\xff\xff\xff\xff\x7f"].concat();
        let endless = [&header[..], &[0xff; 20]].concat();
        let within = |bomb: Vec<u8>| {
            write_car(liaise_ledger::hash::block_cid(&bomb), &[(liaise_ledger::hash::block_cid(&bomb), bomb)])
        };
        let files = || bombs().into_iter().map(within).chain([claims.clone(), endless.clone()]).collect::<Vec<_>>();
        [chosen(0, [vec![], vec![0xff; 20]]), chosen(1, files())].concat()
    },
};

fn frames(input: &[u8]) -> bool {
    let Some(read) = read_car(input, LIMIT) else { return false };
    assert!(read.end <= input.len() as u64, "no byte is read twice");
    assert!(read.torn || read.end == input.len() as u64, "a file that is not torn is read to its end");
    let again = read_car(&write_car(read.root, &read.blocks), LIMIT).expect("what was written is a CAR file");
    assert_eq!((again.root, again.blocks, again.bad, again.torn), (read.root, read.blocks, 0, false));
    read.bad == 0 && !read.torn
}

/// The store of this process: opening one for each input would be all that is measured.
static STORE: Mutex<Option<(TempDir, Store)>> = Mutex::new(None);

fn store() -> MutexGuard<'static, Option<(TempDir, Store)>> {
    let mut store = STORE.lock().unwrap_or_else(PoisonError::into_inner);
    store.get_or_insert_with(open);
    store
}

fn open() -> (TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let store = Store::open(folder.path(), Options::new(sample::genesis())).expect("a new store opens");
    (folder, store)
}

/// Closes the store of this process and removes its folder.
pub fn close() {
    *STORE.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

fn import(input: &[u8]) -> bool {
    let guard = store();
    let (_, store) = guard.as_ref().expect("it was just opened");
    let Ok(first) = store.import_car(input, |_| {}) else { return false };
    let second = store.import_car(input, |_| {}).expect("it was read once");
    assert_eq!(second.accepted, 0, "importing twice brings nothing new");
    assert_eq!(second.duplicates, first.accepted + first.duplicates, "what was stored is here");
    assert_eq!((second.bad_count, second.blobs, second.complete), (first.bad_count, first.blobs, first.complete));
    first.bad_count == 0 && first.complete
}

/// A store's export with a session, messages of it, and a blob.
fn exported() -> Vec<u8> {
    let (_folder, store) = open();
    let messages = sample::messages().into_iter().take(3).collect();
    let report = store.ingest(messages).expect("the store takes messages");
    assert!(report.outcomes.iter().all(|outcome| outcome.id.is_some()));
    store.put_blob(b"a blob").expect("the store takes blobs");
    let mut file = Vec::new();
    store.export_car(&mut file, &Filter::All, |_| {}).expect("a store can be exported");
    file
}
