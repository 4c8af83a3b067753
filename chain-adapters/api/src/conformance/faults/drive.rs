//! One operator of a case, pass by pass.

use super::{Driver, FaultProxy, FaultyChain, Operator, Passed, Role};
use crate::{Action, ChainError, SubmissionId};

/// How long a silent node is waited for, milliseconds: nothing depends on it but how long a test takes.
const IMPATIENT_MS: u64 = 300;
/// How long any other is.
const PATIENT_MS: u64 = 30_000;

impl<D: Driver> Operator<D> {
    /// An operator who has signed nothing, over a proxy that still passes everything on.
    pub(super) async fn start(role: Role, node: &str) -> Self {
        let proxy = FaultProxy::start(node).await;
        Self { role, driver: D::new(), proxy, signed: Vec::new(), acknowledged: Vec::new() }
    }

    /// A pass by a new process.
    pub(super) async fn pass<C: FaultyChain>(
        &mut self,
        chain: &C,
        action: &Action,
        impatient: bool,
    ) -> Result<Passed, ChainError> {
        let passed = self.try_pass(chain, action, if impatient { IMPATIENT_MS } else { PATIENT_MS }).await;
        self.remember();
        if let Ok(Passed::UnderWay(id) | Passed::Done(id)) = &passed {
            self.acknowledged.push(id.clone());
        }
        passed
    }

    /// A pass by a new process that ends when a request meets its fault; none if it did.
    pub(super) async fn killed_pass<C: FaultyChain>(
        &mut self,
        chain: &C,
        action: &Action,
    ) -> Option<Result<Passed, ChainError>> {
        let met = self.proxy.met();
        let passed = tokio::select! {
            passed = self.try_pass(chain, action, PATIENT_MS) => Some(passed),
            () = self.proxy.until_met(met) => None,
        };
        self.remember();
        passed
    }

    async fn try_pass<C: FaultyChain>(&self, chain: &C, action: &Action, ms: u64) -> Result<Passed, ChainError> {
        let submitter = chain.connect_over(self.role, self.proxy.url(), ms).await?;
        self.driver.pass(&*submitter, action, chain.fee_limit()).await
    }

    /// Whatever was on disk once may have been sent.
    fn remember(&mut self) {
        for live in self.driver.live() {
            if !self.signed.contains(&live) {
                self.signed.push(live);
            }
        }
    }

    /// Ids on disk: on their way, or come to nothing.
    pub(super) fn on_disk(&self) -> Vec<SubmissionId> {
        let live = self.driver.live().into_iter().map(|prepared| prepared.id);
        live.chain(self.driver.came_to_nothing()).collect()
    }
}
