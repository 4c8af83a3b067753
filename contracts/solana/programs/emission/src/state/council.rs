//! An m-of-n account for small DAOs: its members sign the transaction, as for SPL Token's multisig.

use anchor_lang::prelude::*;
use liaise_summary::{Hash32, sha256};

use crate::error::EmissionError;

/// Members and threshold, for ever the same: its address is made of both.
#[account]
#[derive(InitSpace, Debug)]
pub struct Council {
    /// Layout version.
    pub version: u8,
    /// Bump of its address.
    pub bump: u8,
    /// How many members must sign.
    pub threshold: u8,
    /// The members, strictly ascending.
    #[max_len(Council::MAX_MEMBERS)]
    pub members: Vec<Pubkey>,
}

impl Council {
    /// Most members: SPL Token's number, and about as many signatures as a transaction carries.
    pub const MAX_MEMBERS: usize = 11;

    /// Its bytes in an account.
    pub const SPACE: usize = 8 + Self::INIT_SPACE;

    /// What its address is made of.
    pub fn id(threshold: u8, members: &[Pubkey]) -> Hash32 {
        let mut parts: Vec<&[u8]> = vec![std::slice::from_ref(&threshold)];
        parts.extend(members.iter().map(|member| member.as_ref()));
        sha256(&parts)
    }

    /// The rules of a council.
    pub fn check(threshold: u8, members: &[Pubkey]) -> Result<()> {
        let size = (1..=Self::MAX_MEMBERS).contains(&members.len());
        let ascending = members.windows(2).all(|pair| pair[0] < pair[1]);
        let reachable = (1..=members.len()).contains(&usize::from(threshold));
        require!(size && ascending && reachable, EmissionError::InvalidCouncil);
        Ok(())
    }

    /// Whether enough members are among the signers. Members are distinct, so none counts twice.
    pub fn has_signed(&self, accounts: &[AccountInfo<'_>]) -> bool {
        let signed = |member: &&Pubkey| accounts.iter().any(|account| account.is_signer && account.key == *member);
        self.members.iter().filter(signed).count() >= usize::from(self.threshold)
    }
}

/// Whether `account` has agreed to this instruction: it signed, or it is a council of whose members enough signed.
pub fn has_agreed(account: &AccountInfo<'_>, others: &[AccountInfo<'_>]) -> bool {
    if account.is_signer {
        return true;
    }
    if *account.owner != crate::ID {
        return false;
    }
    let council = Council::try_deserialize(&mut &account.data.borrow()[..]);
    council.is_ok_and(|council| council.has_signed(others))
}
