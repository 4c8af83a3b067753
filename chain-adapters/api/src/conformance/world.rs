//! One running chain with what the cases need around it.

use liaise_summary::{
    DistributorId, Epoch, EpochStatement, Hash32, OpenStatement, Payee, Proof, RangeProof, RewardLeaf, RewardTree,
    sha256,
};

use super::{Harness, LocalChain, Oracles, Plan, Role, Rooted};
use crate::{Action, At, ChainError, Distributor, Outcome, Prepared, Refusal, Status, Submitter};

/// Payouts that every filing names: more than any tree of the suite holds, for batches of one payout each cost more than full
/// ones.
pub const PAYOUTS: u32 = 24;

/// A chain, the plan that its distributor was built from, and the oracles.
pub struct World<C> {
    /// The chain.
    pub chain: C,
    /// What the distributor was built with.
    pub plan: Plan,
    /// The oracles of its first set.
    pub oracles: Oracles,
}

impl<C: LocalChain> World<C> {
    /// A chain with an unopened distributor.
    pub async fn start<H: Harness<Chain = C>>() -> Self {
        Self::start_as::<H>(Plan::new(&Oracles::new(1, 7))).await
    }

    /// A chain with an unopened distributor built as `plan` says, whose first set is version 1 of seven.
    pub async fn start_as<H: Harness<Chain = C>>(plan: Plan) -> Self {
        let oracles = Oracles::new(1, 7);
        assert_eq!(plan.oracle_set, oracles.set(), "the world signs with these oracles");
        let chain = H::start(&plan).await;
        Self { chain, plan, oracles }
    }

    /// A chain whose distributor holds the range from epoch 0 on, with nothing pending.
    pub async fn opened<H: Harness<Chain = C>>() -> Self {
        let world = Self::start::<H>().await;
        world.approve_and_open().await;
        world.pass(world.plan.delays.long_s).await;
        world
    }

    /// The state at the newest block.
    pub async fn state(&self) -> Distributor {
        let reader = self.chain.submitter(Role::Stranger).await;
        reader.distributor(At::Latest).await.expect("a readable distributor")
    }

    /// The distributor's identity.
    pub async fn id(&self) -> DistributorId {
        self.chain.submitter(Role::Stranger).await.id()
    }

    /// What a payee was paid, by the adapter and by the chain itself: they must agree.
    pub async fn paid(&self, payee: &Payee) -> u64 {
        let reader = self.chain.submitter(Role::Stranger).await;
        let claimed = reader.claimed(payee, At::Latest).await.expect("a readable distributor").total;
        assert_eq!(self.chain.balance(payee).await, claimed, "the adapter's claimed total is the token balance");
        claimed
    }

    /// Signs and sends; the transaction waits.
    pub async fn send(&self, role: Role, action: &Action) -> Prepared {
        let submitter = self.chain.submitter(role).await;
        let prepared = submitter.prepare(action, self.chain.fee_limit(), &[]).await.expect("an acceptable action");
        submitter.broadcast(&prepared).await.expect("a node that takes it");
        prepared
    }

    /// Signs, sends, includes, and checks that it did what it should.
    pub async fn act(&self, role: Role, action: &Action) -> Prepared {
        let prepared = self.send(role, action).await;
        self.chain.mine(1).await;
        self.expect_included(role, &prepared, Outcome::Succeeded).await;
        prepared
    }

    /// How a submission stands, as a fresh process sees it.
    pub async fn status(&self, role: Role, prepared: &Prepared) -> Status {
        self.chain.submitter(role).await.status(prepared).await.expect("a readable chain")
    }

    /// Checks that a submission was sent and is in no block yet, as far as the chain's nodes tell.
    pub async fn expect_waiting(&self, role: Role, prepared: &Prepared) {
        let expected = if self.chain.tells_what_waits() { Status::Pending } else { Status::Unseen };
        assert_eq!(self.status(role, prepared).await, expected, "{} waits", prepared.id);
    }

    /// Checks that a submission is in a block, final or not, with this outcome.
    pub async fn expect_included(&self, role: Role, prepared: &Prepared, expected: Outcome) {
        match self.status(role, prepared).await {
            Status::Included { outcome, .. } | Status::Final { outcome, .. } => assert_eq!(outcome, expected),
            other => panic!("{} should be included, and is {other:?}", prepared.id),
        }
    }

    /// Checks that an action is refused before it is signed, for exactly this reason.
    pub async fn expect_refused(&self, role: Role, action: &Action, expected: Refusal) {
        let submitter = self.chain.submitter(role).await;
        match submitter.prepare(action, self.chain.fee_limit(), &[]).await {
            Err(ChainError::Refused { action: name, refusal }) => {
                assert_eq!(refusal, expected, "why it refuses to {name}");
            }
            other => panic!("{} should be refused ({expected:?}), and gives {other:?}", action.name()),
        }
    }

    /// Lets some time pass after the newest block.
    pub async fn pass(&self, seconds: u32) {
        let now_s = self.state().await.at.time_s;
        self.chain.advance_to(now_s + u64::from(seconds)).await;
    }

