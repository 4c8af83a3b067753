//! A network small enough for unit tests: one witness store that serves on a loopback port, and replicas that follow it.

use crate::client::{Delegation, Wallet};
use crate::clock::Calendar;
use crate::config::Peer;
use crate::keys::{self, Secret};
use crate::links::Links;
use crate::replica::Replica;
use crate::start::open_replica;
use crate::store_role::StoreNode;
use liaise_ledger::body::{Body, Session};
use liaise_ledger::genesis::{CuratorSet, Fixed, Genesis, KeySet, ThresholdSet};
use liaise_ledger::hash::blob_cid;
use liaise_ledger::message::Place;
use liaise_ledger::{Author, BeaconKey, Draft, Parameters, Scopes, Signer, Verified};
use liaise_network::{Config, Limits, Mesh};
use liaise_store::{Options, Store};
use serde_bytes::ByteBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// See the module.
pub struct Town {
    /// The network's rules.
    pub genesis: Arc<Genesis>,
    /// The witness store's own replica.
    pub witness: Replica,
    peer: Peer,
    serving: JoinHandle<()>,
    dirs: TempDir,
}

impl Drop for Town {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn secret(n: u8) -> Secret {
    Zeroizing::new([n; 32])
}

fn store_key(n: u8) -> [u8; 32] {
    keys::ed25519(&secret(n)).public().try_into().expect("an Ed25519 key has 32 bytes")
}

fn genesis() -> Genesis {
    let secp = |n: u8| {
        let path = std::path::Path::new("a test's key");
        keys::secp256k1(&secret(n), path).unwrap().public().try_into().expect("a secp256k1 key has 33 bytes")
    };
    let mut stores: Vec<[u8; 32]> = (1..=4).map(store_key).collect();
    let mut oracles: Vec<[u8; 33]> = (11..=15).map(secp).collect();
    stores.sort_unstable();
    oracles.sort_unstable();
    let genesis = Genesis {
        version: 1,
        name: "node.test".into(),
        // Next to come: sessions may be signed already.
        genesis_s: (Calendar::system().wall_ms() / 86_400_000 + 1) * 86_400,
        policy: blob_cid(b"policy"),
        chains: vec!["eip155:1".parse().unwrap()],
        adapters: vec![],
        fixed: Fixed::default(),
        beacon: BeaconKey::from_seed(&[5; 32]).beacon(1_767_225_600, 3),
        stores: KeySet { version: 1, keys: stores },
        oracles: KeySet { version: 1, keys: oracles },
        dao: ThresholdSet { version: 1, threshold: 1, keys: vec![secp(21)] },
        curators: CuratorSet { version: 1, keys: vec![] },
        nodes: vec![],
        parameters: Parameters::default(),
    };
    genesis.check().unwrap();
    genesis
}

impl Town {
    /// Opens the witness store and begins to serve.
    pub async fn start() -> Town {
        let (genesis, dirs) = (Arc::new(genesis()), tempfile::tempdir().unwrap());
        let listen = vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()];
        let (mesh, incoming) = Mesh::start(Config::new(*secret(1), listen, vec![], Limits::default())).await.unwrap();
        let peer = Peer { address: mesh.listen_addresses()[0].to_string(), key: hex::encode(store_key(1)) };
        let options = Options::new(genesis.clone()).witness(Arc::new(keys::ed25519(&secret(1))));
        let store = Store::open(&dirs.path().join("witness"), options).unwrap();
        let links = Arc::new(Links::new(mesh, &[], 0).unwrap());
        let witness = Replica::new(store, links, genesis.clone(), Calendar::system()).unwrap();
        let serving = tokio::spawn(StoreNode::new(witness.clone(), None, None).run(incoming));
        Town { genesis, witness, peer, serving, dirs }
    }

    /// A replica that knows the witness store, and has read nothing yet.
    pub async fn follower(&self) -> Replica {
        let dir = self.dirs.path().join("follower");
        open_replica(&dir, self.genesis.clone(), None, std::slice::from_ref(&self.peer)).await.unwrap()
    }

    /// A wallet's session, a message that witnesses give receipts for.
    pub fn session(&self) -> Verified {
        self.session_of(31).0
    }

    /// The session of a wallet by its number, for all that may be signed, and its key, which has the next number.
    pub fn session_of(&self, number: u8) -> (Verified, Arc<Signer>) {
        let wallet = Wallet::new(&secret(number), &"eip155:1".parse().unwrap()).unwrap();
        let hot = Arc::new(keys::ed25519(&secret(number + 1)));
        let now = Calendar::system().wall_ms();
        let signed = Delegation::sign(&self.genesis, &wallet, store_key(number + 1), Scopes::ALL, now).unwrap();
        let signature = ByteBuf::from(hex::decode(signed.signature).unwrap());
        let body = Body::Session(Session { text: signed.text, signature });
        let author = Author::Account(wallet.account());
        let draft = Draft { author, parents: vec![], task: None, time_ms: now, body };
        let session = draft.sign(self.genesis.network_id(), &hot, &mut Place::default()).unwrap();
        (session, hot)
    }
}
