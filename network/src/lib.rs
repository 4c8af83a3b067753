//! The mesh: requests and responses between peers that know each other's keys.
//!
//! libp2p over TCP, encrypted with Noise and multiplexed with Yamux; one protocol, [`PROTOCOL`]. A peer is named by its
//! Ed25519 key ([`peer_id_of`]), so that nobody can answer in its place. Payloads are bytes: this crate knows nothing
//! of messages, seals or receipts, and names no other crate of LIAISE.
//!
//! **What it is**: bounded request and response, with static peers that are dialled again until they answer.
//! **What it is not**: peer discovery, gossip, NAT traversal, or a queue: what a peer did not answer is the caller's to
//! send again, and a request that timed out may have been acted upon.
//!
//! Every resource that a peer can make this node spend has a bound in [`Limits`]; what exceeds one is refused with
//! [`NetworkError::Busy`] and never queued. One thing is shared by all strangers: the memory for requests that are
//! being read.
//!
//! Addresses of peers are used to dial and for nothing else: they are never logged, never stored, and in no error.
//! (libp2p's own log targets name addresses: silence `libp2p_*` and `yamux` in the subscriber.)
//!
//! ```no_run
//! use liaise_network::{Config, Limits, Mesh, NetworkError, PeerAddress};
//! use std::time::Duration;
//!
//! # async fn example(seed: [u8; 32], other: PeerAddress) -> Result<(), NetworkError> {
//! let peer = other.peer;
//! let config = Config::new(seed, vec!["/ip4/0.0.0.0/tcp/4001".parse().unwrap()], vec![other], Limits::default());
//! let (mesh, mut incoming) = Mesh::start(config).await?;
//! tokio::spawn(async move {
//!     while let Some(request) = incoming.next().await {
//!         request.reply.send(request.payload).ok(); // an echo; the peer may have gone
//!     }
//! });
//! let answer = mesh.request(&peer, b"hello".to_vec(), Duration::from_secs(5)).await?;
//! mesh.shutdown().await;
//! # Ok(()) }
//! ```

mod actor;
mod address;
mod backoff;
mod behaviour;
mod bucket;
mod codec;
mod config;
mod error;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod incoming;
mod listen;
mod mesh;
mod peers;

pub use address::{PeerAddress, peer_id_of};
pub use codec::{MAX_MESSAGE_BYTES, PROTOCOL};
pub use config::{Config, Limits};
pub use error::{Busy, NetworkError};
pub use incoming::{Incoming, ReplyHandle, Request};
pub use libp2p::{Multiaddr, PeerId};
pub use mesh::{Mesh, PeerState};
