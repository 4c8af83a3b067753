//! Early answers on their way to users: in memory only, bounded, forgotten after ten minutes.

use crate::rpc::Offer;
use cid::Cid;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::sync::watch;

const LIFE: Duration = Duration::from_secs(600);
const MAX_PROMPTS: usize = 4096;
const MAX_OFFERS_A_PROMPT: usize = 16;
const MAX_SEALED_BYTES: usize = 64 * 1024;

/// The early answers that a store relays.
pub struct Offers {
    held: Mutex<Held>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Held {
    by_prompt: BTreeMap<Cid, Vec<Offer>>,
    order: VecDeque<(Instant, Cid)>,
}

impl Default for Offers {
    fn default() -> Self {
        Offers { held: Mutex::default(), changes: watch::channel(0).0 }
    }
}

impl Offers {
    /// Keeps an offer for its user.
    ///
    /// # Errors
    /// A bound that it exceeds.
    pub fn put(&self, offer: Offer) -> Result<(), String> {
        if offer.sealed.len() > MAX_SEALED_BYTES {
            return Err(format!("sealed: longer than {MAX_SEALED_BYTES} bytes"));
        }
        let mut held = self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        held.forget();
        if !held.by_prompt.contains_key(&offer.prompt) {
            held.order.push_back((Instant::now(), offer.prompt));
        }
        let offers = held.by_prompt.entry(offer.prompt).or_default();
        if offers.contains(&offer) {
            return Ok(());
        }
        if offers.len() >= MAX_OFFERS_A_PROMPT {
            return Err(format!("prompt: it has {MAX_OFFERS_A_PROMPT} early answers already"));
        }
        offers.push(offer);
        drop(held);
        self.changes.send_modify(|n| *n += 1);
        Ok(())
    }

    /// Waits until there are more than `have` offers to a prompt.
    pub async fn more_than(&self, prompt: &Cid, have: usize) {
        let mut changes = self.changes.subscribe();
        while self.get(prompt).len() <= have {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// The offers to a prompt.
    pub fn get(&self, prompt: &Cid) -> Vec<Offer> {
        let held = self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        held.by_prompt.get(prompt).cloned().unwrap_or_default()
    }
}

impl Held {
    fn forget(&mut self) {
        while let Some((since, prompt)) = self.order.front().copied() {
            if since.elapsed() < LIFE && self.order.len() < MAX_PROMPTS {
                break;
            }
            self.order.pop_front();
            self.by_prompt.remove(&prompt);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::hash::block_cid;
    use serde_bytes::ByteBuf;

    fn offer(prompt: Cid, n: u8) -> Offer {
        Offer { prompt, commit: block_cid(&[n]), sealed: ByteBuf::from(vec![n]) }
    }

    #[tokio::test]
    async fn a_waiting_user_gets_the_offer_and_floods_are_refused() {
        let offers = std::sync::Arc::new(Offers::default());
        let prompt = block_cid(b"prompt");
        let waiting = tokio::spawn({
            let offers = offers.clone();
            async move { offers.more_than(&prompt, 0).await }
        });
        offers.put(offer(prompt, 1)).unwrap();
        waiting.await.unwrap();
        assert_eq!(offers.get(&prompt), vec![offer(prompt, 1)]);
        for n in 2..=MAX_OFFERS_A_PROMPT as u8 {
            offers.put(offer(prompt, n)).unwrap();
        }
        assert!(offers.put(offer(prompt, 99)).is_err());
    }
}
