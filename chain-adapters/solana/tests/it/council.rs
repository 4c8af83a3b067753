//! An m-of-n account as the DAO authority, whose members sign one transaction together.

use liaise_chain_api::conformance::{LocalChain, Oracles, Plan, Role, World};
use liaise_chain_api::{Action, At, ChainError, DistributorReader, FeeLimit, Outcome, Refusal, Submitter};
use liaise_chain_solana::deploy::{self, create_council, deploy};
use liaise_chain_solana::{Council, Keypair, PROGRAM, Pubkey, SolanaConfig, SolanaSubmitter};
use liaise_summary::{Epoch, Hash32, veto_head};
use solana_sdk::signer::Signer;

use crate::harness::{DEPLOY_FEE, FEE, SolanaChain, deployment, key};

/// The council's members: a funded one, and two keys that hold nothing.
fn members() -> [Keypair; 3] {
    [key(Role::Authority), Keypair::new_from_array([11; 32]), Keypair::new_from_array([12; 32])]
}

/// A chain on which a council of two of three is the authority, and a submitter of these members.
async fn council_of(signing: &[usize]) -> (SolanaChain, SolanaSubmitter) {
    let plan = Plan::new(&Oracles::new(1, 7));
    let chain = SolanaChain::start(&plan, None).await;
    chain.localnet.set_mining(liaise_chain_solana::local::Mining::AtOnce).await.expect("it obeys");
    let keys = members().map(|member| member.pubkey());
    let payer = key(Role::Stranger);
    let authority = create_council(&chain.config, &payer, 2, &keys, DEPLOY_FEE).await.expect("it is created");
    let again = create_council(&chain.config, &payer, 2, &[keys[2], keys[0], keys[1]], FeeLimit(0)).await;
    assert_eq!(again.expect("it is there already"), authority);
    let address = deploy::council_address(&PROGRAM, 2, &keys);
    assert_eq!(authority.solana_address().map(Pubkey::new_from_array), Some(address));

    let planned = deploy::Plan { authority, ..deployment(&plan, &chain.localnet) };
    let deployed = deploy(&chain.config, &payer, &planned, DEPLOY_FEE).await.expect("it deploys");
    let (distributor, lookup_table) = (deployed.distributor, Some(deployed.lookup_table));
    let config = SolanaConfig { distributor, lookup_table, ..chain.config.clone() };
    let members =
        members().into_iter().enumerate().filter(|(at, _)| signing.contains(at)).map(|(_, key)| key).collect();
    let submitter = SolanaSubmitter::connect(config, key(Role::Authority)).await.expect("the chain answers");
    (chain, submitter.on_behalf_of(Council { address, members }))
}

fn advance() -> Action {
    Action::Advance { head: Hash32::ZERO, reason: b"split".to_vec() }
}

#[tokio::test]
async fn enough_members_act_for_their_council() {
    let (chain, submitter) = council_of(&[0, 2]).await;
    let quote = submitter.details(&advance(), FEE).await.expect("an acceptable action");
    assert_eq!(quote.signature_fee, 10_000);
    let prepared = submitter.prepare(&advance(), FEE, &[]).await.expect("an acceptable action");
    assert!(prepared.fee_max.0 >= 10_000);
    submitter.broadcast(&prepared).await.expect("a node that takes it");
    chain.mine(1).await;
    match submitter.status(&prepared).await.expect("a readable chain") {
        liaise_chain_api::Status::Included { outcome, .. } => assert_eq!(outcome, Outcome::Succeeded),
        other => panic!("it should be included, and is {other:?}"),
    }
    let head = submitter.distributor(At::Latest).await.expect("a readable distributor").head;
    assert_eq!(head, veto_head(Hash32::ZERO, b"split"));
}

#[tokio::test]
async fn too_few_members_are_refused() {
    let (_chain, submitter) = council_of(&[0]).await;
    match submitter.prepare(&advance(), FEE, &[]).await {
        Err(ChainError::Refused { refusal: Refusal::Authority, .. }) => {}
        other => panic!("one of two is too few, and it gives {other:?}"),
    }
}

#[tokio::test]
async fn a_council_is_created_as_it_is_planned_or_not_at_all() {
    let plan = Plan::new(&Oracles::new(1, 7));
    let chain = SolanaChain::start(&plan, None).await;
    let world = World { chain, plan, oracles: Oracles::new(1, 7) };
    let config = &world.chain.config;
    let one = key(Role::Rival).pubkey();
    for (threshold, members) in [(0, vec![one]), (2, vec![one]), (1, vec![one, one]), (1, vec![])] {
        match create_council(config, &key(Role::Stranger), threshold, &members, DEPLOY_FEE).await {
            Err(ChainError::Refused { refusal: Refusal::Other(why), .. }) => assert!(why.contains("council"), "{why}"),
            other => panic!("{threshold} of {} is none, and it gives {other:?}", members.len()),
        }
    }
    assert_eq!(world.state().await.next, Epoch(0));
}
