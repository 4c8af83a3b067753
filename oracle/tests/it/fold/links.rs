//! Accounts of several chains that are one owner's: when a link counts, what it changes, and what it pays where.

use std::collections::BTreeMap;

use cid::Cid;
use ed25519_dalek::{Signer as _, SigningKey};
use liaise_ledger::body::{Body, Link, Session, SignedText};
use liaise_ledger::session::{Scopes, SessionText, bch_key_hash, signed_message_hash};
use liaise_ledger::{Account, ChainId, Hash, LinkText};
use liaise_oracle::artefact::read_state;
use liaise_oracle::fold::{DistributorState, Folded, ReasonCode, file, paid_account};
use proptest::prelude::*;
use secp256k1::global::SECP256K1;
use secp256k1::{Message, PublicKey};
use serde_bytes::ByteBuf;

use super::world::{CASH, GENESIS_S, SOLANA, Told, World, account, at, evm_signature, parameters, secret, wallet};

pub const EVM: &str = "eip155:42161";

/// Owner `n`'s account on a chain.
pub fn on(chain: &str, n: usize) -> Account {
    match chain {
        EVM => account(n),
        CASH => {
            let key = PublicKey::from_secret_key_global(&wallet(n));
            Account::bch(&CASH.parse().unwrap(), bch_key_hash(&key))
        }
        _ => Account::solana(&SOLANA.parse().unwrap(), solana_key(n).verifying_key().to_bytes()),
    }
}

fn solana_key(n: usize) -> SigningKey {
    SigningKey::from_bytes(&secret("solana", n))
}

/// What owner `n`'s wallet of an account signs.
pub fn signature(n: usize, account: &Account, text: &str) -> ByteBuf {
    ByteBuf::from(match account.chain().namespace() {
        "eip155" => evm_signature(&wallet(n), text),
        "bch" => {
            let digest = Message::from_digest(signed_message_hash(text));
            let (id, rs) = SECP256K1.sign_ecdsa_recoverable(digest, &wallet(n)).serialize_compact();
            [&[31 + i32::from(id) as u8], &rs[..]].concat()
        }
        _ => solana_key(n).sign(text.as_bytes()).to_bytes().to_vec(),
    })
}

/// A text with owner `n`'s signature.
pub fn sign(n: usize, text: &LinkText) -> SignedText {
    let rendered = text.render();
    SignedText { signature: signature(n, &text.account, &rendered), text: rendered }
}

/// The texts of a link between two accounts of owner `n`, written at a time, Unix seconds.
pub fn texts(world: &World, n: usize, one: &str, other: &str, issued_s: u64) -> Vec<SignedText> {
    let (one, other) = (on(one, n), on(other, n));
    let (low, high) = (one.clone().min(other.clone()), one.max(other));
    let low = LinkText::link(&world.genesis, low, high, [7; 32], issued_s, issued_s + 86_400);
    vec![sign(n, &low), sign(n, &low.of_the_other())]
}

/// Owner `n` links accounts on two chains at a time, milliseconds since 1970. Its EVM account has the hot key that speaks.
pub fn link(world: &mut World, n: usize, other: &str, at_ms: u64) -> Cid {
    let texts = texts(world, n, EVM, other, at_ms / 1_000);
    world.say(&account(n), vec![], None, Body::Link(Link { texts }), at_ms)
}

fn unlink(world: &mut World, n: usize, signer: &str, left: &Account, at_ms: u64) -> Cid {
    let issued_s = at_ms / 1_000;
    let text = LinkText::unlink(&world.genesis, on(signer, n), left.clone(), [8; 32], issued_s, issued_s + 86_400);
    let texts = vec![sign(n, &text)];
    world.meet_as(&text.account);
    world.say(&text.account, vec![], None, Body::Link(Link { texts }), at_ms)
}

fn cluster(folded: &Folded, account: &Account) -> Vec<Account> {
    let links = folded.next.accounts.get(account).and_then(|state| state.links.as_ref());
    links.map_or(vec![], |links| links.with.clone())
}

