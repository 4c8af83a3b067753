//! What retrieval may return: chunks of accepted additions, until they are removed, which is for good.

use std::collections::BTreeMap;

use cid::Cid;
use liaise_ledger::Hash;
use liaise_ledger::body::Body;

use super::{Mutant, Reference, Task};

impl Reference<'_> {
    pub(super) fn take_chunks(&mut self, fresh: &[(u64, Cid)], tasks: &BTreeMap<Cid, Task>) {
        for (id, task) in tasks {
            let Body::RetrievalAdd(add) = &self.messages[id].message.body else { continue };
            if task.winner.is_none() && !self.is(Mutant::AddedUnaccepted) {
                continue;
            }
            for chunk in &add.chunks {
                let chunk = Hash::from_cid(&chunk.blob).expect("the id of a blob");
                if self.is(Mutant::RemovedComesBack) || !self.chunks.contains_key(&chunk) {
                    self.chunks.insert(chunk, true);
                }
            }
        }
        for (_, id) in fresh {
            let Body::RetrievalRemove(removal) = &self.messages[id].message.body else { continue };
            if self.counts(id).is_some() {
                for chunk in &removal.chunks {
                    self.chunks.insert(Hash::from_cid(chunk).expect("the id of a blob"), false);
                }
            }
        }
    }
}
