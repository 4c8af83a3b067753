//! ONNX Runtime, the retrieval model and the sample corpus, which compute/setup/fetch.py puts into the cache.

use super::Plan;
use super::stamp::Stamp;
use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::process;

const FETCH: &str = "compute/setup/fetch.py";

pub fn plan(host: &Host, options: &args::Setup) -> Result<Option<Plan>, Failure> {
    let (download, disk) = if options.gpu { (1_800_000_000, 3_500_000_000) } else { (120_000_000, 250_000_000) };
    Ok(Some(Plan {
        done: stamp(host, options)?.is_fresh(),
        what: format!("ONNX Runtime{}, the retrieval model, the corpus", if options.gpu { " for GPUs" } else { "" }),
        download,
        disk,
        root: false,
    }))
}

pub fn install(host: &Host, options: &args::Setup) -> Result<(), Failure> {
    let mut fetch = host.command("python3");
    fetch.arg(FETCH).arg("--cache").arg(&host.cache);
    if options.gpu {
        fetch.arg("--gpu");
    }
    process::download(&mut fetch, "PyPI")?;
    stamp(host, options)?.write()
}

fn stamp(host: &Host, options: &args::Setup) -> Result<Stamp, Failure> {
    let name = if options.gpu { "compute-gpu.stamp" } else { "compute.stamp" };
    Stamp::new(host.cache.join(name), &[host.root.join(FETCH)])
}