fn codes(folded: &Told, who: &Account) -> Vec<ReasonCode> {
    let statement = folded.statements.iter().find(|statement| statement.account == *who).expect("a statement");
    statement.reasons.iter().map(|reason| reason.code).collect()
}

/// An hour before genesis, in milliseconds.
const EARLY: u64 = (GENESIS_S - 3_000) * 1_000;

#[test]
fn a_link_counts_two_epochs_later_and_what_was_owed_is_paid_then() {
    let mut world = World::new(6, parameters());
    link(&mut world, 100, SOLANA, at(0, 50));
    for epoch in 0..3 {
        world.good_task(&account(100), &format!("question {epoch}"), at(epoch, 100));
    }
    let folded = world.fold_until(2);
    let (evm, solana) = (account(100), on(SOLANA, 100));
    for told in &folded[..3] {
        assert_eq!(cluster(told, &evm), [], "epoch {}", told.epoch);
    }
    assert_eq!((cluster(&folded[3], &evm), cluster(&folded[3], &solana)), (vec![solana.clone()], vec![evm.clone()]));
    // the state reads back from the artefact, before and after
    for told in &folded {
        assert_eq!(read_state(&told.blocks, &told.history).unwrap(), told.next);
    }
    let mut state = DistributorState::new(Hash([5; 32]), SOLANA.parse().unwrap());
    let mut earned = 0;
    for told in &folded[1..] {
        let net: u64 = told.pay.iter().filter(|pay| pay.account == evm).map(|pay| pay.net).sum();
        earned += net;
        assert!(net > 0);
        state = file(told, &state, world.network, Hash::ZERO, 1).unwrap().next;
        let owed: u64 = state.owing.iter().filter(|row| row.account == evm).map(|row| row.amount).sum();
        let leaf = state.leaves.values().find(|leaf| leaf.account == solana).map_or(0, |leaf| leaf.amount);
        assert_eq!((owed, leaf), if told.epoch < 2 { (earned, 0) } else { (0, earned) }, "epoch {}", told.epoch);
    }
    assert!(state.owing.iter().all(|row| row.reason == ReasonCode::NoAccountOnChain), "the nodes have none");
}

#[test]
fn either_side_ends_a_link_and_an_old_text_does_not_bring_it_back() {
    let mut world = World::new(4, parameters());
    let (evm, solana, cash) = (account(100), on(SOLANA, 100), on(CASH, 100));
    link(&mut world, 100, SOLANA, EARLY);
    link(&mut world, 100, CASH, EARLY + 2_000);
    // the Solana account leaves; the cash account puts the EVM account out a second later
    unlink(&mut world, 100, SOLANA, &solana, at(1, 10));
    unlink(&mut world, 100, CASH, &evm, at(2, 10));
    // an old link is sent again in a new message, and a new one is signed
    let old = texts(&world, 100, EVM, SOLANA, EARLY / 1_000);
    world.say(&evm, vec![], None, Body::Link(Link { texts: old }), at(2, 20));
    link(&mut world, 100, SOLANA, at(2, 30));
    let folded = world.fold_until(4);
    let of = |epoch: usize, account: &Account| cluster(&folded[epoch + 1], account);
    assert_eq!(of(0, &evm), []);
    assert_eq!(of(1, &evm), [cash.clone(), solana.clone()]);
    assert_eq!(of(1, &cash), [evm.clone(), solana.clone()]);
    assert_eq!(of(2, &evm), of(1, &evm));
    assert_eq!((of(3, &evm), of(3, &solana)), (vec![cash.clone()], vec![]));
    assert_eq!((of(4, &evm), of(4, &solana), of(4, &cash)), (vec![solana.clone()], vec![evm.clone()], vec![]));
    let links = codes(&folded[3], &evm).iter().filter(|code| **code == ReasonCode::Link).count();
    assert_eq!(links, 1, "the old text");
}

