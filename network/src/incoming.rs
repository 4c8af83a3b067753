//! Requests of peers, and the means to answer them.

use crate::codec::Answer;
use crate::{NetworkError, PeerId};
use libp2p::request_response::ResponseChannel;
use std::fmt;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// An answer on its way to the actor. The channel has no bound of its own: requests that are being worked on have.
pub(crate) type Reply = (ResponseChannel<Answer>, Answer);

/// The requests of all peers, in the order of their arrival. Dropping it refuses further ones.
#[derive(Debug)]
pub struct Incoming {
    pub(crate) requests: mpsc::Receiver<Request>,
}

impl Incoming {
    /// The next request, or `None` once the mesh is shut down. Cancel safe.
    pub async fn next(&mut self) -> Option<Request> {
        self.requests.recv().await
    }
}

/// A request of a peer.
#[derive(Debug)]
pub struct Request {
    /// Who asks; proven by the connection.
    pub peer: PeerId,
    /// What it asks.
    pub payload: Vec<u8>,
    /// Answers it, now or later: a request that is held blocks no other.
    pub reply: ReplyHandle,
}

/// Answers one request. Dropped without an answer, the peer gets [`NetworkError::Unanswered`].
pub struct ReplyHandle {
    pub(crate) channel: ResponseChannel<Answer>,
    pub(crate) replies: mpsc::UnboundedSender<Reply>,
    pub(crate) message_bytes: usize,
    /// The memory of the request's payload, given back with the answer.
    pub(crate) _memory: Vec<OwnedSemaphorePermit>,
}

impl ReplyHandle {
    /// Sends the answer. A peer that has gone meanwhile is no error: nobody can know whether it reads what is sent.
    ///
    /// # Errors
    /// [`NetworkError::TooLarge`] (the peer gets no answer), [`NetworkError::Closed`].
    pub fn send(self, payload: Vec<u8>) -> Result<(), NetworkError> {
        if payload.len() > self.message_bytes {
            return Err(NetworkError::TooLarge { bytes: payload.len(), limit: self.message_bytes });
        }
        self.replies.send((self.channel, Answer::Payload(payload))).map_err(|_| NetworkError::Closed)
    }

    /// False once the peer has gone or the request took too long: a long poll need not be held any more.
    pub fn is_awaited(&self) -> bool {
        self.channel.is_open()
    }
}

impl fmt::Debug for ReplyHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyHandle").field("is_awaited", &self.is_awaited()).finish_non_exhaustive()
    }
}
