//! From an action to a transaction's instructions, and the accounts that it opens.

use anchor_lang::Space;
use anchor_lang::prelude::{AccountMeta, Pubkey};
use anchor_lang::solana_program::instruction::Instruction;
use liaise_chain_api::{Action, At, ChainError, Cost};
use solana_compute_budget_interface::ComputeBudgetInstruction;

use crate::addresses::programs;
use crate::fees::{Fees, MAX_UNITS, rent};
use crate::instruction::Sender;
use crate::reader::SolanaReader;
use crate::transaction::MAX_BYTES;

/// Bytes of a token account: of SPL Token, and of an associated one of Token-2022, which says that its owner never changes.
const TOKEN_ACCOUNT: usize = 165;
const TOKEN_2022_ACCOUNT: usize = 170;
/// Bytes of a payee's claimed account: Anchor's discriminator comes first.
const CLAIMED_ACCOUNT: usize = 8 + liaise_emission::Claimed::INIT_SPACE;
/// The instruction of the associated token program that opens an account where none is, and does nothing where one is.
const CREATE_IDEMPOTENT: u8 = 1;
/// Accounts that one request may ask for.
const ACCOUNTS_AT_ONCE: usize = 100;

/// An account that a transaction opens, and whose rent whoever sends it pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What it is.
    pub kind: OpenedKind,
    /// Where it is.
    pub address: Pubkey,
    /// For whom it is opened.
    pub payee: Pubkey,
    /// What stays in it, lamports.
    pub lamports: u64,
}

impl Opened {
    /// Its rent, and what becomes of it.
    pub(crate) fn cost(&self) -> Cost {
        let what = match self.kind {
            OpenedKind::TokenAccount => "the token account: whoever it belongs to gets it back by closing the account",
            OpenedKind::Claimed => "the record of what was paid: it never returns",
        };
        Cost {
            what: format!("rent of {}, for {}: paid by the sender, {what}", self.address, self.payee),
            amount: self.lamports.into(),
        }
    }
}

/// What kind of account is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenedKind {
    /// The payee's token account: its rent goes to the payee who closes it.
    TokenAccount,
    /// The record of what the payee was paid: its rent never returns.
    Claimed,
}

/// What a transaction does, without its fees.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) calls: Vec<Instruction>,
    pub(crate) opened: Vec<Opened>,
}

impl Plan {
    /// Lamports for the accounts that it opens.
    pub(crate) fn rent(&self) -> u64 {
        self.opened.iter().fold(0, |sum, opened| sum.saturating_add(opened.lamports))
    }

    /// With all the compute units that a transaction can have, at no price.
    pub(crate) fn trial(&self) -> Vec<Instruction> {
        with_budget(&self.calls, MAX_UNITS, 0)
    }

    /// As it is to be signed.
    pub(crate) fn priced(&self, fees: &Fees) -> Vec<Instruction> {
        with_budget(&self.calls, fees.units, fees.price)
    }
}

/// Calls under a limit of compute units and a price for each, in micro-lamports. A price of nothing takes no bytes.
pub(crate) fn with_budget(calls: &[Instruction], units: u32, price: u64) -> Vec<Instruction> {
    let mut all = vec![ComputeBudgetInstruction::set_compute_unit_limit(units)];
    if price > 0 {
        all.push(ComputeBudgetInstruction::set_compute_unit_price(price));
    }
    all.extend_from_slice(calls);
    all
}

/// log2 of the most leaves that a run's claim can hold in one transaction, in a tree of `depth` levels, at any price and
/// whatever accounts its payees lack. What is no run is claimed by itself, which takes fewer bytes.
pub(crate) fn longest_run(depth: u8) -> u8 {
    // of a run, each level above it, each leaf with its two accounts and the opening of one
    const RUN: usize = 325;
    const LEVEL: usize = 40;
    const LEAF: usize = 116;
    let bytes = |log2: u8| RUN + LEVEL * usize::from(depth - log2) + (LEAF << log2);
    (1..=depth.min(4)).rev().find(|log2| bytes(*log2) <= MAX_BYTES).unwrap_or(0)
}

