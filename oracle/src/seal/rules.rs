//! One witness against scripted others: each rule of validity by itself.

use super::action::{Action, Pace, To, Token};
use super::agreement::{Agreement, Config, Event};
use super::certificate;
use super::context::{Place, SealContext, SealHeight, Witnesses};
use super::signing::{ballot_bytes, motion_bytes, sign};
use super::value::{CloseHeader, Vector};
use super::view::{BatchStatus, Decision, Held, View};
use super::wal::MemoryWal;
use super::wire::Wire;
use ed25519_dalek::{Signer, SigningKey};
use liaise_ledger::hash::DAG_CBOR;
use liaise_ledger::message::signing_bytes;
use liaise_ledger::{EpochNumber, Hash};
use malachitebft_core_types::{
    CommitCertificate, CommitSignature, Context, NilOrVal, PolkaCertificate, PolkaSignature, Round, SignedMessage,
    VoteType,
};
use std::collections::BTreeMap;
use std::time::Duration;

const NETWORK: Hash = Hash([3; 32]);
const WAIT_MS: u64 = 60_000;
/// Height 2: the proposer of round 0 is witness 2; this one is witness 0.
const EPOCH: EpochNumber = 0;

/// By store: since when its batch is held.
#[derive(Default)]
struct Seen {
    since_ms: BTreeMap<usize, u64>,
    refused: Vec<usize>,
}

impl View for Seen {
    fn close_batch(&self, store: &[u8; 32], _: EpochNumber) -> Option<Held> {
        let store = place_of(store);
        self.since_ms.get(&store).map(|since_ms| Held { header: header(store), since_ms: *since_ms })
    }
    fn status(&self, store: &[u8; 32], _: EpochNumber, batch: &Hash) -> BatchStatus {
        let store = place_of(store);
        assert_eq!(*batch, header(store).batch);
        match () {
            () if self.refused.contains(&store) => BatchStatus::Refused,
            () if self.since_ms.contains_key(&store) => BatchStatus::HeldAndDescends,
            () => BatchStatus::Unknown,
        }
    }
    fn sealed(&self, epoch: EpochNumber) -> Option<Decision> {
        (epoch < 0).then(|| Decision { epoch, batches: vec![None; 4], certificate: vec![9] })
    }
}

fn keys() -> Vec<SigningKey> {
    let mut keys: Vec<_> = (1..5).map(|n| SigningKey::from_bytes(&[n; 32])).collect();
    keys.sort_by_key(|key| key.verifying_key().to_bytes());
    keys
}

fn public() -> Vec<[u8; 32]> {
    keys().iter().map(|key| key.verifying_key().to_bytes()).collect()
}

fn place_of(store: &[u8; 32]) -> usize {
    public().iter().position(|key| key == store).unwrap()
}

fn header(store: usize) -> CloseHeader {
    let batch = Hash::of(&[&[store as u8]]);
    CloseHeader { batch, signature: keys()[store].sign(&signing_bytes(&batch.to_cid(DAG_CBOR))).to_bytes() }
}

fn vector(set: [bool; 4]) -> Vector {
    Vector::new(&NETWORK, EPOCH, (0..4).map(|i| set[i].then(|| header(i))).collect())
}

fn height() -> SealHeight {
    SealHeight::of(EPOCH).unwrap()
}

fn proposal(value: &Vector, round: u32, pol: Round) -> Vec<u8> {
    let set = Witnesses::new(keys().iter().map(|k| k.verifying_key()));
    let from = set.proposer(height(), Round::new(round)).place;
    let motion = SealContext.new_proposal(height(), Round::new(round), value.clone(), pol, from);
    let signature = sign(&keys()[usize::from(from.0)], &motion_bytes(&NETWORK, &motion));
    Wire::Proposal(SignedMessage::new(motion, signature)).encode()
}

fn vote(
    kind: VoteType,
    from: u16,
    round: u32,
    value: NilOrVal<Hash>,
) -> SignedMessage<SealContext, super::context::Ballot> {
    let (round, from) = (Round::new(round), Place(from));
    let vote = match kind {
        VoteType::Prevote => SealContext.new_prevote(height(), round, value, from),
        VoteType::Precommit => SealContext.new_precommit(height(), round, value, from),
    };
    let signature = sign(&keys()[usize::from(from.0)], &ballot_bytes(&NETWORK, &vote));
    SignedMessage::new(vote, signature)
}

struct Subject {
    agreement: Agreement<MemoryWal>,
    seen: Seen,
    now_ms: u64,
    timers: Vec<Token>,
    /// What it sent since it was last looked at.
    sent: Vec<(To, Wire)>,
    decided: Vec<Decision>,
}

