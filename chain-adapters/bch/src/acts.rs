//! What guardian and DAO do: vetoes, and the DAO's acts.

use liaise_chain_api::{Action, ChainError, PendingKind, Refusal};
use liaise_summary::{CompressedKey, DaoAct, DistributorId, Epoch, Hash32, Statement};

use crate::covenant::Value;
use crate::draft::{Coins, Draft, NOT_FINAL, Spending};
use crate::epochs::amount_of;
use crate::link::{dao_set_bytes, oracle_set_bytes};
use crate::moves::{Opened, veto_message};
use crate::plan::{Planned, Planner};
use crate::said::{act_of, is_guarded, statement_of};
use crate::signatures::{count, packed};
use crate::state::OPEN_ENDED;

impl Planner<'_> {
    pub(crate) async fn veto(&self, digest: Hash32, reason: Hash32) -> Result<Planned, ChainError> {
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
        self.brought.check(self.last(), &message)?;
        let by_dao = |key: &_| self.signs(key, &message);
        let guardian = self.signs(&state.keys.guardian, &message);
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
            amount = amount.saturating_add(amount_of(&output));
            value = value.saturating_add(output.value.to_sat());
            let unlocking = self.chain.covenants.epoch.unlock("giveBack", &[]);
            inputs.push(Spending { outpoint, output, sequence: NOT_FINAL, unlocking });
        }
        let outputs = vec![self.controller_output(&next, amount, value)];
        Ok((Draft { inputs, outputs, lock_time: 0, coins: Coins::Some }, self.step()))
    }

    /// An act of the DAO. For other actions: none such.
    pub(crate) fn act_draft(&self, action: &Action) -> Result<Planned, Refusal> {
        self.rights()?;
        let config = &self.chain.config;
        let (act, opened) = act_of(action, config, self.state(), |account| self.key_of(account))?;
        match act {
            DaoAct::HandOver { epoch, new } => self.hand_over(epoch, new),
            DaoAct::AdvanceHead { .. } if self.waits() => Err(Refusal::Busy),
            act => self.act(act, opened),
        }
    }

    fn hand_over(&self, epoch: Epoch, new: DistributorId) -> Result<Planned, Refusal> {
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

    /// Whether the keys that sign reach the DAO's threshold.
    pub(crate) fn rights(&self) -> Result<(), Refusal> {
        let signs = |key: &CompressedKey| self.brought.has(key) || self.keys.sign(key, &[]).is_some();
        self.reached(|key| signs(key).then(Vec::new))
    }

    fn reached(&self, signed: impl Fn(&CompressedKey) -> Option<Vec<u8>>) -> Result<(), Refusal> {
        let dao = &self.last().dao;
        if count(dao.keys(), signed) < dao.threshold() as usize { Err(Refusal::Authority) } else { Ok(()) }
    }

    fn act(&self, act: DaoAct, opened: Opened) -> Result<Planned, Refusal> {
        let state = self.state();
        let config = &self.chain.config;
        let statement = statement_of(config, state, act, self.brought.decree)?;
        let message = statement.encode();
        self.brought.check(self.last(), &message)?;
        self.reached(|key| self.signs(key, &message))?;
        let guarded = is_guarded(&act);
        let consent = self.signs(&state.keys.guardian, &message).filter(|_| guarded);
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
            Value::Bytes(packed(dao.keys(), |key| self.signs(key, &message))),
        ];
        let waits = matches!(act, DaoAct::AdvanceHead { .. });
        let controller = self.spend("act", &arguments, if waits { self.wait_sequence() } else { NOT_FINAL });
        Ok((self.alone(controller, &state.acted(&act, &opened), lock_time), self.step()))
    }
}
