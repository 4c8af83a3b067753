//! Fault cases: a filing is driven through its whole life while something goes wrong, and must come out right.
//!
//! A case is data: which requests meet which fault from which stage on, what the chain does meanwhile, and which errors
//! the operator may see. [`run`] carries it out over the chain's real node behind a [`FaultProxy`], with whatever writes
//! down and sends (the oracle's journal), and checks what must hold for every case:
//!
//! - the epoch is filed exactly once when the faults are over, and its driver knows it;
//! - of all transactions that were signed for it, exactly one succeeded;
//! - no second transaction of an operator left for the node before the first was dead or final without effect;
//! - whatever was told to be under way is still known on disk;
//! - while the fault lasts, the errors are of the kind that the case names, and say what to do.

mod drive;
mod run;
pub mod tables;

use async_trait::async_trait;

use super::{FaultProxy, LocalChain, Role, Rule};
use crate::{Action, ChainError, FeeLimit, Prepared, SubmissionId, Submitter};

pub use run::run_all;
pub use tables::Point;

/// A local chain whose node can stand behind a proxy, and that can be taken back.
#[async_trait]
pub trait FaultyChain: LocalChain {
    /// Where its node listens, host:port.
    fn node(&self) -> &str;

    /// The method that sends a signed transaction, whose first parameter is the transaction.
    fn sends_with(&self) -> &'static str;

    /// Connects over another address than the node's own, as after a restart, waiting this long for each answer.
    async fn connect_over(&self, role: Role, url: &str, patience_ms: u64) -> Result<Box<dyn Submitter>, ChainError>;

    /// Remembers the chain as it is now.
    async fn save(&mut self);

    /// Takes the chain back to what was saved, with nothing waiting.
    async fn restore(&mut self);

    /// Begins something that the chain itself does.
    async fn begin(&self, weather: Weather, prepared: Option<&Prepared>);

    /// Ends what [`begin`](Self::begin) began, as far as it ends.
    async fn end(&self, weather: Weather);
}

/// What writes an action down and then sends it: one operator's journal on a disk that outlives its processes.
#[async_trait]
pub trait Driver: Send + Sync {
    /// An operator with an empty disk.
    fn new() -> Self;

    /// One pass by a process that starts, reads its disk, does what it can, and ends. Dropped, it has crashed there.
    async fn pass(&self, submitter: &dyn Submitter, action: &Action, fee: FeeLimit) -> Result<Passed, ChainError>;

    /// What may be on its way, as the disk says.
    fn live(&self) -> Vec<Prepared>;

    /// The transactions that came to nothing, as the disk says.
    fn came_to_nothing(&self) -> Vec<SubmissionId>;
}

/// How a pass left an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// A transaction is written down and on its way.
    UnderWay(SubmissionId),
    /// The last one came to nothing.
    Idle,
    /// Achieved by this transaction.
    Done(SubmissionId),
    /// Achieved by somebody else's.
    DoneByOthers,
}

/// The stages of a filing's life; the operator makes a pass in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing is signed.
    Start,
    /// What was sent waits.
    Sent,
    /// It is in a block.
    Included,
    /// The operator has seen that.
    Seen,
    /// Its block is final.
    Final,
    /// The operator has seen that.
    Settled,
}

impl Stage {
    /// In order.
    pub const ALL: [Self; 6] = [Self::Start, Self::Sent, Self::Included, Self::Seen, Self::Final, Self::Settled];
}

/// What the chain does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// The newest block is replaced by an empty one.
    Reorg,
    /// Blocks that were called final are replaced by empty ones.
    FinalReorg,
    /// The node forgets what waits.
    Forgets,
    /// The operator's account sends something else in the transaction's place.
    Replaced,
    /// The operator's account is emptied.
    Drained,
    /// A block costs more than any cap allows.
    Dear,
    /// Another chain stands under the node's address.
    AnotherChain,
}

/// Which errors a case shows while its fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meets {
    /// None: the fault is borne without a word.
    Nothing,
    /// At least one, and all of this kind.
    Only(Kind),
    /// Perhaps some, all of this kind: whether one shows depends on how requests run side by side.
    Perhaps(Kind),
}

/// Kinds of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No answer.
    Unreachable,
    /// An answer that can't be true.
    BadAnswer,
    /// Another chain.
    WrongChain,
    /// No distributor there.
    NotDeployed,
    /// Another contract there.
    Foreign,
    /// The node won't take it now.
    Rejected,
    /// Something must come first.
    Blocked,
    /// Above the limit.
    FeeTooHigh,
    /// Too little money.
    Funds,
    /// The distributor says no.
    Refused,
    /// Anything else.
    Other,
}

impl Kind {
    /// An error's kind.
    pub const fn of(error: &ChainError) -> Self {
        match error {
            ChainError::Unreachable { .. } => Self::Unreachable,
            ChainError::BadAnswer { .. } => Self::BadAnswer,
            ChainError::WrongChain { .. } => Self::WrongChain,
            ChainError::NotDeployed { .. } => Self::NotDeployed,
            ChainError::ForeignDistributor { .. } => Self::Foreign,
            ChainError::Rejected { .. } => Self::Rejected,
            ChainError::Blocked { .. } => Self::Blocked,
            ChainError::FeeTooHigh { .. } => Self::FeeTooHigh,
            ChainError::Funds { .. } => Self::Funds,
            ChainError::Refused { .. } => Self::Refused,
            _ => Self::Other,
        }
    }
}

/// One fault case.
#[derive(Debug)]
pub struct Case {
    /// Its name, unique in a table.
    pub name: String,
    /// The stage at which its fault begins. It lasts until the last stage is over.
    pub from: Stage,
    /// Which requests of the operator meet what.
    pub rules: Vec<Rule>,
    /// What the chain does from a stage on.
    pub weather: Option<(Stage, Weather)>,
    /// Whether another operator, over an honest connection, files the same.
    pub rival: bool,
    /// Whether the process ends when the fault is met.
    pub killed: bool,
    /// The errors meanwhile.
    pub meets: Meets,
}

impl Case {
    /// A case in which nothing goes wrong yet.
    pub fn new(name: impl Into<String>, from: Stage, meets: Meets) -> Self {
        Self { name: name.into(), from, rules: Vec::new(), weather: None, rival: false, killed: false, meets }
    }

    /// The case with one more rule.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The case with weather from a stage on.
    pub fn weather(self, from: Stage, weather: Weather) -> Self {
        Self { weather: Some((from, weather)), ..self }
    }

    /// The case with a second operator.
    pub fn rival(self) -> Self {
        Self { rival: true, ..self }
    }

    /// The case in which the process ends when the fault is met.
    pub fn killed(self) -> Self {
        Self { killed: true, ..self }
    }
}

/// An operator of a case: its driver, the proxy before it, and all that it ever signed.
struct Operator<D> {
    role: Role,
    driver: D,
    proxy: FaultProxy,
    signed: Vec<Prepared>,
    acknowledged: Vec<SubmissionId>,
}
