//! What a revert means: the contract's errors as the seam's classes.

use alloy::sol_types::SolInterface;
use liaise_chain_api::Refusal;

use crate::bindings::IClaims::IClaimsErrors as Claims;
use crate::bindings::IEmission::IEmissionErrors as Emission;
use crate::bindings::IQuorumErrors::IQuorumErrorsErrors as Quorum;

/// The class of a revert, by its selector and data.
pub(crate) fn classify(data: &[u8]) -> Refusal {
    if let Ok(error) = Emission::abi_decode(data) {
        return emission(&error);
    }
    if let Ok(error) = Quorum::abi_decode(data) {
        return quorum(&error);
    }
    if let Ok(error) = Claims::abi_decode(data) {
        return claims(&error);
    }
    Refusal::Other(format!("the contract reverts with 0x{}", alloy::hex::encode(data)))
}

fn emission(error: &Emission) -> Refusal {
    match error {
        Emission::NotAuthorized(_) | Emission::NotGuardian(_) => Refusal::Authority,
        Emission::StatementPending(_) => Refusal::Busy,
        Emission::NothingPending(_) => Refusal::NothingPending,
        Emission::OtherStatementPending(_) | Emission::OtherHead(_) => Refusal::WrongHead,
        Emission::GuardianVetoUsed(_) => Refusal::GuardianSpent,
        Emission::NotOpened(_) | Emission::EpochOutOfRange(_) => Refusal::OutOfRange,
        Emission::EpochOutOfOrder(_) => Refusal::OutOfOrder,
        Emission::EpochNotEnded(_) => Refusal::NotEnded,
        Emission::RootSumFell(_) | Emission::IssuedTooMuch(_) => Refusal::Bound,
        Emission::InvalidHandOver(_) | Emission::AlreadyHandedOver(_) => Refusal::Boundary,
        Emission::OpenNotApproved(_) => Refusal::NotApproved,
        Emission::OpenTooEarly(_) => Refusal::Opening,
        Emission::WrongSetVersion(_) => Refusal::Set,
        Emission::NoConsent(_) => Refusal::NoConsent,
        Emission::InvalidDeployment(_) => other("a constructor value makes no sense"),
        Emission::ZeroDistributor(_) => other("a hand-over must name a distributor"),
        Emission::ZeroAddress(_) => other("an account must be named, and zero is none"),
    }
}

fn other(text: &str) -> Refusal {
    Refusal::Other(text.to_owned())
}

fn quorum(error: &Quorum) -> Refusal {
    match error {
        Quorum::NoQuorum(_) => Refusal::NoQuorum,
        Quorum::SignaturesLength(_)
        | Quorum::InvalidV(_)
        | Quorum::HighS(_)
        | Quorum::NotAMember(_)
        | Quorum::SignaturesNotAscending(_) => Refusal::Signature,
        Quorum::SetSize(_) | Quorum::NotOnCurve(_) | Quorum::KeysNotAscending(_) => Refusal::Set,
    }
}

fn claims(error: &Claims) -> Refusal {
    match error {
        Claims::InvalidProof(_)
        | Claims::ProofLength(_)
        | Claims::ProofTooDeep(_)
        | Claims::IndexTooLarge(_)
        | Claims::SumTooLarge(_)
        | Claims::RunNotAligned(_) => Refusal::Proof,
        Claims::NotAnAccount(_) => other("the zero account can't be paid"),
        Claims::CounterExhausted(_) => Refusal::Bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::IEmission;
    use alloy::sol_types::SolError;

    #[test]
    fn errors_have_their_class_and_unknown_ones_keep_their_bytes() {
        assert_eq!(classify(&IEmission::NothingPending {}.abi_encode()), Refusal::NothingPending);
        let ended = IEmission::EpochNotEnded { epoch: 1, endsAt: alloy::primitives::U256::from(2) };
        assert_eq!(classify(&ended.abi_encode()), Refusal::NotEnded);
        assert_eq!(
            classify(&[0xde, 0xad, 0xbe, 0xef]),
            Refusal::Other("the contract reverts with 0xdeadbeef".to_owned())
        );
    }
}
