//! Slots, heights, times and blockhashes.

use serde_json::json;
use solana_hash::Hash;
use solana_rpc_client_api::response::RpcVersionInfo;

use crate::harness::{CONFIRMED, FINALIZED, GENESIS, Localnet, PROCESSED, SOL, refusal, somebody};

#[tokio::test]
async fn slots_and_heights_at_every_commitment() {
    let net = Localnet::with(&["--manual", "--confirm-slots", "2"]);
    net.mine(40).await;
    for (commitment, slot) in [(PROCESSED, 40), (CONFIRMED, 38), (FINALIZED, 8)] {
        assert_eq!(net.rpc.get_slot_with_commitment(commitment).await.expect("a slot"), slot);
        assert_eq!(net.rpc.get_block_height_with_commitment(commitment).await.expect("a height"), slot);
        let info = net.rpc.get_epoch_info_with_commitment(commitment).await.expect("an epoch");
        assert_eq!((info.absolute_slot, info.block_height, info.slot_index), (slot, slot, slot));
        assert_eq!((info.epoch, info.slots_in_epoch), (0, 432_000));
    }
    // unless told, a validator says what is final
    assert_eq!(net.call("getSlot", json!(null)).await, Ok(json!(8)));
}

#[tokio::test]
async fn skipped_slots_have_no_block() {
    let net = Localnet::start();
    net.mine(3).await;
    net.step("localnet_skip", json!([{ "slots": 5 }])).await;
    assert_eq!(net.rpc.get_slot().await.expect("a slot"), 9);
    assert_eq!(net.rpc.get_block_height().await.expect("a height"), 4);
    assert_eq!(net.code("getBlockTime", json!([5])).await, -32004);
    net.finalise().await;
    assert_eq!(net.code("getBlockTime", json!([5])).await, -32007);
    assert_eq!(net.rpc.get_block_time(9).await.expect("a time"), GENESIS as i64 + 3);
    let info = net.rpc.get_epoch_info().await.expect("an epoch");
    assert_eq!((info.absolute_slot, info.block_height), (9, 4));
    net.step("localnet_skip", json!([{ "slots": 432_000 }])).await;
    let info = net.rpc.get_epoch_info().await.expect("an epoch");
    assert_eq!((info.epoch, info.slot_index), (1, 10));
}

#[tokio::test]
async fn blocks_have_the_clocks_time() {
    let net = Localnet::start();
    assert_eq!(net.rpc.get_block_time(0).await.expect("a time"), GENESIS as i64);
    net.mine(5).await;
    // five slots of 400 ms
    assert_eq!(net.rpc.get_block_time(5).await.expect("a time"), GENESIS as i64 + 2);
    net.step("localnet_advanceTo", json!([{ "unixTime": GENESIS + 86_400 }])).await;
    assert_eq!(net.rpc.get_block_time(6).await.expect("a time"), GENESIS as i64 + 86_400);
    let error = net.rpc.get_block_time(7).await.expect_err("there is no such block yet");
    assert_eq!(refusal(&error), (-32004, "Block not available for slot 7".to_owned()));
    let past = net.call("localnet_advanceTo", json!([{ "unixTime": GENESIS }])).await.expect_err("refused");
    assert!(past["message"].as_str().expect("words").contains("in the past"));
}

#[tokio::test]
async fn a_block_names_itself_and_the_one_before() {
    let net = Localnet::start();
    let payer = net.funded().await;
    let signature = net.pay(&payer, &somebody(1), SOL).await;
    net.step("localnet_skip", json!([{ "slots": 3 }])).await;
    net.mine(1).await;
    let tip = net.rpc.get_slot().await.expect("a slot");
    let status = net.rpc.get_signature_statuses(&[signature]).await.expect("statuses").value.remove(0);
    let slot = status.expect("it is included").slot;
    assert_eq!(net.code("getBlock", json!([tip])).await, -32004, "it is not final yet");
    net.finalise().await;

    let block = net.rpc.get_block(slot).await.expect("the block");
    assert_eq!((block.parent_slot, block.block_height, block.transactions.len()), (slot - 1, Some(slot), 1));
    assert_eq!(block.block_time, Some(net.rpc.get_block_time(slot).await.expect("a time")));
    let before = net.rpc.get_block(slot - 1).await.expect("the block before");
    assert_eq!(before.blockhash, block.previous_blockhash);
    assert_ne!(before.blockhash, block.blockhash);
    assert_eq!(net.rpc.get_block(0).await.expect("genesis").previous_blockhash, Hash::default().to_string());

    // the next block's parent is the last slot with a block, not the slot before
    assert_eq!(net.code("getBlock", json!([slot + 1])).await, -32007);
    let after = net.rpc.get_block(slot + 4).await.expect("the next block");
    assert_eq!((after.parent_slot, after.previous_blockhash), (slot, block.blockhash.clone()));

    let with = |details: &str| json!([slot, { "transactionDetails": details, "rewards": false }]);
    let signatures = net.call("getBlock", with("signatures")).await.expect("a block");
    assert_eq!(signatures["signatures"], json!([signature.to_string()]));
    let bare = net.call("getBlock", with("none")).await.expect("a block");
    assert_eq!(bare["blockhash"], json!(block.blockhash));
    assert!(["transactions", "signatures", "rewards"].iter().all(|absent| bare.get(absent).is_none()), "{bare}");
    assert_eq!(net.code("getBlock", with("accounts")).await, -32602);
    assert_eq!(net.code("getBlock", json!([slot, { "commitment": "processed" }])).await, -32602);
}

