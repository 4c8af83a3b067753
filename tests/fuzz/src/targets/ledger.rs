//! What peers send as messages, and the texts in them.

use crate::sample;
use crate::{Target, bombs, choose, chosen, same, settles};
use cid::Cid;
use liaise_ledger::account::ChainId;
use liaise_ledger::cbor::{self, strict};
use liaise_ledger::message::{MAX_ITEMS, MAX_MESSAGE_BYTES, MAX_PARENTS, verify_secp256k1};
use liaise_ledger::session::{eip191_hash, verify_wallet};
use liaise_ledger::{
    Account, Author, Equivocation, Genesis, Hash, Link, LinkText, Message, Session, SessionText, Signed, Verified,
    body, ed25519,
};
use liaise_oracle::quorum;
use serde_bytes::ByteBuf;

pub const MESSAGE: Target = Target {
    name: "message",
    decoders: "`Verified::check`, `Verified::check_stored`: block, body of every kind, limits, signature",
    longest: MAX_MESSAGE_BYTES + 65,
    memory: 64,
    read: read_message,
    seeds: || sample::messages().iter().map(message_input).collect(),
    refused: refused_messages,
};

/// One byte that says how long the signature is, the signature, the block.
fn message_input(signed: &Signed) -> Vec<u8> {
    [&[signed.signature.len() as u8], &signed.signature[..], &signed.block[..]].concat()
}

fn read_message(input: &[u8]) -> bool {
    let Some((length, rest)) = choose(input) else { return false };
    let (signature, block) = rest.split_at(usize::from(length).min(rest.len()));
    assert_one_form(block);
    let signed = Signed { block: ByteBuf::from(block), signature: ByteBuf::from(signature) };
    let checked = Verified::check(signed.clone(), sample::network());
    let Ok(stored) = Verified::check_stored(signed, sample::network()) else {
        assert!(checked.is_err(), "a signature makes no bad block good");
        return false;
    };
    assert_eq!(stored.message.to_block(), block, "a block has one encoding");
    assert!(block.len() <= MAX_MESSAGE_BYTES && stored.message.parents.len() <= MAX_PARENTS);
    assert!(!checked.is_ok_and(|checked| checked != stored), "the signature changes nothing else");
    true
}

/// What is accepted in one pass is what is decoded by the library and encoded again as the same bytes, and the other way round
/// but for nesting that no message needs.
fn assert_one_form(block: &[u8]) {
    let strictly: Option<Message> = strict::from_slice(block, MAX_ITEMS).ok();
    let decoded = || serde_ipld_dagcbor::from_slice::<Message>(block).ok();
    let again = |message: &Message| serde_ipld_dagcbor::to_vec(message).is_ok_and(|again| again == block);
    let by_encoding_again = cbor::is_within(block, MAX_ITEMS).then(decoded).flatten().filter(again);
    if strictly.is_some() || !is_deep(block) {
        assert_eq!(strictly, by_encoding_again, "both ways to check a block's form agree");
    }
}

/// Whether lists or maps lie more than forty deep within each other, in one whole item.
fn is_deep(block: &[u8]) -> bool {
    let (mut rest, mut open) = (block, Vec::new());
    while let Some((first, after)) = rest.split_first() {
        let width = match first & 31 {
            small @ 24..=27 => 1 << (small - 24),
            _ => 0,
        };
        let Some((argument, after)) = after.split_at_checked(width) else { return false };
        let argument = argument.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let argument = if width == 0 { usize::from(first & 31) } else { argument };
        let (content, children) = match first >> 5 {
            2 | 3 => (argument, 0),
            4 => (0, argument),
            5 => (0, argument.saturating_mul(2)),
            6 => (0, 1),
            _ => (0, 0),
        };
        let Some(after) = after.get(content..) else { return false };
        rest = after;
        open.push(children);
        while open.pop_if(|left| *left == 0).is_some() {
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
        }
        if open.len() > 40 {
            return true;
        }
    }
    false
}

fn refused_messages() -> Vec<Vec<u8>> {
    let signed = &sample::messages()[2];
    // `metadata`, the last key, is an empty map.
    let head = &signed.block[..signed.block.len() - 1];
    let within = |bomb: Vec<u8>| {
        message_input(&Signed { block: ByteBuf::from([head, b"\xa1\x61x", &bomb].concat()), ..signed.clone() })
    };
    let author = "solana:mainnet:".len() + 60_000;
    let long = format!("{}{}", "solana:mainnet:", "z".repeat(60_000));
    let block =
        [b"\xab\x61v\x01\x63key\x40\x66author\x79", &(author as u16).to_be_bytes()[..], long.as_bytes()].concat();
    // Not finite, or not 64 bits wide.
    let floats =
        [b"\xfb\x7f\xf0\0\0\0\0\0\0".to_vec(), b"\xfb\x7f\xf8\0\0\0\0\0\0".to_vec(), b"\xfa\x3f\x80\0\0".to_vec()];
    let mut refused: Vec<Vec<u8>> = bombs().into_iter().chain(floats).map(within).collect();
    refused.push(message_input(&Signed { block: ByteBuf::from(block), signature: ByteBuf::new() }));
    refused.extend(bombs());
    refused
}

