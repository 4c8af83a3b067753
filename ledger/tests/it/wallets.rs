//! What the libraries that wallets are built with have signed. `ledger/tests/wallets/wallets.mjs` writes it.

use liaise_ledger::session::{SessionError, verify_wallet};
use liaise_ledger::{Account, SessionText};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    wallet: String,
    account: Account,
    text: String,
    /// How often the text is repeated.
    times: usize,
    signature: String,
}

fn fixtures() -> Vec<Fixture> {
    serde_json::from_str(include_str!("../wallets/fixtures.json")).unwrap()
}

#[test]
fn what_wallets_sign_is_accepted_and_nothing_else() {
    let fixtures = fixtures();
    for namespace in ["solana", "bch"] {
        assert!(fixtures.iter().filter(|one| one.account.chain().namespace() == namespace).count() >= 2);
    }
    for Fixture { wallet, account, text, times, signature } in &fixtures {
        let text = text.repeat(*times);
        let signature = hex::decode(signature).unwrap();
        assert_eq!(verify_wallet(account, &text, &signature), Ok(()), "{wallet} {account}");
        let longer = format!("{text} ");
        let refused = Err(SessionError::Signature { account: account.clone() });
        assert_eq!(verify_wallet(account, &longer, &signature), refused, "{wallet} {account}");
        let others = fixtures.iter().filter(|other| other.account != *account);
        for other in others.filter(|other| other.account.chain() == account.chain()) {
            assert!(verify_wallet(&other.account, &text, &signature).is_err(), "{wallet} {account}");
        }
    }
}

/// "Sign In With Solana" as the Wallet Standard's package writes it is a session text, byte for byte.
#[test]
fn a_sign_in_text_is_a_session_text() {
    let texts = fixtures().into_iter().filter(|one| one.text.contains("wants you to sign in"));
    let mut seen = 0;
    for Fixture { account, text, .. } in texts {
        let read = SessionText::parse(&text).unwrap();
        assert_eq!((&read.account, read.render()), (&account, text));
        seen += 1;
    }
    assert_eq!(seen, 3);
}
