//! `cargo xtask test`: every check of the project, in the order in which a failure is cheapest to learn of.

use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::host::Host;
use crate::process::{self, ask};
use crate::{args, bch, deploy, evm, figures, setup, solana, tidy, vectors, wallets};

/// One check.
struct Step {
    name: &'static str,
    what: &'static str,
    /// Left out by `--quick`.
    slow: bool,
    run: fn(&Host) -> Result<(), Failure>,
}

const STEPS: [Step; 19] = [
    Step { name: "setup", what: "install what is missing", slow: false, run: set_up },
    Step {
        name: "fmt",
        what: "Rust formatting",
        slow: false,
        run: |host| {
            process::run(host.cargo().args(["fmt", "--all", "--check"]))
                .map_err(|failure| failure.remedy("`cargo fmt --all`"))
        },
    },
    Step { name: "tidy", what: "the tree against its documents and rules", slow: false, run: tidy::run },
    Step {
        name: "clippy",
        what: "lints of every target, warnings denied",
        slow: false,
        run: |host| {
            process::run(host.cargo().args([
                "clippy",
                "--locked",
                "--workspace",
                "--all-targets",
                "--",
                "--deny",
                "warnings",
            ]))
        },
    },
    Step {
        name: "vectors",
        what: "the vectors are what the code writes",
        slow: false,
        run: |host| vectors::run(host, true),
    },
    Step {
        name: "wallets",
        what: "signatures of wallets, by wallets' own libraries",
        slow: false,
        run: wallets::check,
    },
    Step { name: "deploy", what: "alerts and unit file, by promtool and systemd", slow: false, run: deploy::run },
    Step {
        name: "svm-build",
        what: "the Solana program from source is the recorded one, its interface the committed one; the local node",
        slow: false,
        run: solana::build,
    },
    Step { name: "tests", what: "unit and integration tests of the workspace", slow: false, run: tests },
    Step {
        name: "doc-tests",
        what: "the examples in the documentation",
        slow: true,
        run: |host| process::run(host.cargo().args(["test", "--locked", "--workspace", "--doc"])),
    },
    Step { name: "evm-fmt", what: "Solidity formatting", slow: false, run: evm::fmt },
    Step { name: "evm-build", what: "the contracts compile", slow: false, run: evm::build },
    Step { name: "evm-artifacts", what: "committed ABI and bytecode are fresh", slow: false, run: evm::artifacts },
    Step { name: "bch-build", what: "the covenants compile to what is committed", slow: false, run: bch::build },
    Step {
        name: "figures",
        what: "no action costs 5 % more on its chain than contracts/figures.json says",
        slow: false,
        run: |host| figures::run(host, true),
    },
    Step {
        name: "network",
        what: "whole networks of processes: demo, second terminal, survival, monitoring, another model",
        slow: true,
        run: network,
    },
    Step {
        name: "evm-test",
        what: "unit, fuzz and invariant tests of the contracts, gas snapshot",
        slow: false,
        run: evm::test,
    },
    Step {
        name: "bch-test",
        what: "every path, refusal and reachable state of the covenants in libauth's virtual machine",
        slow: false,
        run: bch::test,
    },
    Step {
        name: "svm-test",
        what: "format, lints and tests of the Solana program, as built, in LiteSVM",
        slow: false,
        run: solana::test,
    },
];

/// The names that `--only` takes.
pub fn step_names() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|step| step.name)
}

/// What `cargo xtask test --help` prints.
pub fn help() -> String {
    let mut text = "\
cargo xtask test [--quick] [--list] [--only STEP]...

Sets up, then runs every check; stops at the first failure and says how to run that step alone.

  --quick      leave out the steps marked slow
  --list       show the steps and stop
  --only STEP  run this step, and nothing else; may be given more than once

Steps, in order:\n"
        .to_string();
    text.push_str(&list());
    text
}

fn list() -> String {
    let line = |step: &Step| format!("  {:<14} {}{}", step.name, step.what, if step.slow { " (slow)" } else { "" });
    STEPS.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Runs the chosen steps.
pub fn run(host: &Host, options: &args::Test) -> Result<(), Failure> {
    if options.list {
        say!("{}", list());
        return Ok(());
    }
    perform(host, &chosen(&STEPS, options)?)
}

fn chosen<'a>(steps: &'a [Step], options: &args::Test) -> Result<Vec<&'a Step>, Failure> {
    if let Some(unknown) = options.only.iter().find(|name| !steps.iter().any(|step| step.name == name.as_str())) {
        return Err(Failure::new(format!("no step `{unknown}`")).remedy("`cargo xtask test --list` shows the steps"));
    }
    let wanted = |step: &&Step| match options.only.as_slice() {
        [] => !(options.quick && step.slow),
        only => only.iter().any(|name| name == step.name),
    };
    Ok(steps.iter().filter(wanted).collect())
}

