//! Creating a distributor under a program that is on the chain already.
//!
//! The program itself is put there with Solana's own tools (contracts/solana/README.md says how). A distributor's address
//! follows from everything that is fixed in it, so whoever creates it creates exactly this one: no key of the deployer's has
//! a right afterwards.

use std::time::Duration;

use anchor_lang::prelude::Pubkey;
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::{InstructionData, ToAccountMetas};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use liaise_chain_api::{Account, At, ChainError, Delays, Distributor, DistributorReader, FeeLimit, Prepared};
use liaise_emission::{Deployment, Rules, accounts, instruction, seeds};
use liaise_summary::{Hash32, OracleSet, Schedule};
use serde_json::json;
use solana_account_decoder_client_types::UiAccount;
use solana_address_lookup_table_interface::instruction::{
    create_lookup_table, extend_lookup_table, freeze_lookup_table,
};
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::Response;
use solana_sdk::signature::Keypair;
use solana_sdk::signer::Signer;
use solana_transaction_status_client_types::{TransactionConfirmationStatus, TransactionStatus};

use crate::addresses::Addresses;
use crate::addresses::programs::{ASSOCIATED_TOKEN, SYSTEM};
pub use crate::addresses::programs::{TOKEN, TOKEN_2022};
use crate::config::SolanaConfig;
use crate::endpoint::{Endpoint, Refused, commitment};
use crate::fees::{Fees, LAMPORTS_PER_SIGNATURE, MAX_UNITS, Misfit, Purse, prices, rent};
use crate::plan::with_budget;
use crate::reader::SolanaReader;
use crate::refusal::classify_failure;
use crate::transaction::{self, Birth};
use crate::trial::trial;

/// Time between two questions whether a transaction is confirmed.
const POLL: Duration = Duration::from_millis(200);
/// How often it is asked at most: two lives of a blockhash.
const POLLS: u32 = 600;
/// After how many of them it is sent again.
const RESEND_AFTER: u32 = 25;

/// What a distributor is created with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Network, genesis, supply, epochs, lengths.
    pub schedule: Schedule,
    /// The statements' waits.
    pub delays: Delays,
    /// Epochs of notice before a hand-over.
    pub notice_epochs: u32,
    /// Until when the guardian shares in rotation, hand-over and change of guardian, Unix seconds.
    pub guarded_until_s: u64,
    /// May veto a statement once.
    pub guardian: Account,
    /// The first oracle set.
    pub oracle_set: OracleSet,
    /// The DAO authority: a governance's or a vault's address, a council, or a key on a test network.
    pub authority: Account,
    /// Whether holders of the token vote in that DAO.
    pub token_dao: bool,
    /// [`TOKEN`] or [`TOKEN_2022`].
    pub token_program: Pubkey,
    /// Where the token's metadata with its icon is.
    pub uri: String,
}

/// What stands on the chain now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The distributor.
    pub distributor: Pubkey,
    /// The token.
    pub mint: Pubkey,
    /// [`SolanaConfig::lookup_table`]: frozen, so that nobody can change what it says.
    pub lookup_table: Pubkey,
    /// SHA-256 of the program's code: what a `distributor` decree names.
    pub code_hash: Hash32,
    /// Who can still replace that code: nobody, before a range can be opened.
    pub upgrade_authority: Option<Pubkey>,
}

/// Where the distributor of a plan will be.
///
/// # Errors
/// [`ChainError::Input`] for accounts of another chain.
pub fn address_of(config: &SolanaConfig, plan: &Plan) -> Result<Pubkey, ChainError> {
    let deployment = deployment(config, plan)?;
    let id = deployment.id().map_err(|error| input(&error.to_string()))?;
    Ok(Pubkey::find_program_address(&[seeds::DISTRIBUTOR, id.as_bytes()], &config.program).0)
}

