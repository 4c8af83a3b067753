//! Programs that come by transactions, as a deployment sends them.

use serde_json::json;
use solana_address::{Address, address};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_loader_v3_interface::get_program_data_address;
use solana_loader_v3_interface::instruction::{
    create_buffer, deploy_with_max_program_len, set_upgrade_authority, write,
};
use solana_loader_v3_interface::state::UpgradeableLoaderState;
use solana_signer::Signer;

use crate::harness::{Localnet, PROCESSED, signed};

/// A small program that LiteSVM carries: it logs what it is given.
const MEMO: Address = address!("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
const CHUNK: usize = 900;

async fn deploy(net: &Localnet, payer: &Keypair) -> Address {
    let elf = net.rpc.get_account(&MEMO).await.expect("a program").data;
    let (buffer, program) = (Keypair::new(), Keypair::new());
    let who = payer.pubkey();
    let rent = async |length| net.rpc.get_minimum_balance_for_rent_exemption(length).await.expect("an amount");
    let send = async |instructions: &[Instruction], signers: &[&Keypair]| {
        let transaction = signed(instructions, payer, signers, net.blockhash().await);
        net.rpc.send_transaction(&transaction).await.expect("it is taken");
    };
    let length = UpgradeableLoaderState::size_of_buffer(elf.len());
    let created = create_buffer(&who, &buffer.pubkey(), &who, rent(length).await, elf.len()).expect("instructions");
    send(&created, &[payer, &buffer]).await;
    for (index, chunk) in elf.chunks(CHUNK).enumerate() {
        let offset = u32::try_from(index * CHUNK).expect("a small program");
        send(&[write(&buffer.pubkey(), &who, offset, chunk.to_vec())], &[payer]).await;
    }
    let lamports = rent(UpgradeableLoaderState::size_of_program()).await;
    let (id, size) = (program.pubkey(), elf.len());
    let deployed = deploy_with_max_program_len(&who, &id, &buffer.pubkey(), &who, lamports, size, true);
    send(&deployed.expect("instructions"), &[payer, &program]).await;
    id
}

async fn call(net: &Localnet, payer: &Keypair, program: Address) -> Option<Vec<String>> {
    let memo = Instruction::new_with_bytes(program, b"hello", vec![]);
    let transaction = signed(&[memo], payer, &[payer], net.blockhash().await);
    let signature = net.send_blindly(&transaction).await;
    let asked = json!([signature.to_string(), { "commitment": "confirmed" }]);
    let found = net.call("getTransaction", asked).await.expect("an answer");
    let good = found["meta"]["err"].is_null() && !found.is_null();
    good.then(|| serde_json::from_value(found["meta"]["logMessages"].clone()).expect("logs"))
}

#[tokio::test]
async fn a_program_is_deployed_called_and_made_final() {
    let net = Localnet::with(&["--instant"]);
    let payer = net.funded().await;
    let program = deploy(&net, &payer).await;
    let logs = call(&net, &payer, program).await.expect("it succeeds");
    assert!(logs.iter().any(|line| line.contains("hello")), "{logs:?}");
    let data = get_program_data_address(&program);
    let authority = async || net.rpc.get_account(&data).await.expect("its data").data[12];
    assert_eq!(authority().await, 1);
    let given_up =
        signed(&[set_upgrade_authority(&program, &payer.pubkey(), None)], &payer, &[&payer], net.blockhash().await);
    net.rpc.send_transaction(&given_up).await.expect("it is taken");
    assert_eq!(authority().await, 0);
}

#[tokio::test]
async fn a_deployment_that_is_rolled_back_is_gone() {
    let net = Localnet::with(&["--instant"]);
    let payer = net.funded().await;
    let before = net.rpc.get_slot().await.expect("a slot");
    let program = deploy(&net, &payer).await;
    assert!(call(&net, &payer, program).await.is_some());
    let slots = net.rpc.get_slot().await.expect("a slot") - before;
    net.roll_back(slots).await;
    let account = net.rpc.get_account_with_commitment(&program, PROCESSED).await.expect("an answer");
    assert_eq!(account.value, None);
    assert_eq!(call(&net, &payer, program).await, None);
    let again = deploy(&net, &payer).await;
    assert!(call(&net, &payer, again).await.is_some());
}