    /// Lets time pass until an epoch has ended, if it has not.
    pub async fn pass_epoch(&self, epoch: Epoch) {
        let end_s = self.plan.schedule.epoch_end_s(epoch).expect("a small epoch");
        if self.state().await.at.time_s < end_s {
            self.chain.advance_to(end_s).await;
        }
    }

    /// The statement that opens the range from `first` on over the current head.
    pub async fn opening(&self, first: Epoch) -> OpenStatement {
        let state = self.state().await;
        OpenStatement {
            network: self.plan.schedule.network,
            distributor: state.id,
            first,
            oracle_set: state.oracle_set.version,
            head: state.head,
            old: DistributorId::ZERO,
            epoch_delay_s: self.plan.delays.epoch_s,
            long_delay_s: self.plan.delays.long_s,
            schedule: self.plan.schedule.id(),
        }
    }

    /// The authority's approval of an opening.
    pub fn approval(opening: &OpenStatement) -> Action {
        Action::ApproveOpen { first: opening.first, old: opening.old, head: opening.head }
    }

    /// The DAO agrees to an opening, as far as that is a transaction.
    pub async fn approve(&self, opening: &OpenStatement) {
        if self.chain.dao_signs(opening.digest()).is_none() {
            self.act(Role::Authority, &Self::approval(opening)).await;
        }
    }

    /// The action of an opening signed by a quorum, and by the DAO where it signs.
    pub fn signed_opening(&self, statement: OpenStatement) -> Action {
        let mut signatures = self.oracles.quorum(statement.digest());
        signatures.extend(self.chain.dao_signs(statement.digest()).unwrap_or_default());
        Action::Open { statement, signatures }
    }

    /// The same without the DAO.
    pub fn unapproved_opening(&self, statement: OpenStatement) -> Action {
        Action::Open { statement, signatures: self.oracles.quorum(statement.digest()) }
    }

    /// Approves and opens the range from epoch 0 on; the opening is pending.
    pub async fn approve_and_open(&self) -> OpenStatement {
        let opening = self.opening(Epoch(0)).await;
        self.approve(&opening).await;
        self.act(Role::Operator, &self.signed_opening(opening)).await;
        opening
    }

    /// The statement that files the next epoch with this tree over the current head.
    pub async fn filing(&self, tree: &impl Rooted, owed: u64) -> EpochStatement {
        let state = self.state().await;
        EpochStatement {
            network: self.plan.schedule.network,
            distributor: state.id,
            epoch: state.next,
            oracle_set: state.oracle_set.version,
            head: state.head,
            root_hash: tree.node().hash,
            root_sum: tree.node().sum,
            owed,
            artefact: tree_block(&tree.node().hash),
        }
    }

    /// The action of a filing signed by a quorum.
    pub fn signed_filing(&self, statement: EpochStatement) -> Action {
        Action::SubmitEpoch { statement, signatures: self.oracles.quorum(statement.digest()), payouts: PAYOUTS }
    }

    /// Waits for the next epoch's end and files it; the statement is pending.
    pub async fn file(&self, tree: &impl Rooted, owed: u64) -> EpochStatement {
        let statement = self.filing(tree, owed).await;
        self.pass_epoch(statement.epoch).await;
        self.act(Role::Operator, &self.signed_filing(statement)).await;
        statement
    }

    /// Files the next epoch and waits until it is payable.
    pub async fn file_payable(&self, tree: &impl Rooted) -> EpochStatement {
        let statement = self.file(tree, 0).await;
        self.pass(self.plan.delays.epoch_s).await;
        statement
    }

    /// A tree of (payee number, cumulative amount).
    pub fn tree(&self, amounts: &[(u8, u64)]) -> RewardTree {
        let leaf = |&(i, amount): &(u8, u64)| RewardLeaf { payee: self.chain.payee(i), amount };
        RewardTree::new(amounts.iter().map(leaf).collect()).expect("distinct payees, small amounts")
    }

    /// A fresh submitter of a role.
    pub async fn submitter(&self, role: Role) -> Box<dyn Submitter> {
        self.chain.submitter(role).await
    }
}

/// What stands for a tree block in these tests.
fn tree_block(root: &Hash32) -> Hash32 {
    sha256(&[b"liaise conformance tree block", root.as_bytes()])
}

/// The claim of a payee's leaf.
pub fn claim_of(tree: &RewardTree, payee: &Payee) -> Action {
    let (leaf, proof) = leaf_and_proof(tree, payee);
    Action::Claim { leaf, proof }
}

/// A payee's leaf and its proof.
pub fn leaf_and_proof(tree: &RewardTree, payee: &Payee) -> (RewardLeaf, Proof) {
    let index = tree.index_of(payee).expect("a payee of the tree");
    (tree.leaves()[index as usize], tree.proof(index).expect("a leaf of the tree"))
}

/// The claim of 2^log2 leaves from `first` on.
pub fn range_claim_of(tree: &RewardTree, first: u32, log2: u8) -> Action {
    let proof: RangeProof = tree.range_proof(first, log2).expect("a run of the tree");
    let start = first as usize;
    Action::ClaimRange { leaves: tree.leaves()[start..start + (1 << log2)].to_vec(), proof }
}
