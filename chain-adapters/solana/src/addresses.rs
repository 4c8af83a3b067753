//! The addresses that follow from a program and a distributor.

use anchor_lang::prelude::Pubkey;
use liaise_emission::seeds;

/// Solana's own programs and accounts that the distributor's calls name.
pub(crate) mod programs {
    use anchor_lang::prelude::{Pubkey, pubkey};

    /// SPL Token.
    pub const TOKEN: Pubkey = pubkey!("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
    /// Token-2022, whose mint carries the token's name, symbol and icon itself.
    pub const TOKEN_2022: Pubkey = pubkey!("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
    pub(crate) const LOOKUP_TABLE: Pubkey = pubkey!("AddressLookupTab1e1111111111111111111111111");
    pub(crate) const SYSTEM: Pubkey = pubkey!("11111111111111111111111111111111");
    pub(crate) const ASSOCIATED_TOKEN: Pubkey = pubkey!("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
    pub(crate) const UPGRADEABLE_LOADER: Pubkey = pubkey!("BPFLoaderUpgradeab1e11111111111111111111111");
    pub(crate) const CLOCK: Pubkey = pubkey!("SysvarC1ock11111111111111111111111111111111");
}

/// Where the accounts of one distributor are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) program: Pubkey,
    pub(crate) program_data: Pubkey,
    pub(crate) distributor: Pubkey,
    pub(crate) mint: Pubkey,
    pub(crate) vault: Pubkey,
    pub(crate) oracles: Pubkey,
}

impl Addresses {
    pub(crate) fn new(program: Pubkey, distributor: Pubkey) -> Self {
        let below = |seed: &[u8]| Pubkey::find_program_address(&[seed, distributor.as_ref()], &program).0;
        Self {
            program,
            program_data: Pubkey::find_program_address(&[program.as_ref()], &programs::UPGRADEABLE_LOADER).0,
            distributor,
            mint: below(seeds::MINT),
            vault: below(seeds::VAULT),
            oracles: below(seeds::ORACLES),
        }
    }

    /// What a payee was paid.
    pub(crate) fn claimed(&self, payee: &Pubkey) -> Pubkey {
        let seeds = [seeds::CLAIMED, self.distributor.as_ref(), payee.as_ref()];
        Pubkey::find_program_address(&seeds, &self.program).0
    }

    /// The token account that a payee is paid to.
    pub(crate) fn destination(&self, payee: &Pubkey, token_program: &Pubkey) -> Pubkey {
        let seeds = [payee.as_ref(), token_program.as_ref(), self.mint.as_ref()];
        Pubkey::find_program_address(&seeds, &programs::ASSOCIATED_TOKEN).0
    }
}
