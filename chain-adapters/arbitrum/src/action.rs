//! An action as a call of the contract, checked against what the contract rebuilds itself.
//!
//! The contract takes tag, network, its identity, set version and head from itself and never from its caller, so a
//! statement that names another looks to it like a wrong signature. Here it gets its real name first.

use alloy::primitives::aliases::U40;
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::SolCall;
use liaise_chain_api::{Action, ChainError, Distributor, Refusal, StatementSignature};
use liaise_summary::{
    CompressedKey, DistributorId, EpochStatement, Hash32, NetworkId, Node, OpenStatement, OracleSet, Proof, RangeProof,
    RewardLeaf,
};

use crate::bindings::{IClaims, IEmission};
use crate::reader::EvmReader;

impl EvmReader {
    /// The calldata of an action.
    ///
    /// # Errors
    /// [`ChainError::Refused`] for statements that name another network, distributor, set version, head, delays or
    /// schedule, and for the filler's leaf; [`ChainError::NotAnAccount`], [`ChainError::Unsupported`],
    /// [`ChainError::Input`].
    pub(crate) fn calldata(&self, action: &Action, state: &Distributor) -> Result<Vec<u8>, ChainError> {
        let refused = |refusal| ChainError::Refused { action: action.name(), refusal };
        Ok(match action {
            Action::SubmitEpoch { statement, signatures, .. } => {
                check_epoch(statement, state).map_err(refused)?;
                submit(statement, signatures)
            }
            Action::Open { statement, signatures } => {
                check_open(statement, state).map_err(refused)?;
                open(statement, signatures)
            }
            Action::Claim { leaf, proof } => {
                if self.is_filler(&leaf.payee) {
                    return Err(refused(Refusal::Filler));
                }
                claim(self.address_of(&leaf.payee)?, leaf, proof)
            }
            Action::ClaimRange { leaves, proof } => claim_range(leaves, proof),
            Action::Veto { digest, reason } => {
                IEmission::vetoCall { digest: word(*digest), reason: reason.clone().into() }.abi_encode()
            }
            Action::Advance { head, reason } => {
                IEmission::advanceCall { head: word(*head), reason: reason.clone().into() }.abi_encode()
            }
            Action::HandOver { epoch, new } => {
                IEmission::handOverCall { end: epoch.0, newDistributor: new.0.into() }.abi_encode()
            }
            Action::ApproveOpen { first, old, head } => {
                IEmission::approveOpenCall { first: first.0, old: old.0.into(), head: word(*head) }.abi_encode()
            }
            Action::Rotate { set } => rotate(set)?,
            Action::SetGuardian { guardian } => {
                let address = guardian.evm_address().filter(|_| guardian.chain() == self.config.chain);
                let address = address.ok_or_else(|| ChainError::Input {
                    what: "the next guardian",
                    detail: format!("{guardian} is no account of {}", self.config.chain),
                })?;
                IEmission::setGuardianCall { newGuardian: address.into() }.abi_encode()
            }
            Action::Consent { to, given } => {
                let call_hash = keccak256(self.calldata(to, state)?);
                IEmission::consentCall { callHash: call_hash, given: *given }.abi_encode()
            }
            other => {
                return Err(ChainError::Unsupported {
                    chain: self.config.chain.clone(),
                    action: other.name(),
                    detail: "its contract has no such call",
                });
            }
        })
    }
}

fn check_place(
    state: &Distributor,
    network: NetworkId,
    distributor: DistributorId,
    set: u32,
    head: Hash32,
) -> Result<(), Refusal> {
    if network != state.network() || distributor != state.id {
        return Err(Refusal::Foreign);
    }
    if set != state.oracle_set.version {
        return Err(Refusal::WrongSet);
    }
    if head != state.head {
        return Err(Refusal::WrongHead);
    }
    Ok(())
}

fn check_epoch(statement: &EpochStatement, state: &Distributor) -> Result<(), Refusal> {
    check_place(state, statement.network, statement.distributor, statement.oracle_set, statement.head)
}

fn check_open(statement: &OpenStatement, state: &Distributor) -> Result<(), Refusal> {
    check_place(state, statement.network, statement.distributor, statement.oracle_set, statement.head)?;
    let delays = (statement.epoch_delay_s, statement.long_delay_s);
    if delays != (state.delays.epoch_s, state.delays.long_s) || statement.schedule != state.schedule.id() {
        return Err(Refusal::Opening);
    }
    Ok(())
}

pub(crate) fn submit(statement: &EpochStatement, signatures: &[StatementSignature]) -> Vec<u8> {
    let summary = IEmission::Summary {
        epoch: statement.epoch.0,
        rootHash: word(statement.root_hash),
        rootSum: statement.root_sum,
        owed: statement.owed,
        artefact: word(statement.artefact),
    };
    IEmission::submitCall { summary, signatures: packed_signatures(signatures) }.abi_encode()
}

fn open(statement: &OpenStatement, signatures: &[StatementSignature]) -> Vec<u8> {
    let (first, old) = (statement.first.0, statement.old.0.into());
    IEmission::openCall { first, old, signatures: packed_signatures(signatures) }.abi_encode()
}

fn claim(payee: Address, leaf: &RewardLeaf, proof: &Proof) -> Vec<u8> {
    let proof_bytes = packed_nodes(&proof.siblings);
    let (amount, index) = (u128::from(leaf.amount), U40::from(proof.index));
    IClaims::claimCall { payee, amount, index, proof: proof_bytes }.abi_encode()
}

pub(crate) fn claim_range(leaves: &[RewardLeaf], proof: &RangeProof) -> Vec<u8> {
    let mut packed = Vec::with_capacity(40 * leaves.len());
    for leaf in leaves {
        packed.extend(leaf.payee.0);
        packed.extend(leaf.amount.to_be_bytes());
    }
    let proof_bytes = packed_nodes(&proof.siblings);
    IClaims::claimRangeCall { first: proof.first, leaves: packed.into(), proof: proof_bytes }.abi_encode()
}

fn rotate(set: &OracleSet) -> Result<Vec<u8>, ChainError> {
    let keys = set.keys().iter().map(point).collect::<Result<_, _>>()?;
    Ok(IEmission::rotateCall { version: set.version(), keys }.abi_encode())
}

/// A compressed key as the point that the contract checks.
pub(crate) fn point(key: &CompressedKey) -> Result<IEmission::PublicKey, ChainError> {
    let parsed = secp256k1::PublicKey::from_slice(key);
    let full = parsed.map_err(|_| ChainError::Input {
        what: "an oracle's key",
        detail: format!("{} is no point of secp256k1", alloy::hex::encode(key)),
    })?;
    let full = full.serialize_uncompressed();
    Ok(IEmission::PublicKey { x: U256::from_be_slice(&full[1..33]), y: U256::from_be_slice(&full[33..]) })
}

/// 65 bytes each, in ascending order of the signers' keys.
fn packed_signatures(signatures: &[StatementSignature]) -> Bytes {
    let mut ordered: Vec<&StatementSignature> = signatures.iter().collect();
    ordered.sort_by_key(|signature| signature.key);
    ordered.iter().flat_map(|signature| signature.rsv).collect()
}

/// 40 bytes a sibling: hash, sum.
fn packed_nodes(siblings: &[Node]) -> Bytes {
    siblings.iter().flat_map(|node| [&node.hash.0[..], &node.sum.to_be_bytes()].concat()).collect()
}

fn word(hash: Hash32) -> B256 {
    hash.0.into()
}