/// Where the council of these members is, in any order.
pub fn council_address(program: &Pubkey, threshold: u8, members: &[Pubkey]) -> Pubkey {
    let id = liaise_emission::Council::id(threshold, &ascending(members));
    Pubkey::find_program_address(&[seeds::COUNCIL, id.as_bytes()], program).0
}

/// Creates an m-of-n account that can be a plan's `authority` or `guardian`, and waits until it is confirmed. It never changes;
/// one that is there already is not created again.
///
/// # Errors
/// Those of [`deploy`]; [`ChainError::Refused`] for a threshold above the members' number, a member twice, or more than 11.
pub async fn create_council(
    config: &SolanaConfig,
    signer: &Keypair,
    threshold: u8,
    members: &[Pubkey],
    fee: FeeLimit,
) -> Result<Account, ChainError> {
    let endpoint = Endpoint::new(&config.endpoint, config.timeout_ms)?;
    endpoint.check_chain(&config.chain).await?;
    let council = council_address(&config.program, threshold, members);
    let params = json!([council.to_string(), {"commitment": commitment(At::Latest), "encoding": "base64"}]);
    let there: Response<Option<UiAccount>> = endpoint.ask(RpcRequest::GetAccountInfo, params).await?;
    if there.value.is_none_or(|account| account.owner != config.program.to_string()) {
        let accounts = accounts::CreateCouncil { payer: signer.pubkey(), council, system_program: SYSTEM };
        let data = instruction::CreateCouncil { threshold, members: ascending(members) }.data();
        let call = Instruction { program_id: config.program, accounts: accounts.to_account_metas(None), data };
        Deployer { config, endpoint, signer, fee }.send("create the council", &[call]).await?;
    }
    Ok(Account::solana(&config.chain, council.to_bytes()))
}

fn ascending(members: &[Pubkey]) -> Vec<Pubkey> {
    let mut members = members.to_vec();
    members.sort_unstable();
    members
}

/// Creates what `plan` says, waits until it is confirmed, and checks the result. A distributor that is there already is not
/// created again; the lookup table, which costs little, is.
///
/// Of `config` distributor and lookup table are not used. `fee` limits each of two transactions, rent included. Not cancel
/// safe: what was sent stays sent.
///
/// # Errors
/// [`ChainError::Input`] for accounts of another chain, [`ChainError::Refused`] for a plan that the program does not take,
/// [`ChainError::FeeTooHigh`], [`ChainError::Funds`], [`ChainError::Rejected`], [`ChainError::Unreachable`],
/// [`ChainError::WrongChain`], and [`ChainError::ForeignDistributor`] without the program, or if what stands there is not what
/// was planned.
pub async fn deploy(
    config: &SolanaConfig,
    signer: &Keypair,
    plan: &Plan,
    fee: FeeLimit,
) -> Result<Deployed, ChainError> {
    let endpoint = Endpoint::new(&config.endpoint, config.timeout_ms)?;
    endpoint.check_chain(&config.chain).await?;
    let deployer = Deployer { config, endpoint, signer, fee };
    let addresses = Addresses::new(config.program, address_of(config, plan)?);
    let config = SolanaConfig { distributor: addresses.distributor, lookup_table: None, ..config.clone() };
    let missing = match SolanaReader::connect(config.clone()).await {
        Err(ChainError::NotDeployed { .. }) => true,
        Err(error) => return Err(error),
        Ok(_) => false,
    };
    // tried before anything is paid for; sent after the table, which can be used from the slot after its own on
    let create = if missing { Some(deployer.sign_creation(&addresses, plan).await?) } else { None };
    let lookup_table = deployer.create_table(&addresses, plan.token_program).await?;
    if let Some(create) = create {
        deployer.deliver(&create).await?;
    }
    let reader = SolanaReader::connect(config).await?;
    let state = reader.distributor(At::Latest).await?;
    check(&addresses, plan, &state)?;
    Ok(Deployed {
        distributor: addresses.distributor,
        mint: addresses.mint,
        lookup_table,
        code_hash: state.code_hash,
        upgrade_authority: reader.code.upgrade_authority,
    })
}

