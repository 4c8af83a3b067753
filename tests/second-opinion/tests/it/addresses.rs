//! Keys and addresses, as three libraries derive them.

use crate::secrets;
use alloy::signers::local::PrivateKeySigner;
use liaise_ledger::Account;
use liaise_ledger::session::{Purpose, Scopes, SessionText, evm_address};
use liaise_oracle::quorum::OracleKey;
use liaise_second_opinion::Other;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_secret_has_one_key_and_one_address(secret in secrets()) {
        let other = Other::new(secret);
        let address = other.address();
        prop_assert_eq!(other.public(), OracleKey::from_bytes(secret).unwrap().public());
        prop_assert_eq!(address, PrivateKeySigner::from_slice(&secret).unwrap().address().into_array());
        let key = secp256k1::SecretKey::from_byte_array(secret).unwrap();
        prop_assert_eq!(address, evm_address(&secp256k1::PublicKey::from_secret_key_global(&key)));
        let wallet = liaise_node::client::Wallet::new(&secret.into(), &"eip155:42161".parse().unwrap()).unwrap();
        prop_assert_eq!(wallet.account(), Account::evm(42_161, address));
    }

    #[test]
    fn an_address_is_shown_with_the_same_checksum(secret in secrets()) {
        let other = Other::new(secret);
        let text = SessionText {
            domain: "example.liaise".into(),
            account: Account::evm(1, other.address()),
            network: liaise_ledger::Hash([7; 32]),
            key: [8; 32],
            issued_s: 1_767_225_600,
            purpose: Purpose::Grant { expires_s: 1_767_229_200, scopes: Scopes::ALL },
        };
        let (text, shown) = (text.render(), other.shown_address());
        prop_assert_eq!(text.lines().nth(1), Some(shown.as_str()));
    }
}

#[test]
fn a_mnemonic_leads_to_the_same_accounts() {
    let phrase = "test test test test test test test test test test test junk";
    for index in 0..10 {
        let ours = liaise_chain_arbitrum::local::Anvil::key(index).address().into_array();
        assert_eq!(Other::of_mnemonic(phrase, index).address(), ours, "account {index}");
    }
}
