//! Trying transactions.

use serde_json::{Value, json};
use solana_account_decoder_client_types::UiAccountEncoding;
use solana_rpc_client_api::config::{RpcSimulateTransactionAccountsConfig, RpcSimulateTransactionConfig};
use solana_signer::Signer;
use solana_transaction_error::TransactionError;

use crate::harness::{FEE, Localnet, PROCESSED, SOL, refusal, somebody};

fn config() -> RpcSimulateTransactionConfig {
    RpcSimulateTransactionConfig { commitment: Some(PROCESSED), ..RpcSimulateTransactionConfig::default() }
}

#[tokio::test]
async fn a_trial_shows_what_would_be_and_changes_nothing() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let accounts = RpcSimulateTransactionAccountsConfig {
        encoding: Some(UiAccountEncoding::Base64),
        addresses: vec![somebody(1).to_string(), payer.pubkey().to_string()],
    };
    let asked = RpcSimulateTransactionConfig { accounts: Some(accounts), inner_instructions: true, ..config() };
    let answer = net.rpc.simulate_transaction_with_config(&transaction, asked).await.expect("an answer");
    let seen = answer.value;
    assert_eq!((seen.err, seen.fee, seen.inner_instructions), (None, Some(FEE), Some(vec![])));
    assert_eq!(seen.units_consumed, Some(150));
    assert!(seen.logs.expect("logs").iter().any(|line| line.contains("success")));
    let lamports: Vec<_> =
        seen.accounts.expect("accounts").into_iter().map(|account| account.expect("one").lamports).collect();
    assert_eq!(lamports, [SOL, 9 * SOL - FEE]);
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, 0);
}

#[tokio::test]
async fn a_failure_is_an_answer_and_no_error() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let transaction = net.payment(&payer, &somebody(1), 11 * SOL).await;
    let seen = net.rpc.simulate_transaction_with_config(&transaction, config()).await.expect("an answer").value;
    assert!(matches!(seen.err.map(TransactionError::from), Some(TransactionError::InstructionError(0, _))));
    assert!(seen.logs.expect("logs").iter().any(|line| line.contains("insufficient lamports")));
    let done = net.pay(&payer, &somebody(1), SOL).await;
    assert!(net.is_included(&done).await);
}

#[tokio::test]
async fn signatures_and_blockhash_are_looked_at_when_asked() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let mut transaction = net.payment(&payer, &somebody(1), SOL).await;
    transaction.signatures[0] = Default::default();
    let unsigned = net.rpc.simulate_transaction_with_config(&transaction, config()).await.expect("an answer");
    assert_eq!(unsigned.value.err, None);
    let strict = RpcSimulateTransactionConfig { sig_verify: true, ..config() };
    let error = net.rpc.simulate_transaction_with_config(&transaction, strict.clone()).await.expect_err("refused");
    assert_eq!(refusal(&error).0, -32003);

    net.mine(160).await;
    let old = net.rpc.simulate_transaction_with_config(&transaction, config()).await.expect("an answer");
    assert_eq!(old.value.err, Some(TransactionError::BlockhashNotFound.into()));
    let replaced = RpcSimulateTransactionConfig { replace_recent_blockhash: true, ..config() };
    let seen = net.rpc.simulate_transaction_with_config(&transaction, replaced).await.expect("an answer").value;
    let newest = net.blockhash().await.to_string();
    assert_eq!((seen.err, seen.replacement_blockhash.map(|hash| hash.blockhash)), (None, Some(newest)));
    let both = RpcSimulateTransactionConfig { replace_recent_blockhash: true, ..strict };
    let error = net.rpc.simulate_transaction_with_config(&transaction, both).await.expect_err("refused");
    assert_eq!(refusal(&error).0, -32602);
}

#[tokio::test]
async fn a_trial_is_of_the_commitments_slot() {
    let net = Localnet::start();
    let payer = solana_keypair::Keypair::new();
    let blockhash = net.blockhash().await;
    net.rpc.request_airdrop(&payer.pubkey(), SOL).await.expect("an airdrop");
    net.mine(1).await;
    let transaction = crate::harness::payment(&payer, &somebody(1), SOL / 2, blockhash);
    let now = net.rpc.simulate_transaction_with_config(&transaction, config()).await.expect("an answer");
    assert_eq!(now.value.err, None);
    let last = RpcSimulateTransactionConfig::default();
    let seen = net.rpc.simulate_transaction_with_config(&transaction, last).await.expect("an answer");
    assert_eq!((seen.context.slot, seen.value.err), (0, Some(TransactionError::AccountNotFound.into())));
}

#[tokio::test]
async fn asking_for_accounts_has_its_limits() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let text = {
        use base64::Engine;
        base64::prelude::BASE64_STANDARD.encode(wincode::serialize(&transaction).expect("bytes"))
    };
    let code = async |accounts: Value| {
        let config = json!({ "encoding": "base64", "commitment": "processed", "accounts": accounts });
        net.code("simulateTransaction", json!([text, config])).await
    };
    let someone = somebody(1).to_string();
    assert_eq!(code(json!({ "addresses": [someone], "encoding": "base58" })).await, -32602);
    assert_eq!(code(json!({ "addresses": vec![someone; 4] })).await, -32602);
    assert_eq!(code(json!({ "addresses": ["nobody"] })).await, -32602);
}