pub const EQUIVOCATION: Target = Target {
    name: "equivocation",
    decoders: "`Equivocation::decode`",
    longest: 2 * MAX_MESSAGE_BYTES + 1024,
    memory: 64,
    read: |input| {
        let proof = Equivocation::decode(input, sample::network()).ok();
        same(input, proof.map(|proof| proof.encode()))
    },
    seeds: || {
        let [first, second] = sample::twice();
        vec![Equivocation::prove(&first, &second, sample::network()).expect("they prove it").encode()]
    },
    refused: bombs,
};

pub const SESSION: Target = Target {
    name: "session",
    decoders: "`SessionText::parse`, `LinkText::parse`, `Session::check` and `Link::check` with the wallet's signature (EIP-191)",
    longest: 4_200,
    memory: 64,
    read: read_session,
    seeds: || {
        let (text, signature) = sample::delegation();
        let end = sample::unlink();
        vec![
            [&signature[..], text.as_bytes()].concat(),
            [&[0; 65], text.as_bytes()].concat(),
            [&[0; 65], end.as_bytes()].concat(),
        ]
    },
    refused: Vec::new,
};

/// 65 bytes of signature, then the text.
fn read_session(input: &[u8]) -> bool {
    let Some((signature, text)) = input.split_at_checked(65) else { return false };
    let Ok(text) = std::str::from_utf8(text) else { return false };
    if let Ok(read) = LinkText::parse(text) {
        return read_link(&read, text, signature);
    }
    let Ok(read) = SessionText::parse(text) else { return false };
    assert_eq!(read.render(), text, "a text has one form");
    let message = body::Session { text: text.to_owned(), signature: ByteBuf::from(signature) };
    let author = Author::Account(read.account.clone());
    let outcome = Session::check(&message, &author, &read.key, &sample::genesis());
    if outcome.is_ok() {
        assert_eq!(verify_wallet(&read.account, text, signature), Ok(()), "the wallet's signature decides");
        let other = Author::Account(sample::account(4));
        assert!(author == other || Session::check(&message, &other, &read.key, &sample::genesis()).is_err());
    }
    true
}

/// The text of a link, or of its end.
fn read_link(read: &LinkText, text: &str, signature: &[u8]) -> bool {
    assert_eq!(read.render(), text, "a text has one form");
    assert!(SessionText::parse(text).is_err(), "no text is both");
    let signed = body::SignedText { text: text.to_owned(), signature: ByteBuf::from(signature) };
    let author = Author::Account(read.account.clone());
    let claim = Link::check(&body::Link { texts: vec![signed] }, &author, &sample::genesis());
    if let Ok(claim) = claim {
        assert!(read.ends && claim.signers == [read.account.clone()], "one text makes no link");
        assert_eq!(verify_wallet(&read.account, text, signature), Ok(()), "the wallet's signature decides");
    }
    true
}

pub const GENESIS: Target = Target {
    name: "genesis",
    decoders: "`Genesis::from_toml`",
    longest: 16 * 1024,
    memory: 2_048,
    read: |input| {
        let genesis = std::str::from_utf8(input).ok().and_then(|text| Genesis::from_toml(text).ok());
        let Some(genesis) = genesis else { return false };
        let again = Genesis::from_toml(&genesis.to_toml()).expect("it was accepted before");
        assert_eq!(again.network_id(), genesis.network_id(), "a genesis keeps its id");
        true
    },
    seeds: || vec![sample::genesis_toml().as_bytes().to_vec()],
    refused: || vec![vec![b'['; 8_000], "a = ".bytes().chain(vec![b'['; 8_000]).collect(), b"a.".repeat(4_000)],
};

pub const NAMES: Target = Target {
    name: "names",
    decoders: "texts of `Account`, `ChainId`, `Author`, `Hash`, `Cid`; bytes of `Cid`",
    longest: 256,
    memory: 64,
    read: read_name,
    seeds: || {
        let account = sample::account(1).to_string();
        let solana = "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv";
        let bch = "bch:bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a";
        let store = format!("store:{}", "00".repeat(32));
        let cid = Hash::ZERO.to_cid(liaise_ledger::hash::DAG_CBOR);
        [
            chosen(0, [account.as_bytes().to_vec(), solana.as_bytes().to_vec(), bch.as_bytes().to_vec()]),
            chosen(1, [b"eip155:42161".to_vec(), b"bch:bchtest".to_vec()]),
            chosen(2, [account.into_bytes(), store.into_bytes()]),
            chosen(3, [Hash::ZERO.to_string().into_bytes()]),
            chosen(4, [cid.to_string().into_bytes()]),
            chosen(5, [cid.to_bytes()]),
        ]
        .concat()
    },
    refused: || chosen(0, [format!("solana:mainnet:{}", "z".repeat(64 << 10)).into_bytes(), b":::".to_vec()]),
};

