//! Rights are signatures inside a transaction: who holds which keys decides what can be prepared.

use liaise_chain_api::conformance::{Harness, LocalChain, Oracles, Plan, Role, World};
use liaise_chain_api::{Action, Authority, ChainError, Refusal, StatementSignature, Submitter, ToSign};
use liaise_chain_bch::{BchKeys, BchSubmitter, account_of_key};
use liaise_summary::{CompressedKey, DaoSet, DistributorId, Epoch, Hash32};
use secp256k1::{Message, SECP256K1, SecretKey};

use crate::harness::{DevnetChain, DevnetHarness, FEE, keys, secret};

async fn opened(guarded_until: Epoch) -> World<DevnetChain> {
    let mut plan = Plan::new(&Oracles::new(1, 7));
    plan.guarded_until_s = plan.schedule.epoch_end_s(guarded_until).expect("a small epoch");
    let world = World::start_as::<DevnetHarness>(plan).await;
    world.approve_and_open().await;
    world.pass(world.plan.delays.long_s).await;
    world.file_payable(&world.tree(&[(0, 100)])).await;
    world
}

/// The authority's submitter with the guardian's key beside its own.
async fn both(world: &World<DevnetChain>) -> BchSubmitter {
    let keys = keys(Role::Authority).with_right(secret(Role::Guardian)).expect("a key");
    BchSubmitter::connect(world.chain.config.clone(), keys).await.expect("the devnet answers")
}

async fn act(world: &World<DevnetChain>, submitter: &BchSubmitter, action: &Action) {
    let prepared = submitter.prepare(action, FEE, &[]).await.expect("an acceptable action");
    submitter.broadcast(&prepared).await.expect("the devnet takes it");
    world.chain.mine(1).await;
}

#[tokio::test]
async fn while_guarded_the_guardian_signs_the_daos_transaction() {
    let world = opened(Epoch(8)).await;
    let rotate = |version| Action::Rotate { set: Oracles::new(version, 9).set() };
    let hand_over = Action::HandOver { epoch: Epoch(8), new: DistributorId([9; 32]) };
    let change = Action::SetGuardian { guardian: world.submitter(Role::Rival).await.account().clone() };
    for action in [&hand_over, &rotate(2), &change] {
        world.expect_refused(Role::Authority, action, Refusal::NoConsent).await;
        world.expect_refused(Role::Guardian, action, Refusal::Authority).await;
    }
    let both = both(&world).await;
    act(&world, &both, &rotate(2)).await;
    act(&world, &both, &hand_over).await;
    let state = world.state().await;
    assert_eq!(state.oracle_set.set, Some(Oracles::new(2, 9).set()));
    assert_eq!(state.range.and_then(|range| range.end), Some(Epoch(8)));
    world.expect_refused(Role::Authority, &rotate(3), Refusal::NoConsent).await;

    world.chain.advance_to(world.plan.guarded_until_s - 1).await;
    world.expect_refused(Role::Authority, &change, Refusal::NoConsent).await;
    world.chain.advance_to(world.plan.guarded_until_s).await;
    world.act(Role::Authority, &change).await;
    let rival = world.submitter(Role::Rival).await.account().clone();
    assert_eq!(world.state().await.guardian, rival);
}

#[tokio::test]
async fn what_other_chains_send_says_here_what_to_do_instead() {
    let world = World::start::<DevnetHarness>().await;
    let opening = world.opening(Epoch(0)).await;
    let submitter = world.submitter(Role::Authority).await;
    let approve = World::<<DevnetHarness as Harness>::Chain>::approval(&opening);
    let consent = Action::Consent { to: Box::new(approve.clone()), given: true };
    let leaf = liaise_summary::RewardLeaf { payee: world.chain.payee(0), amount: 1 };
    let claim = Action::Claim { leaf, proof: liaise_summary::Proof { index: 0, siblings: vec![] } };
    for (action, hint) in [(approve, "OPEN statement"), (consent, "guardian's key"), (claim, "cranks")] {
        match submitter.prepare(&action, FEE, &[]).await {
            Err(error @ ChainError::Unsupported { .. }) => assert!(error.to_string().contains(hint), "{error}"),
            other => panic!("{} is no action of this chain, and gives {other:?}", action.name()),
        }
    }
    // an account is a key's hash, and the covenant wants the key
    let unnamed = liaise_chain_api::Account::bch(submitter.chain(), [7; 20]);
    match submitter.prepare(&Action::SetGuardian { guardian: unnamed }, FEE, &[]).await {
        Err(ChainError::Input { what: "the next guardian", .. }) => {}
        other => panic!("nobody named that key, and it gives {other:?}"),
    }
}

