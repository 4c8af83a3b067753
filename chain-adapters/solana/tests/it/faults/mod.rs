//! Named fault cases on the real local chain: its node fails, lags, lies and forgets before the oracle's journal.
//!
//! The tables say what goes wrong and which errors an operator sees; `liaise_chain_api::conformance::faults` says what must
//! hold in every case, and brings those that are the same on every chain. Each test has a chain of its own, which goes back
//! to the same block before each case.

mod answers;
mod ends;
mod money;
mod points;
mod program;
mod records;
mod sending;

use liaise_chain_api::conformance::World;
use liaise_chain_api::conformance::faults::{Case, run_all};

use crate::disk::Disk;
use crate::harness::LocalnetHarness;

async fn run(cases: Vec<Case>) {
    let world = World::opened::<LocalnetHarness>().await;
    run_all::<_, Disk>(world, cases).await;
}

#[tokio::test]
async fn transport_while_it_is_read() {
    run(points::until_read()).await;
}

#[tokio::test]
async fn transport_while_it_is_prepared_and_sent() {
    run(points::until_sent()).await;
}

#[tokio::test]
async fn transport_while_it_is_followed() {
    run(points::when_sent()).await;
}

#[tokio::test]
async fn killed_at_a_request() {
    run(points::killed()).await;
}

#[tokio::test]
async fn answers_that_lag_or_lie() {
    run(answers::cases()).await;
}

#[tokio::test]
async fn records_that_lie() {
    run(records::cases()).await;
}

#[tokio::test]
async fn sending_that_goes_astray() {
    run(sending::cases()).await;
}

#[tokio::test]
async fn weather_of_the_chain() {
    run(points::weather()).await;
}

/// What the project promises of every chain: at least a hundred, each with a name of its own.
#[test]
fn there_are_a_hundred_cases_and_more() {
    let tables = [
        points::until_read(),
        points::until_sent(),
        points::when_sent(),
        points::killed(),
        answers::cases(),
        records::cases(),
        sending::cases(),
        points::weather(),
    ];
    let names: std::collections::BTreeSet<String> = tables.into_iter().flatten().map(|case| case.name).collect();
    assert!(names.len() >= 150, "{} names", names.len());
}
