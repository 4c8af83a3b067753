//! Faults on demand: what gets lost, what expires, what answers with an error.

use serde_json::{Value, json};
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_signer::Signer;

use crate::harness::{Localnet, PROCESSED, SOL, payment, refusal, somebody};

#[tokio::test]
async fn a_waiting_transaction_can_be_dropped_and_sent_again() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let signature = net.rpc.send_transaction(&transaction).await.expect("it is taken");
    assert_eq!(net.step("localnet_waiting", json!([])).await, json!([signature.to_string()]));
    net.step("localnet_drop", json!([{ "signature": signature.to_string() }])).await;
    net.mine(1).await;
    assert!(!net.is_included(&signature).await);
    let again = net.call("localnet_drop", json!([{ "signature": signature.to_string() }])).await;
    assert_eq!(again.expect_err("it does not wait")["code"], -32603);
    net.rpc.send_transaction(&transaction).await.expect("it is taken again");
    net.mine(1).await;
    assert!(net.is_included(&signature).await);
}

#[tokio::test]
async fn the_next_transactions_can_get_lost() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.step("localnet_dropNext", json!([{ "times": 1 }])).await;
    let lost = net.payment(&payer, &somebody(1), SOL).await;
    net.rpc.send_transaction(&lost).await.expect("the node says that it took it");
    let kept = net.payment(&payer, &somebody(2), SOL).await;
    net.rpc.send_transaction(&kept).await.expect("it is taken");
    net.mine(1).await;
    assert!(!net.is_included(&lost.signatures[0]).await);
    assert!(net.is_included(&kept.signatures[0]).await);
}

#[tokio::test]
async fn everything_signed_can_expire_at_once() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let blockhash = net.blockhash().await;
    let waiting = payment(&payer, &somebody(1), SOL, blockhash);
    net.rpc.send_transaction(&waiting).await.expect("it is taken");
    let place = net.step("localnet_expire", json!([])).await;
    assert_eq!(place["blockHeight"], 1 + 151);
    assert!(!net.rpc.is_blockhash_valid(&blockhash, PROCESSED).await.expect("an answer"));
    assert_eq!(net.waiting().await, 0);
    net.send_blindly(&payment(&payer, &somebody(2), SOL, blockhash)).await;
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await + net.balance(&somebody(2), PROCESSED).await, 0);
    net.pay(&payer, &somebody(1), SOL).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
}

#[tokio::test]
async fn a_method_fails_as_often_as_it_is_told_to() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let error = json!({ "code": -32009, "message": "Slot 1 was skipped, or missing in long-term storage" });
    net.step("localnet_fail", json!([{ "method": "getBlockTime", "times": 2, "error": error }])).await;
    for _ in 0..2 {
        assert_eq!(refusal(&net.rpc.get_block_time(1).await.expect_err("as told")).0, -32009);
    }
    net.rpc.get_block_time(1).await.expect("a time");

    let error = json!({ "code": -32005, "message": "Node is behind by 9 slots", "data": { "numSlotsBehind": 9 } });
    net.step("localnet_fail", json!([{ "method": "sendTransaction", "times": 9, "error": error }])).await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let met = net.rpc.send_transaction(&transaction).await.expect_err("as told");
    assert_eq!(refusal(&met), (-32005, "Node is behind by 9 slots".to_owned()));
    assert_eq!(net.waiting().await, 0);
    net.step("localnet_fail", json!([{ "method": "sendTransaction", "times": 0, "error": error }])).await;
    net.rpc.send_transaction(&transaction).await.expect("it is taken");

    let failing = |method| json!([{ "method": method, "times": 1, "error": error }]);
    assert_eq!(net.code("localnet_fail", failing("getBlocks")).await, -32602);
    assert_eq!(net.code("localnet_fail", failing("localnet_mine")).await, -32602);
}

#[tokio::test]
async fn an_account_can_be_emptied_and_filled() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let set = |lamports: u64| json!([{ "address": payer.pubkey().to_string(), "lamports": lamports }]);
    net.step("localnet_setAccount", set(0)).await;
    assert_eq!(net.balance(&payer.pubkey(), PROCESSED).await, 0);
    assert!(net.rpc.send_transaction(&net.payment(&payer, &somebody(1), SOL).await).await.is_err());
    net.step("localnet_setAccount", set(3 * SOL)).await;
    net.pay(&payer, &somebody(1), SOL).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
    net.roll_back(2).await;
    assert_eq!(net.balance(&payer.pubkey(), PROCESSED).await, 0);
    let executable = json!([{ "address": somebody(3).to_string(), "lamports": 1, "executable": true }]);
    assert_eq!(net.code("localnet_setAccount", executable).await, -32603);
    assert_eq!(net.code("localnet_setAccount", json!([{ "address": "x", "lamports": 1 }])).await, -32602);
}

#[tokio::test]
async fn blocks_are_made_when_it_is_said_so() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.step("localnet_setMining", json!([{ "mode": "instant" }])).await;
    let slot = net.rpc.get_slot().await.expect("a slot");
    for n in 1..=3 {
        let transaction = net.payment(&payer, &somebody(1), SOL).await;
        net.rpc.send_transaction(&transaction).await.expect("it is taken");
        assert!(net.is_included(&transaction.signatures[0]).await);
        assert_eq!(net.rpc.get_slot().await.expect("a slot"), slot + n);
    }
    net.step("localnet_setMining", json!([{ "mode": "manual" }])).await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    net.rpc.send_transaction(&transaction).await.expect("it is taken");
    assert!(!net.is_included(&transaction.signatures[0]).await);
    net.step("localnet_setMining", json!([{ "mode": "auto" }])).await;
    while !net.is_included(&transaction.signatures[0]).await {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(net.code("localnet_setMining", json!([{ "mode": "never" }])).await, -32602);
}

#[tokio::test]
async fn retries_end_when_they_are_used_up() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.step("localnet_setPriceFloor", json!([{ "microLamports": 1 }])).await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    let config = RpcSendTransactionConfig { max_retries: Some(2), ..RpcSendTransactionConfig::default() };
    net.rpc
        .send_transaction_with_config(
            &transaction,
            RpcSendTransactionConfig { preflight_commitment: Some(PROCESSED.commitment), ..config },
        )
        .await
        .expect("it is taken");
    net.mine(1).await;
    net.mine(1).await;
    assert_eq!(net.waiting().await, 1);
    net.mine(1).await;
    assert_eq!(net.waiting().await, 0);
}

#[tokio::test]
async fn a_node_says_how_it_is_steered() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.rpc.send_transaction(&net.payment(&payer, &somebody(1), SOL).await).await.expect("it is taken");
    net.step("localnet_lag", json!({ "slots": 1 })).await;
    let info = net.step("localnet_info", Value::Null).await;
    assert_eq!((&info["processed"], &info["newest"]["slot"], &info["lag"]), (&json!(0), &json!(1), &json!(1)));
    assert_eq!((&info["mining"], &info["waiting"], &info["priceFloor"]), (&json!("manual"), &json!(1), &json!(0)));
    for (method, params) in [
        ("localnet_mine", json!([{ "slots": 10_001 }])),
        ("localnet_skip", json!([{ "slots": 1_000_000_001 }])),
        ("localnet_advanceTo", json!([{ "unixTime": u64::MAX }])),
    ] {
        assert_eq!(net.code(method, params).await, -32602);
    }
}