fn read_name(input: &[u8]) -> bool {
    let Some((which, rest)) = choose(input) else { return false };
    if which == 5 {
        return Cid::try_from(rest).is_ok_and(|cid| {
            assert!(Hash::from_cid(&cid).is_none_or(|hash| hash.to_cid(cid.codec()) == cid));
            true
        });
    }
    let Ok(text) = std::str::from_utf8(rest) else { return false };
    match which {
        0 => text.parse::<Account>().is_ok_and(|account| {
            assert_eq!(account.as_str().parse(), Ok(account.clone()), "the canonical spelling is its own");
            assert_eq!(account.chain().as_str().parse(), Ok(account.chain()));
            let short = account.payee().is_none_or(|payee| account.evm_address().is_none() || payee[..12] == [0; 12]);
            assert!(short && account.as_str().len() <= 128, "an EVM payee has 20 bytes");
            true
        }),
        1 => text.parse::<ChainId>().is_ok_and(|chain| {
            assert_eq!(format!("{}:{}", chain.namespace(), chain.reference()), text);
            true
        }),
        2 => same(rest, text.parse::<Author>().ok().map(|author| author.to_string().into_bytes())),
        3 => same(rest, text.parse::<Hash>().ok().map(|hash| hash.to_string().into_bytes())),
        4 => settles(text.parse::<Cid>().ok(), |cid| cid.to_string().parse().ok()),
        _ => false,
    }
}

pub const SIGNATURES: Target = Target {
    name: "signatures",
    decoders: "keys and signatures: Ed25519, secp256k1 compact and recoverable, wallets (EIP-191), beacon rounds (BLS)",
    longest: 256,
    memory: 64,
    read: read_signature,
    seeds: || {
        let secret = sample::secp("wallet", 1);
        let rsv = sample::recoverable(&secret, Hash::of(&[b"text"]).0);
        let compact = sample::public(&secret).into_iter().chain(rsv[..64].iter().copied());
        let wallet = sample::recoverable(&secret, eip191_hash("text"));
        let round = liaise_ledger::BeaconKey::from_seed(&sample::seed("beacon", 0)).sign(7);
        let signer = sample::ed25519("session", 1);
        let ed =
            ed25519_dalek::Signer::sign(&ed25519_dalek::SigningKey::from_bytes(&sample::seed("session", 1)), b"text");
        [
            chosen(0, [[&signer.public()[..], &ed.to_bytes(), b"text"].concat()]),
            chosen(1, [compact.chain(*b"text").collect()]),
            chosen(2, [[&rsv[..], b"text"].concat()]),
            chosen(3, [[&wallet[..], b"text"].concat()]),
            chosen(4, [[&7u64.to_be_bytes()[..], &round].concat()]),
        ]
        .concat()
    },
    refused: || (0..5).flat_map(|which| chosen(which, [vec![0; 140], vec![0xff; 140]])).collect(),
};

fn read_signature(input: &[u8]) -> bool {
    let Some((which, rest)) = choose(input) else { return false };
    match which {
        0 => signed_ed25519(rest),
        1 => {
            let Some((key, rest)) = rest.split_first_chunk::<33>() else { return false };
            let Some((signature, text)) = rest.split_first_chunk::<64>() else { return false };
            let digest = Hash::of(&[text]);
            verify_secp256k1(key, &digest, signature).is_ok_and(|()| {
                let other = Hash::of(&[text, &[0]]);
                assert!(verify_secp256k1(key, &other, signature).is_err(), "a signature is for one text");
                true
            })
        }
        2 => {
            let Some((rsv, text)) = rest.split_first_chunk::<65>() else { return false };
            quorum::recover(text, rsv).is_ok_and(|key| {
                let compact = rsv[..64].try_into().expect("64 of 65 bytes");
                assert!(verify_secp256k1(&key, &Hash::of(&[text]), compact).is_ok(), "whose it is, it verifies for");
                true
            })
        }
        3 => {
            let Some((rsv, text)) = rest.split_first_chunk::<65>() else { return false };
            let Ok(text) = std::str::from_utf8(text) else { return false };
            verify_wallet(&sample::account(1), text, rsv).is_ok_and(|()| {
                assert!(verify_wallet(&sample::account(2), text, rsv).is_err(), "a signature is one wallet's");
                true
            })
        }
        4 => {
            let Some((round, signature)) = rest.split_first_chunk::<8>() else { return false };
            let Ok(signature) = signature.try_into() else { return false };
            let (beacon, round) = (&sample::genesis().beacon, u64::from_be_bytes(*round));
            beacon.verify_round(round, signature).is_ok_and(|()| {
                assert!(beacon.verify_round(round.wrapping_add(1), signature).is_err(), "a signature is for one round");
                true
            })
        }
        _ => false,
    }
}

fn signed_ed25519(input: &[u8]) -> bool {
    let Some((key, rest)) = input.split_first_chunk::<32>() else { return false };
    let Some((signature, text)) = rest.split_first_chunk::<64>() else { return false };
    let Some(key) = ed25519::decode_key(key) else { return false };
    ed25519::verify(&key, text, signature) && {
        assert!(!ed25519::verify(&key, &[text, &[0]].concat(), signature), "a signature is for one text");
        true
    }
}
