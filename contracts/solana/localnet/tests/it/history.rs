//! What blocks held: statuses, transactions, and an address's history.

use serde_json::{Value, json};
use solana_rpc_client::rpc_client::GetConfirmedSignaturesForAddress2Config as Page;
use solana_rpc_client_api::config::RpcTransactionConfig;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::option_serializer::OptionSerializer;
use solana_transaction_status_client_types::{
    EncodedTransaction, TransactionConfirmationStatus, UiTransactionEncoding,
};

use crate::harness::{CONFIRMED, FEE, FINALIZED, GENESIS, Localnet, SOL, refusal, somebody};

#[tokio::test]
async fn old_statuses_are_found_by_a_search_only() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    net.mine(300).await;
    assert!(net.is_included(&signature).await);
    net.mine(1).await;
    assert!(!net.is_included(&signature).await);
    let asked = [signature, Signature::from([9; 64])];
    let found = net.rpc.get_signature_statuses_with_history(&asked).await.expect("statuses").value;
    let status = found[0].as_ref().expect("it is found");
    assert_eq!((status.slot, status.confirmations, &status.err), (2, None, &None));
    assert_eq!(found[1], None);
}

#[tokio::test]
async fn statuses_are_asked_in_measure() {
    let net = Localnet::start();
    let many = |count| json!([vec![Signature::default().to_string(); count]]);
    assert!(net.call("getSignatureStatuses", many(256)).await.is_ok());
    assert_eq!(net.code("getSignatureStatuses", many(257)).await, -32602);
    assert_eq!(net.code("getSignatureStatuses", json!([["zero"]])).await, -32602);
}

#[tokio::test]
async fn a_transaction_is_told_with_what_it_did() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    let found =
        net.rpc.get_transaction_with_config(&signature, confirmed(UiTransactionEncoding::Json)).await.expect("it");
    assert_eq!((found.slot, found.block_time, found.transaction_index), (2, Some(GENESIS as i64), Some(0)));
    let meta = found.transaction.meta.expect("what it did");
    assert_eq!((meta.err, meta.fee, meta.status), (None, FEE, Ok(())));
    assert_eq!(meta.pre_balances, [10 * SOL, 0, 1]);
    assert_eq!(meta.post_balances, [9 * SOL - FEE, SOL, 1]);
    assert_eq!(meta.compute_units_consumed, OptionSerializer::Some(150));
    let OptionSerializer::Some(logs) = meta.log_messages else { panic!("there are logs") };
    assert_eq!(logs.last().map(String::as_str), Some("Program 11111111111111111111111111111111 success"));
    let EncodedTransaction::Json(transaction) = found.transaction.transaction else { panic!("it is JSON") };
    assert_eq!(transaction.signatures, [signature.to_string()]);
}

#[tokio::test]
async fn a_transaction_is_told_as_it_was_sent() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let signature = net.rpc.send_transaction(&transaction).await.expect("it is taken");
    net.mine(1).await;
    for encoding in [UiTransactionEncoding::Base64, UiTransactionEncoding::Base58, UiTransactionEncoding::Binary] {
        let found = net.rpc.get_transaction_with_config(&signature, confirmed(encoding)).await.expect("it");
        assert_eq!(found.transaction.transaction.decode(), Some(transaction.clone()));
    }
    let parsed = net.rpc.get_transaction_with_config(&signature, confirmed(UiTransactionEncoding::JsonParsed)).await;
    assert_eq!(refusal(&parsed.expect_err("it parses none")).0, -32602);
}

#[tokio::test]
async fn a_failed_transaction_tells_its_error() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let signature = net.send_blindly(&net.payment(&payer, &somebody(1), 11 * SOL).await).await;
    net.mine(1).await;
    let found =
        net.rpc.get_transaction_with_config(&signature, confirmed(UiTransactionEncoding::Json)).await.expect("it");
    let meta = found.transaction.meta.expect("what it did");
    assert!(matches!(meta.err.map(TransactionError::from), Some(TransactionError::InstructionError(0, _))));
    assert_eq!(meta.post_balances, [10 * SOL - FEE, 0, 1]);
}

