//! Puts a distributor, with its DAO, on a chain.
//!
//! Three transactions from one key that never holds a role: timelock, token, governor. Their addresses follow from the
//! key and its nonces, so that each can be built with the others' before they exist. An interrupted deployment leaves
//! contracts that nobody opens; start again.

use alloy::eips::BlockId;
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolValue;
use liaise_chain_api::{Account, ChainError, Delays, FeeLimit, Prepared};
use liaise_summary::{Hash32, OracleSet, Schedule, sha256};

use crate::action::point;
use crate::bindings::{IAccessControl, IEmission};
use crate::config::EvmConfig;
use crate::endpoint::Endpoint;
use crate::fees::{Fees, Misfit, prices};
use crate::refusal::classify;
use crate::transaction;

const TIMELOCK: &str = include_str!("../../../contracts/evm/artifacts/TimelockController.json");
const XLV: &str = include_str!("../../../contracts/evm/artifacts/XLV.json");
const GOVERNOR: &str = include_str!("../../../contracts/evm/artifacts/XLVGovernor.json");

/// How often a receipt is asked for, milliseconds.
const POLL_MS: u64 = 250;
/// How often at most: ten minutes.
const POLLS: u32 = 2_400;

/// What a distributor is built with.
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
    /// Who decides.
    pub dao: Dao,
}

/// Who decides on a distributor.
#[derive(Clone, Debug)]
pub enum Dao {
    /// OpenZeppelin's Governor over XLV votes, behind a timelock.
    Governor {
        /// Seconds from a proposal until its vote.
        voting_delay_s: u64,
        /// Seconds of the vote.
        voting_period_s: u32,
        /// Seconds in the timelock.
        timelock_s: u64,
        /// Votes that a proposal needs, base units.
        proposal_threshold: u64,
    },
    /// One account instead: a multisig that exists already, or a key on a test network.
    Account(Account),
}

/// What stands on the chain now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The token, which is the distributor.
    pub distributor: Address,
    /// The DAO authority: the timelock where there is a governor.
    pub authority: Address,
    /// The governor, where there is one.
    pub governor: Option<Address>,
    /// The block of the token's creation: [`EvmConfig::deployed_block`].
    pub block: u64,
    /// SHA-256 of the token's code: what a `distributor` decree names.
    pub code_hash: Hash32,
}

/// Deploys what `plan` says, waits for each transaction's block, and checks the result.
///
/// Of `config` the distributor's address is not used. `fee` limits each transaction. Not cancel safe: what was sent
/// stays sent.
///
/// # Errors
/// [`ChainError::Input`] for a plan that makes no sense, [`ChainError::FeeTooHigh`], [`ChainError::Funds`],
/// [`ChainError::Unreachable`], [`ChainError::WrongChain`], and [`ChainError::ForeignDistributor`] if what was built
/// is not what was planned.
pub async fn deploy(
    config: &EvmConfig,
    signer: &PrivateKeySigner,
    plan: &Plan,
    fee: FeeLimit,
) -> Result<Deployed, ChainError> {
    let deployer = Deployer::connect(config, signer, fee).await?;
    match &plan.dao {
        Dao::Account(account) => {
            let authority = deployer.address_of(account)?;
            let (distributor, block) = deployer.create(XLV, token_arguments(&deployer, plan, authority)?).await?;
            deployer.check_authority(distributor, authority).await?;
            let code_hash = deployer.code_hash(distributor).await?;
            Ok(Deployed { distributor, authority, governor: None, block, code_hash })
        }
        Dao::Governor { .. } => deployer.deploy_with_governor(plan).await,
    }
}

struct Deployer<'a> {
    config: &'a EvmConfig,
    chain_number: u64,
    endpoint: Endpoint,
    signer: &'a PrivateKeySigner,
    fee: FeeLimit,
}

impl<'a> Deployer<'a> {
    async fn connect(config: &'a EvmConfig, signer: &'a PrivateKeySigner, fee: FeeLimit) -> Result<Self, ChainError> {
        let chain_number = config.chain_number()?;
        let endpoint = Endpoint::new(&config.endpoint, config.timeout_ms)?;
        endpoint.check_chain(&config.chain, chain_number).await?;
        Ok(Self { config, chain_number, endpoint, signer, fee })
    }

