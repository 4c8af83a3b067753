//! What an action asks of the covenants, checked as they check it, so that a refusal has a name before anything is signed.

use bitcoincash::token::Capability;
use bitcoincash::{Amount, TxOut};
use liaise_chain_api::{Account, Action, ChainError, PendingKind, Refusal, StatementSignature};
use liaise_summary::{
    CompressedKey, DaoAct, DaoStatement, DistributorId, Epoch, EpochStatement, Hash32, OpenStatement, SUM_LIMIT,
    Statement, sha256,
};

use crate::account::BchKeys;
use crate::covenant::Value;
use crate::draft::{Coins, Draft, NOT_FINAL, Spending, dust, relative, tokens};
use crate::link::{Link, dao_set_bytes, oracle_set_bytes};
use crate::moves::{Opened, veto_message};
use crate::prepared::Step;
use crate::reader::payable_s;
use crate::signatures::{Signatures, count, packed};
use crate::state::{Controller, EpochPay, OPEN_ENDED};
use crate::thread::{Chain, Snapshot};

/// A draft, and the step of which thread it takes.
pub(crate) type Planned = (Draft, Step);

/// One action over one state of the chain, with the keys of one submitter.
pub(crate) struct Planner<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) keys: &'a BchKeys,
    pub(crate) action: &'a Action,
}

