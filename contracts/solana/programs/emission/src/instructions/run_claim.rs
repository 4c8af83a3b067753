//! `claim_range`: pays an aligned run of leaves with one proof.

use anchor_lang::prelude::*;
use liaise_summary::{Node, Payee, RangeProof, RewardLeaf, SumLeaf};

use super::books::*;
use super::payout::{Payout, require_payable, siblings_of};
use crate::error::EmissionError;
use crate::token::Vault;

/// Accounts of `claim_range`; two more follow for each leaf that is paid.
#[derive(Accounts)]
pub struct ClaimRange<'info> {
    pub books: BooksAccounts<'info>,
    /// Pays the rent of the claimed accounts that are missing: anybody.
    #[account(mut)]
    pub payer: Signer<'info>,
    pub system_program: Program<'info, System>,
}

/// A leaf of the run whose payee is named instead of paid: a decreed loss, or one without a token account.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedLeaf {
    /// Its place in the run.
    pub at: u8,
    /// Whom it names.
    pub payee: Pubkey,
}

pub fn run_claim<'info>(
    context: Context<'info, ClaimRange<'info>>,
    first: u32,
    amounts: Vec<u64>,
    named: Vec<NamedLeaf>,
    proof: Vec<u8>,
) -> Result<u64> {
    let accounts = context.accounts;
    accounts.books.settle()?;
    let vault = accounts.books.vault();
    let run = Run::read(&vault, &amounts, &named, context.remaining_accounts)?;
    // the length is a power of two if the proof takes it
    let log2 = amounts.len().checked_ilog2().ok_or(EmissionError::RunNotAligned)?;
    let proof = RangeProof { first, log2: log2 as u8, siblings: siblings_of(&proof)? };
    let reached = proof.root(&run.nodes).map_err(EmissionError::from)?;
    require_payable(&accounts.books.distributor.books, &reached)?;

    let mut payout = Payout::new(&vault, &accounts.payer, &accounts.system_program)?;
    let mut paid = 0u64;
    for (leaf, [destination, claimed]) in &run.leaves {
        if payout.is_account(&leaf.payee) {
            // below the vault's amount, which is a u64
            paid += payout.pay(&leaf.payee, leaf.amount, destination, claimed, || Ok(()))?;
        }
    }
    Ok(paid)
}

/// A leaf with accounts.
struct PaidLeaf {
    payee: Pubkey,
    amount: u64,
}

/// The run's leaves as the tree hashes them, and those that are to be paid with their accounts.
struct Run<'info> {
    nodes: Vec<Node>,
    leaves: Vec<(PaidLeaf, &'info [AccountInfo<'info>; 2])>,
}

impl<'info> Run<'info> {
    fn read(
        vault: &Vault<'_, 'info>,
        amounts: &[u64],
        named: &[NamedLeaf],
        accounts: &'info [AccountInfo<'info>],
    ) -> Result<Self> {
        let (pairs, rest) = accounts.as_chunks::<2>();
        let (mut pairs, mut named) = (pairs.iter(), named.iter().peekable());
        let mut run = Self { nodes: Vec::with_capacity(amounts.len()), leaves: Vec::with_capacity(pairs.len()) };
        for (at, &amount) in amounts.iter().enumerate() {
            if let Some(leaf) = named.next_if(|leaf| usize::from(leaf.at) == at) {
                run.nodes.push(node(&leaf.payee, amount));
            } else if amount == 0 {
                run.nodes.push(Node::PADDING);
            } else {
                let pair = pairs.next().ok_or(EmissionError::RunAccounts)?;
                let payee = vault.owner_of(&pair[0])?;
                run.nodes.push(node(&payee, amount));
                run.leaves.push((PaidLeaf { payee, amount }, pair));
            }
        }
        require!(named.next().is_none(), EmissionError::NamedLeafOutOfRun);
        require!(pairs.next().is_none() && rest.is_empty(), EmissionError::RunAccounts);
        Ok(run)
    }
}

fn node(payee: &Pubkey, amount: u64) -> Node {
    RewardLeaf { payee: Payee(payee.to_bytes()), amount }.node()
}
