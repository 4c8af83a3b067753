//! `advance`: moves the head on, for oracles that split.

use anchor_lang::prelude::*;
use liaise_summary::{Hash32, veto_head};

use super::books::*;
use crate::error::EmissionError;
use crate::events::HeadAdvanced;

pub fn head_advance<'info>(context: Context<'info, Act<'info>>, head: [u8; 32], reason: Vec<u8>) -> Result<()> {
    let Act { books, actor, .. } = context.accounts;
    books.settle()?;
    books.authority_or_stand_in(actor, context.remaining_accounts)?;
    let id = books.distributor.key();
    let distributor = &mut **books.distributor;
    distributor.books.nothing_pending()?;
    require!(head == distributor.head, EmissionError::OtherHead);
    distributor.head = veto_head(Hash32(head), &reason).0;
    let by = actor.key();
    emit!(HeadAdvanced { distributor: id, previous_head: head, by, new_head: distributor.head, reason });
    Ok(())
}