impl Planner<'_> {
    /// # Errors
    /// [`ChainError::Refused`], [`ChainError::Unsupported`], [`ChainError::Input`], and what reading returns.
    pub(crate) async fn plan(&self) -> Result<Planned, ChainError> {
        match self.action {
            Action::SubmitEpoch { statement, signatures } => self.named(self.submit(statement, signatures)),
            Action::Open { statement, signatures } => self.named(self.open(statement, signatures)),
            Action::Crank { epoch, payouts, proof } => self.crank(*epoch, payouts, proof).await,
            Action::Veto { digest, reason } => self.veto(*digest, sha256(&[reason])).await,
            Action::Advance { .. } | Action::HandOver { .. } | Action::Rotate { .. } => {
                self.named(self.act_draft(self.action))
            }
            Action::SetGuardian { guardian } => {
                self.named(self.rights())?;
                if self.key_of(guardian).is_none() {
                    let detail =
                        format!("the key of {guardian} is needed, and an account holds its hash alone: name the key");
                    return Err(ChainError::Input { what: "the next guardian", detail });
                }
                self.named(self.act_draft(self.action))
            }
            Action::Claim { .. } | Action::ClaimRange { .. } => {
                Err(self.unsupported("pay comes in whole batches, which anybody cranks"))
            }
            Action::ApproveOpen { .. } => {
                Err(self
                    .unsupported("members of the DAO sign the OPEN statement itself: bring their signatures with it"))
            }
            Action::Consent { .. } => Err(self.unsupported(
                "the guardian's signature is part of the DAO's transaction: prepare that with the guardian's key",
            )),
            _ => Err(self.unsupported("its covenants have no such path")),
        }
    }

    /// An act of the DAO. For other actions: none such.
    pub(crate) fn act_draft(&self, action: &Action) -> Result<Planned, Refusal> {
        match action {
            Action::Advance { head, reason } => self.advance(*head, sha256(&[reason])),
            Action::HandOver { epoch, new } => self.hand_over(*epoch, *new),
            Action::Rotate { set } => {
                self.rights()?;
                match self.state().keys.version.checked_add(1) == Some(set.version()) {
                    true => self.act(DaoAct::Rotate { set: set.hash() }, Opened::Set(set.clone())),
                    false => Err(Refusal::Set),
                }
            }
            Action::SetGuardian { guardian } => {
                self.rights()?;
                let key = self
                    .key_of(guardian)
                    .ok_or_else(|| Refusal::Other("the guardian's key is not named".to_owned()))?;
                self.act(DaoAct::Guardian { key: sha256(&[&key]) }, Opened::Key(key))
            }
            _ => Err(Refusal::Other("it is no act of the DAO".to_owned())),
        }
    }

    fn key_of(&self, account: &Account) -> Option<CompressedKey> {
        self.keys.key_of(account).filter(|_| account.is_on(&self.chain.config.chain))
    }

    pub(crate) fn refused(&self, refusal: Refusal) -> ChainError {
        ChainError::Refused { action: self.action.name(), refusal }
    }

    fn named<T>(&self, result: Result<T, Refusal>) -> Result<T, ChainError> {
        result.map_err(|refusal| self.refused(refusal))
    }

    fn unsupported(&self, detail: &'static str) -> ChainError {
        ChainError::Unsupported { chain: self.chain.config.chain.clone(), action: self.action.name(), detail }
    }

    fn last(&self) -> &Link {
        self.snapshot.last()
    }

    fn state(&self) -> &Controller {
        &self.last().state
    }

    fn now_s(&self) -> u64 {
        self.snapshot.at.time_s
    }

    /// Whether what is pending must still be waited for.
    fn waits(&self) -> bool {
        self.now_s() < payable_s(self.last(), &self.chain.config)
    }

    pub(crate) fn submit(
        &self,
        statement: &EpochStatement,
        signatures: &[StatementSignature],
    ) -> Result<Planned, Refusal> {
        let terms = &self.chain.config.terms;
        self.check_place(&(*statement).into(), statement.oracle_set, statement.head)?;
        if self.waits() {
            return Err(Refusal::Busy);
        }
        let now = self.state().matured();
        let late = now.next.checked_sub(1) == Some(statement.epoch.0);
        if !late && statement.epoch.0 != now.next {
            return Err(Refusal::OutOfOrder);
        }
        if !late && now.next >= now.end {
            return Err(Refusal::OutOfRange);
        }
        let ended = terms.schedule.epoch_end_s(statement.epoch).and_then(|end_s| u32::try_from(end_s).ok());
        let lock_time = ended.filter(|end_s| u64::from(*end_s) <= self.now_s()).ok_or(Refusal::NotEnded)?;
        let (sum, owed) = (statement.root_sum, statement.owed);
        if late && sum == 0 {
            return Err(Refusal::Other("a late statement must pay something on this chain".to_owned()));
        }
        let emission = if late { 0 } else { terms.schedule.emission.epoch(statement.epoch) };
        let reserve = self.reserve().checked_sub(sum).ok_or(Refusal::Bound)?;
        let issued = u128::from(sum) + u128::from(owed);
        if sum >= SUM_LIMIT || owed >= SUM_LIMIT || issued > u128::from(self.state().owed) + u128::from(emission) {
            return Err(Refusal::Bound);
        }
        let set = &self.last().oracle_set;
        let checked = Signatures::check(statement.digest(), signatures, set, None)?;
        let sigs = self.oracle_signatures(&checked)?;

        let next = self.state().submitted(statement, late);
        let value = self.last().output.value.to_sat().max(terms.floor_sats);
        let mut outputs = vec![self.controller_output(&next, reserve, value)];
        if sum > 0 {
            let root = liaise_summary::Node { hash: statement.root_hash, sum };
            let pay = EpochPay { epoch: statement.epoch, batch: 0, refiled: next.spent, root };
            outputs.push(self.epoch_output(&pay, sum, self.chain.config.epoch_sats));
        }
        let arguments = [
            statement.root_hash.0.into(),
            Value::Number(sum),
            Value::Number(owed),
            statement.artefact.0.into(),
            Value::Flag(late),
            Value::Bytes(self.state().keys.encode()),
            Value::Bytes(oracle_set_bytes(set)),
            Value::Bytes(sigs),
        ];
        let controller = self.spend("submit", &arguments, self.wait_sequence());
        Ok((Draft { inputs: vec![controller], outputs, lock_time, coins: Coins::Some }, self.step()))
    }

    pub(crate) fn open(
        &self,
        statement: &OpenStatement,
        signatures: &[StatementSignature],
    ) -> Result<Planned, Refusal> {
        let terms = &self.chain.config.terms;
        self.check_place(&(*statement).into(), statement.oracle_set, statement.head)?;
        let delays = (statement.epoch_delay_s, statement.long_delay_s);
        let fits = delays == (terms.delays.epoch_s, terms.delays.long_s) && statement.schedule == terms.schedule.id();
        let first = statement.first.0;
        if !fits || first == OPEN_ENDED || first < self.state().matured().next {
            return Err(Refusal::Opening);
        }
        if self.waits() {
            return Err(Refusal::Busy);
        }
        let (set, dao) = (&self.last().oracle_set, &self.last().dao);
        let checked = Signatures::check(statement.digest(), signatures, set, Some(dao))?;
        let message = statement.encode();
        let by_dao = |key: &_| checked.by(key).or_else(|| self.keys.sign(key, &message));
        if count(dao.keys(), by_dao) < dao.threshold() as usize {
            return Err(Refusal::NotApproved);
        }
        let sigs = self.oracle_signatures(&checked)?;
        let arguments = [
            first.to_be_bytes().into(),
            statement.old.0.into(),
            Value::Bytes(self.state().keys.encode()),
            Value::Bytes(oracle_set_bytes(set)),
            Value::Bytes(sigs),
            Value::Bytes(dao_set_bytes(dao)),
            Value::Bytes(packed(dao.keys(), by_dao)),
        ];
        let controller = self.spend("open", &arguments, self.wait_sequence());
        let next = self.state().opened(statement);
        Ok((self.alone(controller, &next, 0), self.step()))
    }

    async fn veto(&self, digest: Hash32, reason: Hash32) -> Result<Planned, ChainError> {
        let planned = self.named(self.veto_draft(digest, reason))?;
        // paid in part already: script has no other "not after"
        for returning in planned.0.inputs.iter().skip(1) {
            if self.chain.endpoint.is_unspent(&returning.outpoint).await?.is_none() {
                return Err(self.refused(Refusal::NothingPending));
            }
        }
        Ok(planned)
    }

    pub(crate) fn veto_draft(&self, digest: Hash32, reason: Hash32) -> Result<Planned, Refusal> {
        let state = self.state();
        let pending = state.pending.ok_or(Refusal::NothingPending)?;
        if digest != state.head {
            return Err(Refusal::WrongHead);
        }
        let message = veto_message(state.head, reason);
        let dao = &self.last().dao;
        let by_dao = |key: &_| self.keys.sign(key, &message);
        let guardian = self.keys.sign(&state.keys.guardian, &message);
        let is_spent = guardian.is_some() && state.spent;
        let guardian = guardian.filter(|_| !state.spent);
        if guardian.is_none() && count(dao.keys(), by_dao) < dao.threshold() as usize {
            return Err(if is_spent { Refusal::GuardianSpent } else { Refusal::Authority });
        }
        let newest = self.snapshot.links.iter().rev().find_map(|link| {
            let statement = link.statement().filter(|statement| statement.digest() == digest)?;
            Some((link, statement))
        });
        let (link, statement) = newest.ok_or(Refusal::WrongHead)?;
        let (epoch, epoch_utxo) = match (&statement, &link.epoch_output) {
            (Statement::Epoch(statement), Some(output)) => {
                (statement.epoch, Some((link.epoch_outpoint(), output.clone())))
            }
            (Statement::Epoch(statement), None) => (statement.epoch, None),
            (Statement::Open(statement), _) => (statement.first, None),
            _ => return Err(Refusal::WrongHead),
        };
        let dao_sigs = if guardian.is_some() { Vec::new() } else { packed(dao.keys(), by_dao) };
        let next = state.vetoed(epoch, guardian.is_some(), reason);
        let arguments = [
            Value::Bytes(statement.encode().to_vec()),
            reason.0.into(),
            Value::Bytes(state.keys.encode()),
            Value::Bytes(guardian.unwrap_or_default()),
            Value::Bytes(dao_set_bytes(dao)),
            Value::Bytes(dao_sigs),
        ];
        let controller = self.spend("veto", &arguments, NOT_FINAL);
        let (mut amount, mut value) = (self.reserve(), controller.output.value.to_sat());
        let mut inputs = vec![controller];
        if let Some((outpoint, output)) = epoch_utxo.filter(|_| pending != PendingKind::Open) {
            amount = amount.saturating_add(crate::epochs::amount_of(&output));
            value = value.saturating_add(output.value.to_sat());
            let unlocking = self.chain.covenants.epoch.unlock("giveBack", &[]);
            inputs.push(Spending { outpoint, output, sequence: NOT_FINAL, unlocking });
        }
        let outputs = vec![self.controller_output(&next, amount, value)];
        Ok((Draft { inputs, outputs, lock_time: 0, coins: Coins::Some }, self.step()))
    }

    fn hand_over(&self, epoch: Epoch, new: DistributorId) -> Result<Planned, Refusal> {
        self.rights()?;
        let terms = &self.chain.config.terms;
        let now = self.state().matured();
        let after_start = epoch.0.checked_sub(now.start).filter(|epochs| *epochs > 0);
        let at_boundary = after_start.is_some_and(|epochs| epochs % terms.schedule.term_epochs == 0);
        let in_time = now.next.checked_add(terms.notice_epochs).is_some_and(|least| epoch.0 >= least);
        if !at_boundary || !in_time || epoch.0 == OPEN_ENDED || now.end != OPEN_ENDED {
            return Err(Refusal::Boundary);
        }
        if new == DistributorId::ZERO {
            return Err(Refusal::Other("a hand-over must name a distributor".to_owned()));
        }
        let planned = self.act(DaoAct::HandOver { epoch, new }, Opened::Nothing)?;
        // also one that counts by now: the first filing of its range lifts that (docs/decisions/0702)
        if self.state().pending == Some(PendingKind::Open) { Err(Refusal::Busy) } else { Ok(planned) }
    }

    fn advance(&self, head: Hash32, reason: Hash32) -> Result<Planned, Refusal> {
        self.rights()?;
        if head != self.state().head {
            return Err(Refusal::WrongHead);
        }
        if self.waits() {
            return Err(Refusal::Busy);
        }
        self.act(DaoAct::AdvanceHead { head, reason }, Opened::Nothing)
    }

    /// Whether the keys here reach the DAO's threshold.
    fn rights(&self) -> Result<(), Refusal> {
        let dao = &self.last().dao;
        let held = count(dao.keys(), |key| self.keys.sign(key, &[]));
        if held < dao.threshold() as usize { Err(Refusal::Authority) } else { Ok(()) }
    }

    fn act(&self, act: DaoAct, opened: Opened) -> Result<Planned, Refusal> {
        let state = self.state();
        let config = &self.chain.config;
        let statement = DaoStatement {
            network: config.terms.schedule.network,
            distributor: config.distributor,
            number: state.keys.acts.checked_add(1).ok_or_else(|| Refusal::Other("no act number is left".to_owned()))?,
            act,
            decree: Hash32::ZERO,
        };
        let message = statement.encode();
        let guarded = matches!(act, DaoAct::HandOver { .. } | DaoAct::Guardian { .. } | DaoAct::Rotate { .. });
        let consent = self.keys.sign(&state.keys.guardian, &message).filter(|_| guarded);
        let until_s = config.terms.guarded_until_s;
        let lock_time = match (guarded, &consent) {
            (true, None) if self.now_s() < until_s => return Err(Refusal::NoConsent),
            (true, None) => u32::try_from(until_s).map_err(|_| Refusal::NoConsent)?,
            _ => 0,
        };
        let (argument, shown) = match (&act, &opened) {
            (DaoAct::HandOver { new, .. }, _) => (new.0, Vec::new()),
            (DaoAct::AdvanceHead { reason, .. }, _) => (reason.0, Vec::new()),
            (DaoAct::DaoSet { set }, Opened::Dao(dao)) => (set.0, dao_set_bytes(dao)),
            (DaoAct::Guardian { key }, Opened::Key(shown)) => (key.0, shown.to_vec()),
            (DaoAct::Rotate { set }, Opened::Set(oracles)) => (set.0, oracle_set_bytes(oracles)),
            _ => unreachable!("an act shows what its hash is of"),
        };
        let end = if let DaoAct::HandOver { epoch, .. } = act { epoch.0 } else { 0 };
        let dao = &self.last().dao;
        let arguments = [
            Value::Number(u64::from(act.kind())),
            end.to_be_bytes().into(),
            argument.into(),
            statement.decree.0.into(),
            Value::Bytes(shown),
            Value::Bytes(state.keys.encode()),
            Value::Bytes(consent.unwrap_or_default()),
            Value::Bytes(dao_set_bytes(dao)),
            Value::Bytes(packed(dao.keys(), |key| self.keys.sign(key, &message))),
        ];
        let waits = matches!(act, DaoAct::AdvanceHead { .. });
        let controller = self.spend("act", &arguments, if waits { self.wait_sequence() } else { NOT_FINAL });
        Ok((self.alone(controller, &state.acted(&act, &opened), lock_time), self.step()))
    }

    fn check_place(&self, statement: &Statement, set: u32, head: Hash32) -> Result<(), Refusal> {
        let config = &self.chain.config;
        if statement.network() != config.terms.schedule.network || statement.distributor() != config.distributor {
            return Err(Refusal::Foreign);
        }
        if set != self.state().keys.version {
            return Err(Refusal::WrongSet);
        }
        if head != self.state().head {
            return Err(Refusal::WrongHead);
        }
        Ok(())
    }

    /// Exactly a quorum's signatures: more would cost more.
    fn oracle_signatures(&self, checked: &Signatures) -> Result<Vec<u8>, Refusal> {
        let set = &self.last().oracle_set;
        let signers: Vec<_> = set.keys().iter().filter(|key| checked.by(key).is_some()).take(set.quorum()).collect();
        if signers.len() < set.quorum() {
            return Err(Refusal::NoQuorum);
        }
        Ok(packed(set.keys(), |key| checked.by(key).filter(|_| signers.contains(&key))))
    }

    /// The step of the controller's thread that this takes.
    fn step(&self) -> Step {
        Step::Controller { after: self.snapshot.links.len() - 1 }
    }

    /// Base units that are not released yet.
    fn reserve(&self) -> u64 {
        crate::epochs::amount_of(&self.last().output)
    }

    fn wait_sequence(&self) -> u32 {
        relative(self.state().wait_units(&self.chain.config.terms))
    }

    fn spend(&self, path: &str, arguments: &[Value], sequence: u32) -> Spending {
        let unlocking = self.chain.covenants.controller.unlock(path, arguments);
        Spending { outpoint: self.last().outpoint(), output: self.last().output.clone(), sequence, unlocking }
    }

    /// The controller alone, whose reserve and satoshis stay.
    fn alone(&self, controller: Spending, next: &Controller, lock_time: u32) -> Draft {
        let output = self.controller_output(next, self.reserve(), controller.output.value.to_sat());
        Draft { inputs: vec![controller], outputs: vec![output], lock_time, coins: Coins::Some }
    }

    fn controller_output(&self, state: &Controller, amount: u64, sats: u64) -> TxOut {
        TxOut {
            value: Amount::from_sat(sats),
            script_pubkey: self.chain.covenants.controller.locking(),
            token: Some(tokens(self.chain.config.category(), amount, Some((Capability::Minting, state.encode())))),
        }
    }

    /// An epoch's output with so many satoshis, or with as many as its dust limit asks for.
    pub(crate) fn epoch_output(&self, pay: &EpochPay, amount: u64, sats: u64) -> TxOut {
        let mut output = TxOut {
            value: Amount::from_sat(sats),
            script_pubkey: self.chain.covenants.epoch.locking(),
            token: Some(tokens(self.chain.config.category(), amount, Some((Capability::Mutable, pay.encode())))),
        };
        output.value = output.value.max(Amount::from_sat(dust(&output)));
        output
    }
}
