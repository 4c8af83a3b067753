//! The least that writes down and then sends: what drives the fault cases here. The oracle's journal, which does more, is
//! driven through the same cases over another chain.

use std::sync::Mutex;

use async_trait::async_trait;
use liaise_chain_api::conformance::faults::{Driver, Passed};
use liaise_chain_api::{Action, At, ChainError, FeeLimit, Outcome, Prepared, Status, SubmissionId, Submitter};

/// One operator's rows on a disk that outlives its processes.
#[derive(Default)]
pub struct Patient(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    live: Option<Prepared>,
    nothing: Vec<SubmissionId>,
}

impl Patient {
    /// Whether the filing is accepted, by whomever's transaction.
    async fn achieved(submitter: &dyn Submitter, action: &Action) -> Result<bool, ChainError> {
        let Action::SubmitEpoch { statement, .. } = action else { panic!("the fault cases file") };
        let accepted = submitter.statements(statement.epoch, At::Latest).await?;
        Ok(accepted.iter().any(|accepted| accepted.digest == statement.digest() && !accepted.vetoed))
    }
}

#[async_trait]
impl Driver for Patient {
    fn new() -> Self {
        Self::default()
    }

    async fn pass(&self, submitter: &dyn Submitter, action: &Action, fee: FeeLimit) -> Result<Passed, ChainError> {
        let live = self.0.lock().expect("not poisoned").live.clone();
        if let Some(prepared) = live {
            match submitter.status(&prepared).await? {
                Status::Final { outcome: Outcome::Succeeded, .. } => return Ok(Passed::Done(prepared.id)),
                Status::Pending | Status::Included { .. } => return Ok(Passed::UnderWay(prepared.id)),
                Status::Unseen => {
                    submitter.broadcast(&prepared).await?;
                    return Ok(Passed::UnderWay(prepared.id));
                }
                Status::Dead { .. } | Status::Final { .. } => {
                    let mut rows = self.0.lock().expect("not poisoned");
                    rows.nothing.push(prepared.id);
                    rows.live = None;
                }
            }
        }
        if Self::achieved(submitter, action).await? {
            return Ok(Passed::DoneByOthers);
        }
        let prepared = submitter.prepare(action, fee, &[]).await?;
        self.0.lock().expect("not poisoned").live = Some(prepared.clone());
        submitter.broadcast(&prepared).await?;
        Ok(Passed::UnderWay(prepared.id))
    }

    fn live(&self) -> Vec<Prepared> {
        self.0.lock().expect("not poisoned").live.iter().cloned().collect()
    }

    fn came_to_nothing(&self) -> Vec<SubmissionId> {
        self.0.lock().expect("not poisoned").nothing.clone()
    }
}
