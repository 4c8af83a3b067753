//! What tests tell the node: `localnet_` methods, each with one object of parameters, or none.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use solana_account::Account;
use solana_commitment_config::CommitmentLevel;
use solana_sdk_ids::system_program;

use super::error::RpcError;
use super::params::{address, hash, signature};
use super::{Answer, Method, Params};
use crate::chain::{Chain, MAX_UNIX_TIME};
use crate::node::{Mining, Node};

/// How many blocks one call makes at most.
const MAX_BLOCKS: u64 = 10_000;
/// How many slots one call leaves empty at most.
const MAX_SKIPPED: u64 = 1_000_000_000;

pub fn method(name: &str) -> Option<Method> {
    Some(match name {
        "localnet_info" => info,
        "localnet_waiting" => waiting,
        "localnet_mine" => mine,
        "localnet_advanceTo" => advance_to,
        "localnet_skip" => skip,
        "localnet_finalise" => finalise,
        "localnet_rollback" => rollback,
        "localnet_expire" => expire,
        "localnet_drop" => drop_waiting,
        "localnet_dropNext" => drop_next,
        "localnet_lag" => lag,
        "localnet_fail" => fail,
        "localnet_setMining" => set_mining,
        "localnet_setAccount" => set_account,
        "localnet_setPriceFloor" => set_price_floor,
        "localnet_setGenesisHash" => set_genesis_hash,
        "localnet_save" => save,
        "localnet_restore" => restore,
        _ => return None,
    })
}

/// The one object that a method takes.
fn read<T: DeserializeOwned>(params: Params) -> Result<T, RpcError> {
    params.at_most(1)?.required(0)
}

fn none(params: Params) -> Result<(), RpcError> {
    params.at_most(0).map(|_| ())
}

/// A step, and where the chain is afterwards.
fn step(node: &Node, change: impl FnOnce(&mut Chain) -> Result<(), String>) -> Answer {
    node.change(|chain| change(chain).map(|()| place(chain))).map_err(RpcError::refused)
}

fn place(chain: &Chain) -> Value {
    let tip = chain.tip();
    json!({ "slot": tip.slot, "blockHeight": tip.height, "unixTime": tip.unix_time() })
}

fn bounded(given: u64, max: u64) -> Result<u64, RpcError> {
    if given > max { Err(RpcError::invalid_params(format!("{given} is too many: {max} at most"))) } else { Ok(given) }
}

/// A number of slots.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slots {
    slots: u64,
}

fn info(node: &Node, params: Params) -> Answer {
    none(params)?;
    let chain = node.chain();
    let slot = |level| chain.bank_at(level).slot;
    Ok(json!({
        "processed": slot(CommitmentLevel::Processed),
        "confirmed": slot(CommitmentLevel::Confirmed),
        "finalized": slot(CommitmentLevel::Finalized),
        "newest": place(&chain),
        "lag": chain.lag(),
        "mining": node.mining(),
        "waiting": chain.waiting().len(),
        "priceFloor": chain.price_floor(),
    }))
}

fn waiting(node: &Node, params: Params) -> Answer {
    none(params)?;
    let signatures: Vec<_> = node.chain().waiting().iter().map(|waiting| waiting.signature.to_string()).collect();
    Ok(json!(signatures))
}

fn mine(node: &Node, params: Params) -> Answer {
    let blocks = bounded(read::<Slots>(params)?.slots, MAX_BLOCKS)?;
    step(node, |chain| {
        chain.mine(blocks);
        Ok(())
    })
}

fn advance_to(node: &Node, params: Params) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct To {
        unix_time: u64,
    }
    let unix_time = bounded(read::<To>(params)?.unix_time, MAX_UNIX_TIME)?;
    step(node, |chain| chain.advance_to(unix_time))
}

