//! The codec that nothing outside needs, for tests/fuzz.

use crate::codec::{Answer, Frames, Inbound};
use crate::{Limits, PROTOCOL};
use futures::executor::block_on;
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;

fn frames() -> Frames {
    let limits = Limits::default();
    Frames::new(limits.message_bytes, limits.inbound_bytes)
}

/// A request from a stream, written again: as many bytes as were read. `None` where it is refused.
pub fn request(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let protocol = StreamProtocol::new(PROTOCOL);
    let request = match block_on(frames().read_request(&protocol, &mut bytes)).ok()? {
        Inbound::Payload(payload, _held) => Inbound::Outbound(payload),
        Inbound::Probe => Inbound::Probe,
        _ => return None,
    };
    let mut out = Vec::new();
    block_on(frames().write_request(&protocol, &mut out, request)).expect("what was read can be written");
    Some(out)
}

/// An answer from a stream, written again: as many bytes as were read. `None` where it is refused.
pub fn answer(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let protocol = StreamProtocol::new(PROTOCOL);
    let answer: Answer = block_on(frames().read_response(&protocol, &mut bytes)).ok()?;
    let mut out = Vec::new();
    block_on(frames().write_response(&protocol, &mut out, answer)).expect("what was read can be written");
    Some(out)
}
