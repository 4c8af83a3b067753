//! The database against a map that does the same, through flushes, reopenings and crashes.

use super::*;
use crate::layout::{BLOBS, CHILDREN, IDS, KEYS};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;

const NETWORK: Hash = Hash([7; 32]);
const USED: [Family; 4] = [IDS, KEYS, CHILDREN, MESSAGES];

type Model = BTreeMap<(u8, Vec<u8>), Vec<u8>>;

fn limits(newest_bytes: usize) -> Limits {
    Limits { newest_bytes, ..Limits::default() }
}

fn open(dir: &Path) -> Db {
    Db::open(dir, NETWORK, true, false, limits(40_000)).unwrap()
}

/// Short keys, so that they meet again, some with eight equal bytes in front.
fn key(random: &mut StdRng) -> Vec<u8> {
    let front: &[u8] = [&b""[..], b"samesame", b"sa"].choose(random).unwrap();
    let length = random.gen_range(1..3);
    let rest = (0..length).map(|_| random.gen_range(0..40u8));
    front.iter().copied().chain(rest).collect()
}

fn step(db: &Db, model: &mut Model, random: &mut StdRng, rows: usize) {
    let mut batch = Batch::default();
    for _ in 0..rows {
        let (family, key) = (*USED.choose(random).unwrap(), key(random));
        if random.gen_ratio(1, 4) {
            batch.delete(family, &key);
            model.remove(&(family.0, key));
        } else {
            let value = vec![random.r#gen(); random.gen_range(0..60)];
            batch.put(family, &key, &value);
            model.insert((family.0, key), value);
        }
    }
    db.write(batch, random.r#gen()).unwrap();
}

fn compare(db: &Db, model: &Model, random: &mut StdRng) {
    let plain = |row: Result<Row, StoreError>| row.map(|(key, value)| (key.into_vec(), value.into_vec())).unwrap();
    for family in USED {
        for _ in 0..40 {
            let key = key(random);
            let expected = model.get(&(family.0, key.clone()));
            assert_eq!(db.get(family, &key).unwrap().as_ref(), expected);
            assert_eq!(db.contains(family, &key).unwrap(), expected.is_some());
        }
        for prefix in [&b""[..], b"samesame", b"\x05", b"none"] {
            let from = if random.r#gen() { vec![random.gen_range(0..40u8)] } else { vec![] };
            let start = [prefix, &from].concat();
            let all = model.iter().filter(|((f, key), _)| *f == family.0 && key.starts_with(prefix));
            let all: Vec<_> = all.map(|((_, key), value)| (key.clone(), value.clone())).collect();
            let up: Vec<_> = db.scan(family, prefix, &from).unwrap().map(plain).collect();
            let expected: Vec<_> = all.iter().filter(|(key, _)| *key >= start).cloned().collect();
            assert_eq!(up, expected, "{} from {start:?}", family.name());
            let down: Vec<_> = db.scan_back(family, prefix, &from).unwrap().map(plain).collect();
            let expected: Vec<_> = all.iter().rev().filter(|(key, _)| *key <= start).cloned().collect();
            assert_eq!(down, expected, "{} back from {start:?}", family.name());
        }
    }
}

#[test]
fn it_does_what_a_map_does() {
    for seed in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let mut random = StdRng::seed_from_u64(seed);
        let mut model = Model::new();
        for _ in 0..5 {
            let db = open(dir.path());
            compare(&db, &model, &mut random);
            for _ in 0..25 {
                let rows = *[1, 3, 300].choose(&mut random).unwrap();
                step(&db, &mut model, &mut random, rows);
                compare(&db, &model, &mut random);
            }
        }
        let kept = std::fs::read_dir(dir.path())
            .unwrap()
            .filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "sst"));
        assert!(kept.count() > 0, "rows went into RocksDB");
    }
}

/// Copies the directory while the database is open, which is what a crash leaves where all was synced.
fn crash(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            crash(&path, &target);
        } else {
            // A file may go between being listed and being copied.
            let _ = std::fs::copy(&path, &target);
        }
    }
}