fn deployment(config: &SolanaConfig, plan: &Plan) -> Result<Deployment, ChainError> {
    let key = |account: &Account| {
        let key = account.solana_address().filter(|_| account.is_on(&config.chain));
        let foreign = || input(&format!("{account} is no account of {}", config.chain));
        key.map(Pubkey::new_from_array).ok_or_else(foreign)
    };
    let schedule = &plan.schedule;
    Ok(Deployment {
        rules: Rules {
            network: schedule.network.0,
            genesis_s: schedule.genesis_s,
            supply: schedule.emission.supply,
            epochs: schedule.emission.epochs,
            epoch_s: schedule.epoch_s,
            term_epochs: schedule.term_epochs,
            epoch_delay_s: plan.delays.epoch_s,
            long_delay_s: plan.delays.long_s,
            notice_epochs: plan.notice_epochs,
            guarded_until_s: plan.guarded_until_s,
            authority: key(&plan.authority)?,
            token_dao: plan.token_dao,
        },
        guardian: key(&plan.guardian)?,
        token_program: plan.token_program,
        uri: plan.uri.clone(),
        set_version: plan.oracle_set.version(),
        oracles: plan.oracle_set.keys().to_vec(),
    })
}

fn input(detail: &str) -> ChainError {
    ChainError::Input { what: "the plan", detail: detail.to_owned() }
}

/// Refuses what is not as planned.
fn check(addresses: &Addresses, plan: &Plan, state: &Distributor) -> Result<(), ChainError> {
    let as_planned = state.schedule == plan.schedule
        && state.delays == plan.delays
        && state.notice_epochs == plan.notice_epochs
        && state.guarded_until_s == plan.guarded_until_s
        && state.authority.account() == Some(&plan.authority);
    if as_planned {
        return Ok(());
    }
    Err(ChainError::ForeignDistributor {
        address: addresses.distributor.to_string(),
        detail: "what stands there is not what was planned".to_owned(),
    })
}

/// Everything that a claim names and that is the same for all payees, and what a filing names beside it.
pub(crate) fn shared_by_claims(addresses: &Addresses, token_program: Pubkey) -> Vec<Pubkey> {
    vec![
        addresses.distributor,
        addresses.mint,
        addresses.vault,
        addresses.oracles,
        token_program,
        ASSOCIATED_TOKEN,
        SYSTEM,
    ]
}

struct Deployer<'a> {
    config: &'a SolanaConfig,
    endpoint: Endpoint,
    signer: &'a Keypair,
    fee: FeeLimit,
}

