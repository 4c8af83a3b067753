//! A store's answers to requests.

use super::StoreNode;
use crate::blocking::blocking;
use crate::metrics::store;
use crate::rpc::{self, MAX_ANSWER_BYTES, MAX_BLOB_BYTES, MAX_BLOBS, MAX_MESSAGES, MAX_WAIT_MS, Request, Response};
use liaise_ledger::Signed;
use liaise_network::Incoming;
use liaise_store::{Store, StoreError};
use serde_bytes::ByteBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Answers requests until the mesh is shut down; then those that are held back are answered with what there is, so that
/// a store that ends does not wait for news.
pub async fn serve(node: Arc<StoreNode>, mut incoming: Incoming) {
    let (serving, _) = watch::channel(());
    while let Some(request) = incoming.next().await {
        let (node, end) = (node.clone(), serving.subscribe());
        tokio::spawn(async move {
            let (asked, response) = match rpc::decode(&request.payload) {
                Ok(question) => {
                    let asked = store::name(&question);
                    let response = answer(&node, question, end).await.unwrap_or_else(|error| {
                        tracing::error!(%error, "the store can't answer");
                        Response::Refused(error.to_string())
                    });
                    (asked, response)
                }
                Err(malformed) => (store::MALFORMED, Response::Refused(malformed.to_string())),
            };
            node.metrics.answered(asked, &response);
            // An asker that has gone needs no answer.
            let _ = request.reply.send(rpc::encode(&response));
        });
    }
}

/// Waits for what was asked for, as long as the asker allows and the store serves.
async fn held<T>(wait_ms: u32, mut end: watch::Receiver<()>, awaited: impl Future<Output = T>) -> Option<T> {
    let patience = Duration::from_millis(u64::from(wait_ms.min(MAX_WAIT_MS)));
    tokio::select! {
        value = awaited => Some(value),
        () = tokio::time::sleep(patience) => None,
        // Nothing is ever sent: it changes by its sender's end.
        _ = end.changed() => None,
    }
}

async fn answer(node: &StoreNode, question: Request, end: watch::Receiver<()>) -> Result<Response, StoreError> {
    let store = node.replica.store.clone();
    Ok(match question {
        Request::Submit(messages) => match node.intake.submit(messages).await {
            Ok((outcomes, receipts)) => Response::Submitted { outcomes, receipts },
            Err(why) => Response::Refused(why),
        },
        Request::Follow { after, limit, wait_ms } => {
            let mut head = node.replica.watch();
            // A store that was restored may be behind the asker: it must learn that at once.
            let _ = held(wait_ms, end, head.wait_for(|newest| *newest != after)).await;
            follow(store, after, limit).await?
        }
        Request::Get(ids) if ids.len() <= MAX_MESSAGES => {
            let found = blocking(move || ids.iter().map(|id| store.get(id)).collect::<Result<Vec<_>, _>>()).await?;
            Response::Found(found)
        }
        Request::Get(_) => Response::Refused(format!("more than {MAX_MESSAGES} ids: split the request")),
        Request::Blobs(ids) if ids.len() <= MAX_BLOBS => Response::Blobs(blocking(move || blobs(&store, &ids)).await?),
        Request::Blobs(_) => Response::Refused(format!("more than {MAX_BLOBS} blobs: split the request")),
        Request::PutBlobs(blobs) => put_blobs(node, blobs).await?,
        Request::Round { round, wait_ms } => {
            let due = node.replica.genesis.round_time_ms(round);
            let come = held(wait_ms, end, node.replica.calendar.sleep_until(due)).await;
            Response::Round(come.and_then(|()| node.round(round)))
        }
        Request::Offer(offer) => match node.offers.put(offer) {
            Ok(()) => Response::Done,
            Err(why) => Response::Refused(why),
        },
        Request::Offers { prompt, have, wait_ms } => {
            let _ = held(wait_ms, end, node.offers.more_than(&prompt, have as usize)).await;
            Response::Offers(node.offers.get(&prompt))
        }
        Request::Agreement(bytes) => match &node.witness {
            Some(witness) => {
                witness.deliver(bytes.into_vec()).await;
                Response::Done
            }
            None => Response::Refused("this store is no witness".into()),
        },
        Request::Status => Response::Status(Box::new(node.status()?)),
    })
}

async fn follow(store: Store, after: u64, limit: u32) -> Result<Response, StoreError> {
    let limit = (limit as usize).min(MAX_MESSAGES);
    let (items, head) = blocking(move || Ok::<_, StoreError>((store.follow(after, limit)?, store.head()?))).await?;
    Ok(Response::Messages { items: within_answer(items), head })
}

/// As many messages as fit an answer; the asker comes back for the rest.
fn within_answer(mut items: Vec<(u64, Signed)>) -> Vec<(u64, Signed)> {
    let mut room = MAX_ANSWER_BYTES;
    let fits = items.iter().take_while(|(_, signed)| {
        let size = signed.block.len() + signed.signature.len() + 32;
        let fits = size <= room;
        room = room.saturating_sub(size);
        fits
    });
    let count = fits.count();
    items.truncate(count.max(1));
    items
}

/// Blobs in the order of the request, as many as fit an answer; the asker comes back for the rest.
fn blobs(store: &Store, ids: &[cid::Cid]) -> Result<Vec<Option<ByteBuf>>, StoreError> {
    let mut out = Vec::new();
    let mut room = MAX_ANSWER_BYTES;
    for id in ids {
        let blob = store.get_blob(id)?.map(ByteBuf::from);
        let size = blob.as_ref().map_or(0, |blob| blob.len());
        if size > room && !out.is_empty() {
            break;
        }
        room = room.saturating_sub(size);
        out.push(blob);
    }
    Ok(out)
}

async fn put_blobs(node: &StoreNode, blobs: Vec<ByteBuf>) -> Result<Response, StoreError> {
    if blobs.len() > MAX_BLOBS || blobs.iter().any(|blob| blob.len() > MAX_BLOB_BYTES) {
        return Ok(Response::Refused(format!(
            "more than {MAX_BLOBS} blobs, or one above {MAX_BLOB_BYTES} bytes: split them"
        )));
    }
    let store = node.replica.store.clone();
    // One that was removed is absent for ever and no fault of the others.
    let keep = move || store.keep_blobs(&blobs.iter().map(|blob| blob.as_slice()).collect::<Vec<_>>());
    blocking(keep).await?;
    Ok(Response::Done)
}
