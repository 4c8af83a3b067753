//! The suite that every chain adapter passes against its real local chain. No mocks.
//!
//! An adapter implements [`Harness`] and [`LocalChain`] over a chain that it starts itself, then writes
//! `liaise_chain_api::conformance_suite!(ItsHarness);` in a test: one test for each case, each on a chain of its own. A chain
//! that pays an epoch's batches instead of cumulative leaves writes `conformance_suite!(ItsHarness, batches)`.
//!
//! The harness must include nothing in a block by itself: a transaction waits until [`LocalChain::mine`] is called, so
//! that every case decides what happens between any two steps.

use std::fmt::Debug;

use async_trait::async_trait;
use liaise_summary::{Hash32, Payee};

use crate::{ChainError, FeeLimit, Prepared, StatementSignature, Submitter};

mod carried_out;
pub mod cases;
pub mod faults;
mod oracles;
mod pay;
mod plan;
pub mod promises;
mod proxy;
pub mod twin;
mod world;

pub use carried_out::carry_out;
pub use oracles::Oracles;
pub use pay::{Pay, Rooted};
pub use plan::Plan;
pub use proxy::{Fault, FaultProxy, Forwarded, Rewrite, Rule};
pub use world::{World, claim_of};

/// Starts local chains.
#[async_trait]
pub trait Harness: Send + Sync {
    /// A running chain.
    type Chain: LocalChain;

    /// Starts a fresh chain whose clock stands at the plan's genesis, with the plan's distributor deployed and unopened,
    /// every [`Role`]'s account funded with the chain's own coin.
    async fn start(plan: &Plan) -> Self::Chain;
}

/// Whose account submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An operator of the oracles.
    Operator,
    /// Another operator.
    Rival,
    /// The distributor's guardian.
    Guardian,
    /// The distributor's DAO authority: in these tests a plain account.
    Authority,
    /// Somebody without any right.
    Stranger,
}

/// A local chain under the suite's control. Its methods panic where the chain does not do as told.
#[async_trait]
pub trait LocalChain: Send + Sync {
    /// A submitter as after a restart of its process: new connections, no memory.
    async fn submitter(&self, role: Role) -> Box<dyn Submitter>;

    /// Connects to this chain with a configuration that names another chain.
    async fn connect_as_another_chain(&self) -> Result<Box<dyn Submitter>, ChainError>;

    /// Connects, with `secret` in every place of the endpoint where providers put secrets, to where nobody listens.
    async fn connect_to_nobody(&self, secret: &str) -> Result<Box<dyn Submitter>, ChainError>;

    /// Makes a block of what waits, then as many empty ones as are left of `blocks`.
    async fn mine(&self, blocks: u64);

    /// Moves the chain's clock to a Unix time that is not in its past, and makes an empty block there. What waits goes
    /// on waiting, or is included: no case depends on it.
    async fn advance_to(&self, time_s: u64);

    /// Makes everything that is included now final.
    async fn finalise(&self);

    /// Replaces the newest `blocks` blocks, none of them final, by as many empty ones; their transactions no longer wait
    /// anywhere.
    async fn reorg(&self, blocks: u64);

    /// Makes the node forget a waiting transaction.
    async fn forget(&self, prepared: &Prepared);

    /// Takes from `prepared` what it holds, in blocks that are not final: another transaction of the account is included in
    /// its place, or the time that it could be included in goes by.
    async fn replace(&self, role: Role, prepared: &Prepared);

    /// Whether it pays batches of an epoch's own instead of cumulative leaves.
    fn pays_in_batches(&self) -> bool {
        false
    }

    /// The DAO's signatures over an opening, where its members sign the statement instead of sending an approval.
    fn dao_signs(&self, _digest: Hash32) -> Option<Vec<StatementSignature>> {
        None
    }

    /// Whether its nodes tell of transactions that are in no block yet.
    fn tells_what_waits(&self) -> bool {
        true
    }

    /// A limit that every action of the suite stays below.
    fn fee_limit(&self) -> FeeLimit;

    /// The `i`-th of at least 16 payees that the chain can pay, in no order.
    fn payee(&self, i: u8) -> Payee;

    /// What a payee has of the token, read from the chain without the adapter under test.
    async fn balance(&self, payee: &Payee) -> u64;
}

/// Writes one `#[tokio::test]` for each case of the suite.
#[macro_export]
macro_rules! conformance_suite {
    ($harness:ty) => {
        $crate::conformance_suite!($harness, common);
        $crate::conformance_suite! {
            $harness:
            lifecycle::claims_pay_exactly_what_the_tree_says,
            proofs::a_forged_proof_is_refused,
            proofs::a_foreign_proof_is_refused,
            proofs::a_stale_proof_is_refused,
            proofs::the_filler_cannot_claim,
            vetoes::a_veto_comes_before_the_statement_is_payable_or_not_at_all,
            terms::a_guarded_distributor_needs_the_guardians_consent,
        }
    };
    ($harness:ty, batches) => {
        $crate::conformance_suite!($harness, common);
        $crate::conformance_suite! {
            $harness:
            batches::epochs_are_paid_batch_after_batch,
            batches::a_forged_batch_is_refused,
            batches::a_veto_comes_before_the_first_batch_or_not_at_all,
        }
    };
    ($harness:ty, common) => {
        $crate::conformance_suite! {
            $harness:
            lifecycle::an_epoch_from_opening_to_final_claim,
            lifecycle::a_pending_root_pays_nothing,
            steps::a_restart_between_any_two_steps_changes_nothing,
            steps::broadcasting_again_does_nothing_more,
            steps::a_forgotten_transaction_is_unseen_and_can_be_sent_again,
            steps::what_is_undecided_keeps_what_it_holds,
            reorgs::a_reorganised_transaction_is_sent_again_and_counts_once,
            reorgs::a_replaced_transaction_is_dead_only_when_its_replacement_is_final,
            rivals::two_operators_file_the_same_epoch_and_one_succeeds,
            rivals::two_claims_of_one_payee_pay_once,
            statements::an_early_statement_is_refused,
            statements::a_statement_out_of_place_is_refused,
            statements::a_statement_without_a_quorum_is_refused,
            statements::a_statement_above_the_bound_is_refused,
            statements::a_late_statement_pays_what_was_owed,
            vetoes::a_veto_kills_the_statement_and_the_refiled_one_waits_longer,
            vetoes::another_statements_veto_never_hits_the_pending_one,
            vetoes::an_opening_can_be_vetoed,
            vetoes::strangers_have_no_rights,
            terms::a_hand_over_needs_a_boundary_and_notice,
            terms::a_distributor_is_opened_again,
            terms::the_next_set_signs_alone,
            connection::another_chain_is_refused_by_name,
            connection::an_unreachable_node_is_named_without_secrets,
            connection::a_fee_above_the_limit_is_refused,
        }
    };
    ($harness:ty: $($module:ident :: $case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn $case() {
                $crate::conformance::cases::$module::$case::<$harness>().await;
            }
        )*
    };
}
