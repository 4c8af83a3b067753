//! Nodes and their handlers.

use liaise_network::{Config, Incoming, Limits, Mesh, Multiaddr, PeerAddress, PeerId, peer_id_of};
use std::time::Duration;

/// Long enough that only a hang reaches it.
pub const PATIENCE: Duration = Duration::from_secs(50);

pub fn seed(n: u8) -> [u8; 32] {
    [n; 32]
}

pub fn id(n: u8) -> PeerId {
    peer_id_of(&ed25519_dalek::SigningKey::from_bytes(&seed(n)).verifying_key().to_bytes()).expect("a real key")
}

pub fn any_port() -> Vec<Multiaddr> {
    vec!["/ip4/127.0.0.1/tcp/0".parse().expect("an address")]
}

pub fn address_of(mesh: &Mesh) -> PeerAddress {
    PeerAddress { peer: mesh.local_peer_id(), address: mesh.listen_addresses()[0].clone() }
}

/// Redials fast, so that tests wait little.
pub fn limits() -> Limits {
    Limits { redial_first: Duration::from_millis(5), redial_longest: Duration::from_millis(50), ..Limits::default() }
}

pub async fn node(n: u8, peers: Vec<PeerAddress>) -> (Mesh, Incoming) {
    Mesh::start(Config::new(seed(n), any_port(), peers, limits())).await.expect("a free port")
}

/// A node that a test stops and starts again on its port: at a loopback address of its own, `127.0.1.host`, where no other
/// test can be given that port meanwhile.
pub async fn node_at(host: u8, n: u8, peers: Vec<PeerAddress>) -> (Mesh, Incoming) {
    let listen = vec![format!("/ip4/127.0.1.{host}/tcp/0").parse().expect("an address")];
    Mesh::start(Config::new(seed(n), listen, peers, limits())).await.expect("a free port")
}

/// Answers every request with its payload.
pub fn echo(mut incoming: Incoming) {
    tokio::spawn(async move {
        while let Some(request) = incoming.next().await {
            request.reply.send(request.payload).expect("within the limit");
        }
    });
}
