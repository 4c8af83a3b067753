//! Session texts with wallets' signatures, and some that must fail.

use liaise_ledger::session::Purpose;
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
    /// What the wallet signs.
    digest: String,
    signature: String,
    /// Why it is refused, where it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

const ISSUED_S: u64 = sample::GENESIS_S + 3_600;

fn case(name: &'static str, text: SessionText, change: impl Fn(&mut String, &mut [u8; 65])) -> Case {
    let mut rendered = text.render();
    let mut signature = sample::wallet_signature(1, &rendered);
    change(&mut rendered, &mut signature);
    let body = body::Session { text: rendered.clone(), signature: ByteBuf::from(signature) };
    let checked = Session::check(&body, &Author::Account(text.account.clone()), &text.key, &sample::genesis());
    let (expires_s, scopes) = match text.purpose {
        Purpose::Grant { expires_s, scopes } => (Some(expires_s.to_string()), scopes),
        Purpose::Revoke => (None, Scopes::default()),
    };
    Case {
        name,
        domain: text.domain,
        network: text.network,
        account: text.account,
        session_key: hex::encode(text.key),
        issued_s: text.issued_s.to_string(),
        expires_s,
        scopes: scopes.iter().map(|scope| scope.name()).collect(),
        digest: hex::encode(liaise_ledger::session::eip191_hash(&rendered)),
        text: rendered,
        signature: hex::encode(signature),
        error: checked.err().map(|error| error.to_string()),
    }
}

/// Every case.
pub fn all() -> Vec<Case> {
    let genesis = sample::genesis();
    let key = sample::ed25519("session", 1).verifying_key().to_bytes();
    let grant =
        |scopes, life_s| SessionText::grant(&genesis, sample::account(1), key, scopes, ISSUED_S, ISSUED_S + life_s);
    let month = genesis.parameters.session_max_s;
    let untouched = |_: &mut String, _: &mut [u8; 65]| {};
    vec![
        case("prompt and work, the longest life", grant(Scopes::ALL, month), untouched),
        case("prompt only", grant(Scopes::PROMPT, 3_600), untouched),
        case("work only, v 0 or 1", grant(Scopes::WORK, 3_600), |_, signature| signature[64] -= 27),
        case("a revocation", SessionText::revoke(&genesis, sample::account(1), key, ISSUED_S), untouched),
        case("one second too long", grant(Scopes::ALL, month + 1), untouched),
        case("another text than was signed", grant(Scopes::PROMPT, 3_600), |text, _| {
            *text = text.replace("scope:prompt", "scope:work");
        }),
        case("the other wallet's signature", grant(Scopes::ALL, 3_600), |text, signature| {
            *signature = sample::wallet_signature(2, text);
        }),
        case("a line break at the end", grant(Scopes::ALL, 3_600), |text, signature| {
            text.push('\n');
            *signature = sample::wallet_signature(1, text);
        }),
        case("v 29", grant(Scopes::ALL, 3_600), |_, signature| signature[64] = 29),
        case("high s", grant(Scopes::ALL, 3_600), |_, signature| {
            let s = secp256k1::SecretKey::from_byte_array(signature[32..64].try_into().expect("32 bytes"));
            signature[32..64].copy_from_slice(&s.expect("s is a scalar").negate().secret_bytes());
            signature[64] = 55 - signature[64];
        }),
    ]
}
