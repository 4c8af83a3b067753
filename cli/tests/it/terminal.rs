//! The demo stays up, and from a second terminal everybody's commands work: lines are checked, bad input is refused,
//! a fresh key asks and is paid, a fresh node serves.

use crate::program::{Terminal, alone, text};
use crate::running::Running;
use crate::{refusals, report};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

/// Prompts among which a node with a twentieth of the weight is drawn, all but certainly.
const PROMPTS: usize = 60;

#[tokio::test]
async fn a_second_terminal_joins_the_demo() {
    let _alone = alone().await;
    let dir = tempfile::tempdir().unwrap();
    let mut demo = Running::start(dir.path());
    let terminal = demo.second_terminal();
    report::every_line_holds(&terminal, &dir.path().join("report.json"));
    every_read_prints_json(&terminal, dir.path());
    nothing_is_sent_before_the_warning_is_accepted(&terminal);
    refusals::bad_input_is_refused_by_name(&terminal, dir.path());
    a_fresh_key_asks_and_is_paid(&mut demo, &terminal);
    a_fresh_node_serves(&mut demo, &terminal);
    demo.stop();
}

fn every_read_prints_json(terminal: &Terminal, dir: &Path) {
    let report: Value = serde_json::from_str(&std::fs::read_to_string(dir.join("report.json")).unwrap()).unwrap();
    let prompt = report["dag"][0]["id"].as_str().unwrap();
    let node = dir.join("node-1");
    let node = node.to_str().unwrap();
    let oracle = dir.join("oracle-1");
    let oracle = oracle.to_str().unwrap();
    let reads: &[&[&str]] = &[
        &["account", "show"],
        &["node", "odds"],
        &["node", "check", "--dir", node],
        &["oracle", "status"],
        &["oracle", "verify"],
        &["dao", "status"],
        &["audit", "epoch", "1"],
        &["audit", "message", prompt],
        &["audit", "assignment", prompt],
        &["audit", "supply"],
        &["audit", "supply", "--each"],
        &["oracle", "check", "--dir", oracle],
        &["ledger", "show", prompt],
        &["ledger", "show", prompt, "--tree"],
        &["retrieval", "search", "beginning heaven earth"],
        &["retrieval", "snapshot"],
        &["rewards", "show", "user-2"],
        &["rewards", "explain", "user-2", "--epoch", "1"],
        &["rewards", "prove", "user-2"],
        &["rewards", "prove", "user-2", "--offline"],
        &["claim", "user-2", "--dry-run"],
        &["claim", "--for", "user-1", "user-2", "--payer", "guardian", "--dry-run"],
        &["compute", "check"],
    ];
    for read in reads {
        let mut with_json = read.to_vec();
        with_json.push("--json");
        assert!(!terminal.json(&with_json).is_null(), "{read:?}");
        assert!(!terminal.ok(read).is_empty(), "{read:?} prints for people as well");
    }
}

/// The last of the documents that `liaise prompt --json` prints: the confirmed answer.
fn ask(terminal: &Terminal, question: &str, account: &str) -> (String, Value) {
    let printed = terminal.ok(&["prompt", question, "--account", account, "--accept-public", "--json"]);
    let stages: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let states: Vec<&str> = stages.iter().map(|stage| stage["stage"].as_str().unwrap()).collect();
    assert_eq!(states, ["ticketed", "prompted", "unconfirmed", "confirmed"], "{printed}");
    (stages[1]["prompt"].as_str().unwrap().to_owned(), stages[3].clone())
}

fn nothing_is_sent_before_the_warning_is_accepted(terminal: &Terminal) {
    let first = terminal.run(&["prompt", "Who was in the lions' den?", "--account", "user-1"]);
    assert_eq!(first.status.code(), Some(2), "{}", text(&first.stderr));
    assert!(text(&first.stderr).contains("PUBLIC, FOR GOOD"));
    assert!(text(&first.stderr).contains("--accept-public"));
}

fn a_fresh_key_asks_and_is_paid(demo: &mut Running, terminal: &Terminal) {
    let account = new_account(terminal, "newcomer");
    let (_, confirmed) = ask(terminal, "Who made the heaven and the earth?", "newcomer");
    assert!(confirmed["by"].as_array().unwrap().len() >= 2, "{confirmed}");
    let again = terminal.run(&["prompt", "What was without form, and void?", "--account", "newcomer"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert!(!text(&again.stderr).contains("PUBLIC, FOR GOOD"), "the warning is shown once in full");

    let table = demo.end_epoch();
    assert!(table.contains(&account), "the newcomer is in this epoch's table: {table}");
    let earned = terminal.json(&["rewards", "show", "newcomer", "--json"]);
    assert!(earned["claimable"] != "0" && earned["claimable"].is_string(), "{earned}");
    let others = terminal.json(&["claim", "--for", "newcomer", "node-1", "--payer", "guardian", "--json"]);
    assert_eq!(others["paid"], others["due"], "{others}");
    assert!(others["accounts"].as_array().unwrap().iter().any(|line| line["account"] == account.as_str()), "{others}");
    let books = terminal.json(&["audit", "supply", "--each", "--json"]);
    assert_eq!((&books["difference"], &books["paid_by_payees"]), (&"0".into(), &books["paid"]), "{books}");
    let paid = terminal.json(&["rewards", "show", "newcomer", "--json"]);
    assert_eq!(paid["claimed"], earned["claimable"]);
    assert_eq!(paid["claimable"], "0");
}

fn new_account(terminal: &Terminal, name: &str) -> String {
    terminal.ok(&["account", "new", name]);
    terminal.json(&["account", "show", name, "--json"])[0]["account"].as_str().unwrap().to_owned()
}

/// A node's process; killed when dropped.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn a_fresh_node_serves(demo: &mut Running, terminal: &Terminal) {
    let account = new_account(terminal, "operator");
    let dir = demo.dir.join("fresh-node");
    let dir = dir.to_str().unwrap();
    terminal.ok(&["node", "init", "--dir", dir, "--account", "operator", "--region", "CH", "--threads", "2"]);
    terminal.ok(&["node", "check", "--dir", dir]);
    let before = terminal.run(&["node", "odds", "operator"]);
    assert_eq!(before.status.code(), Some(3), "it is in no snapshot yet: {}", text(&before.stderr));

    let mut child = terminal.command(&["node", "run", "--dir", dir]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let node = Node(child);
    assert!(lines.by_ref().any(|line| line.unwrap() == "ready"), "it starts");
    std::thread::spawn(move || lines.for_each(drop));

    demo.end_epoch();
    let odds = terminal.json(&["node", "odds", "operator", "--json"]);
    let row = &odds["nodes"][0];
    assert_eq!(row["account"].as_str(), Some(account.as_str()), "{odds}");
    assert_eq!(row["proven"], false, "{odds}");
    assert!(row["odds_ppm"].as_u64().unwrap() > 0, "{odds}");

    let served = (0..PROMPTS).any(|n| {
        let (prompt, _) = ask(terminal, &format!("Who begat son number {n}?"), "newcomer");
        let tree = terminal.ok(&["ledger", "show", &prompt, "--tree", "--json"]);
        tree.contains(&account)
    });
    assert!(served, "it was drawn by none of {PROMPTS} prompts");
    drop(node);
    demo.end_epoch();
}
