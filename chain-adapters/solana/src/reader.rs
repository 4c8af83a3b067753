//! Reading a distributor, without a key.

use std::time::Duration;

use anchor_lang::AccountDeserialize;
use anchor_lang::prelude::Pubkey;
use async_trait::async_trait;
use liaise_chain_api::{Accepted, At, BlockRef, ChainError, ChainId, Claimed, Distributor, DistributorReader, Range};
use liaise_summary::{DistributorId, Epoch, Payee, filler_payee};
use serde_json::json;
use solana_account_decoder_client_types::UiAccount;
use solana_address_lookup_table_interface::state::AddressLookupTable;
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::Response;
use solana_sdk::hash::Hash;
use solana_sdk::message::AddressLookupTableAccount;
use solana_transaction_status_client_types::UiConfirmedBlock;

use crate::addresses::{Addresses, programs};
use crate::code::Code;
use crate::config::SolanaConfig;
use crate::endpoint::{Endpoint, Refused, commitment};
use crate::history::History;

/// A node knows a confirmed slot a moment before it can tell that slot's block, and says so with these codes: the block is
/// not available, or not yet.
const NOT_YET: [i64; 2] = [-32_004, -32_014];
const BLOCK_TRIES: u32 = 10;
const BLOCK_PAUSE: Duration = Duration::from_millis(200);

/// Reads the distributor of one [`SolanaConfig`].
#[derive(Debug)]
pub struct SolanaReader {
    pub(crate) config: SolanaConfig,
    pub(crate) endpoint: Endpoint,
    pub(crate) addresses: Addresses,
    pub(crate) code: Code,
    pub(crate) history: History,
}

/// Accounts as of one slot.
pub(crate) struct Accounts {
    pub(crate) slot: u64,
    pub(crate) data: Vec<Option<AccountData>>,
}

/// An account's content.
pub(crate) struct AccountData {
    pub(crate) owner: Pubkey,
    pub(crate) bytes: Vec<u8>,
}

impl SolanaReader {
    /// Connects, and checks that the node serves the configured chain and that the distributor stands there.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::WrongChain`], [`ChainError::NotDeployed`],
    /// [`ChainError::ForeignDistributor`] for an account that is none, and [`ChainError::Input`] for a configuration that
    /// names no Solana chain or no url.
    pub async fn connect(config: SolanaConfig) -> Result<Self, ChainError> {
        if config.chain.namespace() != "solana" {
            let detail =
                format!("{} is no Solana chain: write solana:<32 characters of its genesis hash>", config.chain);
            return Err(ChainError::Input { what: "the chain id", detail });
        }
        let endpoint = Endpoint::new(&config.endpoint, config.timeout_ms)?;
        endpoint.check_chain(&config.chain).await?;
        let addresses = Addresses::new(config.program, config.distributor);
        let code = Code::load(&endpoint, &addresses).await?;
        let reader = Self { config, endpoint, addresses, code, history: History::default() };
        // says here already what any read would say
        reader.account::<liaise_emission::Distributor>(At::Latest, &reader.addresses.distributor).await?;
        Ok(reader)
    }

    /// Checks that the node still serves the configured chain: behind one address others may stand than at the start.
    pub(crate) async fn check_chain(&self) -> Result<(), ChainError> {
        self.endpoint.check_chain(&self.config.chain).await
    }

    /// Accounts as of one slot, in the order they are asked for.
    pub(crate) async fn accounts(&self, at: At, keys: &[Pubkey]) -> Result<Accounts, ChainError> {
        let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let config = json!({"encoding": "base64", "commitment": commitment(at)});
        let answer: Response<Vec<Option<UiAccount>>> =
            self.endpoint.ask(RpcRequest::GetMultipleAccounts, json!([names, config])).await?;
        if answer.value.len() != keys.len() {
            return Err(self.endpoint.nonsense("another number of accounts than was asked for"));
        }
        let mut data = Vec::with_capacity(keys.len());
        for account in answer.value {
            data.push(account.map(|account| self.read_account(&account)).transpose()?);
        }
        Ok(Accounts { slot: answer.context.slot, data })
    }

    fn read_account(&self, account: &UiAccount) -> Result<AccountData, ChainError> {
        let bytes = self.endpoint.content(account)?;
        let owner = account.owner.parse().map_err(|_| self.endpoint.nonsense("an owner that is no address"))?;
        Ok(AccountData { owner, bytes })
    }

    /// One of the program's accounts, with the slot that it is of.
    async fn account<T: AccountDeserialize>(&self, at: At, key: &Pubkey) -> Result<(u64, T), ChainError> {
        let mut accounts = self.accounts(at, std::slice::from_ref(key)).await?;
        let account = accounts.data.pop().flatten();
        Ok((accounts.slot, self.decode(account.as_ref(), key)?))
    }

    /// One of the program's accounts from its bytes.
    pub(crate) fn decode<T: AccountDeserialize>(
        &self,
        account: Option<&AccountData>,
        key: &Pubkey,
    ) -> Result<T, ChainError> {
        let address = key.to_string();
        // anybody can send lamports to an address at which nothing stands yet
        let vacant = |account: &&AccountData| account.owner == programs::SYSTEM && account.bytes.is_empty();
        let Some(account) = account.filter(|account| !vacant(account)) else {
            return Err(ChainError::NotDeployed { chain: self.config.chain.clone(), address });
        };
        let foreign =
            |detail: &str| ChainError::ForeignDistributor { address: address.clone(), detail: detail.to_owned() };
        if account.owner != self.config.program {
            return Err(foreign("it belongs to another program"));
        }
        T::try_deserialize(&mut &account.bytes[..]).map_err(|_| foreign("it is an account of another kind"))
    }

