//! Bringing a replica up to date once, for programs that ask and end; and handing blobs to every store.

use crate::links::{AskError, Link, PATIENCE};
use crate::replica::{Replica, ReplicaError};
use crate::rpc::{MAX_ANSWER_BYTES, MAX_BLOBS, Request, Response};
use futures::StreamExt;
use serde_bytes::ByteBuf;

impl Replica {
    /// Reads everything that a store has by now; the next store where one fails.
    ///
    /// # Errors
    /// No store answers, or the own one failed.
    pub async fn catch_up(&self) -> Result<(), ReplicaError> {
        let mut last = ReplicaError::Ask(AskError::NoStore);
        for _ in 0..self.links.stores().len() {
            match self.catch_up_with(self.links.favourite()?).await {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
            self.links.move_on();
        }
        Err(last)
    }

    async fn catch_up_with(&self, link: Link) -> Result<(), ReplicaError> {
        let Response::Status(status) = self.links.ask(&link, &Request::Status, PATIENCE).await? else {
            return Err(AskError::Unfitting.into());
        };
        while self.cursor(&link.key)? < status.head {
            self.follow_link(link).await?;
        }
        Ok(())
    }

    /// Hands blobs to every store; returns how many took all of them.
    pub async fn put_blobs(&self, blobs: Vec<Vec<u8>>) -> usize {
        let mut kept = self.links.stores().len();
        for request in groups(blobs) {
            let mut answers = Box::pin(self.links.ask_all(&Request::PutBlobs(request), PATIENCE));
            let mut took = 0;
            while let Some((_, answer)) = answers.next().await {
                match answer {
                    Ok(_) => took += 1,
                    Err(error) => tracing::debug!(%error, "a store did not take blobs"),
                }
            }
            kept = kept.min(took);
        }
        kept
    }
}

/// Requests that fit a frame.
fn groups(blobs: Vec<Vec<u8>>) -> Vec<Vec<ByteBuf>> {
    let mut groups: Vec<Vec<ByteBuf>> = vec![];
    let mut size = 0;
    for blob in blobs {
        if groups.is_empty()
            || size + blob.len() > MAX_ANSWER_BYTES
            || groups.last().is_some_and(|g| g.len() >= MAX_BLOBS)
        {
            groups.push(vec![]);
            size = 0;
        }
        size += blob.len();
        if let Some(group) = groups.last_mut() {
            group.push(ByteBuf::from(blob));
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_bounded_and_lose_nothing() {
        let blobs: Vec<Vec<u8>> = (0..600).map(|i| vec![0; if i == 7 { MAX_ANSWER_BYTES } else { 10 }]).collect();
        let sizes: Vec<usize> = groups(blobs).iter().map(Vec::len).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 600);
        assert!(sizes.iter().all(|size| *size <= MAX_BLOBS && *size > 0));
        assert!(groups(vec![]).is_empty());
    }
}
