//! The oracle set and the DAO set: who signs, and how many must.

use alloc::vec::Vec;

use crate::error::SetError;
use crate::hash::{Hash32, sha256, tag16};

/// A compressed secp256k1 public key: 02 or 03, then x.
pub type CompressedKey = [u8; 33];

const ORACLE_TAG: [u8; 16] = tag16("LIAISE/ORSET/01");
const DAO_TAG: [u8; 16] = tag16("LIAISE/DAOSET/1");

/// ceil(2n/3): how many of `n` oracles, or witness stores, must agree. Two quorums share an honest member.
pub const fn quorum(n: usize) -> usize {
    (2 * n).div_ceil(3)
}

/// The oracles of one version: the same on every chain, numbered from the network's first set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OracleSet {
    version: u32,
    keys: Vec<CompressedKey>,
}

impl OracleSet {
    /// Fewest oracles of a set.
    pub const MIN: usize = 5;
    /// Most oracles of a set.
    pub const MAX: usize = 15;

    /// Checks the rules: 5 to 15 strictly ascending compressed keys.
    ///
    /// That each key lies on the curve is checked where it is used; a key that does not can sign nothing.
    pub fn new(version: u32, keys: Vec<CompressedKey>) -> Result<Self, SetError> {
        check_keys(&keys, Self::MIN, Self::MAX)?;
        Ok(Self { version, keys })
    }

    /// The set's version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The keys, ascending.
    pub fn keys(&self) -> &[CompressedKey] {
        &self.keys
    }

    /// How many signatures a statement needs.
    pub fn quorum(&self) -> usize {
        quorum(self.keys.len())
    }

    /// H(`LIAISE/ORSET/01`, version u32, count u32, keys).
    pub fn hash(&self) -> Hash32 {
        let count = u32::try_from(self.keys.len()).expect("at most 15 keys");
        sha256(&[&ORACLE_TAG, &self.version.to_be_bytes(), &count.to_be_bytes(), self.keys.as_flattened()])
    }

    /// Checks that `signers`, whose signatures the caller has verified, are a quorum: members, each once, ascending.
    pub fn check_quorum(&self, signers: &[CompressedKey]) -> Result<(), SetError> {
        check_signers(&self.keys, signers, self.quorum())
    }
}

/// The DAO's keys where no contract of the DAO exists, with the number of them that must sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaoSet {
    version: u32,
    threshold: u32,
    keys: Vec<CompressedKey>,
}

impl DaoSet {
    /// Most keys of a set: what one Bitcoin Cash transaction can check.
    pub const MAX: usize = 15;

    /// Checks the rules: 1 to 15 strictly ascending compressed keys, a threshold from 1 to their number.
    pub fn new(version: u32, threshold: u32, keys: Vec<CompressedKey>) -> Result<Self, SetError> {
        check_keys(&keys, 1, Self::MAX)?;
        let fits = usize::try_from(threshold).is_ok_and(|threshold| (1..=keys.len()).contains(&threshold));
        if !fits {
            return Err(SetError::Threshold { threshold, keys: keys.len() });
        }
        Ok(Self { version, threshold, keys })
    }

    /// The set's version.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// How many must sign.
    pub fn threshold(&self) -> u32 {
        self.threshold
    }

    /// The keys, ascending.
    pub fn keys(&self) -> &[CompressedKey] {
        &self.keys
    }

    /// H(`LIAISE/DAOSET/1`, version u32, threshold u32, count u32, keys).
    pub fn hash(&self) -> Hash32 {
        let count = u32::try_from(self.keys.len()).expect("at most 15 keys");
        sha256(&[
            &DAO_TAG,
            &self.version.to_be_bytes(),
            &self.threshold.to_be_bytes(),
            &count.to_be_bytes(),
            self.keys.as_flattened(),
        ])
    }

    /// Checks that `signers`, whose signatures the caller has verified, reach the threshold: members, each once,
    /// ascending.
    pub fn check_threshold(&self, signers: &[CompressedKey]) -> Result<(), SetError> {
        let needed = usize::try_from(self.threshold).expect("at most 15");
        check_signers(&self.keys, signers, needed)
    }
}

