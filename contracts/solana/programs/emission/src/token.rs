//! The mint and the vault, and what the distributor does with them: mint into the vault, pay from it.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::solana_program::program::invoke_signed;
use anchor_spl::associated_token::spl_associated_token_account;
use anchor_spl::token::spl_token;
use anchor_spl::token_2022::spl_token_2022::extension::{ExtensionType, metadata_pointer};
use anchor_spl::token_2022::spl_token_2022::{self, instruction as token_instruction};
use anchor_spl::token_2022_extensions::spl_token_metadata_interface::instruction as metadata_instruction;

use crate::error::EmissionError;
use crate::pda::NewAccount;
use crate::state::Distributor;

/// Base units of one XLV: 10^8.
pub const DECIMALS: u8 = 8;
/// Name and symbol, the same.
pub const NAME: &str = "XLV";

/// Bytes of a token account without extensions, and of a mint; where its fields are.
const ACCOUNT_BYTES: usize = 165;
const MINT_BYTES: usize = 82;
const ACCOUNT_MINT: usize = 0;
const ACCOUNT_OWNER: usize = 32;
const ACCOUNT_AMOUNT: usize = 64;
const MINT_SUPPLY: usize = 36;
/// Bytes of a multisig account of Token-2022, which tells what an account is by its length, and by how much it lengthens a mint that
/// would be as long.
const MULTISIG_BYTES: usize = 355;
const PADDING_BYTES: usize = 2;

/// Whether `program` is one whose mints this program makes.
pub fn is_token_program(program: &Pubkey) -> bool {
    *program == spl_token::ID || *program == spl_token_2022::ID
}

/// Creates the mint, whose only authority is the distributor: nobody can freeze, and the metadata is nobody's to change.
pub fn create_mint<'info>(
    new: &NewAccount<'_, 'info>,
    distributor: &AccountInfo<'info>,
    token_program: &AccountInfo<'info>,
    signer: &[&[u8]],
    uri: &str,
) -> Result<()> {
    let mint = new.account;
    let carries_metadata = *token_program.key == spl_token_2022::ID;
    let extensions: &[ExtensionType] = if carries_metadata { &[ExtensionType::MetadataPointer] } else { &[] };
    let space = ExtensionType::try_calculate_account_len::<spl_token_2022::state::Mint>(extensions)?;
    let space = if carries_metadata { space } else { MINT_BYTES };
    let paid_space = if carries_metadata { unlike_a_multisig(space + metadata_bytes(uri)) } else { space };
    NewAccount { space, paid_space, ..*new }.create()?;

    let (program, mint_key, authority) = (token_program.key, mint.key, distributor.key);
    let accounts = [mint.clone(), distributor.clone(), token_program.clone()];
    let invoke = |instruction: &Instruction| invoke_signed(instruction, &accounts, &[signer]).map_err(Error::from);
    if carries_metadata {
        invoke(&metadata_pointer::instruction::initialize(program, mint_key, None, Some(*mint_key))?)?;
    }
    invoke(&token_instruction::initialize_mint2(program, mint_key, authority, None, DECIMALS)?)?;
    if carries_metadata {
        let (name, symbol) = (NAME.to_string(), NAME.to_string());
        invoke(&metadata_instruction::initialize(
            program,
            mint_key,
            authority,
            mint_key,
            authority,
            name,
            symbol,
            uri.to_string(),
        ))?;
        let nobody = None.try_into().map_err(|_| ProgramError::InvalidArgument)?;
        invoke(&metadata_instruction::update_authority(program, mint_key, authority, nobody))?;
    }
    Ok(())
}

/// Bytes that the metadata takes in the mint: type and length, update authority, mint, three strings, no further fields.
fn metadata_bytes(uri: &str) -> usize {
    4 + 32 + 32 + (4 + NAME.len()) + (4 + NAME.len()) + (4 + uri.len()) + 4
}

/// How long Token-2022 makes an account of these extensions.
fn unlike_a_multisig(bytes: usize) -> usize {
    if bytes == MULTISIG_BYTES { bytes + PADDING_BYTES } else { bytes }
}

/// Creates the vault, which the distributor owns.
pub fn create_vault<'info>(
    new: &NewAccount<'_, 'info>,
    mint: &AccountInfo<'info>,
    distributor: &AccountInfo<'info>,
    token_program: &AccountInfo<'info>,
) -> Result<()> {
    NewAccount { space: ACCOUNT_BYTES, paid_space: ACCOUNT_BYTES, ..*new }.create()?;
    let vault = new.account;
    let initialize = token_instruction::initialize_account3(token_program.key, vault.key, mint.key, distributor.key)?;
    invoke_signed(&initialize, &[vault.clone(), mint.clone(), token_program.clone()], &[]).map_err(Into::into)
}

