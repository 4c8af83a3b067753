//! The UTXO chain's distributor: controller and epoch outputs, as contracts/bch/lib/machine.mjs and crank's covenant have them.

use liaise_ledger::EpochNumber;
use liaise_summary::batch::batch_node;
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, Node, OpenStatement, Payout, Proof, veto_head};

use super::controller::{OPEN_ENDED, Output, Pending, Utxo};
use super::{Block, Distributor, Filed, OpenedRange, State};
use crate::calls::{Act, By, Call, Refusal, Signers};
use crate::network::{EPOCH_DELAY_S, GUARDED_UNTIL_S, LONG_DELAY_S, NETWORK, NOTICE, TERM, emission, end_s, schedule};
use crate::trees::person_of;

/// A call, with the state to change.
struct Work<'a> {
    all: &'a mut Distributor,
    block: &'a Block<'a>,
}

pub(super) fn call(distributor: &mut Distributor, call: &Call, block: &Block<'_>) -> Result<(), Refusal> {
    let mut work = Work { all: distributor, block };
    match call {
        Call::Submit { statement, signers } => work.submit(statement, *signers),
        Call::Open { statement, signers, dao } => work.open(statement, *signers, *dao),
        Call::Veto { digest, reason, by } => work.veto(digest, *reason, *by),
        Call::Advance { head, reason, by } => work.advance(head, *reason, *by),
        Call::Act { act, by, agreed } => work.act(*act, *by, *agreed),
        Call::Crank { digest, payouts, proof } => work.crank(digest, payouts, proof),
        Call::ApproveOpen { .. } | Call::Consent { .. } | Call::Claim { .. } => Err(Refusal::NoSuchCall),
    }
}

fn need(condition: bool, otherwise: Refusal) -> Result<(), Refusal> {
    if condition { Ok(()) } else { Err(otherwise) }
}

