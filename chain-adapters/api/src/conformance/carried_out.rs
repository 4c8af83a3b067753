//! An action on a chain that makes its blocks by itself.

use std::time::Duration;

use crate::{Action, FeeLimit, Outcome, Status, Submitter};

/// Sends an action, and waits up to 30 seconds until it stands in a block and did what it should.
///
/// # Panics
/// If it is refused, fails, or is in no block in time.
pub async fn carry_out(by: &dyn Submitter, action: &Action, fee: FeeLimit) {
    let prepared = by.prepare(action, fee, &[]).await.expect("an acceptable action");
    by.broadcast(&prepared).await.expect("the chain takes it");
    // a block is made a moment after the transaction was taken
    for _ in 0..600 {
        match by.status(&prepared).await.expect("the chain answers") {
            Status::Included { outcome, .. } | Status::Final { outcome, .. } => {
                assert_eq!(outcome, Outcome::Succeeded, "{}", action.name());
                return;
            }
            Status::Unseen | Status::Pending => tokio::time::sleep(Duration::from_millis(50)).await,
            Status::Dead { reason } => panic!("{} is dead: {reason}", action.name()),
        }
    }
    panic!("{} is in no block after 30 seconds", action.name());
}
