//! The two-faced witness: other proposals for each of the others, and to each votes for whatever may split them.

use super::world::{NETWORK, World};
use crate::rng::Rng;
use crate::seal::context::{Place, SealContext, SealHeight, Witnesses};
use crate::seal::signing::{ballot_bytes, motion_bytes, round_number, sign};
use crate::seal::value::Vector;
use crate::seal::wire::Wire;
use liaise_ledger::Hash;
use malachitebft_core_types::{Context, NilOrVal, Round, SignedMessage, VoteType};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Liar {
    /// Rounds in which it has acted.
    acted: BTreeSet<(SealHeight, u32)>,
    seen: BTreeMap<SealHeight, BTreeSet<Hash>>,
}

impl Liar {
    /// What it says, and to whom, when it meets a message.
    pub fn meets(&mut self, wire: &Wire, me: usize, world: &World, rng: &mut Rng) -> Vec<(usize, Wire)> {
        let (height, round) = match wire {
            Wire::Vote(vote) => (vote.height, vote.round),
            Wire::Proposal(motion) => {
                self.seen.entry(motion.height).or_default().insert(motion.value.id());
                (motion.height, motion.round)
            }
            Wire::Polka(certificate) => (certificate.height, certificate.round),
            Wire::Round(certificate) => (certificate.height, certificate.round),
            Wire::Ask(_) | Wire::Decided(_) => return Vec::new(),
        };
        self.act(height, round, me, world, rng)
    }

    pub fn act(
        &mut self,
        height: SealHeight,
        round: Round,
        me: usize,
        world: &World,
        rng: &mut Rng,
    ) -> Vec<(usize, Wire)> {
        if !self.acted.insert((height, round_number(round))) {
            return Vec::new();
        }
        let (n, mut out) = (world.keys.len(), Vec::new());
        let set = Witnesses::new(world.keys.iter().map(|key| key.verifying_key()));
        let leads = set.proposer(height, round).place == Place(me as u16);
        for to in (0..n).filter(|to| *to != me) {
            let value = self.face(height, me, world, rng);
            let told = leads.then(|| value.id());
            self.seen.entry(height).or_default().insert(value.id());
            if leads {
                let motion = SealContext.new_proposal(height, round, value, Round::Nil, Place(me as u16));
                let signature = sign(&world.keys[me], &motion_bytes(&NETWORK, &motion));
                out.push((to, Wire::Proposal(SignedMessage::new(motion, signature))));
            }
            for kind in [VoteType::Prevote, VoteType::Precommit, VoteType::Prevote, VoteType::Precommit] {
                let ids: Vec<_> = self.seen[&height].iter().copied().collect();
                let any = ids[rng.below(ids.len() as u64) as usize];
                let value = match rng.below(100) {
                    0..15 => NilOrVal::Nil,
                    15..40 => NilOrVal::Val(any),
                    _ => NilOrVal::Val(told.unwrap_or(any)),
                };
                let from = Place(me as u16);
                let vote = match kind {
                    VoteType::Prevote => SealContext.new_prevote(height, round, value, from),
                    VoteType::Precommit => SealContext.new_precommit(height, round, value, from),
                };
                let signature = sign(&world.keys[me], &ballot_bytes(&NETWORK, &vote));
                out.push((to, Wire::Vote(SignedMessage::new(vote, signature))));
            }
        }
        out
    }

    /// A full vector, one with a gap, one with its second batch, or one with a forged place.
    fn face(&self, height: SealHeight, me: usize, world: &World, rng: &mut Rng) -> Vector {
        let (n, epoch) = (world.keys.len(), height.epoch());
        let mut places: Vec<_> = (0..n).map(|j| Some(world.header(epoch, j, 0))).collect();
        let other = rng.below(n as u64) as usize;
        match rng.below(4) {
            0 => places[other] = None,
            1 => places[me] = Some(world.header(epoch, me, 1)),
            2 => places[other] = places[other].map(|h| crate::seal::CloseHeader { batch: Hash([9; 32]), ..h }),
            _ => {}
        }
        Vector::new(&NETWORK, epoch, places)
    }
}
