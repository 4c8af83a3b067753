//! The suite must be able to fail: an operator without a journal is caught in fair weather already.

use std::sync::Mutex;

use async_trait::async_trait;
use liaise_chain_api::conformance::World;
use liaise_chain_api::conformance::faults::{Case, Driver, Meets, Passed, Stage, run_all};
use liaise_chain_api::{Action, ChainError, FeeLimit, Prepared, SubmissionId, Submitter};

use crate::harness::AnvilHarness;

/// Signs and sends at every pass, until the distributor refuses it.
struct Hasty(Mutex<Vec<Prepared>>);

#[async_trait]
impl Driver for Hasty {
    fn new() -> Self {
        Self(Mutex::default())
    }

    async fn pass(&self, submitter: &dyn Submitter, action: &Action, fee: FeeLimit) -> Result<Passed, ChainError> {
        let before = self.live();
        let prepared = match submitter.prepare(action, fee, &before).await {
            Ok(prepared) => prepared,
            Err(ChainError::Refused { .. }) => return Ok(Passed::Done(before[0].id.clone())),
            Err(error) => return Err(error),
        };
        self.0.lock().expect("not poisoned").push(prepared.clone());
        submitter.broadcast(&prepared).await?;
        Ok(Passed::UnderWay(prepared.id))
    }

    fn live(&self) -> Vec<Prepared> {
        self.0.lock().expect("not poisoned").clone()
    }

    fn came_to_nothing(&self) -> Vec<SubmissionId> {
        Vec::new()
    }
}

#[tokio::test]
#[should_panic(expected = "transactions and 0 came to nothing")]
async fn an_operator_without_a_journal_is_caught() {
    let world = World::opened::<AnvilHarness>().await;
    run_all::<_, Hasty>(world, vec![Case::new("fair weather", Stage::Start, Meets::Nothing)]).await;
}
