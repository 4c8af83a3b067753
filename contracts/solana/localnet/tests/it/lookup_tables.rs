//! Versioned transactions with lookup tables.

use serde_json::json;
use solana_address_lookup_table_interface::instruction::{create_lookup_table, extend_lookup_table};
use solana_keypair::Keypair;
use solana_message::{AddressLookupTableAccount, VersionedMessage, v0};
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;
use solana_transaction::versioned::{TransactionVersion, VersionedTransaction};
use solana_transaction_status_client_types::option_serializer::OptionSerializer;

use crate::harness::{CONFIRMED, Localnet, PROCESSED, SOL, refusal, signed, somebody};

/// Has a table made that holds two addresses, ready to be used.
async fn with_table(net: &Localnet, payer: &Keypair) -> AddressLookupTableAccount {
    net.mine(1).await;
    let slot = net.rpc.get_slot().await.expect("a slot") - 1;
    let (create, key) = create_lookup_table(payer.pubkey(), payer.pubkey(), slot);
    let addresses = vec![somebody(1), somebody(2)];
    let extend = extend_lookup_table(key, payer.pubkey(), Some(payer.pubkey()), addresses.clone());
    let transaction = signed(&[create, extend], payer, &[payer], net.blockhash().await);
    net.rpc.send_transaction(&transaction).await.expect("it is taken");
    net.mine(2).await;
    AddressLookupTableAccount { key, addresses }
}

async fn over_table(net: &Localnet, payer: &Keypair, table: &AddressLookupTableAccount) -> VersionedTransaction {
    let payments = [transfer(&payer.pubkey(), &somebody(1), SOL), transfer(&payer.pubkey(), &somebody(2), 2 * SOL)];
    let blockhash = net.blockhash().await;
    let message = v0::Message::try_compile(&payer.pubkey(), &payments, std::slice::from_ref(table), blockhash);
    VersionedTransaction::try_new(VersionedMessage::V0(message.expect("it compiles")), &[payer]).expect("signed")
}

#[tokio::test]
async fn addresses_are_looked_up() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let table = with_table(&net, &payer).await;
    let transaction = over_table(&net, &payer, &table).await;
    assert_eq!(transaction.message.static_account_keys().len(), 2);
    let fee = net.rpc.get_fee_for_message(match &transaction.message {
        VersionedMessage::V0(message) => message,
        _ => panic!("it is version 0"),
    });
    assert_eq!(fee.await.expect("a fee"), 5_000);
    let signature = net.rpc.send_transaction(&transaction).await.expect("it is taken");
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
    assert_eq!(net.balance(&somebody(2), PROCESSED).await, 2 * SOL);

    // looked-up accounts have a history too
    let history = net.call("getSignaturesForAddress", json!([somebody(2).to_string(), { "commitment": "confirmed" }]));
    assert_eq!(history.await.expect("a page")[0]["signature"], signature.to_string());
    let asked = |version: Option<u8>| json!([signature.to_string(), { "commitment": "confirmed", "maxSupportedTransactionVersion": version }]);
    assert_eq!(net.code("getTransaction", asked(None)).await, -32015);
    let found = net.rpc.get_transaction_with_config(
        &signature,
        solana_rpc_client_api::config::RpcTransactionConfig {
            encoding: None,
            commitment: Some(CONFIRMED),
            max_supported_transaction_version: Some(0),
        },
    );
    let found = found.await.expect("it").transaction;
    assert_eq!(found.version, Some(TransactionVersion::Number(0)));
    let meta = found.meta.expect("what it did");
    let OptionSerializer::Some(loaded) = meta.loaded_addresses else { panic!("addresses were loaded") };
    assert_eq!(loaded.writable, [somebody(1).to_string(), somebody(2).to_string()]);
    assert_eq!(meta.post_balances[2..], [SOL, 2 * SOL]);
}

#[tokio::test]
async fn a_table_that_is_not_there_is_refused_by_name() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let table = AddressLookupTableAccount { key: somebody(77), addresses: vec![somebody(1), somebody(2)] };
    let error = net.rpc.send_transaction(&over_table(&net, &payer, &table).await).await.expect_err("refused");
    let (code, message) = refusal(&error);
    assert_eq!(code, -32602);
    assert_eq!(message, "invalid transaction: Transaction loads an address table account that doesn't exist");
}

#[tokio::test]
async fn a_legacy_transaction_says_its_version_when_versions_are_understood() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    let version = async |max: Option<u8>| {
        let config = json!({ "commitment": "confirmed", "maxSupportedTransactionVersion": max });
        net.call("getTransaction", json!([signature.to_string(), config])).await.expect("it")["version"].clone()
    };
    assert_eq!(version(None).await, json!(null));
    assert_eq!(version(Some(0)).await, json!("legacy"));
}
