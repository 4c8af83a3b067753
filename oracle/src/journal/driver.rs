//! Carries out what the machine decides.

use std::collections::BTreeMap;

use liaise_chain_api::{Action, ChainError, FeeLimit, Prepared, Purpose, Retry, SubmissionId, Submitter};

use super::error::JournalError;
use super::lookup::achieved;
use super::machine::{Effect, End, Event, Stage, State, step};
use super::row::Row;
use super::store::JournalStore;

/// How a purpose stands after a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A transaction is on its way; come back.
    UnderWay(SubmissionId),
    /// The last transaction came to nothing and no new one was asked for.
    Idle,
    /// Achieved by our own transaction, finally as far as the node knows.
    Done(SubmissionId),
    /// Achieved by somebody else.
    DoneByOthers,
}

/// The submissions of an operator's accounts.
///
/// `&mut self` makes passes exclude each other: of two at once both would take the same nonce.
#[derive(Debug)]
pub struct Journal<S> {
    store: S,
    /// What may be on its way, from the rows on disk.
    live: BTreeMap<Purpose, Prepared>,
    /// A write failed: nobody knows what is durable, so nothing is sent until the rows are read anew.
    halted: bool,
    /// The table: [`step`], or what a test breaks of it.
    rules: Rules,
}

/// What decides.
pub(super) type Rules = fn(State, Event) -> (State, Option<Effect>);

impl<S: JournalStore> Journal<S> {
    /// Reads every row. Nothing is sent: call [`resume`](Self::resume).
    ///
    /// # Errors
    /// A disk that fails, a row that can't be read: then nothing may be sent, because something may be on its way.
    pub fn open(store: S) -> Result<Self, JournalError> {
        Self::open_with(store, step)
    }

    /// As [`open`](Self::open), under other rules.
    pub(super) fn open_with(store: S, rules: Rules) -> Result<Self, JournalError> {
        let mut live = BTreeMap::new();
        for (key, bytes) in store.rows().map_err(JournalError::Store)? {
            if let Stage::Live(prepared) = Row::decode(&bytes)?.stage {
                live.insert(Purpose(key), prepared);
            }
        }
        Ok(Self { store, live, halted: false, rules })
    }

    /// What may be on its way, by purpose.
    pub fn live(&self) -> &BTreeMap<Purpose, Prepared> {
        &self.live
    }

    /// Where the rows are kept.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Does what can be done now for an action: looks whether it is achieved, has it signed, writes it down, sends it,
    /// or sees how it stands. Call it again until it is done.
    ///
    /// `fee` is the limit of a new transaction. May be dropped at any await point: it is as if the process had ended
    /// there.
    ///
    /// # Errors
    /// The first thing that stopped this pass; [`JournalError::retry`] says when to come back.
    pub async fn want(
        &mut self,
        submitter: &dyn Submitter,
        action: &Action,
        fee: FeeLimit,
    ) -> Result<Progress, JournalError> {
        let purpose = action.purpose(&submitter.id());
        let mut pass = Pass { journal: self, submitter, purpose, wanted: Some((action, fee)) };
        pass.run().await
    }

    /// Sees how everything on its way to the submitter's chain stands, and sends again what no node knows.
    ///
    /// One purpose's trouble does not stop the others'. Needs no action: a transaction that came to nothing is recorded
    /// and a new one signed only when somebody [wants](Self::want) it.
    pub async fn resume(&mut self, submitter: &dyn Submitter) -> Vec<(Purpose, Result<Progress, JournalError>)> {
        let here = |prepared: &Prepared| prepared.chain == *submitter.chain();
        let purposes: Vec<Purpose> =
            self.live.iter().filter(|(_, prepared)| here(prepared)).map(|(purpose, _)| purpose.clone()).collect();
        let mut results = Vec::with_capacity(purposes.len());
        for purpose in purposes {
            let mut pass = Pass { journal: self, submitter, purpose: purpose.clone(), wanted: None };
            let progress = pass.run().await;
            results.push((purpose, progress));
        }
        results
    }

