//! The demo with its term on Bitcoin Cash, incidents among its steps: the same commands, in that chain's addresses and coin.

use crate::program::{Terminal, alone, text};
use crate::report;
use crate::running::Running;
use serde_json::Value;
use std::path::Path;

#[tokio::test]
async fn a_term_on_bitcoin_cash_feels_like_any_other() {
    let _alone = alone().await;
    let dir = tempfile::tempdir().unwrap();
    let mut demo = Running::start_with(dir.path(), &["--chain", "bch", "--incidents"]);
    for told in
        ["signed by the DAO's members", "filed again, the same bytes", "vetoed and filed anew", "opened again from"]
    {
        assert!(demo.began.contains(told), "{told}: {}", demo.began);
    }
    let terminal = demo.second_terminal();
    report::every_line_holds(&terminal, &dir.path().join("report.json"));
    let status = terminal.json(&["dao", "status", "--json"]);
    assert!(status["authority"].as_str().unwrap().starts_with("dao:"), "{status}");
    assert_eq!(status["supply"]["paid"], status["supply"]["minted"], "everything was paid: {status}");
    let oracle = dir.path().join("oracle-1");
    let checked = terminal.ok(&["oracle", "check", "--dir", oracle.to_str().unwrap()]);
    assert!(checked.contains("satoshis"), "{checked}");
    let books = terminal.json(&["audit", "supply", "--each", "--json"]);
    assert_eq!((&books["difference"], &books["paid_by_payees"]), (&"0".into(), &books["paid"]), "{books}");

    a_newcomer_is_paid(&mut demo, &terminal);
    an_act_is_signed_by_several(&terminal, dir.path());
    demo.stop();
}

/// Asks, is told what its batch costs, has it paid, and is told that it is paid.
fn a_newcomer_is_paid(demo: &mut Running, terminal: &Terminal) {
    terminal.ok(&["account", "new", "newcomer"]);
    let shown = terminal.json(&["account", "show", "newcomer", "--json"]);
    assert!(shown[0]["token_address"].as_str().unwrap().starts_with("bchreg:z"), "{shown}");
    let nothing = terminal.json(&["claim", "newcomer", "--payer", "guardian", "--json"]);
    assert!(nothing["accounts"][0]["outcome"].as_str().unwrap().contains("nothing is due"), "{nothing}");
    terminal.ok(&["prompt", "Who made the heaven and the earth?", "--account", "newcomer", "--accept-public"]);
    demo.end_epoch();

    let waiting = terminal.json(&["rewards", "show", "newcomer", "--json"]);
    let payout = &waiting["payouts"][0];
    assert_eq!((&payout["standing"], &payout["next_batch"]), (&"waiting".into(), &0.into()), "{waiting}");
    assert_eq!((&waiting["claimable"], &waiting["claimed"]), (&payout["amount"], &"0".into()), "{waiting}");
    let dry = terminal.json(&["claim", "newcomer", "--payer", "guardian", "--dry-run", "--json"]);
    let [batch] = &dry["batches"].as_array().unwrap()[..] else { panic!("one batch: {dry}") };
    let parts = batch["fee_parts"].as_array().unwrap();
    assert!(parts[0]["what"].as_str().unwrap().contains("nothing leaves your account"), "{dry}");
    assert!(batch["bytes"].as_u64().unwrap() > 500 && batch["transaction"].is_null(), "{dry}");
    let paid = terminal.json(&["claim", "newcomer", "--payer", "guardian", "--json"]);
    let transaction = &paid["batches"][0]["transaction"];
    assert!(transaction.is_string() && paid["due"] == payout["amount"], "{paid}");
    let shown = terminal.json(&["rewards", "show", "newcomer", "--json"]);
    let payout = &shown["payouts"][0];
    assert_eq!((&payout["standing"], &payout["transaction"]), (&"paid".into(), transaction), "{shown}");
    assert_eq!((&shown["claimed"], &shown["claimable"]), (&paid["due"], &"0".into()), "{shown}");
    // told in words, with exit code 0
    let again = terminal.ok(&["claim", "newcomer", "--payer", "guardian"]);
    assert!(again.contains("paid already") && again.contains(transaction.as_str().unwrap()), "{again}");
    let proof = terminal.run(&["rewards", "prove", "newcomer"]);
    assert_eq!(proof.status.code(), Some(2), "{}", text(&proof.stderr));
}

/// The DAO's set is changed by members, each with a copy of the act, and the old members have no say then.
fn an_act_is_signed_by_several(terminal: &Terminal, dir: &Path) {
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let (act, one, two) = (path("act.json"), path("one.json"), path("two.json"));
    let next = terminal.json(&["account", "show", "newcomer", "--json"])[0]["key"].clone();
    let next = next.as_str().unwrap();
    terminal.ok(&["dao", "propose", "dao-set", "--threshold", "1", "--key", next, "--out", &act]);
    let signed = terminal.json(&["dao", "sign", &act, "--key", "dao-1", "--out", &one, "--json"]);
    assert_eq!((&signed["signed"], &signed["threshold"]), (&1.into(), &2.into()), "{signed}");
    let short = terminal.run(&["dao", "send", &one, "--key", "guardian"]);
    assert_eq!(short.status.code(), Some(3), "{}", text(&short.stderr));
    let stranger = terminal.run(&["dao", "sign", &act, "--key", "user-1"]);
    assert_eq!(stranger.status.code(), Some(3), "{}", text(&stranger.stderr));
    terminal.ok(&["dao", "sign", &act, "--key", "dao-2", "--out", &two]);
    let dry = terminal.json(&["dao", "send", &one, &two, "--key", "guardian", "--dry-run", "--json"]);
    assert_eq!((&dry["signed"], &dry["missing"]), (&2.into(), &"0".into()), "{dry}");
    let before = terminal.json(&["dao", "status", "--json"])["authority"].clone();
    let members = |status: &Value| status["dao_set"]["keys"].as_array().unwrap().len();
    assert_eq!(members(&terminal.json(&["dao", "status", "--json"])), 3);
    let sent = terminal.json(&["dao", "send", &one, &two, "--key", "guardian", "--json"]);
    assert!(sent["transaction"].is_string(), "{sent}");
    let after: Value = terminal.json(&["dao", "status", "--json"]);
    assert_ne!(before, after["authority"], "another set decides");
    assert_eq!((members(&after), &after["dao_set"]["version"]), (1, &2.into()), "{after}");
    let late = terminal.run(&["dao", "sign", &act, "--key", "dao-1"]);
    assert_eq!(late.status.code(), Some(3), "the distributor has moved on: {}", text(&late.stderr));
}
