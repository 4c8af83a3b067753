//! What a mesh is started with.

use crate::{MAX_MESSAGE_BYTES, NetworkError, PeerAddress, address};
use libp2p::Multiaddr;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// What a mesh is started with.
pub struct Config {
    /// Seed of this node's Ed25519 key; wiped when dropped.
    pub key: Zeroizing<[u8; 32]>,
    /// Where to listen; port 0 takes a free one. Empty: this node only dials.
    pub listen: Vec<Multiaddr>,
    /// Peers to stay connected to. Others may connect and ask, within the limits.
    pub peers: Vec<PeerAddress>,
    /// Bounds on what peers can make this node spend.
    pub limits: Limits,
}

impl Config {
    /// A configuration.
    pub fn new(seed: [u8; 32], listen: Vec<Multiaddr>, peers: Vec<PeerAddress>, limits: Limits) -> Self {
        Config { key: Zeroizing::new(seed), listen, peers, limits }
    }

    pub(crate) fn check(&self) -> Result<(), NetworkError> {
        self.listen.iter().chain(self.peers.iter().map(|p| &p.address)).try_for_each(address::check)
    }
}

/// Neither the seed nor any address.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("peers", &self.peers).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Bounds on what peers can make this node spend. The defaults suit a store with some hundred peers.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest payload of a request or an answer, in bytes; at most [`MAX_MESSAGE_BYTES`].
    pub message_bytes: usize,
    /// Bytes of requests that are being read or worked on, of all peers together.
    pub inbound_bytes: usize,
    /// Requests of one peer that are being worked on; long polls count while they are held.
    pub inbound_per_peer: usize,
    /// Requests of all peers that are being worked on.
    pub inbound_total: usize,
    /// Requests to one peer that await their answer.
    pub outbound_per_peer: usize,
    /// Requests to all peers that await their answer.
    pub outbound_total: usize,
    /// Connections of peers that are not in [`Config::peers`]; static peers always get theirs.
    pub strangers: u32,
    /// Connections whose handshake is not over.
    pub handshakes: u32,
    /// Connections of one peer, static or not: two when both sides dial at once, more while dead ones linger.
    pub connections_per_peer: u32,
    /// Requests a second that one peer may send on average.
    pub requests_per_s: u32,
    /// Requests that one peer may send at once after a pause.
    pub burst: u32,
    /// The longest that a request may take from its first byte to its answer's last, on either side.
    pub longest_request: Duration,
    /// A stranger's connection is closed after this long without a request.
    pub stranger_idle: Duration,
    /// The first pause before a lost static peer is dialled again; it doubles.
    pub redial_first: Duration,
    /// The longest such pause.
    pub redial_longest: Duration,
    /// How long a shutdown waits for answers that are being worked on or sent.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            message_bytes: MAX_MESSAGE_BYTES,
            inbound_bytes: 256 << 20,
            inbound_per_peer: 128,
            inbound_total: 2_048,
            outbound_per_peer: 128,
            outbound_total: 2_048,
            strangers: 256,
            handshakes: 64,
            connections_per_peer: 4,
            requests_per_s: 200,
            burst: 800,
            longest_request: Duration::from_secs(60),
            stranger_idle: Duration::from_secs(120),
            redial_first: Duration::from_millis(250),
            redial_longest: Duration::from_secs(30),
            drain: Duration::from_secs(5),
        }
    }
}
