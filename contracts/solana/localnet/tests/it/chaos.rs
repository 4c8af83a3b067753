//! Transactions of chance: signed well, and nonsense otherwise.

use serde_json::json;
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_signer::Signer;

use crate::harness::{Localnet, PROCESSED, SOL, signed, somebody};

/// Programs and accounts that a real chain has from its start, loaders and sysvars among them.
const KNOWN: [&str; 16] = [
    "11111111111111111111111111111111",
    "AddressLookupTab1e1111111111111111111111111",
    "BPFLoader1111111111111111111111111111111111",
    "BPFLoader2111111111111111111111111111111111",
    "BPFLoaderUpgradeab1e11111111111111111111111",
    "ComputeBudget111111111111111111111111111111",
    "Config1111111111111111111111111111111111111",
    "Ed25519SigVerify111111111111111111111111111",
    "LoaderV411111111111111111111111111111111111",
    "NativeLoader1111111111111111111111111111111",
    "Stake11111111111111111111111111111111111111",
    "SysvarC1ock11111111111111111111111111111111",
    "Sysvar1nstructions1111111111111111111111111",
    "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
    "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
    "Vote111111111111111111111111111111111111111",
];

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        // Knuth's multiplier; the high bits are the good ones
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn address(&mut self) -> Address {
        match self.below(20) {
            n if n < 16 => KNOWN[n as usize].parse().expect("an address"),
            n => somebody(n as u8),
        }
    }

    fn instruction(&mut self, payer: &Address) -> Instruction {
        let mut accounts: Vec<_> = (0..self.below(5)).map(|_| (self.address(), self.below(2) == 0)).collect();
        if self.below(2) == 0 {
            accounts.push((*payer, true));
        }
        let meta = |(address, writable)| match writable {
            true => AccountMeta::new(address, address == *payer),
            false => AccountMeta::new_readonly(address, address == *payer),
        };
        let mut data: Vec<u8> = (0..self.below(40)).map(|_| self.below(4) as u8).collect();
        if let Some(first) = data.first_mut() {
            *first = self.below(30) as u8;
        }
        Instruction { program_id: self.address(), accounts: accounts.into_iter().map(meta).collect(), data }
    }
}

#[tokio::test]
async fn no_transaction_stops_the_node() {
    const SENT: usize = 200;
    let net = Localnet::with(&["--instant"]);
    let payer = Keypair::new();
    let funds = json!([{ "address": payer.pubkey().to_string(), "lamports": 1_000_000 * SOL }]);
    net.step("localnet_setAccount", funds).await;
    let mut chance = Chance(2_026);
    let once = RpcSendTransactionConfig { skip_preflight: true, max_retries: Some(0), ..Default::default() };
    let mut included = Vec::new();
    for _ in 0..SENT {
        let instructions: Vec<_> = (0..=chance.below(3)).map(|_| chance.instruction(&payer.pubkey())).collect();
        let transaction = signed(&instructions, &payer, &[&payer], net.blockhash().await);
        let signature = net.rpc.send_transaction_with_config(&transaction, once).await.expect("it is taken");
        if net.is_included(&signature).await {
            included.push(signature);
        }
    }
    // nonsense is in blocks and pays
    assert!(included.len() > SENT / 2, "{}", included.len());
    let info = net.rpc.get_epoch_info().await.expect("an epoch");
    assert_eq!(info.transaction_count, Some(included.len() as u64));
    assert!(net.balance(&payer.pubkey(), PROCESSED).await <= 1_000_000 * SOL - 5_000 * included.len() as u64);
    assert_eq!(net.waiting().await, 0);
    // and can be taken back like anything else
    net.finalise().await;
    net.step("localnet_rollback", json!([{ "slots": 40, "finalised": true }])).await;
    net.mine(1).await;
}
