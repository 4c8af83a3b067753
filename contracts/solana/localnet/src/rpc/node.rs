//! What the node says of itself.

use serde_json::json;

use super::error::RpcError;
use super::{Answer, Params};
use crate::node::Node;

/// The release of the runtime that executes.
const RUNTIME: &str = "4.2.2";
/// From how many slots behind the node calls itself unhealthy; it can lag twice as many at most.
const UNHEALTHY_LAG: u64 = 32;

/// `getGenesisHash()`
pub fn get_genesis_hash(node: &Node, params: Params) -> Answer {
    params.at_most(0)?;
    Ok(json!(node.chain().genesis_hash().to_string()))
}

/// `getVersion()`
pub fn get_version(_: &Node, params: Params) -> Answer {
    params.at_most(0)?;
    Ok(json!({ "solana-core": RUNTIME, "feature-set": null, "solana-localnet": env!("CARGO_PKG_VERSION") }))
}

/// `getHealth()`
pub fn get_health(node: &Node, params: Params) -> Answer {
    params.at_most(0)?;
    check_health(node.chain().lag())?;
    Ok(json!("ok"))
}

/// A node that is far behind takes no transactions either.
pub fn check_health(lag: u64) -> Result<(), RpcError> {
    if lag >= UNHEALTHY_LAG { Err(RpcError::node_behind(lag)) } else { Ok(()) }
}
