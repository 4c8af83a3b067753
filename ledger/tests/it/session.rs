use crate::sample;
use liaise_ledger::session::{SessionError, evm_address, verify_wallet};
use liaise_ledger::{Account, Author, Body, Hash, Scope, Scopes, Session, SessionOutcome, SessionText, body};
use proptest::prelude::*;
use secp256k1::{PublicKey, SecretKey};
use serde_bytes::ByteBuf;

const KEY: [u8; 32] = [0xab; 32];
const ISSUED_S: u64 = sample::GENESIS_S;

fn grant() -> SessionText {
    SessionText::grant(&sample::genesis(), sample::account(1), KEY, Scopes::ALL, ISSUED_S, ISSUED_S + 60)
}

fn signed(text: &SessionText) -> body::Session {
    let text = text.render();
    body::Session { signature: ByteBuf::from(sample::wallet_signature(1, &text)), text }
}

fn check(body: &body::Session) -> Result<SessionOutcome, SessionError> {
    Session::check(body, &Author::Account(sample::account(1)), &KEY, &sample::genesis())
}

/// The form is spelled out once, so that a change of one byte is seen.
#[test]
fn the_text_is_this() {
    let address: [u8; 20] = hex::decode("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed").unwrap().try_into().unwrap();
    let text = SessionText { account: Account::evm(42_161, address), network: Hash([0x11; 32]), ..grant() };
    let expected = "example.liaise wants you to sign in with your Ethereum account:\n\
        0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\n\
        \n\
        Let the key named below sign prompts and work for this account until it expires. It can't move tokens, link \
        accounts or change where this account is paid.\n\
        \n\
        URI: liaise:1111111111111111111111111111111111111111111111111111111111111111\n\
        Version: 1\n\
        Chain ID: 42161\n\
        Nonce: abababababababababababababababababababababababababababababababab\n\
        Issued At: 2026-01-01T00:00:00Z\n\
        Expiration Time: 2026-01-01T00:01:00Z\n\
        Resources:\n\
        - liaise:scope:prompt\n\
        - liaise:scope:work";
    assert_eq!(text.render(), expected);
    assert_eq!(SessionText::parse(expected), Ok(text));
}

#[test]
fn a_signed_delegation_is_granted() {
    let SessionOutcome::Grant(grant) = check(&signed(&grant())).unwrap() else { panic!("a delegation") };
    assert_eq!((grant.account, grant.key, grant.scopes), (sample::account(1), KEY, Scopes::ALL));
    assert_eq!((grant.issued_ms, grant.expires_ms), (ISSUED_S * 1000, ISSUED_S * 1000 + 60_000));
}

#[test]
fn a_revocation_may_come_from_any_key() {
    let text = SessionText::revoke(&sample::genesis(), sample::account(1), [3; 32], ISSUED_S);
    let SessionOutcome::Revocation(revocation) = check(&signed(&text)).unwrap() else { panic!("a revocation") };
    assert_eq!((revocation.key, revocation.issued_ms), ([3; 32], ISSUED_S * 1000));
}

#[test]
fn what_belongs_to_somebody_else_is_refused() {
    let good = signed(&grant());
    let genesis = sample::genesis();
    let mut renamed = genesis.clone();
    renamed.name = "other".into();
    let author = Author::Account(sample::account(1));
    let foreign = Session::check(&good, &author, &KEY, &renamed).unwrap_err();
    assert!(matches!(foreign, SessionError::ForeignNetwork { .. }), "{foreign}");
    let other = Author::Account(sample::account(2));
    assert_eq!(Session::check(&good, &other, &KEY, &genesis), Err(SessionError::ForeignAccount));
    assert_eq!(Session::check(&good, &author, &[1; 32], &genesis), Err(SessionError::ForeignKey));
    let mut elsewhere = genesis.clone();
    elsewhere.chains = vec!["eip155:1".parse().unwrap()];
    let text = SessionText::grant(&elsewhere, sample::account(1), KEY, Scopes::ALL, ISSUED_S, ISSUED_S + 60);
    let found = Session::check(&signed(&text), &author, &KEY, &elsewhere);
    assert_eq!(found, Err(SessionError::ForeignChain("eip155:42161".into())));
    for (i, byte) in good.signature.iter().enumerate() {
        let mut bad = good.clone();
        bad.signature[i] = byte ^ 1;
        assert!(check(&bad).is_err(), "byte {i}");
    }
}

#[test]
fn a_life_is_positive_and_at_most_a_month() {
    let month = sample::genesis().parameters.session_max_s;
    let text = |from: u64, to: u64| {
        signed(&SessionText::grant(&sample::genesis(), sample::account(1), KEY, Scopes::ALL, from, to))
    };
    assert!(check(&text(ISSUED_S, ISSUED_S + month)).is_ok());
    let lifetime = |found_s| Err(SessionError::Lifetime { found_s, max_s: month });
    assert_eq!(check(&text(ISSUED_S, ISSUED_S + month + 1)), lifetime(month as i64 + 1));
    assert_eq!(check(&text(ISSUED_S, ISSUED_S)), lifetime(0));
    assert_eq!(check(&text(ISSUED_S, ISSUED_S - 9)), lifetime(-9));
}

