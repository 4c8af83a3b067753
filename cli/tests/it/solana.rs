//! The demo with its term on Solana: the same commands, in that chain's addresses and coin.

use crate::links;
use crate::program::alone;
use crate::report;
use crate::running::Running;
use serde_json::Value;

#[tokio::test]
async fn a_term_on_solana_feels_like_any_other() {
    let _alone = alone().await;
    let dir = tempfile::tempdir().unwrap();
    let mut demo = Running::start_with(dir.path(), &["--chain", "solana"]);
    let terminal = demo.second_terminal();
    report::every_line_holds(&terminal, &dir.path().join("report.json"));

    let status = terminal.json(&["dao", "status", "--json"]);
    assert!(status["authority"].as_str().unwrap().starts_with("solana:"), "{status}");
    assert_eq!(status["authority_is_one_key"], false, "an m-of-n account decides");
    let oracle = dir.path().join("oracle-1");
    let checked = terminal.ok(&["oracle", "check", "--dir", oracle.to_str().unwrap()]);
    assert!(checked.contains("lamports"), "{checked}");
    let books = terminal.json(&["audit", "supply", "--each", "--json"]);
    assert_eq!((&books["difference"], &books["paid_by_payees"]), (&"0".into(), &books["paid"]), "{books}");

    links::every_owner_gets_the_same_on_every_chain(&terminal, dir.path());

    // whoever comes without an account on the chain is told what each new one costs
    terminal.ok(&["account", "new", "newcomer"]);
    terminal.ok(&["prompt", "Who made the heaven and the earth?", "--account", "newcomer", "--accept-public"]);
    demo.end_epoch();
    let dry = terminal.json(&["claim", "newcomer", "--payer", "guardian", "--dry-run", "--json"]);
    let parts: Vec<&str> =
        dry[0]["fee_parts"].as_array().unwrap().iter().map(|part| part["what"].as_str().unwrap()).collect();
    for told in ["the signature", "compute units", "token account", "record of what was paid"] {
        assert!(parts.iter().any(|part| part.contains(told)), "{told}: {parts:?}");
    }
    let sum: u128 = dry[0]["fee_parts"].as_array().unwrap().iter().map(|part| amount(&part["amount"])).sum();
    assert!(sum <= amount(&dry[0]["fee_max"]) && sum > 0, "{dry}");
    let paid = terminal.json(&["claim", "newcomer", "--payer", "guardian", "--json"]);
    assert!(paid[0]["transaction"].is_string(), "{paid}");
    let shown = terminal.json(&["rewards", "show", "newcomer", "--json"]);
    assert_eq!((&shown["claimed"], &shown["claimable"]), (&paid[0]["due"], &"0".into()), "{shown}");
    let again = terminal.json(&["claim", "newcomer", "--payer", "guardian", "--json"]);
    assert!(again[0]["outcome"].as_str().unwrap().contains("claimed already"), "{again}");
    links::an_owner_links_and_leaves(&terminal, &mut demo, "newcomer");
    demo.stop();
}

fn amount(value: &Value) -> u128 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no amount"))
}