/// The mint's supply.
pub fn supply(mint: &AccountInfo<'_>) -> Result<u64> {
    number(mint, MINT_SUPPLY).ok_or_else(|| error!(EmissionError::WrongMint))
}

/// The vault: minting fills it, payments empty it.
pub struct Vault<'a, 'info> {
    pub distributor: &'a AccountInfo<'info>,
    pub mint: &'a AccountInfo<'info>,
    pub vault: &'a AccountInfo<'info>,
    pub token_program: &'a AccountInfo<'info>,
    pub state: &'a Distributor,
}

impl Vault<'_, '_> {
    /// Mints what has become payable.
    pub fn mint(&self, growth: u64) -> Result<()> {
        let (program, mint, vault) = (self.token_program.key, self.mint.key, self.vault.key);
        let mint_to = token_instruction::mint_to(program, mint, vault, self.distributor.key, &[], growth)?;
        let accounts = [self.mint.clone(), self.vault.clone(), self.distributor.clone(), self.token_program.clone()];
        invoke_signed(&mint_to, &accounts, &[&self.state.signer_seeds()]).map_err(Into::into)
    }

    /// What is payable and not yet paid.
    pub fn unclaimed(&self) -> Result<u64> {
        number(self.vault, ACCOUNT_AMOUNT).ok_or_else(|| error!(EmissionError::WrongVault))
    }

    /// Where the associated token account of `payee` is, and its bump.
    pub fn find_destination(&self, payee: &Pubkey) -> (Pubkey, u8) {
        Pubkey::find_program_address(&self.destination_seeds(payee), &spl_associated_token_account::program::ID)
    }

    /// The same with a bump that was found before.
    pub fn destination(&self, payee: &Pubkey, bump: u8) -> Option<Pubkey> {
        let [payee, program, mint] = self.destination_seeds(payee);
        let seeds = [payee, program, mint, &[bump]];
        Pubkey::create_program_address(&seeds, &spl_associated_token_account::program::ID).ok()
    }

    fn destination_seeds<'s>(&'s self, payee: &'s Pubkey) -> [&'s [u8]; 3] {
        [payee.as_ref(), self.token_program.key.as_ref(), self.mint.key.as_ref()]
    }

    /// Who owns a token account of this mint.
    pub fn owner_of(&self, destination: &AccountInfo<'_>) -> Result<Pubkey> {
        require!(destination.owner == self.token_program.key, EmissionError::NoDestination);
        let mint = key(destination, ACCOUNT_MINT);
        require!(mint == Some(*self.mint.key), EmissionError::ForeignTokenAccount);
        key(destination, ACCOUNT_OWNER).ok_or_else(|| error!(EmissionError::ForeignTokenAccount))
    }
}

/// Payments from the vault: one instruction, changed from payee to payee, because a program's memory is not given back.
pub struct Payments<'a, 'info> {
    vault: &'a Vault<'a, 'info>,
    transfer: Instruction,
    accounts: [AccountInfo<'info>; 5],
}

impl<'a, 'info> Payments<'a, 'info> {
    /// Where in the accounts of a checked transfer the destination stands, and where in its data the amount.
    const DESTINATION: usize = 2;
    const AMOUNT: std::ops::Range<usize> = 1..9;

    pub fn new(vault: &'a Vault<'a, 'info>) -> Result<Self> {
        let Vault { distributor, mint, vault: from, token_program, .. } = *vault;
        let transfer = token_instruction::transfer_checked(
            token_program.key,
            from.key,
            mint.key,
            from.key,
            distributor.key,
            &[],
            0,
            DECIMALS,
        )?;
        let accounts = [from.clone(), mint.clone(), from.clone(), distributor.clone(), token_program.clone()];
        Ok(Self { vault, transfer, accounts })
    }

    /// Pays. The vault is the counter: no claim pays what has not become payable.
    pub fn pay(&mut self, destination: &AccountInfo<'info>, amount: u64) -> Result<()> {
        require!(amount <= self.vault.unclaimed()?, EmissionError::CounterExhausted);
        let exempt = Rent::get()?.is_exempt(destination.lamports(), destination.data_len());
        require!(exempt, EmissionError::NotRentExempt);
        self.transfer.accounts[Self::DESTINATION].pubkey = *destination.key;
        self.transfer.data[Self::AMOUNT].copy_from_slice(&amount.to_le_bytes());
        self.accounts[Self::DESTINATION] = destination.clone();
        let seeds = self.vault.state.signer_seeds();
        invoke_signed(&self.transfer, &self.accounts, &[&seeds]).map_err(Into::into)
    }
}

fn number(account: &AccountInfo<'_>, at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(account.data.borrow().get(at..at + 8)?.try_into().ok()?))
}

fn key(account: &AccountInfo<'_>, at: usize) -> Option<Pubkey> {
    Pubkey::try_from(account.data.borrow().get(at..at + 32)?).ok()
}
