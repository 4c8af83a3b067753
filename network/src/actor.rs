//! The one task that owns the swarm: everything else talks to it by channels, and nothing in it blocks.

use crate::behaviour::{self, Behaviour, BehaviourEvent};
use crate::codec::{Answer, Inbound};
use crate::incoming::{Reply, ReplyHandle, Request};
use crate::mesh::Status;
use crate::peers::Peers;
use crate::{Busy, Config, Limits, Multiaddr, NetworkError, PeerId, listen};
use futures::StreamExt;
use libp2p::request_response::{Event, InboundRequestId, Message, OutboundFailure, OutboundRequestId, ResponseChannel};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{DialError, SwarmEvent};
use libp2p::{Swarm, ping};
use std::collections::{HashMap, HashSet};
use std::io;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::debug;

/// How often idle strangers are looked for.
const SWEEP: Duration = Duration::from_secs(5);

pub(crate) type AnswerTo = oneshot::Sender<Result<Vec<u8>, NetworkError>>;

pub(crate) enum Command {
    Request { peer: PeerId, payload: Vec<u8>, answer: AnswerTo },
    Shutdown(oneshot::Sender<()>),
}

/// The ends of the channels that callers hold.
pub(crate) struct Started {
    pub peer_id: PeerId,
    pub commands: mpsc::Sender<Command>,
    pub requests: mpsc::Receiver<Request>,
    pub status: watch::Receiver<Status>,
}

struct Pending {
    peer: PeerId,
    bytes: usize,
    answer: AnswerTo,
}

struct Actor {
    swarm: Swarm<Behaviour>,
    limits: Limits,
    peers: Peers,
    /// None once the mesh is shutting down.
    requests: Option<mpsc::Sender<Request>>,
    replies: mpsc::UnboundedSender<Reply>,
    status: watch::Sender<Status>,
    /// Requests of others that are being worked on.
    inbound: HashMap<InboundRequestId, PeerId>,
    /// Requests of this node's own that await their answer.
    outbound: HashMap<OutboundRequestId, Pending>,
    stopping: Option<Stopping>,
}

/// A shutdown in its course.
struct Stopping {
    /// It is over by then, whatever is missing.
    by: Instant,
    /// Set once the last answer was handed to its connection. A connection delivers in order: when a peer answers a
    /// probe that was sent afterwards, it has what was sent before. Closing earlier would lose what is in flight.
    probes: Option<HashSet<OutboundRequestId>>,
}

/// Opens the ports and starts the task.
pub(crate) async fn start(config: Config) -> Result<Started, NetworkError> {
    let mut swarm = behaviour::swarm(&config)?;
    let early = listen::listen(&mut swarm, &config.listen).await?;
    let peer_id = *swarm.local_peer_id();
    let (commands, command_queue) = mpsc::channel(config.limits.outbound_total.max(1));
    let (requests, request_queue) = mpsc::channel(config.limits.inbound_total.max(1));
    let (replies, reply_queue) = mpsc::unbounded_channel();
    let (status, status_seen) = watch::channel(Status::default());
    let peers = config.peers.into_iter().filter(|p| p.peer != peer_id).collect();
    let mut actor = Actor {
        swarm,
        peers: Peers::new(config.limits.clone(), peers, Instant::now()),
        limits: config.limits,
        requests: Some(requests),
        replies,
        status,
        inbound: HashMap::new(),
        outbound: HashMap::new(),
        stopping: None,
    };
    early.into_iter().for_each(|event| actor.on_event(event));
    actor.publish();
    tokio::spawn(actor.run(command_queue, reply_queue));
    Ok(Started { peer_id, commands, requests: request_queue, status: status_seen })
}

