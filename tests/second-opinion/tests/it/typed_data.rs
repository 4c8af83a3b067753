//! Typed data (EIP-712): the token's permits, as two libraries hash and sign them.

use crate::{secret, secrets};
use alloy::primitives::{Address, U256};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol;
use alloy::sol_types::{Eip712Domain, SolStruct, eip712_domain};
use ethers_core::types::transaction::eip712::{Eip712, TypedData};
use liaise_second_opinion::Other;
use proptest::prelude::*;
use serde_json::json;

sol! {
    /// What a permit signs (ERC-2612).
    #[derive(Debug)]
    struct Permit {
        address owner;
        address spender;
        uint256 value;
        uint256 nonce;
        uint256 deadline;
    }
}

/// The token's domain.
fn domain(chain: u64, token: Address) -> Eip712Domain {
    eip712_domain! { name: "XLV", version: "1", chain_id: chain, verifying_contract: token, }
}

/// A permit as wallets get it.
pub fn typed(chain: u64, token: Address, permit: &Permit) -> TypedData {
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let data = json!({
        "types": {
            "EIP712Domain": [
                field("name", "string"), field("version", "string"), field("chainId", "uint256"),
                field("verifyingContract", "address"),
            ],
            "Permit": [
                field("owner", "address"), field("spender", "address"), field("value", "uint256"),
                field("nonce", "uint256"), field("deadline", "uint256"),
            ],
        },
        "domain": {"name": "XLV", "version": "1", "chainId": chain, "verifyingContract": token},
        "primaryType": "Permit",
        "message": {
            "owner": permit.owner,
            "spender": permit.spender,
            "value": permit.value.to_string(),
            "nonce": permit.nonce.to_string(),
            "deadline": permit.deadline.to_string(),
        },
    });
    serde_json::from_value(data).expect("typed data")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_permit_has_one_hash(
        (token, owner, spender) in any::<([u8; 20], [u8; 20], [u8; 20])>(),
        (value, nonce, deadline) in any::<([u8; 32], [u8; 32], [u8; 32])>(),
        chain in 1..=u64::from(u32::MAX),
        key in secrets(),
    ) {
        let [value, nonce, deadline] = [value, nonce, deadline].map(U256::from_be_bytes);
        let permit = Permit { owner: owner.into(), spender: spender.into(), value, nonce, deadline };
        let ours = permit.eip712_signing_hash(&domain(chain, token.into()));
        prop_assert_eq!(ours.0, typed(chain, token.into(), &permit).encode_eip712().unwrap());
        let signature = PrivateKeySigner::from_slice(&key).unwrap().sign_hash_sync(&ours).unwrap();
        prop_assert!(Other::new(key).has_signed(ours.0, &signature.as_bytes()));
    }
}

#[tokio::test]
async fn a_permit_is_signed_with_the_same_bytes() {
    let (key, token) = (secret("owner"), Address::repeat_byte(7));
    let other = Other::new(key);
    let [value, nonce, deadline] = [1_000, 0, 1_900_000_000u64].map(U256::from);
    let permit = Permit { owner: other.address().into(), spender: Address::repeat_byte(8), value, nonce, deadline };
    let theirs = other.sign_typed(&typed(42_161, token, &permit)).await;
    let ours = PrivateKeySigner::from_slice(&key).unwrap();
    let ours = ours.sign_hash_sync(&permit.eip712_signing_hash(&domain(42_161, token))).unwrap();
    assert_eq!(theirs, ours.as_bytes());
}
