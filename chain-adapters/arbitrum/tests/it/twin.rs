//! The chain that the journal's simulation runs on, held against the real one: after every step of the same schedule both
//! say the same of every transaction, and of the distributor.

use alloy::consensus::{Transaction as _, TxEnvelope};
use alloy::eips::eip2718::Decodable2718;
use liaise_chain_api::conformance::twin::{Eyes, Task, Transaction, Twin};
use liaise_chain_api::conformance::{Harness, LocalChain, Role, World, claim_of};
use liaise_chain_api::{Action, At, ChainError, Outcome, Prepared, Status};
use liaise_summary::{EpochStatement, RewardTree};

use crate::harness::{AnvilHarness, FEE};

type Chain = <AnvilHarness as Harness>::Chain;

const SCHEDULES: u64 = 24;
const STEPS: usize = 14;
const ROLES: [Role; 2] = [Role::Operator, Role::Rival];
/// How the twin numbers the statement.
const CONTENT: u64 = 1;

/// How a transaction stands, as far as the two can agree: blocks have other hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Unseen,
    Pending,
    Blocked,
    Included(Outcome),
    Final(Outcome),
    Dead,
}

impl From<Status> for Stands {
    fn from(status: Status) -> Self {
        match status {
            Status::Unseen => Self::Unseen,
            Status::Pending => Self::Pending,
            Status::Included { outcome, .. } => Self::Included(outcome),
            Status::Final { outcome, .. } => Self::Final(outcome),
            Status::Dead { .. } => Self::Dead,
        }
    }
}

/// Dice whose seed repeats a schedule.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Both chains, and everything that was signed.
struct Both<'a> {
    world: &'a World<Chain>,
    tree: &'a RewardTree,
    statement: EpochStatement,
    twin: Twin,
    /// The accounts' nonces at the start, which the twin counts from 0.
    used: [u64; 2],
    signed: Vec<(Prepared, Transaction)>,
    salt: u64,
}