#[test]
fn a_cluster_has_one_account_a_chain() {
    let mut world = World::new(4, parameters());
    // owners 100 and 101 each link EVM and Solana; then 100's EVM and 101's Solana say that they are one owner's
    link(&mut world, 100, SOLANA, EARLY);
    link(&mut world, 101, SOLANA, EARLY);
    let (evm, solana) = (account(100), on(SOLANA, 101));
    let issued_s = EARLY / 1_000 + 5;
    let text = LinkText::link(&world.genesis, evm.clone(), solana.clone(), [7; 32], issued_s, issued_s + 86_400);
    let texts = vec![sign(100, &text), sign(101, &text.of_the_other())];
    world.say(&evm, vec![], None, Body::Link(Link { texts }), EARLY + 5_000);
    // a link between two that are linked already changes nothing
    link(&mut world, 100, SOLANA, EARLY + 9_000);
    let folded = world.fold_until(1);
    assert_eq!(cluster(&folded[2], &evm), [on(SOLANA, 100)]);
    assert_eq!(cluster(&folded[2], &solana), [account(101)]);
}

#[test]
fn what_cannot_be_both_wallets_word_now_counts_for_nothing() {
    let mut world = World::new(4, parameters());
    let issued_s = at(0, 100) / 1_000;
    let texts_of = |world: &World, issued_s| texts(world, 100, EVM, SOLANA, issued_s);
    let good = texts_of(&world, issued_s);
    let mut forged = good.clone();
    forged[1] = sign(101, &LinkText::parse(&good[1].text).unwrap());
    let (expired, future) = (texts_of(&world, issued_s - 86_400), texts_of(&world, issued_s + 600));
    for texts in [vec![good[0].clone()], forged, expired, future] {
        world.say(&account(100), vec![], None, Body::Link(Link { texts }), at(0, 100));
    }
    // a stranger says what others signed
    world.say(&account(101), vec![], None, Body::Link(Link { texts: good }), at(0, 100));
    // somebody else's account is put out of nobody's cluster
    unlink(&mut world, 102, EVM, &on(SOLANA, 100), at(0, 200));
    let folded = world.fold_until(2);
    let links = |who: usize| codes(&folded[1], &account(who)).iter().filter(|code| **code == ReasonCode::Link).count();
    assert_eq!((links(100), links(101), links(102)), (4, 1, 0));
    for who in 100..103 {
        assert_eq!(cluster(&folded[3], &account(who)), []);
    }
}

#[test]
fn one_owner_has_one_cap_one_history_and_one_place_in_a_draw() {
    let mut world = World::new(6, parameters());
    let (evm, cash) = (account(100), on(CASH, 100));
    link(&mut world, 100, CASH, EARLY);
    world.meet_as(&cash);
    let (key, issued_s) = (world.session_key(&cash), EARLY / 1_000);
    let grant = SessionText::grant(&world.genesis, cash.clone(), key, Scopes::ALL, issued_s, issued_s + 2_000_000);
    let text = grant.render();
    let body = Body::Session(Session { signature: signature(100, &cash, &text), text });
    world.say(&cash, vec![], None, body, EARLY);
    // before the link counts each has its own history
    for (epoch, who) in [(0, &evm), (0, &cash), (2, &evm), (2, &cash)] {
        world.good_task(who, "the same question", at(epoch, 100));
    }
    for i in 0..4 {
        world.ticket(if i % 2 == 0 { &evm } else { &cash }, -1, at(3, 10 + i));
    }
    let folded = world.fold_until(3);
    let h = |epoch: usize, who: &Account| folded[epoch + 1].next.accounts[who].unlock;
    assert_eq!((h(0, &evm), h(0, &cash)), (1_000, 1_000));
    let decayed = |h: u64| h * 63 / 64;
    let after = decayed(decayed(1_000));
    let (low, high) = (evm.clone().min(cash.clone()), evm.clone().max(cash.clone()));
    assert_eq!((h(2, &low), h(2, &high)), (after + 1_000, after), "one question of one owner");
    // both accounts' histories unlock what either asks
    let unlocked: Vec<u16> = folded[3].tasks.values().map(|task| task.unlock_permille).collect();
    assert!(unlocked.iter().all(|permille| *permille == unlocked[0]) && unlocked.len() == 2);
    let refused = |who: &Account| codes(&folded[4], who).iter().filter(|code| **code == ReasonCode::TicketOpen).count();
    assert_eq!(refused(&evm) + refused(&cash), 1, "three are open in all");
}