fn check_keys(keys: &[CompressedKey], min: usize, max: usize) -> Result<(), SetError> {
    if !(min..=max).contains(&keys.len()) {
        return Err(SetError::Size { found: keys.len(), min, max });
    }
    if let Some(index) = keys.iter().position(|key| key[0] != 2 && key[0] != 3) {
        return Err(SetError::NotCompressed { index });
    }
    check_ascending(keys)
}

fn check_ascending(keys: &[CompressedKey]) -> Result<(), SetError> {
    match keys.windows(2).position(|pair| pair[0] >= pair[1]) {
        Some(before) => Err(SetError::NotAscending { index: before + 1 }),
        None => Ok(()),
    }
}

fn check_signers(members: &[CompressedKey], signers: &[CompressedKey], needed: usize) -> Result<(), SetError> {
    check_ascending(signers)?;
    if let Some(index) = signers.iter().position(|signer| members.binary_search(signer).is_err()) {
        return Err(SetError::NotAMember { index });
    }
    if signers.len() < needed {
        return Err(SetError::NoQuorum { found: signers.len(), needed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn key(n: u8) -> CompressedKey {
        let mut key = [n; 33];
        key[0] = 2;
        key
    }

    fn keys(n: u8) -> Vec<CompressedKey> {
        (1..=n).map(key).collect()
    }

    #[test]
    fn quorum_is_two_thirds_rounded_up() {
        assert_eq!([4, 5, 6, 7, 9, 13, 15].map(quorum), [3, 4, 4, 5, 6, 9, 10]);
    }

    #[test]
    fn a_set_has_five_to_fifteen_ascending_compressed_keys() {
        assert!(OracleSet::new(1, keys(5)).is_ok());
        assert!(OracleSet::new(1, keys(15)).is_ok());
        assert_eq!(OracleSet::new(1, keys(4)), Err(SetError::Size { found: 4, min: 5, max: 15 }));
        assert_eq!(OracleSet::new(1, keys(16)), Err(SetError::Size { found: 16, min: 5, max: 15 }));
        let mut twice = keys(5);
        twice[3] = twice[2];
        assert_eq!(OracleSet::new(1, twice), Err(SetError::NotAscending { index: 3 }));
        let mut uncompressed = keys(5);
        uncompressed[4][0] = 4;
        assert_eq!(OracleSet::new(1, uncompressed), Err(SetError::NotCompressed { index: 4 }));
    }

    #[test]
    fn signers_must_be_ascending_members_in_number() {
        let set = OracleSet::new(1, keys(7)).expect("a valid set");
        assert_eq!(set.check_quorum(&keys(5)), Ok(()));
        assert_eq!(set.check_quorum(&keys(4)), Err(SetError::NoQuorum { found: 4, needed: 5 }));
        let one_twice = vec![key(1), key(2), key(2), key(3), key(4)];
        assert_eq!(set.check_quorum(&one_twice), Err(SetError::NotAscending { index: 2 }));
        let stranger = vec![key(1), key(2), key(3), key(4), key(9)];
        assert_eq!(set.check_quorum(&stranger), Err(SetError::NotAMember { index: 4 }));
    }

    #[test]
    fn a_dao_threshold_is_between_one_and_the_number_of_keys() {
        assert_eq!(DaoSet::new(1, 0, keys(3)), Err(SetError::Threshold { threshold: 0, keys: 3 }));
        assert_eq!(DaoSet::new(1, 4, keys(3)), Err(SetError::Threshold { threshold: 4, keys: 3 }));
        let set = DaoSet::new(1, 2, keys(3)).expect("a valid set");
        assert_eq!(set.check_threshold(&keys(2)), Ok(()));
        assert_eq!(set.check_threshold(&keys(1)), Err(SetError::NoQuorum { found: 1, needed: 2 }));
    }
}
