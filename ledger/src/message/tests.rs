use super::*;
use crate::body::{Prompt, Ticket};
use serde_bytes::ByteArray;

fn session() -> (Author, Signer) {
    let account = crate::Account::evm(1, [7; 20]);
    (Author::Account(account), Signer::Ed25519(Box::new(SigningKey::from_bytes(&[3; 32]))))
}

fn draft(body: Body) -> Draft {
    Draft { author: session().0, parents: vec![], task: None, time_ms: 5, body }
}

fn ticket() -> Body {
    Body::Ticket(Ticket { round: 9, snapshot: -1, adapter: Hash::ZERO, max_units: 100 })
}

#[test]
fn a_signed_message_verifies_and_chains() {
    let (_, signer) = session();
    let mut place = Place::default();
    let first = draft(ticket()).sign(Hash::ZERO, &signer, &mut place).unwrap();
    assert_eq!(Verified::check(first.signed.clone(), Hash::ZERO).unwrap(), first);
    let second = draft(ticket()).sign(Hash::ZERO, &signer, &mut place).unwrap();
    assert_eq!((second.message.seq, second.message.prev), (1, Some(first.id)));
}

#[test]
fn any_flipped_bit_is_refused() {
    let (_, signer) = session();
    let good = draft(ticket()).sign(Hash::ZERO, &signer, &mut Place::default()).unwrap();
    for i in 0..good.signed.block.len() {
        let mut bad = good.signed.clone();
        bad.block[i] ^= 1;
        assert!(Verified::check(bad, Hash::ZERO).is_err(), "bit of byte {i}");
    }
    let mut bad = good.signed.clone();
    bad.signature[10] ^= 1;
    assert_eq!(Verified::check(bad, Hash::ZERO), Err(MessageError::Signature));
    assert!(matches!(Verified::check(good.signed, Hash([1; 32])), Err(MessageError::ForeignNetwork(_))));
}

#[test]
fn a_prompt_in_another_normal_form_or_empty_is_refused() {
    let (_, signer) = session();
    let ticket = draft(ticket()).sign(Hash::ZERO, &signer, &mut Place::default()).unwrap().id;
    for (text, good) in [("caf\u{e9}?", true), ("cafe\u{301}?", false), ("  ", false)] {
        let body = Body::Prompt(Prompt {
            ticket,
            text: text.into(),
            params: ByteBuf::new(),
            snapshot: None,
            reply_key: ByteArray::new([0; 32]),
        });
        let draft = Draft { parents: vec![ticket], ..draft(body) };
        let outcome = draft.sign(Hash::ZERO, &signer, &mut Place::default());
        assert_eq!(outcome.is_ok(), good, "{text:?}: {outcome:?}");
    }
}

#[test]
fn unsorted_keys_are_not_canonical() {
    let (_, signer) = session();
    let good = draft(ticket()).sign(Hash::ZERO, &signer, &mut Place::default()).unwrap();
    // DAG-CBOR sorts keys by length, then bytes; the first key is "v". Moving it to the back keeps the map's meaning.
    let block = good.signed.block.clone();
    assert_eq!(&block[1..3], [0x61, b'v']);
    let mut moved = vec![block[0]];
    moved.extend_from_slice(&block[4..]);
    moved.extend_from_slice(&block[1..4]);
    let bad = Signed { block: ByteBuf::from(moved), signature: good.signed.signature };
    assert!(matches!(Verified::check(bad, Hash::ZERO), Err(MessageError::NotCanonical | MessageError::Malformed(_))));
}

#[test]
fn a_block_that_announces_more_than_it_may_hold_is_refused_before_it_takes_memory() {
    let (_, signer) = session();
    let good = draft(ticket()).sign(Hash::ZERO, &signer, &mut Place::default()).unwrap().signed;
    // `metadata` is the last key, and here an empty map.
    let (empty, head) = good.block.split_last().unwrap();
    assert_eq!(*empty, 0xa0);
    let with = |metadata: Vec<u8>| {
        let block = ByteBuf::from([head, b"\xa1\x61x", &metadata].concat());
        Verified::check(Signed { block, signature: good.signature.clone() }, Hash::ZERO).unwrap_err()
    };
    let nulls = |count: u16| [&[0x99][..], &count.to_be_bytes(), &vec![0xf6; usize::from(count)]].concat();
    assert_eq!(with(nulls(8_000)), MessageError::Signature, "so many are well");
    let nested = b"\x9a\x00\x0f\xff\xff".repeat(100);
    for bomb in [nulls(9_000), nulls(60_000), nested, b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()] {
        assert!(matches!(with(bomb), MessageError::Malformed(why) if why.contains("8192")));
    }
}
