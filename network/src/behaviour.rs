//! The libp2p parts and how they are put together.

use crate::codec::{Frames, PROTOCOL};
use crate::{Config, Limits, NetworkError, PeerId};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{StreamProtocol, Swarm, SwarmBuilder, noise, ping, tcp, yamux};
use std::time::Duration;

/// Refuses before `rpc` sees a connection: the order of the fields is the order in which they are asked, and `rpc`
/// would hand waiting requests to a connection that is refused after it.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    limits: connection_limits::Behaviour,
    /// Finds connections that died without a word (a peer that lost power), which TCP alone reports after minutes.
    ping: ping::Behaviour,
    pub rpc: request_response::Behaviour<Frames>,
}

fn connection_limits(limits: &Limits, peers: impl Iterator<Item = PeerId>) -> connection_limits::Behaviour {
    let mut behaviour = connection_limits::Behaviour::new(
        ConnectionLimits::default()
            .with_max_pending_incoming(Some(limits.handshakes))
            .with_max_pending_outgoing(Some(limits.handshakes))
            .with_max_established_per_peer(Some(limits.connections_per_peer))
            .with_max_established_incoming(Some(limits.strangers)),
    );
    // Strangers may not keep static peers out. A static peer's own connections are counted in `peers.rs`.
    peers.for_each(|peer| behaviour.bypass_peer_id(&peer));
    behaviour
}

fn rpc(limits: &Limits) -> request_response::Behaviour<Frames> {
    // On one connection both directions share the bound on streams. The excess lets a peer over its limit learn so.
    let streams = limits.inbound_per_peer * 2 + limits.outbound_per_peer;
    request_response::Behaviour::with_codec(
        Frames::new(limits.message_bytes, limits.inbound_bytes),
        [(StreamProtocol::new(PROTOCOL), ProtocolSupport::Full)],
        request_response::Config::default()
            .with_request_timeout(limits.longest_request)
            .with_max_concurrent_streams(streams),
    )
}

/// A swarm that neither listens nor dials yet.
pub(crate) fn swarm(config: &Config) -> Result<Swarm<Behaviour>, NetworkError> {
    let mut seed = config.key.clone();
    let key = Keypair::ed25519_from_bytes(&mut seed[..]).map_err(|_| NetworkError::Key)?;
    let limits = &config.limits;
    let swarm = SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .map_err(|_| NetworkError::Key)?
        .with_behaviour(|_| Behaviour {
            limits: connection_limits(limits, config.peers.iter().map(|p| p.peer)),
            ping: ping::Behaviour::new(
                ping::Config::new().with_interval(Duration::from_secs(5)).with_timeout(Duration::from_secs(10)),
            ),
            rpc: rpc(limits),
        })
        .expect("the constructor of the behaviour can't fail")
        // Connections stay: static peers' for ever, strangers' until the actor finds them idle.
        .with_swarm_config(|c| c.with_idle_connection_timeout(Duration::from_secs(86_400)))
        .build();
    Ok(swarm)
}
