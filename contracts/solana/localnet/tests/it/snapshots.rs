//! Taking the whole chain back to what was saved, and standing under another chain's name.

use serde_json::json;
use solana_hash::Hash;
use solana_signer::Signer;

use crate::harness::{CONFIRMED, FINALIZED, Localnet, PROCESSED, SOL, somebody};

#[tokio::test]
async fn a_saved_chain_can_be_restored_more_than_once() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let id = net.step("localnet_save", json!([])).await["id"].clone();
    let slot = net.rpc.get_slot().await.expect("a slot");
    let mut signatures = Vec::new();
    for _ in 0..2 {
        signatures.push(net.pay(&payer, &somebody(1), SOL).await);
        let left = net.payment(&payer, &somebody(2), SOL).await;
        net.rpc.send_transaction(&left).await.expect("it is taken");
        net.finalise().await;
        assert_eq!(net.balance(&somebody(1), FINALIZED).await, SOL);
        net.step("localnet_restore", json!([{ "id": id }])).await;
        assert_eq!(net.rpc.get_slot().await.expect("a slot"), slot);
        assert_eq!(net.balance(&somebody(1), PROCESSED).await, 0);
        assert_eq!(net.balance(&payer.pubkey(), CONFIRMED).await, 10 * SOL);
        assert_eq!(net.waiting().await, 0);
        net.mine(1).await;
    }
    assert!(!net.is_included(&signatures[0]).await && !net.is_included(&signatures[1]).await);
    assert_eq!(net.code("localnet_restore", json!([{ "id": 9 }])).await, -32603);
}

#[tokio::test]
async fn another_future_has_other_blockhashes() {
    let net = Localnet::start();
    let id = net.step("localnet_save", json!([])).await["id"].clone();
    net.mine(1).await;
    let first = net.blockhash().await;
    net.step("localnet_restore", json!([{ "id": id }])).await;
    net.mine(1).await;
    assert_ne!(net.blockhash().await, first);
    assert!(!net.rpc.is_blockhash_valid(&first, PROCESSED).await.expect("an answer"));
}

#[tokio::test]
async fn a_node_can_stand_under_another_chains_name() {
    let net = Localnet::start();
    let other = Hash::new_from_array([5; 32]);
    net.step("localnet_setGenesisHash", json!([{ "hash": other.to_string() }])).await;
    assert_eq!(net.rpc.get_genesis_hash().await.expect("a hash"), other);
    net.step("localnet_setGenesisHash", json!([{ "hash": null }])).await;
    assert_eq!(net.rpc.get_genesis_hash().await.expect("a hash").to_string(), net.genesis_hash);
}
