//! What members of the DAO's set and the guardian sign, and the signatures that others brought.

use async_trait::async_trait;
use liaise_chain_api::{Action, ChainError, Refusal, SignedRights, StatementSignature, ToSign};
use liaise_summary::{CompressedKey, DaoAct, DaoStatement, Hash32, sha256};

use crate::account::account_of_key;
use crate::config::BchConfig;
use crate::link::Link;
use crate::moves::{Opened, veto_message};
use crate::reader::BchReader;
use crate::signatures::der_of;
use crate::state::Controller;

/// What came with an action from other hands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brought<'a> {
    /// The decree that an act carries out, or zero.
    pub(crate) decree: Hash32,
    /// The key of whoever becomes guardian, where it is named.
    pub(crate) named: Option<CompressedKey>,
    pub(crate) signatures: &'a [StatementSignature],
}

impl<'a> Brought<'a> {
    /// An action without its signatures, and those.
    pub(crate) fn with(action: &'a Action) -> (&'a Action, Self) {
        match action {
            Action::Signed { action, decree, named, signatures } => {
                (&**action, Self { decree: *decree, named: *named, signatures })
            }
            action => (action, Self { decree: Hash32::ZERO, named: None, signatures: &[] }),
        }
    }

    /// The DER form of what a key signed, if that is right.
    pub(crate) fn by(&self, key: &CompressedKey, message: &[u8]) -> Option<Vec<u8>> {
        let signature = self.signatures.iter().find(|signature| signature.key == *key)?;
        der_of(sha256(&[message]), key, &signature.rsv)
    }

    /// Whether something of this key is among them.
    pub(crate) fn has(&self, key: &CompressedKey) -> bool {
        self.signatures.iter().any(|signature| signature.key == *key)
    }

    /// # Errors
    /// [`Refusal::Signature`]: one that is wrong, a stranger's, or a key's second.
    pub(crate) fn check(&self, last: &Link, message: &[u8]) -> Result<(), Refusal> {
        for (i, StatementSignature { key, .. }) in self.signatures.iter().enumerate() {
            let counts = last.dao.keys().contains(key) || *key == last.state.keys.guardian;
            let twice = self.signatures[..i].iter().any(|other| other.key == *key);
            if !counts || twice || self.by(key, message).is_none() {
                return Err(Refusal::Signature);
            }
        }
        Ok(())
    }
}

/// The act that an action is, and what its hash is of. `named` are keys of which one may be the next guardian's.
///
/// # Errors
/// [`Refusal::Set`] for another than the next version, [`Refusal::Other`] for what is no act or names no key.
pub(crate) fn act_of(
    action: &Action,
    config: &BchConfig,
    state: &Controller,
    named: impl Fn(&liaise_chain_api::Account) -> Option<CompressedKey>,
) -> Result<(DaoAct, Opened), Refusal> {
    Ok(match action {
        Action::Advance { head, reason } => {
            if *head != state.head {
                return Err(Refusal::WrongHead);
            }
            (DaoAct::AdvanceHead { head: *head, reason: sha256(&[reason]) }, Opened::Nothing)
        }
        Action::HandOver { epoch, new } => (DaoAct::HandOver { epoch: *epoch, new: *new }, Opened::Nothing),
        Action::Rotate { set } => {
            if state.keys.version.checked_add(1) != Some(set.version()) {
                return Err(Refusal::Set);
            }
            (DaoAct::Rotate { set: set.hash() }, Opened::Set(set.clone()))
        }
        Action::SetDao { set } => (DaoAct::DaoSet { set: set.hash() }, Opened::Dao(set.clone())),
        Action::SetGuardian { guardian } => {
            let key = named(guardian).filter(|_| guardian.is_on(&config.chain));
            let key = key.ok_or_else(|| Refusal::Other("the guardian's key is not named".to_owned()))?;
            (DaoAct::Guardian { key: sha256(&[&key]) }, Opened::Key(key))
        }
        _ => return Err(Refusal::Other("it is no act of the DAO".to_owned())),
    })
}

/// The statement of an act, over a state.
///
/// # Errors
/// [`Refusal::Other`] once no number is left.
pub(crate) fn statement_of(
    config: &BchConfig,
    state: &Controller,
    act: DaoAct,
    decree: Hash32,
) -> Result<DaoStatement, Refusal> {
    let next = state.keys.acts.checked_add(1).filter(|next| i32::try_from(*next).is_ok());
    let number = next.ok_or_else(|| Refusal::Other("no act number is left".to_owned()))?;
    let (network, distributor) = (config.terms.schedule.network, config.distributor);
    Ok(DaoStatement { network, distributor, number, act, decree })
}

#[async_trait]
impl SignedRights for BchReader {
    async fn to_sign(&self, action: &Action) -> Result<ToSign, ChainError> {
        let (action, brought) = Brought::with(action);
        let snapshot = self.chain.snapshot().await?;
        let (config, last) = (&self.chain.config, snapshot.last());
        let state = &last.state;
        let refused = |refusal| ChainError::Refused { action: action.name(), refusal };
        let guarded = snapshot.at.time_s < config.terms.guarded_until_s;
        let (message, guardian) = match action {
            Action::Veto { digest, .. } if *digest != state.head => return Err(refused(Refusal::WrongHead)),
            Action::Veto { .. } if state.pending.is_none() => return Err(refused(Refusal::NothingPending)),
            Action::Veto { digest, reason } => (veto_message(*digest, sha256(&[reason])), !state.spent),
            Action::Open { statement, .. } => (statement.encode().to_vec(), false),
            Action::Advance { .. }
            | Action::HandOver { .. }
            | Action::Rotate { .. }
            | Action::SetDao { .. }
            | Action::SetGuardian { .. } => {
                let named = |account: &liaise_chain_api::Account| {
                    brought.named.filter(|key| account_of_key(&config.chain, key) == *account)
                };
                let (act, _) = act_of(action, config, state, named).map_err(refused)?;
                let statement = statement_of(config, state, act, brought.decree).map_err(refused)?;
                (statement.encode().to_vec(), guarded && is_guarded(&act))
            }
            _ => {
                return Err(ChainError::Unsupported {
                    chain: config.chain.clone(),
                    action: action.name(),
                    detail: "it needs nobody's right: anybody sends it",
                });
            }
        };
        Ok(ToSign { message, dao: last.dao.clone(), guardian: guardian.then_some(state.keys.guardian) })
    }
}

/// Whether the guardian shares in an act while the distributor is guarded.
pub(crate) const fn is_guarded(act: &DaoAct) -> bool {
    matches!(act, DaoAct::HandOver { .. } | DaoAct::Guardian { .. } | DaoAct::Rotate { .. })
}
