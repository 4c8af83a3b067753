//! Where a Solana node is asked what.

use liaise_chain_api::conformance::Fault;
use liaise_chain_api::conformance::faults::{Case, Point, Stage, tables};

pub const SEND: &str = "sendTransaction";
pub const STATUSES: &str = "getSignatureStatuses";

/// What is asked to know how the distributor stands.
const UNTIL_READ: [Point; 6] = [
    (Stage::Start, "getGenesisHash"),
    (Stage::Start, "getAccountInfo"),
    (Stage::Start, "getMultipleAccounts"),
    (Stage::Start, "getBlock"),
    (Stage::Start, "getSignaturesForAddress"),
    (Stage::Start, "getTransaction"),
];

/// What is asked until a filing is sent.
const UNTIL_SENT: [Point; 6] = [
    (Stage::Start, "getBalance"),
    (Stage::Start, "getMinimumBalanceForRentExemption"),
    (Stage::Start, "getLatestBlockhash"),
    (Stage::Start, "simulateTransaction"),
    (Stage::Start, "getRecentPrioritizationFees"),
    (Stage::Start, SEND),
];

/// What is asked of a filing that was sent.
const WHEN_SENT: [Point; 5] = [
    (Stage::Sent, STATUSES),
    (Stage::Sent, "isBlockhashValid"),
    (Stage::Included, STATUSES),
    (Stage::Included, "getBlock"),
    (Stage::Final, "getTransaction"),
];

/// Solana's client waits by itself while a node says that it is asked too often: seconds for each request, so that it is
/// tried where it costs least.
fn transport(points: &[Point]) -> Vec<Case> {
    let mut cases = tables::transport(points, SEND);
    cases.retain(|case| !case.rules.iter().any(|rule| matches!(rule.fault, Fault::Status(429))) || is_rare(case));
    cases
}

fn is_rare(case: &Case) -> bool {
    case.rules.iter().any(|rule| ["getTransaction", SEND].contains(&rule.method))
}

pub fn until_read() -> Vec<Case> {
    transport(&UNTIL_READ)
}

pub fn until_sent() -> Vec<Case> {
    transport(&UNTIL_SENT)
}

pub fn when_sent() -> Vec<Case> {
    transport(&WHEN_SENT)
}

pub fn killed() -> Vec<Case> {
    tables::killed(&[&UNTIL_READ[..], &UNTIL_SENT, &WHEN_SENT].concat())
}

pub fn weather() -> Vec<Case> {
    tables::weather(STATUSES)
}
