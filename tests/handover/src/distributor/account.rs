//! An account chain's distributor: the Solana program's own books, and around them what its instructions do.

use std::collections::BTreeMap;

use liaise_emission::{Books, Kind, Matured, OPEN_ENDED, Rules as ProgramRules, Summary};
use liaise_ledger::EpochNumber;
use liaise_summary::{
    DistributorId, Epoch, EpochStatement, Hash32, Node, OpenStatement, Payee, Proof, RewardLeaf, SumLeaf, filler_payee,
    veto_head,
};

use super::refusals::named;
use super::{Block, Distributor, Filed, OpenedRange, State};
use crate::calls::{Act, By, Call, Refusal, Signers};
use crate::network::{NETWORK, program_rules, schedule};

/// As many acts as the guardian agrees to at a time.
const CONSENTS: usize = 4;

/// What it has beside what all distributors have. `Default` was never opened.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Its epochs.
    pub books: Books,
    /// The opening that the DAO approved: first epoch, who held the term, over which head.
    approval: Option<(u32, DistributorId, Hash32)>,
    /// Acts that the guardian agreed to.
    consents: Vec<Act>,
    /// What is payable and not yet paid, base units.
    pub vault: u64,
    /// All that was ever minted, base units.
    pub supply: u64,
    /// What payees were paid, base units.
    pub claimed: BTreeMap<Payee, u64>,
}

impl Account {
    pub(super) fn view(&self, now_s: u64) -> (Option<(u32, Option<u32>)>, u32, bool) {
        let mut books = self.books.clone();
        books.mature(now_s);
        let range = (books.end != 0).then(|| (books.start, (books.end != OPEN_ENDED).then_some(books.end)));
        (range, books.next(), books.pending.is_some())
    }

    /// Owed, base units; what is pending counts.
    pub fn owed(&self) -> u64 {
        let pending = self.books.pending.filter(|pending| pending.kind != Kind::Open);
        pending.map_or(self.books.owed, |pending| pending.owed)
    }

    /// The pending root's sum, or the newest payable one's.
    pub fn root_sum(&self) -> u64 {
        let pending = self.books.pending.filter(|pending| pending.kind != Kind::Open);
        pending.map_or(self.books.payable_sum(), |pending| pending.root.sum)
    }

    /// As a reader sees it at a time, Unix seconds: what has become payable counts.
    pub fn settled(&self, now_s: u64) -> Self {
        let mut settled = self.clone();
        settled.settle(now_s);
        settled
    }

    /// Writes down what has become payable, and mints the growth.
    fn settle(&mut self, now_s: u64) {
        if let Some(Matured::Root { growth, .. }) = self.books.mature(now_s) {
            self.vault += growth;
            self.supply += growth;
        }
    }
}

/// A call, with the state to change.
struct Work<'a> {
    all: &'a mut Distributor,
    block: &'a Block<'a>,
    rules: ProgramRules,
}

pub(super) fn call(distributor: &mut Distributor, call: &Call, block: &Block<'_>) -> Result<(), Refusal> {
    let mut work = Work { all: distributor, block, rules: program_rules() };
    if !matches!(call, Call::Consent { .. }) {
        work.own().settle(block.now_s);
    }
    match call {
        Call::Submit { statement, signers } => work.submit(statement, *signers),
        Call::ApproveOpen { first, old, head, by } => work.approve((*first, *old, *head), *by),
        Call::Open { statement, signers, .. } => work.open(statement, *signers),
        Call::Veto { digest, reason, by } => work.veto(digest, *reason, *by),
        Call::Advance { head, reason, by } => work.advance(head, *reason, *by),
        Call::Act { act, by, .. } => work.act(*act, *by),
        Call::Consent { to, given, by } => work.consent(*to, *given, *by),
        Call::Claim { leaf, proof } => work.claim(leaf, proof),
        Call::Crank { .. } => Err(Refusal::NoSuchCall),
    }
}

