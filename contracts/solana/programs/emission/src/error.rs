//! What the program refuses, by number. Numbers are appended to and never change: clients know them. Anchor's own, for
//! accounts that are missing or of another program, are below 6000.

use anchor_lang::prelude::*;
use liaise_summary::{ProofError, SetError};

#[error_code]
#[derive(PartialEq, Eq)]
pub enum EmissionError {
    // ------------------------------------------------------------------------------------------------ deployment
    #[msg("the deployment names no network")]
    InvalidNetwork, // 6000
    #[msg("the supply must be above zero and below 2^63")]
    InvalidSupply,
    #[msg("epochs, epoch length and term must be above zero")]
    InvalidSchedule,
    #[msg("the long delay is shorter than the epoch delay")]
    InvalidDelays,
    #[msg("the metadata's address is longer than 200 bytes")]
    UriTooLong,
    #[msg("somebody must be named: a key is zero")]
    ZeroKey,

    // -------------------------------------------------------------------------------------------------- accounts
    #[msg("the distributor's address is not the one of this deployment")]
    WrongDistributor, // 6006
    #[msg("the mint is not this distributor's")]
    WrongMint,
    #[msg("the vault is not this distributor's")]
    WrongVault,
    #[msg("the oracle set is not this distributor's")]
    WrongOracles,
    #[msg("the token program is not the one that this distributor's mint belongs to")]
    WrongTokenProgram,
    #[msg("the claimed account is not the payee's at this distributor")]
    WrongClaimed,
    #[msg("the token account is not the payee's associated one for this mint")]
    WrongDestination,
    #[msg("the token account belongs to another owner or mint than its address says")]
    ForeignTokenAccount,
    #[msg("the token account does not exist: create the associated token account first, or name the leaf")]
    NoDestination,
    #[msg("an account that is to be paid or written is not rent-exempt: fund it first")]
    NotRentExempt,
    #[msg("the payer has too little for the rent of the accounts that must be created")]
    PayerTooPoor,
    #[msg("the account exists already")]
    AlreadyExists,
    #[msg("the council's address is not the one of this threshold and these members")]
    WrongCouncil,
    #[msg("a council has 1 to 11 members, strictly ascending, and a threshold from 1 to their number")]
    InvalidCouncil,
    #[msg("the accounts are not the program and its data")]
    WrongProgram,
    #[msg("somebody can still upgrade the program: give the upgrade authority up before opening a range")]
    UpgradeAuthorityHeld,

    // ----------------------------------------------------------------------------------------------- who may act
    #[msg("only the DAO authority may do this, or the guardian where it stands in, and it must sign")]
    NotAuthorized, // 6022
    #[msg("only the guardian may do this, and it must sign")]
    NotGuardian,
    #[msg("until the guarded time is over this call needs the guardian's consent to exactly these arguments")]
    NoConsent,
    #[msg("the guardian has agreed to as many calls as fit: withdraw one first")]
    TooManyConsents,
    #[msg("the guardian's one veto of this statement is used: only the DAO may veto its refiling")]
    GuardianVetoUsed,

    // ------------------------------------------------------------------------------------------------ statements
    #[msg("another statement waits for its delay")]
    StatementPending, // 6027
    #[msg("nothing waits that could be vetoed")]
    NothingPending,
    #[msg("another statement waits than the one that was named")]
    OtherStatementPending,
    #[msg("the head is another than the one that was named")]
    OtherHead,
    #[msg("the distributor was never opened")]
    NotOpened,
    #[msg("neither the next epoch nor the last filed one")]
    EpochOutOfOrder,
    #[msg("the epoch is no longer this distributor's")]
    EpochOutOfRange,
    #[msg("the epoch has not ended")]
    EpochNotEnded,
    #[msg("a root sum never falls")]
    RootSumFell,
    #[msg("issued would grow by more than the epoch's emission")]
    IssuedTooMuch,

