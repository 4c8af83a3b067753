//! Session texts with wallets' signatures, and some that must fail.

use liaise_ledger::session::{Purpose, eip191_hash, signed_message_hash};
use liaise_ledger::{Account, Author, Hash, Scopes, Session, SessionText, body};
use serde::Serialize;
use serde_bytes::ByteBuf;

use crate::sample;

#[derive(Serialize)]
pub struct Case {
    name: &'static str,
    domain: String,
    network: Hash,
    account: Account,
    session_key: String,
    issued_s: String,
    /// Null for a revocation.
    expires_s: Option<String>,
    scopes: Vec<&'static str>,
    text: String,
    /// What the wallet signs: on Solana the text itself.
    digest: Option<String>,
    signature: String,
    /// Why it is refused, where it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

const ISSUED_S: u64 = sample::GENESIS_S + 3_600;

/// What wallet `i` of the account's chain signs.
pub fn sign(i: usize, account: &Account, text: &str) -> Vec<u8> {
    match account.chain().namespace() {
        "eip155" => sample::wallet_signature(i, text).to_vec(),
        "solana" => sample::solana_signature(i, text).to_vec(),
        _ => sample::bch_signature(i, text).to_vec(),
    }
}

/// A text with the signature of wallet 1, both changed before they are checked.
fn case(name: &'static str, text: SessionText, change: impl Fn(&mut String, &mut Vec<u8>)) -> Case {
    let mut rendered = text.render();
    let mut signature = sign(1, &text.account, &rendered);
    change(&mut rendered, &mut signature);
    let body = body::Session { text: rendered.clone(), signature: ByteBuf::from(signature.clone()) };
    let checked = Session::check(&body, &Author::Account(text.account.clone()), &text.key, &sample::genesis());
    let (expires_s, scopes) = match text.purpose {
        Purpose::Grant { expires_s, scopes } => (Some(expires_s.to_string()), scopes),
        Purpose::Revoke => (None, Scopes::default()),
    };
    Case {
        name,
        digest: digest(&text.account, &rendered),
        domain: text.domain,
        network: text.network,
        account: text.account,
        session_key: hex::encode(text.key),
        issued_s: text.issued_s.to_string(),
        expires_s,
        scopes: scopes.iter().map(|scope| scope.name()).collect(),
        text: rendered,
        signature: hex::encode(signature),
        error: checked.err().map(|error| error.to_string()),
    }
}

fn digest(account: &Account, text: &str) -> Option<String> {
    match account.chain().namespace() {
        "eip155" => Some(hex::encode(eip191_hash(text))),
        "bch" => Some(hex::encode(signed_message_hash(text))),
        _ => None,
    }
}

/// The other s of the same r, which signs as well.
fn other_s(s: &mut [u8]) {
    let scalar = secp256k1::SecretKey::from_byte_array((&*s).try_into().expect("32 bytes")).expect("s is a scalar");
    s.copy_from_slice(&scalar.negate().secret_bytes());
}

/// Every case.
pub fn all() -> Vec<Case> {
    let genesis = sample::genesis();
    let key = sample::ed25519("session", 1).verifying_key().to_bytes();
    let of = |account, scopes, life_s| SessionText::grant(&genesis, account, key, scopes, ISSUED_S, ISSUED_S + life_s);
    let grant = |scopes, life_s| of(sample::account(1), scopes, life_s);
    let solana = |scopes, life_s| of(sample::solana_account(1), scopes, life_s);
    let bch = |scopes, life_s| of(sample::bch_account(1), scopes, life_s);
    let revoke = |account| SessionText::revoke(&genesis, account, key, ISSUED_S);
    let month = genesis.parameters.session_max_s;
    let untouched = |_: &mut String, _: &mut Vec<u8>| {};
    vec![
        case("prompt and work, the longest life", grant(Scopes::ALL, month), untouched),
        case("prompt only", grant(Scopes::PROMPT, 3_600), untouched),
        case("work only, v 0 or 1", grant(Scopes::WORK, 3_600), |_, signature| signature[64] -= 27),
        case("a revocation", revoke(sample::account(1)), untouched),
        case("Solana", solana(Scopes::ALL, month), untouched),
        case("Solana, a revocation", revoke(sample::solana_account(1)), untouched),
        case("Bitcoin Cash", bch(Scopes::ALL, month), untouched),
        case("Bitcoin Cash, a revocation", revoke(sample::bch_account(1)), untouched),
        case("one second too long", grant(Scopes::ALL, month + 1), untouched),
        case("another text than was signed", grant(Scopes::PROMPT, 3_600), |text, _| {
            *text = text.replace("scope:prompt", "scope:work");
        }),
        case("the other wallet's signature", grant(Scopes::ALL, 3_600), |text, signature| {
            *signature = sign(2, &sample::account(2), text);
        }),
        case("a line break at the end", grant(Scopes::ALL, 3_600), |text, signature| {
            text.push('\n');
            *signature = sign(1, &sample::account(1), text);
        }),
        case("v 29", grant(Scopes::ALL, 3_600), |_, signature| signature[64] = 29),
        case("high s", grant(Scopes::ALL, 3_600), |_, signature| {
            other_s(&mut signature[32..64]);
            signature[64] = 55 - signature[64];
        }),
        case("Solana, the other wallet's signature", solana(Scopes::ALL, 3_600), |text, signature| {
            *signature = sign(2, &sample::solana_account(2), text);
        }),
        case("Solana, 65 bytes", solana(Scopes::ALL, 3_600), |_, signature| signature.push(0)),
        case("Solana, an address that is no key", of(no_key(), Scopes::ALL, 3_600), untouched),
        case("Bitcoin Cash, the other wallet's signature", bch(Scopes::ALL, 3_600), |text, signature| {
            *signature = sign(2, &sample::bch_account(2), text);
        }),
        case("Bitcoin Cash, as of an uncompressed key", bch(Scopes::ALL, 3_600), |_, signature| signature[0] -= 4),
        case("Bitcoin Cash, header 35", bch(Scopes::ALL, 3_600), |_, signature| signature[0] = 35),
        case("Bitcoin Cash, high s", bch(Scopes::ALL, 3_600), |_, signature| {
            other_s(&mut signature[33..]);
            signature[0] = 31 + ((signature[0] - 31) ^ 1);
        }),
        case("Bitcoin Cash, an EVM wallet's signature", bch(Scopes::ALL, 3_600), |text, signature| {
            *signature = sign(1, &sample::account(1), text);
        }),
    ]
}

/// An address of Solana that is no point of the curve, as programs have them.
fn no_key() -> Account {
    let at = (0..=255).find(|byte| liaise_ledger::ed25519::decode_key(&[*byte; 32]).is_none());
    Account::solana(&sample::solana(), [at.expect("half of all addresses"); 32])
}
