//! Genesis files with their network ids, and some that must fail.

use liaise_ledger::{Genesis, Hash};
use serde::Serialize;

use crate::sample;

#[derive(Serialize)]
pub struct Case {
    name: &'static str,
    toml: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_id: Option<Hash>,
    /// Whether it must be refused.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    error: bool,
}

fn case(name: &'static str, toml: String) -> Case {
    let network_id = Genesis::from_toml(&toml).ok().map(|genesis| genesis.network_id());
    Case { name, toml, error: network_id.is_none(), network_id }
}

/// Every case.
pub fn all() -> Vec<Case> {
    let live = sample::genesis().to_toml();
    let mut local = sample::genesis();
    local.name = "local".into();
    local.fixed.epoch_s = 60;
    local.parameters.close_s = 5;
    local.parameters.tie_ms = 2;
    local.parameters.ramp_weight = 1;
    let replaced = |from: &str, to: &str| {
        assert!(live.contains(from), "the sample has no {from:?}");
        live.replacen(from, to, 1)
    };
    vec![
        case("a live network", live.clone()),
        case("layout and comments don't count", format!("# a comment\n\n{}", live.replace(" = ", "   =   "))),
        case("a local network", local.to_toml()),
        case("an unknown key", format!("{live}surprise = 1\n")),
        case("a missing key", replaced("racers = 3\n", "")),
        case("a float", replaced("racers = 3", "racers = 3.0")),
        case("a date", replaced("name = \"example.liaise\"", "name = 2026-01-01")),
        case("upper-case hex", replaced("chain_hash = \"", "chain_hash = \"A")),
        case("three stores", {
            let mut few = sample::genesis();
            few.stores.keys.pop();
            few.to_toml()
        }),
        case("genesis within an epoch", replaced("genesis_s = 1767225600", "genesis_s = 1767225601")),
    ]
}
