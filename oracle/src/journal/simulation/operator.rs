//! One operator's connection: each request takes its time, may be lost on its way there or back, and may be answered by a
//! node that lags.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use liaise_chain_api::conformance::twin::{Reply, Task, Transaction};
use liaise_chain_api::{
    Accepted, Account, Action, At, BlockRef, ChainError, ChainId, Claimed, DeadReason, Distributor, DistributorReader,
    FeeLimit, Funds, Prepared, Range, Refusal, Status, SubmissionId, Submitter,
};
use liaise_summary::{DistributorId, Epoch, Payee};

use super::book::{DISTRIBUTOR, account, chain, prepared, task, transaction};
use super::shared::{Handle, Request, Shared};

/// Lets the others go on: the clock moves before it goes on itself.
pub struct Pause {
    shared: Handle,
    rest: bool,
    over: bool,
}

impl Pause {
    /// As long as a message takes.
    pub fn message(shared: &Handle) -> Self {
        Self { shared: shared.clone(), rest: false, over: false }
    }

    /// As long as an operator waits between two looks.
    pub fn rest(shared: &Handle) -> Self {
        Self { shared: shared.clone(), rest: true, over: false }
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.over {
            return Poll::Ready(());
        }
        self.over = true;
        let rest = self.rest;
        self.shared.lock().pause(rest);
        Poll::Pending
    }
}

/// An operator's submitter.
pub struct Operator {
    shared: Handle,
    number: u8,
    chain: ChainId,
    account: Account,
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operator {}", self.number)
    }
}

impl Operator {
    /// A connection of operator `number`.
    pub fn new(shared: &Handle, number: u8) -> Self {
        Self { shared: shared.clone(), number, chain: chain(), account: account(number) }
    }

    async fn ask<T>(&self, effect: impl FnOnce(&mut Shared) -> T + Send) -> Result<T, ChainError>
    where
        T: Send,
    {
        let lost = || ChainError::Unreachable { endpoint: "the twin".to_owned(), detail: "lost".to_owned() };
        Pause::message(&self.shared).await;
        let answer = {
            let mut shared = self.shared.lock();
            match shared.request() {
                Request::Lost => Err(lost()),
                Request::Answered => Ok(effect(&mut shared)),
                Request::AnswerLost => {
                    effect(&mut shared);
                    Err(lost())
                }
            }
        };
        Pause::message(&self.shared).await;
        answer
    }
}

#[async_trait]
impl DistributorReader for Operator {
    fn chain(&self) -> &ChainId {
        &self.chain
    }

    fn id(&self) -> DistributorId {
        DISTRIBUTOR
    }

    async fn distributor(&self, at: At) -> Result<Distributor, ChainError> {
        self.ask(move |shared| {
            let seen = shared.seen(at);
            shared.book.distributor(shared.twin.head(seen), seen as u64)
        })
        .await
    }

    async fn statements(&self, epoch: Epoch, at: At) -> Result<Vec<Accepted>, ChainError> {
        self.ask(move |shared| {
            let seen = shared.seen(at);
            let filed = shared.book.under(epoch).filter(|(content, _)| shared.twin.filed(*content, seen));
            let accepted = filed.map(|(_, statement)| Accepted {
                statement: statement.into(),
                digest: statement.digest(),
                vetoed: false,
                transaction: SubmissionId(String::new()),
                block: BlockRef { number: 0, hash: [0; 32], time_s: 0 },
            });
            accepted.collect()
        })
        .await
    }

    async fn ranges(&self, _: At) -> Result<Vec<Range>, ChainError> {
        unreachable!("a journal reads no ranges")
    }

    async fn claimed(&self, payee: &Payee, at: At) -> Result<Claimed, ChainError> {
        let payee = payee.0[0];
        self.ask(move |shared| {
            let seen = shared.seen(at);
            let paid = shared.twin.succeeded(seen).any(|tx| tx.task == Task::Claim { payee });
            // where the chain shows nothing, only the journal's own rules keep it from claiming twice
            Claimed { total: u64::from(paid && !shared.blind) }
        })
        .await
    }
}

#[async_trait]
impl Submitter for Operator {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Result<u128, ChainError> {
        unreachable!("no step of the journal asks for it")
    }

    async fn funds(&self) -> Result<Funds, ChainError> {
        unreachable!("no step of the journal asks for it")
    }

    async fn prepare(&self, action: &Action, fee: FeeLimit, undecided: &[Prepared]) -> Result<Prepared, ChainError> {
        let (number, task) = (self.number, task(action));
        let taken: Vec<u64> = undecided.iter().map(|prepared| transaction(prepared).nonce).collect();
        let sign = move |shared: &mut Shared| {
            let seen = shared.seen(At::Latest);
            if matches!(task, Task::File { head, .. } if head != shared.twin.head(seen)) {
                return Err(ChainError::Refused { action: "submit", refusal: Refusal::WrongHead });
            }
            let seen = shared.seen(At::Latest);
            let mut nonce = shared.twin.nonce(number, seen);
            while taken.contains(&nonce) {
                nonce += 1;
            }
            Ok(prepared(&Transaction { account: number, nonce, task, salt: shared.salt() }, fee))
        };
        self.ask(sign).await?
    }

    async fn broadcast(&self, prepared: &Prepared) -> Result<(), ChainError> {
        let sent = transaction(prepared);
        let reply = self.ask(move |shared| shared.send(sent)).await?;
        match reply {
            Reply::Waits | Reply::TooLow => Ok(()),
            Reply::Taken => {
                Err(ChainError::Rejected { endpoint: "the twin".to_owned(), detail: "its nonce waits".to_owned() })
            }
        }
    }

    async fn status(&self, prepared: &Prepared) -> Result<Status, ChainError> {
        let asked = transaction(prepared);
        self.ask(move |shared| {
            if !shared.plan.final_proof && shared.twin.receipt(&asked, shared.twin.height()).is_none() {
                let newest = shared.twin.nonce(asked.account, shared.twin.height());
                if newest > asked.nonce {
                    return Status::Dead { reason: DeadReason::NonceUsed { nonce: asked.nonce } };
                }
            }
            shared.status(&asked)
        })
        .await
    }
}
