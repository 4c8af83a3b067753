//! Rights that are signatures: what members of a DAO's set sign where no contract of the DAO exists (Bitcoin Cash).

use std::fmt::Debug;

use async_trait::async_trait;
use liaise_summary::{CompressedKey, DaoSet, Hash32, sha256};

use crate::{Action, ChainError};

/// What stands to be signed for an action, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToSign {
    /// The bytes whose SHA-256 is signed. They bind network, distributor and the distributor's state: once that moves on, they
    /// count no more.
    pub message: Vec<u8>,
    /// The set whose threshold decides.
    pub dao: DaoSet,
    /// The guardian's key where its signature counts: alone for a veto, beside the DAO's while the distributor is guarded.
    pub guardian: Option<CompressedKey>,
}

impl ToSign {
    /// SHA-256 of the message.
    pub fn digest(&self) -> Hash32 {
        sha256(&[&self.message])
    }

    /// Whether a key's signature counts.
    pub fn counts(&self, key: &CompressedKey) -> bool {
        self.dao.keys().contains(key) || self.guardian == Some(*key)
    }
}

/// The part of a reader whose distributor asks for signatures instead of senders:
/// [`DistributorReader::rights`](crate::DistributorReader::rights).
#[async_trait]
pub trait SignedRights: Debug + Send + Sync {
    /// What is signed for an action over the newest block; an [`Action::Signed`] says which decree it carries out, and its
    /// signatures don't matter.
    ///
    /// # Errors
    /// [`ChainError::Unsupported`] for what needs nobody's right, [`ChainError::Refused`] for what fits no state that the
    /// distributor is in, [`ChainError::Input`] for a next guardian whose key is not named, and what reading returns.
    async fn to_sign(&self, action: &Action) -> Result<ToSign, ChainError>;
}

// The compiler tests object safety.
const _: Option<&dyn SignedRights> = None;
