//! The program under the distributor, and what stands where it should be.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use liaise_chain_api::conformance::faults::FaultyChain;
use liaise_chain_api::conformance::{Fault, FaultProxy, LocalChain, Oracles, Plan, Role, Rule, World};
use liaise_chain_api::{At, ChainError, DistributorReader, Refusal};
use liaise_chain_solana::deploy::{self, deploy};
use liaise_chain_solana::{Keypair, PROGRAM, Pubkey, SolanaConfig, SolanaReader};
use liaise_summary::Epoch;
use serde_json::{Value, json};
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::signer::Signer;

use crate::harness::{DEPLOY_FEE, LocalnetHarness, SolanaChain, deployment, key, start};

const LOADER: &str = "BPFLoaderUpgradeab1e11111111111111111111111";
/// The loader's instruction that names another authority, or none.
const SET_AUTHORITY: [u8; 4] = [4, 0, 0, 0];

/// Nobody can replace the code any more.
async fn give_up(world: &World<SolanaChain>, role: Role) {
    let loader: Pubkey = LOADER.parse().expect("an address");
    let data = Pubkey::find_program_address(&[PROGRAM.as_ref()], &loader).0;
    let authority = key(role);
    let accounts = vec![AccountMeta::new(data, false), AccountMeta::new_readonly(authority.pubkey(), true)];
    let call = Instruction { program_id: loader, accounts, data: SET_AUTHORITY.to_vec() };
    world.chain.send(role, call).await;
}

/// The loader's record of the program with something after the code.
fn longer(by: &'static [u8]) -> Rule {
    let fault = Fault::Answer(Arc::new(move |_: &Value, mut answer: Value| {
        let data = answer["value"]["data"][0].as_str().expect("the program's data");
        let code = [&BASE64_STANDARD.decode(data).expect("base64")[..], by].concat();
        answer["value"]["data"][0] = json!(BASE64_STANDARD.encode(code));
        answer
    }));
    Rule::always("getAccountInfo", fault)
}

/// Whoever can replace the code is seen at once, opens nothing, and replaced code has another hash. Once that is given up
/// nobody need look again.
#[tokio::test]
async fn an_upgraded_program_has_another_hash() {
    let plan = Plan::new(&Oracles::new(1, 7));
    let chain = SolanaChain::start(&plan, Some(key(Role::Rival).pubkey())).await;
    let world = World { chain, plan, oracles: Oracles::new(1, 7) };
    let opening = world.opening(Epoch(0)).await;
    world.act(Role::Authority, &World::<SolanaChain>::approval(&opening)).await;
    let open = world.signed_opening(opening);
    match world.submitter(Role::Operator).await.prepare(&open, world.chain.fee_limit(), &[]).await {
        Err(ChainError::Refused { refusal: Refusal::Other(why), .. }) => assert!(why.contains("upgrade"), "{why}"),
        other => panic!("the code can still be replaced, and it gives {other:?}"),
    }

    let proxy = FaultProxy::start(world.chain.node()).await;
    let connect = async || {
        let config = SolanaConfig { endpoint: proxy.url().to_owned(), ..world.chain.config.clone() };
        SolanaReader::connect(config).await.expect("the chain answers")
    };
    let hash = async |reader: &SolanaReader| reader.distributor(At::Latest).await.expect("readable").code_hash;
    let reader = connect().await;
    let first = hash(&reader).await;
    // room for a longer code is none of it
    proxy.arm(longer(&[0; 64]));
    assert_eq!(hash(&reader).await, first);
    proxy.lift().await;
    proxy.arm(longer(&[0, 1]));
    assert_ne!(hash(&reader).await, first);
    proxy.lift().await;

    give_up(&world, Role::Rival).await;
    let reader = connect().await;
    let met = proxy.met();
    proxy.arm(longer(&[1]));
    assert_eq!((hash(&reader).await, proxy.met()), (first, met));
    world.act(Role::Operator, &open).await;
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
    let place = deploy::address_of(&config, &other).expect("a plan");
    assert_ne!(place, first.distributor);
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
    // a lookup table's address follows from who makes it and the newest final slot
    localnet.finalise().await.expect("it obeys");
    // lamports that somebody sent there before are in nobody's way
    localnet
        .steer("localnet_setAccount", json!({"address": place.to_string(), "lamports": 1}))
        .await
        .expect("it obeys");
    let second = deploy(&config, &key(Role::Rival), &other, DEPLOY_FEE).await.expect("it deploys");
    assert_eq!(second.distributor, place);
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
    assert!(matches!(wallet, ChainError::NotDeployed { .. }), "{wallet}");
    let no_program = refused(connect(config.distributor, nobody)).await;
    assert!(matches!(no_program, ChainError::ForeignDistributor { .. }), "{no_program}");
    let evm = SolanaConfig { chain: "eip155:1".parse().expect("a chain"), ..config.clone() };
    assert!(matches!(refused(evm).await, ChainError::Input { what: "the chain id", .. }));
    let no_url = SolanaConfig { endpoint: "localhost".to_owned(), ..config.clone() };
    assert!(matches!(refused(no_url).await, ChainError::Input { what: "the endpoint", .. }));
}
