//! Opening the configured ports.

use crate::behaviour::{Behaviour, BehaviourEvent};
use crate::{Multiaddr, NetworkError};
use futures::StreamExt;
use libp2p::Swarm;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::SwarmEvent;
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener};

const REMEDY: &str = "stop the program that listens there, or configure another port";

fn error(address: &Multiaddr, error: &io::Error) -> NetworkError {
    let address = address.clone();
    match error.kind() {
        io::ErrorKind::AddrInUse => NetworkError::AddressInUse { address, remedy: REMEDY },
        _ => NetworkError::Listen { address, why: error.to_string() },
    }
}

/// libp2p opens ports with `SO_REUSEPORT`, under which a second node of the same user would silently share the port and
/// take half of the connections. Opening it once without finds that out.
fn probe(address: &Multiaddr) -> Result<(), NetworkError> {
    let mut parts = address.iter();
    let ip = match parts.next() {
        Some(Protocol::Ip4(ip)) => ip.into(),
        Some(Protocol::Ip6(ip)) => std::net::IpAddr::V6(ip),
        _ => return Ok(()),
    };
    match parts.next() {
        Some(Protocol::Tcp(port)) if port != 0 => {
            TcpListener::bind(SocketAddr::new(ip, port)).map(drop).map_err(|e| error(address, &e))
        }
        _ => Ok(()),
    }
}

/// Listens on every address, or on none: the caller drops the swarm on an error.
///
/// Returns when each listener has told its first address, with the events of others that came meanwhile.
pub(crate) async fn listen(
    swarm: &mut Swarm<Behaviour>,
    addresses: &[Multiaddr],
) -> Result<Vec<SwarmEvent<BehaviourEvent>>, NetworkError> {
    let mut waiting = HashMap::new();
    for address in addresses {
        probe(address)?;
        let id = swarm.listen_on(address.clone()).map_err(|e| match e {
            libp2p::TransportError::Other(e) => error(address, &e),
            libp2p::TransportError::MultiaddrNotSupported(_) => {
                NetworkError::Listen { address: address.clone(), why: "not a TCP address".to_owned() }
            }
        })?;
        waiting.insert(id, address);
    }
    let mut others = Vec::new();
    while !waiting.is_empty() {
        match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { listener_id, .. } => {
                waiting.remove(&listener_id);
            }
            SwarmEvent::ListenerError { listener_id, error: e } => {
                if let Some(address) = waiting.get(&listener_id) {
                    return Err(error(address, &e));
                }
            }
            SwarmEvent::ListenerClosed { listener_id, reason, .. } => {
                if let Some(address) = waiting.get(&listener_id) {
                    let e = reason.err().unwrap_or_else(|| io::Error::other("closed"));
                    return Err(error(address, &e));
                }
            }
            other => others.push(other),
        }
    }
    Ok(others)
}
