use crate::sample;
use crate::sessions::sign;
use liaise_ledger::body::{self, SignedText};
use liaise_ledger::link::{LINK_SKEW_MS, LINK_TEXT_MAX_S};
use liaise_ledger::session::SessionError;
use liaise_ledger::{Account, Author, Link, LinkAct, LinkError, LinkText, Scopes, SessionText};
use proptest::prelude::*;
use serde_bytes::ByteBuf;

const ISSUED_S: u64 = sample::GENESIS_S;

fn text() -> LinkText {
    let (evm, solana) = (sample::account(1), sample::solana_account(1));
    LinkText::link(&sample::genesis(), evm, solana, [0xab; 32], ISSUED_S, ISSUED_S + 60)
}

fn signed(text: &LinkText) -> SignedText {
    let rendered = text.render();
    SignedText { signature: ByteBuf::from(sign(1, &text.account, &rendered)), text: rendered }
}

fn check(texts: Vec<SignedText>) -> Result<liaise_ledger::LinkClaim, LinkError> {
    Link::check(&body::Link { texts }, &Author::Account(sample::account(1)), &sample::genesis())
}

/// The form is spelled out once, so that a change of one byte is seen.
#[test]
fn the_texts_are_these() {
    let genesis = sample::genesis();
    let (account, other) = (sample::account(1), sample::solana_account(1));
    let shown = |statement: &str, verb: &str| {
        let network = genesis.network_id();
        let address = text().render().lines().nth(1).unwrap().to_owned();
        assert!(address.eq_ignore_ascii_case(account.address()), "{address}");
        let nonce = "ab".repeat(32);
        format!(
            "example.liaise wants you to sign in with your Ethereum account:\n{address}\n\n{statement}\n\nURI: \
             liaise:{network}\nVersion: 1\nChain ID: 42161\nNonce: {nonce}\nIssued At: 2026-01-01T00:00:00Z\n\
             Expiration Time: 2026-01-01T00:01:00Z\nResources:\n- liaise:{verb}:{other}"
        )
    };
    let link = shown(
        "This account and the one named below are mine: count them as one, and pay what either earns to the one that is \
         on the chain that pays. Either can end this alone.",
        "link",
    );
    let end =
        shown("The account named below is no longer linked with this one: count and pay it on its own.", "unlink");
    assert_eq!(text().render(), link);
    let unlink = LinkText { ends: true, ..text() };
    assert_eq!(unlink.render(), end);
    for (rendered, text) in [(link, text()), (end, unlink)] {
        assert_eq!(LinkText::parse(&rendered), Ok(text));
    }
}

#[test]
fn both_wallets_link_and_either_ends_it() {
    let claim = check(vec![signed(&text()), signed(&text().of_the_other())]).unwrap();
    assert_eq!(claim.signers, [sample::account(1), sample::solana_account(1)]);
    assert_eq!((claim.act, claim.issued_s, claim.expires_s), (LinkAct::Link, ISSUED_S, ISSUED_S + 60));
    for (left, signer) in [(sample::solana_account(1), sample::account(1)), (sample::account(1), sample::account(1))] {
        let end = LinkText { ends: true, other: left.clone(), ..text() };
        let claim = check(vec![signed(&end)]).unwrap();
        assert_eq!((claim.signers, claim.act), (vec![signer], LinkAct::Unlink(left)));
    }
}

#[test]
fn texts_count_between_their_times() {
    let claim = check(vec![signed(&text()), signed(&text().of_the_other())]).unwrap();
    let (from, until) = (ISSUED_S * 1_000 - LINK_SKEW_MS, (ISSUED_S + 60) * 1_000);
    assert!(
        !claim.is_timely(from - 1) && claim.is_timely(from) && claim.is_timely(until - 1) && !claim.is_timely(until)
    );
    let long = LinkText { expires_s: ISSUED_S + LINK_TEXT_MAX_S + 1, ..text() };
    let found = check(vec![signed(&long), signed(&long.of_the_other())]);
    assert_eq!(found, Err(LinkError::Lifetime(LINK_TEXT_MAX_S as i64 + 1)));
}

#[test]
fn a_session_text_links_nothing_and_a_link_opens_no_session() {
    let grant =
        SessionText::grant(&sample::genesis(), sample::account(1), [1; 32], Scopes::ALL, ISSUED_S, ISSUED_S + 60)
            .render();
    let found = check(vec![SignedText { signature: ByteBuf::from(sign(1, &sample::account(1), &grant)), text: grant }]);
    assert!(matches!(found, Err(LinkError::Text(SessionError::Text { line: 4, .. }))), "{found:?}");
    assert!(matches!(SessionText::parse(&text().render()), Err(SessionError::Text { line: 4, .. })));
}

proptest! {
    #[test]
    fn every_text_reads_back_and_no_changed_one_does(
        which in 0..3usize, ends: bool, nonce: [u8; 32], issued in 0..9_000_000_000u64, life in 1..700_000u64,
        at: proptest::sample::Index, byte: u8,
    ) {
        let accounts: [Account; 3] = [sample::account(1), sample::solana_account(1), sample::bch_account(1)];
        let (account, other) = (accounts[which].clone(), accounts[(which + 1) % 3].clone());
        let text = LinkText { account, other, nonce, issued_s: issued, expires_s: issued + life, ends, ..text() };
        let rendered = text.render();
        prop_assert_eq!(LinkText::parse(&rendered), Ok(text.clone()));
        let mut changed = rendered.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        if let Ok(changed) = String::from_utf8(changed)
            && let Ok(read) = LinkText::parse(&changed)
        {
            prop_assert!(changed == rendered || read != text);
            prop_assert_eq!(read.render(), changed);
        }
    }
}