#[tokio::test]
async fn the_clock_sysvar_is_in_step() {
    let net = Localnet::start();
    net.mine(2).await;
    net.step("localnet_advanceTo", json!([{ "unixTime": GENESIS + 1_000 }])).await;
    let clock = "SysvarC1ock11111111111111111111111111111111".parse().expect("an address");
    let account = net.rpc.get_account(&clock).await.expect("the clock");
    assert_eq!(account.data[..8], 3_u64.to_le_bytes());
    assert_eq!(account.data[32..40], (GENESIS as i64 + 1_000).to_le_bytes());
}

#[tokio::test]
async fn a_blockhash_is_valid_for_a_hundred_and_fifty_blocks() {
    let net = Localnet::start();
    net.mine(1).await;
    let (hash, last_valid) = net.rpc.get_latest_blockhash_with_commitment(PROCESSED).await.expect("a blockhash");
    assert_eq!(last_valid, 151);
    assert!(net.rpc.is_blockhash_valid(&hash, PROCESSED).await.expect("an answer"));
    // it is not final yet, so the final bank does not know it
    assert!(!net.rpc.is_blockhash_valid(&hash, FINALIZED).await.expect("an answer"));
    net.mine(150).await;
    assert!(net.rpc.is_blockhash_valid(&hash, PROCESSED).await.expect("an answer"));
    net.mine(1).await;
    assert!(!net.rpc.is_blockhash_valid(&hash, PROCESSED).await.expect("an answer"));
    assert!(net.rpc.is_blockhash_valid(&hash, FINALIZED).await.expect("an answer"));
    assert!(!net.rpc.is_blockhash_valid(&Hash::new_from_array([3; 32]), PROCESSED).await.expect("an answer"));
    assert_eq!(net.code("isBlockhashValid", json!(["no hash"])).await, -32602);
}

#[tokio::test]
async fn a_slot_can_be_the_least_that_is_accepted() {
    let net = Localnet::start();
    net.mine(2).await;
    for method in ["getSlot", "getBlockHeight", "getLatestBlockhash", "getEpochInfo"] {
        let config = |slot: u64| json!([{ "commitment": "processed", "minContextSlot": slot }]);
        assert!(net.call(method, config(2)).await.is_ok());
        let error = net.call(method, config(3)).await.expect_err("it is not there yet");
        assert_eq!((&error["code"], &error["data"]), (&json!(-32016), &json!({ "contextSlot": 2 })));
    }
    let config = json!([somebody(1).to_string(), { "commitment": "processed", "minContextSlot": 3 }]);
    for method in ["getBalance", "getAccountInfo", "getProgramAccounts"] {
        assert_eq!(net.code(method, config.clone()).await, -32016);
    }
}

#[tokio::test]
async fn the_node_says_what_it_is() {
    let net = Localnet::start();
    assert_eq!(net.rpc.get_genesis_hash().await.expect("a hash").to_string(), net.genesis_hash);
    net.rpc.get_health().await.expect("it is well");
    let RpcVersionInfo { solana_core, .. } = net.rpc.get_version().await.expect("a version");
    assert_eq!(solana_core, "4.2.2");
    let other = Localnet::with(&["--manual", "--ledger-seed", "another"]);
    assert_ne!(other.genesis_hash, net.genesis_hash);
    assert_eq!(Localnet::start().genesis_hash, net.genesis_hash);
}
