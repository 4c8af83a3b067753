//! One height: drives the consensus library and answers its effects.
//!
//! The library is a state machine that asks for everything by effects. Its `process!` logs an error of the handler and
//! goes on, so the journal remembers that it has halted and refuses all that follows.

use super::action::{Outbox, Pace};
use super::certificate;
use super::context::{Motion, Place, SealContext, SealHeight, Witnesses};
use super::guard::Step;
use super::journal::{Journal, Refusal};
use super::record;
use super::signing::{ballot_bytes, kind_number, motion_bytes, round_number, verify};
use super::tally::{precommits, round_certificate, tally};
use super::value::Vector;
use super::view::{Sight, Verdict};
use super::wal::Wal;
use super::wire::{Decided, Wire};
use liaise_ledger::Hash;
use malachitebft_core_consensus::{
    ConsensusMsg, Effect, Error, Input, LivenessMsg, LocallyProposedValue, Params, ProposedValue, Resumable, Resume,
    SignedConsensusMsg, State, ThresholdParams, ValuePayload, VoteExtensionError, process,
};
use malachitebft_core_types::{CommitCertificate, Round, SignedMessage, Validity, ValueOrigin, VoteExtensionPolicy};
use std::collections::{BTreeMap, VecDeque};

pub(super) type CoreInput = Input<SealContext>;

/// What one call needs besides the height itself.
pub(super) struct Tools<'a, W> {
    pub network: &'a Hash,
    pub pace: &'a Pace,
    pub journal: &'a mut Journal<W>,
    pub outbox: &'a mut Outbox,
    pub sight: Sight<'a>,
}

/// A proposal of another witness, as far as it is judged.
struct Candidate {
    value: Vector,
    pol: Round,
    from: Place,
    /// The validity that the library was told.
    told: Option<Validity>,
}

/// What the effects act upon.
struct Desk {
    me: Place,
    height: SealHeight,
    thresholds: ThresholdParams,
    inbox: VecDeque<CoreInput>,
    /// A decision names its value by id only.
    values: BTreeMap<Hash, Vector>,
    /// Own values as logged, by round: what was logged is what is proposed.
    mine: BTreeMap<u32, Vector>,
    candidates: BTreeMap<(u32, Hash), Candidate>,
    /// The round for which the library wants a value.
    wanted: Option<Round>,
    /// A candidate is new, or the view has changed.
    look: bool,
    decided: Option<Decided>,
}

pub(super) struct RunningHeight {
    state: State<SealContext>,
    desk: Desk,
    /// When it began, on the caller's clock.
    started_ms: u64,
}

impl RunningHeight {
    /// Starts the height, or goes on where the log ends.
    pub fn start<W: Wal>(
        height: SealHeight,
        me: Place,
        thresholds: ThresholdParams,
        logged: Vec<CoreInput>,
        started_ms: u64,
        tools: &mut Tools<'_, W>,
    ) -> Self {
        let params = Params {
            address: me,
            threshold_params: thresholds,
            // The value is judged here and handed in; with `ProposalOnly` the library takes every value as valid.
            value_payload: ValuePayload::ProposalAndParts,
            enabled: true,
        };
        // Inputs for other heights never reach the library: its own queues stay empty.
        let state = State::new(SealContext, height, tools.sight.set.clone(), params, 1, 1);
        let desk = Desk {
            me,
            height,
            thresholds,
            inbox: VecDeque::new(),
            values: BTreeMap::new(),
            mine: BTreeMap::new(),
            candidates: BTreeMap::new(),
            wanted: None,
            look: true,
            decided: None,
        };
        let mut running = RunningHeight { state, desk, started_ms };
        for input in &logged {
            if let Input::ProposedValue(proposed, _) = input {
                running.desk.note(proposed);
            }
        }
        let start = Input::StartHeight(height, tools.sight.set.clone(), false, None, VoteExtensionPolicy::Disabled);
        running.run(start, tools);
        running.state.index_wal_entries(&logged);
        for input in logged {
            if running.desk.decided.is_none() {
                running.run(input, tools);
            }
        }
        running.state.reset_entries_index();
        running.settle(tools);
        running
    }

    pub fn height(&self) -> SealHeight {
        self.desk.height
    }

    pub fn feed<W: Wal>(&mut self, input: CoreInput, tools: &mut Tools<'_, W>) {
        self.desk.inbox.push_back(input);
        self.settle(tools);
    }

    /// The view has changed, or time has passed.
    pub fn look_again<W: Wal>(&mut self, tools: &mut Tools<'_, W>) {
        self.desk.look = true;
        self.settle(tools);
    }

    /// The decision, durable, once it is made.
    pub fn take_decision(&mut self) -> Option<Decided> {
        self.desk.decided.take()
    }

    fn run<W: Wal>(&mut self, input: CoreInput, tools: &mut Tools<'_, W>) {
        let RunningHeight { state, desk, .. } = self;
        let done: Result<(), Error<SealContext>> =
            process!(input: input, state: state, metrics: &(), with: effect => desk.answer(effect, tools));
        if let Err(error) = done {
            tracing::debug!(height = %self.desk.height, %error, "an input was given up");
        }
    }

