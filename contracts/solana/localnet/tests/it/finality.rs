//! Commitments: what is processed, confirmed and final, and what a rollback takes back.

use serde_json::json;
use solana_commitment_config::CommitmentLevel;
use solana_signer::Signer;
use solana_transaction_status_client_types::TransactionConfirmationStatus::{Confirmed, Finalized, Processed};

use crate::harness::{CONFIRMED, FEE, FINALIZED, Localnet, PROCESSED, SOL, payment, preflight_at, somebody};

#[tokio::test]
async fn a_read_sees_the_accounts_of_its_commitments_slot() {
    let net = Localnet::with(&["--manual", "--confirm-slots", "2"]);
    let payer = net.funded().await;
    net.pay(&payer, &somebody(1), SOL).await;
    let seen = async || {
        let mut seen = Vec::new();
        for commitment in [PROCESSED, CONFIRMED, FINALIZED] {
            seen.push(net.balance(&somebody(1), commitment).await);
        }
        seen
    };
    assert_eq!(seen().await, [SOL, 0, 0]);
    net.mine(2).await;
    assert_eq!(seen().await, [SOL, SOL, 0]);
    net.mine(29).await;
    assert_eq!(seen().await, [SOL, SOL, 0]);
    net.mine(1).await;
    assert_eq!(seen().await, [SOL, SOL, SOL]);
}

#[tokio::test]
async fn a_status_climbs_to_final() {
    let net = Localnet::with(&["--manual", "--confirm-slots", "1"]);
    let payer = net.funded().await;
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    let mut seen = Vec::new();
    for blocks in [0, 1, 30, 1] {
        net.mine(blocks).await;
        let statuses = net.rpc.get_signature_statuses(&[signature]).await.expect("statuses").value;
        let status = statuses[0].clone().expect("it is included");
        assert_eq!((status.slot, &status.err), (2, &None));
        seen.push((status.confirmations, status.confirmation_status.expect("a status")));
    }
    assert_eq!(seen, [(Some(0), Processed), (Some(1), Confirmed), (Some(31), Confirmed), (None, Finalized)]);
}

#[tokio::test]
async fn finalising_makes_all_final_at_once() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    assert_eq!(net.balance(&somebody(1), FINALIZED).await, 0);
    net.finalise().await;
    assert_eq!(net.balance(&somebody(1), FINALIZED).await, SOL);
    let statuses = net.rpc.get_signature_statuses(&[signature]).await.expect("statuses").value;
    assert_eq!(statuses[0].as_ref().and_then(|status| status.confirmations), None);
    assert_eq!(net.call("localnet_rollback", json!([{ "slots": 1 }])).await.expect_err("refused")["code"], -32603);
}

#[tokio::test]
async fn a_rollback_takes_confirmed_slots_back_and_keeps_their_numbers() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.mine(2).await;
    let before = net.rpc.get_latest_blockhash().await.expect("a blockhash");
    let transaction = payment(&payer, &somebody(1), SOL, before);
    net.rpc.send_transaction(&transaction).await.expect("it is taken");
    net.mine(1).await;
    let in_it = net.rpc.get_latest_blockhash().await.expect("a blockhash");
    net.mine(1).await;
    let slot = net.rpc.get_slot().await.expect("a slot");
    let time = net.rpc.get_block_time(slot).await.expect("a time");
    assert_eq!(net.balance(&somebody(1), CONFIRMED).await, SOL);

    net.roll_back(2).await;
    assert_eq!(net.rpc.get_slot().await.expect("a slot"), slot);
    assert_eq!(net.rpc.get_block_time(slot).await.expect("a time"), time);
    assert_eq!(net.balance(&somebody(1), CONFIRMED).await, 0);
    assert_eq!(net.balance(&payer.pubkey(), PROCESSED).await, 10 * SOL);
    assert!(!net.is_included(&transaction.signatures[0]).await);
    assert_eq!(net.waiting().await, 0);
    // the replaced block's hash is of another fork, that of the one before is not
    assert!(!net.rpc.is_blockhash_valid(&in_it, PROCESSED).await.expect("an answer"));
    assert!(net.rpc.is_blockhash_valid(&before, PROCESSED).await.expect("an answer"));

    net.mine(1).await;
    assert!(!net.is_included(&transaction.signatures[0]).await);
    net.rpc.send_transaction(&transaction).await.expect("it can be sent again");
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
    assert_eq!(net.balance(&payer.pubkey(), PROCESSED).await, 9 * SOL - FEE);
}

