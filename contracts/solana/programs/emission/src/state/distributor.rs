//! The distributor: one account that says everything but who signs and who was paid.

use anchor_lang::prelude::*;

use crate::seeds;
use crate::state::{Books, Rules};

/// Most calls that a guardian can have agreed to at a time.
pub const MAX_CONSENTS: usize = 4;

/// An opening that the DAO authority has approved.
#[derive(AnchorSerialize, AnchorDeserialize, InitSpace, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// First epoch of the range.
    pub first: u32,
    /// The distributor that held the term, zero for the network's first.
    pub old: [u8; 32],
    /// The head over which the oracles sign.
    pub head: [u8; 32],
}

/// A distributor. Its address is its identity in statements.
#[account]
#[derive(InitSpace, Debug)]
pub struct Distributor {
    /// Layout version.
    pub version: u8,
    /// Bump of its address.
    pub bump: u8,
    /// SHA-256 of its deployment, the seed of its address.
    pub id: [u8; 32],
    /// The mint, whose authority it is.
    pub mint: Pubkey,
    /// The token account that holds what is payable and not yet paid: the counter of all payments.
    pub vault: Pubkey,
    /// The oracle set.
    pub oracles: Pubkey,
    /// The program of mint and vault.
    pub token_program: Pubkey,
    /// What never changes.
    pub rules: Rules,
    /// Who may veto a statement once.
    pub guardian: Pubkey,
    /// What the next statement must name.
    pub head: [u8; 32],
    /// The distributor that was named to go on; means nothing while the range is open-ended.
    pub handed_to: [u8; 32],
    /// Epochs, roots, sums.
    pub books: Books,
    /// The approved opening.
    pub approval: Option<Opening>,
    /// Hashes of the calls that the guardian agreed to.
    #[max_len(MAX_CONSENTS)]
    pub consents: Vec<[u8; 32]>,
}

impl Distributor {
    /// Its bytes in an account.
    pub const SPACE: usize = 8 + Self::INIT_SPACE;

    /// What it signs with.
    pub fn signer_seeds(&self) -> [&[u8]; 3] {
        [seeds::DISTRIBUTOR, &self.id, std::slice::from_ref(&self.bump)]
    }
}