/// `personal_sign` of "Some data" by a published key, as in the documentation of web3.js and ethers.
#[test]
fn a_published_signature_verifies() {
    let secret = hex::decode("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318").unwrap();
    let secret = SecretKey::from_byte_array(secret.try_into().unwrap()).unwrap();
    let address = evm_address(&PublicKey::from_secret_key_global(&secret));
    assert_eq!(hex::encode(address), "2c7536e3605d9c16a7a3d7b1898e529396a65c23");
    let signature = hex::decode(
        "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd\
         6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c",
    )
    .unwrap();
    assert_eq!(verify_wallet(&Account::evm(1, address), "Some data", &signature), Ok(()));
}

/// Each chain's wallet signs the same form, and no byte of it can change.
#[test]
fn wallets_of_every_chain_delegate() {
    type Sign = fn(usize, &str) -> Vec<u8>;
    let evm: Sign = |i, text| sample::wallet_signature(i, text).to_vec();
    let solana: Sign = |i, text| sample::solana_signature(i, text).to_vec();
    let bch: Sign = |i, text| sample::bch_signature(i, text).to_vec();
    let accounts = [sample::account(1), sample::solana_account(1), sample::bch_account(1)];
    for (account, sign) in accounts.into_iter().zip([evm, solana, bch]) {
        let text = SessionText { account: account.clone(), ..grant() };
        let rendered = text.render();
        assert_eq!(SessionText::parse(&rendered), Ok(text));
        let good = body::Session { signature: ByteBuf::from(sign(1, &rendered)), text: rendered.clone() };
        let check =
            |body: &body::Session| Session::check(body, &Author::Account(account.clone()), &KEY, &sample::genesis());
        assert!(matches!(check(&good), Ok(SessionOutcome::Grant(_))), "{account}");
        for i in 0..good.signature.len() {
            let mut bad = good.clone();
            bad.signature[i] ^= 1;
            assert!(check(&bad).is_err(), "{account}: byte {i}");
        }
        let other = body::Session { signature: ByteBuf::from(sign(2, &rendered)), ..good.clone() };
        assert_eq!(check(&other), Err(SessionError::Signature { account: account.clone() }));
        let empty = body::Session { signature: ByteBuf::new(), ..good };
        assert!(matches!(check(&empty), Err(SessionError::SignatureForm(_))));
    }
}

#[test]
fn scopes_allow_their_kinds_only() {
    let samples = crate::messages::samples();
    for message in &samples {
        let body = &message.message.body;
        let (prompt, work) = match body.kind() {
            "session" | "link" => (true, true),
            "ticket" | "prompt" | "feedback" | "retrieval-add" | "retrieval-remove" => (true, false),
            "capability" | "commit" | "result" | "verdict-commit" | "verdict" => (false, true),
            _ => (false, false),
        };
        assert_eq!((Scopes::PROMPT.allow(body), Scopes::WORK.allow(body)), (prompt, work), "{}", body.kind());
        assert_eq!(Scopes::ALL.allow(body), prompt || work);
        assert!(Scopes::default().allow(body) == matches!(body, Body::Session(_) | Body::Link(_)));
    }
    let SessionOutcome::Grant(grant) = check(&signed(&grant())).unwrap() else { panic!("a delegation") };
    let ticket = samples.iter().map(|m| &m.message.body).find(|b| Scope::needed_by(b) == Some(Scope::Prompt)).unwrap();
    assert!(grant.allows(ticket, grant.expires_ms - 1) && !grant.allows(ticket, grant.expires_ms));
}

proptest! {
    #[test]
    fn texts_survive_and_any_changed_byte_is_refused_or_another_text(
        key: [u8; 32], network: [u8; 32], address: [u8; 20], chain: u64, issued_s in 0u64..253_402_300_800,
        expires_s in 0u64..253_402_300_800, prompt: bool, at: prop::sample::Index, to in 0u8..128,
    ) {
        let scopes = Scopes { prompt, work: true };
        let purpose = liaise_ledger::session::Purpose::Grant { expires_s, scopes };
        let account = Account::evm(chain, address);
        let text = SessionText { domain: "example.liaise".into(), account, network: Hash(network), key, issued_s, purpose };
        let rendered = text.render();
        prop_assert_eq!(SessionText::parse(&rendered), Ok(text.clone()));
        let mut bytes = rendered.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        let changed = String::from_utf8(bytes).unwrap();
        if let Ok(read) = SessionText::parse(&changed) {
            prop_assert_eq!(read.render(), changed.clone(), "exact bytes only");
            prop_assert_eq!(read == text, changed == rendered, "no two texts say the same");
        }
    }

    #[test]
    fn reading_any_text_never_panics(text in "\\PC{0,40}(\\n\\PC{0,80}){0,14}") {
        let _ = SessionText::parse(&text);
    }
}