impl SolanaReader {
    /// The instructions of an action, and the accounts that they open.
    pub(crate) async fn plan(&self, action: &Action, sender: &Sender) -> Result<Plan, ChainError> {
        let loaded = self.load(At::Latest).await?;
        let state = self.tell(&loaded).await?;
        let token_program = loaded.distributor.token_program;
        let call = self.instruction(action, sender, &state, token_program)?;
        let payees: Vec<Pubkey> = match action {
            Action::Claim { leaf, .. } => vec![self.wallet_of(&leaf.payee)?],
            Action::ClaimRange { leaves, .. } => {
                let paid = leaves.iter().filter(|leaf| leaf.amount > 0 && !self.is_filler(&leaf.payee));
                paid.map(|leaf| self.wallet_of(&leaf.payee)).collect::<Result<_, _>>()?
            }
            _ => return Ok(Plan { calls: vec![call], opened: vec![] }),
        };
        let opened = self.to_open(&payees, &token_program).await?;
        let mut calls = Vec::new();
        // the claim of one leaf opens its payee's account itself
        if matches!(action, Action::ClaimRange { .. }) {
            let missing = opened.iter().filter(|opened| opened.kind == OpenedKind::TokenAccount);
            calls.extend(missing.map(|opened| self.open(sender.payer, opened, token_program)));
        }
        calls.push(call);
        Ok(Plan { calls, opened })
    }

    /// The accounts that payees lack.
    async fn to_open(&self, payees: &[Pubkey], token_program: &Pubkey) -> Result<Vec<Opened>, ChainError> {
        let token_account = if *token_program == programs::TOKEN_2022 { TOKEN_2022_ACCOUNT } else { TOKEN_ACCOUNT };
        let mut opened = Vec::new();
        for (kind, space) in [(OpenedKind::TokenAccount, token_account), (OpenedKind::Claimed, CLAIMED_ACCOUNT)] {
            let address = |payee| match kind {
                OpenedKind::TokenAccount => self.addresses.destination(payee, token_program),
                OpenedKind::Claimed => self.addresses.claimed(payee),
            };
            let addresses: Vec<Pubkey> = payees.iter().map(address).collect();
            let missing = self.missing(&addresses).await?;
            if !missing.contains(&true) {
                continue;
            }
            let lamports = rent(&self.endpoint, space).await?;
            let all = payees.iter().zip(addresses).zip(missing);
            let lacking = all.filter(|(_, missing)| *missing);
            opened.extend(lacking.map(|((payee, address), _)| Opened { kind, address, payee: *payee, lamports }));
        }
        Ok(opened)
    }

    pub(crate) fn open(&self, payer: Pubkey, opened: &Opened, token_program: Pubkey) -> Instruction {
        let accounts = vec![
            AccountMeta::new(payer, true),
            AccountMeta::new(opened.address, false),
            AccountMeta::new_readonly(opened.payee, false),
            AccountMeta::new_readonly(self.addresses.mint, false),
            AccountMeta::new_readonly(programs::SYSTEM, false),
            AccountMeta::new_readonly(token_program, false),
        ];
        Instruction { program_id: programs::ASSOCIATED_TOKEN, accounts, data: vec![CREATE_IDEMPOTENT] }
    }

    /// Which of the accounts hold nothing yet, in their order.
    async fn missing(&self, keys: &[Pubkey]) -> Result<Vec<bool>, ChainError> {
        let mut missing = Vec::with_capacity(keys.len());
        for some in keys.chunks(ACCOUNTS_AT_ONCE) {
            let accounts = self.accounts(At::Latest, some).await?.data;
            missing.extend(accounts.iter().map(|account| account.as_ref().is_none_or(|held| held.bytes.is_empty())));
        }
        Ok(missing)
    }
}
