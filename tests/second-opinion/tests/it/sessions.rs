//! Session texts that another wallet signs.

use crate::{secret, secrets};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use liaise_ledger::body;
use liaise_ledger::session::{Scopes, Session, SessionError, SessionOutcome, SessionText, eip191_hash};
use liaise_ledger::{Account, Author, Genesis};
use liaise_second_opinion::Other;
use proptest::prelude::*;
use serde_bytes::ByteBuf;

const ISSUED_S: u64 = 1_767_225_600;
const EXPIRES_S: u64 = ISSUED_S + 3_600;
const SESSION_KEY: [u8; 32] = [5; 32];

fn genesis() -> Genesis {
    let cases: serde_json::Value = serde_json::from_str(include_str!("../../../vectors/genesis.json")).unwrap();
    Genesis::from_toml(cases[0]["toml"].as_str().unwrap()).unwrap()
}

/// An account on the network's chain.
fn account(other: &Other) -> Account {
    Account::evm(42_161, other.address())
}

fn check(genesis: &Genesis, account: &Account, text: String, rsv: [u8; 65]) -> Result<SessionOutcome, SessionError> {
    let body = body::Session { text, signature: ByteBuf::from(rsv) };
    Session::check(&body, &Author::Account(account.clone()), &SESSION_KEY, genesis)
}

#[tokio::test]
async fn the_ledger_takes_a_delegation_and_a_revocation_by_another_wallet() {
    let (genesis, other) = (genesis(), Other::new(secret("wallet")));
    let account = account(&other);
    let grant = SessionText::grant(&genesis, account.clone(), SESSION_KEY, Scopes::ALL, ISSUED_S, EXPIRES_S).render();
    let rsv = other.sign_text(&grant).await;
    let Ok(SessionOutcome::Grant(granted)) = check(&genesis, &account, grant.clone(), rsv) else {
        panic!("the delegation should be accepted");
    };
    assert_eq!((&granted.account, granted.key, granted.expires_ms), (&account, SESSION_KEY, EXPIRES_S * 1000));

    let revoke = SessionText::revoke(&genesis, account.clone(), SESSION_KEY, ISSUED_S + 1).render();
    let revoked = check(&genesis, &account, revoke.clone(), other.sign_text(&revoke).await);
    assert!(matches!(revoked, Ok(SessionOutcome::Revocation(_))), "{revoked:?}");

    // Each signature stands for its own text and its own account.
    assert!(matches!(check(&genesis, &account, revoke, rsv), Err(SessionError::Signature { .. })));
    let stranger = Other::new(secret("stranger")).sign_text(&grant).await;
    assert!(matches!(check(&genesis, &account, grant, stranger), Err(SessionError::Signature { .. })));
}

#[tokio::test]
async fn every_wallet_signs_a_text_with_the_same_bytes() {
    let chain = "eip155:42161".parse().unwrap();
    for name in ["first", "second", "third"] {
        let (genesis, other) = (genesis(), Other::new(secret(name)));
        let text =
            SessionText::grant(&genesis, account(&other), SESSION_KEY, Scopes::WORK, ISSUED_S, EXPIRES_S).render();
        let rsv = other.sign_text(&text).await;
        let alloys = PrivateKeySigner::from_slice(&secret(name)).unwrap().sign_message_sync(text.as_bytes()).unwrap();
        assert_eq!(rsv, alloys.as_bytes());
        let ours = liaise_node::client::Wallet::new(&secret(name).into(), &chain).unwrap().sign_text(&text).unwrap();
        assert_eq!(rsv.to_vec(), ours);
        assert!(other.has_signed(eip191_hash(&text), &rsv));
    }
}

proptest! {
    #[test]
    fn any_text_has_the_same_eip_191_hash_everywhere(text in any::<String>(), key in secrets()) {
        let ours = eip191_hash(&text);
        prop_assert_eq!(ours, ethers_core::utils::hash_message(&text).0);
        prop_assert_eq!(ours, alloy::primitives::eip191_hash_message(&text).0);
        let alloys = PrivateKeySigner::from_slice(&key).unwrap().sign_message_sync(text.as_bytes()).unwrap();
        prop_assert!(Other::new(key).has_signed(ours, &alloys.as_bytes()));
    }
}
