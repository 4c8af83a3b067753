//! A witness's part in sealing: it closes each epoch in time, agrees with the others on the vector, publishes the seal.
//!
//! The agreement runs on a thread of its own, for it waits for its log; messages, timers and new batches come to it
//! through one channel, and what it wants sent goes out through the mesh.

use super::view::StoreView;
use crate::blocking::blocking;
use crate::keys::Secret;
use crate::links::PATIENCE;
use crate::replica::Replica;
use crate::rpc::Request;
use ed25519_dalek::SigningKey;
use liaise_ledger::body::{Body, Seal};
use liaise_ledger::{Author, Draft};
use liaise_oracle::seal::{Action, Agreement, Config, Decision, Event, FileWal, Pace, SealError, To, Token, WalError};
use serde_bytes::ByteBuf;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Commands that may wait for the agreement's thread.
const QUEUE: usize = 1024;

enum Command {
    Start(i64),
    Handle(Event),
}

/// Why a witness can't take part.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// Its log.
    #[error("the log of agreements: {0}")]
    Wal(#[from] WalError),
    /// The agreement.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// A handle to the agreement's thread.
#[derive(Clone)]
pub struct Witness {
    replica: Replica,
    key: [u8; 32],
    commands: mpsc::Sender<Command>,
    decided: watch::Receiver<Option<Decision>>,
}

impl Witness {
    /// Opens the log in `dir` and starts the thread, which ends when the last handle is gone.
    ///
    /// # Errors
    /// The log can't be read or another process has it, or the key is no witness's.
    pub fn start(replica: Replica, secret: &Secret, dir: &Path) -> Result<(Witness, JoinHandle<()>), WitnessError> {
        let genesis = &replica.genesis;
        let signer = SigningKey::from_bytes(secret);
        let key = signer.verifying_key().to_bytes();
        let config = Config {
            network: replica.network,
            keys: genesis.stores.keys.clone(),
            signer,
            wait: Duration::from_secs(genesis.parameters.seal_wait_s),
            pace: Pace::default(),
        };
        let agreement = Agreement::new(config, FileWal::open(&dir.join("agreement.log"))?)?;
        let (commands, inbox) = mpsc::channel(QUEUE);
        let (decisions, decided) = watch::channel(None);
        let view = StoreView::new(replica.store.clone(), replica.genesis.clone());
        let desk = Desk { replica: replica.clone(), agreement, view, decisions, commands: commands.downgrade() };
        let runtime = tokio::runtime::Handle::current();
        let thread = std::thread::Builder::new()
            .name("agreement".into())
            .spawn(move || desk.work(inbox, &runtime))
            .map_err(|error| WalError::Other(format!("no thread for it: {error}")))?;
        Ok((Witness { replica, key, commands, decided }, thread))
    }

    /// Takes in another witness's message. A full queue drops it: it is sent again.
    pub async fn deliver(&self, bytes: Vec<u8>) {
        let _ = self.commands.try_send(Command::Handle(Event::Message(bytes)));
    }

    /// Closes epoch after epoch, each when its time has come and the one before is sealed.
    pub async fn close_epochs(self) {
        let mut epoch = match self.replica.store.newest_seal() {
            Ok(newest) => newest.map_or(-1, |newest| newest + 1),
            Err(error) => return tracing::error!(%error, "no epoch can be closed"),
        };
        loop {
            self.replica.calendar.sleep_until(self.replica.genesis.close_ms(epoch)).await;
            if let Err(error) = self.close(epoch).await {
                tracing::error!(%error, epoch, "an epoch could not be closed; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            epoch += 1;
        }
    }

    async fn close(&self, epoch: i64) -> Result<(), liaise_store::StoreError> {
        let store = self.replica.store.clone();
        // One that is sealed already was closed by others while this witness was away: it has nothing to add.
        if store.seals(epoch)?.is_empty() {
            let closing = store.clone();
            let batch = blocking(move || closing.close_epoch(epoch)).await?;
            self.replica.metrics.receipted(&batch);
            self.replica.announce()?;
            let _ = self.commands.send(Command::Start(epoch)).await;
        }
        let mut decided = self.decided.clone();
        let mut head = self.replica.watch();
        loop {
            if !store.seals(epoch)?.is_empty() {
                return Ok(());
            }
            let decision = decided.borrow_and_update().clone().filter(|decision| decision.epoch == epoch);
            if let Some(decision) = decision {
                return self.publish(decision).await;
            }
            tokio::select! {
                _ = decided.changed() => {}
                _ = head.changed() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    async fn publish(&self, decision: Decision) -> Result<(), liaise_store::StoreError> {
        let certificate = ByteBuf::from(decision.certificate);
        let body = Body::Seal(Seal { epoch: decision.epoch, batches: decision.batches, certificate });
        let time_ms = self.replica.calendar.wall_ms();
        let draft = Draft { author: Author::Store(self.key), parents: vec![], task: None, time_ms, body };
        let store = self.replica.store.clone();
        blocking(move || store.sign(draft)).await?;
        tracing::info!(epoch = decision.epoch, "sealed");
        self.replica.announce()
    }

    /// New messages may be the batches that the agreement waits for, or a seal that came by another way.
    pub async fn tell_of_batches(self) {
        let mut head = self.replica.watch();
        while head.changed().await.is_ok() {
            let _ = self.commands.try_send(Command::Handle(Event::View));
            // Several messages at once are one look.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

struct Desk {
    replica: Replica,
    agreement: Agreement<FileWal>,
    view: StoreView,
    decisions: watch::Sender<Option<Decision>>,
    /// Weak: the thread ends when the last handle is gone, not with its own timers.
    commands: mpsc::WeakSender<Command>,
}

impl Desk {
    fn work(mut self, mut inbox: mpsc::Receiver<Command>, runtime: &tokio::runtime::Handle) {
        while let Some(command) = inbox.blocking_recv() {
            let now_ms = self.replica.calendar.mono_ns() / 1_000_000;
            self.view.set_now(now_ms);
            let sealed = self.sealed_elsewhere(now_ms);
            let outcome = match command {
                Command::Start(epoch) => self.agreement.start(epoch, now_ms, &self.view),
                Command::Handle(event) => self.agreement.handle(event, now_ms, &self.view),
            };
            for outcome in sealed.into_iter().chain([outcome]) {
                match outcome {
                    Ok(actions) => actions.into_iter().for_each(|action| self.carry_out(action, runtime)),
                    Err(error @ (SealError::Seal { .. } | SealError::Past { .. })) => tracing::warn!(%error, "ignored"),
                    Err(error) => {
                        tracing::error!(%error, "this witness takes part in no more seals until it is restarted");
                        return;
                    }
                }
            }
        }
    }

    /// The epoch under way may have been sealed by others.
    fn sealed_elsewhere(&mut self, now_ms: u64) -> Option<Result<Vec<Action>, SealError>> {
        let epoch = self.agreement.running()?;
        let decision = self.view.decision(epoch).ok().flatten()?;
        Some(self.agreement.handle(Event::Sealed(decision), now_ms, &self.view))
    }

    fn carry_out(&self, action: Action, runtime: &tokio::runtime::Handle) {
        match action {
            Action::Send { to, bytes } => {
                let request = Request::Agreement(ByteBuf::from(bytes));
                for link in self.replica.links.stores() {
                    if to == To::All || to == To::One(link.key) {
                        let (links, request, link) = (self.replica.links.clone(), request.clone(), *link);
                        runtime.spawn(async move {
                            if let Err(error) = links.ask(&link, &request, PATIENCE).await {
                                tracing::debug!(%error, "a witness does not answer");
                            }
                        });
                    }
                }
            }
            Action::SetTimeout { token, after } => self.set_timer(token, after, runtime),
            // A timer that fires after all changes nothing.
            Action::CancelTimeout(_) => {}
            Action::Decided(decision) => {
                self.decisions.send_replace(Some(decision));
            }
        }
    }

    fn set_timer(&self, token: Token, after: Duration, runtime: &tokio::runtime::Handle) {
        let commands = self.commands.clone();
        runtime.spawn(async move {
            tokio::time::sleep(after).await;
            if let Some(commands) = commands.upgrade() {
                let _ = commands.send(Command::Handle(Event::Timeout(token))).await;
            }
        });
    }
}
