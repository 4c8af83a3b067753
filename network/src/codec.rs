//! Bytes on a stream: a request is its length (u32, big-endian) and its payload; an answer is a status byte and the same.

use crate::Busy;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;
use std::io;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The one protocol of the mesh.
pub const PROTOCOL: &str = "/liaise/1/rpc";
/// The largest payload that any node may send. A node's own limit may be lower.
pub const MAX_MESSAGE_BYTES: usize = 8 << 20;
/// In place of a request's length: an empty request that is answered at once, by the mesh itself.
const PROBE: u32 = u32::MAX;
/// Memory is asked for and granted in such pieces, as the bytes arrive: a peer that only claims a length gets none.
const CHUNK: usize = 64 << 10;

/// A request as it was read.
#[derive(Debug)]
pub(crate) enum Inbound {
    /// To be worked on; the permits give the memory back when dropped.
    Payload(Vec<u8>, Vec<OwnedSemaphorePermit>),
    /// Longer than this node's limit; its bytes were thrown away.
    TooLarge,
    /// No memory left for it; its bytes were thrown away.
    NoMemory,
    /// Asks for nothing but an answer.
    Probe,
    /// One of this node's own, on its way out.
    Outbound(Vec<u8>),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Payload(Vec<u8>),
    Busy(Busy),
    TooLarge,
}

impl Answer {
    const PAYLOAD: u8 = 0;

    fn refusal(&self) -> Option<u8> {
        match self {
            Answer::Payload(_) => None,
            Answer::TooLarge => Some(1),
            Answer::Busy(Busy::Rate) => Some(2),
            Answer::Busy(Busy::NotServing) => Some(4),
            Answer::Busy(Busy::Full | Busy::Here) => Some(3),
        }
    }

    fn of_refusal(status: u8) -> Option<Answer> {
        Some(match status {
            1 => Answer::TooLarge,
            2 => Answer::Busy(Busy::Rate),
            3 => Answer::Busy(Busy::Full),
            4 => Answer::Busy(Busy::NotServing),
            _ => return None,
        })
    }
}

/// Reads and writes both, within the node's limits.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    message_bytes: usize,
    /// In chunks.
    memory: Arc<Semaphore>,
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

async fn read_u32<T: AsyncRead + Unpin>(io: &mut T) -> io::Result<u32> {
    let mut number = [0; 4];
    io.read_exact(&mut number).await?;
    Ok(u32::from_be_bytes(number))
}

fn checked_length(length: u32) -> io::Result<usize> {
    let length = length as usize;
    if length > MAX_MESSAGE_BYTES { Err(invalid("longer than any message may be")) } else { Ok(length) }
}

async fn write_payload<T: AsyncWrite + Unpin>(io: &mut T, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_MESSAGE_BYTES);
    let length = length.ok_or_else(|| invalid("longer than any message may be"))?;
    io.write_all(&length.to_be_bytes()).await?;
    io.write_all(payload).await
}

/// So that the peer finishes writing and reads why it was refused. Bounded by [`MAX_MESSAGE_BYTES`] and the timeout.
async fn discard<T: AsyncRead + Unpin + Send>(io: &mut T, bytes: usize) -> io::Result<()> {
    let mut scratch = [0; 8 << 10];
    let mut left = bytes;
    while left > 0 {
        let part = left.min(scratch.len());
        io.read_exact(&mut scratch[..part]).await?;
        left -= part;
    }
    Ok(())
}

impl Frames {
    pub fn new(message_bytes: usize, inbound_bytes: usize) -> Self {
        let chunks = (inbound_bytes / CHUNK).clamp(1, Semaphore::MAX_PERMITS);
        Frames { message_bytes: message_bytes.min(MAX_MESSAGE_BYTES), memory: Arc::new(Semaphore::new(chunks)) }
    }

    async fn request<T: AsyncRead + Unpin + Send>(&self, io: &mut T) -> io::Result<Inbound> {
        let length = match read_u32(io).await? {
            PROBE => return Ok(Inbound::Probe),
            length => checked_length(length)?,
        };
        if length > self.message_bytes {
            discard(io, length).await?;
            return Ok(Inbound::TooLarge);
        }
        let (mut payload, mut permits) = (Vec::new(), Vec::new());
        loop {
            // An empty request takes a chunk too: nothing is free.
            match Arc::clone(&self.memory).try_acquire_owned() {
                Ok(permit) => permits.push(permit),
                Err(_) => {
                    let left = length - payload.len();
                    drop((payload, permits));
                    discard(io, left).await?;
                    return Ok(Inbound::NoMemory);
                }
            }
            let start = payload.len();
            payload.resize(length.min(start + CHUNK), 0);
            io.read_exact(&mut payload[start..]).await?;
            if payload.len() == length {
                return Ok(Inbound::Payload(payload, permits));
            }
        }
    }

