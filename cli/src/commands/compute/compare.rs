//! `liaise compute compare`: how far two machines' honest results lie apart.

use super::ModelArgs;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use clap::Args;
use liaise_compute::retrieval::{Apart, Retrieval, Rounding, read_passages};
use liaise_compute::{Bundle, Cache, Runtime, Verification};
use serde_json::json;
use std::path::{Path, PathBuf};

/// By how much a tolerance must be above what was measured.
const MARGIN: u32 = 10;

/// See [`super::ComputeCommand::Compare`].
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("with").required(true).args(["with_threads", "out", "against"]))]
pub struct CompareArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Threads of one inference.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// Compare with as many threads on this machine.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    with_threads: Option<u16>,
    /// Write what this machine computes, for another one to compare with.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Compare with what another machine wrote.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(args: CompareArgs) -> eyre::Result<()> {
    liaise_node::blocking(move || compare(&args)).await
}

fn compare(args: &CompareArgs) -> eyre::Result<()> {
    let bundle = Bundle::open(&args.model.bundle()).or_exit(Kind::Usage)?;
    let verification = bundle.manifest().verification.clone();
    let runtime = Runtime::load(&args.model.library()?).or_exit(Kind::Refused)?;
    let passages = read_passages(&Cache::default().passages()).or_exit(Kind::Usage)?;
    let measure = |threads: u16| {
        let primitive =
            Retrieval::open(bundle.clone(), &runtime, threads.into(), args.model.device).or_exit(Kind::Refused)?;
        Rounding::measure(&primitive, &passages).or_exit(Kind::Refused)
    };
    let here = measure(args.threads)?;
    if let Some(path) = &args.out {
        let text = serde_json::to_string(&here)?;
        std::fs::write(path, text).map_err(|error| eyre::eyre!("{}: {error}", path.display())).or_exit(Kind::Usage)?;
        if args.json {
            return output::json(&json!({"adapter": here.adapter, "device": here.device, "file": path}));
        }
        say!("written: {}, for `liaise compute compare --against` on another machine", path.display());
        return Ok(());
    }
    let there = match (args.with_threads, &args.against) {
        (Some(threads), _) => measure(threads)?,
        (None, Some(path)) => read(path)?,
        (None, None) => return fail(Kind::Usage, "name --with-threads, --out or --against"),
    };
    let apart = here.apart(&there).or_exit(Kind::Usage)?;
    print(args, &here, &there, apart, &verification)
}

fn read(path: &Path) -> eyre::Result<Rounding> {
    let text = std::fs::read_to_string(path).map_err(|error| eyre::eyre!("{}: {error}", path.display()));
    let parsed = serde_json::from_str(&text.or_exit(Kind::Usage)?);
    parsed
        .map_err(|error| eyre::eyre!("{}: {error}; write it with `liaise compute compare --out`", path.display()))
        .or_exit(Kind::Usage)
}

/// Fails where the manifest's tolerances leave too little room.
fn print(
    args: &CompareArgs,
    here: &Rounding,
    there: &Rounding,
    apart: Apart,
    certified: &Verification,
) -> eyre::Result<()> {
    let rows = [
        ("score", apart.score_ppm, certified.tolerance_ppm, "millionths"),
        ("evidence", apart.evidence, certified.evidence_tolerance, "of its own unit"),
    ];
    let tight = rows.iter().filter(|(_, found, allowed, _)| found.saturating_mul(MARGIN) > *allowed).count();
    if args.json {
        output::json(&json!({
            "adapter": here.adapter, "here": here.device, "there": there.device, "apart": apart,
            "tolerance_ppm": certified.tolerance_ppm, "evidence_tolerance": certified.evidence_tolerance, "ok": tight == 0,
        }))?;
    } else {
        say!("adapter   {}", here.adapter);
        say!("here      {}", here.device);
        say!("there     {}", there.device);
        for (what, found, allowed, unit) in rows {
            say!("{what:<9} {found} {unit} apart at most; the manifest allows {allowed}");
        }
    }
    if tight > 0 {
        return fail(
            Kind::Refused,
            format!("the manifest's tolerances are less than {MARGIN} times the difference: raise them"),
        );
    }
    Ok(())
}
