//! Many clients at once.

use std::sync::Arc;

use solana_signer::Signer;

use crate::harness::{FEE, Localnet, PROCESSED, SOL, somebody};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_done_twice_among_many_clients() {
    const CLIENTS: u8 = 8;
    const EACH: u64 = 10;
    let net = Arc::new(Localnet::start());
    let mut payers = Vec::new();
    for _ in 0..CLIENTS {
        payers.push(Arc::new(net.funded().await));
    }
    let clients = (0..CLIENTS).map(|n| {
        let (net, payer) = (Arc::clone(&net), Arc::clone(&payers[usize::from(n)]));
        tokio::spawn(async move {
            for amount in 0..EACH {
                let transaction = net.payment(&payer, &somebody(n + 1), SOL / 10 + amount).await;
                let signature = net.rpc.send_transaction(&transaction).await.expect("it is taken");
                while !net.is_included(&signature).await {
                    net.mine(1).await;
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("it went well");
    }
    for n in 0..CLIENTS {
        let paid = EACH * SOL / 10 + (0..EACH).sum::<u64>();
        assert_eq!(net.balance(&somebody(n + 1), PROCESSED).await, paid);
        let left = net.balance(&payers[usize::from(n)].pubkey(), PROCESSED).await;
        assert_eq!(left, 10 * SOL - paid - EACH * FEE);
    }
}

#[tokio::test]
async fn solanas_client_confirms_by_itself() {
    let net = Localnet::with(&["--slot-ms", "20"]);
    let payer = solana_keypair::Keypair::new();
    let airdrop = net.rpc.request_airdrop(&payer.pubkey(), 10 * SOL).await.expect("an airdrop");
    while !net.rpc.confirm_transaction(&airdrop).await.expect("an answer") {}
    let transaction = net.payment(&payer, &somebody(1), SOL).await;
    net.rpc.send_and_confirm_transaction(&transaction).await.expect("it is confirmed");
    assert_eq!(net.balance(&somebody(1), PROCESSED).await, SOL);
}