#[test]
fn a_linked_node_is_drawn_as_its_cluster() {
    let mut world = World::new(4, parameters());
    link(&mut world, 1, SOLANA, EARLY);
    let solana = on(SOLANA, 1);
    let folded = world.fold_until(1);
    let row = |told: &Told| told.eligibility.rows().iter().find(|row| row.account == account(1)).unwrap().clone();
    assert_eq!(row(&folded[1]).cluster, account(1).hash());
    assert_eq!(row(&folded[2]).cluster, account(1).min(solana).hash());
}

/// Where the amounts of a filing go, by owner.
fn by_owner(owners: usize, chain: &ChainId, state: &DistributorState) -> BTreeMap<usize, u64> {
    let owner = |account: &Account| (0..owners).find(|n| on(chain.to_string().as_str(), *n) == *account);
    state.leaves.values().map(|leaf| (owner(&leaf.account).expect("an owner"), leaf.amount)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// One ledger whose accounts are linked on all chains, folded once for each chain.
    #[test]
    fn every_owner_gets_the_same_on_every_chain(
        tasks in proptest::collection::vec((0..3i64, 0..6usize, 0..400u64), 1..12),
        late in proptest::collection::vec(any::<bool>(), 6),
    ) {
        let mut world = World::new(6, parameters());
        for (n, late) in (0..).zip(late) {
            let from = if late { at(0, 20 + n as u64 * 10) } else { EARLY + n as u64 * 10_000 };
            link(&mut world, n, SOLANA, from);
            link(&mut world, n, CASH, from + 2_000);
        }
        // nodes ask too: every account of this world is linked
        for (i, (epoch, user, second)) in (0..).zip(&tasks) {
            world.good_task(&account(*user), &format!("question {i}"), at(*epoch, 100 + second * 12));
        }
        let folded = world.fold_until(4);
        let mut paid: Vec<BTreeMap<usize, u64>> = vec![];
        for chain in [EVM, SOLANA, CASH] {
            let chain: ChainId = chain.parse().unwrap();
            let mut state = DistributorState::new(Hash([5; 32]), chain.clone());
            let mut totals = BTreeMap::new();
            for told in &folded[1..] {
                let mut whole = (**told).clone();
                whole.payout_min = 0;
                let filing = file(&whole, &state, world.network, Hash::ZERO, 1).unwrap();
                state = filing.next;
                let leaves = by_owner(6, &chain, &state);
                if state.has_payouts() {
                    leaves.into_iter().for_each(|(owner, amount)| *totals.entry(owner).or_default() += amount);
                } else {
                    totals = leaves;
                }
            }
            prop_assert!(state.owing.is_empty(), "all are linked by now: nothing waits");
            paid.push(totals);
        }
        let earned: u64 = folded.iter().flat_map(|told| &told.pay).map(|pay| pay.net).sum();
        prop_assert_eq!(paid[0].values().sum::<u64>(), earned);
        prop_assert_eq!(&paid[0], &paid[1]);
        prop_assert_eq!(&paid[0], &paid[2]);
    }
}

#[test]
fn an_account_is_paid_where_it_lives_or_where_its_cluster_does() {
    let mut world = World::new(4, parameters());
    link(&mut world, 100, SOLANA, EARLY);
    let folded = world.fold_until(1);
    let states = &folded[2].next.accounts;
    let paid = |account: &Account, chain: &str| paid_account(account, &chain.parse().unwrap(), states).cloned();
    assert_eq!(paid(&account(100), EVM), Some(account(100)));
    assert_eq!(paid(&account(100), SOLANA), Some(on(SOLANA, 100)));
    assert_eq!(paid(&on(SOLANA, 100), EVM), Some(account(100)));
    assert_eq!(paid(&account(100), CASH), None);
    assert_eq!(paid(&account(101), SOLANA), None);
}
