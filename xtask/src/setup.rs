//! `cargo xtask setup`: what the project needs, shown first, then installed once.

mod bch;
mod compute;
mod crates;
mod debian;
mod evm;
mod npm;
mod prometheus;
mod rust;
mod solana;
mod stamp;
mod wallets;

use std::fs::{self, File};
use std::path::Path;

use crate::args;
use crate::failure::Failure;
use crate::host::Host;
use crate::size::human;

pub use prometheus::program as prometheus_program;
pub use solana::folder as solana_toolchain;

/// One thing to install. Steps run in order: a later one may use what an earlier one installed.
struct Step {
    name: &'static str,
    /// Looks at the machine, changes nothing. Nothing where the step does not apply.
    plan: fn(&Host, &args::Setup) -> Result<Option<Plan>, Failure>,
    /// Installs what is missing. Cut off at any moment, it leaves nothing that looks complete.
    install: fn(&Host, &args::Setup) -> Result<(), Failure>,
}

/// What a step would do.
struct Plan {
    /// Nothing is missing.
    done: bool,
    /// What it installs, and what for.
    what: String,
    /// Upper bounds in bytes, of what is missing.
    download: u64,
    disk: u64,
    /// Whether it writes outside the user's own folders.
    root: bool,
}

const STEPS: [Step; 9] = [
    Step { name: "debian", plan: debian::plan, install: debian::install },
    Step { name: "rust", plan: rust::plan, install: rust::install },
    Step { name: "crates", plan: crates::plan, install: crates::install },
    Step { name: "evm", plan: evm::plan, install: evm::install },
    Step { name: "wallets", plan: wallets::plan, install: wallets::install },
    Step { name: "bch", plan: bch::plan, install: bch::install },
    Step { name: "compute", plan: compute::plan, install: compute::install },
    Step { name: "prometheus", plan: prometheus::plan, install: prometheus::install },
    Step { name: "solana", plan: solana::plan, install: solana::install },
];

/// Shows the list, then installs what is missing.
pub fn run(host: &Host, options: &args::Setup) -> Result<(), Failure> {
    fs::create_dir_all(&host.cache).map_err(|error| Failure::file("make", &host.cache, &error))?;
    // Two set-ups at once would write the same folders; the lock ends with the process.
    let path = host.cache.join("setup.lock");
    let lock = File::create(&path).map_err(|error| Failure::file("write", &path, &error))?;
    if !options.list && lock.try_lock().is_err() {
        say!("Waiting for another set-up to finish...");
        lock.lock().map_err(|error| Failure::file("lock", &path, &error))?;
    }
    perform(host, options, &STEPS)
}

fn perform(host: &Host, options: &args::Setup, steps: &[Step]) -> Result<(), Failure> {
    let mut missing = 0;
    let mut download = 0;
    let mut disk = 0;
    say!("{:<10} {:<8} {:>9} {:>9}  what", "step", "state", "download", "on disk");
    for step in steps {
        let Some(plan) = (step.plan)(host, options)? else { continue };
        let state = if plan.done { "there" } else { "missing" };
        let size = |bytes: u64| if plan.done { "-".to_string() } else { human(bytes) };
        let root = if plan.root && !plan.done { " (needs root)" } else { "" };
        say!("{:<10} {state:<8} {:>9} {:>9}  {}{root}", step.name, size(plan.download), size(plan.disk), plan.what);
        if !plan.done {
            missing += 1;
            download += plan.download;
            disk += plan.disk;
        }
    }
    if missing == 0 {
        say!("Nothing is missing.");
        return Ok(());
    }
    say!(
        "At most {} to download, {} on disk. The cache is {}; builds go to {}.",
        human(download),
        human(disk),
        host.cache.display(),
        host.target.display()
    );
    if options.list {
        return Ok(());
    }
    for step in steps {
        // Planned again: an earlier step may have brought it, or what its plan needs.
        if (step.plan)(host, options)?.is_none_or(|plan| plan.done) {
            continue;
        }
        say!("\n{}", step.name);
        (step.install)(host, options)?;
        if !(step.plan)(host, options)?.is_none_or(|plan| plan.done) {
            return Err(Failure::new(format!("set-up step `{}` ended without error and is still missing", step.name))
                .remedy("`cargo xtask setup --list` shows what it looks for"));
        }
    }
    say!("\nSet up.");
    Ok(())
}

/// Removes a folder that may not be there.
fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::file("remove", folder, &error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn host(name: &str) -> Host {
        let root = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&root));
        fs::create_dir_all(root.join("log")).unwrap();
        Host { cache: root.join("cache"), target: root.join("target"), root }
    }

    fn by_file(host: &Host, name: &str) -> Result<Option<Plan>, Failure> {
        let done = host.root.join(name).exists();
        Ok(Some(Plan { done, what: name.into(), download: 1, disk: 2, root: false }))
    }

    /// Creates the file that the plan looks for, and refuses to do so twice.
    fn create(host: &Host, name: &str) -> Result<(), Failure> {
        let path: PathBuf = host.root.join(name);
        File::create_new(&path).map(drop).map_err(|error| Failure::file("make", &path, &error))
    }

    const FIRST: Step =
        Step { name: "first", plan: |host, _| by_file(host, "first"), install: |host, _| create(host, "first") };
    const CUT: Step =
        Step { name: "cut", plan: |host, _| by_file(host, "cut"), install: |_, _| Err(Failure::new("no network")) };
    const LAST: Step =
        Step { name: "last", plan: |host, _| by_file(host, "last"), install: |host, _| create(host, "last") };
    const LAZY: Step = Step { name: "lazy", plan: |host, _| by_file(host, "lazy"), install: |_, _| Ok(()) };
    const ABSENT: Step =
        Step { name: "absent", plan: |_, _| Ok(None), install: |_, _| Err(Failure::new("must not run")) };

    #[test]
    fn finished_steps_are_skipped_and_a_cut_one_resumes() {
        let host = host("resume");
        let options = args::Setup::default();
        assert!(perform(&host, &options, &[FIRST, CUT, LAST]).is_err());
        assert!(host.root.join("first").exists() && !host.root.join("last").exists());
        // `first` would fail if it ran again.
        perform(&host, &options, &[FIRST, ABSENT, LAST]).unwrap();
        assert!(host.root.join("last").exists());
        fs::remove_dir_all(&host.root).unwrap();
    }

    #[test]
    fn listing_installs_nothing() {
        let host = host("list");
        perform(&host, &args::Setup { list: true, ..args::Setup::default() }, &[FIRST]).unwrap();
        assert!(!host.root.join("first").exists());
        fs::remove_dir_all(&host.root).unwrap();
    }

    #[test]
    fn a_step_that_installs_nothing_is_an_error() {
        let host = host("lazy");
        let text = perform(&host, &args::Setup::default(), &[LAZY]).unwrap_err().to_string();
        assert!(text.contains("`lazy`"), "{text}");
        fs::remove_dir_all(&host.root).unwrap();
    }
}