    async fn deploy_with_governor(&self, plan: &Plan) -> Result<Deployed, ChainError> {
        let Dao::Governor { voting_delay_s, voting_period_s, timelock_s, proposal_threshold } = plan.dao else {
            return Err(input("the plan", "it names no governor"));
        };
        let nonce = self.nonce().await?;
        let [timelock, token, governor] = [0, 1, 2].map(|step| self.signer.address().create(nonce + step));
        let timelock_arguments =
            (U256::from(timelock_s), vec![governor], vec![governor], Address::ZERO).abi_encode_params();
        self.create_at(timelock, TIMELOCK, timelock_arguments).await?;
        let block = self.create_at(token, XLV, token_arguments(self, plan, timelock)?).await?;
        let governor_arguments =
            (token, timelock, U256::from(voting_delay_s), U256::from(voting_period_s), U256::from(proposal_threshold))
                .abi_encode_params();
        self.create_at(governor, GOVERNOR, governor_arguments).await?;
        self.check_authority(token, timelock).await?;
        self.check_roles(timelock, governor).await?;
        let code_hash = self.code_hash(token).await?;
        Ok(Deployed { distributor: token, authority: timelock, governor: Some(governor), block, code_hash })
    }

    /// The deployer ends with no role, the timelock administers itself, the governor alone proposes and executes.
    async fn check_roles(&self, timelock: Address, governor: Address) -> Result<(), ChainError> {
        let [proposer, executor, canceller] =
            ["PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE"].map(|role| keccak256(role.as_bytes()));
        let expected = [
            (B256::ZERO, timelock, true),
            (B256::ZERO, self.signer.address(), false),
            (proposer, governor, true),
            (executor, governor, true),
            (canceller, governor, true),
            (proposer, self.signer.address(), false),
            (executor, Address::ZERO, false),
        ];
        for (role, account, has) in expected {
            let call = IAccessControl::hasRoleCall { role, account };
            if self.endpoint.view(BlockId::latest(), timelock, call).await? != has {
                let detail = format!("role {role} of {account} in the timelock should be {has}");
                return Err(ChainError::ForeignDistributor { address: timelock.to_string(), detail });
            }
        }
        Ok(())
    }

    async fn check_authority(&self, token: Address, authority: Address) -> Result<(), ChainError> {
        let found = self.endpoint.view(BlockId::latest(), token, IEmission::authorityCall {}).await?;
        if found == authority {
            return Ok(());
        }
        let detail = format!("its authority is {found}, not {authority}");
        Err(ChainError::ForeignDistributor { address: token.to_string(), detail })
    }

    async fn create_at(&self, expected: Address, artifact: &str, arguments: Vec<u8>) -> Result<u64, ChainError> {
        let (address, block) = self.create(artifact, arguments).await?;
        if address == expected {
            return Ok(block);
        }
        let detail = "the deployer sent other transactions meanwhile: start again with a key that does nothing else";
        Err(ChainError::ForeignDistributor { address: address.to_string(), detail: detail.to_owned() })
    }

    /// Creates a contract and waits for its block.
    async fn create(&self, artifact: &str, arguments: Vec<u8>) -> Result<(Address, u64), ChainError> {
        let code = [creation_code(artifact)?.to_vec(), arguments].concat();
        let nonce = self.nonce().await?;
        let fees = self.fees(&code).await?;
        let prepared =
            transaction::sign(self.signer, &self.config.chain, self.chain_number, TxKind::Create, nonce, &fees, code)?;
        let sent = self.endpoint.provider().send_raw_transaction(&prepared.bytes).await;
        // the builder that is returned would poll in its own way; the wait below has an end
        let _ = sent.map_err(|error| self.endpoint.failure(error))?;
        let block = self.wait(&prepared).await?;
        Ok((self.signer.address().create(nonce), block))
    }

    async fn wait(&self, prepared: &Prepared) -> Result<u64, ChainError> {
        let hash = transaction::held(prepared, &self.config.chain, self.chain_number)?.hash;
        for _ in 0..POLLS {
            let receipt = self.endpoint.provider().get_transaction_receipt(hash).await;
            if let Some(receipt) = receipt.map_err(|error| self.endpoint.failure(error))? {
                let reverted = || input("the plan", "a constructor reverted");
                return receipt.block_number.filter(|_| receipt.status()).ok_or_else(reverted);
            }
            tokio::time::sleep(std::time::Duration::from_millis(POLL_MS)).await;
        }
        Err(self.endpoint.nonsense(format!("no block took {} in ten minutes", prepared.id)))
    }