#[tokio::test]
async fn a_transaction_is_there_from_its_commitment_on() {
    let net = Localnet::with(&["--manual", "--confirm-slots", "1"]);
    let payer = net.funded().await;
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    let at = async |commitment: &str| {
        net.call("getTransaction", json!([signature.to_string(), { "commitment": commitment }])).await
    };
    assert_eq!(
        at("processed").await.expect_err("never")["message"],
        "Method does not support commitment below `confirmed`"
    );
    assert_eq!(at("confirmed").await, Ok(Value::Null));
    net.mine(1).await;
    assert_eq!(at("confirmed").await.expect("it")["slot"], 2);
    assert_eq!(at("finalized").await, Ok(Value::Null));
    net.finalise().await;
    assert_eq!(at("finalized").await.expect("it")["slot"], 2);
    assert_eq!(net.call("getTransaction", json!([Signature::default().to_string()])).await, Ok(Value::Null));
}

#[tokio::test]
async fn an_addresss_history_is_told_newest_first_and_page_by_page() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let mut sent = Vec::new();
    for n in 0..3 {
        // two in each block
        for amount in [SOL / 10, SOL / 5] {
            let transaction = net.payment(&payer, &somebody(1), amount + n).await;
            sent.push(net.rpc.send_transaction(&transaction).await.expect("it is taken"));
        }
        net.mine(1).await;
    }
    sent.reverse();
    let page = async |before: Option<Signature>, until: Option<Signature>, limit: Option<usize>| -> Vec<Signature> {
        let config = Page { before, until, limit, commitment: Some(CONFIRMED) };
        let found = net.rpc.get_signatures_for_address_with_config(&somebody(1), config).await.expect("a page");
        found.into_iter().map(|item| item.signature.parse().expect("a signature")).collect()
    };
    assert_eq!(page(None, None, None).await, sent);
    assert_eq!(page(None, None, Some(2)).await, sent[..2]);
    assert_eq!(page(Some(sent[1]), None, Some(3)).await, sent[2..5]);
    assert_eq!(page(Some(sent[0]), Some(sent[4]), None).await, sent[1..4]);
    assert!(page(Some(sent[5]), None, None).await.is_empty());
    assert!(page(Some(Signature::from([9; 64])), None, None).await.is_empty());
    assert_eq!(page(None, Some(Signature::from([9; 64])), None).await, sent);
    let code =
        async |config: Value| net.code("getSignaturesForAddress", json!([somebody(1).to_string(), config])).await;
    assert_eq!(code(json!({ "limit": 0 })).await, -32602);
    assert_eq!(code(json!({ "limit": 1001 })).await, -32602);
    assert_eq!(code(json!({ "commitment": "processed" })).await, -32602);
    assert_eq!(code(json!({ "before": "x" })).await, -32602);
}

#[tokio::test]
async fn a_history_says_how_certain_it_is() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.pay(&payer, &somebody(1), SOL).await;
    let told = async |commitment| {
        let config = Page { commitment: Some(commitment), ..Page::default() };
        let mut found = net.rpc.get_signatures_for_address_with_config(&somebody(1), config).await.expect("a page");
        found.pop().map(|item| (item.slot, item.err, item.block_time, item.confirmation_status))
    };
    let time = Some(GENESIS as i64);
    assert_eq!(told(FINALIZED).await, None);
    assert_eq!(told(CONFIRMED).await, Some((2, None, time, Some(TransactionConfirmationStatus::Confirmed))));
    net.finalise().await;
    assert_eq!(told(FINALIZED).await, Some((2, None, time, Some(TransactionConfirmationStatus::Finalized))));
    let faucet_side = net.rpc.get_signatures_for_address(&payer.pubkey()).await.expect("a page");
    assert_eq!(faucet_side.len(), 2);
}

fn confirmed(encoding: UiTransactionEncoding) -> RpcTransactionConfig {
    RpcTransactionConfig {
        encoding: Some(encoding),
        commitment: Some(CONFIRMED),
        max_supported_transaction_version: None,
    }
}
