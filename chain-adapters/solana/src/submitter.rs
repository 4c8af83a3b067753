//! Writing to a distributor: prepare, broadcast, status.

use anchor_lang::prelude::Pubkey;
use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use liaise_chain_api::{Account, Action, At, ChainError, Cost, FeeLimit, Funds, Prepared, ReadsAs, Status, Submitter};
use serde_json::json;
use solana_rpc_client_api::client_error::TransactionError;
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::Response;
use solana_sdk::message::AddressLookupTableAccount;
use solana_sdk::signature::Keypair;
use solana_sdk::signer::Signer;

use crate::config::SolanaConfig;
use crate::endpoint::{Refused, commitment};
use crate::fees::{Fees, Misfit, Purse, prices, rent};
use crate::instruction::Sender;
use crate::plan::{Opened, Plan, longest_run};
use crate::reader::SolanaReader;
use crate::refusal::classify_failure;
use crate::transaction::{self, Birth};
use crate::trial::trial;

/// Compute units of filing an epoch: what 9 of 13 oracles' signatures need, measured, and a little more.
const FILING_UNITS: u64 = 245_000;

/// Reads and writes the distributor of one [`SolanaConfig`] with one key.
///
/// Keeps nothing between calls but final history: what is under way is known to the chain and to the caller's journal.
pub struct SolanaSubmitter {
    pub(crate) reader: SolanaReader,
    signer: Keypair,
    council: Option<Council>,
    account: Account,
    table: Vec<AddressLookupTableAccount>,
}

impl std::fmt::Debug for SolanaSubmitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SolanaSubmitter").field("reader", &self.reader).field("account", &self.account).finish()
    }
}

/// An m-of-n account of the program's ([`create_council`](crate::deploy::create_council)), and those members whose keys are
/// at hand.
pub struct Council {
    /// Its address.
    pub address: Pubkey,
    /// Who signs for it: as many as its threshold, the submitter's own key among them if that is a member's.
    pub members: Vec<Keypair>,
}

/// What an action would cost now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The most compute units that it may use: a quarter more than it used when it was tried.
    pub compute_units: u32,
    /// Micro-lamports for each of them.
    pub price: u64,
    /// Lamports for the signatures.
    pub signature_fee: u64,
    /// Lamports for the place in a block: compute units times price.
    pub priority_fee: u128,
    /// The accounts that it opens, whose rent the sender pays.
    pub opened: Vec<Opened>,
    /// All of it.
    pub max: FeeLimit,
}

impl SolanaSubmitter {
    /// Connects as [`SolanaReader::connect`] does; `signer` comes from the caller, who opened its file.
    ///
    /// # Errors
    /// Those of [`SolanaReader::connect`]; [`ChainError::NotDeployed`] where the configured lookup table is none.
    pub async fn connect(config: SolanaConfig, signer: Keypair) -> Result<Self, ChainError> {
        let reader = SolanaReader::connect(config).await?;
        let account = Account::solana(&reader.config.chain, signer.pubkey().to_bytes());
        let table = reader.lookup_table().await?;
        Ok(Self { reader, signer, council: None, account, table })
    }

    /// The same submitter with a council's right where a call needs one: as its DAO authority or guardian. The signer goes on
    /// paying; whether enough members sign is the program's to judge.
    pub fn on_behalf_of(self, council: Council) -> Self {
        Self { council: Some(council), ..self }
    }

    fn sender(&self) -> Sender {
        match &self.council {
            None => Sender::alone(self.address()),
            Some(Council { address, members }) => {
                let members = members.iter().map(Signer::pubkey).collect();
                Sender { payer: self.address(), actor: *address, members }
            }
        }
    }

    fn keys(&self) -> Vec<&Keypair> {
        let members = self.council.iter().flat_map(|council| &council.members);
        std::iter::once(&self.signer).chain(members.filter(|member| member.pubkey() != self.address())).collect()
    }

    /// The address that signs.
    pub fn address(&self) -> Pubkey {
        self.signer.pubkey()
    }

    /// What an action would cost now; signs nothing.
    ///
    /// # Errors
    /// Those of [`Submitter::prepare`].
    pub async fn details(&self, action: &Action, fee: FeeLimit) -> Result<Quote, ChainError> {
        self.reader.check_chain().await?;
        let (plan, fees, _) = self.price(action, fee).await?;
        Ok(Quote {
            compute_units: fees.units,
            price: fees.price,
            signature_fee: fees.signature_fee(),
            priority_fee: fees.priority(),
            opened: plan.opened,
            max: fees.max(),
        })
    }

