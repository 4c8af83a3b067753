//! The program under the distributor, and what stands where it should be.

use liaise_chain_api::conformance::{LocalChain, Oracles, Plan, Role, World};
use liaise_chain_api::{At, ChainError, DistributorReader, Refusal};
use liaise_chain_solana::deploy::{self, deploy};
use liaise_chain_solana::{Keypair, PROGRAM, Pubkey, SolanaConfig, SolanaReader};
use liaise_summary::Epoch;
use solana_sdk::signer::Signer;

use crate::harness::{DEPLOY_FEE, LocalnetHarness, SolanaChain, deployment, key, start};

const LOADER: &str = "BPFLoaderUpgradeab1e11111111111111111111111";
/// Where the loader says whether somebody can replace the code, and where the code begins.
const AUTHORITY: usize = 12;

fn program_data() -> Pubkey {
    Pubkey::find_program_address(&[PROGRAM.as_ref()], &LOADER.parse().expect("an address")).0
}

/// Whoever can replace the code is seen at once, opens nothing, and a replaced code has another hash.
#[tokio::test]
async fn an_upgraded_program_has_another_hash() {
    let plan = Plan::new(&Oracles::new(1, 7));
    let chain = SolanaChain::start(&plan, Some(key(Role::Rival).pubkey())).await;
    let world = World { chain, plan, oracles: Oracles::new(1, 7) };
    let opening = world.opening(Epoch(0)).await;
    world.act(Role::Authority, &World::<SolanaChain>::approval(&opening)).await;
    let refused = world.submitter(Role::Operator).await;
    match refused.prepare(&world.signed_opening(opening), world.chain.fee_limit(), &[]).await {
        Err(ChainError::Refused { refusal: Refusal::Other(why), .. }) => assert!(why.contains("upgrade"), "{why}"),
        other => panic!("the code can still be replaced, and it gives {other:?}"),
    }

    let reader = SolanaReader::connect(world.chain.config.clone()).await.expect("the chain answers");
    let hash = async || reader.distributor(At::Latest).await.expect("a readable distributor").code_hash;
    let first = hash().await;
    let (lamports, owner, mut code) = world.chain.account(&program_data()).await.expect("it is there");
    // room for a longer code is none of it
    code.extend([0; 64]);
    world.chain.put(&program_data(), (lamports, owner.clone(), code.clone())).await;
    assert_eq!(hash().await, first);
    code.push(1);
    world.chain.put(&program_data(), (lamports, owner.clone(), code.clone())).await;
    let second = hash().await;
    assert_ne!(second, first);

    // given up, the range can be opened, and a reader need not look again
    code[AUTHORITY..AUTHORITY + 33].fill(0);
    world.chain.put(&program_data(), (lamports, owner, code)).await;
    world.act(Role::Operator, &world.signed_opening(opening)).await;
    assert_eq!(world.state().await.code_hash, second);
}

/// What was deployed once is found again, whoever asks for it; another plan has another address.
#[tokio::test]
async fn a_deployment_is_made_once() {
    let plan = Plan::new(&Oracles::new(1, 7));
    let (localnet, config, first) = start(&plan, None).await;
    let planned = deployment(&plan, &localnet);
    assert_eq!(deploy::address_of(&config, &planned).expect("a plan"), first.distributor);
    let again = deploy(&config, &key(Role::Rival), &planned, DEPLOY_FEE).await.expect("it is there already");
    assert_eq!((again.distributor, again.mint, again.code_hash), (first.distributor, first.mint, first.code_hash));
    assert_eq!(first.upgrade_authority, None);

    let other = deploy::Plan { uri: "https://liaise.example/metadata/other.json".to_owned(), ..planned.clone() };
    assert_ne!(deploy::address_of(&config, &other).expect("a plan"), first.distributor);
    let mut wrong = planned;
    wrong.delays.long_s = 0;
    match deploy(&config, &key(Role::Rival), &wrong, DEPLOY_FEE).await {
        Err(ChainError::Refused { refusal: Refusal::Other(why), .. }) => assert!(why.contains("delay"), "{why}"),
        bad => panic!("the program refuses it, and it gives {bad:?}"),
    }
    match deploy(&config, &Keypair::new_from_array([9; 32]), &other, DEPLOY_FEE).await {
        Err(ChainError::Funds { has: 0, .. }) => {}
        bad => panic!("nobody pays, and it gives {bad:?}"),
    }
    match deploy(&config, &key(Role::Rival), &other, liaise_chain_api::FeeLimit(1_000_000)).await {
        Err(ChainError::FeeTooHigh { needed, .. }) => assert!(needed > 15_000_000, "rent is most of it: {needed}"),
        bad => panic!("it costs more, and it gives {bad:?}"),
    }
}

#[tokio::test]
async fn what_is_no_distributor_is_refused() {
    let world = World::start::<LocalnetHarness>().await;
    let config = &world.chain.config;
    let connect = |distributor, program| SolanaConfig { distributor, program, ..config.clone() };
    let nobody = Pubkey::new_from_array([7; 32]);
    let refused = async |config| SolanaReader::connect(config).await.expect_err("there is none");
    let missing = refused(connect(nobody, config.program)).await;
    assert!(matches!(missing, ChainError::NotDeployed { .. }), "{missing}");
    let wallet = refused(connect(key(Role::Operator).pubkey(), config.program)).await;
    assert!(matches!(wallet, ChainError::ForeignDistributor { .. }), "{wallet}");
    let no_program = refused(connect(config.distributor, nobody)).await;
    assert!(matches!(no_program, ChainError::ForeignDistributor { .. }), "{no_program}");
    let evm = SolanaConfig { chain: "eip155:1".parse().expect("a chain"), ..config.clone() };
    assert!(matches!(refused(evm).await, ChainError::Input { what: "the chain id", .. }));
    let no_url = SolanaConfig { endpoint: "localhost".to_owned(), ..config.clone() };
    assert!(matches!(refused(no_url).await, ChainError::Input { what: "the endpoint", .. }));
}
