//! A message store: takes messages in, serves them, and, as a witness, gives receipts and agrees on seals.

mod intake;
mod offers;
mod serve;
mod turns;
mod view;
mod witness;

use crate::metrics::StoreMetrics;
use crate::replica::Replica;
use crate::rpc::Status;
use intake::Intake;
use liaise_ledger::beacon::BeaconKey;
use liaise_ledger::genesis::Genesis;
use liaise_network::Incoming;
use liaise_oracle::seal::verify_certificate;
use liaise_store::{SealCheck, StoreError};
use offers::Offers;
use serde_bytes::ByteBuf;
use std::sync::Arc;
use tokio::task::JoinSet;
pub use witness::{Witness, WitnessError};

/// A running store.
pub struct StoreNode {
    replica: Replica,
    intake: Intake,
    offers: Offers,
    beacon: Option<BeaconKey>,
    witness: Option<Witness>,
    metrics: Arc<StoreMetrics>,
}

/// What a store asks before it keeps a seal.
pub fn seal_check(genesis: &Genesis) -> SealCheck {
    let (network, keys) = (genesis.network_id(), genesis.stores.keys.clone());
    Arc::new(move |seal| {
        verify_certificate(&network, &keys, seal.epoch, &seal.batches, &seal.certificate).map_err(|e| e.to_string())
    })
}

impl StoreNode {
    /// A store over a replica. `witness` is its part in the agreement, `beacon` a local network's beacon key.
    pub fn new(replica: Replica, witness: Option<Witness>, beacon: Option<BeaconKey>) -> Arc<StoreNode> {
        let metrics = Arc::new(StoreMetrics::default());
        let intake = Intake::start(replica.clone(), metrics.clone());
        Arc::new(StoreNode { replica, intake, offers: Offers::default(), beacon, witness, metrics })
    }

    /// What it counts.
    pub fn metrics(&self) -> Arc<StoreMetrics> {
        self.metrics.clone()
    }

    /// Serves, follows its peers and, as a witness, closes epochs, until the mesh is shut down or it is dropped.
    pub async fn run(self: Arc<Self>, incoming: Incoming) {
        // Everything that this starts ends with it.
        let mut tasks = JoinSet::new();
        for link in self.replica.links.stores().to_vec() {
            let replica = self.replica.clone();
            tasks.spawn(async move { replica.follow_one(link).await });
        }
        if let Some(witness) = &self.witness {
            tasks.spawn(witness.clone().tell_of_batches());
            tasks.spawn(witness.clone().close_epochs());
        }
        serve::serve(self, incoming).await;
    }

    /// A round's signature; its time has come.
    fn round(&self, round: u64) -> Option<ByteBuf> {
        match &self.beacon {
            Some(key) => Some(ByteBuf::from(key.sign(round).to_vec())),
            // Public rounds are carried by whoever fetched them.
            None => {
                crate::beacon::load_round(&self.replica.store, round).ok().flatten().map(|s| ByteBuf::from(s.to_vec()))
            }
        }
    }

    fn status(&self) -> Result<Status, StoreError> {
        Ok(Status {
            network: self.replica.network,
            wall_ms: self.replica.calendar.wall_ms(),
            head: self.replica.store.head()?,
            sealed: self.replica.store.newest_seal()?,
            witness: self.replica.store.witness_key().map(hex::encode),
        })
    }
}
