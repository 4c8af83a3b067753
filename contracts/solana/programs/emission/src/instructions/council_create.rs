//! `create_council`: an m-of-n account.

use anchor_lang::prelude::*;

use crate::error::EmissionError;
use crate::pda::{self, NewAccount};
use crate::seeds;
use crate::state::{ACCOUNT_VERSION, Council};

/// Accounts of `create_council`.
#[derive(Accounts)]
pub struct CreateCouncil<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: created here, at the address of threshold and members.
    #[account(mut)]
    pub council: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

pub fn council_create<'info>(
    context: Context<'info, CreateCouncil<'info>>,
    threshold: u8,
    members: Vec<Pubkey>,
) -> Result<()> {
    Council::check(threshold, &members)?;
    let CreateCouncil { payer, council, system_program } = context.accounts;
    let id = Council::id(threshold, &members);
    let (address, bump) = Pubkey::find_program_address(&[seeds::COUNCIL, id.as_bytes()], &crate::ID);
    require_keys_eq!(council.key(), address, EmissionError::WrongCouncil);
    NewAccount {
        payer,
        account: council,
        system_program,
        seeds: &[seeds::COUNCIL, id.as_bytes(), &[bump]],
        owner: &crate::ID,
        space: Council::SPACE,
        paid_space: Council::SPACE,
    }
    .create()?;
    pda::write(council, &Council { version: ACCOUNT_VERSION, bump, threshold, members })
}
