//! Counting signatures: the check behind every kind of certificate.

use super::context::{SealContext, Witnesses};
use super::signing::{ballot_bytes, verify};
use liaise_ledger::Hash;
use malachitebft_core_consensus::ThresholdParams;
use malachitebft_core_types::{
    CertificateError, CommitCertificate, Context, NilOrVal, RoundCertificate, RoundCertificateType, SignedMessage,
    SignedVote, ThresholdParam, ValidatorSet, VoteType,
};
use std::collections::BTreeSet;

pub(super) type Counted = Result<(), CertificateError<SealContext>>;

/// Distinct known witnesses, every signature good, enough of them.
pub(super) fn tally(
    network: &Hash,
    set: &Witnesses,
    need: ThresholdParam,
    votes: impl Iterator<Item = SignedVote<SealContext>>,
) -> Counted {
    let mut seen = BTreeSet::new();
    for vote in votes {
        if !seen.insert(vote.from) {
            return Err(CertificateError::DuplicateVote(vote.from));
        }
        let key = set.key(vote.from).ok_or(CertificateError::UnknownValidator(vote.from))?;
        if !verify(key, &ballot_bytes(network, &vote), &vote.signature) {
            return Err(CertificateError::VerificationError(None));
        }
    }
    let (signed, total) = (seen.len() as u64, set.total_voting_power());
    if need.is_met(signed, total) {
        return Ok(());
    }
    Err(CertificateError::NotEnoughVotingPower { signed, total, expected: need.min_expected(total) })
}

/// The precommits that a commit certificate stands for.
pub(super) fn precommits(
    certificate: &CommitCertificate<SealContext>,
) -> impl Iterator<Item = SignedVote<SealContext>> + '_ {
    certificate.commit_signatures.iter().map(|s| {
        let value = NilOrVal::Val(certificate.value_id);
        let vote = SealContext.new_precommit(certificate.height, certificate.round, value, s.address);
        SignedMessage::new(vote, s.signature)
    })
}

pub(super) fn round_certificate(
    network: &Hash,
    set: &Witnesses,
    thresholds: ThresholdParams,
    certificate: &RoundCertificate<SealContext>,
) -> Counted {
    match certificate.cert_type {
        RoundCertificateType::Skip => tally(network, set, thresholds.honest, certificate.votes(&SealContext)),
        RoundCertificateType::Precommit => {
            match certificate.round_signatures.iter().find(|s| s.vote_type == VoteType::Prevote) {
                Some(s) => Err(CertificateError::InvalidVoteType(s.address)),
                None => tally(network, set, thresholds.quorum, certificate.votes(&SealContext)),
            }
        }
    }
}
