//! `consent`: the guardian agrees to one exact call of the DAO authority.

use anchor_lang::prelude::*;

use crate::error::EmissionError;
use crate::events::ConsentChanged;
use crate::state::{Distributor, MAX_CONSENTS, has_agreed};

/// Accounts of `consent`. Members of a council sign as further accounts.
#[derive(Accounts)]
pub struct Consent<'info> {
    #[account(mut)]
    pub distributor: Box<Account<'info, Distributor>>,
    /// CHECK: `has_agreed` looks at its signature, or at its members' where it is a council.
    pub guardian: UncheckedAccount<'info>,
    /// CHECK: not read; named for the same reason as in `Act`.
    #[account(address = distributor.oracles @ EmissionError::WrongOracles)]
    pub oracles: UncheckedAccount<'info>,
}

pub fn guardian_consent<'info>(
    context: Context<'info, Consent<'info>>,
    call_hash: [u8; 32],
    given: bool,
) -> Result<()> {
    let Consent { distributor, guardian, .. } = context.accounts;
    let named = guardian.key() == distributor.guardian;
    require!(named && has_agreed(guardian, context.remaining_accounts), EmissionError::NotGuardian);
    distributor.consents.retain(|hash| *hash != call_hash);
    if given {
        require!(distributor.consents.len() < MAX_CONSENTS, EmissionError::TooManyConsents);
        distributor.consents.push(call_hash);
    }
    emit!(ConsentChanged { distributor: distributor.key(), guardian: guardian.key(), call_hash, given });
    Ok(())
}
