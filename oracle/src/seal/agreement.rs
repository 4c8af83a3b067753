//! The agreement of one witness, epoch after epoch: what its caller holds.

use super::action::{Action, Alarm, Outbox, Pace, Token};
use super::certificate::{self, witnesses};
use super::context::{Place, SealHeight};
use super::early::Early;
use super::error::SealError;
use super::height::{CoreInput, RunningHeight, is_proven};
use super::journal::Journal;
use super::office::{Office, decision, of_seal};
use super::view::{Decision, View};
use super::wal::Wal;
use super::wire::{Decided, Wire};
use ed25519_dalek::SigningKey;
use liaise_ledger::{EpochNumber, Hash};
use malachitebft_core_consensus::{Input, ThresholdParams};
use malachitebft_core_types::Height;
use std::collections::BTreeMap;
use std::time::Duration;

/// A witness is asked or answered at most this often, whatever it sends.
const ANSWER_PAUSE_MS: u64 = 1_000;

/// What an agreement is made of.
pub struct Config {
    /// The network's id.
    pub network: Hash,
    /// The witness stores' keys, ascending; 4 to 256.
    pub keys: Vec<[u8; 32]>,
    /// This witness's key; one of them. Wiped when dropped.
    pub signer: SigningKey,
    /// How long a batch must have been held to refuse a null in its place, and how long a proposer waits for batches that
    /// are late: `seal_wait_s` of the genesis.
    pub wait: Duration,
    /// How long rounds wait.
    pub pace: Pace,
}

/// What happens to a witness.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message arrived. Who delivered it does not matter; it proves itself.
    Message(Vec<u8>),
    /// A timer fired.
    Timeout(Token),
    /// [`View`] may answer otherwise than before: a batch or a part of a chain came.
    View,
    /// A seal came by another way than this agreement, from a `seal` message. Its certificate is checked.
    Sealed(Decision),
}

/// What a test may take away to show what it is for.
#[derive(Clone, Copy)]
pub(super) struct Safeguards {
    pub thresholds: ThresholdParams,
    /// The signing guard.
    pub guard: bool,
    /// The replay of the log.
    pub replay: bool,
}

impl Default for Safeguards {
    fn default() -> Self {
        Safeguards { thresholds: ThresholdParams::default(), guard: true, replay: true }
    }
}

enum Phase {
    Idle,
    /// Started, but batches are missing, nobody has begun, and the wait is not over.
    Gathering {
        height: SealHeight,
        since_ms: u64,
    },
    Running(Box<RunningHeight>),
}

/// One witness's part in the agreement on seals.
///
/// No I/O but the log's: messages, timers and the clock are the caller's. Every call answers what to do; nothing is done
/// in between. An error means that this witness takes part no more until it is restarted.
///
/// Calls wait for the log: make them where blocking is allowed.
pub struct Agreement<W> {
    office: Office<W>,
    phase: Phase,
    /// Inputs of undecided heights, as the log had them at the start.
    logged: BTreeMap<SealHeight, Vec<CoreInput>>,
    early: Early,
    /// When each witness was last asked for, or sent, a decision.
    helped_ms: BTreeMap<Place, u64>,
}

impl<W: Wal> Agreement<W> {
    /// Opens the log. Nothing happens before [`Self::start`].
    ///
    /// # Errors
    /// [`SealError::Keys`], [`SealError::NotAWitness`], [`SealError::Log`], [`SealError::Record`].
    pub fn new(config: Config, wal: W) -> Result<Self, SealError> {
        Self::with(config, wal, Safeguards::default())
    }

    pub(super) fn with(config: Config, wal: W, safeguards: Safeguards) -> Result<Self, SealError> {
        let set = witnesses(&config.keys).map_err(SealError::Keys)?;
        let me = config.signer.verifying_key();
        let me = set.iter().find(|w| w.key == me).map(|w| w.place).ok_or(SealError::NotAWitness)?;
        let (mut journal, inputs) = Journal::open(wal, config.signer, &config.network)?;
        journal.guarded = safeguards.guard;
        let mut logged = BTreeMap::<_, Vec<_>>::new();
        for (height, input) in inputs.into_iter().filter(|_| safeguards.replay) {
            logged.entry(height).or_default().push(*input);
        }
        let office = Office {
            network: config.network,
            me,
            wait: config.wait,
            pace: config.pace,
            thresholds: safeguards.thresholds,
            journal,
            outbox: Outbox::default(),
            set,
        };
        Ok(Agreement { office, phase: Phase::Idle, logged, early: Early::default(), helped_ms: BTreeMap::new() })
    }

    /// The highest epoch whose decision the log holds.
    pub fn last_decided(&self) -> Option<EpochNumber> {
        self.office.journal.last().map(SealHeight::epoch)
    }

    /// The epoch that is being agreed on.
    pub fn running(&self) -> Option<EpochNumber> {
        self.current().map(SealHeight::epoch)
    }