fn perform(host: &Host, steps: &[&Step]) -> Result<(), Failure> {
    let start = Instant::now();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut outcome = Ok(());
    for (number, step) in steps.iter().enumerate() {
        say!("\n== {} of {}: {} ({})", number + 1, steps.len(), step.name, step.what);
        let began = Instant::now();
        let result = (step.run)(host);
        times.push((step.name, began.elapsed()));
        if let Err(failure) = result {
            eprintln!("\n{failure}");
            outcome = Err(Failure::new(format!("step `{}` failed", step.name))
                .remedy(format!("mend it, then run it alone: `cargo xtask test --only {}`", step.name)));
            break;
        }
    }
    say!("\n{}", summary(&times, start.elapsed()));
    outcome
}

fn summary(times: &[(&str, Duration)], total: Duration) -> String {
    let line = |(name, time): &(&str, Duration)| format!("  {name:<14} {:>9}", minutes(*time));
    let mut lines: Vec<String> = times.iter().map(line).collect();
    lines.push(line(&("total", total)));
    lines.join("\n")
}

fn minutes(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    match tenths / 600 {
        0 => format!("{}.{} s", tenths / 10, tenths % 10),
        minutes => format!("{minutes} min {:02} s", tenths % 600 / 10),
    }
}

fn set_up(host: &Host) -> Result<(), Failure> {
    setup::run(host, &args::Setup { yes: true, ..args::Setup::default() })
}

/// The tests that start whole networks: a step of their own, for they take minutes and nothing may run beside them.
const NETWORK: &str = "binary_id(liaise::it)";
/// The same, as `cargo test` selects them.
const NETWORKS: [&str; 4] = ["add_a_model::", "monitoring::", "survival::", "terminal::"];

fn tests(host: &Host) -> Result<(), Failure> {
    let skipped: Vec<&str> = NETWORKS.iter().flat_map(|name| ["--skip", name]).collect();
    run_tests(host, &format!("not {NETWORK}"), &skipped)
}

fn network(host: &Host) -> Result<(), Failure> {
    run_tests(host, NETWORK, &NETWORKS)
}

/// With nextest where it is installed: it runs the tests of all crates side by side. One selection of crates for every
/// step, or features differ and RocksDB is compiled again.
fn run_tests(host: &Host, filter: &str, names: &[&str]) -> Result<(), Failure> {
    let mut cargo = host.cargo();
    if ask("cargo-nextest", &["--version"]).is_some() {
        cargo.args(["nextest", "run", "--locked", "--workspace", "--no-fail-fast", "-E", filter]);
    } else {
        cargo.args(["test", "--locked", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests", "--examples"]);
        cargo.arg("--").args(names);
    }
    process::run(&mut cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Step = Step { name: "good", what: "", slow: false, run: |_| Ok(()) };
    const SLOW: Step = Step { name: "slow", what: "", slow: true, run: |_| Ok(()) };
    const BAD: Step = Step { name: "bad", what: "", slow: false, run: |_| Err(Failure::new("red")) };
    const NEVER: Step = Step { name: "never", what: "", slow: false, run: |_| panic!("ran after a failure") };

    fn host() -> Host {
        Host { root: "/".into(), cache: "/".into(), target: "/".into() }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = step_names().collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn options_choose_the_steps() {
        let steps = [GOOD, SLOW, BAD];
        let names = |options: &args::Test| -> Vec<&str> {
            chosen(&steps, options).unwrap().iter().map(|step| step.name).collect()
        };
        assert_eq!(names(&args::Test::default()), ["good", "slow", "bad"]);
        assert_eq!(names(&args::Test { quick: true, ..args::Test::default() }), ["good", "bad"]);
        let only = args::Test { quick: true, only: vec!["slow".into()], ..args::Test::default() };
        assert_eq!(names(&only), ["slow"]);
        assert!(chosen(&steps, &args::Test { only: vec!["gone".into()], ..args::Test::default() }).is_err());
    }

    #[test]
    fn the_first_failure_stops_and_names_its_step() {
        assert!(perform(&host(), &[&GOOD, &SLOW]).is_ok());
        let text = perform(&host(), &[&GOOD, &BAD, &NEVER]).unwrap_err().to_string();
        assert!(text.contains("step `bad` failed") && text.contains("cargo xtask test --only bad"), "{text}");
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(minutes(Duration::from_millis(1_250)), "1.2 s");
        assert_eq!(minutes(Duration::from_millis(59_990)), "59.9 s");
        assert_eq!(minutes(Duration::from_secs(754)), "12 min 34 s");
        let table = summary(&[("fmt", Duration::from_secs(1))], Duration::from_secs(61));
        assert_eq!(table, "  fmt                1.0 s\n  total          1 min 01 s");
    }
}
