//! Reading a distributor, without a key.

use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, B256};
use alloy::providers::Provider;
use async_trait::async_trait;
use liaise_chain_api::{Accepted, At, BlockRef, ChainError, ChainId, Claimed, Distributor, DistributorReader, Range};
use liaise_summary::{DistributorId, Epoch, Payee, filler_payee};

use crate::bindings::{IClaims, IEmission};
use crate::config::{EvmConfig, Finality};
use crate::endpoint::Endpoint;
use crate::state::Constants;

/// Reads the distributor of one [`EvmConfig`].
#[derive(Debug)]
pub struct EvmReader {
    pub(crate) config: EvmConfig,
    pub(crate) chain_number: u64,
    pub(crate) endpoint: Endpoint,
    pub(crate) constants: Constants,
}

impl EvmReader {
    /// Connects, and checks that the node serves the configured chain and that the distributor stands there.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::WrongChain`], [`ChainError::NotDeployed`],
    /// [`ChainError::ForeignDistributor`] for a contract that is none or belongs to another chain, and
    /// [`ChainError::Input`] for a configuration that names no EVM chain or no url.
    pub async fn connect(config: EvmConfig) -> Result<Self, ChainError> {
        let chain_number = config.chain_number()?;
        let endpoint = Endpoint::new(&config.endpoint, config.timeout_ms)?;
        endpoint.check_chain(&config.chain, chain_number).await?;
        let to = config.distributor;
        let code = endpoint.code(BlockId::latest(), to).await?;
        if code.is_empty() {
            return Err(ChainError::NotDeployed { chain: config.chain, address: to.to_string() });
        }
        let latest = BlockId::latest();
        let foreign =
            |detail: &str| ChainError::ForeignDistributor { address: to.to_string(), detail: detail.to_owned() };
        let id = endpoint.view_if_any(latest, to, IEmission::distributorIdCall {}).await?;
        let id = id.ok_or_else(|| foreign("it has no distributor id"))?;
        if id.0 != DistributorId::evm(chain_number, to.into_array()).0 {
            return Err(foreign("its distributor id is not that of its address and chain"));
        }
        let constants = Constants::load(&endpoint, latest, to).await?;
        Ok(Self { config, chain_number, endpoint, constants })
    }

    /// Checks that the node still serves the configured chain: behind one address others may stand than at the start.
    pub(crate) async fn check_chain(&self) -> Result<(), ChainError> {
        self.endpoint.check_chain(&self.config.chain, self.chain_number).await
    }

    /// The block that `at` means now, on the configured chain.
    pub(crate) async fn block(&self, at: At) -> Result<BlockRef, ChainError> {
        self.check_chain().await?;
        let latest = BlockNumberOrTag::Latest;
        match (at, self.config.finality) {
            (At::Latest, _) => self.block_by(latest).await,
            (At::Final, Finality::Tag) => self.block_by(BlockNumberOrTag::Finalized).await,
            (At::Final, Finality::Depth(depth)) => {
                let newest = self.block_by(latest).await?;
                self.block_by(newest.number.saturating_sub(depth).into()).await
            }
        }
    }

    pub(crate) async fn block_by(&self, number: BlockNumberOrTag) -> Result<BlockRef, ChainError> {
        Ok(self.block_with_ids(number).await?.0)
    }

    /// A block, and the hashes of its transactions in order.
    pub(crate) async fn block_with_ids(&self, number: BlockNumberOrTag) -> Result<(BlockRef, Vec<B256>), ChainError> {
        let answer = self.endpoint.provider().get_block_by_number(number).await;
        let block = answer.map_err(|error| self.endpoint.failure(error))?;
        let block = block.ok_or_else(|| self.endpoint.nonsense(format!("no block {number}")))?;
        if let BlockNumberOrTag::Number(asked) = number
            && block.header.number != asked
        {
            return Err(self.endpoint.nonsense(format!("block {} where {asked} was asked for", block.header.number)));
        }
        let header = &block.header;
        let place = BlockRef { number: header.number, hash: header.hash.0, time_s: header.timestamp };
        Ok((place, block.transactions.hashes().collect()))
    }

    /// The account that a payee is on EVM chains.
    pub(crate) fn address_of(&self, payee: &Payee) -> Result<Address, ChainError> {
        let address = payee.to_20().map(Address::from);
        address.ok_or_else(|| ChainError::NotAnAccount { payee: *payee, chain: self.config.chain.clone() })
    }

    /// Whether a payee stands for a decreed loss of this distributor.
    pub(crate) fn is_filler(&self, payee: &Payee) -> bool {
        *payee == filler_payee(&self.id())
    }
}

#[async_trait]
impl DistributorReader for EvmReader {
    fn chain(&self) -> &ChainId {
        &self.config.chain
    }

    fn id(&self) -> DistributorId {
        DistributorId::evm(self.chain_number, self.config.distributor.into_array())
    }

    async fn distributor(&self, at: At) -> Result<Distributor, ChainError> {
        self.load_state(self.block(at).await?).await
    }

    async fn statements(&self, epoch: Epoch, at: At) -> Result<Vec<Accepted>, ChainError> {
        self.accepted(epoch, at).await
    }

    async fn ranges(&self, at: At) -> Result<Vec<Range>, ChainError> {
        self.range_history(at).await
    }

    async fn claimed(&self, payee: &Payee, at: At) -> Result<Claimed, ChainError> {
        let payee = self.address_of(payee)?;
        let block = self.block(at).await?;
        let at = BlockId::hash(block.hash.into());
        let total = self.endpoint.view(at, self.config.distributor, IClaims::claimedCall { payee }).await?;
        let total = u64::try_from(total).map_err(|_| self.endpoint.nonsense("claimed more than 64 bits"))?;
        Ok(Claimed { total })
    }
}
