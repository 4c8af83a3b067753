//! All accounts of a program, filtered.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use solana_account_decoder_client_types::UiAccountEncoding;
use solana_address::Address;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig, UiDataSliceConfig};
use solana_rpc_client_api::filter::{Memcmp, RpcFilterType};

use crate::harness::{Localnet, PROCESSED, SOL, somebody};

const OWNER: u8 = 200;

/// A node with three accounts of one program.
async fn with_three() -> Localnet {
    let net = Localnet::start();
    for (n, data) in [(3, &[1, 2, 3][..]), (1, &[1, 2, 4, 5]), (2, &[9, 2, 3])] {
        let data = BASE64_STANDARD.encode(data);
        let owner = somebody(OWNER).to_string();
        let account = json!([{ "address": somebody(n).to_string(), "lamports": SOL, "data": data, "owner": owner }]);
        net.step("localnet_setAccount", account).await;
    }
    net
}

async fn found(net: &Localnet, filters: Vec<RpcFilterType>) -> Vec<Address> {
    let config = RpcProgramAccountsConfig {
        filters: Some(filters),
        account_config: RpcAccountInfoConfig {
            encoding: Some(UiAccountEncoding::Base64),
            commitment: Some(PROCESSED),
            ..RpcAccountInfoConfig::default()
        },
        ..RpcProgramAccountsConfig::default()
    };
    let accounts = net.rpc.get_program_ui_accounts_with_config(&somebody(OWNER), config).await.expect("accounts");
    accounts.into_iter().map(|(address, _)| address).collect()
}

#[tokio::test]
async fn filters_choose_and_the_order_is_that_of_addresses() {
    let net = with_three().await;
    let starts = |bytes: &[u8]| RpcFilterType::Memcmp(Memcmp::new_base58_encoded(0, bytes));
    assert_eq!(found(&net, vec![]).await, [somebody(1), somebody(2), somebody(3)]);
    assert_eq!(found(&net, vec![starts(&[1, 2])]).await, [somebody(1), somebody(3)]);
    assert_eq!(found(&net, vec![RpcFilterType::DataSize(3)]).await, [somebody(2), somebody(3)]);
    assert_eq!(found(&net, vec![RpcFilterType::DataSize(3), starts(&[1])]).await, [somebody(3)]);
    let at_two = RpcFilterType::Memcmp(Memcmp::new_raw_bytes(2, vec![4, 5]));
    assert_eq!(found(&net, vec![at_two]).await, [somebody(1)]);
    let beyond = RpcFilterType::Memcmp(Memcmp::new_raw_bytes(99, vec![4]));
    assert!(found(&net, vec![beyond]).await.is_empty());
    assert!(found(&net, vec![RpcFilterType::TokenAccountState]).await.is_empty());
}

#[tokio::test]
async fn data_can_be_sliced_away_and_the_slot_be_told() {
    let net = with_three().await;
    let config = RpcProgramAccountsConfig {
        account_config: RpcAccountInfoConfig {
            encoding: Some(UiAccountEncoding::Base64),
            data_slice: Some(UiDataSliceConfig { offset: 0, length: 0 }),
            commitment: Some(PROCESSED),
            ..RpcAccountInfoConfig::default()
        },
        ..RpcProgramAccountsConfig::default()
    };
    let accounts = net.rpc.get_program_ui_accounts_with_config(&somebody(OWNER), config).await.expect("accounts");
    assert!(accounts.iter().all(|(_, account)| account.data.decode() == Some(Vec::new())));
    let asked = json!([somebody(OWNER).to_string(), { "withContext": true, "commitment": "processed" }]);
    let answer = net.call("getProgramAccounts", asked).await.expect("an answer");
    assert_eq!(answer["context"]["slot"], 3);
    assert_eq!(answer["value"].as_array().map(Vec::len), Some(3));
    // final is slot 0, without them
    assert_eq!(net.call("getProgramAccounts", json!([somebody(OWNER).to_string()])).await, Ok(json!([])));
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused() {
    let net = Localnet::start();
    let code = async |filters: Value| {
        net.code("getProgramAccounts", json!([somebody(OWNER).to_string(), { "filters": filters }])).await
    };
    assert_eq!(
        code(json!([{ "dataSize": 1 }, { "dataSize": 1 }, { "dataSize": 1 }, { "dataSize": 1 }, { "dataSize": 1 }]))
            .await,
        -32602
    );
    assert_eq!(code(json!([{ "memcmp": { "offset": 0, "bytes": "0OIl" } }])).await, -32602);
    assert_eq!(code(json!([{ "memcmp": { "offset": 0, "bytes": "1".repeat(129) } }])).await, -32602);
    assert_eq!(code(json!([{ "dataLength": 1 }])).await, -32602);
}