    /// Forgets how a purpose ended, for what may be decided again: the same guardian a second time, a consent given
    /// once more.
    ///
    /// # Errors
    /// [`JournalError::UnderWay`] while a transaction of it may be on its way; a disk that fails.
    pub fn forget(&mut self, purpose: &Purpose) -> Result<(), JournalError> {
        if self.live.contains_key(purpose) {
            return Err(JournalError::UnderWay { purpose: purpose.to_string() });
        }
        if self.halted {
            return Err(JournalError::Halted);
        }
        self.store.remove(&purpose.0).map_err(JournalError::Store)
    }

    fn load(&self, purpose: &Purpose) -> Result<State, JournalError> {
        if self.halted {
            return Err(JournalError::Halted);
        }
        match self.store.get(&purpose.0).map_err(JournalError::Store)? {
            Some(bytes) => Ok(Row::decode(&bytes)?.into()),
            None => Ok(State::NEW),
        }
    }

    fn save(&mut self, purpose: &Purpose, row: &Row) -> Result<(), JournalError> {
        if let Err(error) = self.store.put(&purpose.0, &row.encode()) {
            // The row may read back and still be lost with the next power cut.
            self.halted = true;
            return Err(JournalError::Store(error));
        }
        match &row.stage {
            Stage::Live(prepared) => self.live.insert(purpose.clone(), prepared.clone()),
            _ => self.live.remove(purpose),
        };
        Ok(())
    }
}

/// One pass over one purpose.
struct Pass<'a, S> {
    journal: &'a mut Journal<S>,
    submitter: &'a dyn Submitter,
    purpose: Purpose,
    /// What to sign if nothing is on its way; none when only what is on its way is looked after.
    wanted: Option<(&'a Action, FeeLimit)>,
}

impl<S: JournalStore> Pass<'_, S> {
    async fn run(&mut self) -> Result<Progress, JournalError> {
        let mut state = self.journal.load(&self.purpose)?;
        let mut event = Some(Event::Wanted);
        // Each effect has at most one answer, and the machine comes to rest: see its table.
        while let Some(happened) = event.take() {
            let (next, effect) = (self.journal.rules)(state, happened);
            state = next;
            if let Some(effect) = effect {
                event = self.carry_out(effect).await?;
            }
        }
        Ok(match state.stage {
            Stage::Idle => Progress::Idle,
            Stage::Signed(prepared) | Stage::Live(prepared) => Progress::UnderWay(prepared.id),
            Stage::Ended(End::Ours { id, .. }) => Progress::Done(id),
            Stage::Ended(End::Others) => Progress::DoneByOthers,
        })
    }

    async fn carry_out(&mut self, effect: Effect) -> Result<Option<Event>, JournalError> {
        match effect {
            Effect::Look => match self.wanted {
                Some((action, _)) => Ok(Some(Event::Looked { achieved: achieved(self.submitter, action).await? })),
                None => Ok(None),
            },
            Effect::Prepare => match self.wanted {
                Some((action, fee)) => self.prepare(action, fee).await.map(Some),
                None => Ok(None),
            },
            Effect::Store(row) => {
                self.journal.save(&self.purpose, &row)?;
                Ok(Some(Event::Stored))
            }
            Effect::Broadcast(prepared) => {
                self.submitter.broadcast(&prepared).await?;
                Ok(None)
            }
            Effect::AskStatus(prepared) => Ok(Some(Event::Observed(self.submitter.status(&prepared).await?))),
        }
    }

    async fn prepare(&self, action: &Action, fee: FeeLimit) -> Result<Event, JournalError> {
        let here = |prepared: &&Prepared| prepared.chain == *self.submitter.chain();
        let undecided: Vec<Prepared> = self.journal.live.values().filter(here).cloned().collect();
        match self.submitter.prepare(action, fee, &undecided).await {
            Ok(prepared) => Ok(Event::Signed(prepared)),
            // somebody else may have been first since it was looked up
            Err(error @ ChainError::Refused { .. }) if error.retry() == Retry::AfterReading => {
                if achieved(self.submitter, action).await? {
                    return Ok(Event::Looked { achieved: true });
                }
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}
