//! `hand_over`: ends the range in favour of another distributor.

use anchor_lang::prelude::*;

use super::books::*;
use crate::error::EmissionError;
use crate::events::HandedOver;
use crate::instruction;

pub fn range_hand_over<'info>(context: Context<'info, Act<'info>>, end: u32, new_distributor: [u8; 32]) -> Result<()> {
    let Act { books, actor, .. } = context.accounts;
    books.settle()?;
    let call = instruction::HandOver { end, new_distributor };
    books.authority_with_consent(actor, context.remaining_accounts, &call)?;
    let id = books.distributor.key();
    let distributor = &mut **books.distributor;
    distributor.books.can_hand_over(&distributor.rules, end)?;
    require!(new_distributor != [0; 32], EmissionError::ZeroDistributor);
    distributor.books.end = end;
    distributor.handed_to = new_distributor;
    emit!(HandedOver { distributor: id, end, new_distributor });
    Ok(())
}
