//! What this node keeps of each peer: connections, bounds, and when to dial it again.

use crate::backoff::Backoff;
use crate::bucket::Bucket;
use crate::mesh::PeerState;
use crate::{Busy, Limits, Multiaddr, PeerAddress, PeerId};
use std::collections::HashMap;
use std::time::Instant;

/// Peers that are static, connected, or whose bucket is not full again: bounded by the limits on connections and by the
/// few seconds that a bucket takes to fill.
pub(crate) struct Peers {
    limits: Limits,
    known: HashMap<PeerId, Peer>,
    inbound: usize,
    outbound: usize,
}

struct Peer {
    connections: u32,
    inbound: usize,
    outbound: usize,
    bucket: Bucket,
    used_at: Instant,
    /// Static peers only.
    redial: Option<Redial>,
}

struct Redial {
    addresses: Vec<Multiaddr>,
    backoff: Backoff,
    /// None while connected or being dialled.
    at: Option<Instant>,
}

impl Peer {
    fn new(limits: &Limits, now: Instant) -> Self {
        let bucket = Bucket::full(limits.burst, now);
        Peer { connections: 0, inbound: 0, outbound: 0, bucket, used_at: now, redial: None }
    }
}

impl Peers {
    pub fn new(limits: Limits, fixed: Vec<PeerAddress>, now: Instant) -> Self {
        let mut known = HashMap::new();
        for PeerAddress { peer, address } in fixed {
            let entry = known.entry(peer).or_insert_with(|| Peer::new(&limits, now));
            let redial = entry.redial.get_or_insert_with(|| Redial {
                addresses: Vec::new(),
                backoff: Backoff::default(),
                at: Some(now),
            });
            redial.addresses.push(address);
        }
        Peers { limits, known, inbound: 0, outbound: 0 }
    }

    fn peer(&mut self, peer: PeerId, now: Instant) -> &mut Peer {
        let limits = &self.limits;
        self.known.entry(peer).or_insert_with(|| Peer::new(limits, now))
    }

    /// Counts a request of the peer, or says which bound refuses it.
    pub fn admit(&mut self, peer: PeerId, now: Instant) -> Result<(), Busy> {
        let (per_s, burst) = (self.limits.requests_per_s, self.limits.burst);
        let (most_of_peer, most) = (self.limits.inbound_per_peer, self.limits.inbound_total);
        let total = self.inbound;
        let entry = self.peer(peer, now);
        entry.used_at = now;
        if !entry.bucket.take(per_s, burst, now) {
            return Err(Busy::Rate);
        }
        if entry.inbound >= most_of_peer || total >= most {
            return Err(Busy::Full);
        }
        entry.inbound += 1;
        self.inbound += 1;
        Ok(())
    }

    /// A request that was admitted is over.
    pub fn admitted_over(&mut self, peer: PeerId) {
        self.inbound -= 1;
        self.known.get_mut(&peer).expect("a peer with a request is known").inbound -= 1;
    }

    /// Counts a request to the peer, or says which bound refuses it.
    pub fn reserve(&mut self, peer: PeerId, now: Instant) -> Result<(), Busy> {
        let (most_of_peer, most) = (self.limits.outbound_per_peer, self.limits.outbound_total);
        let total = self.outbound;
        let entry = self.peer(peer, now);
        entry.used_at = now;
        if entry.outbound >= most_of_peer || total >= most {
            return Err(Busy::Here);
        }
        entry.outbound += 1;
        self.outbound += 1;
        Ok(())
    }

    /// A request that was reserved is over.
    pub fn reserved_over(&mut self, peer: PeerId) {
        self.outbound -= 1;
        self.known.get_mut(&peer).expect("a peer with a request is known").outbound -= 1;
    }

    /// A connection was made. False when the peer has too many and this one is to be closed.
    pub fn connected(&mut self, peer: PeerId, connections: u32, now: Instant) -> bool {
        let most = self.limits.connections_per_peer;
        let entry = self.peer(peer, now);
        entry.connections = connections;
        entry.used_at = now;
        if let Some(redial) = &mut entry.redial {
            redial.at = None;
            redial.backoff.reset();
        }
        connections <= most
    }

    /// A connection ended; `connections` are left.
    pub fn disconnected(&mut self, peer: PeerId, connections: u32, now: Instant) {
        self.peer(peer, now).connections = connections;
        if connections == 0 {
            self.redial_later(peer, now);
        }
    }

    /// A dial failed, or there is no connection left.
    pub fn redial_later(&mut self, peer: PeerId, now: Instant) {
        let (first, longest) = (self.limits.redial_first, self.limits.redial_longest);
        if let Some(entry) = self.known.get_mut(&peer)
            && entry.connections == 0
            && let Some(redial) = &mut entry.redial
        {
            redial.at = Some(now + redial.backoff.next(&peer, first, longest));
        }
    }

    /// When the next static peer is to be dialled.
    pub fn next_redial(&self) -> Option<Instant> {
        self.known.values().filter_map(|p| p.redial.as_ref()?.at).min()
    }

