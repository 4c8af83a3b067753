//! What a failed instruction means: the program's numbers as the seam's classes.

use anchor_lang::solana_program::instruction::error::InstructionError;
use liaise_chain_api::Refusal;
use liaise_emission::EmissionError as E;
use solana_rpc_client_api::client_error::TransactionError;

/// Anchor's own number for an argument that does not decode.
const INSTRUCTION_DID_NOT_DESERIALIZE: u32 = 102;
/// The token programs' number for an account that is frozen.
const FROZEN: u32 = 17;

/// Every error of the program with its number, in the order of the numbers.
const ERRORS: [E; 62] = [
    E::InvalidNetwork,
    E::InvalidSupply,
    E::InvalidSchedule,
    E::InvalidDelays,
    E::UriTooLong,
    E::ZeroKey,
    E::WrongDistributor,
    E::WrongMint,
    E::WrongVault,
    E::WrongOracles,
    E::WrongTokenProgram,
    E::WrongClaimed,
    E::WrongDestination,
    E::ForeignTokenAccount,
    E::NoDestination,
    E::NotRentExempt,
    E::PayerTooPoor,
    E::AlreadyExists,
    E::WrongCouncil,
    E::InvalidCouncil,
    E::WrongProgram,
    E::UpgradeAuthorityHeld,
    E::NotAuthorized,
    E::NotGuardian,
    E::NoConsent,
    E::TooManyConsents,
    E::GuardianVetoUsed,
    E::StatementPending,
    E::NothingPending,
    E::OtherStatementPending,
    E::OtherHead,
    E::NotOpened,
    E::EpochOutOfOrder,
    E::EpochOutOfRange,
    E::EpochNotEnded,
    E::RootSumFell,
    E::IssuedTooMuch,
    E::InvalidHandOver,
    E::AlreadyHandedOver,
    E::ZeroDistributor,
    E::OpenNotApproved,
    E::OpenTooEarly,
    E::WrongSetVersion,
    E::SetSize,
    E::NotCompressed,
    E::NotOnCurve,
    E::KeysNotAscending,
    E::InvalidV,
    E::HighS,
    E::NotAMember,
    E::SignaturesNotAscending,
    E::NoQuorum,
    E::ProofLength,
    E::ProofTooDeep,
    E::IndexTooLarge,
    E::SumTooLarge,
    E::RunNotAligned,
    E::InvalidProof,
    E::NotAnAccount,
    E::CounterExhausted,
    E::NamedLeafOutOfRun,
    E::RunAccounts,
];
/// The number of the first.
const FIRST: u32 = 6000;

/// The class of a number that an instruction of the program failed with.
fn classify(number: u32) -> Refusal {
    let known = number.checked_sub(FIRST).and_then(|at| ERRORS.get(at as usize));
    match known {
        Some(error) => of(error),
        None if number == INSTRUCTION_DID_NOT_DESERIALIZE => {
            Refusal::Other("the program can't read the call: use the adapter of the program's version".to_owned())
        }
        None if number == FROZEN => {
            Refusal::Other("the payee's token account is frozen: nothing can be paid there".to_owned())
        }
        None => Refusal::Other(format!("the program fails with error {number}")),
    }
}

/// What a transaction's failure means.
pub(crate) fn classify_failure(error: TransactionError) -> Refusal {
    match error {
        TransactionError::InstructionError(_, InstructionError::Custom(number)) => classify(number),
        other => Refusal::Other(format!("the chain says: {other}")),
    }
}

fn of(error: &E) -> Refusal {
    match error {
        E::NotAuthorized | E::NotGuardian => Refusal::Authority,
        E::NoConsent => Refusal::NoConsent,
        E::GuardianVetoUsed => Refusal::GuardianSpent,
        E::StatementPending => Refusal::Busy,
        E::NothingPending => Refusal::NothingPending,
        E::OtherStatementPending | E::OtherHead => Refusal::WrongHead,
        E::NotOpened | E::EpochOutOfRange => Refusal::OutOfRange,
        E::EpochOutOfOrder => Refusal::OutOfOrder,
        E::EpochNotEnded => Refusal::NotEnded,
        E::RootSumFell | E::IssuedTooMuch | E::CounterExhausted => Refusal::Bound,
        E::InvalidHandOver | E::AlreadyHandedOver => Refusal::Boundary,
        E::OpenNotApproved => Refusal::NotApproved,
        E::OpenTooEarly => Refusal::Opening,
        E::WrongSetVersion | E::SetSize | E::NotCompressed | E::NotOnCurve | E::KeysNotAscending => Refusal::Set,
        E::InvalidV | E::HighS | E::NotAMember | E::SignaturesNotAscending => Refusal::Signature,
        E::NoQuorum => Refusal::NoQuorum,
        E::ProofLength | E::ProofTooDeep | E::IndexTooLarge | E::SumTooLarge | E::RunNotAligned | E::InvalidProof => {
            Refusal::Proof
        }
        // these say themselves what to do, and no caller decides by them
        E::InvalidNetwork
        | E::InvalidSupply
        | E::InvalidSchedule
        | E::InvalidDelays
        | E::UriTooLong
        | E::ZeroKey
        | E::WrongDistributor
        | E::WrongMint
        | E::WrongVault
        | E::WrongOracles
        | E::WrongTokenProgram
        | E::WrongClaimed
        | E::WrongDestination
        | E::ForeignTokenAccount
        | E::NoDestination
        | E::NotRentExempt
        | E::PayerTooPoor
        | E::AlreadyExists
        | E::WrongCouncil
        | E::InvalidCouncil
        | E::WrongProgram
        | E::UpgradeAuthorityHeld
        | E::TooManyConsents
        | E::ZeroDistributor
        | E::NotAnAccount
        | E::NamedLeafOutOfRun
        | E::RunAccounts => Refusal::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiler sees to it that every error has a class; this, that every number finds its error.
    #[test]
    fn every_number_of_the_published_interface_is_known() {
        let idl = include_str!("../../../contracts/solana/idl/emission.json");
        let idl: serde_json::Value = serde_json::from_str(idl).expect("JSON");
        let published = idl["errors"].as_array().expect("a list");
        assert_eq!(published.len(), ERRORS.len());
        for (at, (error, published)) in ERRORS.iter().zip(published).enumerate() {
            let number = FIRST + u32::try_from(at).expect("few");
            assert_eq!((u32::from(*error), published["code"].as_u64()), (number, Some(number.into())), "{error}");
            assert_eq!(published["msg"].as_str(), Some(error.to_string().as_str()));
        }
        assert_eq!(classify(6062), Refusal::Other("the program fails with error 6062".to_owned()));
    }

    #[test]
    fn classes_and_words() {
        assert_eq!(classify(u32::from(E::EpochNotEnded)), Refusal::NotEnded);
        assert!(matches!(classify(u32::from(E::PayerTooPoor)), Refusal::Other(text) if text.contains("rent")));
    }
}
