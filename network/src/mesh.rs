//! The handle that callers hold.

use crate::actor::{self, Command};
use crate::incoming::Incoming;
use crate::{Config, Multiaddr, NetworkError, PeerId};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// A static or connected peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerState {
    /// The peer.
    pub peer: PeerId,
    /// There is a connection.
    pub connected: bool,
    /// It is one of [`Config::peers`].
    pub fixed: bool,
}

/// What the actor tells of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status {
    pub peers: Vec<PeerState>,
    pub listen: Vec<Multiaddr>,
}

/// A running mesh. Clones are the same mesh; when the last is dropped it stops at once, without draining.
#[derive(Clone, Debug)]
pub struct Mesh {
    peer_id: PeerId,
    message_bytes: usize,
    commands: mpsc::Sender<Command>,
    status: watch::Receiver<Status>,
}

impl Mesh {
    /// Opens the configured ports and begins to dial the static peers. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`NetworkError::Address`], [`NetworkError::Key`], [`NetworkError::AddressInUse`], [`NetworkError::Listen`];
    /// nothing stays open then.
    pub async fn start(config: Config) -> Result<(Mesh, Incoming), NetworkError> {
        config.check()?;
        let message_bytes = config.limits.message_bytes;
        let started = actor::start(config).await?;
        let mesh = Mesh { peer_id: started.peer_id, message_bytes, commands: started.commands, status: started.status };
        Ok((mesh, Incoming { requests: started.requests }))
    }

    /// Asks a peer and waits for its answer; dials it first where it is static and not connected.
    ///
    /// Cancelling stops the wait, not the request. Waits at most [`Limits::longest_request`](crate::Limits).
    ///
    /// # Errors
    /// [`NetworkError::Unreachable`] when nothing was sent; [`NetworkError::Busy`] and the two kinds of too large when
    /// nothing was done; [`NetworkError::Timeout`], [`NetworkError::Disconnected`] and [`NetworkError::Unanswered`] when
    /// the peer may have acted; [`NetworkError::Protocol`]; [`NetworkError::Closed`].
    pub async fn request(&self, peer: &PeerId, payload: Vec<u8>, timeout: Duration) -> Result<Vec<u8>, NetworkError> {
        if payload.len() > self.message_bytes {
            return Err(NetworkError::TooLarge { bytes: payload.len(), limit: self.message_bytes });
        }
        let (answer, answered) = oneshot::channel();
        self.commands.try_send(Command::Request { peer: *peer, payload, answer }).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => NetworkError::Busy(crate::Busy::Here),
            mpsc::error::TrySendError::Closed(_) => NetworkError::Closed,
        })?;
        match tokio::time::timeout(timeout, answered).await {
            Ok(result) => result.unwrap_or(Err(NetworkError::Closed)),
            Err(_) => Err(NetworkError::Timeout { peer: *peer, after_ms: timeout.as_millis() as u64 }),
        }
    }

    /// This node's id.
    pub fn local_peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// The static and the connected peers, by id.
    pub fn peers(&self) -> Vec<PeerState> {
        self.status.borrow().peers.clone()
    }

    /// Waits until the peers are as `good` wants them.
    ///
    /// # Errors
    /// [`NetworkError::Closed`] when the mesh is shut down before.
    pub async fn until(&self, mut good: impl FnMut(&[PeerState]) -> bool) -> Result<(), NetworkError> {
        let mut status = self.status.clone();
        status.wait_for(|s| good(&s.peers)).await.map(drop).map_err(|_| NetworkError::Closed)
    }

    /// Where this node listens, with the ports that the system gave.
    pub fn listen_addresses(&self) -> Vec<Multiaddr> {
        self.status.borrow().listen.clone()
    }

    /// Stops: takes no more requests, sends the answers that are being worked on within [`Limits::drain`](crate::Limits),
    /// closes all ports and connections. Requests of this node's own that still wait get [`NetworkError::Closed`].
    pub async fn shutdown(&self) {
        let (over, wait) = oneshot::channel();
        if self.commands.send(Command::Shutdown(over)).await.is_ok() {
            // An error says that it was over already.
            let _ = wait.await;
        }
    }
}
