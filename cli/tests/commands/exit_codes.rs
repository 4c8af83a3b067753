//! Every exit code that is documented, provoked with the program itself.

use crate::support::{Place, stderr};
use liaise_ledger::genesis::Genesis;
use serde_json::json;
use std::collections::BTreeSet;
use std::process::{Output, Stdio};

const DOCUMENTED: &str = include_str!("../../../docs/exit-codes.md");
const ABSENT: &str = "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua";

/// A claim's proof, of this home's network or another.
fn proof(place: &Place, network: Option<&str>) -> String {
    let genesis = std::fs::read_to_string(place.path("home/genesis.toml")).unwrap();
    let own = Genesis::from_toml(&genesis).unwrap().network_id().to_string();
    let file = json!({
        "network": network.unwrap_or(&own),
        "chain": "eip155:42161",
        "distributor": "22".repeat(32),
        "epoch": 3,
        "account": format!("eip155:42161:0x{}", "33".repeat(20)),
        "leaf": {"payee": "33".repeat(32), "amount": "5"},
        "proof": {"index": 0, "siblings": []},
    });
    let path = place.path("proof.json");
    std::fs::write(&path, file.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A CAR file of nothing, cut off after the first byte of a block.
fn cut_car(place: &Place) -> String {
    let path = place.path("cut.car");
    let file = path.to_str().unwrap().to_owned();
    assert!(place.run(&["ledger", "export", &file, "--offline"]).status.success());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.push(0x80);
    std::fs::write(&path, bytes).unwrap();
    file
}

/// Standard output that takes nothing.
fn full(place: &Place) -> Output {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    place.liaise(&["completions", "bash"]).stdout(full).output().unwrap()
}

/// Standard output that nobody reads.
fn unread(place: &Place) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    place.liaise(&["completions", "bash"]).stdout(writer).stderr(Stdio::piped()).output().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn every_documented_code_is_provoked() {
    let place = Place::with_network();
    place.json(&["account", "new", "me", "--json"]);
    let (own, car) = (proof(&place, None), cut_car(&place));
    let cases: [(i32, &str, Output, &str); 9] = [
        (0, "a script for a shell", place.run(&["completions", "bash"]), ""),
        (1, "a full disk behind standard output", full(&place), "standard output"),
        (2, "no such key", place.run(&["account", "show", "nobody"]), "nobody.json"),
        (2, "arguments that make no sense together", place.run(&["claim", "--all", "--proof", "x"]), "--proof"),
        (3, "a message that is not here", place.run(&["ledger", "show", ABSENT, "--offline"]), "not here"),
        (4, "a chain that is unreachable", place.run(&["claim", "--proof", &own, "--payer", "me"]), "127.0.0.1:9"),
        (
            5,
            "a claim of another network",
            {
                let foreign = proof(&place, Some(&"ab".repeat(32)));
                place.run(&["claim", "--proof", &foreign, "--payer", "me"])
            },
            "network",
        ),
        (6, "a file that was cut off", place.run(&["ledger", "import", &car]), "ends in the middle"),
        (141, "a reader that went away", unread(&place), ""),
    ];
    for (code, what, output, words) in &cases {
        let said = stderr(output);
        assert_eq!(output.status.code(), Some(*code), "{what}: {said}");
        assert!(said.contains(words) && !said.contains("panicked"), "{what}: {said}");
    }
    let provoked: BTreeSet<i32> = cases.iter().map(|(code, ..)| *code).collect();
    let rows = DOCUMENTED.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok());
    assert_eq!(rows.collect::<BTreeSet<i32>>(), provoked, "docs/exit-codes.md lists what is provoked here");
}
