//! Messages that witnesses have receipts for and that never came: a follower asks for them now and then.
//!
//! Following a store brings what it has, in its order. A message is missed where it was refused when it came, because its
//! session came later, or where the store that was followed never had it. Without it no epoch that counts it can be folded.

use crate::blocking::blocking;
use crate::links::{AskError, Link, PATIENCE};
use crate::replica::{Replica, ReplicaError};
use crate::rpc::{Request, Response};
use cid::Cid;
use liaise_ledger::hash::block_cid;
use std::time::{Duration, Instant};

/// How often a follower asks.
const EVERY: Duration = Duration::from_secs(15);
/// Messages asked for at once: even the longest ones fit the mesh's frame.
const PAGE: usize = 64;

/// How far a follower is in the list of what is missing. It goes round the list, so that ids which nobody has, for a
/// dishonest witness can give receipts for anything, don't keep it from the rest.
pub(crate) struct Wanted {
    after: Option<Cid>,
    asked: Instant,
}

impl Default for Wanted {
    /// A new follower waits first: most of what it lacks is on its way.
    fn default() -> Self {
        Wanted { after: None, asked: Instant::now() }
    }
}

impl Wanted {
    /// Notes the page that is asked for; the next one begins behind it, or at the front again.
    fn turn(&mut self, page: &[Cid]) {
        self.after = page.last().copied().filter(|_| page.len() == PAGE);
        self.asked = Instant::now();
    }
}

impl Replica {
    /// Asks a store for a page of what is missing, if it is time to.
    pub(crate) async fn fetch_wanted_if_due(&self, link: &Link, wanted: &mut Wanted) -> Result<(), ReplicaError> {
        if wanted.asked.elapsed() < EVERY {
            return Ok(());
        }
        self.fetch_wanted(link, wanted).await
    }

    /// Asks a store for a page of what is missing, and keeps what it has of it.
    pub(crate) async fn fetch_wanted(&self, link: &Link, wanted: &mut Wanted) -> Result<(), ReplicaError> {
        let (store, after) = (self.store.clone(), wanted.after);
        let page = blocking(move || store.wanted(after.as_ref(), PAGE)).await?;
        wanted.turn(&page);
        if page.is_empty() {
            return Ok(());
        }
        self.fetch(link, page).await
    }

    /// Asks a store for messages by their ids, and keeps what it has of them.
    pub(crate) async fn fetch(&self, link: &Link, ids: Vec<Cid>) -> Result<(), ReplicaError> {
        let Response::Found(found) = self.links.ask(link, &Request::Get(ids.clone()), PATIENCE).await? else {
            return Err(AskError::Unfitting.into());
        };
        // Nothing but what was asked for.
        let asked = ids.iter().zip(found).filter_map(|(id, signed)| Some((id, signed?)));
        let messages: Vec<_> =
            asked.filter(|(id, signed)| block_cid(&signed.block) == **id).map(|(_, signed)| signed).collect();
        if messages.is_empty() {
            return Ok(());
        }
        let report = self.ingest(messages).await?;
        for refused in report.refused() {
            tracing::debug!(%refused, "a message that was missing is refused");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Town;

    #[test]
    fn it_goes_round_the_list() {
        let ids: Vec<Cid> = (0..PAGE as u8).map(|n| block_cid(&[n])).collect();
        let mut wanted = Wanted::default();
        wanted.turn(&ids);
        assert_eq!(wanted.after, ids.last().copied());
        wanted.turn(&ids[..3]);
        assert_eq!(wanted.after, None, "a page that is not full was the last");
        assert!(wanted.asked.elapsed() < EVERY);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_receipt_names_is_fetched_from_whoever_has_it() {
        let town = Town::start().await;
        let message = town.session();
        let receipts = town.witness.ingest(vec![message.signed.clone()]).await.unwrap().receipts;
        let batch = receipts.into_iter().map(|batch| batch.signed).collect();
        let follower = town.follower().await;
        follower.ingest(batch).await.unwrap();
        assert_eq!(follower.store.wanted(None, 9).unwrap(), [message.id]);

        let link = follower.links.favourite().unwrap();
        let mut wanted = Wanted::default();
        follower.fetch_wanted_if_due(&link, &mut wanted).await.unwrap();
        assert!(!follower.store.contains(&message.id).unwrap(), "it waits first");
        follower.fetch_wanted(&link, &mut wanted).await.unwrap();
        assert!(follower.store.contains(&message.id).unwrap());
        assert_eq!(follower.store.wanted(None, 9).unwrap(), []);
        follower.fetch_wanted(&link, &mut wanted).await.unwrap();
    }
}
