//! Who a peer is and where it can be dialled.

use crate::NetworkError;
use libp2p::identity::{PublicKey, ed25519};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use std::fmt;
use std::str::FromStr;

const FORM: &str = "write /ip4/<address>/tcp/<port> or /ip6/<address>/tcp/<port>; names are not resolved";
const PEER_FORM: &str = "write /ip4/<address>/tcp/<port>/p2p/<peer id>, or the same with /ip6";

/// The id of the peer that holds an Ed25519 key.
///
/// # Errors
/// [`NetworkError::Key`] when the bytes are no point of the curve.
pub fn peer_id_of(public_key: &[u8; 32]) -> Result<PeerId, NetworkError> {
    let key = ed25519::PublicKey::try_from_bytes(public_key).map_err(|_| NetworkError::Key)?;
    Ok(PublicKey::from(key).to_peer_id())
}

/// A static peer. In text `/ip4/<address>/tcp/<port>/p2p/<peer id>`.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerAddress {
    /// The peer.
    pub peer: PeerId,
    /// Where it listens, without its id.
    pub address: Multiaddr,
}

/// Leaves the address out, so that no log of a configuration has it.
impl fmt::Debug for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerAddress({})", self.peer)
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/p2p/{}", self.address, self.peer)
    }
}

impl FromStr for PeerAddress {
    type Err = NetworkError;
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let malformed = || NetworkError::Address { text: text.to_owned(), why: PEER_FORM };
        let mut address: Multiaddr = text.parse().map_err(|_| malformed())?;
        let Some(Protocol::P2p(peer)) = address.pop() else { return Err(malformed()) };
        check(&address)?;
        Ok(PeerAddress { peer, address })
    }
}

/// Refuses what the TCP transport could not use, before anything is opened.
pub(crate) fn check(address: &Multiaddr) -> Result<(), NetworkError> {
    let parts: Vec<_> = address.iter().collect();
    match parts.as_slice() {
        [Protocol::Ip4(_) | Protocol::Ip6(_), Protocol::Tcp(_)] => Ok(()),
        _ => Err(NetworkError::Address { text: address.to_string(), why: FORM }),
    }
}
