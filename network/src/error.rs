//! What can go wrong, whose fault it is, and what to do.

use libp2p::{Multiaddr, PeerId};

/// Which bound a request met. Nothing was done; the same request may be sent again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Busy {
    /// This node already waits for as many answers as its limits allow.
    #[error("this node already waits for its limit of answers")]
    Here,
    /// The peer's token bucket for this node is empty.
    #[error("the peer takes no more requests from this node for now: send fewer a second")]
    Rate,
    /// The peer works on as many requests, or holds as many bytes, as its limits allow.
    #[error("the peer works on its limit of requests")]
    Full,
    /// The peer has stopped serving.
    #[error("the peer serves no requests")]
    NotServing,
}

/// A failure of the mesh. None names an address of a peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Another program listens there.
    #[error("{address} is in use: {remedy}")]
    AddressInUse {
        /// This node's own address, as configured.
        address: Multiaddr,
        /// What to do.
        remedy: &'static str,
    },
    /// The system refuses to listen there.
    #[error("can't listen on {address}: {why}; configure an address of this machine and a port that it may open")]
    Listen {
        /// This node's own address, as configured.
        address: Multiaddr,
        /// The system's reason.
        why: String,
    },
    /// A configured address is malformed or of a kind that is not supported.
    #[error("{text:?} is no address to use: {why}")]
    Address {
        /// As configured.
        text: String,
        /// What is allowed.
        why: &'static str,
    },
    /// 32 bytes that are no Ed25519 key.
    #[error("not an Ed25519 key: a public key is a point of the curve in 32 bytes")]
    Key,
    /// There is no connection to the peer and none could be made.
    #[error("peer {peer} is unreachable: {why}")]
    Unreachable {
        /// The peer.
        peer: PeerId,
        /// Why, without its address.
        why: &'static str,
    },
    /// No answer in time. The peer may have acted upon the request all the same.
    #[error("peer {peer} did not answer within {after_ms} ms")]
    Timeout {
        /// The peer.
        peer: PeerId,
        /// How long this node waited.
        after_ms: u64,
    },
    /// The connection ended before the answer. The peer may have acted upon the request all the same.
    #[error("the connection to peer {peer} ended before its answer")]
    Disconnected {
        /// The peer.
        peer: PeerId,
    },
    /// The peer read the request and chose to give no answer.
    #[error("peer {peer} gave no answer")]
    Unanswered {
        /// The peer.
        peer: PeerId,
    },
    /// The peer's answer breaks the protocol, or it does not speak it.
    #[error("peer {peer} does not speak {protocol}: {why}", protocol = crate::PROTOCOL)]
    Protocol {
        /// The peer.
        peer: PeerId,
        /// What it did.
        why: &'static str,
    },
    /// The payload exceeds this node's limit.
    #[error("a payload of {bytes} bytes exceeds the limit of {limit}: split it")]
    TooLarge {
        /// The payload's size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The payload exceeds the limit that the peer has set for itself.
    #[error("peer {peer} takes no payload of {bytes} bytes: split it")]
    TooLargeForPeer {
        /// The peer.
        peer: PeerId,
        /// The payload's size.
        bytes: usize,
    },
    /// A bound was met: see [`Busy`].
    #[error("busy: {0}")]
    Busy(Busy),
    /// This mesh was shut down.
    #[error("the mesh is shut down")]
    Closed,
}

impl NetworkError {
    /// True where the same request may succeed later without anybody changing a configuration.
    pub fn retry(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Disconnected { .. }
            | Self::Unanswered { .. }
            | Self::Busy(_) => true,
            Self::AddressInUse { .. }
            | Self::Listen { .. }
            | Self::Address { .. }
            | Self::Key
            | Self::Protocol { .. }
            | Self::TooLarge { .. }
            | Self::TooLargeForPeer { .. }
            | Self::Closed => false,
        }
    }
}
