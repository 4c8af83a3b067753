//! Texts that link accounts and end links, with wallets' signatures, and some that must fail.

use liaise_ledger::body::{self, SignedText};
use liaise_ledger::{Account, Author, Hash, Link, LinkText};
use serde::Serialize;
use serde_bytes::ByteBuf;

use crate::sample;
use crate::sessions::sign;

#[derive(Serialize)]
pub struct Case {
    name: &'static str,
    network: Hash,
    /// The message's author.
    author: Account,
    texts: Vec<CaseText>,
    /// Why it is refused, where it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct CaseText {
    account: Account,
    other: Account,
    nonce: String,
    issued_s: String,
    expires_s: String,
    ends: bool,
    text: String,
    signature: String,
}

const ISSUED_S: u64 = sample::GENESIS_S + 3_600;
const DAY: u64 = 86_400;

/// Texts that wallets 1 sign, said by the account of the first.
fn case(name: &'static str, texts: &[LinkText]) -> Case {
    signed_by(name, texts, &[1, 1])
}

/// The same with other wallets of the same chains.
fn signed_by(name: &'static str, texts: &[LinkText], wallets: &[usize]) -> Case {
    let signed: Vec<SignedText> = texts
        .iter()
        .zip(wallets)
        .map(|(text, wallet)| {
            let rendered = text.render();
            let signature = ByteBuf::from(sign(*wallet, &text.account, &rendered));
            SignedText { text: rendered, signature }
        })
        .collect();
    said_by(name, texts[0].account.clone(), texts, signed)
}

fn said_by(name: &'static str, author: Account, texts: &[LinkText], signed: Vec<SignedText>) -> Case {
    let shown = texts.iter().zip(&signed).map(|(text, signed)| CaseText {
        account: text.account.clone(),
        other: text.other.clone(),
        nonce: hex::encode(text.nonce),
        issued_s: text.issued_s.to_string(),
        expires_s: text.expires_s.to_string(),
        ends: text.ends,
        text: signed.text.clone(),
        signature: hex::encode(&signed.signature),
    });
    let texts = shown.collect();
    let checked = Link::check(&body::Link { texts: signed }, &Author::Account(author.clone()), &sample::genesis());
    let error = checked.err().map(|error| error.to_string());
    Case { name, network: sample::genesis().network_id(), author, texts, error }
}

/// Every case.
pub fn all() -> Vec<Case> {
    let genesis = sample::genesis();
    let nonce = Hash::of(&[b"liaise vector nonce"]).0;
    let (evm, solana, bch) = (sample::account(1), sample::solana_account(1), sample::bch_account(1));
    let of = |account: &Account, other: &Account, life_s| {
        LinkText::link(&genesis, account.clone(), other.clone(), nonce, ISSUED_S, ISSUED_S + life_s)
    };
    let pair = |one: &Account, other: &Account, life_s| {
        let text = of(one.min(other), one.max(other), life_s);
        [text.clone(), text.of_the_other()]
    };
    let end = |account: &Account, other: &Account| {
        LinkText::unlink(&genesis, account.clone(), other.clone(), nonce, ISSUED_S, ISSUED_S + DAY)
    };
    let [low, high] = pair(&evm, &solana, DAY);
    let altered = |change: fn(&mut LinkText)| {
        let mut changed = high.clone();
        change(&mut changed);
        [low.clone(), changed]
    };
    let foreign = LinkText { network: Hash([7; 32]), ..end(&evm, &solana) };
    let spoken = {
        let text = end(&evm, &solana);
        let signed = SignedText { text: text.render(), signature: ByteBuf::from(sign(1, &evm, &text.render())) };
        said_by("an end that somebody else says", solana.clone(), &[text], vec![signed])
    };
    vec![
        case("EVM and Solana, the longest life", &pair(&evm, &solana, 7 * DAY)),
        case("EVM and Bitcoin Cash", &pair(&evm, &bch, DAY)),
        case("Bitcoin Cash and Solana", &pair(&bch, &solana, DAY)),
        case("an account puts another out", &[end(&evm, &solana)]),
        case("an account leaves", &[end(&solana, &solana)]),
        case("one side", std::slice::from_ref(&low)),
        case("one side twice", &[low.clone(), low.clone()]),
        case("the higher account first", &[high.clone(), low.clone()]),
        case("another nonce", &altered(|text| text.nonce[0] ^= 1)),
        case("another expiry", &altered(|text| text.expires_s += 1)),
        case("each names a third account", &altered(|text| text.other = sample::account(2))),
        case("an end beside a link", &altered(|text| text.ends = true)),
        case("two ends", &[end(&evm, &solana), end(&solana, &evm)]),
        case("two accounts of one chain", &pair(&sample::account(1), &sample::account(2), DAY)),
        case("an account with itself", &[of(&evm, &evm, DAY), of(&evm, &evm, DAY)]),
        case("one second too long", &pair(&evm, &solana, 7 * DAY + 1)),
        case("no life", &pair(&evm, &solana, 0)),
        case("another network", &[foreign]),
        signed_by("the other wallet's signature on one side", &pair(&evm, &solana, DAY), &[2, 1]),
        signed_by("the other wallet's signature on the other side", &pair(&evm, &solana, DAY), &[1, 2]),
        spoken,
    ]
}
