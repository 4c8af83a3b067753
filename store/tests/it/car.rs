//! CAR files: an independent reader opens them, a second store has the same content, and strangers' files do no harm.

use crate::support::*;
use cid::Cid;
use futures::executor::block_on;
use ipld_core::ipld::Ipld;
use liaise_ledger::hash::{RAW, block_cid};
use liaise_ledger::{Genesis, Verified};
use liaise_store::{CarError, Filter, ImportReport, Options, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

fn export(store: &Store, filter: &Filter) -> Vec<u8> {
    let mut file = Vec::new();
    let mut calls = 0;
    let report = store.export_car(&mut file, filter, |_| calls += 1).unwrap();
    assert_eq!(report.bytes, file.len() as u64);
    assert!(calls > 0);
    file
}

fn import(store: &Store, file: &[u8]) -> ImportReport {
    store.import_car(file, |_| ()).unwrap()
}

/// A witness' store with two epochs, some of 2 500 messages in each, and blobs.
fn full(dir: &Path) -> (Store, Vec<Verified>) {
    let store = witness_store(dir);
    let mut messages = Vec::new();
    for (i, count) in [(1, 1_500u64), (2, 1_000)] {
        let mut user = User::new(i);
        let mut fresh = vec![user.open()];
        fresh.extend((0..count).map(|round| user.ticket(round)));
        accept(&store, &fresh);
        store.close_epoch(i as i64).unwrap();
        messages.extend(fresh);
    }
    for i in 0..1_030u32 {
        store.put_blob(format!("blob {i}").as_bytes()).unwrap();
    }
    (store, messages)
}

/// Opens a file with `rs-car`, which shares no code with the store, and follows its links.
fn independent(file: &[u8]) -> (BTreeMap<Cid, Vec<u8>>, Ipld) {
    let mut reader = futures::io::Cursor::new(file);
    let (blocks, header) = block_on(rs_car::car_read_all(&mut reader, true)).unwrap();
    let blocks: BTreeMap<Cid, Vec<u8>> =
        blocks.into_iter().map(|(id, block)| (id.to_string().parse().unwrap(), block)).collect();
    assert_eq!(header.roots.len(), 1);
    let root: Cid = header.roots[0].to_string().parse().unwrap();
    let root = serde_ipld_dagcbor::from_slice(&blocks[&root]).unwrap();
    (blocks, root)
}

fn links(ipld: &Ipld, key: &str) -> Vec<Cid> {
    let Ok(Some(Ipld::List(items))) = ipld.get(key) else { panic!("{ipld:?}") };
    let link = |item: &Ipld| match item {
        Ipld::Link(id) => *id,
        Ipld::List(pair) => match &pair[0] {
            Ipld::Link(id) => *id,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    items.iter().map(link).collect()
}

#[test]
fn an_independent_reader_finds_every_message_from_the_root() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = full(dir.path());
    let (blocks, root) = independent(&export(&store, &Filter::All));
    let mut found = BTreeSet::new();
    for list in links(&root, "messages") {
        let list: Ipld = serde_ipld_dagcbor::from_slice(&blocks[&list]).unwrap();
        for id in links(&list, "signatures") {
            let message: Ipld = serde_ipld_dagcbor::from_slice(&blocks[&id]).unwrap();
            assert!(matches!(message.get("body"), Ok(Some(Ipld::Map(_)))), "{message:?}");
            assert!(found.insert(id), "{id} twice");
        }
    }
    assert_eq!(found, content(&store).into_keys().collect());
    let lists: Vec<Ipld> =
        links(&root, "blobs").iter().map(|id| serde_ipld_dagcbor::from_slice(&blocks[id]).unwrap()).collect();
    let blobs: Vec<Cid> = lists.iter().flat_map(|list| links(list, "blobs")).collect();
    assert_eq!(blobs.len(), 1_030);
    assert!(blobs.iter().all(|id| id.codec() == RAW && blocks.contains_key(id)));
}

#[test]
fn a_second_store_gets_the_same_content() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, messages) = full(one.path());
    let file = export(&store, &Filter::All);
    let other = plain(two.path());
    let report = import(&other, &file);
    assert_eq!((report.bad, report.bad_count, report.complete), (vec![], 0, true));
    assert_eq!((report.accepted as usize, report.blobs), (content(&store).len(), 1_030));
    assert_eq!(content(&other), content(&store));
    assert_eq!(other.receipts_of(&messages[7].id).unwrap(), store.receipts_of(&messages[7].id).unwrap());
    // The same again changes nothing.
    let again = import(&other, &file);
    assert_eq!((again.accepted, again.duplicates), (0, report.accepted));
}

