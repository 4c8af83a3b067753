//! A stock pool: `spl-token-swap` 3.0.0 as crates.io has it, built for the VM by the project's tool chain (pool/). Its interface crate would
//! bring a second, older Solana library, so that the two calls are written out here as that crate's `instruction.rs` and `state.rs` lay
//! them out.

use anchor_spl::associated_token::get_associated_token_address_with_program_id;
use anchor_spl::token_2022::spl_token_2022::instruction as token;
use anchor_spl::token_interface::{Mint, TokenAccount};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::calls::{ASSOCIATED, SYSTEM};
use crate::chain::{Chain, program_file_of};
use crate::world::{SPL_TOKEN, key};

/// The program's own address, as the crate declares it.
pub const PROGRAM: Address = Address::from_str_const("SwapsVeCiPHMUAtzQWZw7RjsKjgCjhwU55QGu4U1Szw");
/// Wrapped SOL.
pub const WRAPPED_SOL: Address = Address::from_str_const("So11111111111111111111111111111111111111112");

/// Of 10 000: what a trade leaves in the pool for its holders, and what its owner gets in pool tokens.
pub const TRADE_FEE: u64 = 25;
pub const OWNER_FEE: u64 = 5;
const FEE_OF: u64 = 10_000;

const POOL_BYTES: u64 = 324;
const MINT_BYTES: usize = 82;
const ACCOUNT_BYTES: usize = 165;
const CONSTANT_PRODUCT: u8 = 0;

/// A pool of two tokens of SPL Token's, one of them XLV.
pub struct Pool {
    pub state: Address,
    pub authority: Address,
    /// The pool's own accounts of XLV and of the other token.
    pub vaults: [Address; 2],
    pub mints: [Address; 2],
    /// Shares of the pool, and who has which.
    pub shares: Address,
    pub fees: Address,
    pub provider_shares: Address,
}

/// Where a wallet's tokens are.
pub fn account_of(owner: &Address, mint: &Address) -> Address {
    get_associated_token_address_with_program_id(owner, mint, &SPL_TOKEN)
}

/// What is in a token account.
pub fn balance(chain: &Chain, account: &Address) -> u64 {
    chain.read::<TokenAccount>(account).amount
}

/// Makes the associated token account of a wallet, or of a pool's authority.
fn create_account(chain: &mut Chain, owner: &Address, mint: &Address) -> Address {
    let account = account_of(owner, mint);
    let accounts = vec![
        AccountMeta::new(chain.payer.pubkey(), true),
        AccountMeta::new(account, false),
        AccountMeta::new_readonly(*owner, false),
        AccountMeta::new_readonly(*mint, false),
        AccountMeta::new_readonly(SYSTEM, false),
        AccountMeta::new_readonly(SPL_TOKEN, false),
    ];
    // 1: no error where it is there already
    pass(chain, &[Instruction { program_id: ASSOCIATED, accounts, data: vec![1] }], &[]);
    account
}

/// The chain with the pool's program and with wrapped SOL's mint as mainnet has it.
pub fn prepare(chain: &mut Chain) {
    chain
        .svm
        .add_program(PROGRAM, &program_file_of("POOL_SO", "pool.so"))
        .expect("mainnet's features take this program");
    let mut mint = vec![0; MINT_BYTES];
    (mint[44], mint[45]) = (9, 1);
    chain.put(WRAPPED_SOL, SPL_TOKEN, mint);
}

/// Wraps lamports of a wallet's.
pub fn wrap(chain: &mut Chain, owner: &Keypair, lamports: u64) {
    let account = create_account(chain, &owner.pubkey(), &WRAPPED_SOL);
    let mut data = vec![2, 0, 0, 0];
    data.extend(lamports.to_le_bytes());
    let accounts = vec![AccountMeta::new(owner.pubkey(), true), AccountMeta::new(account, false)];
    let transfer = Instruction { program_id: SYSTEM, accounts, data };
    pass(chain, &[transfer, token::sync_native(&SPL_TOKEN, &account).expect("a call")], &[owner]);
}

