//! Artefacts as files.

use liaise_oracle::artefact::{Blocks, CarFault, ROWS, read_car, read_state, write_car};
use liaise_oracle::fold::FoldError;

use crate::fold::world::{World, account, at, parameters};

fn epoch() -> (cid::Cid, Blocks) {
    let mut world = World::new(6, parameters());
    world.good_task(&account(100), "kept", at(0, 2_000));
    let folded = world.fold_until(0).pop().unwrap();
    (folded.history, folded.blocks.clone())
}

fn car(roots: &[cid::Cid], blocks: &Blocks) -> Vec<u8> {
    let mut file = vec![];
    write_car(roots, blocks, &mut file).unwrap();
    file
}

#[test]
fn a_car_file_brings_back_every_block() {
    let (history, blocks) = epoch();
    let file = car(&[history], &blocks);
    // header of CAR v1: a varint, then {roots: [tag 42 CID], version: 1}
    assert_eq!(&file[1..8], [0xa2, 0x65, b'r', b'o', b'o', b't', b's']);
    let (roots, found) = read_car(file.as_slice()).unwrap();
    assert_eq!((roots, &found), (vec![history], &blocks));
    read_state(&found, &history).unwrap();
}

#[test]
fn a_damaged_car_file_is_refused() {
    let (history, blocks) = epoch();
    let file = car(&[history], &blocks);
    assert!(matches!(read_car(&file[..file.len() - 1]), Err(CarFault::Frame { why: "is cut off", .. })));
    let mut flipped = file.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(matches!(read_car(flipped.as_slice()), Err(CarFault::Frame { .. })));
    assert!(matches!(read_car(&[][..]), Err(CarFault::Header(_))));
    assert!(matches!(read_car(&[0xff; 12][..]), Err(CarFault::Frame { why: "has a malformed length", .. })));
    assert!(matches!(read_car(&[1, 0xa0][..]), Err(CarFault::Header(_))));
    let huge = [&file[..0], &[0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    assert!(matches!(read_car(huge.as_slice()), Err(CarFault::Frame { .. })));
}

#[test]
fn rows_come_in_chunks_and_only_in_their_canonical_bytes() {
    let rows: Vec<u64> = (0..ROWS as u64 + 1).collect();
    let mut blocks = Blocks::default();
    let chunks = blocks.put_rows(&rows);
    assert_eq!(chunks.len(), 2);
    assert_eq!(blocks.read_rows::<u64>(&chunks, "chunk of numbers").unwrap(), rows);
    assert!(blocks.put_rows::<u64>(&[]).is_empty());
    // 0 in two bytes instead of one
    let loose = blocks.insert(vec![0x81, 0x18, 0x00]);
    let refused = blocks.read::<Vec<u64>>(&loose, "chunk of numbers").unwrap_err();
    assert!(matches!(refused, FoldError::Block { expected: "chunk of numbers", .. }), "{refused}");
    let absent = liaise_ledger::hash::block_cid(b"absent");
    assert_eq!(blocks.read::<u64>(&absent, "number").unwrap_err(), FoldError::MissingBlock(absent));
}