    /// What the action needs, tried with a blockhash and fitted into what there is to pay with.
    async fn price(&self, action: &Action, fee: FeeLimit) -> Result<(Plan, Fees, Birth), ChainError> {
        let endpoint = &self.reader.endpoint;
        let plan = self.reader.plan(action, &self.sender()).await?;
        let purse = Purse { limit: fee, balance: self.lamports().await?, stays: rent(endpoint, 0).await? };
        let misfit = |misfit| match misfit {
            Misfit::Limit { needed } => ChainError::FeeTooHigh { needed, limit: fee.0 },
            Misfit::Balance { needed } => {
                ChainError::Funds { account: self.account.clone(), has: purse.balance.into(), needed }
            }
        };
        let birth = Birth::newest(endpoint).await?;
        let message = transaction::message(self.address(), &plan.trial(), &self.table, birth)?;
        let signatures = transaction::signatures(&message);
        // an account that is too poor fails its trial for reasons that say less
        let least = Fees { signatures, units: 0, price: 0, rent: plan.rent() };
        purse.check_balance(least.max().0).map_err(misfit)?;
        let units = match trial(endpoint, message).await? {
            Ok(trial) => trial.units,
            Err(TransactionError::BlockhashNotFound) => {
                return Err(endpoint.nonsense("a final blockhash that its trial does not know"));
            }
            Err(error) => {
                return Err(ChainError::Refused { action: action.name(), refusal: classify_failure(error) });
            }
        };
        let prices = prices(endpoint, &self.reader.config.distributor).await?;
        let fees = Fees::fit(units, prices, plan.rent(), signatures, &purse).map_err(misfit)?;
        Ok((plan, fees, birth))
    }

    async fn lamports(&self) -> Result<u64, ChainError> {
        let params = json!([self.address().to_string(), {"commitment": commitment(At::Latest)}]);
        let answer: Response<u64> = self.reader.endpoint.ask(RpcRequest::GetBalance, params).await?;
        Ok(answer.value)
    }
}

impl ReadsAs for SolanaSubmitter {
    type Reader = SolanaReader;

    fn reader(&self) -> &SolanaReader {
        &self.reader
    }
}

#[async_trait]
impl Submitter for SolanaSubmitter {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Result<u128, ChainError> {
        self.lamports().await.map(u128::from)
    }

    async fn funds(&self) -> Result<Funds, ChainError> {
        let prices = prices(&self.reader.endpoint, &self.reader.config.distributor).await?;
        let filing = Fees::usual(FILING_UNITS, prices).0;
        Ok(Funds { account: self.account.clone(), has: self.balance().await?, filing })
    }

    async fn quote(
        &self,
        action: &Action,
        fee: FeeLimit,
        _: &[Prepared],
    ) -> Result<liaise_chain_api::Quote, ChainError> {
        let quote = self.details(action, fee).await?;
        let priority =
            format!("priority fee: {} compute units at {} micro-lamports each", quote.compute_units, quote.price);
        let mut parts = vec![
            Cost { what: "the signatures".into(), amount: quote.signature_fee.into() },
            Cost { what: priority, amount: quote.priority_fee },
        ];
        parts.extend(quote.opened.iter().map(Opened::cost));
        Ok(liaise_chain_api::Quote { max: quote.max, parts, bytes: None })
    }

    fn longest_run(&self, depth: u8) -> u8 {
        longest_run(depth)
    }

    async fn prepare(&self, action: &Action, fee: FeeLimit, _: &[Prepared]) -> Result<Prepared, ChainError> {
        // nothing undecided holds anything that this one could need: Solana's transactions have no order
        self.reader.check_chain().await?;
        let (plan, fees, birth) = self.price(action, fee).await?;
        let message = transaction::message(self.address(), &plan.priced(&fees), &self.table, birth)?;
        transaction::sign(&self.keys(), &self.reader.config.chain, message, birth, fees.max())
    }

    async fn broadcast(&self, prepared: &Prepared) -> Result<(), ChainError> {
        let held = transaction::held(prepared, &self.reader.config.chain)?;
        self.reader.check_chain().await?;
        // it was tried when it was prepared; a node's second opinion would only keep it from the leader
        let config = json!({"encoding": "base64", "skipPreflight": true});
        let params = json!([BASE64_STANDARD.encode(&held.wire), config]);
        let sent = self.reader.endpoint.try_ask::<String>(RpcRequest::SendTransaction, params).await?;
        let Err(Refused { code, message }) = sent else { return Ok(()) };
        // nodes word "already processed" and "too late" in their own ways: ask for the facts instead
        if self.reader.found(&held).await?.status.is_some() || self.reader.has_expired(held.birth).await?.is_some() {
            return Ok(());
        }
        let detail = format!("error {code}: {message}");
        Err(ChainError::Rejected { endpoint: self.reader.endpoint.shown().to_owned(), detail })
    }

    async fn status(&self, prepared: &Prepared) -> Result<Status, ChainError> {
        let held = transaction::held(prepared, &self.reader.config.chain)?;
        self.reader.check_chain().await?;
        self.reader.standing(&held).await
    }
}
