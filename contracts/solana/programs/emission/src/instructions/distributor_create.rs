//! `create_distributor`: distributor, mint, vault and oracle set, all at addresses that follow from the deployment.

use anchor_lang::prelude::*;

use crate::error::EmissionError;
use crate::events::{DistributorCreated, GuardianChanged, OracleSetRotated};
use crate::pda::{self, NewAccount};
use crate::seeds;
use crate::state::{ACCOUNT_VERSION, Books, Deployment, Distributor, Oracles};
use crate::token;

/// Accounts of `create_distributor`.
#[derive(Accounts)]
pub struct CreateDistributor<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: created here, at the address of the deployment's hash.
    #[account(mut)]
    pub distributor: UncheckedAccount<'info>,
    /// CHECK: created here, at an address below the distributor.
    #[account(mut)]
    pub oracles: UncheckedAccount<'info>,
    /// CHECK: created here, at an address below the distributor.
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: created here, at an address below the distributor.
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: one of two, and the one that the deployment names.
    pub token_program: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

pub fn distributor_create<'info>(
    context: Context<'info, CreateDistributor<'info>>,
    deployment: Box<Deployment>,
) -> Result<()> {
    deployment.check()?;
    let accounts = context.accounts;
    let named = accounts.token_program.key() == deployment.token_program;
    require!(named && token::is_token_program(&deployment.token_program), EmissionError::WrongTokenProgram);

    let id = deployment.id()?;
    let bump = accounts.create_distributor(id.as_bytes())?;
    let bump_seed = [bump];
    let signer: [&[u8]; 3] = [seeds::DISTRIBUTOR, id.as_bytes(), &bump_seed];
    accounts.create_mint(&signer, &deployment.uri)?;
    accounts.create_vault()?;
    let Deployment { rules, guardian, token_program, set_version, oracles, .. } = *deployment;
    accounts.create_oracles(set_version, oracles)?;

    let (distributor, mint) = (accounts.distributor.key(), accounts.mint.key());
    emit!(DistributorCreated { distributor, mint, network: rules.network, authority: rules.authority });
    emit!(GuardianChanged { distributor, previous: Pubkey::default(), current: guardian });
    let state = Box::new(Distributor {
        version: ACCOUNT_VERSION,
        bump,
        id: id.0,
        mint,
        vault: accounts.vault.key(),
        oracles: accounts.oracles.key(),
        token_program,
        rules,
        guardian,
        head: [0; 32],
        handed_to: [0; 32],
        books: Books::default(),
        approval: None,
        consents: vec![],
    });
    pda::write(&accounts.distributor, &*state)
}

impl<'info> CreateDistributor<'info> {
    #[inline(never)]
    fn create_distributor(&self, id: &[u8; 32]) -> Result<u8> {
        let (address, bump) = Pubkey::find_program_address(&[seeds::DISTRIBUTOR, id], &crate::ID);
        require_keys_eq!(self.distributor.key(), address, EmissionError::WrongDistributor);
        let seeds: [&[u8]; 3] = [seeds::DISTRIBUTOR, id, &[bump]];
        self.own(&self.distributor, &seeds, Distributor::SPACE).create()?;
        Ok(bump)
    }

    #[inline(never)]
    fn create_mint(&self, signer: &[&[u8]], uri: &str) -> Result<()> {
        let bump = self.below(&self.mint, seeds::MINT, EmissionError::WrongMint)?;
        let distributor = self.distributor.key();
        let seeds: [&[u8]; 3] = [seeds::MINT, distributor.as_ref(), &[bump]];
        let new = NewAccount { owner: self.token_program.key, ..self.own(&self.mint, &seeds, 0) };
        token::create_mint(&new, &self.distributor, &self.token_program, signer, uri)
    }

    #[inline(never)]
    fn create_vault(&self) -> Result<()> {
        let bump = self.below(&self.vault, seeds::VAULT, EmissionError::WrongVault)?;
        let distributor = self.distributor.key();
        let seeds: [&[u8]; 3] = [seeds::VAULT, distributor.as_ref(), &[bump]];
        let new = NewAccount { owner: self.token_program.key, ..self.own(&self.vault, &seeds, 0) };
        token::create_vault(&new, &self.mint, &self.distributor, &self.token_program)
    }

    #[inline(never)]
    fn create_oracles(&self, set_version: u32, keys: Vec<[u8; 33]>) -> Result<()> {
        let bump = self.below(&self.oracles, seeds::ORACLES, EmissionError::WrongOracles)?;
        let distributor = self.distributor.key();
        let seeds: [&[u8]; 3] = [seeds::ORACLES, distributor.as_ref(), &[bump]];
        self.own(&self.oracles, &seeds, Oracles::SPACE).create()?;
        let mut state = Oracles { version: ACCOUNT_VERSION, bump, set_version, keys: vec![] };
        let set_hash = state.replace(set_version, keys)?.0;
        pda::write(&self.oracles, &state)?;
        emit!(OracleSetRotated { distributor, version: set_version, set_hash, keys: state.keys });
        Ok(())
    }

    /// The bump of an address below the distributor, which `account` must have.
    fn below(&self, account: &AccountInfo<'info>, seed: &[u8], wrong: EmissionError) -> Result<u8> {
        let (address, bump) = Pubkey::find_program_address(&[seed, self.distributor.key.as_ref()], &crate::ID);
        if *account.key == address { Ok(bump) } else { Err(wrong.into()) }
    }

    /// An account of this program's own.
    fn own<'a>(
        &'a self,
        account: &'a AccountInfo<'info>,
        seeds: &'a [&'a [u8]],
        space: usize,
    ) -> NewAccount<'a, 'info> {
        NewAccount {
            payer: &self.payer,
            account,
            system_program: &self.system_program,
            seeds,
            owner: &crate::ID,
            space,
            paid_space: space,
        }
    }
}
