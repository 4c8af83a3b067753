//! What can be asked of a distributor.

use std::fmt;

use liaise_summary::{
    CompressedKey, DaoSet, DistributorId, Epoch, EpochStatement, Hash32, OpenStatement, OracleSet, Payout, Proof,
    RangeProof, RewardLeaf, sha256,
};
use serde::{Deserialize, Serialize};

use crate::Account;

/// One oracle's signature over a statement's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementSignature {
    /// Whose: a compressed secp256k1 key.
    pub key: CompressedKey,
    /// r, s (low), v (0 or 1).
    pub rsv: [u8; 65],
}

/// One call of a distributor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Files an epoch, or late pay. Anybody may.
    SubmitEpoch {
        /// The statement.
        statement: EpochStatement,
        /// A quorum's signatures; adapters order them as their chain wants.
        signatures: Vec<StatementSignature>,
        /// How many payouts its tree holds, where they go out in batches and whoever files provides for them (Bitcoin Cash): what
        /// the root does not say. 0 elsewhere.
        payouts: u32,
    },
    /// Pays one payee what its leaf says beyond what it had. Anybody may.
    Claim {
        /// The payee's leaf in a payable tree.
        leaf: RewardLeaf,
        /// Its proof.
        proof: Proof,
    },
    /// Pays the payees of an aligned run of 2^k leaves. Anybody may.
    ClaimRange {
        /// The run's leaves in order.
        leaves: Vec<RewardLeaf>,
        /// The run's proof.
        proof: RangeProof,
    },
    /// Pays the next batch of an epoch, where a leaf is a batch of payouts (Bitcoin Cash). Anybody may.
    Crank {
        /// The epoch.
        epoch: Epoch,
        /// The batch's payouts in the leaf's order.
        payouts: Vec<Payout>,
        /// The batch's proof; its index is the batch's number.
        proof: Proof,
    },
    /// Stops the pending statement. Guardian or DAO authority.
    Veto {
        /// The pending statement's digest: prepared only while it is the head, so that no other one is hit.
        digest: Hash32,
        /// Why, for everybody to read.
        reason: Vec<u8>,
    },
    /// Moves the head when nothing is pending, for oracles that split. DAO authority.
    Advance {
        /// The head that it moves from.
        head: Hash32,
        /// Why, for everybody to read.
        reason: Vec<u8>,
    },
    /// Ends the range before an epoch, irrevocably. DAO authority.
    HandOver {
        /// The first epoch that is no longer this distributor's.
        epoch: Epoch,
        /// The distributor that is to take it.
        new: DistributorId,
    },
    /// Agrees to an opening. DAO authority.
    ApproveOpen {
        /// First epoch of the range.
        first: Epoch,
        /// The distributor that holds the term before, zero for the first term.
        old: DistributorId,
        /// The head that it is approved over.
        head: Hash32,
    },
    /// Opens an approved range. Anybody may.
    Open {
        /// The statement.
        statement: OpenStatement,
        /// A quorum's signatures, and those of the DAO's members where they sign the statement too (Bitcoin Cash); adapters
        /// order them as their chain wants.
        signatures: Vec<StatementSignature>,
    },
    /// Replaces the oracle set by its next version. DAO authority.
    Rotate {
        /// The next set.
        set: OracleSet,
    },
    /// Replaces the guardian. DAO authority.
    SetGuardian {
        /// The next one.
        guardian: Account,
    },
    /// Replaces the DAO's set, where no contract of the DAO exists (Bitcoin Cash). DAO authority.
    SetDao {
        /// The next set.
        set: DaoSet,
    },
    /// An action with the signatures that it needs, gathered from several hands, where rights are signatures (Bitcoin Cash).
    Signed {
        /// What is done.
        action: Box<Action>,
        /// Digest of the decree that an act carries out; zero for none, and for an opening or a veto.
        decree: Hash32,
        /// The key of whoever becomes guardian: an account is its hash alone.
        named: Option<CompressedKey>,
        /// By members of the DAO's set, and by the guardian, over what [`to_sign`](crate::SignedRights::to_sign) says.
        signatures: Vec<StatementSignature>,
    },
    /// Agrees, or no longer agrees, to one exact hand-over, rotation or change of guardian. Guardian, while the
    /// distributor is guarded.
    Consent {
        /// What the DAO authority is to do.
        to: Box<Action>,
        /// Whether the guardian agrees.
        given: bool,
    },
}