fn skip(node: &Node, params: Params) -> Answer {
    let slots = bounded(read::<Slots>(params)?.slots, MAX_SKIPPED)?;
    step(node, |chain| {
        chain.skip(slots);
        Ok(())
    })
}

fn finalise(node: &Node, params: Params) -> Answer {
    none(params)?;
    step(node, |chain| {
        chain.finalise();
        Ok(())
    })
}

fn rollback(node: &Node, params: Params) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Back {
        slots: u64,
        #[serde(default)]
        finalised: bool,
    }
    let back: Back = read(params)?;
    step(node, |chain| chain.rollback(back.slots, back.finalised))
}

fn expire(node: &Node, params: Params) -> Answer {
    none(params)?;
    step(node, |chain| {
        chain.expire();
        Ok(())
    })
}

fn drop_waiting(node: &Node, params: Params) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Which {
        signature: String,
    }
    let which = signature(&read::<Which>(params)?.signature)?;
    match node.change(|chain| chain.forget(&which)) {
        true => Ok(Value::Bool(true)),
        false => Err(RpcError::refused(format!("{which} does not wait: localnet_waiting lists what does"))),
    }
}

/// How often.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Times {
    times: u64,
}

fn drop_next(node: &Node, params: Params) -> Answer {
    let Times { times } = read(params)?;
    node.change(|chain| chain.lose_next(times));
    Ok(Value::Bool(true))
}

fn lag(node: &Node, params: Params) -> Answer {
    let Slots { slots } = read(params)?;
    step(node, |chain| chain.set_lag(slots))
}

fn fail(node: &Node, params: Params) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Failing {
        method: String,
        times: u64,
        error: RpcError,
    }
    let Failing { method, times, error } = read(params)?;
    if super::method(&method).is_none() {
        return Err(RpcError::invalid_params(format!("{method} is no method that can be told to fail")));
    }
    node.fail(method, times, error);
    Ok(Value::Bool(true))
}

fn set_mining(node: &Node, params: Params) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct When {
        mode: Mining,
    }
    node.set_mining(read::<When>(params)?.mode);
    Ok(Value::Bool(true))
}

fn set_account(node: &Node, params: Params) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        address: String,
        lamports: u64,
        /// base64
        #[serde(default)]
        data: String,
        owner: Option<String>,
        #[serde(default)]
        executable: bool,
    }
    let given: Given = read(params)?;
    let owner = given.owner.as_deref().map_or(Ok(system_program::ID), address)?;
    let data = BASE64_STANDARD.decode(&given.data);
    let data = data.map_err(|error| RpcError::invalid_params(format!("data is no base64: {error}")))?;
    let account = Account { lamports: given.lamports, data, owner, executable: given.executable, rent_epoch: u64::MAX };
    let address = address(&given.address)?;
    step(node, |chain| chain.set_account(address, account))
}

fn set_price_floor(node: &Node, params: Params) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Floor {
        micro_lamports: u64,
    }
    let Floor { micro_lamports } = read(params)?;
    node.change(|chain| chain.set_price_floor(micro_lamports));
    Ok(Value::Bool(true))
}

fn set_genesis_hash(node: &Node, params: Params) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Identity {
        hash: Option<String>,
    }
    let other = read::<Identity>(params)?.hash.as_deref().map(hash).transpose()?;
    node.change(|chain| chain.set_genesis_hash(other));
    Ok(Value::Bool(true))
}

fn save(node: &Node, params: Params) -> Answer {
    none(params)?;
    let chain = node.chain().clone();
    let mut saved = node.saved();
    saved.push(chain);
    Ok(json!({ "id": saved.len() - 1 }))
}

fn restore(node: &Node, params: Params) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Which {
        id: usize,
    }
    let Which { id } = read(params)?;
    let saved = node.saved().get(id).cloned();
    let saved = saved.ok_or_else(|| RpcError::refused(format!("nothing is saved as {id}")))?;
    step(node, |chain| {
        chain.restore(&saved);
        Ok(())
    })
}
