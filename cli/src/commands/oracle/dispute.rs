//! `liaise oracle dispute`: what waits on the distributor, held against what this oracle derives.

use super::evidence::Evidence;
use super::operate;
use crate::commands::audit::or_audit_exit;
use crate::exit::{Kind, fail};
use crate::output::{self, say};
use clap::Args;
use liaise_ledger::ChainId;
use liaise_node::pending_statement;
use serde_json::{Value, json};
use std::path::PathBuf;

/// See [`super::OracleCommand::Dispute`].
#[derive(Debug, Args)]
pub struct DisputeArgs {
    /// The oracle's directory, with its node.toml; its node must not be running.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// One of the chains of node.toml, CAIP-2; that of the present term by default.
    #[arg(long, value_name = "CHAIN")]
    chain: Option<ChainId>,
    /// Write the evidence into a new file, for the guardian or the DAO: `liaise dao veto --evidence FILE`. Nothing is sent or
    /// published either way.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Compares; fails with the exit code of integrity where they differ.
pub async fn run(args: &DisputeArgs) -> eyre::Result<()> {
    let (replica, role) = operate::current(&args.dir).await?;
    let desk = operate::Desk::open(&role, args.chain.as_ref()).await?;
    let disputed = pending_statement(&replica, desk.reader.as_ref(), &desk.terms).await;
    let Some(disputed) = or_audit_exit(disputed)? else {
        if args.json {
            return output::json(&json!({"pending": Value::Null, "same": Value::Null, "evidence": Value::Null}));
        }
        say!("Nothing is pending on this distributor: there is nothing to dispute.");
        return Ok(());
    };
    let pending = super::pending(&disputed.pending);
    let Some(derived) = &disputed.derived else {
        return fail(
            Kind::Refused,
            format!(
                "nothing that could wait in its place is derived here yet: {:?} of epoch {}. Synchronise, wait for the seal, and \
                 try again",
                disputed.pending.kind, disputed.pending.epoch
            ),
        );
    };
    let same = disputed.differences.is_empty();
    let evidence = (!same).then(|| Evidence::new(&disputed, derived, desk.reader.chain().as_str()));
    if let (Some(evidence), Some(out)) = (&evidence, &args.out) {
        evidence.write(out)?;
    }
    if args.json {
        output::json(&json!({"pending": pending, "same": same, "evidence": evidence}))?;
    } else {
        print(args, &disputed, evidence.as_ref());
    }
    if same {
        return Ok(());
    }
    fail(
        Kind::Integrity,
        format!(
            "the pending statement of epoch {} is not what this oracle derives: {} differences",
            disputed.pending.epoch,
            disputed.differences.len()
        ),
    )
}

fn print(args: &DisputeArgs, disputed: &liaise_node::Disputed, evidence: Option<&Evidence>) {
    say!("pending         {:?} of epoch {}", disputed.pending.kind, disputed.pending.epoch);
    say!("statement       {}", disputed.pending.digest);
    say!("transaction     {}", disputed.accepted.transaction);
    let Some(evidence) = evidence else {
        say!("It is what this oracle derives, to the byte: there is nothing to dispute.");
        return;
    };
    say!("derived         {}", evidence.derived.digest);
    if let (Some(root), Some(sum)) = (&evidence.derived.root, &evidence.derived.root_sum) {
        say!("derived root    {root} over {sum} base units, computed two ways");
    }
    for signature in &evidence.signatures {
        say!("signed by       {}", signature.oracle);
    }
    if let Some(first) = disputed.differences.first() {
        say!("first differs   {first}");
    }
    say!("until {} (Unix seconds) the guardian or the DAO can stop it:", disputed.pending.payable_s);
    match &args.out {
        Some(out) => say!("  liaise dao veto --evidence {} --reason \"…\"", out.display()),
        None => say!("  write the evidence with --out FILE, and send it to them"),
    }
}
