//! An operator moves hosts: the new directory goes on where the old one was, and the old one signs nothing any more.

use crate::program::{Terminal, text};
use std::fs;
use std::path::Path;

/// Moves the oracle of a directory to a fresh one, which takes its name afterwards. No oracle's process runs.
pub fn an_operator_moves(home: &Terminal, dir: &Path) {
    let (old, new) = (dir.to_str().unwrap(), dir.with_extension("new"));
    fs::create_dir(&new).unwrap();
    for file in ["node.toml", "oracle.json", "submitter.json"] {
        fs::copy(dir.join(file), new.join(file)).unwrap();
    }
    let fresh = new.to_str().unwrap();
    let early = home.run(&["oracle", "sign", "--dir", fresh]);
    assert_eq!(early.status.code(), Some(3), "{}", text(&early.stderr));
    assert!(text(&early.stderr).contains("has signed elsewhere"), "{}", text(&early.stderr));

    let host = home.json(&["oracle", "journal", "receive", "--dir", fresh, "--json"])["host"].clone();
    let (host, file) = (host.as_str().unwrap(), dir.with_extension("journal"));
    let file = file.to_str().unwrap();
    let sent = home.json(&["oracle", "journal", "export", "--dir", old, "--to", host, file, "--json"]);
    assert!(sent["signed"].as_u64().unwrap() > 0 && sent["messages"].as_u64().unwrap() > 0, "{sent}");
    for (command, dir) in [("sign", old), ("submit", old), ("sign", fresh), ("run", old)] {
        let refused = home.run(&["oracle", command, "--dir", dir]);
        assert_eq!(refused.status.code(), Some(3), "{command} in {dir}: {}", text(&refused.stderr));
    }
    let mut bytes = fs::read(file).unwrap();
    bytes[100] ^= 1;
    let altered = dir.with_extension("altered");
    fs::write(&altered, bytes).unwrap();
    let import = |file: &str| home.run(&["oracle", "journal", "import", "--dir", fresh, file]);
    assert_eq!(import(altered.to_str().unwrap()).status.code(), Some(6), "an altered journal");
    let taken = import(file);
    assert!(taken.status.success(), "{}", text(&taken.stderr));
    assert!(import(file).status.success(), "once more changes nothing");

    fs::rename(dir, dir.with_extension("old")).unwrap();
    fs::rename(&new, dir).unwrap();
    home.json(&["oracle", "sign", "--dir", old, "--json"]);
    let check = home.json(&["oracle", "check", "--dir", old, "--json"]);
    for what in ["genesis", "key", "submitter", "journal", "chain", "set", "filing", "gas", "peers"] {
        let checks = check["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["what"] == what).unwrap_or_else(|| panic!("{what}: {check}"));
        assert_eq!(found["state"], "ok", "{found}");
    }
}