    /// Works until nothing is left to do.
    fn settle<W: Wal>(&mut self, tools: &mut Tools<'_, W>) {
        while self.desk.decided.is_none() && !tools.journal.is_halted() {
            if let Some(input) = self.desk.inbox.pop_front() {
                self.run(input, tools);
            } else if !self.judge(tools) && !self.propose(tools) {
                break;
            }
        }
    }

    /// Tells the library what it may be told by now. True when there was something.
    fn judge<W: Wal>(&mut self, tools: &Tools<'_, W>) -> bool {
        let look = std::mem::take(&mut self.desk.look);
        let mut told = Vec::new();
        for ((round, id), candidate) in &mut self.desk.candidates {
            if candidate.told == Some(Validity::Valid) {
                continue;
            }
            let round = Round::new(*round);
            let has_polka = |round| self.state.polka_certificate(round, id).is_some();
            let validity = if has_polka(round) || has_polka(candidate.pol) {
                // Honest witnesses have judged it; views that differ for ever would stall the height.
                Some(Validity::Valid)
            } else if look {
                match tools.sight.judge(&candidate.value) {
                    Verdict::Accept => Some(Validity::Valid),
                    Verdict::Refuse if candidate.pol.is_nil() => Some(Validity::Invalid),
                    // Proposed again: its polka may still arrive.
                    Verdict::Refuse | Verdict::Wait => None,
                }
            } else {
                None
            };
            if let Some(validity) = validity
                && candidate.told != Some(validity)
            {
                candidate.told = Some(validity);
                told.push(ProposedValue {
                    height: self.desk.height,
                    round,
                    valid_round: candidate.pol,
                    proposer: candidate.from,
                    value: candidate.value.clone(),
                    validity,
                });
            }
        }
        let any = !told.is_empty();
        let inputs = told.into_iter().map(|value| Input::ProposedValue(value, ValueOrigin::Consensus));
        self.desk.inbox.extend(inputs);
        any
    }

    /// Proposes if it is this witness's turn and it holds enough. True when it did.
    fn propose<W: Wal>(&mut self, tools: &Tools<'_, W>) -> bool {
        let Some(round) = self.desk.wanted.filter(|round| *round == self.state.round()) else { return false };
        let value = match self.desk.mine.get(&round_number(round)) {
            Some(logged) => logged.clone(),
            None => {
                let value = tools.sight.vector(tools.network);
                // A store whose batch is merely late keeps its place: nobody proposes a null before the wait is over.
                let waited = tools.sight.now_ms.saturating_sub(self.started_ms) >= tools.sight.wait_ms;
                let ready = value.set() == value.places().len() || waited;
                if !ready || tools.sight.judge(&value) != Verdict::Accept {
                    return false;
                }
                value
            }
        };
        self.desk.wanted = None;
        self.desk.inbox.push_back(Input::Propose(LocallyProposedValue::new(self.desk.height, round, value)));
        true
    }
}

impl Desk {
    fn note(&mut self, proposed: &ProposedValue<SealContext>) {
        self.values.insert(proposed.value.id(), proposed.value.clone());
        if proposed.proposer == self.me {
            self.mine.entry(round_number(proposed.round)).or_insert_with(|| proposed.value.clone());
        } else if let Some(candidate) = self.candidates.get_mut(&(round_number(proposed.round), proposed.value.id())) {
            candidate.told = Some(proposed.validity);
        }
    }

    /// Logs an input. Logged means that the library has checked signature, proposer and bounds: now it may be judged.
    fn log<W: Wal>(&mut self, input: CoreInput, tools: &mut Tools<'_, W>) -> Result<(), Refusal> {
        let record = record::encode_input(self.height, &input).ok_or(Refusal::Unexpected)?;
        tools.journal.append(&record)?;
        match input {
            Input::Proposal(proposal) if proposal.from != self.me => {
                let Motion { round, value, pol, from, .. } = proposal.message;
                let candidate = Candidate { value, pol, from, told: None };
                self.candidates.entry((round_number(round), candidate.value.id())).or_insert(candidate);
                self.look = true;
            }
            Input::ProposedValue(proposed, _) => self.note(&proposed),
            _ => {}
        }
        Ok(())
    }

    fn decide<W: Wal>(
        &mut self,
        commit: &CommitCertificate<SealContext>,
        tools: &mut Tools<'_, W>,
    ) -> Result<(), Refusal> {
        let value = self.values.get(&commit.value_id).expect("the library decides only values that it was given");
        let (batches, certificate) = (value.batches(), certificate::encode(commit));
        let decided = Decided { height: self.height, batches, certificate };
        tools.journal.decide(decided.clone())?;
        self.decided = Some(decided);
        Ok(())
    }

