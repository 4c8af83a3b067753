//! What the oracles' quorum signs: an epoch is filed, a range opened.

use liaise_chain_api::{Refusal, StatementSignature};
use liaise_summary::{EpochStatement, Hash32, Node, OpenStatement, SUM_LIMIT, Statement};

use crate::covenant::Value;
use crate::draft::{Coins, Draft};
use crate::link::{dao_set_bytes, oracle_set_bytes};
use crate::plan::{Planned, Planner};
use crate::signatures::{Signatures, count, packed};
use crate::state::{EpochPay, OPEN_ENDED};

impl Planner<'_> {
    pub(crate) fn submit(
        &self,
        statement: &EpochStatement,
        signatures: &[StatementSignature],
        payouts: u32,
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
        let epoch = (sum > 0).then(|| {
            let root = Node { hash: statement.root_hash, sum };
            let pay = EpochPay { epoch: statement.epoch, batch: 0, refiled: next.spent, root };
            let most = self.chain.config.epoch_sats.unwrap_or(u64::MAX).min(self.lock_most);
            self.epoch_output(&pay, sum, terms.payout.filing_sats(payouts).min(most))
        });
        // what a veto gave back funds this epoch first: the covenant lets it go nowhere else
        let funded = epoch.as_ref().map_or(0, |output| output.value.to_sat());
        let value = self.last().output.value.to_sat().saturating_sub(funded).max(terms.floor_sats);
        let mut outputs = vec![self.controller_output(&next, reserve, value)];
        outputs.extend(epoch);
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
        self.brought.check(self.last(), &message)?;
        let by_dao = |key: &_| checked.by(key).or_else(|| self.signs(key, &message));
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
}