impl Deployer<'_> {
    async fn sign_creation(&self, addresses: &Addresses, plan: &Plan) -> Result<Prepared, ChainError> {
        let accounts = accounts::CreateDistributor {
            payer: self.signer.pubkey(),
            distributor: addresses.distributor,
            oracles: addresses.oracles,
            mint: addresses.mint,
            vault: addresses.vault,
            token_program: plan.token_program,
            system_program: SYSTEM,
        };
        let data = instruction::CreateDistributor { deployment: Box::new(deployment(self.config, plan)?) }.data();
        let call = Instruction { program_id: self.config.program, accounts: accounts.to_account_metas(None), data };
        self.sign("create the distributor", &[call]).await
    }

    /// A table of what claims share, which nobody can change.
    async fn create_table(&self, addresses: &Addresses, token_program: Pubkey) -> Result<Pubkey, ChainError> {
        // the program that makes tables knows final slots only while they are recent, and no others for certain
        let recent: u64 =
            self.endpoint.ask(RpcRequest::GetSlot, json!([{"commitment": commitment(At::Final)}])).await?;
        let payer = self.signer.pubkey();
        let (create, table) = create_lookup_table(payer, payer, recent);
        let entries = shared_by_claims(addresses, token_program);
        let extend = extend_lookup_table(table, payer, Some(payer), entries);
        self.send("create the lookup table", &[create, extend, freeze_lookup_table(table, payer)]).await?;
        Ok(table)
    }

    /// Tries, signs, sends, and waits until it is confirmed.
    async fn send(&self, what: &'static str, calls: &[Instruction]) -> Result<(), ChainError> {
        let prepared = self.sign(what, calls).await?;
        self.deliver(&prepared).await
    }

    /// Tries and signs.
    async fn sign(&self, what: &'static str, calls: &[Instruction]) -> Result<Prepared, ChainError> {
        let payer = self.signer.pubkey();
        let birth = Birth::newest(&self.endpoint).await?;
        let message = |calls: &[Instruction]| transaction::message(payer, calls, &[], birth);
        let params = json!([payer.to_string(), {"commitment": commitment(At::Latest)}]);
        let balance: Response<u64> = self.endpoint.ask(RpcRequest::GetBalance, params).await?;
        let stays = rent(&self.endpoint, 0).await?;
        let purse = Purse { limit: self.fee, balance: balance.value, stays };
        let misfit = |misfit| match misfit {
            Misfit::Limit { needed } => ChainError::FeeTooHigh { needed, limit: self.fee.0 },
            Misfit::Balance { needed } => {
                let account = Account::solana(&self.config.chain, payer.to_bytes());
                ChainError::Funds { account, has: purse.balance.into(), needed }
            }
        };
        purse.check_balance(LAMPORTS_PER_SIGNATURE.into()).map_err(misfit)?;
        let tried = trial(&self.endpoint, message(&with_budget(calls, MAX_UNITS, 0))?).await?;
        let tried = tried.map_err(|error| ChainError::Refused { action: what, refusal: classify_failure(error) })?;
        // what the payer lacks afterwards beside the signature's fee lies in new accounts
        let rent = purse.balance.saturating_sub(tried.left).saturating_sub(LAMPORTS_PER_SIGNATURE);
        let prices = prices(&self.endpoint, &payer).await?;
        let fees = Fees::fit(tried.units, prices, rent, 1, &purse).map_err(misfit)?;
        let message = message(&with_budget(calls, fees.units, fees.price))?;
        transaction::sign(&[self.signer], &self.config.chain, message, birth, fees.max())
    }

    /// Sends until it is confirmed: a node may lose it.
    async fn deliver(&self, prepared: &Prepared) -> Result<(), ChainError> {
        let held = transaction::held(prepared, &self.config.chain)?;
        let rejected = |detail: String| ChainError::Rejected { endpoint: self.endpoint.shown().to_owned(), detail };
        let config = json!({"encoding": "base64", "skipPreflight": true});
        let transaction = json!([BASE64_STANDARD.encode(&held.wire), config]);
        for poll in 0..POLLS {
            if poll.is_multiple_of(RESEND_AFTER) {
                let sent = self.endpoint.try_ask::<String>(RpcRequest::SendTransaction, transaction.clone()).await?;
                // sent again it may be refused as known, or too late
                if let (0, Err(Refused { code, message })) = (poll, sent) {
                    return Err(rejected(format!("error {code}: {message}")));
                }
            }
            let params = json!([[prepared.id.0]]);
            let answer: Response<Vec<Option<TransactionStatus>>> =
                self.endpoint.ask(RpcRequest::GetSignatureStatuses, params).await?;
            if let Some(status) = answer.value.first().and_then(Option::as_ref) {
                if let Some(error) = &status.err {
                    return Err(rejected(error.to_string()));
                }
                if status.confirmation_status != Some(TransactionConfirmationStatus::Processed) {
                    return Ok(());
                }
            }
            tokio::time::sleep(POLL).await;
        }
        Err(rejected(format!("{} is in no slot after two lives of a blockhash", prepared.id)))
    }
}
