//! The stores that a node talks to, asked one at a time or all at once.

use crate::rpc::{self, Request, Response};
use futures::stream::{FuturesUnordered, StreamExt};
use liaise_network::{Mesh, NetworkError, PeerId, peer_id_of};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long an ordinary question may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A mesh, and the stores on it in the configuration's order.
#[derive(Debug)]
pub struct Links {
    mesh: Mesh,
    stores: Vec<Link>,
    /// The store asked first; moves on when one fails.
    favourite: AtomicUsize,
}

/// One store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its Ed25519 key: witness key and identity on the mesh.
    pub key: [u8; 32],
    /// Its id on the mesh, derived from the key.
    pub peer: PeerId,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The mesh could not carry it.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The store refused, and says what to do.
    #[error("the store refused: {0}")]
    Refused(String),
    /// The answer makes no sense to this version.
    #[error(transparent)]
    Malformed(#[from] rpc::Malformed),
    /// The answer is to another question.
    #[error("the store's answer does not fit the question: update this program or report the store")]
    Unfitting,
    /// No store is configured.
    #[error("no store is configured: list at least one under [[stores]] in node.toml")]
    NoStore,
}

impl Links {
    /// Links over a started mesh. `first` is the place of the store to ask first.
    ///
    /// # Errors
    /// A key that is no Ed25519 key.
    pub fn new(mesh: Mesh, keys: &[[u8; 32]], first: usize) -> Result<Links, NetworkError> {
        let link = |key: &[u8; 32]| Ok(Link { key: *key, peer: peer_id_of(key)? });
        let stores = keys.iter().map(link).collect::<Result<Vec<_>, NetworkError>>()?;
        Ok(Links { mesh, stores, favourite: AtomicUsize::new(first) })
    }

    /// The mesh.
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// The stores.
    pub fn stores(&self) -> &[Link] {
        &self.stores
    }

    /// The store to ask first.
    ///
    /// # Errors
    /// [`AskError::NoStore`].
    pub fn favourite(&self) -> Result<Link, AskError> {
        let count = self.stores.len();
        self.stores.get(self.favourite.load(Ordering::Relaxed) % count.max(1)).copied().ok_or(AskError::NoStore)
    }

    /// Asks another store first from now on.
    pub fn move_on(&self) {
        self.favourite.fetch_add(1, Ordering::Relaxed);
    }

    /// Asks one store.
    ///
    /// # Errors
    /// It can't be reached, refuses, or answers nonsense.
    pub async fn ask(&self, link: &Link, request: &Request, patience: Duration) -> Result<Response, AskError> {
        let answer = self.mesh.request(&link.peer, rpc::encode(request), patience).await?;
        match rpc::decode(&answer)? {
            Response::Refused(why) => Err(AskError::Refused(why)),
            response => Ok(response),
        }
    }

    /// Asks the favourite, then the others in turn, until one answers with something that `fit` takes.
    ///
    /// # Errors
    /// The last store's failure when none did.
    pub async fn ask_any<T>(
        &self,
        request: &Request,
        patience: Duration,
        fit: impl Fn(Response) -> Option<T>,
    ) -> Result<T, AskError> {
        let mut last = AskError::NoStore;
        for _ in 0..self.stores.len() {
            let link = self.favourite()?;
            match self.ask(&link, request, patience).await {
                Ok(response) => match fit(response) {
                    Some(value) => return Ok(value),
                    None => last = AskError::Unfitting,
                },
                Err(error) => last = error,
            }
            self.move_on();
        }
        Err(last)
    }

    /// Asks every store at once; answers come in the order in which they arrive.
    pub fn ask_all<'a>(
        &'a self,
        request: &Request,
        patience: Duration,
    ) -> impl futures::Stream<Item = (Link, Result<Response, AskError>)> + 'a {
        let request = std::sync::Arc::new(request.clone());
        let asks: FuturesUnordered<_> = self
            .stores
            .iter()
            .map(|link| {
                let request = request.clone();
                async move { (*link, self.ask(link, &request, patience).await) }
            })
            .collect();
        asks.map(|answer| answer)
    }
}
