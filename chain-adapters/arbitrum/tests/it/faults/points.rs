//! Where an EVM chain's node is asked what.

use liaise_chain_api::conformance::faults::{Case, Point, Stage, tables};

const SEND: &str = "eth_sendRawTransaction";
const RECEIPT: &str = "eth_getTransactionReceipt";

/// What is asked until a filing is sent.
const UNTIL_SENT: [Point; 10] = [
    (Stage::Start, "eth_chainId"),
    (Stage::Start, "eth_getCode"),
    (Stage::Start, "eth_call"),
    (Stage::Start, "eth_getBlockByNumber"),
    (Stage::Start, "eth_getLogs"),
    (Stage::Start, "eth_estimateGas"),
    (Stage::Start, "eth_maxPriorityFeePerGas"),
    (Stage::Start, "eth_getBalance"),
    (Stage::Start, "eth_getTransactionCount"),
    (Stage::Start, SEND),
];

/// What is asked of a filing that was sent.
const WHEN_SENT: [Point; 6] = [
    (Stage::Sent, RECEIPT),
    (Stage::Sent, "eth_getTransactionByHash"),
    (Stage::Sent, "eth_getTransactionCount"),
    (Stage::Included, RECEIPT),
    (Stage::Final, "eth_getBlockByNumber"),
    (Stage::Final, "eth_getLogs"),
];

pub fn until_sent() -> Vec<Case> {
    tables::transport(&UNTIL_SENT, SEND)
}

pub fn when_sent() -> Vec<Case> {
    tables::transport(&WHEN_SENT, SEND)
}

pub fn killed() -> Vec<Case> {
    tables::killed(&[&UNTIL_SENT[..], &WHEN_SENT[..]].concat())
}

pub fn weather() -> Vec<Case> {
    tables::weather(RECEIPT)
}
