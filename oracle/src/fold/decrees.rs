//! Decrees in force: numbered, chained, signed by the DAO set's threshold.

use std::collections::BTreeMap;

use cid::Cid;
use liaise_ledger::body::{Decree, DecreeValue};
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
        && is_allowed(shared, seal, decree)
        && is_signed(genesis, decree)
}

fn is_allowed(shared: &Shared, seal: EpochNumber, decree: &Decree) -> bool {
    let notice = decree.act.effective >= seal.saturating_add(NOTICE_EPOCHS);
    match &decree.act.value {
        DecreeValue::Distributor(_) => true,
        DecreeValue::Row(row) => {
            let is_first = shared.rows.is_empty();
            seal < row.first
                && row.new != row.old
                && is_first == (row.old == Hash::ZERO)
                && shared.rows.iter().all(|known| known.first != row.first)
                && shared.distributor(&row.new).is_some()
        }
        DecreeValue::Certify(certify) => notice && shared.certified(&certify.adapter, EpochNumber::MAX).is_none(),
        DecreeValue::Withdraw(withdraw) => notice && shared.certified(&withdraw.adapter, EpochNumber::MAX).is_some(),
        _ => false,
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
