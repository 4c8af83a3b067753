//! What each action costs on Arbitrum's rules, in real transactions on anvil: one row a line, as contracts/figures.json
//! holds them. Run by `cargo xtask figures`.

use std::process::ExitCode;

use serde_json::json;

mod claims;
mod filing;
mod site;
mod terms;

/// The chain's name in contracts/figures.json.
const CHAIN: &str = "arbitrum";
/// What holds for every row.
const RULES: &str = "anvil, Cancun rules, one transaction, calldata included";

/// One figure.
struct Figure {
    action: &'static str,
    gas: u64,
    /// What holds for this row beyond [`RULES`].
    conditions: &'static str,
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut figures = filing::measure().await;
    figures.extend(claims::measure().await);
    figures.extend(terms::measure().await);
    for Figure { action, gas, conditions } in figures {
        let conditions = format!("{RULES}; {conditions}");
        println!(
            "{}",
            json!({"chain": CHAIN, "action": action, "unit": "gas", "value": gas, "conditions": conditions})
        );
    }
    ExitCode::SUCCESS
}
