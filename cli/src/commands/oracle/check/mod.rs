//! `liaise oracle check`: what keeps an oracle from working, or soon will, each with its remedy.

mod chain;
mod finding;
mod host;
mod peers;

use crate::commands::context::or_node_exit;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use crate::secrets::PassphraseArgs;
use clap::Args;
use finding::{Finding, Findings, State};
use liaise_ledger::genesis::Genesis;
use liaise_node::config::{NodeConfig, OracleRole, Role};
use liaise_node::{Calendar, read_genesis};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// See [`super::OracleCommand::Check`].
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The oracle's directory, with its node.toml; its node may be running.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The oracle that is looked at.
struct Subject<'a> {
    dir: &'a Path,
    role: &'a OracleRole,
    genesis: &'a Arc<Genesis>,
    calendar: &'a Calendar,
    /// Opens its keys; absent where nobody gave it.
    passphrase: Option<&'a str>,
}

/// The configuration of an oracle's directory.
pub fn oracle_config(dir: &Path) -> eyre::Result<(NodeConfig, OracleRole)> {
    let config = NodeConfig::load(dir).or_exit(Kind::Usage)?;
    match config.role.clone() {
        Role::Oracle(role) => Ok((config, role)),
        _ => {
            let file = dir.join("node.toml");
            fail(Kind::Usage, format!("role.kind in {}: not an oracle's directory", file.display()))
        }
    }
}

/// Looks at everything; fails with the exit code of the first thing that fails.
pub async fn run(args: &CheckArgs) -> eyre::Result<()> {
    let (config, role) = oracle_config(&args.dir)?;
    let genesis = or_node_exit(read_genesis(&config.genesis))?;
    let calendar = Calendar::of(config.calendar.as_deref()).or_exit(Kind::Usage)?;
    let passphrase = args.passphrase.read_if_possible(&format!("the keys in {}", args.dir.display()))?;
    let oracle = Subject {
        dir: &args.dir,
        role: &role,
        genesis: &genesis,
        calendar: &calendar,
        passphrase: passphrase.as_deref().map(String::as_str),
    };
    let mut findings = Findings::default();
    findings.ok("genesis", format!("network {}, {}", genesis.name, genesis.network_id()));
    let key = oracle.keys(&mut findings);
    oracle.journal(&mut findings, key).await;
    oracle.disk(&mut findings);
    oracle.chains(&mut findings, key).await;
    oracle.peers(&mut findings, &config.stores).await;
    if args.json {
        output::json(&json!({
            "dir": args.dir,
            "state": findings.worst(),
            "checks": findings.all(),
        }))?;
    } else {
        findings.all().iter().for_each(print);
    }
    let failed: Vec<&Finding> = findings.all().iter().filter(|finding| finding.state == State::Fail).collect();
    match failed.first() {
        None => Ok(()),
        Some(first) => fail(
            first.kind,
            format!("{} of {} things keep this oracle from working", failed.len(), findings.all().len()),
        ),
    }
}

fn print(finding: &Finding) {
    say!("{:<4}  {:<10}  {}", finding.state.word(), finding.what, finding.detail);
    if let Some(remedy) = &finding.remedy {
        say!("{:<4}  {:<10}  remedy: {remedy}", "", "");
    }
}
