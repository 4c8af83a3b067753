//! `approve_open`: the DAO authority agrees to an opening.

use anchor_lang::prelude::*;

use super::books::*;
use crate::events::OpenApproved;
use crate::state::Opening;

pub fn opening_approve<'info>(
    context: Context<'info, Act<'info>>,
    first: u32,
    old: [u8; 32],
    head: [u8; 32],
) -> Result<()> {
    let Act { books, actor, .. } = context.accounts;
    books.settle()?;
    books.authority_or_stand_in(actor, context.remaining_accounts)?;
    books.distributor.approval = Some(Opening { first, old, head });
    emit!(OpenApproved { distributor: books.distributor.key(), first, old, head, by: actor.key() });
    Ok(())
}
