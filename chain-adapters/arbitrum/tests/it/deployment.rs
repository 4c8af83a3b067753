//! The deployment with its DAO.

use alloy::primitives::Address;
use liaise_chain_api::conformance::{Oracles, Plan, Role};
use liaise_chain_api::{Account, At, ChainError, DistributorReader};
use liaise_chain_arbitrum::deploy::{Dao, deploy};
use liaise_chain_arbitrum::local::Anvil;
use liaise_chain_arbitrum::{EvmConfig, EvmReader};

use crate::harness::{CHAIN, DEPLOY_FEE, account, deployment, start};

fn governor() -> Dao {
    Dao::Governor { voting_delay_s: 60, voting_period_s: 180, timelock_s: 120, proposal_threshold: 1 }
}

#[tokio::test]
async fn a_distributor_with_governor_and_timelock() {
    let plan = Plan::new(&Oracles::new(1, 7));
    let anvil = start(&plan);
    let mut config = EvmConfig::new(anvil.chain(), anvil.url(), Address::ZERO);
    let deployed = deploy(&config, &Anvil::key(0), &deployment(&plan, governor()), DEPLOY_FEE).await.expect("deployed");
    assert!(deployed.governor.is_some_and(|governor| governor != deployed.authority));
    config.distributor = deployed.distributor;
    config.deployed_block = deployed.block;
    let reader = EvmReader::connect(config.clone()).await.expect("a distributor");
    let state = reader.distributor(At::Latest).await.expect("readable");
    assert_eq!(state.schedule, plan.schedule);
    assert_eq!(state.authority, Account::evm(CHAIN, deployed.authority.into_array()).into());
    assert_eq!(state.guardian, account(Role::Guardian));
    assert_eq!(state.oracle_set.set, Some(plan.oracle_set));
    assert_eq!(state.code_hash, deployed.code_hash);
    // before its block was final there was no distributor
    match reader.distributor(At::Final).await {
        Err(ChainError::NotDeployed { .. }) => {}
        other => panic!("not deployed at the final block yet, and it gives {other:?}"),
    }

    let nothing = EvmConfig { distributor: Address::repeat_byte(1), ..config.clone() };
    assert!(matches!(EvmReader::connect(nothing).await, Err(ChainError::NotDeployed { .. })));
    let timelock = EvmConfig { distributor: deployed.authority, ..config };
    assert!(matches!(EvmReader::connect(timelock).await, Err(ChainError::ForeignDistributor { .. })));
}

#[tokio::test]
async fn values_that_make_no_sense_are_refused_before_anything_is_sent() {
    let plan = Plan::new(&Oracles::new(1, 7));
    let anvil = start(&plan);
    let config = EvmConfig::new(anvil.chain(), anvil.url(), Address::ZERO);
    let mut nonsense = deployment(&plan, Dao::Account(account(Role::Authority)));
    nonsense.schedule.epoch_s = 0;
    let refused = deploy(&config, &Anvil::key(0), &nonsense, DEPLOY_FEE).await;
    assert!(matches!(refused, Err(ChainError::Input { .. })), "{refused:?}");
}
