//! `held_roots`: what other programs read.

use anchor_lang::prelude::*;

use super::books::now_s;
use crate::state::{Books, Distributor, Kind, Root};

/// Accounts of what only reads.
#[derive(Accounts)]
pub struct Read<'info> {
    pub distributor: Box<Account<'info, Distributor>>,
}

/// The held roots, none where there is none.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldRoots {
    /// What waits for its delay.
    pub pending: Option<Root>,
    /// The newest payable one.
    pub newest: Option<Root>,
    /// The one before it, which still pays.
    pub previous: Option<Root>,
}

impl HeldRoots {
    /// Of books that time has passed over.
    fn of(books: &Books) -> Self {
        let pending = books.pending.filter(|pending| pending.kind != Kind::Open).map(|pending| pending.root);
        Self { pending, newest: books.newest, previous: books.previous }
    }
}

impl Read<'_> {
    /// The roots as of now, whether or not the books have been settled.
    pub fn roots(&self) -> Result<HeldRoots> {
        let mut books = self.distributor.books.clone();
        books.mature(now_s()?);
        Ok(HeldRoots::of(&books))
    }
}

pub fn roots_read<'info>(context: Context<'info, Read<'info>>) -> Result<HeldRoots> {
    context.accounts.roots()
}
