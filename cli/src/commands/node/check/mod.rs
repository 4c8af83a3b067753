//! `liaise node check`: what would keep a node from running, without starting it.

mod places;
mod roles;

use crate::commands::context::or_node_exit;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use crate::secrets::PassphraseArgs;
use clap::Args;
use liaise_node::config::{NodeConfig, Role};
use liaise_node::{Calendar, read_genesis};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;

/// See [`super::NodeCommand::Check`].
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The node's directory, with its node.toml.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    detail: String,
}

/// All that was looked at, in order.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, what: &'static str, outcome: Result<String, String>) {
        let ok = outcome.is_ok();
        self.0.push(Finding { what, ok, detail: outcome.unwrap_or_else(|why| why) });
    }

    fn bad(&self) -> usize {
        self.0.iter().filter(|finding| !finding.ok).count()
    }
}

/// Looks at everything; fails where anything is wrong.
pub async fn run(args: &CheckArgs) -> eyre::Result<()> {
    let config = NodeConfig::load(&args.dir).or_exit(Kind::Usage)?;
    let genesis = or_node_exit(read_genesis(&config.genesis))?;
    let calendar = Calendar::of(config.calendar.as_deref()).or_exit(Kind::Usage)?;
    let mut findings = Findings::default();
    findings.add("genesis", Ok(format!("network {}, {}", genesis.name, genesis.network_id())));
    places::stores(&mut findings, &config.stores, &genesis);
    places::listen(&mut findings, &config.listen);
    places::metrics(&mut findings, config.metrics);
    // Without a passphrase keys stay closed, and what they are is not held against anything.
    let passphrase = args.passphrase.read_if_possible(&format!("the keys in {}", args.dir.display()))?;
    let node = roles::Subject {
        dir: &args.dir,
        genesis: &genesis,
        now_ms: calendar.wall_ms(),
        passphrase: passphrase.as_deref().map(String::as_str),
    };
    let role = match &config.role {
        Role::Store(role) => node.store(&mut findings, role),
        Role::Oracle(role) => node.oracle(&mut findings, role),
        Role::Compute(role) => node.compute(&mut findings, role).await,
    };
    let (bad, all) = (findings.bad(), findings.0.len());
    if args.json {
        output::json(&json!({"dir": args.dir, "role": role, "ok": bad == 0, "checks": findings.0}))?;
    } else {
        for finding in &findings.0 {
            say!("{:<4}  {:<12}  {}", if finding.ok { "ok" } else { "BAD" }, finding.what, finding.detail);
        }
    }
    if bad > 0 {
        let why = format!("{bad} of {all} things would keep this node from working: repair them and check again");
        return fail(Kind::Usage, why);
    }
    if !args.json {
        say!("{} can be used: liaise node run --dir {}", args.dir.join("node.toml").display(), args.dir.display());
    }
    Ok(())
}
