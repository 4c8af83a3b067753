//! What an action asks of the covenants, checked as they check it, so that a refusal has a name before anything is signed.

use bitcoincash::token::Capability;
use bitcoincash::{Amount, TxOut};
use liaise_chain_api::{Account, Action, ChainError, Refusal};
use liaise_summary::{CompressedKey, sha256};

use crate::account::{BchKeys, account_of_key};
use crate::covenant::Value;
use crate::draft::{Coins, Draft, Spending, dust, relative, tokens};
use crate::link::Link;
use crate::prepared::{Held, Step};
use crate::reader::payable_s;
use crate::said::Brought;
use crate::state::{Controller, EpochPay};
use crate::thread::{Chain, Snapshot};

/// A draft, and the step of which thread it takes.
pub(crate) type Planned = (Draft, Step);

/// One action over one state of the chain, with the keys of one submitter.
pub(crate) struct Planner<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) keys: &'a BchKeys,
    pub(crate) action: &'a Action,
    /// What came with it from other hands.
    pub(crate) brought: Brought<'a>,
    /// What the submitter has signed and nobody has decided on.
    pub(crate) undecided: &'a [Held],
    /// The most satoshis that a filing may lock for its batches: an epoch is filed even where its limit does not reach for all of
    /// them.
    pub(crate) lock_most: u64,
}

impl Planner<'_> {
    /// # Errors
    /// [`ChainError::Refused`], [`ChainError::Unsupported`], [`ChainError::Input`], and what reading returns.
    pub(crate) async fn plan(&self) -> Result<Planned, ChainError> {
        match self.action {
            Action::SubmitEpoch { statement, signatures, payouts } => {
                self.named(self.submit(statement, signatures, *payouts))
            }
            Action::Open { statement, signatures } => self.named(self.open(statement, signatures)),
            Action::Crank { epoch, payouts, proof } => self.crank(*epoch, payouts, proof).await,
            Action::Veto { digest, reason } => self.veto(*digest, sha256(&[reason])).await,
            Action::Advance { .. } | Action::HandOver { .. } | Action::Rotate { .. } | Action::SetDao { .. } => {
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

    pub(crate) fn key_of(&self, account: &Account) -> Option<CompressedKey> {
        let chain = &self.chain.config.chain;
        let brought = || self.brought.named.filter(|key| account_of_key(chain, key) == *account);
        self.keys.key_of(account).or_else(brought).filter(|_| account.is_on(chain))
    }

    /// What a key signed of a message: here, or elsewhere.
    pub(crate) fn signs(&self, key: &CompressedKey, message: &[u8]) -> Option<Vec<u8>> {
        self.keys.sign(key, message).or_else(|| self.brought.by(key, message))
    }

    pub(crate) fn refused(&self, refusal: Refusal) -> ChainError {
        ChainError::Refused { action: self.action.name(), refusal }
    }

    pub(crate) fn named<T>(&self, result: Result<T, Refusal>) -> Result<T, ChainError> {
        result.map_err(|refusal| self.refused(refusal))
    }

    fn unsupported(&self, detail: &'static str) -> ChainError {
        ChainError::Unsupported { chain: self.chain.config.chain.clone(), action: self.action.name(), detail }
    }

    pub(crate) fn last(&self) -> &Link {
        self.snapshot.last()
    }

    pub(crate) fn state(&self) -> &Controller {
        &self.last().state
    }

    pub(crate) fn now_s(&self) -> u64 {
        self.snapshot.at.time_s
    }

    /// Whether what is pending must still be waited for.
    pub(crate) fn waits(&self) -> bool {
        self.now_s() < payable_s(self.last(), &self.chain.config)
    }

    /// The step of the controller's thread that this takes.
    pub(crate) fn step(&self) -> Step {
        Step::Controller { after: self.snapshot.links.len() - 1 }
    }

    /// Base units that are not released yet.
    pub(crate) fn reserve(&self) -> u64 {
        crate::epochs::amount_of(&self.last().output)
    }

    pub(crate) fn wait_sequence(&self) -> u32 {
        relative(self.state().wait_units(&self.chain.config.terms))
    }

    pub(crate) fn spend(&self, path: &str, arguments: &[Value], sequence: u32) -> Spending {
        let unlocking = self.chain.covenants.controller.unlock(path, arguments);
        Spending { outpoint: self.last().outpoint(), output: self.last().output.clone(), sequence, unlocking }
    }

    /// The controller alone, whose reserve and satoshis stay.
    pub(crate) fn alone(&self, controller: Spending, next: &Controller, lock_time: u32) -> Draft {
        let output = self.controller_output(next, self.reserve(), controller.output.value.to_sat());
        Draft { inputs: vec![controller], outputs: vec![output], lock_time, coins: Coins::Some }
    }

    pub(crate) fn controller_output(&self, state: &Controller, amount: u64, sats: u64) -> TxOut {
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