    async fn fees(&self, code: &[u8]) -> Result<Fees, ChainError> {
        let request = TransactionRequest::default().with_from(self.signer.address()).with_deploy_code(code.to_vec());
        let estimate = match self.endpoint.provider().estimate_gas(request).await {
            Ok(estimate) => estimate,
            Err(error) => {
                let revert = error.as_error_resp().and_then(|payload| payload.as_revert_data());
                return Err(match revert {
                    Some(data) => input("the plan", &classify(&data).to_string()),
                    None => self.endpoint.failure(error),
                });
            }
        };
        let address = self.signer.address();
        let balance = self.endpoint.provider().get_balance(address).await;
        let balance = balance.map_err(|error| self.endpoint.failure(error))?;
        let balance = u128::try_from(balance).unwrap_or(u128::MAX);
        let prices = prices(&self.endpoint, self.config.gas).await?;
        Fees::fit(estimate, code.len(), &prices, self.fee, balance).map_err(|misfit| match misfit {
            Misfit::Limit { needed } => ChainError::FeeTooHigh { needed, limit: self.fee.0 },
            Misfit::Balance { needed } => {
                let account = Account::evm(self.chain_number, address.into_array());
                ChainError::Funds { account, has: balance, needed }
            }
        })
    }

    async fn code_hash(&self, contract: Address) -> Result<Hash32, ChainError> {
        Ok(sha256(&[&self.endpoint.code(BlockId::latest(), contract).await?]))
    }

    async fn nonce(&self) -> Result<u64, ChainError> {
        let nonce = self.endpoint.provider().get_transaction_count(self.signer.address()).pending().await;
        nonce.map_err(|error| self.endpoint.failure(error))
    }

    fn address_of(&self, account: &Account) -> Result<Address, ChainError> {
        let address = account.evm_address().filter(|_| account.chain() == self.config.chain);
        address.map(Address::from).ok_or_else(|| input("the plan", &format!("{account} is no account of the chain")))
    }
}

fn token_arguments(deployer: &Deployer<'_>, plan: &Plan, authority: Address) -> Result<Vec<u8>, ChainError> {
    let deployment = IEmission::Deployment {
        network: plan.schedule.network.0.into(),
        genesis: plan.schedule.genesis_s,
        supply: plan.schedule.emission.supply,
        epochs: plan.schedule.emission.epochs,
        epochLength: plan.schedule.epoch_s,
        term: plan.schedule.term_epochs,
        epochDelay: plan.delays.epoch_s,
        longDelay: plan.delays.long_s,
        notice: plan.notice_epochs,
        guardedUntil: plan.guarded_until_s,
        authority,
        guardian: deployer.address_of(&plan.guardian)?,
        oracleSetVersion: plan.oracle_set.version(),
        oracles: plan.oracle_set.keys().iter().map(point).collect::<Result<_, _>>()?,
    };
    Ok((deployment,).abi_encode_params())
}

/// The creation code in a committed artifact.
fn creation_code(artifact: &str) -> Result<Bytes, ChainError> {
    let parsed: serde_json::Value =
        serde_json::from_str(artifact).map_err(|error| input("a contract's artifact", &error.to_string()))?;
    let text = parsed["bytecode"]["object"].as_str().unwrap_or_default();
    let code: Bytes = text.parse().map_err(|_| input("a contract's artifact", "its bytecode is no hex"))?;
    if code.is_empty() {
        return Err(input("a contract's artifact", "it has no bytecode"));
    }
    Ok(code)
}

fn input(what: &'static str, detail: &str) -> ChainError {
    ChainError::Input { what, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_artifacts_have_creation_code() {
        for artifact in [TIMELOCK, XLV, GOVERNOR] {
            assert!(creation_code(artifact).expect("readable").len() > 1000);
        }
        assert!(matches!(creation_code("{}"), Err(ChainError::Input { .. })));
    }
}
