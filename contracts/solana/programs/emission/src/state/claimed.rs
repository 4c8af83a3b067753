//! What a payee was paid by a distributor, all claims together.

use anchor_lang::prelude::*;

/// Exists from the payee's first payment on, for ever.
#[account]
#[derive(InitSpace, Debug, Default)]
pub struct Claimed {
    /// Layout version.
    pub version: u8,
    /// Bump of its address.
    pub bump: u8,
    /// Bump of the payee's associated token account: later claims need not search for it.
    pub destination_bump: u8,
    /// Base units.
    pub amount: u64,
}

impl Claimed {
    /// Its bytes in an account.
    pub const SPACE: usize = 8 + Self::INIT_SPACE;
}
