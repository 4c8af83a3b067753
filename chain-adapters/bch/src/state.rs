//! The commitments of the two covenants and the keys, byte by byte as the headers of contracts/bch/src/*.cash say.

use liaise_chain_api::PendingKind;
use liaise_summary::{CompressedKey, DistributorId, Epoch, Hash32, Node, sha256};

/// `end` of a range that was not handed over.
pub(crate) const OPEN_ENDED: u32 = u32::MAX;

/// Bytes of a controller's commitment, of an epoch's, and of the keys.
const CONTROLLER_BYTES: usize = 99;
const EPOCH_BYTES: usize = 49;
const KEYS_BYTES: usize = 137;

/// What the controller's commitment says, with the keys instead of their hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Controller {
    /// What is named as pending, also once its wait is over.
    pub(crate) pending: Option<PendingKind>,
    /// Whether the guardian's veto of the awaited or pending statement is used.
    pub(crate) spent: bool,
    pub(crate) start: u32,
    pub(crate) next: u32,
    /// Exclusive; [`OPEN_ENDED`] until it is handed over.
    pub(crate) end: u32,
    /// First epoch of the pending opening's range, else 0.
    pub(crate) opening: u32,
    pub(crate) owed: u64,
    pub(crate) owed_before: u64,
    pub(crate) head: Hash32,
    pub(crate) keys: Keys,
}

/// Who decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) version: u32,
    pub(crate) set: Hash32,
    pub(crate) dao: Hash32,
    pub(crate) guardian: CompressedKey,
    /// DAO acts so far.
    pub(crate) acts: u32,
    /// Whom an ended range went to.
    pub(crate) target: DistributorId,
}

impl Controller {
    /// The state at genesis.
    pub(crate) fn unopened(keys: Keys) -> Self {
        Self {
            pending: None,
            spent: false,
            start: 0,
            next: 0,
            end: 0,
            opening: 0,
            owed: 0,
            owed_before: 0,
            head: Hash32::ZERO,
            keys,
        }
    }

    /// The NFT's commitment.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let pending = match self.pending {
            None => 0,
            Some(PendingKind::Epoch) => 1,
            Some(PendingKind::Late) => 2,
            Some(PendingKind::Open) => 3,
        };
        let mut bytes = Vec::with_capacity(CONTROLLER_BYTES);
        bytes.extend([1, pending, u8::from(self.spent)]);
        for number in [self.start, self.next, self.end, self.opening] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(self.owed.to_be_bytes());
        bytes.extend(self.owed_before.to_be_bytes());
        bytes.extend(self.head.0);
        bytes.extend(self.keys.hash().0);
        assert_eq!(bytes.len(), CONTROLLER_BYTES, "a controller's commitment");
        bytes
    }
}

impl Keys {
    /// The 137 bytes that a path shows.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let bytes = [
            &self.version.to_be_bytes()[..],
            &self.set.0,
            &self.dao.0,
            &self.guardian,
            &self.acts.to_be_bytes(),
            &self.target.0,
        ]
        .concat();
        assert_eq!(bytes.len(), KEYS_BYTES, "the keys");
        bytes
    }

    pub(crate) fn hash(&self) -> Hash32 {
        sha256(&[&self.encode()])
    }
}

/// What an epoch's commitment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EpochPay {
    pub(crate) epoch: Epoch,
    /// The next batch to be paid.
    pub(crate) batch: u32,
    /// Whether its statement took the place of one that the guardian vetoed, so that it waits long.
    pub(crate) refiled: bool,
    pub(crate) root: Node,
}

impl EpochPay {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let bytes = [
            &self.epoch.0.to_be_bytes()[..],
            &self.batch.to_be_bytes(),
            &[u8::from(self.refiled)],
            &self.root.hash.0,
            &self.root.sum.to_be_bytes(),
        ]
        .concat();
        assert_eq!(bytes.len(), EPOCH_BYTES, "an epoch's commitment");
        bytes
    }

    /// Reads a commitment; none for bytes that no epoch has.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; EPOCH_BYTES] = bytes.try_into().ok()?;
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let refiled = match bytes[8] {
            0 => false,
            1 => true,
            _ => return None,
        };
        let hash = Hash32(bytes[9..41].try_into().expect("32 bytes"));
        let sum = u64::from_be_bytes(bytes[41..].try_into().expect("eight bytes"));
        Some(Self { epoch: Epoch(number(0)), batch: number(4), refiled, root: Node { hash, sum } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epochs_commitment_is_read_again() {
        let root = Node { hash: Hash32([7; 32]), sum: 1 << 60 };
        let pay = EpochPay { epoch: Epoch(3), batch: 9, refiled: true, root };
        assert_eq!(EpochPay::decode(&pay.encode()), Some(pay));
        let mut odd = pay.encode();
        odd[8] = 2;
        assert_eq!(EpochPay::decode(&odd), None);
        assert_eq!(EpochPay::decode(&odd[1..]), None);
    }
}