impl Actor {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut replies: mpsc::UnboundedReceiver<Reply>) {
        let mut sweep = tokio::time::interval(SWEEP);
        let mut waiting = Vec::new();
        while !self.is_drained() {
            let wake = self.stopping.as_ref().map(|s| s.by).or_else(|| self.peers.next_redial());
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                Some((channel, answer)) = replies.recv() => self.reply(channel, answer),
                command = commands.recv() => match command {
                    Some(Command::Request { peer, payload, answer }) => self.request(peer, payload, answer),
                    Some(Command::Shutdown(over)) => {
                        waiting.push(over);
                        self.begin_shutdown();
                    }
                    None => break,
                },
                () = sleep_until(wake) => self.redial(),
                _ = sweep.tick() => self.sweep(),
            }
        }
        // The ports are closed before anybody learns that it is over.
        drop(self);
        for over in waiting {
            // An error says that nobody waits any more.
            let _ = over.send(());
        }
    }

    /// Stops taking work.
    fn begin_shutdown(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some(Stopping { by: Instant::now() + self.limits.drain, probes: None });
        self.requests = None;
        for (id, pending) in std::mem::take(&mut self.outbound) {
            debug!(%id, "given up at shutdown");
            self.peers.reserved_over(pending.peer);
            let _ = pending.answer.send(Err(NetworkError::Closed));
        }
    }

    /// True when a shutdown has nothing more to wait for.
    fn is_drained(&mut self) -> bool {
        let Some(stopping) = &mut self.stopping else { return false };
        if stopping.probes.is_none() && self.inbound.is_empty() {
            let rpc = &mut self.swarm.behaviour_mut().rpc;
            // Consecutive requests go over a peer's connections in turn: one probe for each.
            let connections = self.peers.connections();
            stopping.probes = Some(connections.map(|peer| rpc.send_request(&peer, Inbound::Probe)).collect());
        }
        stopping.probes.as_ref().is_some_and(HashSet::is_empty) || Instant::now() >= stopping.by
    }

    fn request(&mut self, peer: PeerId, payload: Vec<u8>, answer: AnswerTo) {
        // A caller that has gone can't be told; the request need not be sent.
        if answer.is_closed() {
            return;
        }
        if let Err(error) = self.try_request(peer, payload, answer) {
            let (answer, error) = *error;
            let _ = answer.send(Err(error));
        }
    }

    fn try_request(
        &mut self,
        peer: PeerId,
        payload: Vec<u8>,
        answer: AnswerTo,
    ) -> Result<(), Box<(AnswerTo, NetworkError)>> {
        if self.requests.is_none() {
            return Err(Box::new((answer, NetworkError::Closed)));
        }
        if !self.swarm.is_connected(&peer)
            && let Err(why) = self.dial(peer, self.peers.addresses(&peer))
        {
            return Err(Box::new((answer, NetworkError::Unreachable { peer, why })));
        }
        if let Err(busy) = self.peers.reserve(peer, Instant::now()) {
            return Err(Box::new((answer, NetworkError::Busy(busy))));
        }
        let bytes = payload.len();
        let id = self.swarm.behaviour_mut().rpc.send_request(&peer, Inbound::Outbound(payload));
        self.outbound.insert(id, Pending { peer, bytes, answer });
        Ok(())
    }

    /// Begins to dial, or finds that it is being dialled.
    fn dial(&mut self, peer: PeerId, addresses: Vec<Multiaddr>) -> Result<(), &'static str> {
        if peer == *self.swarm.local_peer_id() {
            return Err("it is this node itself");
        }
        if addresses.is_empty() {
            return Err("it is not connected, and no address of it is configured");
        }
        let options = DialOpts::peer_id(peer)
            .addresses(addresses)
            .condition(PeerCondition::DisconnectedAndNotDialing)
            // From the listening port, two peers that dial each other at once would meet in one TCP connection, each
            // taking itself for the dialler.
            .allocate_new_port()
            .build();
        match self.swarm.dial(options) {
            Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => Ok(()),
            Err(_) => Err("this node's limit of connections is reached"),
        }
    }

    fn redial(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        let now = Instant::now();
        for (peer, addresses) in self.peers.due(now) {
            if !self.swarm.is_connected(&peer) && self.dial(peer, addresses).is_err() {
                self.peers.redial_later(peer, now);
            }
        }
    }

    fn sweep(&mut self) {
        for peer in self.peers.sweep(Instant::now()) {
            debug!(%peer, "idle");
            // An error says that it has gone already.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
    }

    fn publish(&self) {
        let peers = self.peers.states();
        let listen: Vec<_> = self.swarm.listeners().cloned().collect();
        self.status.send_if_modified(|status| {
            let changed = status.peers != peers || status.listen != listen;
            *status = Status { peers, listen };
            changed
        });
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        let now = Instant::now();
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Rpc(event)) => return self.on_rpc(event),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event { peer, connection, result: Err(_) })) => {
                debug!(%peer, "answers no ping");
                self.swarm.close_connection(connection);
            }
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, num_established, .. } => {
                debug!(peer = %peer_id, connections = num_established, "connected");
                if !self.peers.connected(peer_id, num_established.get(), now) {
                    self.swarm.close_connection(connection_id);
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established, .. } => {
                debug!(peer = %peer_id, connections = num_established, "disconnected");
                self.peers.disconnected(peer_id, num_established, now);
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), error, .. } => {
                if !matches!(error, DialError::DialPeerConditionFalse(_)) {
                    self.peers.redial_later(peer, now);
                }
            }
            SwarmEvent::NewListenAddr { .. }
            | SwarmEvent::ExpiredListenAddr { .. }
            | SwarmEvent::ListenerClosed { .. } => {}
            _ => return,
        }
        self.publish();
    }

    fn on_rpc(&mut self, event: Event<Inbound, Answer>) {
        match event {
            Event::Message { peer, message: Message::Request { request_id, request, channel }, .. } => {
                self.on_request(peer, request_id, request, channel);
            }
            Event::Message { message: Message::Response { request_id, response }, .. } => {
                self.on_answer(request_id, Ok(response));
            }
            Event::OutboundFailure { request_id, error, .. } => self.on_answer(request_id, Err(error)),
            Event::InboundFailure { request_id, .. } | Event::ResponseSent { request_id, .. } => {
                if let Some(peer) = self.inbound.remove(&request_id) {
                    self.peers.admitted_over(peer);
                }
            }
        }
    }

    fn on_request(&mut self, peer: PeerId, id: InboundRequestId, request: Inbound, channel: ResponseChannel<Answer>) {
        let (payload, memory) = match request {
            Inbound::Payload(payload, memory) => (payload, memory),
            Inbound::Probe => return self.reply(channel, Answer::Payload(Vec::new())),
            Inbound::TooLarge => return self.reply(channel, Answer::TooLarge),
            Inbound::NoMemory | Inbound::Outbound(_) => return self.reply(channel, Answer::Busy(Busy::Full)),
        };
        if let Err(busy) = self.peers.admit(peer, Instant::now()) {
            return self.reply(channel, Answer::Busy(busy));
        }
        self.inbound.insert(id, peer);
        let reply = ReplyHandle {
            channel,
            replies: self.replies.clone(),
            message_bytes: self.limits.message_bytes,
            _memory: memory,
        };
        let refused = match &self.requests {
            // The queue is as long as the number of requests that are admitted: it is never full.
            Some(requests) => requests.try_send(Request { peer, payload, reply }).err().map(|e| e.into_inner()),
            None => Some(Request { peer, payload, reply }),
        };
        if let Some(request) = refused {
            self.reply(request.reply.channel, Answer::Busy(Busy::NotServing));
        }
    }

    fn reply(&mut self, channel: ResponseChannel<Answer>, answer: Answer) {
        // An error says that the peer has gone or the request took too long: an event has told or will tell.
        let _ = self.swarm.behaviour_mut().rpc.send_response(channel, answer);
    }

    fn on_answer(&mut self, id: OutboundRequestId, result: Result<Answer, OutboundFailure>) {
        if let Some(probes) = self.stopping.as_mut().and_then(|s| s.probes.as_mut()) {
            probes.remove(&id);
        }
        let Some(Pending { peer, bytes, answer }) = self.outbound.remove(&id) else { return };
        self.peers.reserved_over(peer);
        let result = match result {
            Ok(Answer::Payload(payload)) => Ok(payload),
            Ok(Answer::Busy(busy)) => Err(NetworkError::Busy(busy)),
            Ok(Answer::TooLarge) => Err(NetworkError::TooLargeForPeer { peer, bytes }),
            Err(failure) => Err(self.failure(peer, failure)),
        };
        // An error says that the caller waits no more.
        let _ = answer.send(result);
    }

    fn failure(&self, peer: PeerId, failure: OutboundFailure) -> NetworkError {
        match failure {
            OutboundFailure::DialFailure => NetworkError::Unreachable {
                peer,
                why: "it can't be connected to: it is down, or its configured address or id is wrong",
            },
            OutboundFailure::Timeout => {
                NetworkError::Timeout { peer, after_ms: self.limits.longest_request.as_millis() as u64 }
            }
            OutboundFailure::ConnectionClosed => NetworkError::Disconnected { peer },
            OutboundFailure::UnsupportedProtocols => {
                NetworkError::Protocol { peer, why: "it knows no such protocol; it may be of another version" }
            }
            OutboundFailure::Io(e) => match e.kind() {
                io::ErrorKind::UnexpectedEof => NetworkError::Unanswered { peer },
                io::ErrorKind::InvalidData => {
                    NetworkError::Protocol { peer, why: "its answer is malformed or too long" }
                }
                _ => NetworkError::Disconnected { peer },
            },
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
