//! Which snapshot a ticket may name, and whether anybody in it serves the model.

use crate::client::{Client, ClientError};
use crate::documents::DocumentsError;
use crate::history::{Histories, HistoryError};
use liaise_ledger::{EpochNumber, Hash};
use liaise_oracle::artefact::HistoryBlock;
use std::sync::Arc;
use std::time::Duration;

/// The longest look back for when a model was last served: a refusal comes fast.
const LOOK_BACK: Duration = Duration::from_millis(1_200);

impl Client {
    /// The newest attested epoch.
    ///
    /// # Errors
    /// Its history can't be had; [`ClientError::NotSealed`] before the first.
    pub async fn newest_history(&self) -> Result<Arc<HistoryBlock>, ClientError> {
        let now = self.replica.genesis.epoch_of(self.replica.calendar.wall_ms());
        let newest = self.library().histories().newest(now).await.map_err(DocumentsError::from)?;
        newest.ok_or(ClientError::NotSealed)
    }

    /// The newest attested epoch, if somebody in its snapshot serves an adapter.
    ///
    /// # Errors
    /// [`ClientError::NoNode`], which says when one was last seen.
    pub async fn newest_serving(&self, adapter: Hash) -> Result<Arc<HistoryBlock>, ClientError> {
        let newest = self.newest_history().await?;
        let histories = self.library().histories();
        if serves(histories, newest.epoch, &adapter).await.map_err(DocumentsError::from)? {
            return Ok(newest);
        }
        let look_back = async {
            for epoch in (-1..newest.epoch).rev() {
                if serves(histories, epoch, &adapter).await? {
                    return Ok(Some(epoch));
                }
            }
            Ok::<_, HistoryError>(None)
        };
        let seen = match tokio::time::timeout(LOOK_BACK, look_back).await {
            Ok(Ok(Some(epoch))) => {
                format!("one was last seen in epoch {epoch}, and the newest sealed epoch is {}", newest.epoch)
            }
            Ok(Ok(None)) => "none was ever seen".into(),
            Ok(Err(_)) | Err(_) => "none was seen in the newest epochs".into(),
        };
        Err(ClientError::NoNode { adapter, seen })
    }
}

async fn serves(histories: &Histories, epoch: EpochNumber, adapter: &Hash) -> Result<bool, HistoryError> {
    let snapshot = histories.eligibility(epoch).await?;
    Ok(snapshot.is_some_and(|snapshot| snapshot.rows().iter().any(|row| row.serves(adapter))))
}