impl Both<'_> {
    fn stands_in_twin(&self, transaction: &Transaction) -> Stands {
        let all = Eyes { blocks: self.twin.height(), receipts: true };
        match self.twin.status(transaction, || all) {
            Status::Pending if self.twin.is_blocked(transaction) => Stands::Blocked,
            status => status.into(),
        }
    }

    async fn stands_on_chain(&self, role: Role, prepared: &Prepared) -> Stands {
        match self.world.submitter(role).await.status(prepared).await {
            Ok(status) => status.into(),
            Err(ChainError::Blocked { .. }) => Stands::Blocked,
            Err(error) => panic!("anvil answers, and it gives {error}"),
        }
    }

    /// Signs for a task what does not touch the nonces of what is undecided, and sends it to both.
    async fn send_new(&mut self, account: u8, task: Task) {
        let role = ROLES[usize::from(account)];
        let action = match task {
            Task::Claim { payee } => claim_of(self.tree, &self.world.chain.payee(payee)),
            _ => self.world.signed_filing(self.statement),
        };
        let own = |(_, tx): &&(Prepared, Transaction)| tx.account == account;
        let open = |stands| !matches!(stands, Stands::Final(_) | Stands::Dead);
        let undecided: Vec<Prepared> = self
            .signed
            .iter()
            .filter(own)
            .filter(|(_, tx)| open(self.stands_in_twin(tx)))
            .map(|(prepared, _)| prepared.clone())
            .collect();
        let submitter = self.world.submitter(role).await;
        let prepared = match submitter.prepare(&action, FEE, &undecided).await {
            Ok(prepared) => prepared,
            // filed already
            Err(ChainError::Refused { .. }) if matches!(action, Action::SubmitEpoch { .. }) => return,
            Err(error) => panic!("{} should be prepared, and gives {error}", action.name()),
        };
        let envelope = TxEnvelope::decode_2718_exact(&prepared.bytes).expect("a transaction");
        let nonce = envelope.nonce() - self.used[usize::from(account)];
        self.salt += 1;
        let transaction = Transaction { account, nonce, task, salt: self.salt };
        submitter.broadcast(&prepared).await.expect("anvil takes it");
        self.twin.send(transaction);
        self.signed.push((prepared, transaction));
    }

    /// What can be included next is forgotten, and with it what could be only after it. What is blocked anvil can't forget.
    async fn forget(&mut self, prepared: &Prepared, transaction: &Transaction) {
        let depends = |tx: &Transaction| tx.account == transaction.account && tx.nonce > transaction.nonce;
        if self.stands_in_twin(transaction) != Stands::Pending {
            return;
        }
        let all = self.signed.iter().map(|(_, tx)| *tx);
        let gone = |tx: &Transaction| tx == transaction || depends(tx) && self.stands_in_twin(tx) == Stands::Pending;
        let gone: Vec<Transaction> = all.filter(gone).collect();
        self.world.chain.forget(prepared).await;
        gone.iter().for_each(|tx| self.twin.forget(tx));
    }

    async fn step(&mut self, dice: &mut Dice) -> String {
        let chain = &self.world.chain;
        let chosen = (!self.signed.is_empty()).then(|| self.signed[dice.below(self.signed.len())].clone());
        match (dice.below(12), chosen) {
            (0..3, _) | (9.., None) => {
                let (account, payee) = (dice.below(2) as u8, dice.below(3) as u8);
                self.send_new(account, Task::Claim { payee }).await;
                format!("account {account} claims for {payee}")
            }
            (3, _) => {
                self.send_new(0, Task::File { head: 0, content: CONTENT }).await;
                "files".to_owned()
            }
            (4..7, _) => {
                chain.mine(1).await;
                self.twin.mine();
                "a block".to_owned()
            }
            (7, _) => {
                chain.finalise().await;
                (0..3).for_each(|_| self.twin.mine());
                "finality".to_owned()
            }
            (8, _) => {
                let blocks = 1 + dice.below(2);
                chain.reorg(blocks as u64).await;
                self.twin.reorg(blocks, false, false);
                self.twin.forget_all();
                (0..blocks).for_each(|_| self.twin.mine());
                format!("{blocks} blocks go away")
            }
            (9, Some((prepared, transaction))) => {
                self.forget(&prepared, &transaction).await;
                format!("{transaction:?} is forgotten")
            }
            (10, Some((prepared, transaction))) => {
                let role = ROLES[usize::from(transaction.account)];
                let sent = self.world.submitter(role).await.broadcast(&prepared).await;
                sent.expect("a repeated broadcast is no error");
                self.twin.send(transaction);
                format!("{transaction:?} is sent again")
            }
            (_, Some((prepared, transaction))) => {
                // what takes the place is final before blocks go away: the twin would send it again
                let next = self.twin.nonce(transaction.account, self.twin.height()) == transaction.nonce;
                let free = matches!(self.stands_in_twin(&transaction), Stands::Unseen | Stands::Pending);
                if next && free {
                    chain.replace(ROLES[usize::from(transaction.account)], &prepared).await;
                    self.salt += 1;
                    self.twin.replace(transaction.account, self.salt);
                    chain.finalise().await;
                    (0..3).for_each(|_| self.twin.mine());
                }
                format!("{transaction:?} is replaced")
            }
        }
    }

    /// The first thing that the two say differently.
    async fn difference(&self) -> Option<String> {
        for (prepared, transaction) in &self.signed {
            let twin = self.stands_in_twin(transaction);
            let chain = self.stands_on_chain(ROLES[usize::from(transaction.account)], prepared).await;
            if twin != chain {
                return Some(format!("{transaction:?} is {twin:?} to the twin and {chain:?} on the chain"));
            }
        }
        let reader = self.world.submitter(Role::Stranger).await;
        for (at, seen) in [(At::Latest, self.twin.height()), (At::Final, self.twin.finals(self.twin.height()))] {
            let head = reader.distributor(at).await.expect("a readable distributor").head;
            let (twin, chain) = (self.twin.head(seen) == CONTENT, head == self.statement.digest());
            if twin != chain {
                return Some(format!("filed at {at:?}: {twin} to the twin and {chain} on the chain"));
            }
        }
        None
    }
}

#[tokio::test]
async fn the_twin_does_what_the_chain_does() {
    // the operator opened and filed
    let used = [2, 0];
    let mut kinds = std::collections::BTreeSet::new();
    let mut differences = Vec::new();
    for schedule in 1..=SCHEDULES {
        // Each on a chain of its own: anvil finds no snapshot again once a reorganisation went below it.
        let world = World::opened::<AnvilHarness>().await;
        let tree = world.tree(&[(0, 100), (1, 200), (2, 300)]);
        world.file_payable(&tree).await;
        let statement = world.filing(&world.tree(&[(0, 101), (1, 200), (2, 300)]), 0).await;
        world.pass_epoch(statement.epoch).await;
        world.chain.finalise().await;
        let mut dice = Dice(schedule);
        let twin = Twin::new(2);
        let mut both = Both { world: &world, tree: &tree, statement, twin, used, signed: Vec::new(), salt: 0 };
        // as many blocks as are final on the chain
        (0..3).for_each(|_| both.twin.mine());
        let mut done = Vec::new();
        for _ in 0..STEPS {
            done.push(both.step(&mut dice).await);
            if let Some(difference) = both.difference().await {
                differences.push(format!("schedule {schedule}, {}: {difference}", done.join("; ")));
                break;
            }
            kinds.extend(both.signed.iter().map(|(_, tx)| format!("{:?}", both.stands_in_twin(tx))));
        }
    }
    assert!(differences.is_empty(), "{} of {SCHEDULES}:\n{}", differences.len(), differences.join("\n"));
    assert!(kinds.len() >= 6, "the schedules show too little: {kinds:?}");
}