impl Subject {
    /// Witness 0 holds these stores' batches since its start at 0.
    fn new(held: &[usize]) -> Self {
        let config = Config {
            network: NETWORK,
            keys: public(),
            signer: keys()[0].clone(),
            wait: Duration::from_millis(WAIT_MS),
            pace: Pace::default(),
        };
        let agreement = Agreement::new(config, MemoryWal::default()).unwrap();
        let seen = Seen { since_ms: held.iter().map(|store| (*store, 0)).collect(), refused: vec![] };
        let mut subject = Subject { agreement, seen, now_ms: 0, timers: vec![], sent: vec![], decided: vec![] };
        let actions = subject.agreement.start(EPOCH, 0, &subject.seen).unwrap();
        subject.carry_out(actions);
        subject
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send { to, bytes } => self.sent.push((to, Wire::decode(&bytes, &NETWORK).unwrap())),
                Action::SetTimeout { token, .. } => self.timers.push(token),
                Action::CancelTimeout(token) => self.timers.retain(|t| *t != token),
                Action::Decided(decision) => self.decided.push(decision),
            }
        }
    }

    fn hears(&mut self, event: Event) -> &mut Self {
        let actions = self.agreement.handle(event, self.now_ms, &self.seen).unwrap();
        self.carry_out(actions);
        self
    }

    fn gets(&mut self, bytes: Vec<u8>) -> &mut Self {
        self.hears(Event::Message(bytes))
    }

    /// The votes of this kind that it sent since the last look.
    fn votes(&mut self, kind: VoteType) -> Vec<NilOrVal<Hash>> {
        let sent = std::mem::take(&mut self.sent);
        let of_kind = |wire| match wire {
            Wire::Vote(vote) if vote.kind == kind => Some(vote.value),
            _ => None,
        };
        sent.into_iter().filter_map(|(_, wire)| of_kind(wire)).collect()
    }
}

fn prevote(value: &Vector) -> Vec<NilOrVal<Hash>> {
    vec![NilOrVal::Val(value.id())]
}

#[test]
fn a_full_vector_of_held_batches_is_voted_for() {
    let full = vector([true; 4]);
    let mut subject = Subject::new(&[0, 1, 2, 3]);
    assert_eq!(subject.gets(proposal(&full, 0, Round::Nil)).votes(VoteType::Prevote), prevote(&full));
}

#[test]
fn an_unknown_batch_is_waited_for() {
    let full = vector([true; 4]);
    let mut subject = Subject::new(&[0, 1, 2]);
    assert!(subject.gets(proposal(&full, 0, Round::Nil)).votes(VoteType::Prevote).is_empty());
    assert!(subject.hears(Event::View).votes(VoteType::Prevote).is_empty(), "nothing new");
    subject.seen.since_ms.insert(3, 5);
    assert_eq!(subject.hears(Event::View).votes(VoteType::Prevote), prevote(&full));
}

#[test]
fn a_batch_that_does_not_descend_is_refused_at_once() {
    let mut subject = Subject::new(&[0, 1, 2, 3]);
    subject.seen.refused.push(3);
    let votes = subject.gets(proposal(&vector([true; 4]), 0, Round::Nil)).votes(VoteType::Prevote);
    assert_eq!(votes, [NilOrVal::Nil]);
}

#[test]
fn a_null_is_refused_where_the_batch_was_held_for_the_wait() {
    let gap = vector([true, true, true, false]);
    let mut subject = Subject::new(&[0, 1, 2, 3]);
    subject.now_ms = WAIT_MS - 1;
    assert_eq!(subject.gets(proposal(&gap, 0, Round::Nil)).votes(VoteType::Prevote), prevote(&gap));
    let mut subject = Subject::new(&[0, 1, 2, 3]);
    subject.now_ms = WAIT_MS;
    assert_eq!(subject.gets(proposal(&gap, 0, Round::Nil)).votes(VoteType::Prevote), [NilOrVal::Nil]);
}

#[test]
fn fewer_than_two_thirds_of_the_places_are_refused() {
    let mut subject = Subject::new(&[0, 1, 2, 3]);
    let votes = subject.gets(proposal(&vector([true, false, true, false]), 0, Round::Nil)).votes(VoteType::Prevote);
    assert_eq!(votes, [NilOrVal::Nil]);
}

#[test]
fn a_place_that_its_store_has_not_signed_is_dropped() {
    let mut subject = Subject::new(&[0, 1, 2, 3]);
    let stolen = CloseHeader { batch: header(3).batch, signature: header(2).signature };
    let places = vec![Some(header(0)), Some(header(1)), Some(header(2)), Some(stolen)];
    let forged = Vector::new(&NETWORK, EPOCH, places);
    assert!(subject.gets(proposal(&forged, 0, Round::Nil)).sent.iter().all(|(_, w)| !matches!(w, Wire::Vote(_))));
    let full = vector([true; 4]);
    assert_eq!(
        subject.gets(proposal(&full, 0, Round::Nil)).votes(VoteType::Prevote),
        prevote(&full),
        "the height goes on"
    );
}