impl Pool {
    /// Puts in what `provider` gives of each token, and opens the pool.
    pub fn open(chain: &mut Chain, provider: &Keypair, mints: [Address; 2], amounts: [u64; 2]) -> Self {
        let state = key("pool");
        let authority = Address::find_program_address(&[state.pubkey().as_ref()], &PROGRAM).0;
        let vaults = mints.map(|mint| create_account(chain, &authority, &mint));
        for ((mint, vault), amount) in mints.iter().zip(&vaults).zip(amounts) {
            let from = account_of(&provider.pubkey(), mint);
            let decimals = chain.read::<Mint>(mint).decimals;
            let owner = provider.pubkey();
            let give = token::transfer_checked(&SPL_TOKEN, &from, mint, vault, &owner, &[], amount, decimals);
            pass(chain, &[give.expect("a call")], &[provider]);
        }
        let [shares, fees, provider_shares] = ["shares", "fees", "provider's shares"].map(key);
        create(chain, &shares, MINT_BYTES as u64, SPL_TOKEN);
        let mint = token::initialize_mint2(&SPL_TOKEN, &shares.pubkey(), &authority, None, 2).expect("a call");
        pass(chain, &[mint], &[]);
        for account in [&fees, &provider_shares] {
            create(chain, account, ACCOUNT_BYTES as u64, SPL_TOKEN);
            let (account, shares, owner) = (account.pubkey(), shares.pubkey(), provider.pubkey());
            pass(chain, &[token::initialize_account3(&SPL_TOKEN, &account, &shares, &owner).expect("a call")], &[]);
        }
        create(chain, &state, POOL_BYTES, PROGRAM);
        let pool = Self {
            state: state.pubkey(),
            authority,
            vaults,
            mints,
            shares: shares.pubkey(),
            fees: fees.pubkey(),
            provider_shares: provider_shares.pubkey(),
        };
        let initialize = pool.initialize(&state.pubkey());
        pass(chain, &[initialize], &[&state]);
        pool
    }

    fn initialize(&self, state: &Address) -> Instruction {
        let rates = [(TRADE_FEE, FEE_OF), (OWNER_FEE, FEE_OF), (0, 0), (0, 0)];
        let mut data = vec![0];
        data.extend(rates.iter().flat_map(|(part, of)| [part.to_le_bytes(), of.to_le_bytes()]).flatten());
        data.push(CONSTANT_PRODUCT);
        data.extend([0; 32]);
        let accounts = vec![
            AccountMeta::new(*state, true),
            AccountMeta::new_readonly(self.authority, false),
            AccountMeta::new_readonly(self.vaults[0], false),
            AccountMeta::new_readonly(self.vaults[1], false),
            AccountMeta::new(self.shares, false),
            AccountMeta::new_readonly(self.fees, false),
            AccountMeta::new(self.provider_shares, false),
            AccountMeta::new_readonly(SPL_TOKEN, false),
        ];
        Instruction { program_id: PROGRAM, accounts, data }
    }

    /// Gives `amount_in` of the token at place `from` of [`Self::mints`] for at least `least_out` of the other.
    pub fn swap(&self, trader: &Address, from: usize, amount_in: u64, least_out: u64) -> Instruction {
        let to = 1 - from;
        let mut data = vec![1];
        data.extend(amount_in.to_le_bytes());
        data.extend(least_out.to_le_bytes());
        let accounts = vec![
            AccountMeta::new_readonly(self.state, false),
            AccountMeta::new_readonly(self.authority, false),
            AccountMeta::new_readonly(*trader, true),
            AccountMeta::new(account_of(trader, &self.mints[from]), false),
            AccountMeta::new(self.vaults[from], false),
            AccountMeta::new(self.vaults[to], false),
            AccountMeta::new(account_of(trader, &self.mints[to]), false),
            AccountMeta::new(self.shares, false),
            AccountMeta::new(self.fees, false),
            AccountMeta::new_readonly(SPL_TOKEN, false),
        ];
        Instruction { program_id: PROGRAM, accounts, data }
    }
}

/// What the constant product gives for `amount_in` where the pool has `reserves` of what is given and of what is taken: fees are taken off
/// first, each at least one unit, and what is left of the product's rounding stays in the pool.
pub fn expected_out(amount_in: u64, reserves: [u64; 2]) -> u64 {
    let fee = |part: u64| (amount_in * part / FEE_OF).max(1);
    let counted = amount_in - fee(TRADE_FEE) - fee(OWNER_FEE);
    let [given, taken] = reserves.map(u128::from);
    let left = (given * taken).div_ceil(given + u128::from(counted));
    u64::try_from(taken - left).expect("no more than there was")
}

fn create(chain: &mut Chain, account: &Keypair, space: u64, owner: Address) {
    let lamports = chain.svm.minimum_balance_for_rent_exemption(space as usize);
    let mut data = vec![0, 0, 0, 0];
    data.extend(lamports.to_le_bytes());
    data.extend(space.to_le_bytes());
    data.extend(owner.to_bytes());
    let accounts = vec![AccountMeta::new(chain.payer.pubkey(), true), AccountMeta::new(account.pubkey(), true)];
    pass(chain, &[Instruction { program_id: SYSTEM, accounts, data }], &[account]);
}

fn pass(chain: &mut Chain, instructions: &[Instruction], signers: &[&Keypair]) {
    chain.send(instructions, signers).unwrap_or_else(|refusal| panic!("refused: {refusal:?}"));
}
