//! Blobs by their CIDs: texts, embeddings and the blocks of artefacts, from whoever has them.

use crate::blocking::blocking;
use crate::links::PATIENCE;
use crate::replica::Replica;
use crate::rpc::{MAX_BLOBS, Request, Response};
use cid::Cid;
use liaise_ledger::Hash;
use liaise_store::StoreError;
use std::collections::BTreeMap;

/// Blobs from the own store, then from the others; each is held against its CID, and kept. What was removed here is
/// absent, whoever still has it.
///
/// # Errors
/// The own store failed.
pub async fn fetch_blobs(replica: &Replica, ids: &[Cid]) -> Result<BTreeMap<Cid, Vec<u8>>, StoreError> {
    let (store, wanted) = (replica.store.clone(), ids.to_vec());
    let own = blocking(move || {
        let (mut found, mut missing) = (BTreeMap::new(), vec![]);
        for id in wanted {
            match store.get_blob(&id)? {
                Some(blob) => drop(found.insert(id, blob)),
                None if store.is_purged(&id)? => {}
                None => missing.push(id),
            }
        }
        Ok::<_, StoreError>((found, missing))
    });
    let (mut found, absent) = own.await?;
    // Each store in turn: one may lack what another has.
    for link in replica.links.stores() {
        let mut missing: Vec<Cid> = absent.iter().filter(|id| !found.contains_key(id)).copied().collect();
        while !missing.is_empty() {
            let count = missing.len().min(MAX_BLOBS);
            let request = Request::Blobs(missing[..count].to_vec());
            let Ok(Response::Blobs(blobs)) = replica.links.ask(link, &request, PATIENCE).await else { break };
            let taken = blobs.len().min(count);
            if taken == 0 {
                break;
            }
            let is_whole = |id: &Cid, blob: &[u8]| Hash::from_cid(id) == Some(Hash::of(&[blob]));
            let whole = missing.drain(..taken).zip(blobs).filter_map(|(id, blob)| Some((id, blob?.into_vec())));
            let whole: Vec<(Cid, Vec<u8>)> = whole.filter(|(id, blob)| is_whole(id, blob)).collect();
            let store = replica.store.clone();
            let kept = blocking(move || {
                let kept = store.keep_blobs(&whole.iter().map(|(_, blob)| blob.as_slice()).collect::<Vec<_>>())?;
                // A removal may have come in the meantime.
                let kept = whole.into_iter().zip(kept).filter_map(|(found, kept)| kept.then_some(found));
                Ok::<_, StoreError>(kept.collect::<Vec<_>>())
            });
            found.extend(kept.await?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Town;
    use liaise_ledger::hash::blob_cid;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_removed_here_is_absent_though_others_have_it() {
        let town = Town::start().await;
        let blobs: [&[u8]; 3] = [b"kept", b"removed", b"kept too"];
        town.witness.store.put_blobs(&blobs).unwrap();
        let follower = town.follower().await;
        let ids = blobs.map(blob_cid);
        follower.store.purge_blob(&ids[1]).unwrap();
        let found = fetch_blobs(&follower, &ids).await.unwrap();
        assert_eq!(found, [(ids[0], blobs[0].to_vec()), (ids[2], blobs[2].to_vec())].into());
        let here = ids.map(|id| follower.store.contains_blob(&id).unwrap());
        assert_eq!(here, [true, false, true], "what was found is kept");

        // Handing blobs on does not fail for one that the store has removed.
        town.witness.store.purge_blob(&ids[0]).unwrap();
        assert_eq!(follower.put_blobs(vec![b"kept".to_vec(), b"new".to_vec()]).await, 1);
        let there = [ids[0], blob_cid(b"new")].map(|id| town.witness.store.contains_blob(&id).unwrap());
        assert_eq!(there, [false, true]);
    }
}
