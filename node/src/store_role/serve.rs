//! A store's answers to requests.

use super::StoreNode;
use crate::blocking::blocking;
use crate::rpc::{self, MAX_ANSWER_BYTES, MAX_BLOB_BYTES, MAX_BLOBS, MAX_MESSAGES, MAX_WAIT_MS, Request, Response};
use liaise_ledger::Signed;
use liaise_network::Incoming;
use liaise_store::StoreError;
use serde_bytes::ByteBuf;
use std::sync::Arc;
use std::time::Duration;

/// Answers requests until the mesh is shut down.
pub async fn serve(node: Arc<StoreNode>, mut incoming: Incoming) {
    while let Some(request) = incoming.next().await {
        let node = node.clone();
        tokio::spawn(async move {
            let response = match rpc::decode(&request.payload) {
                Ok(question) => answer(&node, question).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "the store can't answer");
                    Response::Refused(error.to_string())
                }),
                Err(malformed) => Response::Refused(malformed.to_string()),
            };
            // An asker that has gone needs no answer.
            let _ = request.reply.send(rpc::encode(&response));
        });
    }
}

fn held(wait_ms: u32) -> Duration {
    Duration::from_millis(u64::from(wait_ms.min(MAX_WAIT_MS)))
}

async fn answer(node: &StoreNode, question: Request) -> Result<Response, StoreError> {
    let store = node.replica.store.clone();
    Ok(match question {
        Request::Submit(messages) => match node.intake.submit(messages).await {
            Ok((outcomes, receipts)) => Response::Submitted { outcomes, receipts },
            Err(why) => Response::Refused(why),
        },
        Request::Follow { after, limit, wait_ms } => follow(node, after, limit, held(wait_ms)).await?,
        Request::Get(ids) if ids.len() <= MAX_MESSAGES => {
            let found = blocking(move || ids.iter().map(|id| store.get(id)).collect::<Result<Vec<_>, _>>()).await?;
            Response::Found(found)
        }
        Request::Get(_) => Response::Refused(format!("more than {MAX_MESSAGES} ids: split the request")),
        Request::Blobs(ids) if ids.len() <= MAX_BLOBS => Response::Blobs(blocking(move || blobs(&store, &ids)).await?),
        Request::Blobs(_) => Response::Refused(format!("more than {MAX_BLOBS} blobs: split the request")),
        Request::PutBlobs(blobs) => put_blobs(node, blobs).await?,
        Request::Round { round, wait_ms } => Response::Round(node.round(round, held(wait_ms)).await),
        Request::Offer(offer) => match node.offers.put(offer) {
            Ok(()) => Response::Done,
            Err(why) => Response::Refused(why),
        },
        Request::Offers { prompt, have, wait_ms } => {
            Response::Offers(node.offers.wait(&prompt, have as usize, held(wait_ms)).await)
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

async fn follow(node: &StoreNode, after: u64, limit: u32, patience: Duration) -> Result<Response, StoreError> {
    let mut head = node.replica.watch();
    // A store that was restored may be behind the asker: it must learn that at once.
    let _ = tokio::time::timeout(patience, head.wait_for(|newest| *newest != after)).await;
    let limit = (limit as usize).min(MAX_MESSAGES);
    let store = node.replica.store.clone();
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
fn blobs(store: &liaise_store::Store, ids: &[cid::Cid]) -> Result<Vec<Option<ByteBuf>>, StoreError> {
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