/// The blocks of a file as they stand in it: offset and length of each section.
fn sections(file: &[u8]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < file.len() {
        let (mut length, mut shift, start) = (0usize, 0, at);
        loop {
            let byte = file[at];
            at += 1;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        at += length;
        out.push((start, at - start));
    }
    out
}

#[test]
fn bad_blocks_are_reported_and_the_others_kept() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = plain(one.path());
    let mut user = User::new(1);
    accept(&store, &[user.open()]);
    for i in 0..30 {
        accept(&store, &[user.ticket(i)]);
    }
    let mut file = export(&store, &Filter::All);
    let sections = sections(&file);
    // Header, root, signatures, then the messages: the last byte of the tenth message is spoiled.
    let (start, length) = sections[3 + 10];
    file[start + length - 1] ^= 1;
    let (other, spoiled) = (plain(two.path()), store.at(11).unwrap().unwrap());
    let report = import(&other, &file);
    assert_eq!((report.accepted, report.complete), (30, true));
    let why: Vec<(&str, Option<Cid>)> = report.bad.iter().map(|bad| (bad.why.as_str(), bad.id)).collect();
    let id = block_cid(&spoiled.block);
    assert_eq!(
        why,
        [
            ("its bytes are not those of its CID", Some(id)),
            ("the file names this message and does not hold it", Some(id))
        ]
    );
    assert_eq!(report.bad[0].offset, start as u64);
    assert!(!other.contains(&id).unwrap());
}

#[test]
fn forged_signatures_and_torn_files_leave_what_is_good() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(&dir.path().join("one"));
    let mut user = User::new(1);
    accept(&store, &[user.open(), user.ticket(1), user.ticket(2)]);
    let file = export(&store, &Filter::All);
    let parts = sections(&file);
    let torn = plain(&dir.path().join("torn"));
    let report = import(&torn, &file[..parts[4].0 + 40]);
    assert_eq!((report.accepted, report.complete), (1, false));
    assert!(report.bad.iter().any(|bad| bad.why == "it ends within a block"), "{:?}", report.bad);
    // A stranger's file: the blocks are right, one signature is not, and every CID in it is recomputed.
    let second = store.at(2).unwrap().unwrap();
    let other = plain(&dir.path().join("forged"));
    let forged = reframe(&file, |signatures| {
        for (id, signature) in signatures {
            if *id == block_cid(&second.block) {
                signature[0] ^= 1;
            }
        }
    });
    let report = import(&other, &forged);
    assert_eq!((report.accepted, report.bad_count), (2, 1));
    assert!(report.bad[0].why.starts_with("signature:"), "{:?}", report.bad);
}

type Signature = (Cid, serde_bytes::ByteBuf);

