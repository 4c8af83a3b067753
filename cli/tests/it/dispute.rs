//! A quorum of dishonest oracles files what nobody derives; an honest one shows it, and the guardian stops it.

use crate::program::{Terminal, text};
use crate::votes::Votes;
use liaise_chain_api::{Action, At, FeeLimit, StatementSignature};
use liaise_cli::demo::Network;
use liaise_node::chain;
use liaise_node::chain::evm::Anvil;
use liaise_node::client::Wallet;
use liaise_node::keys::Secret;
use liaise_oracle::quorum::{OracleKey, SignGuard, sign};
use liaise_summary::{EpochStatement, Hash32, Statement};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Anvil's key that pays for the forged statement.
const PAYER: u32 = 8;

/// Remembers nothing: what a dishonest oracle has.
struct NoGuard;

impl SignGuard for NoGuard {
    fn load(&self, _: &[u8]) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }
    fn replace(&self, _: &[u8], _: Option<&[u8]>, _: &[u8]) -> Result<bool, String> {
        Ok(true)
    }
}

/// What the honest ones have signed for an epoch over the present head.
async fn honest(network: &Network, epoch: u32) -> EpochStatement {
    let head = network.site.reader.distributor(At::Latest).await.unwrap().head;
    for _ in 0..100 {
        let votes = Votes::read(&network.replica);
        if let Some(signed) = votes.statements.get(&(epoch, head.0)) {
            let bytes = signed.keys().next().unwrap();
            let Ok(Statement::Epoch(statement)) = Statement::decode(bytes) else { panic!("an EPOCH statement") };
            return statement;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody has signed epoch {epoch}");
}

/// Files an epoch with a root that pays somebody else, signed by a quorum that does not care.
async fn file_falsely(network: &Network, epoch: u32) {
    let statement = EpochStatement { root_hash: Hash32([0xee; 32]), ..honest(network, epoch).await };
    let sign = |secret: &Secret| -> StatementSignature {
        let key = OracleKey::from_bytes(**secret).unwrap();
        sign(&key, &NoGuard, &Statement::Epoch(statement)).unwrap()
    };
    let quorum = network.founding.genesis.oracle_quorum();
    let signatures = network.founding.oracles.iter().take(quorum).map(sign).collect();
    let payer = Wallet::new(&Secret::new(Anvil::key(PAYER).to_bytes().0), &"eip155:31337".parse().unwrap()).unwrap();
    let submitter = chain::submitter(network.site.chain.config(), &payer).await.unwrap();
    let action = Action::SubmitEpoch { statement, signatures, payouts: 0 };
    let prepared = submitter.prepare(&action, FeeLimit(u128::MAX), &[]).await.unwrap();
    submitter.broadcast(&prepared).await.unwrap();
    while network.site.reader.distributor(At::Latest).await.unwrap().pending.is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The false statement of an epoch comes, is disputed in an honest operator's directory, and vetoed with its evidence.
pub async fn a_false_statement_is_stopped(network: &Network, home: &Terminal, operator: &Path, epoch: u32) {
    let operator = operator.to_str().unwrap();
    let nothing = home.json(&["oracle", "dispute", "--dir", operator, "--json"]);
    assert!(nothing["pending"].is_null(), "{nothing}");
    file_falsely(network, epoch).await;

    let file = network.dir().join("evidence.json");
    let evidence = file.to_str().unwrap();
    let disputed = home.run(&["oracle", "dispute", "--dir", operator, "--out", evidence, "--json"]);
    assert_eq!(disputed.status.code(), Some(6), "{}", text(&disputed.stderr));
    let disputed: serde_json::Value = serde_json::from_slice(&disputed.stdout).unwrap();
    assert_eq!((&disputed["same"], &disputed["pending"]["epoch"]), (&false.into(), &epoch.into()), "{disputed}");
    let first = &disputed["evidence"]["differences"][0];
    assert_eq!(first["what"], "statement's root hash", "{first}");
    assert!(first["claimed"].as_str().unwrap().contains(&"ee".repeat(32)), "{first}");

    let veto = |file: &str, more: &[&str]| {
        let mut arguments = vec!["dao", "veto", "--reason", "test: the root is false", "--evidence", file, "--json"];
        arguments.extend(more);
        home.run(&arguments)
    };
    let altered = network.dir().join("altered-evidence.json");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&altered, good.replacen(&"ee".repeat(32), &"ef".repeat(32), 1)).unwrap();
    let refused = veto(altered.to_str().unwrap(), &[]);
    assert_eq!(refused.status.code(), Some(5), "{}", text(&refused.stderr));
    assert!(veto(evidence, &["--dry-run"]).status.success());
    let stopped = veto(evidence, &[]);
    assert!(stopped.status.success(), "{}", text(&stopped.stderr));
    let stopped: serde_json::Value = serde_json::from_slice(&stopped.stdout).unwrap();
    assert!(stopped["transaction"].is_string() && stopped["epoch"] == epoch, "{stopped}");
    assert_eq!(veto(evidence, &[]).status.code(), Some(3), "it waits no more");
}
