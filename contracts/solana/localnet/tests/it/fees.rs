//! What transactions cost, and what was paid.

use serde_json::{Value, json};
use solana_address::Address;
use solana_instruction::Instruction;
use solana_message::Message;
use solana_sdk_ids::compute_budget;
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;

use crate::harness::{FEE, FINALIZED, Localnet, PROCESSED, SOL, signed, somebody};

/// A limit of units, and a price for each in micro-lamports.
fn budget(units: u32, price: u64) -> [Instruction; 2] {
    let limit = [&[2], units.to_le_bytes().as_slice()].concat();
    let price = [&[3], price.to_le_bytes().as_slice()].concat();
    [limit, price].map(|data| Instruction { program_id: compute_budget::ID, accounts: vec![], data })
}

fn priced(from: &Address, to: u8, price: u64) -> Vec<Instruction> {
    let mut instructions = budget(1_000, price).to_vec();
    instructions.push(transfer(from, &somebody(to), SOL));
    instructions
}

#[tokio::test]
async fn a_messages_fee_is_told_and_charged() {
    let net = Localnet::start();
    let payer = net.funded().await;
    // a thousand units at 5 lamports
    let instructions = priced(&payer.pubkey(), 1, 5_000_000);
    let blockhash = net.blockhash().await;
    let message = Message::new_with_blockhash(&instructions, Some(&payer.pubkey()), &blockhash);
    let fee = net.rpc.get_fee_for_message(&message).await.expect("a fee");
    assert_eq!(fee, FEE + 5_000);
    net.rpc.send_transaction(&signed(&instructions, &payer, &[&payer], blockhash)).await.expect("it is taken");
    net.mine(1).await;
    assert_eq!(net.balance(&payer.pubkey(), PROCESSED).await, 9 * SOL - fee);
}

#[tokio::test]
async fn a_message_that_cannot_be_included_has_no_fee() {
    let net = Localnet::start();
    net.mine(1).await;
    let blockhash = net.blockhash().await;
    let message =
        Message::new_with_blockhash(&[transfer(&somebody(1), &somebody(2), 1)], Some(&somebody(1)), &blockhash);
    assert_eq!(net.rpc.get_fee_for_message(&message).await.expect("even if nobody could pay it"), FEE);
    let text = {
        use base64::Engine;
        base64::prelude::BASE64_STANDARD.encode(message.serialize())
    };
    let at = async |commitment| net.call("getFeeForMessage", json!([text, { "commitment": commitment }])).await;
    assert_eq!(at("finalized").await.expect("an answer")["value"], Value::Null);
    net.mine(151).await;
    assert_eq!(at("processed").await.expect("an answer")["value"], Value::Null);
    assert_eq!(net.code("getFeeForMessage", json!(["AAAA"])).await, -32602);
    assert_eq!(net.code("getFeeForMessage", json!(["&"])).await, -32602);
}

#[tokio::test]
async fn recent_prices_are_told_by_account() {
    let net = Localnet::start();
    let payer = net.funded().await;
    for (to, price) in [(1, 30), (2, 20)] {
        let transaction = signed(&priced(&payer.pubkey(), to, price), &payer, &[&payer], net.blockhash().await);
        net.rpc.send_transaction(&transaction).await.expect("it is taken");
    }
    net.mine(2).await;
    let prices = async |addresses: &[Address]| {
        let fees = net.rpc.get_recent_prioritization_fees(addresses).await.expect("prices");
        fees.into_iter().map(|fee| (fee.slot, fee.prioritization_fee)).collect::<Vec<_>>()
    };
    assert_eq!(prices(&[]).await, [(0, 0), (1, 0), (2, 20), (3, 0)]);
    assert_eq!(prices(&[somebody(1)]).await, [(0, 0), (1, 0), (2, 30), (3, 0)]);
    assert_eq!(prices(&[payer.pubkey()]).await, [(0, 0), (1, 0), (2, 20), (3, 0)]);
    net.mine(200).await;
    assert_eq!(prices(&[]).await.len(), 150);
    assert_eq!(net.code("getRecentPrioritizationFees", json!([vec![somebody(1).to_string(); 129]])).await, -32602);
}

#[tokio::test]
async fn when_blocks_are_dear_cheap_transactions_wait() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.step("localnet_setPriceFloor", json!([{ "microLamports": 100 }])).await;
    let told = net.rpc.get_recent_prioritization_fees(&[]).await.expect("prices");
    assert!(told.iter().all(|fee| fee.prioritization_fee == 100));
    let blockhash = net.blockhash().await;
    let cheap = signed(&priced(&payer.pubkey(), 1, 99), &payer, &[&payer], blockhash);
    let dear = signed(&priced(&payer.pubkey(), 2, 100), &payer, &[&payer], blockhash);
    for transaction in [&cheap, &dear] {
        net.rpc.send_transaction(transaction).await.expect("it is taken");
    }
    net.mine(3).await;
    assert!(!net.is_included(&cheap.signatures[0]).await);
    assert!(net.is_included(&dear.signatures[0]).await);
    net.step("localnet_setPriceFloor", json!([{ "microLamports": 0 }])).await;
    net.mine(1).await;
    assert!(net.is_included(&cheap.signatures[0]).await);
    assert_eq!(net.balance(&somebody(1), FINALIZED).await, 0);
}
