//! Sending: what preflight lets through, what gets into blocks, what is charged.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use solana_commitment_config::CommitmentLevel;
use solana_rpc_client_api::config::{RpcSendTransactionConfig, UiTransactionEncoding};
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;
use solana_transaction_error::TransactionError;

use crate::harness::{FEE, Localnet, PROCESSED, SOL, payment, preflight, preflight_at, refusal, signed, somebody};

#[tokio::test]
async fn a_payment_waits_for_a_block_and_pays_its_fee() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let signature = net.rpc.send_transaction(&transaction).await.expect("it is taken");
    assert_eq!(signature, transaction.signatures[0]);
    assert!(!net.is_included(&signature).await);
    assert_eq!(net.waiting().await, 1);
    net.mine(1).await;
    assert!(net.is_included(&signature).await);
    assert_eq!(net.waiting().await, 0);
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
    assert_eq!(net.balance(&payer.pubkey(), PROCESSED).await, 9 * SOL - FEE);
}

#[tokio::test]
async fn both_encodings_are_taken_and_no_other() {
    let net = Localnet::start();
    let payer = net.funded().await;
    for (n, encoding) in [UiTransactionEncoding::Base58, UiTransactionEncoding::Base64].into_iter().enumerate() {
        let transaction = net.payment(&payer, &somebody(1), SOL + n as u64).await;
        let config = RpcSendTransactionConfig { encoding: Some(encoding), ..RpcSendTransactionConfig::default() };
        net.rpc.send_transaction_with_config(&transaction, config).await.expect("it is taken");
    }
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, 2 * SOL + 1);
    let error = net.call("sendTransaction", json!(["", { "encoding": "json" }])).await.expect_err("refused");
    assert_eq!(error["code"], -32602);
    assert_eq!(error["message"], "unsupported encoding: json. Supported encodings: base58, base64");
}

#[tokio::test]
async fn a_transaction_is_included_once() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    net.rpc.send_transaction(&transaction).await.expect("it is taken");
    net.rpc.send_transaction(&transaction).await.expect("while it waits it is taken again");
    assert_eq!(net.waiting().await, 1);
    net.mine(1).await;
    let error = net.rpc.send_transaction(&transaction).await.expect_err("it is in a block");
    assert_eq!(preflight(&error).err, Some(TransactionError::AlreadyProcessed.into()));
    net.send_blindly(&transaction).await;
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
}

#[tokio::test]
async fn preflight_tells_what_would_happen() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let transaction = net.payment(&payer, &somebody(1), 11 * SOL).await;
    let error = net.rpc.send_transaction(&transaction).await.expect_err("there is too little");
    let (code, message) = refusal(&error);
    assert_eq!(code, -32002);
    assert_eq!(message, "Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1");
    let seen = preflight(&error);
    assert!(seen.err.is_some());
    let logs = seen.logs.expect("logs");
    assert!(logs.iter().any(|line| line.contains("insufficient lamports")), "{logs:?}");
    assert!(seen.units_consumed > Some(0));
    assert_eq!(net.waiting().await, 0);
}

#[tokio::test]
async fn without_preflight_a_failure_is_included_and_charged() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let signature = net.send_blindly(&net.payment(&payer, &somebody(1), 11 * SOL).await).await;
    net.mine(1).await;
    let status = net.rpc.get_signature_status(&signature).await.expect("a status").expect("it is included");
    assert!(matches!(status, Err(TransactionError::InstructionError(0, _))));
    assert_eq!(net.balance(&payer.pubkey(), PROCESSED).await, 10 * SOL - FEE);
}

#[tokio::test]
async fn a_program_that_is_not_there_costs_the_fee_all_the_same() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let nothing = solana_instruction::Instruction::new_with_bytes(somebody(9), &[], vec![]);
    let transaction = signed(&[nothing], &payer, &[&payer], net.blockhash().await);
    let error = net.rpc.send_transaction(&transaction).await.expect_err("preflight sees it");
    assert_eq!(refusal(&error).0, -32002);
    let signature = net.send_blindly(&transaction).await;
    net.mine(1).await;
    let status = net.rpc.get_signature_status(&signature).await.expect("a status").expect("it is included");
    assert!(status.is_err());
    assert_eq!(net.balance(&payer.pubkey(), PROCESSED).await, 10 * SOL - FEE);
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_never_included() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let mut transaction = net.payment(&payer, &somebody(1), SOL).await;
    transaction.signatures[0] = [7; 64].into();
    let error = net.rpc.send_transaction(&transaction).await.expect_err("it is not signed");
    assert_eq!(refusal(&error), (-32003, "Transaction signature verification failure".to_owned()));
    let signature = net.send_blindly(&transaction).await;
    net.mine(1).await;
    assert!(!net.is_included(&signature).await);
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, 0);
}

