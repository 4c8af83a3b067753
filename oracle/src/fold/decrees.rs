//! Decrees in force: numbered, chained, signed by the DAO set's threshold.

use std::collections::BTreeMap;

use cid::Cid;
use liaise_ledger::body::{Act, Decree, DecreeValue, RowDecree};
use liaise_ledger::genesis::Genesis;
use liaise_ledger::message::verify_secp256k1;
use liaise_ledger::{EpochNumber, Hash};
use liaise_summary::DaoSet;

use super::shared::{AdapterState, DecreedDistributor, DecreedRow, Shared};

/// Epochs from a seal to the first in which what it decreed may take effect.
const NOTICE_EPOCHS: i64 = 2;

/// Puts the decrees that a seal observed into force, by number. Of one number the lowest id counts. Returns those whose
/// turn has not come: they are carried until the numbers before them are filled.
pub fn apply(
    shared: &mut Shared,
    genesis: &Genesis,
    network: Hash,
    seal: EpochNumber,
    observed: &BTreeMap<Cid, &Decree>,
) -> Vec<Cid> {
    loop {
        let next = observed.iter().find(|(_, decree)| follows(shared, genesis, network, seal, decree));
        let Some((id, decree)) = next else { break };
        shared.decree = decree.act.number;
        shared.decree_digest = Some(decree.act.digest());
        enact(shared, seal, *id, decree);
    }
    let waits = |decree: &Decree| decree.act.number > shared.decree.saturating_add(1);
    observed.iter().filter(|(_, decree)| waits(decree)).map(|(id, _)| *id).collect()
}

/// Whether a decree is the next one and valid. One that is not takes no number.
fn follows(shared: &Shared, genesis: &Genesis, network: Hash, seal: EpochNumber, decree: &Decree) -> bool {
    let act = &decree.act;
    act.network == network
        && Some(act.number) == shared.decree.checked_add(1)
        && act.previous == shared.decree_digest
        && refusal(shared, seal, act).is_none()
        && is_signed(genesis, decree)
}

/// Why an act can't come into force at a seal, if it can't: who signs asks before, and the fold says nothing.
pub fn refusal(shared: &Shared, seal: EpochNumber, act: &Act) -> Option<&'static str> {
    let early = (act.effective < seal.saturating_add(NOTICE_EPOCHS))
        .then_some("it takes effect less than two epochs after its seal: name a later epoch");
    match &act.value {
        DecreeValue::Distributor(_) => None,
        DecreeValue::Row(row) => row_refusal(shared, seal, row),
        DecreeValue::Certify(certify) => early.or_else(|| {
            let known = shared.certified(&certify.adapter, EpochNumber::MAX).is_some();
            known.then_some("the adapter is certified already")
        }),
        DecreeValue::Withdraw(withdraw) => early.or_else(|| {
            let unknown = shared.certified(&withdraw.adapter, EpochNumber::MAX).is_none();
            unknown.then_some("the adapter is not certified, so nothing can be withdrawn")
        }),
        _ => Some("this program does not know the kind: update it"),
    }
}

fn row_refusal(shared: &Shared, seal: EpochNumber, row: &RowDecree) -> Option<&'static str> {
    if seal >= row.first {
        Some("its first epoch is sealed already: name a later one")
    } else if row.new == row.old {
        Some("it names the distributor that it takes the term from")
    } else if shared.rows.is_empty() != (row.old == Hash::ZERO) {
        Some("the first row takes the term from nobody, every other from somebody")
    } else if shared.rows.iter().any(|known| known.first == row.first) {
        Some("another row begins with that epoch")
    } else if shared.distributor(&row.new).is_none() {
        Some("no decree admits its distributor: decree the deployment first")
    } else {
        None
    }
}

/// Whether the DAO set's threshold signed the act.
fn is_signed(genesis: &Genesis, decree: &Decree) -> bool {
    let digest = decree.act.digest();
    let valid = |key: &[u8; 33], signature: &[u8; 64]| verify_secp256k1(key, &digest, signature).is_ok();
    let dao = &genesis.dao;
    let Ok(set) = DaoSet::new(dao.version, dao.threshold, dao.keys.clone()) else { return false };
    let signers: Option<Vec<[u8; 33]>> =
        decree.signatures.iter().map(|s| valid(&s.key, &s.signature).then(|| s.key.into_array())).collect();
    signers.is_some_and(|signers| set.check_threshold(&signers).is_ok())
}

fn enact(shared: &mut Shared, seal: EpochNumber, message: Cid, decree: &Decree) {
    let effective = decree.act.effective;
    match &decree.act.value {
        DecreeValue::Distributor(value) => {
            shared.distributors.push(DecreedDistributor { value: value.clone(), seal, message });
        }
        DecreeValue::Row(row) => {
            shared.rows.push(DecreedRow { first: row.first, new: row.new, old: row.old, seal, message });
        }
        DecreeValue::Certify(certify) => {
            let adapter = AdapterState { id: certify.adapter, max_units: None, from: effective, until: None };
            match shared.adapters.binary_search_by(|known| known.id.cmp(&certify.adapter)) {
                Ok(i) => shared.adapters[i] = adapter,
                Err(i) => shared.adapters.insert(i, adapter),
            }
        }
        DecreeValue::Withdraw(withdraw) => {
            if let Ok(i) = shared.adapters.binary_search_by(|known| known.id.cmp(&withdraw.adapter)) {
                shared.adapters[i].until = Some(effective);
            }
        }
        _ => unreachable!("kinds that are not allowed never follow"),
    }
}
