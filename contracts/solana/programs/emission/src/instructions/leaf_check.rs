//! `is_valid_leaf`: whether a leaf stands in a held root.

use anchor_lang::prelude::*;
use liaise_summary::{Payee, RewardLeaf, SumLeaf};

use super::payout::proof_of;
use super::roots_read::Read;
use crate::error::EmissionError;

/// Which of the three held roots.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Pending,
    Newest,
    Previous,
}

pub fn leaf_check<'info>(
    context: Context<'info, Read<'info>>,
    which: Held,
    payee: Pubkey,
    amount: u64,
    index: u32,
    proof: Vec<u8>,
) -> Result<bool> {
    let roots = context.accounts.roots()?;
    let root = match which {
        Held::Pending => roots.pending,
        Held::Newest => roots.newest,
        Held::Previous => roots.previous,
    };
    let leaf = RewardLeaf { payee: Payee(payee.to_bytes()), amount }.node();
    let reached = proof_of(index, &proof)?.root(&leaf).map_err(EmissionError::from)?;
    Ok(root.is_some_and(|root| root.is(&reached)))
}