impl Work<'_> {
    fn own(&mut self) -> &mut Utxo {
        match &mut self.all.state {
            State::Utxo(utxo) => utxo,
            State::Account(_) => unreachable!("called for the UTXO chain only"),
        }
    }

    /// The controller's own lock.
    fn ripe(&mut self) -> Result<(), Refusal> {
        let now_s = self.block.now_s;
        need(self.own().is_over(now_s), Refusal::StatementPending)
    }

    fn submit(&mut self, statement: &EpochStatement, signers: Signers) -> Result<(), Refusal> {
        self.ripe()?;
        let now_s = self.block.now_s;
        let EpochStatement { epoch: Epoch(epoch), root_hash, root_sum, owed, .. } = *statement;
        let own = self.own();
        let owed_before = own.owed;
        own.matured();
        let late = u64::from(epoch) + 1 == u64::from(own.next);
        if late {
            need(root_sum > 0, Refusal::LateWithoutPay)?;
        } else {
            need(own.end != 0, Refusal::NotOpened)?;
            need(epoch == own.next, Refusal::EpochOutOfOrder)?;
            need(epoch < own.end, Refusal::EpochOutOfRange)?;
        }
        need(now_s >= end_s(epoch.into()), Refusal::EpochNotEnded)?;
        let limit = owed_before + if late { 0 } else { emission(epoch.into()) };
        need(root_sum + owed <= limit, Refusal::IssuedTooMuch)?;
        let rules = self.block.rules;
        let rebuilt = EpochStatement {
            network: NETWORK,
            distributor: self.all.id,
            oracle_set: if rules.quorum_of_set { self.all.set } else { statement.oracle_set },
            head: if rules.signatures_bind_head { self.all.head } else { statement.head },
            ..*statement
        };
        let digest = rebuilt.digest();
        self.all.check_quorum(&digest, &statement.digest(), signers, self.block)?;
        let own = self.own();
        (own.pending, own.next) = (if late { Pending::Late } else { Pending::Epoch }, epoch + 1);
        (own.owed, own.owed_before, own.born_s) = (owed, owed_before, now_s);
        let root = Node { hash: root_hash, sum: root_sum };
        if root_sum > 0 {
            own.reserve -= root_sum;
            let wait_units = own.wait_units();
            own.outputs.push(Output {
                digest,
                epoch,
                root,
                next_batch: 0,
                tokens: root_sum,
                born_s: now_s,
                wait_units,
            });
        }
        self.all.head = digest;
        let growth = i64::try_from(root_sum + owed).expect("small") - i64::try_from(owed_before).expect("small");
        self.all.log.accepted.push(digest);
        self.all.log.filed.push(Filed { digest, epoch: epoch.into(), late, root, owed, growth });
        Ok(())
    }

    fn open(&mut self, statement: &OpenStatement, signers: Signers, dao: bool) -> Result<(), Refusal> {
        self.ripe()?;
        let (now_s, head) = (self.block.now_s, self.all.head);
        let Epoch(first) = statement.first;
        let own = self.own();
        own.matured();
        need(first != OPEN_ENDED && first >= own.next, Refusal::OpenTooEarly)?;
        need(dao, Refusal::OpenNotApproved)?;
        let rebuilt = OpenStatement {
            network: NETWORK,
            distributor: self.all.id,
            first: Epoch(first),
            oracle_set: self.all.set,
            head,
            old: statement.old,
            epoch_delay_s: EPOCH_DELAY_S,
            long_delay_s: LONG_DELAY_S,
            schedule: schedule().id(),
        };
        let digest = rebuilt.digest();
        self.all.check_quorum(&digest, &statement.digest(), signers, self.block)?;
        let own = self.own();
        (own.pending, own.opening, own.owed_before, own.born_s) = (Pending::Open, first, own.owed, now_s);
        self.all.head = digest;
        self.all.log.accepted.push(digest);
        self.all.log.ranges.push(OpenedRange { first: EpochNumber::from(first), handed: None });
        Ok(())
    }

    fn veto(&mut self, digest: &Hash32, reason: u8, by: By) -> Result<(), Refusal> {
        let (now_s, rules) = (self.block.now_s, self.block.rules);
        let own = self.own();
        let pending = own.pending;
        need(pending != Pending::Nothing, Refusal::NothingPending)?;
        need(*digest == self.all.head, Refusal::OtherStatementPending)?;
        let guardian = by != By::Dao;
        if guardian {
            need(self.all.is_guardian(by), Refusal::NotAuthorized)?;
            let spent = self.own().spent && rules.one_veto;
            need(!spent, Refusal::GuardianVetoUsed)?;
        }
        let filed = if pending == Pending::Open { None } else { self.all.log.filed.last().copied() };
        let own = self.own();
        if let Some(filed) = filed.filter(|filed| filed.root.sum > 0) {
            let place = own.outputs.iter().position(|output| output.digest == filed.digest && output.next_batch == 0);
            let output = own.outputs.remove(place.ok_or(Refusal::BatchPaid)?);
            own.reserve += output.tokens;
        }
        own.spent |= guardian;
        if pending == Pending::Epoch {
            own.next -= 1;
        }
        if rules.veto_returns {
            own.owed = if pending == Pending::Open { own.owed } else { own.owed_before };
        }
        (own.owed_before, own.opening, own.pending, own.born_s) = (own.owed, 0, Pending::Nothing, now_s);
        if rules.veto_moves_head {
            self.all.head = veto_head(*digest, &[reason]);
        }
        self.all.log.vetoed.push(*digest);
        if pending == Pending::Open {
            self.all.log.ranges.pop();
        } else {
            self.all.log.filed.pop();
        }
        Ok(())
    }

    fn advance(&mut self, head: &Hash32, reason: u8, by: By) -> Result<(), Refusal> {
        need(by == By::Dao, Refusal::NotAuthorized)?;
        self.ripe()?;
        need(*head == self.all.head, Refusal::OtherHead)?;
        let now_s = self.block.now_s;
        let own = self.own();
        own.matured();
        own.born_s = now_s;
        self.all.head = veto_head(*head, &[reason]);
        Ok(())
    }

    fn act(&mut self, act: Act, by: By, agreed: bool) -> Result<(), Refusal> {
        need(by == By::Dao, Refusal::NotAuthorized)?;
        need(agreed || self.block.now_s >= GUARDED_UNTIL_S, Refusal::NoConsent)?;
        match act {
            Act::HandOver { end, to } => self.hand_over(end, to)?,
            Act::Rotate { version } => {
                need(version == self.all.set + 1, Refusal::WrongSetVersion)?;
                self.all.set = version;
            }
            Act::SetGuardian { guardian } => self.all.guardian = guardian,
        }
        self.own().born_s = self.block.now_s;
        Ok(())
    }

    fn hand_over(&mut self, end: u32, to: DistributorId) -> Result<(), Refusal> {
        let own = self.own();
        // also past its delay: whatever lifts an opening later would lift the hand-over with it
        need(own.pending != Pending::Open, Refusal::StatementPending)?;
        need(own.end != 0, Refusal::NotOpened)?;
        need(own.end == OPEN_ENDED, Refusal::AlreadyHandedOver)?;
        let at_boundary = end != OPEN_ENDED && end > own.start && (end - own.start).is_multiple_of(TERM);
        need(at_boundary && end >= own.next + NOTICE, Refusal::InvalidHandOver)?;
        own.end = end;
        let last = self.all.log.ranges.last_mut().expect("a range was opened");
        last.handed = Some((end.into(), to));
        Ok(())
    }

    fn crank(&mut self, digest: &Hash32, payouts: &[Payout], proof: &Proof) -> Result<(), Refusal> {
        let (now_s, rules) = (self.block.now_s, self.block.rules);
        let own = self.own();
        let place = own.outputs.iter().position(|output| output.digest == *digest).ok_or(Refusal::NoOutput)?;
        let output = &mut own.outputs[place];
        need(!output.waits(now_s), Refusal::BatchWaits)?;
        need(proof.index == output.next_batch || !rules.batches_once, Refusal::WrongBatch)?;
        let node = batch_node(Epoch(output.epoch), proof.index, payouts).map_err(|_| Refusal::WrongProof)?;
        proof.verify(&output.root, &node).map_err(|_| Refusal::WrongProof)?;
        // consensus itself lets nobody spend more tokens than there are
        output.tokens = output.tokens.checked_sub(node.sum).ok_or(Refusal::NoOutput)?;
        (output.next_batch, output.born_s) = (output.next_batch + 1, now_s);
        if output.tokens == 0 {
            own.outputs.remove(place);
        }
        for payout in payouts {
            *own.paid.entry(person_of(&payout.pubkey_hash)).or_default() += payout.amount;
        }
        Ok(())
    }
}