#[test]
fn a_polka_makes_a_vector_valid_whatever_this_witness_has_seen() {
    // Refused: it holds the batch of 3 for the wait. Unknown: it has never seen that of 2.
    for (held, value) in [(&[0, 1, 2, 3][..], vector([true, true, true, false])), (&[0, 1], vector([true; 4]))] {
        let mut subject = Subject::new(held);
        subject.now_ms = WAIT_MS;
        subject.hears(Event::View).gets(proposal(&value, 0, Round::Nil));
        assert!(subject.votes(VoteType::Prevote).iter().all(|vote| *vote == NilOrVal::Nil));
        if held.len() == 2 {
            // It votes nil when the proposal has come to nothing.
            let timers = subject.timers.clone();
            for token in timers {
                subject.hears(Event::Timeout(token));
            }
        }
        for from in 1..4 {
            subject.gets(Wire::Vote(vote(VoteType::Prevote, from, 0, NilOrVal::Val(value.id()))).encode());
        }
        assert_eq!(subject.votes(VoteType::Precommit), prevote(&value));
    }
}

#[test]
fn a_vector_proposed_again_waits_for_its_polka() {
    let gap = vector([true, true, true, false]);
    let mut subject = Subject::new(&[0, 1, 2, 3]);
    subject.now_ms = WAIT_MS;
    subject.hears(Event::View);
    // Two others are in round 1 already.
    for from in 1..3 {
        subject.gets(Wire::Vote(vote(VoteType::Prevote, from, 1, NilOrVal::Nil)).encode());
    }
    subject.gets(proposal(&gap, 1, Round::ZERO));
    assert!(subject.votes(VoteType::Prevote).is_empty(), "neither accepted nor refused: the polka may come");
    let prevotes = (1..4).map(|from| vote(VoteType::Prevote, from, 0, NilOrVal::Val(gap.id())));
    let polka_signatures = prevotes.map(|v| PolkaSignature::new(v.from, v.signature)).collect();
    let polka = PolkaCertificate { height: height(), round: Round::ZERO, value_id: gap.id(), polka_signatures };
    assert_eq!(subject.gets(Wire::Polka(polka).encode()).votes(VoteType::Prevote), prevote(&gap));
}

#[test]
fn nobody_proposes_a_null_before_the_wait_is_over() {
    // Witness 0 leads round 2.
    let mut subject = Subject::new(&[0, 1, 2]);
    assert!(subject.agreement.running().is_some());
    for from in 1..3 {
        subject.gets(Wire::Vote(vote(VoteType::Prevote, from, 2, NilOrVal::Nil)).encode());
    }
    let proposals =
        |subject: &Subject| subject.sent.iter().filter(|(_, wire)| matches!(wire, Wire::Proposal(_))).count();
    assert_eq!(proposals(&subject), 0);
    subject.now_ms = WAIT_MS;
    subject.hears(Event::View);
    assert_eq!(proposals(&subject), 1);
}

#[test]
fn a_late_witness_takes_a_decision_with_a_certificate_and_passes_it_on() {
    let full = vector([true; 4]);
    let votes = (1..4).map(|from| vote(VoteType::Precommit, from, 0, NilOrVal::Val(full.id())));
    let commit_signatures = votes.map(|v| CommitSignature::new(v.from, v.signature)).collect();
    let commit = CommitCertificate { height: height(), round: Round::ZERO, value_id: full.id(), commit_signatures };
    let good =
        super::wire::Decided { height: height(), batches: full.batches(), certificate: certificate::encode(&commit) };
    let mut short = commit.clone();
    short.commit_signatures.pop();
    let bad = super::wire::Decided { certificate: certificate::encode(&short), ..good.clone() };

    let mut subject = Subject::new(&[0]);
    subject.gets(Wire::Decided(bad).encode());
    assert!(subject.decided.is_empty(), "two of four prove nothing");
    subject.gets(Wire::Decided(good.clone()).encode());
    assert_eq!(subject.decided.len(), 1);
    assert!(subject.timers.is_empty(), "no timer is left");
    subject.sent.clear();

    // An old vote of witness 3 is answered with the decision; not twice in a second; a forged one never.
    let old = Wire::Vote(vote(VoteType::Prevote, 3, 0, NilOrVal::Nil)).encode();
    let mut forged = old.clone();
    *forged.last_mut().unwrap() ^= 1;
    subject.gets(forged);
    assert!(subject.sent.is_empty());
    subject.gets(old.clone()).gets(old.clone());
    assert_eq!(subject.sent, [(To::One(public()[3]), Wire::Decided(good))]);
    subject.now_ms += 1_000;
    subject.gets(old);
    assert_eq!(subject.sent.len(), 2);
}
