//! What long worlds are for: decrees, documents, and what is said of what was forgotten, or nearly.

use cid::Cid;
use liaise_ledger::body::{
    Act, Body, Capability, CertifyDecree, Chunk, DecreeValue, RetrievalAdd, RetrievalRemove, RowDecree, Ticket,
    WithdrawDecree,
};
use liaise_ledger::hash::blob_cid;
use liaise_ledger::message::Place;
use liaise_ledger::session::SessionText;
use liaise_ledger::{Account, Hash, Verified};
use serde_bytes::{ByteArray, ByteBuf};

use super::decrees::deployment;
use super::unruly::{DECREED, USERS, Unruly};
use super::world::{ADAPTER, EPOCH_S, account, at};

const CURATOR: usize = 200;
const TEXTS: [&[u8]; 3] = [b"one", b"two", b"three"];

/// Something for a later epoch.
pub enum Later {
    /// These stores hear what the others have heard.
    Hear(Box<Verified>, [bool; 4]),
    /// A second message where a key's first one stood.
    Rival(Account, Place),
    /// A ticket that names an old message.
    FollowUp(Account, Cid),
    /// A key that was revoked speaks, at times with a new session.
    Speak(Account),
}

impl Unruly {
    fn time(&mut self, epoch: i64) -> u64 {
        at(epoch, self.dice.below(u64::from(EPOCH_S) - 700))
    }

    fn user(&mut self) -> Account {
        account(100 + self.dice.below(USERS) as usize)
    }

    /// Decrees: the next one, one without notice or signatures, the one after the next before it; and nodes that serve what was
    /// decreed.
    pub fn govern(&mut self, epoch: i64) {
        if self.dice.chance(40) {
            let nodes = self.world.genesis.nodes.len() as u64;
            let (node, at_ms) = (account(self.dice.below(nodes) as usize), self.time(epoch));
            let adapters = vec![ADAPTER, DECREED];
            let body = Capability { adapters, region: "CH".into(), slots: 1, light: false, drain_round: None };
            self.world.say(&node, vec![], None, Body::Capability(body), at_ms);
        }
        if !self.dice.chance(50) {
            return;
        }
        let at_ms = self.time(epoch);
        let act = self.next_act(epoch);
        match self.dice.below(6) {
            0 => _ = self.world.decree_by(act, 1, at_ms),
            1 => {
                let value = self.distributor();
                let after = self.world.act(act.number + 1, Some(act.digest()), epoch, value);
                self.world.decree(after, at_ms);
                if self.dice.chance(50) {
                    self.world.decree(act, at(epoch, 6_900));
                } else {
                    // heard when this epoch's seal is closed
                    self.world.decree(act, at(epoch + 1, 2_500));
                }
            }
            2 => {
                let value = self.distributor();
                let other = self.world.act(act.number, act.previous, epoch, value);
                self.world.decree(act, at_ms);
                self.world.decree(other, at_ms);
            }
            _ => {
                self.hear();
                self.world.decree(act, at_ms);
                self.world.hearing = vec![true; 4];
            }
        }
    }

    fn distributor(&mut self) -> DecreeValue {
        deployment(Hash([self.dice.of(&[5, 6]); 32]), Hash([self.dice.below(200) as u8; 32]))
    }

    /// The decree that would be next, at times with too little notice or against a rule.
    fn next_act(&mut self, epoch: i64) -> Act {
        let shared = self.folded.last().expect("epoch -1 is folded").next.shared.clone();
        let effective = epoch + self.dice.of(&[1, 2, 2, 3]);
        let is_certified = shared.certified(&DECREED, i64::MAX).is_some();
        let old = shared.rows.last().map_or(Hash::ZERO, |row| row.new);
        let value = match self.dice.below(10) {
            0 | 1 => self.distributor(),
            2 | 3 => {
                let new = Hash([self.dice.of(&[5, 6]); 32]);
                DecreeValue::Row(RowDecree { first: epoch + self.dice.of(&[0, 1, 4]), new, old })
            }
            4 => DecreeValue::Withdraw(WithdrawDecree { adapter: Hash([1; 32]), reason: "never known".into() }),
            _ if is_certified => DecreeValue::Withdraw(WithdrawDecree { adapter: DECREED, reason: "old".into() }),
            _ => DecreeValue::Certify(CertifyDecree { adapter: DECREED, manifest: ByteBuf::new() }),
        };
        self.world.act(shared.decree + 1, shared.decree_digest, effective, value)
    }

