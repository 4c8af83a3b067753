//! What happened, for whoever follows the logs: in the past tense, with the distributor first.

use anchor_lang::prelude::*;

use crate::state::Kind;

/// A distributor was created, with everything that is fixed in it.
#[event]
pub struct DistributorCreated {
    pub distributor: Pubkey,
    pub mint: Pubkey,
    pub network: [u8; 32],
    pub authority: Pubkey,
}

/// An epoch's statement was accepted; where `kind` is late it carries pay only and issued did not grow.
#[event]
pub struct EpochAccepted {
    pub distributor: Pubkey,
    pub epoch: u32,
    pub digest: [u8; 32],
    pub previous_head: [u8; 32],
    pub set_version: u32,
    pub kind: Kind,
    pub payable_at_s: u64,
    pub root_hash: [u8; 32],
    pub root_sum: u64,
    pub owed: u64,
    pub artefact: [u8; 32],
}

/// An OPEN statement was accepted.
#[event]
pub struct OpenAccepted {
    pub distributor: Pubkey,
    pub first: u32,
    pub digest: [u8; 32],
    pub previous_head: [u8; 32],
    pub set_version: u32,
    pub payable_at_s: u64,
    pub old: [u8; 32],
}

/// The books took a statement that had become payable; `growth` was minted into the vault.
#[event]
pub struct EpochBecamePayable {
    pub distributor: Pubkey,
    pub epoch: u32,
    pub root_hash: [u8; 32],
    pub root_sum: u64,
    pub growth: u64,
}

/// An OPEN's delay had passed without a veto: epochs from `first` on belong to this distributor.
#[event]
pub struct RangeOpened {
    pub distributor: Pubkey,
    pub first: u32,
}

/// The pending statement was struck out; the head moved, so that it can never be accepted again.
#[event]
pub struct StatementVetoed {
    pub distributor: Pubkey,
    pub digest: [u8; 32],
    pub by: Pubkey,
    pub new_head: [u8; 32],
    pub reason: Vec<u8>,
}

/// The head moved on without a statement.
#[event]
pub struct HeadAdvanced {
    pub distributor: Pubkey,
    pub previous_head: [u8; 32],
    pub by: Pubkey,
    pub new_head: [u8; 32],
    pub reason: Vec<u8>,
}

/// Epochs from `end` on are no longer this distributor's.
#[event]
pub struct HandedOver {
    pub distributor: Pubkey,
    pub end: u32,
    pub new_distributor: [u8; 32],
}

/// The DAO authority, or the guardian standing in for it, agreed to an opening.
#[event]
pub struct OpenApproved {
    pub distributor: Pubkey,
    pub first: u32,
    pub old: [u8; 32],
    pub head: [u8; 32],
    pub by: Pubkey,
}

/// From now on only this oracle set's quorum counts.
#[event]
pub struct OracleSetRotated {
    pub distributor: Pubkey,
    pub version: u32,
    pub set_hash: [u8; 32],
    pub keys: Vec<[u8; 33]>,
}

/// Another guardian.
#[event]
pub struct GuardianChanged {
    pub distributor: Pubkey,
    pub previous: Pubkey,
    pub current: Pubkey,
}

/// The guardian agreed, or no longer agrees, to one exact call of the DAO authority.
#[event]
pub struct ConsentChanged {
    pub distributor: Pubkey,
    pub guardian: Pubkey,
    pub call_hash: [u8; 32],
    pub given: bool,
}

/// A payee was paid; `total` is all that it was paid so far.
#[event]
pub struct Paid {
    pub distributor: Pubkey,
    pub payee: Pubkey,
    pub amount: u64,
    pub total: u64,
}