/// Members sign on machines of their own; whoever sends has no right.
#[tokio::test]
async fn an_act_is_signed_by_several_hands() {
    let world = opened(Epoch(8)).await;
    let sender = world.submitter(Role::Stranger).await;
    let rights = sender.rights().expect("rights are signatures here");
    let next = DaoSet::new(2, 2, sorted([Role::Authority, Role::Rival, Role::Operator])).expect("a set of three");
    let change = Action::SetDao { set: next.clone() };
    let signed = |action: &Action, signatures| Action::Signed {
        action: Box::new(action.clone()),
        decree: Hash32([4; 32]),
        named: None,
        signatures,
    };
    let refused = async |action: &Action, expected: Refusal| match sender.prepare(action, FEE, &[]).await {
        Err(ChainError::Refused { refusal, .. }) => assert_eq!(refusal, expected, "{}", action.name()),
        other => panic!("{} is not signed by enough, and gives {other:?}", action.name()),
    };
    refused(&change, Refusal::Authority).await;
    refused(&signed(&change, vec![]), Refusal::Authority).await;
    let to_sign = rights.to_sign(&signed(&change, vec![])).await.expect("readable");
    assert_eq!((to_sign.dao.threshold(), to_sign.guardian), (1, None), "the guardian has no part in it");
    refused(&signed(&change, vec![sign(Role::Stranger, &to_sign)]), Refusal::Authority).await;
    let member = sign(Role::Authority, &to_sign);
    refused(&signed(&change, vec![member, member]), Refusal::Signature).await;
    // over another decree it is no signature
    let plain = rights.to_sign(&change).await.expect("readable");
    refused(&signed(&change, vec![sign(Role::Authority, &plain)]), Refusal::Signature).await;
    act(&world, &stranger(&world).await, &signed(&change, vec![member])).await;
    assert_eq!(world.state().await.authority, Authority::Set(next.hash()));

    // two of three and, while guarded, the guardian: for an oracle set, and for the next guardian, whose key is named
    let rotate = Action::Rotate { set: Oracles::new(2, 9).set() };
    let to_sign = rights.to_sign(&signed(&rotate, vec![])).await.expect("readable");
    assert_eq!(to_sign.guardian, Some(keys(Role::Guardian).public()));
    let two = [Role::Rival, Role::Operator].map(|role| sign(role, &to_sign)).to_vec();
    refused(&signed(&rotate, two[..1].to_vec()), Refusal::Authority).await;
    refused(&signed(&rotate, two.clone()), Refusal::NoConsent).await;
    act(&world, &stranger(&world).await, &signed(&rotate, [two, vec![sign(Role::Guardian, &to_sign)]].concat())).await;
    assert_eq!(world.state().await.oracle_set.version, 2);

    let key = BchKeys::new([77; 32]).expect("a key").public();
    let guardian = account_of_key(sender.chain(), &key);
    let named = |signatures| Action::Signed {
        action: Box::new(Action::SetGuardian { guardian: guardian.clone() }),
        decree: Hash32::ZERO,
        named: Some(key),
        signatures,
    };
    let to_sign = rights.to_sign(&named(vec![])).await.expect("readable");
    let all = [Role::Rival, Role::Operator, Role::Guardian].map(|role| sign(role, &to_sign)).to_vec();
    act(&world, &stranger(&world).await, &named(all)).await;
    assert_eq!(world.state().await.guardian, guardian);
    // what was signed before counts no more
    refused(&signed(&rotate, vec![]), Refusal::Authority).await;
}

async fn stranger(world: &World<DevnetChain>) -> BchSubmitter {
    BchSubmitter::connect(world.chain.config.clone(), keys(Role::Stranger)).await.expect("the devnet answers")
}

fn sorted<const N: usize>(roles: [Role; N]) -> Vec<CompressedKey> {
    let mut keys = roles.map(|role| keys(role).public()).to_vec();
    keys.sort_unstable();
    keys
}

fn sign(role: Role, to_sign: &ToSign) -> StatementSignature {
    let secret = SecretKey::from_byte_array(secret(role)).expect("a key");
    let digest = Message::from_digest(to_sign.digest().0);
    let (id, rs) = SECP256K1.sign_ecdsa_recoverable(digest, &secret).serialize_compact();
    let v = u8::try_from(i32::from(id)).expect("0 to 3");
    StatementSignature { key: keys(role).public(), rsv: [&rs[..], &[v]].concat().try_into().expect("65 bytes") }
}