    /// Additions and removals, most of them by the curator.
    pub fn document(&mut self, epoch: i64) {
        let who = if self.dice.chance(75) { account(CURATOR) } else { self.user() };
        let texts = [self.dice.of(&TEXTS), self.dice.of(&TEXTS)];
        let at_ms = self.time(epoch);
        if self.dice.chance(40) {
            let ticket = self.world.ticket(&who, epoch - 1, at_ms);
            let mut chunks = texts.map(|text| Chunk { blob: blob_cid(text), source: "a book".into() }).to_vec();
            chunks.dedup();
            let body = RetrievalAdd { ticket: ticket.0, chunks, reply_key: ByteArray::new([1; 32]) };
            self.run(&who, ADAPTER, epoch - 1, ticket, Body::RetrievalAdd(body));
        } else if self.dice.chance(35) {
            let body = RetrievalRemove { chunks: vec![blob_cid(texts[0])], reason: "wrong".into() };
            self.world.say(&who, vec![], None, Body::RetrievalRemove(body), at_ms);
        }
        self.world.hearing = vec![true; 4];
    }

    /// Does what is due, and begins what has a sequel.
    pub fn late(&mut self, epoch: i64) {
        let (due, later) = std::mem::take(&mut self.later).into_iter().partition(|(when, _)| *when <= epoch);
        self.later = later;
        let due: Vec<(i64, Later)> = due;
        for (_, what) in due {
            self.do_late(epoch, what);
        }
        let (who, at_ms) = (self.user(), self.time(epoch));
        match self.dice.below(6) {
            0 => {
                // half of the witnesses, or one, hear it; the others when it is nearly forgotten, or just was
                let first = self.dice.of(&[[true, false, false, false], [true, true, false, false]]);
                let message = self.old_ticket(&who, epoch, at_ms);
                self.world.hearing = first.to_vec();
                self.world.hear(message.clone(), at_ms);
                let others = first.map(|hears| !hears);
                let when = epoch + self.dice.of(&[1, 7, 8, 9, 10]);
                self.later.push((when, Later::FollowUp(who, message.id)));
                self.later.push((when, Later::Hear(Box::new(message), others)));
            }
            1 => {
                let place = self.world.place(&who);
                self.world.ticket(&who, epoch - 1, at_ms);
                self.later.push((epoch + self.dice.of(&[1, 7, 8, 9, 10]), Later::Rival(who, place)));
            }
            2 => {
                let (ticket, _) = self.world.ticket(&who, epoch - 1, at_ms);
                self.later.push((epoch + self.dice.of(&[1, 8, 9, 10]), Later::FollowUp(who, ticket)));
            }
            3 if epoch < 4 => {
                let who = account(104 + self.dice.below(4) as usize);
                let text =
                    SessionText::revoke(&self.world.genesis, who.clone(), self.world.session_key(&who), at_ms / 1000);
                self.world.session(&who, text, at_ms);
                for after in [1, 23, 24, 25, 26] {
                    self.later.push((epoch + after, Later::Speak(who.clone())));
                }
            }
            _ => {}
        }
        self.world.hearing = vec![true; 4];
    }

    /// A ticket that is not said yet, and that would be good in any of the next epochs but for its round.
    fn old_ticket(&mut self, who: &Account, epoch: i64, at_ms: u64) -> Verified {
        let round = self.world.genesis.round_at(at_ms) + 3;
        self.world.round(round);
        let body = Ticket { round, snapshot: epoch - 1, adapter: ADAPTER, max_units: 1 };
        self.world.sign(who, vec![], None, Body::Ticket(body))
    }

    fn do_late(&mut self, epoch: i64, what: Later) {
        let at_ms = self.time(epoch);
        match what {
            Later::Hear(message, stores) => {
                self.world.hearing = stores.to_vec();
                self.world.hear(*message, at_ms);
                self.world.hearing = vec![true; 4];
            }
            Later::Rival(who, place) => {
                let now = self.world.place(&who);
                self.world.set_place(&who, place);
                self.world.ticket(&who, epoch - 1, at_ms);
                self.world.set_place(&who, now);
            }
            Later::FollowUp(who, parent) => _ = self.world.ticket_naming(&who, parent, at_ms),
            Later::Speak(who) => {
                self.world.ticket(&who, epoch - 1, at_ms);
                if self.dice.chance(25) {
                    let now = self.world.place(&who);
                    self.world.set_place(&who, Place::default());
                    let session = self.world.sign_session(&who, at_ms);
                    self.world.hear(session, at_ms + 1_000);
                    self.world.set_place(&who, now);
                }
            }
        }
    }
}