    /// The configured lookup table's addresses.
    pub(crate) async fn lookup_table(&self) -> Result<Vec<AddressLookupTableAccount>, ChainError> {
        let Some(key) = self.config.lookup_table else { return Ok(vec![]) };
        let accounts = self.accounts(At::Latest, std::slice::from_ref(&key)).await?;
        let not_there = || ChainError::NotDeployed { chain: self.config.chain.clone(), address: key.to_string() };
        let account = accounts.data.first().and_then(Option::as_ref);
        let account = account.filter(|account| account.owner == programs::LOOKUP_TABLE).ok_or_else(not_there)?;
        let table = AddressLookupTable::deserialize(&account.bytes).map_err(|_| not_there())?;
        Ok(vec![AddressLookupTableAccount { key, addresses: table.addresses.to_vec() }])
    }

    /// The block of a slot that the node has just told of.
    pub(crate) async fn block_of(&self, slot: u64) -> Result<BlockRef, ChainError> {
        for _ in 1..BLOCK_TRIES {
            match self.try_block_of(slot, At::Latest).await? {
                Err(refused) if NOT_YET.contains(&refused.code) => tokio::time::sleep(BLOCK_PAUSE).await,
                answer => return answer.map_err(|refused| self.no_block(slot, &refused)),
            }
        }
        self.try_block_of(slot, At::Latest).await?.map_err(|refused| self.no_block(slot, &refused))
    }

    /// The block of a slot, or the node's reason why there is none.
    pub(crate) async fn try_block_of(&self, slot: u64, at: At) -> Result<Result<BlockRef, Refused>, ChainError> {
        let config = json!({
            "encoding": "base64",
            "transactionDetails": "none",
            "rewards": false,
            "commitment": commitment(at),
            "maxSupportedTransactionVersion": 0,
        });
        let params = json!([slot, config]);
        let block = match self.endpoint.try_ask::<Option<UiConfirmedBlock>>(RpcRequest::GetBlock, params).await? {
            Ok(Some(block)) => block,
            Ok(None) => return Ok(Err(Refused { code: NOT_YET[0], message: "null".to_owned() })),
            Err(refused) => return Ok(Err(refused)),
        };
        let nonsense = |detail: &str| self.endpoint.nonsense(detail);
        let hash: Hash = block.blockhash.parse().map_err(|_| nonsense("a block hash that is none"))?;
        let time_s = block.block_time.and_then(|time| u64::try_from(time).ok());
        let time_s = time_s.ok_or_else(|| nonsense("a block without a time"))?;
        Ok(Ok(BlockRef { number: slot, hash: hash.to_bytes(), time_s }))
    }

    fn no_block(&self, slot: u64, Refused { code, message }: &Refused) -> ChainError {
        self.endpoint.nonsense(format!("no block of slot {slot}, which it told of: error {code}: {message}"))
    }

    /// The wallet that a payee is on Solana: any 32 bytes but zero and the distributor's own.
    pub(crate) fn wallet_of(&self, payee: &Payee) -> Result<Pubkey, ChainError> {
        let wallet = Pubkey::new_from_array(payee.0);
        if wallet == Pubkey::default() || wallet == self.config.distributor {
            return Err(ChainError::NotAnAccount { payee: *payee, chain: self.config.chain.clone() });
        }
        Ok(wallet)
    }

    /// Whether a payee stands for a decreed loss of this distributor.
    pub(crate) fn is_filler(&self, payee: &Payee) -> bool {
        *payee == filler_payee(&self.id())
    }
}

#[async_trait]
impl DistributorReader for SolanaReader {
    fn chain(&self) -> &ChainId {
        &self.config.chain
    }

    fn id(&self) -> DistributorId {
        DistributorId(self.config.distributor.to_bytes())
    }

    async fn distributor(&self, at: At) -> Result<Distributor, ChainError> {
        self.check_chain().await?;
        self.load_state(at).await
    }

    async fn statements(&self, epoch: Epoch, at: At) -> Result<Vec<Accepted>, ChainError> {
        self.check_chain().await?;
        self.accepted(epoch, at).await
    }

    async fn ranges(&self, at: At) -> Result<Vec<Range>, ChainError> {
        self.check_chain().await?;
        self.range_history(at).await
    }

    async fn claimed(&self, payee: &Payee, at: At) -> Result<Claimed, ChainError> {
        let wallet = self.wallet_of(payee)?;
        self.check_chain().await?;
        let key = self.addresses.claimed(&wallet);
        let accounts = self.accounts(at, std::slice::from_ref(&key)).await?;
        match accounts.data.first().and_then(Option::as_ref) {
            // nothing there, or lamports that somebody sent to the address
            None => Ok(Claimed::default()),
            Some(account) if account.bytes.is_empty() => Ok(Claimed::default()),
            account => Ok(Claimed { total: self.decode::<liaise_emission::Claimed>(account, &key)?.amount }),
        }
    }
}
