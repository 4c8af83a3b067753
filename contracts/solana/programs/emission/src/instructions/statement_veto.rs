//! `veto`: strikes out the pending statement.

use anchor_lang::prelude::*;
use liaise_summary::{Hash32, veto_head};

use super::books::*;
use crate::error::EmissionError;
use crate::events::StatementVetoed;
use crate::state::has_agreed;

pub fn statement_veto<'info>(context: Context<'info, Act<'info>>, digest: [u8; 32], reason: Vec<u8>) -> Result<()> {
    let Act { books, actor, .. } = context.accounts;
    books.settle()?;
    let id = books.distributor.key();
    let distributor = &mut **books.distributor;
    require!(distributor.books.pending.is_some(), EmissionError::NothingPending);
    require!(digest == distributor.head, EmissionError::OtherStatementPending);
    let is_authority = actor.key() == distributor.rules.authority;
    let named = is_authority || actor.key() == distributor.guardian;
    require!(named && has_agreed(actor, context.remaining_accounts), EmissionError::NotAuthorized);
    if !is_authority {
        require!(!distributor.books.veto_used, EmissionError::GuardianVetoUsed);
        distributor.books.veto_used = true;
    }
    distributor.books.pending = None;
    distributor.head = veto_head(Hash32(digest), &reason).0;
    emit!(StatementVetoed { distributor: id, digest, by: actor.key(), new_head: distributor.head, reason });
    Ok(())
}