#[test]
fn a_crash_at_any_step_of_a_flush_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(1);
    let mut model = Model::new();
    // Nothing is flushed but by hand.
    let db = Db::open(dir.path(), NETWORK, true, false, limits(usize::MAX)).unwrap();
    step(&db, &mut model, &mut random, 2_000);
    db.erase(BLOBS, std::iter::empty()).unwrap();
    db.shared.wait().unwrap();
    assert!(db.view().active.is_empty());
    // A flush by hand, up to each of its steps, against a log that still has everything.
    for seed in 0..4 {
        let mut batch = Batch::default();
        for i in 0..1_500u32 {
            let mut key = vec![seed];
            key.extend(i.to_be_bytes());
            batch.put(IDS, &key, &[seed]);
            model.insert((IDS.0, key), vec![seed]);
        }
        db.write(batch, true).unwrap();
        let copy = tempfile::tempdir().unwrap();
        if seed % 2 == 1 {
            // All rows are in RocksDB, and the log still has them.
            db.shared.ingest(&read_lock(&db.shared.view).active).unwrap();
        }
        // A sorted file that was left over is no hindrance.
        std::fs::write(log::folder(dir.path()).join("ids.sst"), b"half a file").unwrap();
        crash(dir.path(), copy.path());
        let reopened = open(copy.path());
        compare(&reopened, &model, &mut random);
        assert_eq!(reopened.scan(IDS, &[seed], &[]).unwrap().count(), expected(&model, seed));
    }
}

fn expected(model: &Model, first: u8) -> usize {
    model.keys().filter(|(family, key)| *family == IDS.0 && key.first() == Some(&first)).count()
}

#[test]
fn a_reader_beside_the_writer_sees_what_was_written_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(2);
    let mut model = Model::new();
    let db = open(dir.path());
    for _ in 0..12 {
        step(&db, &mut model, &mut random, 400);
        let reader = Db::open(dir.path(), NETWORK, false, true, limits(40_000)).unwrap();
        compare(&reader, &model, &mut random);
        assert!(matches!(reader.write(Batch::default(), true), Err(StoreError::ReadOnly)));
    }
}

#[test]
fn a_scan_sees_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(3);
    let mut model = Model::new();
    let db = open(dir.path());
    step(&db, &mut model, &mut random, 500);
    let expected = model.keys().filter(|(family, _)| *family == KEYS.0).count();
    let mut rows = db.scan(KEYS, &[], &[]).unwrap();
    rows.next().unwrap().unwrap();
    for _ in 0..20 {
        step(&db, &mut model, &mut random, 500);
    }
    let rest = rows.collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(rest.len() + 1, expected);
}

#[test]
fn many_readers_and_one_writer_agree() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path());
    let written = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let until = written.load(std::sync::atomic::Ordering::Acquire);
                    for i in (0..until).rev().step_by(97) {
                        assert_eq!(db.get(IDS, &i.to_be_bytes()).unwrap(), Some(vec![1; 30]), "row {i} of {until}");
                    }
                    assert!(db.scan(IDS, &[], &[]).unwrap().count() >= until as usize);
                    if until == 6_000 {
                        break;
                    }
                }
            });
        }
        for i in 0..6_000u32 {
            let mut batch = Batch::default();
            batch.put(IDS, &i.to_be_bytes(), &[1; 30]);
            db.write(batch, false).unwrap();
            written.store(i + 1, std::sync::atomic::Ordering::Release);
        }
    });
}

fn is_on_disk(dir: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        // A file may go between being listed and being read.
        let read = || std::fs::read(&path).unwrap_or_default();
        if path.is_dir() { is_on_disk(&path, bytes) } else { read().windows(bytes.len()).any(|window| window == bytes) }
    })
}

#[test]
fn what_is_erased_leaves_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path());
    let (secret, other) = (&b"what a curator removes"[..], &b"what stays for good....."[..]);
    let put = |key: &[u8], value: &[u8]| {
        let mut batch = Batch::default();
        batch.put(BLOBS, key, value);
        db.write(batch, true).unwrap();
    };
    // Once in the log alone, once deep in the database.
    for deep in [false, true] {
        put(b"gone", secret);
        put(b"kept", other);
        if deep {
            db.erase(BLOBS, std::iter::empty()).unwrap();
            db.shared.wait().unwrap();
        }
        assert!(is_on_disk(dir.path(), secret));
        let mut batch = Batch::default();
        batch.delete(BLOBS, b"gone");
        db.write(batch, true).unwrap();
        db.erase(BLOBS, std::iter::once(b"gone".to_vec())).unwrap();
        db.shared.wait().unwrap();
        assert!(!is_on_disk(dir.path(), secret), "deep: {deep}");
        assert!(is_on_disk(dir.path(), other));
        assert_eq!(db.get(BLOBS, b"kept").unwrap().as_deref(), Some(other));
        assert_eq!(db.get(BLOBS, b"gone").unwrap(), None);
    }
}