/// Rewrites the signatures of a file with one chunk, and everything that links to them.
fn reframe(file: &[u8], change: impl FnOnce(&mut [Signature])) -> Vec<u8> {
    let (blocks, root) = independent(file);
    let list = links(&root, "messages")[0];
    let mut map: BTreeMap<String, Vec<Signature>> = serde_ipld_dagcbor::from_slice(&blocks[&list]).unwrap();
    change(map.get_mut("signatures").unwrap());
    let list_block = serde_ipld_dagcbor::to_vec(&map).unwrap();
    let Ipld::Map(mut root) = root else { panic!("{root:?}") };
    root.insert("messages".into(), Ipld::List(vec![Ipld::Link(block_cid(&list_block))]));
    let root_block = serde_ipld_dagcbor::to_vec(&Ipld::Map(root)).unwrap();
    let header = Ipld::Map(BTreeMap::from([
        ("roots".into(), Ipld::List(vec![Ipld::Link(block_cid(&root_block))])),
        ("version".into(), Ipld::Integer(1)),
    ]));
    let mut out = Vec::new();
    let mut section = |bytes: Vec<u8>| {
        let mut length = bytes.len();
        while length >= 0x80 {
            out.push(length as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend(bytes);
    };
    section(serde_ipld_dagcbor::to_vec(&header).unwrap());
    // Messages before their signatures: an import takes any order.
    section([block_cid(&root_block).to_bytes(), root_block].concat());
    for (id, _) in map["signatures"].iter().rev() {
        section([id.to_bytes(), blocks[id].clone()].concat());
    }
    section([block_cid(&list_block).to_bytes(), list_block].concat());
    out
}

#[test]
fn an_import_takes_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(&dir.path().join("one"));
    let mut user = User::new(1);
    accept(&store, &[user.open()]);
    for i in 0..30 {
        accept(&store, &[user.ticket(i)]);
    }
    let other = plain(&dir.path().join("two"));
    let report = import(&other, &reframe(&export(&store, &Filter::All), |signatures| signatures.reverse()));
    assert_eq!((report.accepted, report.bad_count), (31, 0), "{:?}", report.bad);
    assert_eq!(content(&other), content(&store));
}

#[test]
fn foreign_and_other_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = plain(&dir.path().join("one"));
    accept(&store, &[User::new(1).open()]);
    let file = export(&store, &Filter::All);
    let foreign = Genesis { name: "other.liaise".into(), ..(*genesis()).clone() };
    let expected = foreign.network_id();
    let other = Store::open(&dir.path().join("two"), Options::new(Arc::new(foreign))).unwrap();
    let refused = other.import_car(file.as_slice(), |_| ()).unwrap_err();
    assert!(matches!(refused, CarError::ForeignNetwork { expected: e, .. } if e == expected), "{refused}");
    assert_eq!(other.head().unwrap(), 0);
    for bad in [&b""[..], b"a text that is no CAR file", &file[..40]] {
        assert!(matches!(store.import_car(bad, |_| ()), Err(CarError::NotACar(_))));
    }
    let nothing = store.export_car(Vec::new(), &Filter::Task(block_cid(b"none")), |_| ());
    assert!(matches!(nothing, Err(CarError::NoTask(_))));
}

#[test]
fn removed_blobs_do_not_come_back_with_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (plain(&dir.path().join("one")), plain(&dir.path().join("two")));
    let id = one.put_blob(b"removed later").unwrap();
    let kept = one.put_blob(b"kept").unwrap();
    let file = export(&one, &Filter::All);
    two.purge_blob(&id).unwrap();
    let report = import(&two, &file);
    assert_eq!((report.blobs, report.bad_count), (1, 1));
    assert_eq!(report.bad[0].why, StoreError::Purged(id).to_string());
    assert!(two.contains_blob(&kept).unwrap() && !two.contains_blob(&id).unwrap());
}

#[test]
fn a_part_can_be_read_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (store, messages) = full(&dir.path().join("one"));
    // Epoch 2 of the store: the second user's messages, and none of the first's.
    let other = plain(&dir.path().join("epoch"));
    let report = import(&other, &export(&store, &Filter::Epochs(2..=2)));
    assert_eq!(report.bad_count, 0, "{:?}", report.bad);
    assert!(messages[1_501..].iter().all(|message| other.contains(&message.id).unwrap()));
    assert!(!other.contains(&messages[5].id).unwrap());
    assert_eq!(other.closes(2).unwrap(), store.closes(2).unwrap());
    assert_eq!(other.closes(1).unwrap(), []);
    // A task with its ticket, session and receipts.
    let (mut user, mut racer) = (User::new(3), User::new(4));
    let sessions = [user.open(), racer.open()];
    let ticket = user.ticket(1);
    let chunks = vec![liaise_ledger::body::Chunk { blob: store.put_blob(b"a text").unwrap(), source: "book".into() }];
    let body = liaise_ledger::body::RetrievalAdd {
        ticket: ticket.id,
        chunks,
        reply_key: serde_bytes::ByteArray::new([0; 32]),
    };
    let add = user.say(vec![ticket.id], None, liaise_ledger::Body::RetrievalAdd(body));
    let commit = racer.commit(add.id, 1);
    let task = [ticket, add.clone(), commit];
    accept(&store, &sessions);
    accept(&store, &task);
    let other = plain(&dir.path().join("task"));
    let report = import(&other, &export(&store, &Filter::Task(add.id)));
    assert_eq!((report.bad_count, report.blobs), (0, 1), "{:?}", report.bad);
    for message in sessions.iter().chain(&task) {
        assert!(other.contains(&message.id).unwrap());
    }
    assert_eq!(other.receipts_of(&add.id).unwrap(), store.receipts_of(&add.id).unwrap());
    assert_eq!(other.kind("ticket").unwrap().len(), 1);
}
