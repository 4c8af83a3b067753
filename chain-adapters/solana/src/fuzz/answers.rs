//! A node whose answers are given: everything that the adapter asks a node for, read from any answers.

use std::collections::VecDeque;
use std::sync::{LazyLock, Mutex, PoisonError};

use async_trait::async_trait;
use liaise_chain_api::conformance::promises;
use liaise_chain_api::{At, ChainError, DistributorReader, FeeLimit, Prepared, SubmissionId};
use liaise_summary::{Epoch, Hash32, Payee};
use serde_json::Value;
use solana_rpc_client::rpc_sender::{RpcSender, RpcTransportStats};
use solana_rpc_client_api::client_error::{Error, ErrorKind};
use solana_rpc_client_api::request::{RpcError, RpcRequest, RpcResponseErrorData};
use solana_sdk::signature::Keypair;
use solana_sdk::signer::Signer;
use tokio::runtime::{Builder, Runtime};

use super::{chain, distributor, program, signed};
use crate::addresses::{Addresses, programs};
use crate::code::Code;
use crate::config::SolanaConfig;
use crate::endpoint::Endpoint;
use crate::history::History;
use crate::reader::SolanaReader;
use crate::transaction::{self, Birth};
use crate::{fees, trial};

/// The answers that are left, the next one first. A line is one answer; `!` is a refusal.
struct Answers(Mutex<VecDeque<String>>);

#[async_trait]
impl RpcSender for Answers {
    async fn send(&self, request: RpcRequest, _: Value) -> Result<Value, Error> {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let nothing = || Error::from(ErrorKind::Custom("no answer".to_owned()));
        let line = line.ok_or_else(nothing)?;
        if line == "!" {
            let (message, data) = ("it was skipped".to_owned(), RpcResponseErrorData::Empty);
            let refused = RpcError::RpcResponseError { code: -32_007, message, data };
            return Err(ErrorKind::RpcError(refused).into());
        }
        let answer = serde_json::from_str(&line).map_err(|_| nothing())?;
        // a block that is not there yet is asked for again after a pause
        if request == RpcRequest::GetBlock && answer == Value::Null { Err(nothing()) } else { Ok(answer) }
    }

    fn get_transport_stats(&self) -> RpcTransportStats {
        RpcTransportStats::default()
    }

    fn url(&self) -> String {
        String::new()
    }
}

fn reader(answers: &str) -> SolanaReader {
    static ADDRESSES: LazyLock<Addresses> = LazyLock::new(|| Addresses::new(program(), distributor()));
    let config = SolanaConfig::new(chain(), "http://127.0.0.1:1", program(), distributor());
    SolanaReader {
        config: SolanaConfig { lookup_table: Some(programs::LOOKUP_TABLE), ..config },
        endpoint: Endpoint::of_sender(Answers(Mutex::new(answers.lines().map(ToOwned::to_owned).collect()))),
        addresses: *ADDRESSES,
        code: Code { hash: Hash32::ZERO, upgrade_authority: None },
        history: History::default(),
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));
    RUNTIME.block_on(future)
}

/// Whether the node's answers, a line each, are accepted as those to one of the adapter's questions. What is accepted is checked
/// for what the adapter promises of it. `which` is the question; its highest bit asks for what is final.
pub fn answered(which: u8, answers: &str) -> bool {
    wait(asked(which, &reader(answers))).is_ok()
}

async fn asked(which: u8, reader: &SolanaReader) -> Result<(), ChainError> {
    let at = if which & 0x80 == 0 { At::Latest } else { At::Final };
    match which & 0x7f {
        0 => promises::distributor(reader, at).await?,
        1 => promises::statements(reader, Epoch(3), at).await?,
        2 => drop(reader.ranges(at).await?),
        3 => drop(reader.claimed(&Payee([5; 32]), at).await?),
        4 => {
            let (id, bytes) = signed();
            let prepared = Prepared { chain: chain(), id: SubmissionId(id), bytes, fee_max: FeeLimit(0) };
            let held = transaction::held(&prepared, &chain())?;
            reader.standing(&held).await?;
        }
        5 => drop(reader.lookup_table().await?),
        6 => {
            Code::load(&reader.endpoint, &reader.addresses).await?;
        }
        7 => drop(fees::prices(&reader.endpoint, &distributor()).await?),
        8 => drop(Birth::newest(&reader.endpoint).await?),
        _ => {
            let payer = Keypair::new_from_array([7; 32]).pubkey();
            let message = transaction::message(payer, &[], &[], Birth { slot: 1, blockhash: Default::default() })?;
            let _ = trial::trial(&reader.endpoint, message).await?;
        }
    }
    Ok(())
}
