//! Accounts of several chains that are one owner's, by commands alone.

use crate::program::{Terminal, text};
use crate::running::Running;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The chains of the network, as its genesis names them.
fn chains(dir: &Path) -> Vec<String> {
    let genesis = std::fs::read_to_string(dir.join("genesis.toml")).expect("the demo wrote it");
    let genesis = liaise_ledger::Genesis::from_toml(&genesis).expect("a genesis");
    genesis.chains.iter().map(ToString::to_string).collect()
}

/// What every owner would have on a chain: paid and waiting, by cluster.
fn owners(terminal: &Terminal, chain: &str) -> BTreeMap<String, (u64, u64)> {
    let paid = terminal.json(&["oracle", "pay", "--chain", chain, "--json"]);
    let amount = |value: &Value| value.as_str().expect("an amount").parse::<u64>().expect("base units");
    let (paid_in_all, waiting) = (amount(&paid["paid"]), amount(&paid["waiting"]));
    assert_eq!(paid_in_all + waiting, amount(&paid["earned"]), "nothing is made or lost on {chain}");
    let rows = paid["rows"].as_array().expect("rows").iter();
    rows.map(|row| (row["cluster"].to_string(), (amount(&row["paid"]), amount(&row["waiting"])))).collect()
}

/// One exported ledger, folded once for each chain.
pub fn every_owner_gets_the_same_on_every_chain(terminal: &Terminal, dir: &Path) {
    let chains = chains(dir);
    assert_eq!(chains.len(), 3);
    let here = owners(terminal, &chains[1]);
    assert!(here.len() >= 7, "{here:?}");
    for chain in &chains {
        let there = owners(terminal, chain);
        assert_eq!(there.keys().collect::<Vec<_>>(), here.keys().collect::<Vec<_>>(), "{chain}");
        for (cluster, (paid, waiting)) in &there {
            let (paid_here, waiting_here) = here[cluster];
            assert_eq!(paid + waiting, paid_here + waiting_here, "{cluster} on {chain}");
            // only Bitcoin Cash has a least payout; all others are paid to the unit
            assert!(*waiting == 0 || chain.starts_with("bch:"), "{cluster} on {chain}");
        }
    }
}

/// Somebody with a key links two accounts of it, sees when it counts, and takes it back.
pub fn an_owner_links_and_leaves(terminal: &Terminal, demo: &mut Running, name: &str) {
    let chains = chains(&demo.dir);
    let other = format!("{name}@{}", chains.iter().find(|chain| chain.starts_with("eip155:")).expect("an EVM chain"));
    let dry = terminal.ok(&["link", "add", name, &other, "--dry-run"]);
    assert!(dry.contains("are mine") && dry.contains("nothing was signed"), "{dry}");
    let alike = terminal.run(&["link", "add", &other, &other]);
    assert_eq!(alike.status.code(), Some(2), "{}", text(&alike.stderr));
    let unknown = terminal.run(&["link", "add", name, &format!("{name}@eip155:1")]);
    assert!(unknown.status.code() == Some(2) && text(&unknown.stderr).contains("no chain of this network"));
    let stranger = terminal.run(&["link", "revoke", name]);
    assert!(stranger.status.code() == Some(2) && text(&stranger.stderr).contains("linked with nobody"));

    // one wallet here, one elsewhere: a file goes between them
    let file = demo.dir.join("link.toml");
    let file = file.to_str().expect("UTF-8");
    let elsewhere = terminal.json(&["link", "add", name, &other, "--dry-run", "--json"]);
    let accounts: Vec<&str> =
        elsewhere["texts"].as_array().expect("texts").iter().map(|text| text["account"].as_str().unwrap()).collect();
    let evm = *accounts.iter().find(|account| account.starts_with("eip155:")).expect("the EVM account");
    let one_sided = terminal.run(&["link", "add", name, evm]);
    assert!(one_sided.status.code() == Some(2) && text(&one_sided.stderr).contains("--out FILE"));
    let written = terminal.json(&["link", "add", name, evm, "--out", file, "--json"]);
    assert_eq!(written["missing"], serde_json::json!([evm]));
    let said = terminal.json(&["link", "sign", file, "--key", &other, "--json"]);
    assert_eq!(said["act"], "link");
    demo.end_epoch();

    let from = said["from_epoch"].as_i64().expect("an epoch");
    let coming = terminal.json(&["link", "list", name, "--json"]);
    assert_eq!(coming["coming"][0]["epoch"].as_i64(), Some(from), "{coming}");
    assert_eq!(coming["clusters"], serde_json::json!([]));
    while terminal.json(&["link", "list", name, "--json"])["epoch"].as_i64().is_none_or(|epoch| epoch < from) {
        demo.end_epoch();
    }
    let linked = terminal.json(&["link", "list", name, "--json"]);
    assert_eq!((linked["clusters"][0].as_array().map(Vec::len), &linked["coming"]), (Some(2), &serde_json::json!([])));
    let again = terminal.run(&["link", "add", name, &other]);
    assert!(again.status.code() == Some(2) && text(&again.stderr).contains("linked already"));
    let left = terminal.json(&["link", "revoke", &other, "--json"]);
    assert_eq!((&left["act"], &left["accounts"]), (&"unlink".into(), &serde_json::json!([evm])));
}
