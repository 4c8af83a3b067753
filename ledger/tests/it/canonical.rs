//! The strict decoder against what it stands for: decoding with the library, encoding again, comparing.

use crate::messages::samples;
use crate::strategies;
use liaise_ledger::cbor::{is_within, strict};
use liaise_ledger::message::MAX_ITEMS;
use liaise_ledger::{Hash, Message, MessageError, Verified};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_bytes::ByteBuf;

/// What is accepted by encoding it again.
fn by_encoding_again(block: &[u8]) -> Option<Message> {
    let message: Message = is_within(block, MAX_ITEMS).then(|| serde_ipld_dagcbor::from_slice(block).ok())??;
    let again = serde_ipld_dagcbor::to_vec(&message).ok()?;
    (again == block).then_some(message)
}

fn strictly(block: &[u8]) -> Option<Message> {
    strict::from_slice(block, MAX_ITEMS).ok()
}

/// An item: where its head begins, where that ends, and where the item itself ends.
#[derive(Clone, Debug)]
struct Item {
    start: usize,
    body: usize,
    end: usize,
    /// What it holds: entries of a map are two items each.
    children: Vec<Item>,
}

fn item(block: &[u8], start: usize) -> Item {
    let (major, small) = (block[start] >> 5, usize::from(block[start] & 31));
    let width = if small < 24 { 0 } else { 1 << (small - 24) };
    let body = start + 1 + width;
    let argument = block[start + 1..body].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let argument = if width == 0 { small } else { argument };
    let (content, count) = match major {
        2 | 3 => (argument, 0),
        4 => (0, argument),
        5 => (0, 2 * argument),
        6 => (0, 1),
        _ => (0, 0),
    };
    let mut end = body + content;
    let mut children = Vec::new();
    for _ in 0..count {
        children.push(item(block, end));
        end = children.last().unwrap().end;
    }
    Item { start, body, end, children }
}

fn all(item: Item) -> Vec<Item> {
    let inner: Vec<Item> = item.children.iter().cloned().flat_map(all).collect();
    [vec![item], inner].concat()
}

fn head(major: u8, argument: u64, width: u32) -> Vec<u8> {
    let bytes = argument.to_be_bytes();
    match width {
        0 => vec![major << 5 | argument as u8],
        _ => [&[major << 5 | (24 + width.ilog2() as u8)][..], &bytes[8 - width as usize..]].concat(),
    }
}

fn shortest(major: u8, argument: u64) -> Vec<u8> {
    let width = match argument {
        0..24 => 0,
        24..0x100 => 1,
        0x100..0x1_0000 => 2,
        0x1_0000..0x1_0000_0000 => 4,
        _ => 8,
    };
    head(major, argument, width)
}

/// Writes one item of a block in another way, right or wrong. The block stays a whole item.
fn spoil(block: &[u8], which: Index, how: u8, other: Index) -> Vec<u8> {
    let items = all(item(block, 0));
    let found = which.get(&items);
    let of = |item: &Item| block[item.start..item.end].to_vec();
    let major = block[found.start] >> 5;
    let (content, argument) = (&block[found.body..found.end], item_argument(block, found));
    let entries: Vec<Vec<u8>> = found.children.chunks(2).map(|entry| entry.iter().flat_map(of).collect()).collect();
    let map = |entries: &[Vec<u8>]| [shortest(5, entries.len() as u64), entries.concat()].concat();
    let new = match how {
        // A longer head.
        0 => {
            let width = [0, 1, 2, 4, 8].into_iter().find(|width| *width as usize >= found.body - found.start);
            [head(major, argument, width.unwrap_or(8)), content.to_vec()].concat()
        }
        // Another major type, or one of indefinite length.
        1 => [vec![block[found.start] ^ (1 << (5 + other.index(3)))], block[found.start + 1..found.end].to_vec()]
            .concat(),
        2 => [vec![block[found.start] | 31], block[found.start + 1..found.end].to_vec(), vec![0xff]].concat(),
        // A map in another order, with an entry twice, without one, or with another one.
        3 if major == 5 && entries.len() > 1 => {
            let mut entries = entries.clone();
            let (from, to) = (which.index(entries.len()), other.index(entries.len()));
            entries.swap(from, to);
            map(&entries)
        }
        4 if major == 5 && !entries.is_empty() => {
            let mut entries = entries.clone();
            let twice = other.index(entries.len());
            entries.insert(twice, entries[twice].clone());
            map(&entries)
        }
        5 if major == 5 && !entries.is_empty() => {
            let mut entries = entries.clone();
            entries.remove(other.index(entries.len()));
            map(&entries)
        }
        6 if major == 5 => {
            let mut entries = entries.clone();
            entries.push([shortest(3, 20), vec![b'z'; 20], vec![0x01]].concat());
            map(&entries)
        }
        // A link with more behind it, of another version, or spelled in more bytes.
        7 if major == 2 => {
            let longer = [content, &[0]].concat();
            let longer_varint =
                [&content[..content.len().min(1)], &[0x81, 0x00], content.get(2..).unwrap_or(&[])].concat();
            let zero = [&[0, 0x12, 0x20][..], &[7; 32]].concat();
            let new = other.get(&[longer, longer_varint, zero]).clone();
            [shortest(2, new.len() as u64), new].concat()
        }
        // Something else altogether.
        _ => {
            let others: [&[u8]; 20] = [
                b"\xf6",
                b"\xf7",
                b"\xf4",
                b"\xe0",
                b"\xf8\x20",
                b"\xf9\x3c\x00",
                b"\xfa\x3f\x80\x00\x00",
                b"\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00",
                b"\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00",
                b"\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00",
                b"\xfb\x80\x00\x00\x00\x00\x00\x00\x00",
                b"\x00",
                b"\x20",
                b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff",
                b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
                b"\x60",
                b"\x40",
                b"\x61\xff",
                b"\x80",
                b"\xc2\x41\x01",
            ];
            other.get(&others).to_vec()
        }
    };
    [&block[..found.start], &new, &block[found.end..]].concat()
}

