//! The wrong node, no node, too little money.

use super::super::world::World;
use super::super::{Harness, LocalChain, Role};
use crate::{Action, ChainError, FeeLimit, Retry};
use liaise_summary::Hash32;

/// A configured chain that the node does not serve.
pub async fn another_chain_is_refused_by_name<H: Harness>() {
    let world = World::start::<H>().await;
    let here = world.submitter(Role::Operator).await.chain().clone();
    match world.chain.connect_as_another_chain().await {
        Err(error @ ChainError::WrongChain { .. }) => {
            assert_eq!(error.retry(), Retry::Never);
            let ChainError::WrongChain { expected, found, .. } = &error else { unreachable!("matched above") };
            assert_ne!(*expected, here);
            assert!(found.contains(here.reference()) || found.contains(here.as_str()), "{error}");
            assert!(error.to_string().contains(expected.as_str()), "{error}");
        }
        other => panic!("another chain should be refused, and gives {other:?}"),
    }
}

/// The error says which node, and none of its secrets.
pub async fn an_unreachable_node_is_named_without_secrets<H: Harness>() {
    let world = World::start::<H>().await;
    let secret = "s3cretT0ken";
    match world.chain.connect_to_nobody(secret).await {
        Err(error @ ChainError::Unreachable { .. }) => {
            assert_eq!(error.retry(), Retry::Later);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(secret), "{shown}");
            assert!(shown.contains("127.0.0.1"), "{shown}");
        }
        other => panic!("nobody listens there, and it gives {other:?}"),
    }
}

/// Nothing is signed that could cost more than allowed.
pub async fn a_fee_above_the_limit_is_refused<H: Harness>() {
    let world = World::start::<H>().await;
    let action = Action::Advance { head: Hash32::ZERO, reason: b"split".to_vec() };
    let submitter = world.submitter(Role::Authority).await;
    match submitter.prepare(&action, FeeLimit(1), &[]).await {
        Err(ChainError::FeeTooHigh { needed, limit: 1 }) => {
            assert!(needed > 1);
            let prepared = submitter.prepare(&action, FeeLimit(needed), &[]).await.expect("what it asked for suffices");
            assert!(prepared.fee_max <= FeeLimit(needed));
        }
        other => panic!("a fee of 1 can't suffice, and it gives {other:?}"),
    }
}