#[test]
fn what_is_appended_is_read_once_it_is_durable_and_by_who_writes_before() {
    let dir = tempfile::tempdir().unwrap();
    let row = |value: &[u8]| {
        let mut batch = Batch::default();
        batch.put(IDS, b"key", value);
        batch
    };
    let waiting = |db: &Db| -> Vec<Vec<u8>> {
        db.waiting().iter().map(|batch| batch.get(IDS, b"key").unwrap().unwrap().to_vec()).collect()
    };
    let db = open(dir.path());
    let first = db.append(row(b"1")).unwrap();
    let second = db.append(row(b"2")).unwrap();
    assert_eq!(db.append(Batch::default()).unwrap(), second, "nothing to write is as durable as what came before");
    assert_eq!((db.get(IDS, b"key").unwrap(), db.scan(IDS, &[], &[]).unwrap().count()), (None, 0));
    assert_eq!(waiting(&db), [b"2", b"1"]);
    db.publish(first).unwrap();
    assert_eq!(db.get(IDS, b"key").unwrap().as_deref(), Some(&b"2"[..]), "one way to the disk serves all");
    assert!(waiting(&db).is_empty());
    // What waits goes with what is on its way into RocksDB, and none of it is lost with the log's older files.
    db.append(row(b"3")).unwrap();
    db.erase(IDS, std::iter::empty()).unwrap();
    db.shared.wait().unwrap();
    assert_eq!(db.get(IDS, b"key").unwrap().as_deref(), Some(&b"3"[..]));
    db.append(row(b"4")).unwrap();
    let copy = tempfile::tempdir().unwrap();
    db.checkpoint(&copy.path().join("copy")).unwrap();
    drop(db);
    for dir in [dir.path(), &copy.path().join("copy")] {
        assert_eq!(open(dir).get(IDS, b"key").unwrap().as_deref(), Some(&b"4"[..]));
    }
}

#[test]
fn many_writers_share_the_way_to_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(dir.path());
    let (writers, writes) = (8u32, 300u32);
    std::thread::scope(|scope| {
        for writer in 0..writers {
            let db = &db;
            scope.spawn(move || {
                for i in 0..writes {
                    let mut batch = Batch::default();
                    batch.put(IDS, &[writer.to_be_bytes(), i.to_be_bytes()].concat(), &[7; 40]);
                    batch.put(KEYS, &writer.to_be_bytes(), &i.to_be_bytes());
                    db.write(batch, i % 5 != 0).unwrap();
                    assert_eq!(db.get(KEYS, &writer.to_be_bytes()).unwrap().as_deref(), Some(&i.to_be_bytes()[..]));
                    assert_eq!(db.scan(IDS, &writer.to_be_bytes(), &[]).unwrap().count(), i as usize + 1);
                }
            });
        }
    });
    drop(db);
    assert_eq!(open(dir.path()).scan(IDS, &[], &[]).unwrap().count(), (writers * writes) as usize);
}

/// Filters and indexes of files are in the cache or on disk, not beside it for as long as the files are there.
#[test]
fn what_the_database_holds_in_memory_has_a_bound() {
    const CACHE: usize = 1 << 20;
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { newest_bytes: 1 << 20, cache_bytes: CACHE, ..Limits::default() };
    let db = Db::open(dir.path(), NETWORK, true, false, limits).unwrap();
    let key = |n: u32| Hash::of(&[&n.to_be_bytes()]).0;
    // A filter of 250 KiB, an index of some 80 and rows of 8 MiB.
    for call in 0..100u32 {
        let mut batch = Batch::default();
        (0..2_000).for_each(|n| batch.put(IDS, &key(2_000 * call + n), &n.to_be_bytes()));
        db.write(batch, false).unwrap();
    }
    db.checkpoint(&dir.path().join("copy")).unwrap();
    assert!((0..200_000).step_by(7).all(|n| db.contains(IDS, &key(n)).unwrap()));
    assert!((200_000..300_000).step_by(7).all(|n| !db.contains(IDS, &key(n)).unwrap()));
    let held = db.memory().unwrap();
    assert!(held.tables < 100_000, "{held:?}");
    assert!((CACHE as u64 / 4..2 * CACHE as u64).contains(&held.cache), "{held:?}");
    assert!(held.newest < 2 << 20 && held.memtables < 16 << 20, "{held:?}");
}
