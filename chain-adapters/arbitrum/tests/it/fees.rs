//! Arbitrum's L1 part of the gas, against a stand-in of its precompile: Nitro itself runs on no test machine of ours.

use alloy::consensus::{Transaction, TxEnvelope};
use alloy::eips::eip2718::Decodable2718;
use alloy::primitives::{Address, Bytes};
use liaise_chain_api::conformance::{Oracles, Plan, Role};
use liaise_chain_api::{Action, ChainError, Prepared, Submitter};
use liaise_chain_arbitrum::deploy::{Dao, deploy};
use liaise_chain_arbitrum::local::Anvil;
use liaise_chain_arbitrum::{EvmConfig, EvmSubmitter, GasModel};
use liaise_summary::{DistributorId, Epoch, Hash32};

use crate::harness::{DEPLOY_FEE, FEE, account, deployment, key, start};

/// Code that answers any call with six words: 0, the price of a byte, 0, 0, 0, the price of a unit of gas.
fn prices(per_byte: u8, per_gas: u8) -> Bytes {
    // PUSH1 per_byte PUSH1 32 MSTORE, PUSH1 per_gas PUSH1 160 MSTORE, PUSH1 192 PUSH0 RETURN
    vec![0x60, per_byte, 0x60, 0x20, 0x52, 0x60, per_gas, 0x60, 0xa0, 0x52, 0x60, 0xc0, 0x5f, 0xf3].into()
}

fn gas_limit(prepared: &Prepared) -> u64 {
    TxEnvelope::decode_2718_exact(&prepared.bytes).expect("a transaction").gas_limit()
}

#[tokio::test]
async fn the_gas_limit_holds_the_l1_part_and_no_tip_is_offered() {
    let plan = Plan::new(&Oracles::new(1, 7));
    let anvil = start(&plan);
    let mut plain = EvmConfig::new(anvil.chain(), anvil.url(), Address::ZERO);
    let dao = Dao::Account(account(Role::Authority));
    let deployed = deploy(&plain, &Anvil::key(0), &deployment(&plan, dao), DEPLOY_FEE).await.expect("deployed");
    plain.distributor = deployed.distributor;
    let arbitrum = EvmConfig { gas: GasModel::ARBITRUM, ..plain.clone() };
    let approve = Action::ApproveOpen { first: Epoch(0), old: DistributorId::ZERO, head: Hash32::ZERO };
    let prepare = async |config: &EvmConfig| {
        let submitter = EvmSubmitter::connect(config.clone(), key(Role::Authority)).await.expect("anvil answers");
        submitter.prepare(&approve, FEE, &[]).await
    };

    match prepare(&arbitrum).await {
        Err(ChainError::BadAnswer { .. }) => {}
        other => panic!("there is no ArbGasInfo yet, and it gives {other:?}"),
    }
    anvil.set_code(GasModel::ARB_GAS_INFO, prices(50, 5)).await.expect("anvil obeys");
    let without = prepare(&plain).await.expect("an acceptable action");
    let with = prepare(&arbitrum).await.expect("an acceptable action");
    // three words and a selector, 200 bytes of envelope, ten gas a byte
    assert_eq!(gas_limit(&with) - gas_limit(&without), (3 * 32 + 4 + 200) * 10);
    let signed = TxEnvelope::decode_2718_exact(&with.bytes).expect("a transaction");
    assert_eq!(signed.max_priority_fee_per_gas(), Some(0));
}
