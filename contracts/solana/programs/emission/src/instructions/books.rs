//! `settle`, and what every instruction that changes something begins with: bringing the books up to date.

use anchor_lang::prelude::*;

use crate::error::EmissionError;
use crate::events::{ConsentChanged, EpochBecamePayable, RangeOpened};
use crate::state::{Distributor, Matured, has_agreed};
use crate::token::{self, Vault};

/// A distributor with its mint and its vault.
#[derive(Accounts)]
pub struct BooksAccounts<'info> {
    #[account(mut)]
    pub distributor: Box<Account<'info, Distributor>>,
    /// CHECK: its address is the distributor's own record.
    #[account(mut, address = distributor.mint @ EmissionError::WrongMint)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: its address is the distributor's own record.
    #[account(mut, address = distributor.vault @ EmissionError::WrongVault)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: its address is the distributor's own record.
    #[account(address = distributor.token_program @ EmissionError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
}

/// Accounts of `settle`.
#[derive(Accounts)]
pub struct Settle<'info> {
    pub books: BooksAccounts<'info>,
}

/// Accounts of whoever acts for the DAO or as its guardian. Members of a council sign as further accounts.
#[derive(Accounts)]
pub struct Act<'info> {
    pub books: BooksAccounts<'info>,
    /// CHECK: `has_agreed` looks at its signature, or at its members' where it is a council.
    pub actor: UncheckedAccount<'info>,
    /// CHECK: not read. It is named so that the transactions that name the oracle set are the distributor's whole
    /// history without the claims: nodes list transactions by the accounts that they name.
    #[account(address = books.distributor.oracles @ EmissionError::WrongOracles)]
    pub oracles: UncheckedAccount<'info>,
}

impl<'info> BooksAccounts<'info> {
    /// Writes down what has become payable, and mints the growth into the vault.
    pub fn settle(&mut self) -> Result<()> {
        let distributor = self.distributor.key();
        match self.distributor.books.mature(now_s()?) {
            None => {}
            Some(Matured::Range { first }) => emit!(RangeOpened { distributor, first }),
            Some(Matured::Root { root, growth }) => {
                if growth > 0 {
                    self.vault().mint(growth)?;
                }
                emit!(EpochBecamePayable {
                    distributor,
                    epoch: root.epoch,
                    root_hash: root.hash,
                    root_sum: root.sum,
                    growth
                });
            }
        }
        Ok(())
    }

    /// The vault with all that moves it.
    pub fn vault(&self) -> Vault<'_, 'info> {
        Vault {
            distributor: (*self.distributor).as_ref(),
            mint: &self.mint,
            vault: &self.vault,
            token_program: &self.token_program,
            state: &self.distributor,
        }
    }

    /// The DAO authority, or the guardian where it stands in: while nobody can vote, in OPEN and advance only.
    pub fn authority_or_stand_in(&self, actor: &AccountInfo<'info>, others: &[AccountInfo<'info>]) -> Result<()> {
        let stand_in = self.distributor.rules.token_dao && token::supply(&self.mint)? == 0;
        let named =
            *actor.key == self.distributor.rules.authority || (stand_in && *actor.key == self.distributor.guardian);
        require!(named && has_agreed(actor, others), EmissionError::NotAuthorized);
        Ok(())
    }

    /// The DAO authority, with the guardian's consent to exactly `call` while the guarded time lasts, which is used up.
    pub fn authority_with_consent(
        &mut self,
        actor: &AccountInfo<'info>,
        others: &[AccountInfo<'info>],
        call: &impl anchor_lang::InstructionData,
    ) -> Result<()> {
        let named = *actor.key == self.distributor.rules.authority;
        require!(named && has_agreed(actor, others), EmissionError::NotAuthorized);
        if now_s()? >= self.distributor.rules.guarded_until_s {
            return Ok(());
        }
        let call_hash = liaise_summary::sha256(&[&call.data()]).0;
        let given = self.distributor.consents.iter().position(|hash| *hash == call_hash);
        self.distributor.consents.remove(given.ok_or(EmissionError::NoConsent)?);
        let (distributor, guardian) = (self.distributor.key(), self.distributor.guardian);
        emit!(ConsentChanged { distributor, guardian, call_hash, given: false });
        Ok(())
    }
}

/// The chain's time, Unix seconds.
pub fn now_s() -> Result<u64> {
    // before 1970 nothing has ended and nothing is payable
    Ok(u64::try_from(Clock::get()?.unix_timestamp).unwrap_or(0))
}
