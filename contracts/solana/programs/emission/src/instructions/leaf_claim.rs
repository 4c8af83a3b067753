//! `claim`: pays one leaf.

use anchor_lang::prelude::*;
use anchor_spl::associated_token::{self, AssociatedToken};
use liaise_summary::{Payee, RewardLeaf, SumLeaf};

use super::books::*;
use super::payout::{Payout, proof_of, require_payable};
use crate::error::EmissionError;

/// Accounts of `claim`.
#[derive(Accounts)]
pub struct Claim<'info> {
    pub books: BooksAccounts<'info>,
    /// Pays the rent of the accounts that are missing: anybody.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: whom the leaf names; part of what the proof proves.
    pub payee: UncheckedAccount<'info>,
    /// CHECK: the payee's associated token account; its address, owner and mint are checked.
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    /// CHECK: what the payee had; its address is checked, and it is created by its first claim.
    #[account(mut)]
    pub claimed: UncheckedAccount<'info>,
    pub associated_token_program: Program<'info, AssociatedToken>,
    pub system_program: Program<'info, System>,
}

pub fn leaf_claim<'info>(
    context: Context<'info, Claim<'info>>,
    amount: u64,
    index: u32,
    proof: Vec<u8>,
) -> Result<u64> {
    let accounts = context.accounts;
    accounts.books.settle()?;
    let payee = accounts.payee.key();
    let leaf = RewardLeaf { payee: Payee(payee.to_bytes()), amount }.node();
    let reached = proof_of(index, &proof)?.root(&leaf).map_err(EmissionError::from)?;
    require_payable(&accounts.books.distributor.books, &reached)?;

    let vault = accounts.books.vault();
    let mut payout = Payout::new(&vault, &accounts.payer, &accounts.system_program)?;
    require!(payout.is_account(&payee), EmissionError::NotAnAccount);
    let create = || accounts.create_destination();
    payout.pay(&payee, amount, &accounts.destination, &accounts.claimed, create)
}

impl<'info> Claim<'info> {
    fn create_destination(&self) -> Result<()> {
        if !self.destination.data_is_empty() {
            return Ok(());
        }
        let create = associated_token::Create {
            payer: self.payer.to_account_info(),
            associated_token: self.destination.to_account_info(),
            authority: self.payee.to_account_info(),
            mint: self.books.mint.to_account_info(),
            system_program: self.system_program.to_account_info(),
            token_program: self.books.token_program.to_account_info(),
        };
        associated_token::create(CpiContext::new(self.associated_token_program.key(), create))
    }
}