impl Action {
    /// Short name for journals and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SubmitEpoch { .. } => "submit",
            Self::Claim { .. } => "claim",
            Self::ClaimRange { .. } => "claim-range",
            Self::Crank { .. } => "crank",
            Self::Veto { .. } => "veto",
            Self::Advance { .. } => "advance",
            Self::HandOver { .. } => "hand-over",
            Self::ApproveOpen { .. } => "approve-open",
            Self::Open { .. } => "open",
            Self::Rotate { .. } => "rotate",
            Self::SetGuardian { .. } => "set-guardian",
            Self::SetDao { .. } => "set-dao",
            Self::Signed { action, .. } => action.name(),
            Self::Consent { .. } => "consent",
        }
    }

    /// What doing it achieves at a distributor: two actions of one purpose are never under way together.
    ///
    /// Signatures and proofs are no part of it: the same statement under another quorum's signatures, or the same leaf
    /// under a newer proof, achieves the same thing.
    pub fn purpose(&self, distributor: &DistributorId) -> Purpose {
        if let Self::Signed { action, .. } = self {
            return action.purpose(distributor);
        }
        let mut parts: Vec<Vec<u8>> = vec![distributor.0.to_vec(), self.name().as_bytes().to_vec()];
        match self {
            Self::SubmitEpoch { statement, .. } => parts.push(statement.digest().0.to_vec()),
            Self::Open { statement, .. } => parts.push(statement.digest().0.to_vec()),
            Self::Claim { leaf, .. } => parts.push(leaf_bytes(leaf)),
            Self::ClaimRange { leaves, .. } => parts.extend(leaves.iter().map(leaf_bytes)),
            Self::Crank { epoch, payouts, proof } => {
                parts.push([epoch.0.to_be_bytes(), proof.index.to_be_bytes()].concat());
                parts.extend(
                    payouts.iter().map(|payout| [&payout.pubkey_hash[..], &payout.amount.to_be_bytes()].concat()),
                );
            }
            Self::Veto { digest: over, .. } | Self::Advance { head: over, .. } => parts.push(over.0.to_vec()),
            Self::HandOver { epoch, new } => parts.push([&epoch.0.to_be_bytes(), &new.0[..]].concat()),
            Self::ApproveOpen { first, old, head } => {
                parts.push([&first.0.to_be_bytes(), &old.0[..], &head.0[..]].concat());
            }
            Self::Rotate { set } => parts.push(set.hash().0.to_vec()),
            Self::SetGuardian { guardian } => parts.push(guardian.as_str().as_bytes().to_vec()),
            Self::SetDao { set } => parts.push(set.hash().0.to_vec()),
            Self::Signed { .. } => unreachable!("it achieves what its action does"),
            Self::Consent { to, given } => {
                parts.push(vec![u8::from(*given)]);
                parts.push(to.purpose(distributor).0.into_bytes());
            }
        }
        // lengths first, so that no two lists of parts run together to the same bytes
        let mut bytes = Vec::new();
        for part in &parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        Purpose(format!("{}/{}", self.name(), sha256(&[&bytes])))
    }
}

fn leaf_bytes(leaf: &RewardLeaf) -> Vec<u8> {
    [&leaf.payee.0[..], &leaf.amount.to_be_bytes()].concat()
}

/// What an action achieves, as a journal's key: its name, a slash, 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Purpose(pub String);

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_summary::Payee;

    fn claim(payee: u8, amount: u64, index: u32) -> Action {
        let proof = Proof { index, siblings: vec![] };
        Action::Claim { leaf: RewardLeaf { payee: Payee([payee; 32]), amount }, proof }
    }

    #[test]
    fn a_purpose_is_what_is_achieved_not_how_it_is_proved() {
        let here = DistributorId([1; 32]);
        assert_eq!(claim(1, 2, 0).purpose(&here), claim(1, 2, 9).purpose(&here));
        assert_ne!(claim(1, 2, 0).purpose(&here), claim(1, 3, 0).purpose(&here));
        assert_ne!(claim(1, 2, 0).purpose(&here), claim(2, 2, 0).purpose(&here));
        assert_ne!(claim(1, 2, 0).purpose(&here), claim(1, 2, 0).purpose(&DistributorId([2; 32])));
        let veto = Action::Veto { digest: Hash32([3; 32]), reason: vec![1] };
        let signatures = vec![StatementSignature { key: [2; 33], rsv: [4; 65] }];
        let signed = Action::Signed { action: Box::new(veto.clone()), decree: Hash32::ZERO, named: None, signatures };
        assert_eq!((signed.name(), signed.purpose(&here)), ("veto", veto.purpose(&here)));
    }
}
