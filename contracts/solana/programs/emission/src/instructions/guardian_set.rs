//! `set_guardian`: another guardian.

use anchor_lang::prelude::*;

use super::books::*;
use crate::error::EmissionError;
use crate::events::GuardianChanged;
use crate::instruction;

pub fn guardian_set<'info>(context: Context<'info, Act<'info>>, guardian: Pubkey) -> Result<()> {
    let Act { books, actor, .. } = context.accounts;
    books.settle()?;
    let call = instruction::SetGuardian { guardian };
    books.authority_with_consent(actor, context.remaining_accounts, &call)?;
    require!(guardian != Pubkey::default(), EmissionError::ZeroKey);
    let previous = books.distributor.guardian;
    books.distributor.guardian = guardian;
    // What the old one agreed to lapses with it.
    books.distributor.consents.clear();
    emit!(GuardianChanged { distributor: books.distributor.key(), previous, current: guardian });
    Ok(())
}
