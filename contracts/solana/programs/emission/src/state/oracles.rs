//! The oracle set whose quorum counts, and how its signatures are counted.

use anchor_lang::prelude::*;
use liaise_summary::{Hash32, OracleSet};
use solana_secp256k1_recover::secp256k1_recover;

use crate::error::{EmissionError, wrong_keys, wrong_signers};

/// Half the order of secp256k1, rounded down. The VM's recovery takes the other half of s too.
const HALF_N: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e,
    0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// An oracle set; each distributor has one account, with room for the largest.
#[account]
#[derive(InitSpace, Debug)]
pub struct Oracles {
    /// Layout version.
    pub version: u8,
    /// Bump of its address.
    pub bump: u8,
    /// Version of the set, the same on all chains.
    pub set_version: u32,
    /// The compressed keys, strictly ascending.
    #[max_len(15)]
    pub keys: Vec<[u8; 33]>,
}

impl Oracles {
    /// Its bytes in an account.
    pub const SPACE: usize = 8 + Self::INIT_SPACE;

    /// The set as `summary` knows it, its rules checked.
    pub fn set(&self) -> Result<OracleSet> {
        OracleSet::new(self.set_version, self.keys.clone()).map_err(|error| wrong_keys(&error).into())
    }

    /// Replaces the keys: 5 to 15, strictly ascending, each a point of the curve. Returns the set's hash.
    pub fn replace(&mut self, version: u32, keys: Vec<[u8; 33]>) -> Result<Hash32> {
        self.set_version = version;
        self.keys = keys;
        let set = self.set()?;
        for key in set.keys() {
            require!(is_on_curve(key), EmissionError::NotOnCurve);
        }
        Ok(set.hash())
    }

    /// Refuses unless `signatures` are a quorum's over `digest`: members, each once, in the keys' order.
    pub fn check(&self, digest: &Hash32, signatures: &[[u8; 65]]) -> Result<()> {
        // before anything is recovered, which is what costs
        require!(signatures.len() >= liaise_summary::quorum(self.keys.len()), EmissionError::NoQuorum);
        let mut signers = Vec::with_capacity(signatures.len());
        for signature in signatures {
            signers.push(recover(digest, signature)?);
        }
        let set = self.set()?;
        let Err(error) = set.check_quorum(&signers) else { return Ok(()) };
        // Other signed bytes recover to strangers in any order: that they are strangers says more.
        let stranger = signers.iter().any(|signer| set.keys().binary_search(signer).is_err());
        Err(if stranger { EmissionError::NotAMember } else { wrong_signers(&error) }.into())
    }
}

/// The compressed key that signed `digest`.
fn recover(digest: &Hash32, signature: &[u8; 65]) -> Result<[u8; 33]> {
    let (rs, v) = (&signature[..64], signature[64]);
    require!(v <= 1, EmissionError::InvalidV);
    let s = &rs[32..];
    require!(*s <= HALF_N[..] && *s != [0; 32], EmissionError::HighS);
    // r that is no point's x, or no number of the group, recovers to nobody
    let key = secp256k1_recover(digest.as_bytes(), v, rs).map_err(|_| EmissionError::NotAMember)?.to_bytes();
    let mut compressed = [0; 33];
    compressed[0] = 2 + (key[63] & 1);
    compressed[1..].copy_from_slice(&key[..32]);
    Ok(compressed)
}

/// Recovery finds the point whose x is r before anything else, and fails where there is none: the VM has no other curve
/// arithmetic for this. An x that is no number of the group (one in 2^128 is) is refused with the others.
fn is_on_curve(key: &[u8; 33]) -> bool {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&key[1..]);
    signature[63] = 1;
    secp256k1_recover(&[0; 32], key[0] & 1, &signature).is_ok()
}
