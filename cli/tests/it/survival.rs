//! SIGKILL of any one store, oracle or submitter changes nothing: every surviving oracle signs the same root, and anybody
//! folds it again from an export of the ledger.

use crate::by_hand::an_epoch_is_filed_and_vetoed;
use crate::program::{LIAISE, Terminal, alone};
use crate::votes::{Signed, Votes};
use liaise_chain_api::{At, PendingKind};
use liaise_cli::demo::{
    Corpus, Ledger, Network, Plan, Stages, add_documents, ask, beat, claim_all, file_everything, local_parameters,
};
use liaise_ledger::genesis::Parameters;
use liaise_summary::{Epoch, Statement};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Epochs in which somebody is killed: each of the five oracles has one, and each of the four stores.
const ROUNDS: usize = 5;
const STORES: usize = 4;
/// Questions of a round: some are under way when a store dies.
const QUESTIONS: usize = 3;

/// SIGKILL from outside, after a while, while whoever drives the network is at work.
fn kill_soon(network: &Network, name: &str, after: Duration) -> tokio::task::JoinHandle<()> {
    let pid = network.pid(name).unwrap_or_else(|| panic!("{name} does not run")).to_string();
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        let killed = tokio::process::Command::new("kill").args(["-9", &pid]).status().await;
        assert!(killed.is_ok_and(|status| status.success()), "process {pid} was gone already");
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn any_one_store_oracle_or_submitter_may_die() {
    let _alone = alone().await;
    let dir = tempfile::tempdir().unwrap();
    let corpus = Corpus::read(Some(24), Some(ROUNDS * QUESTIONS)).unwrap();
    // A dead store is waited for before an epoch is sealed without it; an hour of real waiting proves no more.
    let parameters = Parameters { seal_wait_s: 3, ..local_parameters() };
    let plan = Plan { dir: Some(dir.path().to_owned()), ..Plan::new(LIAISE.into(), parameters) };
    let stages = Stages::new();
    let mut network = Network::start(plan, &stages).await.unwrap();
    network.open_term(&stages).await.unwrap();
    add_documents(&network, &corpus, &stages).await.unwrap();
    network.close_epoch(&stages).await.unwrap();

    let mut ledger = Ledger::default();
    for (round, questions) in corpus.questions.chunks(QUESTIONS).enumerate() {
        let (store, oracle) = (format!("store-{}", round % STORES + 1), format!("oracle-{}", round + 1));
        let killing = kill_soon(&network, &store, Duration::from_millis(1_500));
        ask(&network, questions, &mut ledger, &stages).await.unwrap();
        killing.await.unwrap();
        // While it folds, attests or signs.
        let killing = kill_soon(&network, &oracle, Duration::from_millis(300 * (round as u64 + 1)));
        network.close_epoch(&stages).await.unwrap();
        killing.await.unwrap();
        for name in [store, oracle] {
            // It is dead; this only takes note of it.
            network.kill(&name).await;
            network.restart(&name).await.unwrap();
        }
    }
    assert_eq!(ledger.asked.len(), corpus.questions.len(), "every question is answered and confirmed");

    let home = Arc::new(Terminal::new(&dir.path().join("home"), &dir.path().join("passphrase")));
    file_with_dying_submitters(&mut network, &home).await;
    end_well_and_go_on(&mut network, &stages).await;
    an_epoch_is_filed_and_vetoed(&mut network, home, &stages).await;
    file_everything(&mut network, None, &stages).await.unwrap();
    claim_all(&network, &stages).await.unwrap();
    all_sign_the_same(&network);
    clean_directory_folds_the_same(dir.path(), &network).await;
    network.stop().await;
}

/// The submitter that has just sent an epoch's statement dies; the next in line goes on; later the first comes back.
async fn file_with_dying_submitters(network: &mut Network, home: &Terminal) {
    let mut dead: Option<(u32, String)> = None;
    while beat(network, None).await.unwrap() {
        let at = network.site.reader.distributor(At::Latest).await.unwrap();
        let Some(pending) = at.pending.filter(|pending| pending.kind == PendingKind::Epoch) else { continue };
        let epoch = pending.epoch.0;
        match &dead {
            None if epoch.is_multiple_of(3) && epoch < 9 => {
                let name = format!("oracle-{}", 1 + epoch / 3);
                network.kill(&name).await;
                one_step_at_a_time(home, &network.dir().join(&name), epoch);
                dead = Some((epoch, name));
            }
            Some((since, name)) if epoch > since + 1 => {
                network.restart(name).await.unwrap();
                dead = None;
            }
            _ => {}
        }
    }
    if let Some((_, name)) = dead {
        network.restart(&name).await.unwrap();
    }
    for epoch in 0..u32::try_from(network.epoch).unwrap() {
        let accepted = network.site.reader.statements(Epoch(epoch), At::Latest).await.unwrap();
        let filed = accepted.iter().filter(|accepted| matches!(accepted.statement, Statement::Epoch(_))).count();
        assert_eq!(filed, 1, "epoch {epoch} is filed once, whoever died");
    }
}

/// SIGTERM drains, and whoever comes back goes on where it was: one more epoch is sealed, folded and filed.
async fn end_well_and_go_on(network: &mut Network, stages: &Stages) {
    for name in ["store-2", "oracle-1", "node-1"] {
        network.terminate(name).await.unwrap();
        network.restart(name).await.unwrap();
    }
    network.close_epoch(stages).await.unwrap();
    file_everything(network, None, stages).await.unwrap();
}

/// While its node is down, an operator goes on by hand in its directory, and the guardian looks at what is pending.
fn one_step_at_a_time(home: &Terminal, operator: &Path, pending: u32) {
    let operator = operator.to_str().unwrap();
    let signed = home.json(&["oracle", "sign", "--dir", operator, "--json"]);
    assert_eq!(signed["pending"]["epoch"], pending, "{signed}");
    assert!(signed["due"].is_null(), "{signed}");
    let submitted = home.json(&["oracle", "submit", "--dir", operator, "--dry-run", "--json"]);
    assert!(submitted["action"].is_null(), "nothing is due while something is pending: {submitted}");
    let veto = home.json(&["dao", "veto", "--reason", "only to see", "--dry-run", "--json"]);
    assert_eq!(veto["epoch"], pending, "{veto}");
    assert!(veto["transaction"].is_null() && !veto["fee_max"].is_null(), "{veto}");
}

fn all_sign_the_same(network: &Network) {
    let votes = Votes::read(&network.replica);
    let quorum = network.founding.genesis.oracle_quorum();
    let one = |what: String, signed: &Signed| {
        assert_eq!(signed.len(), 1, "{what}: two oracles signed different bytes");
        let signers = signed.values().next().unwrap().len();
        assert!(signers >= quorum, "{what}: {signers} of {quorum} signed");
    };
    for epoch in -1..network.epoch {
        one(format!("history of epoch {epoch}"), &votes.histories[&epoch]);
    }
    for ((epoch, _), signed) in &votes.statements {
        one(format!("statement of epoch {epoch}"), signed);
    }
    // The veto moved the head, and the same epoch was signed over the new one.
    assert_eq!(votes.statements.len() as i64, network.epoch + 1, "every other epoch's statement follows one head");
}

/// Exports the ledger, imports it into an empty directory, folds there, and compares with chain and oracles.
async fn clean_directory_folds_the_same(dir: &Path, network: &Network) {
    let passphrase = dir.join("passphrase");
    let home = Terminal::new(&dir.join("home"), &passphrase);
    let car = dir.join("all.car");
    home.ok(&["ledger", "export", car.to_str().unwrap()]);

    let clean = dir.join("clean");
    std::fs::create_dir(&clean).unwrap();
    std::fs::copy(dir.join("home/network.toml"), clean.join("network.toml")).unwrap();
    let clean = Terminal::new(&clean, &passphrase);
    clean.ok(&["ledger", "import", car.to_str().unwrap()]);
    for epoch in 0..network.epoch {
        let number = epoch.to_string();
        let folded = clean.json(&["oracle", "fold", &number, "--offline", "--json"]);
        assert_eq!(folded["history"], folded["attested"], "epoch {epoch}");
        let verified = clean.json(&["oracle", "verify", &number, "--offline", "--json"]);
        assert_eq!(verified["root"], verified["accepted_root"], "epoch {epoch}");
        assert_eq!(verified["same"], true, "epoch {epoch}");
    }
}
