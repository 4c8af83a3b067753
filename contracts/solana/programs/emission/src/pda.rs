//! Creating accounts at the program's own addresses.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::invoke_signed;
use anchor_lang::solana_program::{system_instruction, system_program};

use crate::error::EmissionError;

/// An account that is to be created.
pub struct NewAccount<'a, 'info> {
    pub payer: &'a AccountInfo<'info>,
    pub account: &'a AccountInfo<'info>,
    pub system_program: &'a AccountInfo<'info>,
    /// The seeds of its address, bump included.
    pub seeds: &'a [&'a [u8]],
    pub owner: &'a Pubkey,
    /// Bytes of data.
    pub space: usize,
    /// Bytes of data that the payer pays rent for: its owner may let it grow.
    pub paid_space: usize,
}

impl NewAccount<'_, '_> {
    /// Creates it. Whoever sent lamports to the address before only lowers the price.
    pub fn create(&self) -> Result<()> {
        let there = self.account.lamports();
        let vacant = *self.account.owner == system_program::ID && self.account.data_is_empty();
        require!(vacant, EmissionError::AlreadyExists);
        let lacking = Rent::get()?.minimum_balance(self.paid_space).saturating_sub(there);
        require!(self.payer.lamports() >= lacking, EmissionError::PayerTooPoor);
        let (payer, account, space) = (self.payer.key, self.account.key, self.space as u64);
        if there == 0 {
            let create = system_instruction::create_account(payer, account, lacking, space, self.owner);
            return self.invoke(&create);
        }
        // The system program creates nothing where lamports are.
        if lacking > 0 {
            self.invoke(&system_instruction::transfer(payer, account, lacking))?;
        }
        self.invoke(&system_instruction::allocate(account, space))?;
        self.invoke(&system_instruction::assign(account, self.owner))
    }

    fn invoke(&self, instruction: &anchor_lang::solana_program::instruction::Instruction) -> Result<()> {
        let accounts = [self.payer.clone(), self.account.clone(), self.system_program.clone()];
        invoke_signed(instruction, &accounts, &[self.seeds]).map_err(Into::into)
    }
}

/// Writes a new account's content.
pub fn write<T: AccountSerialize>(account: &AccountInfo<'_>, content: &T) -> Result<()> {
    content.try_serialize(&mut &mut account.try_borrow_mut_data()?[..])
}