    async fn answer<T: AsyncRead + Unpin + Send>(&self, io: &mut T) -> io::Result<Answer> {
        let mut status = [0];
        io.read_exact(&mut status).await?;
        if status[0] != Answer::PAYLOAD {
            return Answer::of_refusal(status[0]).ok_or_else(|| invalid("unknown status"));
        }
        let length = checked_length(read_u32(io).await?)?;
        if length > self.message_bytes {
            return Err(invalid("the answer exceeds this node's limit"));
        }
        // Memory for answers is bounded by the number of requests that this node has sent.
        let mut payload = Vec::new();
        while payload.len() < length {
            let start = payload.len();
            payload.resize(length.min(start + CHUNK), 0);
            io.read_exact(&mut payload[start..]).await?;
        }
        Ok(Answer::Payload(payload))
    }
}

impl Codec for Frames {
    type Protocol = StreamProtocol;
    type Request = Inbound;
    type Response = Answer;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Inbound>
    where
        T: AsyncRead + Unpin + Send,
    {
        self.request(io).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Answer>
    where
        T: AsyncRead + Unpin + Send,
    {
        self.answer(io).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Inbound) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        match request {
            Inbound::Outbound(payload) => write_payload(io, &payload).await,
            Inbound::Probe => io.write_all(&PROBE.to_be_bytes()).await,
            _ => Err(invalid("only a request of this node's own is written")),
        }
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, answer: Answer) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        match (&answer, answer.refusal()) {
            (Answer::Payload(payload), _) => {
                io.write_all(&[Answer::PAYLOAD]).await?;
                write_payload(io, payload).await
            }
            (_, status) => io.write_all(&[status.unwrap_or(3)]).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use proptest::prelude::*;

    fn frames() -> Frames {
        Frames::new(100_000, 256 << 10)
    }

    fn written(request: Vec<u8>) -> Vec<u8> {
        let mut out = Vec::new();
        block_on(frames().write_request(&StreamProtocol::new(PROTOCOL), &mut out, Inbound::Outbound(request))).unwrap();
        out
    }

    fn read(frames: &Frames, mut bytes: &[u8]) -> io::Result<Inbound> {
        block_on(frames.request(&mut bytes))
    }

    #[test]
    fn a_request_comes_back_and_holds_memory_until_dropped() {
        let (frames, sent) = (frames(), vec![7; 100_000]);
        let Inbound::Payload(payload, permits) = read(&frames, &written(sent.clone())).unwrap() else { panic!() };
        assert_eq!((payload, permits.len(), frames.memory.available_permits()), (sent, 2, 2));
        drop(permits);
        assert_eq!(frames.memory.available_permits(), 4);
    }

    #[test]
    fn without_memory_a_request_is_refused_and_nothing_stays_held() {
        let (frames, bytes) = (frames(), written(vec![1; 100_000]));
        let held = (read(&frames, &bytes).unwrap(), read(&frames, &written(vec![1])).unwrap());
        assert!(matches!(read(&frames, &bytes).unwrap(), Inbound::NoMemory));
        assert_eq!(frames.memory.available_permits(), 1);
        drop(held);
        assert_eq!(frames.memory.available_permits(), 4);
    }

    #[test]
    fn lengths_beyond_a_limit_are_refused() {
        assert!(matches!(read(&frames(), &written(vec![0; 100_001])).unwrap(), Inbound::TooLarge));
        let error = read(&frames(), &(u32::MAX - 1).to_be_bytes()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "refused by its length alone");
        let mut out = Vec::new();
        assert!(block_on(write_payload(&mut out, &vec![0; MAX_MESSAGE_BYTES + 1])).is_err());
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_fail(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&frames(), &bytes);
            let _ = block_on(frames().answer(&mut bytes.as_slice()));
        }

        #[test]
        fn an_answer_comes_back(length in 0usize..200_000, byte: u8, refusal in 0u8..5) {
            let answer = Answer::of_refusal(refusal).unwrap_or(Answer::Payload(vec![byte; length]));
            let mut out = Vec::new();
            block_on(frames().write_response(&StreamProtocol::new(PROTOCOL), &mut out, answer.clone())).unwrap();
            let read = block_on(frames().answer(&mut out.as_slice()));
            match &answer {
                Answer::Payload(p) if p.len() > 100_000 => prop_assert!(read.is_err()),
                _ => prop_assert_eq!(read.unwrap(), answer),
            }
        }
    }
}