    /// Static peers to dial now; each comes back by [`Self::redial_later`] if that fails.
    pub fn due(&mut self, now: Instant) -> Vec<(PeerId, Vec<Multiaddr>)> {
        let due = self.known.iter_mut().filter_map(|(peer, entry)| {
            let redial = entry.redial.as_mut()?;
            redial.at.filter(|at| *at <= now)?;
            redial.at = None;
            Some((*peer, redial.addresses.clone()))
        });
        due.collect()
    }

    /// Where a static peer listens; empty for others.
    pub fn addresses(&self, peer: &PeerId) -> Vec<Multiaddr> {
        self.known.get(peer).and_then(|p| p.redial.as_ref()).map(|r| r.addresses.clone()).unwrap_or_default()
    }

    /// Strangers to disconnect because they ask nothing; forgets those of whom nothing need be remembered.
    pub fn sweep(&mut self, now: Instant) -> Vec<PeerId> {
        let (per_s, burst, idle) = (self.limits.requests_per_s, self.limits.burst, self.limits.stranger_idle);
        self.known.retain(|_, p| {
            let busy = p.connections > 0 || p.inbound > 0 || p.outbound > 0;
            p.redial.is_some() || busy || !p.bucket.is_full(per_s, burst, now)
        });
        let idle = self.known.iter().filter(|(_, p)| {
            let quiet = p.inbound == 0 && p.outbound == 0 && now.saturating_duration_since(p.used_at) >= idle;
            p.redial.is_none() && p.connections > 0 && quiet
        });
        idle.map(|(peer, _)| *peer).collect()
    }

    /// Each connected peer as often as it has connections.
    pub fn connections(&self) -> impl Iterator<Item = PeerId> {
        self.known.iter().flat_map(|(peer, p)| (0..p.connections).map(|_| *peer))
    }

    /// Static and connected peers, by id.
    pub fn states(&self) -> Vec<PeerState> {
        let mut states: Vec<_> = (self.known.iter())
            .filter(|(_, p)| p.redial.is_some() || p.connections > 0)
            .map(|(peer, p)| PeerState { peer: *peer, connected: p.connections > 0, fixed: p.redial.is_some() })
            .collect();
        states.sort_by_key(|s| s.peer);
        states
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn peers(fixed: Vec<PeerAddress>, now: Instant) -> Peers {
        let limits =
            Limits { inbound_per_peer: 2, inbound_total: 3, outbound_per_peer: 1, burst: 5, ..Limits::default() };
        Peers::new(limits, fixed, now)
    }

    #[test]
    fn bounds_hold_by_peer_and_in_total_and_are_given_back() {
        let (now, a, b) = (Instant::now(), PeerId::random(), PeerId::random());
        let mut peers = peers(vec![], now);
        assert_eq!([peers.admit(a, now), peers.admit(a, now), peers.admit(a, now)], [Ok(()), Ok(()), Err(Busy::Full)]);
        assert_eq!([peers.admit(b, now), peers.admit(b, now)], [Ok(()), Err(Busy::Full)], "three in total");
        peers.admitted_over(a);
        assert_eq!(peers.admit(b, now), Ok(()));
        assert_eq!([peers.reserve(a, now), peers.reserve(a, now)], [Ok(()), Err(Busy::Here)]);
        peers.reserved_over(a);
        assert_eq!(peers.reserve(a, now), Ok(()));
    }

    #[test]
    fn the_rate_is_refused_before_anything_is_counted() {
        let (now, a) = (Instant::now(), PeerId::random());
        let mut peers = peers(vec![], now);
        for _ in 0..5 {
            assert_eq!(peers.admit(a, now), Ok(()));
            peers.admitted_over(a);
        }
        assert_eq!(peers.admit(a, now), Err(Busy::Rate));
    }

    #[test]
    fn static_peers_are_dialled_until_connected_and_again_when_lost() {
        let (now, peer) = (Instant::now(), PeerId::random());
        let mut peers = peers(vec![PeerAddress { peer, address: "/ip4/127.0.0.1/tcp/1".parse().unwrap() }], now);
        assert_eq!(peers.due(now).len(), 1);
        assert_eq!((peers.due(now).len(), peers.next_redial()), (0, None), "being dialled");
        peers.redial_later(peer, now);
        let at = peers.next_redial().expect("dialled again");
        assert!(at > now && peers.due(now).is_empty());
        assert_eq!(peers.due(at).len(), 1);
        assert!(peers.connected(peer, 1, at));
        peers.redial_later(peer, at);
        assert_eq!(peers.next_redial(), None, "a failed second dial does not matter while connected");
        peers.disconnected(peer, 0, at);
        assert!(peers.next_redial().is_some());
    }

    #[test]
    fn idle_strangers_go_and_are_forgotten() {
        let (now, a) = (Instant::now(), PeerId::random());
        let mut peers = peers(vec![], now);
        assert!(peers.connected(a, 1, now));
        assert!(!peers.connected(a, 5, now), "more than four connections");
        peers.connected(a, 1, now);
        assert!(peers.sweep(now + Duration::from_secs(119)).is_empty());
        assert_eq!(peers.sweep(now + Duration::from_secs(120)), [a]);
        peers.disconnected(a, 0, now);
        peers.sweep(now + Duration::from_secs(121));
        assert!(peers.known.is_empty());
    }
}
