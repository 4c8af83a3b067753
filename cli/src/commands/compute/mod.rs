//! `liaise compute`: what this machine can do for others, and what turns a model into an adapter.

mod compare;

use crate::exit::{Kind, OrExit};
use crate::output::{self, say};
use clap::{Args, Subcommand};
use liaise_compute::{Cache, CheckReport, Device, check, pack};
use serde_json::json;
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum ComputeCommand {
    /// Load the runtime and a model, say which device they run on, and time an inference.
    Check(CheckArgs),
    /// Make a bundle of a folder: write the sizes and hashes of its files into its manifest.json, and name its adapter's id.
    Pack(PackArgs),
    /// Compute the same texts in two ways and say how far apart they are: what an adapter's tolerances rest on.
    Compare(compare::CompareArgs),
}

/// See [`ComputeCommand::Pack`].
#[derive(Debug, Args)]
pub struct PackArgs {
    /// The folder: the model's files and a manifest.json, whose `files` is written anew.
    dir: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Which model runs, by which library, and where.
#[derive(Debug, Args)]
struct ModelArgs {
    /// The adapter's bundle; the retrieval model that set-up installed by default.
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// ONNX Runtime's shared library; where set-up put it by default.
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
    /// auto, cpu or cuda.
    #[arg(long, default_value = "auto")]
    device: Device,
}

impl ModelArgs {
    fn bundle(&self) -> PathBuf {
        self.bundle.clone().unwrap_or_else(|| Cache::default().minilm())
    }

    fn library(&self) -> eyre::Result<PathBuf> {
        self.library.clone().map_or_else(|| Cache::default().library(), Ok).or_exit(Kind::Usage)
    }
}

/// See [`ComputeCommand::Check`].
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Threads of one inference.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(command: ComputeCommand) -> eyre::Result<()> {
    match command {
        ComputeCommand::Check(args) => run_check(args).await,
        ComputeCommand::Pack(args) => run_pack(args).await,
        ComputeCommand::Compare(args) => compare::run(args).await,
    }
}

async fn run_pack(args: PackArgs) -> eyre::Result<()> {
    let bundle = liaise_node::blocking(move || pack(&args.dir)).await.or_exit(Kind::Usage)?;
    let manifest = bundle.manifest();
    if args.json {
        return output::json(&json!({"adapter": bundle.id(), "kind": manifest.kind, "name": manifest.name}));
    }
    for (name, file) in &manifest.files {
        say!("{}  {:>11}  {name}", file.sha256, file.bytes);
    }
    say!("adapter {} {}, {}", bundle.id(), manifest.name, manifest.kind);
    Ok(())
}

async fn run_check(args: CheckArgs) -> eyre::Result<()> {
    let (library, bundle) = (args.model.library()?, args.model.bundle());
    let report = liaise_node::blocking(move || check(&library, &bundle, args.threads.max(1), args.model.device)).await;
    let report = report.or_exit(Kind::Refused)?;
    if args.json { output::json(&report) } else { print(&report) }
}

fn print(report: &CheckReport) -> eyre::Result<()> {
    let ms = |us: u64| format!("{}.{:03} ms", us / 1000, us % 1000);
    say!("library     {}", report.library.display());
    say!("            {}", report.library_build);
    say!("            SHA-256 {}", report.library_sha256);
    say!("device      {} ({}), {} threads", report.device, report.provider, report.threads);
    say!("adapter     {} {}", report.adapter, report.model);
    say!("hashes      checked in {}", ms(report.verify_us));
    say!("load        {}", ms(report.load_us));
    say!("inference   {} for {} tokens, median", ms(report.inference_us), report.tokens);
    Ok(())
}