fn item_argument(block: &[u8], item: &Item) -> u64 {
    match block[item.start + 1..item.body].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)) {
        0 if item.body == item.start + 1 => u64::from(block[item.start] & 31),
        argument => argument,
    }
}

#[test]
fn every_kind_is_read_strictly() {
    for message in samples() {
        assert_eq!(strictly(&message.signed.block), Some(message.message));
    }
}

/// What is not canonical has one name, and what can't be encoded at all is no exception.
#[test]
fn floats_that_are_not_finite_are_not_canonical() {
    let signed = samples().remove(1).signed;
    // `metadata` is the last key, and here an empty map.
    let (empty, head) = signed.block.split_last().unwrap();
    assert_eq!(*empty, 0xa0);
    for (float, good) in [(1.5, true), (f64::INFINITY, false), (f64::NAN, false)] {
        let block = [head, b"\xa1\x61x\xfb", &float.to_be_bytes()].concat();
        let checked =
            Verified::check_stored(liaise_ledger::Signed { block: ByteBuf::from(block), ..signed.clone() }, Hash::ZERO);
        match checked {
            Ok(_) => assert!(good, "{float}"),
            Err(error) => assert!(!good && error == MessageError::NotCanonical, "{float}: {error}"),
        }
    }
}

#[test]
fn nesting_beyond_what_is_read_strictly_is_read_all_the_same() {
    let signed = samples().remove(1).signed;
    let (_, head) = signed.block.split_last().unwrap();
    for depth in 0..140 {
        let block = [head, b"\xa1\x61x", &vec![0x81; depth], b"\x80"].concat();
        let expected = by_encoding_again(&block);
        assert!(strictly(&block).is_none_or(|message| expected == Some(message)), "{depth}");
        let signed = liaise_ledger::Signed { block: ByteBuf::from(block), ..signed.clone() };
        assert_eq!(Verified::check_stored(signed, Hash::ZERO).is_ok(), expected.is_some(), "{depth}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Every byte string that one of them accepts is accepted by the other, as the same message.
    #[test]
    fn it_accepts_what_is_encoded_again_as_the_same(
        message in strategies::message(),
        changes in prop::collection::vec((any::<Index>(), 0u8..10, any::<Index>()), 0..3),
        flip in prop::option::weighted(0.2, (any::<Index>(), any::<u8>())),
    ) {
        let mut block = message.to_block();
        for (which, how, other) in changes {
            let changed = spoil(&block, which, how, other);
            block = changed;
            if !is_within(&block, usize::MAX) {
                break;
            }
        }
        if let Some((at, to)) = flip {
            let at = at.index(block.len());
            block[at] = to;
        }
        prop_assert_eq!(strictly(&block), by_encoding_again(&block));
    }
}
