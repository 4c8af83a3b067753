//! `rotate`: the next oracle set.

use anchor_lang::prelude::*;

use super::books::*;
use crate::error::EmissionError;
use crate::events::OracleSetRotated;
use crate::instruction;
use crate::state::Oracles;

/// Accounts of `rotate`. Members of a council sign as further accounts.
#[derive(Accounts)]
pub struct Rotate<'info> {
    pub books: BooksAccounts<'info>,
    /// CHECK: `has_agreed` looks at its signature, or at its members' where it is a council.
    pub actor: UncheckedAccount<'info>,
    #[account(mut, address = books.distributor.oracles @ EmissionError::WrongOracles)]
    pub oracles: Box<Account<'info, Oracles>>,
}

pub fn oracles_rotate<'info>(context: Context<'info, Rotate<'info>>, version: u32, keys: Vec<[u8; 33]>) -> Result<()> {
    let Rotate { books, actor, oracles } = context.accounts;
    books.settle()?;
    let call = instruction::Rotate { version, keys: keys.clone() };
    books.authority_with_consent(actor, context.remaining_accounts, &call)?;
    require!(Some(version) == oracles.set_version.checked_add(1), EmissionError::WrongSetVersion);
    let set_hash = oracles.replace(version, keys)?.0;
    emit!(OracleSetRotated { distributor: books.distributor.key(), version, set_hash, keys: oracles.keys.clone() });
    Ok(())
}
