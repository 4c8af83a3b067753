//! Accounts and balances.

use serde_json::{Value, json};
use solana_account_decoder_client_types::UiAccountData;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, UiAccountEncoding, UiDataSliceConfig};
use solana_signer::Signer;

use crate::harness::{FINALIZED, Localnet, PROCESSED, SOL, somebody};

/// Has an account with these bytes.
async fn with_data(net: &Localnet, data: &str) {
    let account = json!([{ "address": somebody(1).to_string(), "lamports": SOL, "data": data }]);
    net.step("localnet_setAccount", account).await;
}

async fn data_in(net: &Localnet, config: Value) -> Result<Value, Value> {
    let answer = net.call("getAccountInfo", json!([somebody(1).to_string(), config])).await?;
    Ok(answer["value"]["data"].clone())
}

#[tokio::test]
async fn an_account_is_said_with_all_its_fields() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let account = net.rpc.get_account(&payer.pubkey()).await.expect("an account");
    assert_eq!((account.lamports, account.data.len(), account.executable), (10 * SOL, 0, false));
    assert_eq!(account.owner, solana_sdk_ids::system_program::ID);
    assert_eq!(account.rent_epoch, u64::MAX);
    let token = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA".parse().expect("an address");
    assert!(net.rpc.get_account(&token).await.expect("SPL Token").executable);
    let nobody = net.rpc.get_account_with_commitment(&somebody(9), PROCESSED).await.expect("an answer");
    assert_eq!((nobody.value, nobody.context.slot), (None, 1));
}

#[tokio::test]
async fn balances_are_of_the_commitments_slot() {
    let net = Localnet::start();
    net.rpc.request_airdrop(&somebody(1), SOL).await.expect("an airdrop");
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
    assert_eq!(net.balance(&somebody(1), FINALIZED).await, 0);
    let answer = net.call("getBalance", json!([somebody(1).to_string()])).await.expect("an answer");
    assert_eq!((&answer["value"], &answer["context"]["slot"]), (&json!(0), &json!(0)));
    assert_eq!(net.code("getBalance", json!(["short"])).await, -32602);
}

#[tokio::test]
async fn data_is_said_in_every_encoding_that_is_offered() {
    let net = Localnet::start();
    with_data(&net, "AAECAw==").await;
    let asked = |encoding| json!({ "encoding": encoding, "commitment": "processed" });
    assert_eq!(data_in(&net, asked("base58")).await, Ok(json!(["1Ldp", "base58"])));
    assert_eq!(data_in(&net, asked("base64")).await, Ok(json!(["AAECAw==", "base64"])));
    assert_eq!(data_in(&net, json!({ "commitment": "processed" })).await, Ok(json!("1Ldp")));
    // as for a program whose accounts a validator can't parse
    assert_eq!(data_in(&net, asked("jsonParsed")).await, Ok(json!(["AAECAw==", "base64"])));
    let packed = data_in(&net, asked("base64+zstd")).await.expect("an account");
    let packed: UiAccountData = serde_json::from_value(packed).expect("data");
    assert_eq!(packed.decode(), Some(vec![0, 1, 2, 3]));
    assert_eq!(data_in(&net, asked("hex")).await.expect_err("unknown")["code"], -32602);
}

#[tokio::test]
async fn base58_is_for_small_data_only() {
    use base64::Engine;
    let net = Localnet::start();
    let encode = |len| base64::prelude::BASE64_STANDARD.encode(vec![0; len]);
    with_data(&net, &encode(129)).await;
    let asked = json!({ "encoding": "base58", "commitment": "processed" });
    let error = data_in(&net, asked.clone()).await.expect_err("it is too long");
    assert_eq!(error["code"], -32600);
    assert!(error["message"].as_str().expect("words").contains("please use Base64 encoding"));
    let slice = json!({ "encoding": "base58", "commitment": "processed", "dataSlice": { "offset": 1, "length": 500 } });
    assert_eq!(data_in(&net, slice).await, Ok(json!(["1".repeat(128), "base58"])));
    with_data(&net, &encode(128)).await;
    assert!(data_in(&net, asked).await.is_ok());
}

#[tokio::test]
async fn a_slice_ends_where_the_data_does() {
    let net = Localnet::start();
    with_data(&net, "AAECAw==").await;
    for (offset, length, data) in [(1, 2, vec![1, 2]), (2, 9, vec![2, 3]), (4, 1, vec![]), (99, 1, vec![])] {
        let config = RpcAccountInfoConfig {
            encoding: Some(UiAccountEncoding::Base64),
            data_slice: Some(UiDataSliceConfig { offset, length }),
            commitment: Some(PROCESSED),
            min_context_slot: None,
        };
        let answer = net.rpc.get_ui_account_with_config(&somebody(1), config).await.expect("an answer");
        let account = answer.value.expect("an account");
        assert_eq!((account.data.decode(), account.space), (Some(data), Some(4)));
    }
}

#[tokio::test]
async fn several_accounts_are_of_one_slot() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let asked = [payer.pubkey(), somebody(9), payer.pubkey()];
    let found = net.rpc.get_multiple_accounts(&asked).await.expect("an answer");
    let lamports: Vec<_> = found.iter().map(|account| account.as_ref().map(|account| account.lamports)).collect();
    assert_eq!(lamports, [Some(10 * SOL), None, Some(10 * SOL)]);
    let many = |count| json!([vec![somebody(1).to_string(); count]]);
    assert!(net.call("getMultipleAccounts", many(100)).await.is_ok());
    assert_eq!(net.code("getMultipleAccounts", many(101)).await, -32602);
}

#[tokio::test]
async fn rent_is_said_for_every_length_that_an_account_can_have() {
    let net = Localnet::start();
    let rent = async |length: usize| net.rpc.get_minimum_balance_for_rent_exemption(length).await;
    assert_eq!(rent(165).await.expect("an amount"), 2_039_280);
    assert_eq!(rent(10 * 1024 * 1024).await.expect("an amount"), 6_960 * (128 + 10 * 1024 * 1024));
    assert_eq!(net.code("getMinimumBalanceForRentExemption", json!([10 * 1024 * 1024 + 1])).await, -32600);
    assert_eq!(net.code("getMinimumBalanceForRentExemption", json!([-1])).await, -32602);
}