    /// How many signatures the guard has refused: 0, or the replay of the log is broken.
    pub fn refused_signatures(&self) -> u64 {
        self.office.journal.refused_signatures
    }

    fn current(&self) -> Option<SealHeight> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Gathering { height, .. } => Some(*height),
            Phase::Running(running) => Some(running.height()),
        }
    }

    /// Begins to agree on an epoch; goes on where the log ends after a restart. Call it once this witness has signed its
    /// close batch, in the order of epochs. Again for the same epoch it changes nothing; for one that is decided it answers
    /// the decision.
    ///
    /// # Errors
    /// [`SealError::Running`], [`SealError::Past`], [`SealError::Epoch`]; [`SealError::Log`] and [`SealError::Halted`].
    pub fn start(&mut self, epoch: EpochNumber, now_ms: u64, view: &dyn View) -> Result<Vec<Action>, SealError> {
        self.check()?;
        let height = SealHeight::of(epoch).ok_or(SealError::Epoch(epoch))?;
        if let Some(decided) = self.office.journal.decision(height) {
            return Ok(vec![Action::Decided(decision(decided))]);
        }
        if self.office.journal.last() >= Some(height) {
            return Err(SealError::Past(epoch));
        }
        match self.running() {
            Some(running) if running == epoch => return Ok(Vec::new()),
            Some(running) => return Err(SealError::Running { running, asked: epoch }),
            None => {}
        }
        self.phase = Phase::Gathering { height, since_ms: now_ms };
        self.office.outbox.set(Alarm::Wait, self.office.wait);
        // Whoever has decided it while this witness was away sends the decision.
        let ask = self.office.ask(height);
        self.office.outbox.broadcast(&ask);
        self.advance(now_ms, view);
        self.finish()
    }

    /// Handles what happened.
    ///
    /// `now_ms` is any clock that never goes back while the program runs. `view` is asked for the running epoch only.
    ///
    /// # Errors
    /// [`SealError::Log`] and [`SealError::Halted`]; [`SealError::Seal`] for an [`Event::Sealed`] that proves nothing,
    /// which halts nothing.
    pub fn handle(&mut self, event: Event, now_ms: u64, view: &dyn View) -> Result<Vec<Action>, SealError> {
        self.check()?;
        match event {
            Event::Message(bytes) => match Wire::decode(&bytes, &self.office.network) {
                Some(wire) => self.message(wire, now_ms, view),
                None => tracing::debug!("a malformed message was dropped"),
            },
            Event::Timeout(token) => match self.office.outbox.fired(token) {
                Some(Alarm::Core(timeout)) => self.feed(Input::TimeoutElapsed(timeout), now_ms, view),
                Some(Alarm::Wait) => self.advance(now_ms, view),
                None => {}
            },
            Event::View => self.advance(now_ms, view),
            Event::Sealed(seal) => self.sealed(seal)?,
        }
        self.finish()
    }

    fn check(&self) -> Result<(), SealError> {
        if self.office.journal.is_halted() { Err(SealError::Halted) } else { Ok(()) }
    }

    /// The actions, unless the log failed.
    fn finish(&mut self) -> Result<Vec<Action>, SealError> {
        if self.office.journal.is_halted() {
            return Err(self.office.journal.take_error());
        }
        Ok(self.office.outbox.take())
    }

    /// Begins when there is no reason to wait any more; judges again what was not acceptable before.
    fn advance(&mut self, now_ms: u64, view: &dyn View) {
        match &mut self.phase {
            Phase::Idle => {}
            Phase::Gathering { height, since_ms } => {
                let (height, since_ms) = (*height, *since_ms);
                let sight = self.office.sight(height, now_ms, view);
                let vector = sight.vector(&self.office.network);
                let full = vector.set() == vector.places().len();
                let over = now_ms.saturating_sub(since_ms) >= self.office.wait.as_millis() as u64;
                if full || over || self.early.has(height) || self.logged.contains_key(&height) {
                    self.begin(height, since_ms, now_ms, view);
                }
            }
            Phase::Running(running) => {
                running.look_again(&mut self.office.tools(running.height(), now_ms, view));
                self.conclude();
            }
        }
    }

    fn begin(&mut self, height: SealHeight, since_ms: u64, now_ms: u64, view: &dyn View) {
        let logged = self.logged.remove(&height).unwrap_or_default();
        let (me, thresholds) = (self.office.me, self.office.thresholds);
        let mut tools = self.office.tools(height, now_ms, view);
        let running = RunningHeight::start(height, me, thresholds, logged, since_ms, &mut tools);
        self.phase = Phase::Running(Box::new(running));
        self.conclude();
        for wire in self.early.take(height) {
            self.take_part(wire, now_ms, view);
        }
    }

    fn feed(&mut self, input: CoreInput, now_ms: u64, view: &dyn View) {
        if let Phase::Running(running) = &mut self.phase {
            running.feed(input, &mut self.office.tools(running.height(), now_ms, view));
            self.conclude();
        }
    }

    /// Hands out the decision, if there is one.
    fn conclude(&mut self) {
        if let Phase::Running(running) = &mut self.phase
            && let Some(decided) = running.take_decision()
        {
            self.close(&decided);
        }
    }

    /// The decision is in the log.
    fn close(&mut self, decided: &Decided) {
        self.phase = Phase::Idle;
        self.logged = self.logged.split_off(&decided.height.increment());
        self.early.drop_below(decided.height.increment());
        self.office.outbox.cancel_all();
        self.office.outbox.decided(decision(decided));
    }

    fn message(&mut self, wire: Wire, now_ms: u64, view: &dyn View) {
        let height = wire.height();
        if self.office.journal.last() >= Some(height) {
            return self.help(&wire, now_ms, view);
        }
        match (wire, self.current()) {
            // Not decided here: whoever asks finds somebody else, or this height goes on.
            (Wire::Ask(_), _) => {}
            (Wire::Decided(decided), Some(current)) if current == height => {
                if let Err(why) = self.adopt(decided) {
                    tracing::debug!(%why, "a decision that proves nothing was dropped");
                }
            }
            (Wire::Decided(_), _) => {}
            (wire, Some(current)) if current == height && matches!(self.phase, Phase::Running(_)) => {
                self.take_part(wire, now_ms, view);
            }
            (wire, current) => self.not_yet(wire, current, now_ms, view),
        }
    }

    /// A message of the running height.
    fn take_part(&mut self, wire: Wire, now_ms: u64, view: &dyn View) {
        let input = match wire {
            Wire::Vote(vote) => Input::Vote(vote),
            Wire::Proposal(proposal) => {
                if !is_proven(&self.office.network, &self.office.set, &proposal) {
                    return tracing::debug!("a proposal with a place that its store has not signed was dropped");
                }
                Input::Proposal(proposal)
            }
            Wire::Polka(certificate) => Input::PolkaCertificate(certificate),
            Wire::Round(certificate) => Input::RoundCertificate(certificate),
            Wire::Ask(_) | Wire::Decided(_) => return,
        };
        self.feed(input, now_ms, view);
    }

    /// A message of a height that does not run here, or not yet.
    fn not_yet(&mut self, wire: Wire, current: Option<SealHeight>, now_ms: u64, view: &dyn View) {
        let height = wire.height();
        let expected = current.or_else(|| self.office.journal.last().map(|last| last.increment()));
        let Some(from) = self.office.author(&wire) else { return };
        if expected.is_some_and(|expected| (expected..=expected.increment()).contains(&height)) {
            self.early.keep(from, wire);
        }
        match current {
            // Its author is ahead: it has decided what runs here.
            Some(current) if current < height && self.may_help(from, now_ms) => {
                let ask = self.office.ask(current);
                self.office.send(from, &ask);
            }
            // It has begun: no reason to wait for batches.
            Some(current) if current == height => self.advance(now_ms, view),
            _ => {}
        }
    }

    /// Sends the decision to the author of a message of a height that is decided here.
    fn help(&mut self, wire: &Wire, now_ms: u64, view: &dyn View) {
        let Some(from) = self.office.author(wire).filter(|from| *from != self.office.me) else { return };
        if !self.may_help(from, now_ms) {
            return;
        }
        let height = wire.height();
        let decided = self.office.journal.decision(height).cloned().or_else(|| of_seal(&view.sealed(height.epoch())?));
        if let Some(decided) = decided {
            self.office.send(from, &Wire::Decided(decided));
        }
    }

    /// So that nobody makes this witness send much by sending little.
    fn may_help(&mut self, from: Place, now_ms: u64) -> bool {
        let may = self.helped_ms.get(&from).is_none_or(|last| now_ms.saturating_sub(*last) >= ANSWER_PAUSE_MS);
        if may {
            self.helped_ms.insert(from, now_ms);
        }
        may
    }

    fn adopt(&mut self, decided: Decided) -> Result<(), certificate::CertificateError> {
        let office = &mut self.office;
        let (epoch, quorum) = (decided.height.epoch(), office.thresholds.quorum);
        certificate::verify(&office.network, &office.set, quorum, epoch, &decided.batches, &decided.certificate)?;
        if office.journal.decide(decided.clone()).is_ok() {
            self.close(&decided);
        }
        Ok(())
    }

    fn sealed(&mut self, seal: Decision) -> Result<(), SealError> {
        let epoch = seal.epoch;
        let height = SealHeight::of(epoch).ok_or(SealError::Epoch(epoch))?;
        let is_expected = self.current().is_none_or(|current| current == height);
        if self.office.journal.last() >= Some(height) || !is_expected {
            return Ok(());
        }
        let malformed = certificate::CertificateError::Malformed;
        let decided = of_seal(&seal).ok_or(SealError::Seal { epoch, why: malformed })?;
        self.adopt(decided).map_err(|why| SealError::Seal { epoch, why })
    }
}
