//! `liaise compute`: what this machine can do for others.

use crate::exit::{Kind, OrExit};
use crate::output::{self, say};
use clap::{Args, Subcommand};
use liaise_compute::{Cache, CheckReport, Device, check};
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum ComputeCommand {
    /// Load the runtime and a model, say which device they run on, and time an inference.
    Check(CheckArgs),
}

/// See [`ComputeCommand::Check`].
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The adapter's bundle; the retrieval model that set-up installed by default.
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// ONNX Runtime's shared library; where set-up put it by default.
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
    /// auto, cpu or cuda.
    #[arg(long, default_value = "auto")]
    device: Device,
    /// Threads of one inference.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(command: ComputeCommand) -> eyre::Result<()> {
    let ComputeCommand::Check(args) = command;
    let cache = Cache::default();
    let library = match args.library {
        Some(library) => library,
        None => cache.library().or_exit(Kind::Usage)?,
    };
    let bundle = args.bundle.unwrap_or_else(|| cache.minilm());
    let report = liaise_node::blocking(move || check(&library, &bundle, args.threads.max(1), args.device)).await;
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
