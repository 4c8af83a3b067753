//! The journal and blobs.

use crate::support::*;
use cid::Cid;
use liaise_ledger::hash::{blob_cid, block_cid};
use liaise_store::{Limits, Options, Store, StoreError};

#[test]
fn journal_rows_are_durable_and_apart() {
    let dir = tempfile::tempdir().unwrap();
    {
        let journal = plain(dir.path()).journal();
        journal.put("oracle", b"head", b"1").unwrap();
        journal.put("oracle", b"heads", b"2").unwrap();
        journal.put("oracl", b"ehead", b"3").unwrap();
        journal.put_lazily("follow", b"", b"4").unwrap();
        journal.put("oracle", b"gone", b"5").unwrap();
        journal.delete("oracle", b"gone").unwrap();
    }
    let journal = plain(dir.path()).journal();
    assert_eq!(journal.get("oracle", b"head").unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(journal.get("oracle", b"gone").unwrap(), None);
    let rows = |prefix: &[u8]| journal.rows("oracle", prefix).unwrap();
    assert_eq!(rows(b""), [(b"head".to_vec(), b"1".to_vec()), (b"heads".to_vec(), b"2".to_vec())]);
    assert_eq!(rows(b"heads"), [(b"heads".to_vec(), b"2".to_vec())]);
    assert_eq!(journal.rows("follow", b"").unwrap(), [(vec![], b"4".to_vec())]);
}

#[test]
fn compare_and_set_lets_one_win() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(dir.path());
    let journal = store.journal();
    assert!(!journal.compare_and_set("n", b"k", Some(b"x"), Some(b"y")).unwrap());
    assert!(journal.compare_and_set("n", b"k", None, Some(b"0")).unwrap());
    assert!(!journal.compare_and_set("n", b"k", None, Some(b"1")).unwrap());
    let rounds = 50;
    let wins: Vec<u32> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4)
            .map(|_| {
                let journal = store.journal();
                scope.spawn(move || {
                    let mut wins = 0;
                    loop {
                        let now: u32 =
                            String::from_utf8(journal.get("n", b"k").unwrap().unwrap()).unwrap().parse().unwrap();
                        if now == rounds {
                            return wins;
                        }
                        let (from, to) = (now.to_string(), (now + 1).to_string());
                        let won = journal.compare_and_set("n", b"k", Some(from.as_bytes()), Some(to.as_bytes()));
                        wins += u32::from(won.unwrap());
                    }
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(wins.iter().sum::<u32>(), rounds, "each step was won once: {wins:?}");
    assert!(journal.compare_and_set("n", b"k", Some(b"50"), None).unwrap());
    assert_eq!(journal.get("n", b"k").unwrap(), None);
}

#[test]
fn blobs_come_back_by_any_cid_of_their_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { blob_bytes: 10, ..Limits::default() };
    let store = Store::open(dir.path(), Options { limits, ..options() }).unwrap();
    let id = store.put_blob(b"0123456789").unwrap();
    assert_eq!(id, blob_cid(b"0123456789"));
    assert_eq!(store.put_blob(b"0123456789").unwrap(), id);
    assert_eq!(store.get_blob(&block_cid(b"0123456789")).unwrap().as_deref(), Some(&b"0123456789"[..]));
    assert!(matches!(store.put_blob(b"0123456789a"), Err(StoreError::BlobTooLarge { found: 11, limit: 10 })));
    assert!(matches!(store.put_blobs(&[b"a", b"0123456789a"]), Err(StoreError::BlobTooLarge { .. })));
    assert!(!store.contains_blob(&blob_cid(b"a")).unwrap(), "all or none");
    let mut ids = store.put_blobs(&[b"a", b"b", b"c"]).unwrap();
    ids.push(id);
    ids.sort_by_key(|id| id.hash().digest().to_vec());
    assert_eq!(store.blobs_after(None, 10).unwrap(), ids);
    assert_eq!(store.blobs_after(Some(&ids[1]), 1).unwrap(), [ids[2]]);
    store.purge_blob(&id).unwrap();
    assert!(store.is_purged(&id).unwrap() && !store.contains_blob(&id).unwrap());
    assert!(matches!(store.put_blob(b"0123456789"), Err(StoreError::Purged(purged)) if purged == id));
    assert_eq!(store.get_blob(&Cid::default()).unwrap(), None);
    // What comes from others is kept but for what was removed.
    assert_eq!(store.keep_blobs(&[b"d", b"0123456789", b"a"]).unwrap(), [true, false, true]);
    assert!(store.contains_blob(&blob_cid(b"d")).unwrap() && !store.contains_blob(&id).unwrap());
    assert!(matches!(store.put_blobs(&[b"e", b"0123456789"]), Err(StoreError::Purged(_))));
    assert!(!store.contains_blob(&blob_cid(b"e")).unwrap(), "all or none");
}