    fn answer<W: Wal>(
        &mut self,
        effect: Effect<SealContext>,
        tools: &mut Tools<'_, W>,
    ) -> Result<Resume<SealContext>, Refusal> {
        if tools.journal.is_halted() {
            return Err(Refusal::Halted);
        }
        let (network, quorum) = (tools.network, self.thresholds.quorum);
        Ok(match effect {
            Effect::CancelAllTimeouts(r) => {
                tools.outbox.cancel_core();
                r.resume_with(())
            }
            Effect::CancelTimeout(timeout, r) => {
                tools.outbox.cancel(timeout);
                r.resume_with(())
            }
            Effect::ScheduleTimeout(timeout, r) => {
                tools.outbox.schedule(timeout, tools.pace.duration(timeout));
                r.resume_with(())
            }
            Effect::StartRound(_, round, _, _, r) => {
                tracing::debug!(height = %self.height, %round, "a round begins");
                r.resume_with(())
            }
            // A proposal is one message and carries the whole value.
            Effect::RestreamProposal(_, _, _, _, _, r) => r.resume_with(()),
            Effect::PublishConsensusMsg(SignedConsensusMsg::Vote(vote), r)
            | Effect::PublishLivenessMsg(LivenessMsg::Vote(vote), r)
            | Effect::RepublishVote(vote, r) => {
                tools.outbox.broadcast(&Wire::Vote(vote));
                r.resume_with(())
            }
            Effect::PublishConsensusMsg(SignedConsensusMsg::Proposal(proposal), r) => {
                tools.outbox.broadcast(&Wire::Proposal(proposal));
                r.resume_with(())
            }
            Effect::PublishLivenessMsg(LivenessMsg::PolkaCertificate(certificate), r) => {
                tools.outbox.broadcast(&Wire::Polka(certificate));
                r.resume_with(())
            }
            Effect::PublishLivenessMsg(LivenessMsg::SkipRoundCertificate(certificate), r)
            | Effect::RepublishRoundCertificate(certificate, r) => {
                tools.outbox.broadcast(&Wire::Round(certificate));
                r.resume_with(())
            }
            Effect::GetValue(_, round, _, r) => {
                self.wanted = Some(round);
                r.resume_with(())
            }
            Effect::SignVote(vote, r) => {
                let step = Step { height: vote.height, round: round_number(vote.round), kind: kind_number(vote.kind) };
                let signature = tools.journal.sign(step, ballot_bytes(network, &vote))?;
                r.resume_with(SignedMessage::new(vote, signature))
            }
            Effect::SignProposal(motion, r) => {
                let step = Step { height: motion.height, round: round_number(motion.round), kind: 0 };
                let signature = tools.journal.sign(step, motion_bytes(network, &motion))?;
                r.resume_with(SignedMessage::new(motion, signature))
            }
            Effect::VerifySignature(message, key, r) => {
                let bytes = match &message.message {
                    ConsensusMsg::Vote(vote) => ballot_bytes(network, vote),
                    ConsensusMsg::Proposal(motion) => motion_bytes(network, motion),
                };
                r.resume_with(verify(&key, &bytes, &message.signature))
            }
            Effect::VerifyCommitCertificate(c, set, _, r) => {
                r.resume_with(tally(network, &set, quorum, precommits(&c)))
            }
            Effect::VerifyExtendedCommitCertificate(c, set, _, _, r) => {
                r.resume_with(tally(network, &set, quorum, precommits(&c.trim_vote_extensions())))
            }
            Effect::VerifyPolkaCertificate(c, set, _, r) => {
                r.resume_with(tally(network, &set, quorum, c.votes(&SealContext)))
            }
            Effect::VerifyRoundCertificate(c, set, thresholds, r) => {
                r.resume_with(round_certificate(network, &set, thresholds, &c))
            }
            Effect::WalAppend(_, input, r) => {
                self.log(input, tools)?;
                r.resume_with(())
            }
            Effect::Decide(commit, _, r) => {
                self.decide(&commit, tools)?;
                r.resume_with(())
            }
            Effect::Finalize(_, _, evidence, r) => {
                if !evidence.is_empty() {
                    tracing::warn!(height = %self.height, "a witness has signed two messages for one step");
                }
                r.resume_with(())
            }
            // Late witnesses are helped outside of the library, and no vote has an extension.
            Effect::CertVerifiedSyncValue(_, _, r) => r.resume_with(()),
            Effect::CertRejectedSyncValue(_, _, _, r) => r.resume_with(()),
            Effect::ExtendVote(_, _, _, _, r) => r.resume_with(None),
            Effect::VerifyVoteExtension(_, _, _, _, _, _, r) => {
                r.resume_with(Err(VoteExtensionError::InvalidVoteExtension))
            }
        })
    }
}

/// A proposal is worth its signatures' checks: the right witness, a full vector, every place proven by its store.
pub(super) fn is_proven(network: &Hash, set: &Witnesses, motion: &SignedMessage<SealContext, Motion>) -> bool {
    let proposer = set.proposer(motion.height, motion.round);
    let places = motion.value.places();
    proposer.place == motion.from
        && places.len() == set.iter().count()
        && verify(&proposer.key, &motion_bytes(network, motion), &motion.signature)
        && set.iter().zip(places).all(|(w, place)| place.is_none_or(|header| header.is_signed_by(&w.key)))
}