#[tokio::test]
async fn preflight_looks_where_it_is_told_to() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.mine(1).await;
    // the newest blockhash is not in the final bank, which is where preflight looks unless told
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let error = net.rpc.send_transaction_with_config(&transaction, preflight_at(CommitmentLevel::Finalized)).await;
    let seen = preflight(&error.expect_err("it is too new"));
    assert_eq!(seen.err, Some(TransactionError::BlockhashNotFound.into()));
    let text = BASE64_STANDARD.encode(wincode::serialize(&transaction).expect("bytes"));
    assert_eq!(net.code("sendTransaction", json!([text, { "encoding": "base64" }])).await, -32002);
    net.rpc.send_transaction_with_config(&transaction, preflight_at(CommitmentLevel::Confirmed)).await.expect("taken");
}

#[tokio::test]
async fn an_expired_blockhash_is_refused_before_and_in_a_block() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let (blockhash, last_valid) = net.rpc.get_latest_blockhash_with_commitment(PROCESSED).await.expect("a blockhash");
    let height = net.rpc.get_block_height().await.expect("a height");
    assert_eq!(last_valid, height + 150);
    let first = payment(&payer, &somebody(1), SOL, blockhash);
    let second = payment(&payer, &somebody(2), SOL, blockhash);

    // preflight leaves a transaction six blocks for its way
    net.mine(144).await;
    net.rpc.send_transaction(&first).await.expect("it is young enough");
    net.mine(1).await;
    let error = net.rpc.send_transaction(&second).await.expect_err("it is too old for preflight");
    assert_eq!(preflight(&error).err, Some(TransactionError::BlockhashNotFound.into()));
    assert!(net.is_included(&first.signatures[0]).await);

    // the block after the last valid height is the first that refuses it: a bank reads its parent's hashes
    net.mine(6).await;
    assert_eq!(net.rpc.get_block_height().await.expect("a height"), last_valid + 1);
    net.send_blindly(&second).await;
    net.mine(1).await;
    assert!(!net.is_included(&second.signatures[0]).await);
    assert_eq!(net.waiting().await, 0);
}

#[tokio::test]
async fn what_its_payer_cannot_pay_yet_waits_and_is_tried_again() {
    let net = Localnet::start();
    let rich = net.funded().await;
    let poor = solana_keypair::Keypair::new();
    let transaction = net.payment(&poor, &somebody(1), SOL).await;
    let error = net.rpc.send_transaction(&transaction).await.expect_err("there is no such account");
    assert_eq!(preflight(&error).err, Some(TransactionError::AccountNotFound.into()));

    let once = RpcSendTransactionConfig { skip_preflight: true, max_retries: Some(0), ..Default::default() };
    let lost = net.payment(&poor, &somebody(2), SOL).await;
    net.rpc.send_transaction_with_config(&lost, once).await.expect("it is taken");
    net.send_blindly(&transaction).await;
    net.mine(1).await;
    assert_eq!(net.waiting().await, 1);
    net.pay(&rich, &poor.pubkey(), 5 * SOL).await;
    net.mine(1).await;
    assert!(net.is_included(&transaction.signatures[0]).await);
    assert!(!net.is_included(&lost.signatures[0]).await);
}

#[tokio::test]
async fn rent_is_demanded() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let exempt = net.rpc.get_minimum_balance_for_rent_exemption(0).await.expect("an amount");
    assert_eq!(exempt, 890_880);
    let error = net.rpc.send_transaction(&net.payment(&payer, &somebody(1), exempt - 1).await).await;
    let seen = preflight(&error.expect_err("it is too little to stay"));
    assert_eq!(seen.err, Some(TransactionError::InsufficientFundsForRent { account_index: 1 }.into()));
    net.pay(&payer, &somebody(1), exempt).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, exempt);
}

#[tokio::test]
async fn airdrops_are_transactions_and_two_alike_are_two() {
    let net = Localnet::start();
    let first = net.rpc.request_airdrop(&somebody(1), SOL).await.expect("an airdrop");
    let second = net.rpc.request_airdrop(&somebody(1), SOL).await.expect("an airdrop");
    assert_ne!(first, second);
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, 0);
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, 2 * SOL);
    assert!(net.is_included(&first).await && net.is_included(&second).await);
    assert_eq!(net.code("requestAirdrop", json!([somebody(1).to_string(), u64::MAX])).await, -32603);
    assert_eq!(net.code("requestAirdrop", json!(["nobody", 1])).await, -32602);
}

#[tokio::test]
async fn transactions_of_one_block_follow_in_the_order_of_their_arrival() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let middle = solana_keypair::Keypair::new();
    let blockhash = net.blockhash().await;
    // the second spends what the first brings
    net.rpc.send_transaction(&payment(&payer, &middle.pubkey(), 2 * SOL, blockhash)).await.expect("taken");
    net.send_blindly(&signed(&[transfer(&middle.pubkey(), &somebody(1), SOL)], &middle, &[&middle], blockhash)).await;
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
}