    // ---------------------------------------------------------------------------------------------------- ranges
    #[msg("a hand-over needs a multiple of the term after the range's start, and notice")]
    InvalidHandOver, // 6037
    #[msg("the range has been handed over; that is irrevocable")]
    AlreadyHandedOver,
    #[msg("a hand-over names a distributor")]
    ZeroDistributor,
    #[msg("the DAO authority has not approved this opening over this head")]
    OpenNotApproved,
    #[msg("an opening starts at the next epoch to be filed, or later, and below 2^32 - 1")]
    OpenTooEarly,

    // ---------------------------------------------------------------------------------------------------- quorum
    #[msg("sets are rotated one version at a time")]
    WrongSetVersion, // 6042
    #[msg("a set has 5 to 15 keys")]
    SetSize,
    #[msg("a key is not compressed: give 33 bytes that start with 02 or 03")]
    NotCompressed,
    #[msg("a key is no point of secp256k1")]
    NotOnCurve,
    #[msg("keys ascend strictly, each once")]
    KeysNotAscending,
    #[msg("v is 0 or 1")]
    InvalidV,
    #[msg("s is above half the group's order, or zero")]
    HighS,
    #[msg("a signature is nobody's in the set: another signer, or other signed bytes")]
    NotAMember,
    #[msg("signers ascend strictly by key, each once")]
    SignaturesNotAscending,
    #[msg("fewer signatures than the quorum")]
    NoQuorum,

    // ---------------------------------------------------------------------------------------------------- claims
    #[msg("a proof is a whole number of 40-byte siblings")]
    ProofLength, // 6052
    #[msg("a proof has at most 32 levels")]
    ProofTooDeep,
    #[msg("the index does not fit the proof's depth")]
    IndexTooLarge,
    #[msg("a node's sum reaches 2^63")]
    SumTooLarge,
    #[msg("a run is 2^k leaves that start at a multiple of 2^k")]
    RunNotAligned,
    #[msg("the proof leads to neither payable root")]
    InvalidProof,
    #[msg("a decreed loss, the distributor itself and the zero key can't be paid")]
    NotAnAccount,
    #[msg("more than what is payable and not yet paid")]
    CounterExhausted,
    #[msg("named leaves are given in order, each once, inside the run")]
    NamedLeafOutOfRun,
    #[msg("two accounts for each leaf that is neither named nor padding, no more and no fewer")]
    RunAccounts,
}

impl From<ProofError> for EmissionError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::TooDeep { .. } => Self::ProofTooDeep,
            ProofError::IndexTooLarge { .. } => Self::IndexTooLarge,
            ProofError::SumTooLarge => Self::SumTooLarge,
            ProofError::NotAligned { .. } => Self::RunNotAligned,
            // `summary` may grow kinds; none of them is a proof
            _ => Self::InvalidProof,
        }
    }
}

/// What is wrong with the keys of a set.
pub fn wrong_keys(error: &SetError) -> EmissionError {
    match error {
        SetError::Size { .. } => EmissionError::SetSize,
        SetError::NotCompressed { .. } => EmissionError::NotCompressed,
        _ => EmissionError::KeysNotAscending,
    }
}

/// What is wrong with the signers of a statement.
pub fn wrong_signers(error: &SetError) -> EmissionError {
    match error {
        SetError::NotAscending { .. } => EmissionError::SignaturesNotAscending,
        SetError::NoQuorum { .. } => EmissionError::NoQuorum,
        _ => EmissionError::NotAMember,
    }
}

#[cfg(test)]
mod tests {
    use super::EmissionError::{self, *};

    /// One number of each group and the last one: whoever inserts instead of appending sees it here.
    #[test]
    fn numbers_never_change() {
        let number = |error: EmissionError| u32::from(error);
        assert_eq!(
            [
                InvalidNetwork,
                WrongDistributor,
                NotAuthorized,
                StatementPending,
                InvalidHandOver,
                WrongSetVersion,
                ProofLength,
                RunAccounts
            ]
            .map(number),
            [6000, 6006, 6022, 6027, 6037, 6042, 6052, 6061]
        );
    }
}
