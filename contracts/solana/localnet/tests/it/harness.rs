//! A node of its own for each test, and what tests do with it again and again.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use solana_address::Address;
use solana_commitment_config::{CommitmentConfig, CommitmentLevel};
use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_message::{Message, VersionedMessage};
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::client_error::{Error as ClientError, ErrorKind};
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_rpc_client_api::request::{RpcError, RpcResponseErrorData};
use solana_rpc_client_api::response::RpcSimulateTransactionResult;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;
use solana_transaction::versioned::VersionedTransaction;

pub const SOL: u64 = 1_000_000_000;
/// What a transaction with one signature costs, in lamports.
pub const FEE: u64 = 5_000;
/// The present of most tests, Unix seconds.
pub const GENESIS: u64 = 1_700_000_000;

pub const PROCESSED: CommitmentConfig = CommitmentConfig::processed();
pub const CONFIRMED: CommitmentConfig = CommitmentConfig::confirmed();
pub const FINALIZED: CommitmentConfig = CommitmentConfig::finalized();

/// A running node; it ends with the test, for its standard input does.
pub struct Localnet {
    pub process: Child,
    pub url: String,
    pub ws: String,
    pub genesis_hash: String,
    /// Solana's client, which asks for what is processed.
    pub rpc: RpcClient,
    plain: reqwest::Client,
}

impl Drop for Localnet {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Localnet {
    /// A node that makes blocks when told.
    pub fn start() -> Self {
        Self::with(&["--manual"])
    }

    pub fn with(args: &[&str]) -> Self {
        let mut process = command(args).spawn().expect("it starts");
        let stdout = process.stdout.take().expect("it is piped");
        let line = BufReader::new(stdout).lines().next().expect("it says where it listens").expect("in UTF-8");
        let words: Vec<_> = line.split(' ').collect();
        let &["listening", url, ws, "genesis", genesis_hash] = words.as_slice() else { panic!("it says {line}") };
        let rpc = RpcClient::new_with_commitment(url.to_owned(), PROCESSED);
        Self {
            process,
            url: url.to_owned(),
            ws: ws.to_owned(),
            genesis_hash: genesis_hash.to_owned(),
            rpc,
            plain: reqwest::Client::new(),
        }
    }

    /// What a POST of this body is answered with.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let request = self.plain.post(&self.url).header("content-type", "application/json").body(body);
        let response = request.send().await.expect("it answers");
        (response.status().as_u16(), response.text().await.expect("text"))
    }

    /// A call without a client's help: its result, or its error.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string();
        let (status, text) = self.post(body).await;
        assert_eq!(status, 200, "{text}");
        let mut answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)));
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(answer["error"].take()),
        }
    }

    /// The code of the error that a call meets.
    pub async fn code(&self, method: &str, params: Value) -> i64 {
        let error = self.call(method, params).await.expect_err("it is refused");
        error["code"].as_i64().expect("a code")
    }

    /// A step of the control surface that works.
    pub async fn step(&self, method: &str, params: Value) -> Value {
        self.call(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    pub async fn mine(&self, slots: u64) {
        self.step("localnet_mine", json!([{ "slots": slots }])).await;
    }

    pub async fn finalise(&self) {
        self.step("localnet_finalise", json!([])).await;
    }

    /// Takes the newest blocks back.
    pub async fn roll_back(&self, slots: u64) {
        self.step("localnet_rollback", json!([{ "slots": slots }])).await;
    }

    /// A new account with ten SOL, in a final block.
    pub async fn funded(&self) -> Keypair {
        let keypair = Keypair::new();
        self.rpc.request_airdrop(&keypair.pubkey(), 10 * SOL).await.expect("an airdrop");
        self.mine(1).await;
        self.finalise().await;
        keypair
    }

    pub async fn blockhash(&self) -> Hash {
        self.rpc.get_latest_blockhash().await.expect("a blockhash")
    }

    /// A payment, signed over the newest blockhash.
    pub async fn payment(&self, from: &Keypair, to: &Address, lamports: u64) -> VersionedTransaction {
        payment(from, to, lamports, self.blockhash().await)
    }

    /// Pays, and has that included.
    pub async fn pay(&self, from: &Keypair, to: &Address, lamports: u64) -> Signature {
        let transaction = self.payment(from, to, lamports).await;
        let signature = self.rpc.send_transaction(&transaction).await.expect("it is taken");
        self.mine(1).await;
        signature
    }

    /// Sends without a preflight.
    pub async fn send_blindly(&self, transaction: &VersionedTransaction) -> Signature {
        let config = RpcSendTransactionConfig { skip_preflight: true, ..RpcSendTransactionConfig::default() };
        self.rpc.send_transaction_with_config(transaction, config).await.expect("it is taken")
    }

    pub async fn balance(&self, address: &Address, commitment: CommitmentConfig) -> u64 {
        self.rpc.get_balance_with_commitment(address, commitment).await.expect("a balance").value
    }

    /// Whether a transaction is in a block that the node knows.
    pub async fn is_included(&self, signature: &Signature) -> bool {
        let statuses = self.rpc.get_signature_statuses(&[*signature]).await.expect("statuses");
        statuses.value[0].is_some()
    }

    /// How many transactions wait.
    pub async fn waiting(&self) -> usize {
        self.step("localnet_waiting", json!([])).await.as_array().expect("a list").len()
    }
}

/// The node's command with piped ends, on any free ports unless it is told which.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_solana-localnet"));
    for (option, value) in [("--port", "0".to_owned()), ("--genesis-time", GENESIS.to_string())] {
        if !args.contains(&option) {
            command.args([option, &value]);
        }
    }
    command.arg("--exit-with-stdin").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn payment(from: &Keypair, to: &Address, lamports: u64, blockhash: Hash) -> VersionedTransaction {
    signed(&[transfer(&from.pubkey(), to, lamports)], from, &[from], blockhash)
}

pub fn signed(
    instructions: &[solana_instruction::Instruction],
    payer: &Keypair,
    signers: &[&Keypair],
    blockhash: Hash,
) -> VersionedTransaction {
    let message = Message::new_with_blockhash(instructions, Some(&payer.pubkey()), &blockhash);
    VersionedTransaction::try_new(VersionedMessage::Legacy(message), signers).expect("the signers are right")
}

/// An address that nobody has.
pub fn somebody(n: u8) -> Address {
    Address::new_from_array([n; 32])
}

/// A configuration that names a preflight's commitment.
pub fn preflight_at(commitment: CommitmentLevel) -> RpcSendTransactionConfig {
    RpcSendTransactionConfig { preflight_commitment: Some(commitment), ..RpcSendTransactionConfig::default() }
}

/// The code and words of an error that the node answered with.
pub fn refusal(error: &ClientError) -> (i64, String) {
    match error.kind() {
        ErrorKind::RpcError(RpcError::RpcResponseError { code, message, .. }) => (*code, message.clone()),
        other => panic!("the node did not answer: {other:?}"),
    }
}

/// What a failed preflight saw.
pub fn preflight(error: &ClientError) -> RpcSimulateTransactionResult {
    match error.kind() {
        ErrorKind::RpcError(RpcError::RpcResponseError {
            code: -32002,
            data: RpcResponseErrorData::SendTransactionPreflightFailure(result),
            ..
        }) => result.clone(),
        other => panic!("no preflight failed: {other:?}"),
    }
}
