//! Operators and the guardian do everything by hand: no oracle's process runs.

use crate::dispute::a_false_statement_is_stopped;
use crate::moving::an_operator_moves;
use crate::program::Terminal;
use liaise_chain_api::At;
use liaise_cli::demo::{Network, Stages};
use liaise_summary::Epoch;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const ORACLES: usize = 5;

/// An epoch is folded, attested and signed by commands in the operators' directories, and one of them moves to another
/// host; a false statement is filed instead, disputed, and vetoed by the guardian; then the true one is filed.
pub async fn an_epoch_is_filed_and_vetoed(network: &mut Network, home: Arc<Terminal>, stages: &Stages) {
    for n in 1..=ORACLES {
        network.terminate(&format!("oracle-{n}")).await.unwrap();
    }
    let epoch = u32::try_from(network.epoch).unwrap();
    let dirs: Vec<PathBuf> = (1..=ORACLES).map(|n| network.dir().join(format!("oracle-{n}"))).collect();
    // Which of them have to sign until the epoch is attested, nobody knows ahead: they look again and again.
    let attested = Arc::new(AtomicBool::new(false));
    let signing = tokio::task::spawn_blocking({
        let (home, dirs, attested) = (home.clone(), dirs.clone(), attested.clone());
        move || {
            while !attested.load(Ordering::Relaxed) {
                sign(&home, &dirs);
            }
        }
    });
    network.close_epoch(stages).await.unwrap();
    attested.store(true, Ordering::Relaxed);
    signing.await.unwrap();

    an_operator_moves(&home, dirs.last().unwrap());
    let (_, signers) = dirs.split_last().unwrap();
    sign(&home, signers);
    let unsaid = home.run(&["dao", "veto", "--reason", " ", "--json"]);
    assert_eq!(unsaid.status.code(), Some(2), "a veto needs a reason");
    a_false_statement_is_stopped(network, &home, &dirs[0], epoch).await;
    let accepted = network.site.reader.statements(Epoch(epoch), At::Latest).await.unwrap();
    assert!(accepted.iter().all(|accepted| accepted.vetoed), "what was filed is vetoed");
    let nothing = home.run(&["dao", "veto", "--reason", "once more", "--json"]);
    assert_eq!(nothing.status.code(), Some(3), "nothing is pending any more");

    file(&home, &dirs, epoch);
    let honest = home.json(&["oracle", "dispute", "--dir", text(&dirs[0]), "--json"]);
    assert_eq!((&honest["same"], &honest["pending"]["epoch"]), (&true.into(), &epoch.into()), "{honest}");
    for n in 1..=ORACLES {
        network.restart(&format!("oracle-{n}")).await.unwrap();
    }
}

/// Every operator but the last signs; the last one, who has not signed, submits.
fn file(home: &Terminal, dirs: &[PathBuf], epoch: u32) {
    let (submitter, signers) = dirs.split_last().unwrap();
    let signed = sign(home, signers);
    assert_eq!(signed["due"]["kind"], "epoch", "{signed}");
    assert_eq!(signed["due"]["epoch"], epoch, "{signed}");
    let submit = |more: &[&str]| {
        let mut arguments = vec!["oracle", "submit", "--json", "--dir", text(submitter)];
        arguments.extend(more);
        home.json(&arguments)
    };
    let dry = submit(&["--dry-run"]);
    assert!(dry["action"].is_string() && dry["fee_max"].is_string() && dry["transaction"].is_null(), "{dry}");
    let sent = submit(&[]);
    assert!(sent["transaction"].is_string() && sent["fee_max"].is_null(), "{sent}");
    let again = submit(&[]);
    assert!(again["action"].is_null(), "it is pending, nothing is due: {again}");
    assert_eq!(again["pending"]["epoch"], epoch, "{again}");
}

/// `oracle sign` in each directory; what the last one printed.
fn sign(home: &Terminal, dirs: &[PathBuf]) -> Value {
    let mut printed = Value::Null;
    for dir in dirs {
        printed = home.json(&["oracle", "sign", "--json", "--dir", text(dir)]);
    }
    printed
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the test's directories have names in UTF-8")
}
