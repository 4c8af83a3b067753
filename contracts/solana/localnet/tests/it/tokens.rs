//! SPL Token, which is there from the start.

use serde_json::json;
use solana_address::{Address, address};
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_rpc_client_api::config::RpcTransactionConfig;
use solana_signer::Signer;
use solana_system_interface::instruction::create_account;
use solana_transaction_status_client_types::option_serializer::OptionSerializer;

use crate::harness::{CONFIRMED, FINALIZED, Localnet, refusal, signed, somebody};

const TOKEN: Address = address!("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");

fn token(accounts: Vec<AccountMeta>, data: &[&[u8]]) -> Instruction {
    Instruction { program_id: TOKEN, accounts, data: data.concat() }
}

/// A mint of eight decimals, with an account of `somebody(5)`.
struct Minted {
    payer: Keypair,
    mint: Keypair,
    account: Keypair,
}

impl Minted {
    async fn new(net: &Localnet) -> Self {
        let payer = net.funded().await;
        let (mint, account) = (Keypair::new(), Keypair::new());
        let rent = async |length| net.rpc.get_minimum_balance_for_rent_exemption(length).await.expect("an amount");
        let authority = payer.pubkey();
        let owner = somebody(5);
        let instructions = [
            create_account(&authority, &mint.pubkey(), rent(82).await, 82, &TOKEN),
            token(vec![AccountMeta::new(mint.pubkey(), false)], &[&[20, 8], authority.as_ref(), &[0]]),
            create_account(&authority, &account.pubkey(), rent(165).await, 165, &TOKEN),
            token(
                vec![AccountMeta::new(account.pubkey(), false), AccountMeta::new_readonly(mint.pubkey(), false)],
                &[&[18], owner.as_ref()],
            ),
        ];
        let transaction = signed(&instructions, &payer, &[&payer, &mint, &account], net.blockhash().await);
        net.rpc.send_transaction(&transaction).await.expect("it is taken");
        net.mine(1).await;
        Self { payer, mint, account }
    }

    async fn mint(&self, net: &Localnet, amount: u64) -> solana_signature::Signature {
        let accounts = vec![
            AccountMeta::new(self.mint.pubkey(), false),
            AccountMeta::new(self.account.pubkey(), false),
            AccountMeta::new_readonly(self.payer.pubkey(), true),
        ];
        let instruction = token(accounts, &[&[7], &amount.to_le_bytes()]);
        let transaction = signed(&[instruction], &self.payer, &[&self.payer], net.blockhash().await);
        let signature = net.rpc.send_transaction(&transaction).await.expect("it is taken");
        net.mine(1).await;
        signature
    }
}

#[tokio::test]
async fn a_token_accounts_balance_is_told_in_units_and_as_a_number() {
    let net = Localnet::start();
    let minted = Minted::new(&net).await;
    minted.mint(&net, 1_234_500_000_001).await;
    let account = minted.account.pubkey();
    let balance = net.rpc.get_token_account_balance(&account).await.expect("a balance");
    assert_eq!((balance.amount.as_str(), balance.decimals), ("1234500000001", 8));
    assert_eq!(balance.ui_amount_string, "12345.00000001");
    let last = net.rpc.get_token_account_balance_with_commitment(&account, FINALIZED).await;
    assert_eq!(
        refusal(&last.expect_err("it is not final")),
        (-32602, "Invalid param: could not find account".to_owned())
    );
    net.finalise().await;
    assert!(net.rpc.get_token_account_balance_with_commitment(&account, FINALIZED).await.is_ok());
    let error = net.rpc.get_token_account_balance(&minted.mint.pubkey()).await.expect_err("it is a mint");
    assert_eq!(refusal(&error), (-32602, "Invalid param: not a Token account".to_owned()));
    let error = net.rpc.get_token_account_balance(&minted.payer.pubkey()).await.expect_err("it has no tokens");
    assert_eq!(refusal(&error).0, -32602);
}

#[tokio::test]
async fn a_transaction_tells_the_token_balances_that_it_changed() {
    let net = Localnet::start();
    let minted = Minted::new(&net).await;
    minted.mint(&net, 5).await;
    let signature = minted.mint(&net, 7).await;
    let config = RpcTransactionConfig { commitment: Some(CONFIRMED), ..RpcTransactionConfig::default() };
    let found = net.rpc.get_transaction_with_config(&signature, config).await.expect("it");
    let meta = found.transaction.meta.expect("what it did");
    let (OptionSerializer::Some(pre), OptionSerializer::Some(post)) =
        (meta.pre_token_balances, meta.post_token_balances)
    else {
        panic!("tokens were touched")
    };
    assert_eq!((pre.len(), post.len()), (1, 1));
    assert_eq!((pre[0].ui_token_amount.amount.as_str(), post[0].ui_token_amount.amount.as_str()), ("5", "12"));
    assert_eq!(post[0].mint, minted.mint.pubkey().to_string());
    assert_eq!(post[0].owner, OptionSerializer::Some(somebody(5).to_string()));
    assert_eq!(post[0].program_id, OptionSerializer::Some(TOKEN.to_string()));
    let payment = net.pay(&minted.payer, &somebody(1), 1_000_000).await;
    let plain =
        net.call("getTransaction", json!([payment.to_string(), { "commitment": "confirmed" }])).await.expect("it");
    assert_eq!(plain["meta"]["preTokenBalances"], json!([]));
}

#[tokio::test]
async fn token_accounts_are_found_by_owner() {
    let net = Localnet::start();
    let minted = Minted::new(&net).await;
    let owner = somebody(5).to_string();
    let filters = json!([{ "dataSize": 165 }, { "memcmp": { "offset": 32, "bytes": owner } }, "tokenAccountState"]);
    let config = json!({ "encoding": "base64", "commitment": "processed", "filters": filters });
    let found = net.call("getProgramAccounts", json!([TOKEN.to_string(), config])).await.expect("accounts");
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(found[0]["pubkey"], minted.account.pubkey().to_string());
}