impl Work<'_> {
    fn own(&mut self) -> &mut Account {
        match &mut self.all.state {
            State::Account(account) => account,
            State::Utxo(_) => unreachable!("called for account chains only"),
        }
    }

    fn need(&self, condition: bool, otherwise: Refusal) -> Result<(), Refusal> {
        if condition { Ok(()) } else { Err(otherwise) }
    }

    fn submit(&mut self, statement: &EpochStatement, signers: Signers) -> Result<(), Refusal> {
        let EpochStatement { epoch, root_hash, root_sum, owed, artefact, .. } = *statement;
        let summary = Summary { epoch: epoch.0, root_hash: root_hash.0, root_sum, owed, artefact: artefact.0 };
        let (now_s, rules) = (self.block.now_s, self.rules.clone());
        let before = (self.own().root_sum(), self.own().owed());
        let kind = self.own().books.judge(&rules, &summary, now_s).map_err(named)?;
        let head = if self.block.rules.signatures_bind_head { self.all.head } else { statement.head };
        let rebuilt = EpochStatement {
            network: NETWORK,
            distributor: self.all.id,
            oracle_set: if self.block.rules.quorum_of_set { self.all.set } else { statement.oracle_set },
            head,
            ..*statement
        };
        let digest = rebuilt.digest();
        self.all.check_quorum(&digest, &statement.digest(), signers, self.block)?;
        self.own().books.file(&rules, kind, &summary, now_s);
        self.all.head = digest;
        let growth =
            i64::try_from(root_sum + owed).expect("small") - i64::try_from(before.0 + before.1).expect("small");
        let root = Node { hash: root_hash, sum: root_sum };
        let late = kind == Kind::Late;
        self.all.log.accepted.push(digest);
        self.all.log.filed.push(Filed { digest, epoch: epoch.0.into(), late, root, owed, growth });
        Ok(())
    }

    /// The guardian stands in for the DAO while nobody can vote, in openings and advances only.
    fn authority_or_stand_in(&mut self, by: By) -> Result<(), Refusal> {
        let stands_in = self.own().supply == 0 && self.all.is_guardian(by);
        self.need(by == By::Dao || stands_in, Refusal::NotAuthorized)
    }

    fn approve(&mut self, opening: (u32, DistributorId, Hash32), by: By) -> Result<(), Refusal> {
        self.authority_or_stand_in(by)?;
        self.own().approval = Some(opening);
        Ok(())
    }

    fn open(&mut self, statement: &OpenStatement, signers: Signers) -> Result<(), Refusal> {
        let OpenStatement { first: Epoch(first), old, .. } = *statement;
        let (now_s, rules, head) = (self.block.now_s, self.rules.clone(), self.all.head);
        self.own().books.nothing_pending().map_err(named)?;
        let approved = self.own().approval == Some((first, old, head));
        self.need(approved, Refusal::OpenNotApproved)?;
        let in_order = first >= self.own().books.next() && first != OPEN_ENDED;
        self.need(in_order, Refusal::OpenTooEarly)?;
        let rebuilt = OpenStatement {
            network: NETWORK,
            distributor: self.all.id,
            first: Epoch(first),
            oracle_set: self.all.set,
            head,
            old,
            epoch_delay_s: rules.epoch_delay_s,
            long_delay_s: rules.long_delay_s,
            schedule: schedule().id(),
        };
        let digest = rebuilt.digest();
        self.all.check_quorum(&digest, &statement.digest(), signers, self.block)?;
        self.own().approval = None;
        self.own().books.file_opening(&rules, first, now_s);
        self.all.head = digest;
        self.all.log.accepted.push(digest);
        self.all.log.ranges.push(OpenedRange { first: EpochNumber::from(first), handed: None });
        Ok(())
    }

    fn veto(&mut self, digest: &Hash32, reason: u8, by: By) -> Result<(), Refusal> {
        let pending = self.own().books.pending.ok_or(Refusal::NothingPending)?;
        self.need(*digest == self.all.head, Refusal::OtherStatementPending)?;
        if by != By::Dao {
            self.need(self.all.is_guardian(by), Refusal::NotAuthorized)?;
            let spent = self.own().books.veto_used && self.block.rules.one_veto;
            self.need(!spent, Refusal::GuardianVetoUsed)?;
            self.own().books.veto_used = true;
        }
        self.own().books.pending = None;
        if !self.block.rules.veto_returns {
            self.own().books.owed = pending.owed;
        }
        if self.block.rules.veto_moves_head {
            self.all.head = veto_head(*digest, &[reason]);
        }
        self.all.log.vetoed.push(*digest);
        if pending.kind == Kind::Open {
            self.all.log.ranges.pop();
        } else {
            self.all.log.filed.pop();
        }
        Ok(())
    }

    fn advance(&mut self, head: &Hash32, reason: u8, by: By) -> Result<(), Refusal> {
        self.authority_or_stand_in(by)?;
        self.own().books.nothing_pending().map_err(named)?;
        self.need(*head == self.all.head, Refusal::OtherHead)?;
        self.all.head = veto_head(*head, &[reason]);
        Ok(())
    }

    fn act(&mut self, act: Act, by: By) -> Result<(), Refusal> {
        self.need(by == By::Dao, Refusal::NotAuthorized)?;
        if self.block.now_s < self.rules.guarded_until_s {
            let given = self.own().consents.iter().position(|consent| *consent == act);
            self.own().consents.remove(given.ok_or(Refusal::NoConsent)?);
        }
        match act {
            Act::HandOver { end, to } => self.hand_over(end, to),
            Act::Rotate { version } => {
                self.need(version == self.all.set + 1, Refusal::WrongSetVersion)?;
                self.all.set = version;
                Ok(())
            }
            Act::SetGuardian { guardian } => {
                self.all.guardian = guardian;
                self.own().consents.clear();
                Ok(())
            }
        }
    }

    fn hand_over(&mut self, end: u32, to: DistributorId) -> Result<(), Refusal> {
        let rules = self.rules.clone();
        self.own().books.can_hand_over(&rules, end).map_err(named)?;
        self.own().books.end = end;
        let last = self.all.log.ranges.last_mut().expect("a range was opened");
        last.handed = Some((end.into(), to));
        Ok(())
    }

    fn consent(&mut self, to: Act, given: bool, by: By) -> Result<(), Refusal> {
        self.need(self.all.is_guardian(by), Refusal::NotGuardian)?;
        self.own().consents.retain(|act| *act != to);
        if given {
            let fits = self.own().consents.len() < CONSENTS;
            self.need(fits, Refusal::TooManyConsents)?;
            self.own().consents.push(to);
        }
        Ok(())
    }

    fn claim(&mut self, leaf: &RewardLeaf, proof: &Proof) -> Result<(), Refusal> {
        let id = self.all.id;
        self.need(leaf.payee != filler_payee(&id), Refusal::NoPayee)?;
        let remembered = self.block.rules.claims_remembered;
        let own = self.own();
        let held = [own.books.newest, own.books.previous];
        let led = proof.root(&leaf.node()).ok();
        let proved = led.is_some_and(|led| held.iter().flatten().any(|root| root.is(&led)));
        let had = own.claimed.get(&leaf.payee).copied().unwrap_or(0);
        let due = leaf.amount.saturating_sub(if remembered { had } else { 0 });
        if !proved {
            return Err(Refusal::WrongProof);
        }
        // only a false root asks for more than there is
        own.vault = own.vault.checked_sub(due).ok_or(Refusal::CounterExhausted)?;
        *own.claimed.entry(leaf.payee).or_default() += due;
        Ok(())
    }
}