#[tokio::test]
async fn what_is_signed_over_a_replaced_block_dies_with_it() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.mine(1).await;
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    net.rpc.send_transaction(&transaction).await.expect("it is taken");
    net.roll_back(1).await;
    assert_eq!(net.waiting().await, 0);
    net.mine(1).await;
    assert!(!net.is_included(&transaction.signatures[0]).await);
}

#[tokio::test]
async fn final_slots_go_back_only_when_that_is_meant() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    net.finalise().await;
    let refused = net.call("localnet_rollback", json!([{ "slots": 1 }])).await.expect_err("it is final");
    assert!(refused["message"].as_str().expect("words").contains("\"finalised\": true"));
    net.step("localnet_rollback", json!([{ "slots": 1, "finalised": true }])).await;
    assert!(!net.is_included(&signature).await);
    assert_eq!(net.balance(&somebody(1), FINALIZED).await, 0);
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, 0);
    assert_eq!(
        net.call("localnet_rollback", json!([{ "slots": 9, "finalised": true }])).await.expect_err("refused")["code"],
        -32603
    );
}

#[tokio::test]
async fn a_node_that_lags_answers_of_an_older_slot() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.mine(40).await;
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    let slot = net.rpc.get_slot().await.expect("a slot");
    let newest = net.blockhash().await;
    net.step("localnet_lag", json!([{ "slots": 3 }])).await;
    assert_eq!(net.rpc.get_slot().await.expect("a slot"), slot - 3);
    assert_eq!(net.rpc.get_slot_with_commitment(FINALIZED).await.expect("a slot"), slot - 35);
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, 0);
    assert!(!net.is_included(&signature).await);
    assert!(!net.rpc.is_blockhash_valid(&newest, PROCESSED).await.expect("an answer"));
    assert_eq!(
        net.call("getTransaction", json!([signature.to_string(), { "commitment": "confirmed" }])).await,
        Ok(json!(null))
    );
    assert_eq!(
        net.call("getSignaturesForAddress", json!([somebody(1).to_string(), { "commitment": "confirmed" }])).await,
        Ok(json!([]))
    );
    assert_eq!(net.code("getBlockTime", json!([slot])).await, -32004);
    // what it takes in goes to the leader all the same
    let transaction = net.payment(&payer, &somebody(2), SOL).await;
    net.rpc.send_transaction_with_config(&transaction, preflight_at(CommitmentLevel::Processed)).await.expect("taken");
    net.mine(1).await;
    assert_eq!(net.balance(&somebody(2), PROCESSED).await, 0);
    net.step("localnet_lag", json!([{ "slots": 0 }])).await;
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
    assert_eq!(net.balance(&somebody(2), PROCESSED).await, SOL);
}

#[tokio::test]
async fn a_node_far_behind_is_unhealthy() {
    let net = Localnet::start();
    let payer = net.funded().await;
    net.mine(80).await;
    net.step("localnet_lag", json!([{ "slots": 40 }])).await;
    let error = net.call("getHealth", json!([])).await.expect_err("it is behind");
    assert_eq!((&error["code"], &error["data"]), (&json!(-32005), &json!({ "numSlotsBehind": 40 })));
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    assert!(net.rpc.send_transaction(&transaction).await.is_err());
    assert_eq!(net.code("localnet_lag", json!([{ "slots": 65 }])).await, -32603);
}
