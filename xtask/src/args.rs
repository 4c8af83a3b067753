//! The command line of xtask.

use crate::failure::Failure;
use crate::test;

/// What the command line asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Print this text and stop.
    Help(String),
    /// Do this.
    Run(Command),
}

/// One task with its options.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Install what is missing.
    Setup(Setup),
    /// Build `liaise` and run `liaise demo` with these arguments.
    Demo(Vec<String>),
    /// Run every check, or the named ones.
    Test(Test),
    /// Check the tree against its documents.
    Tidy,
    /// Run the named benchmarks, or all, and write down what they say.
    Bench(Vec<String>),
    /// Run the named fuzz targets, or all.
    Fuzz(Fuzz),
    /// Write the test vectors, or only compare them.
    Vectors {
        /// Compare instead of writing.
        check: bool,
    },
    /// Measure what each action costs on each chain, and write it down or only compare it.
    Figures {
        /// Compare instead of writing.
        check: bool,
    },
}

/// Options of `setup`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Show the list and stop.
    pub list: bool,
    /// Fetch the GPU runtime too.
    pub gpu: bool,
    /// Use sudo without asking first.
    pub yes: bool,
}

/// Options of `test`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Test {
    /// Show the steps and stop.
    pub list: bool,
    /// Leave out the slow steps.
    pub quick: bool,
    /// The steps to run; all of them when empty.
    pub only: Vec<String>,
}

/// Options of `fuzz`.
#[derive(Debug, PartialEq, Eq)]
pub struct Fuzz {
    /// How long each target runs.
    pub seconds: u64,
    /// The targets; all of them when empty.
    pub targets: Vec<String>,
}

/// The names of the subcommands, as documents may cite them.
pub const SUBCOMMANDS: [&str; 8] = ["setup", "demo", "test", "tidy", "vectors", "figures", "bench", "fuzz"];

const HELP: &str = "\
cargo xtask <COMMAND>

  setup    install what is missing; shows the list with sizes first
  demo     set up, build and run `liaise demo`
  test     set up, then run every check of the project
  tidy     compare the tree with its documents and rules
  vectors  write the test vectors in tests/vectors
  figures  measure what each action costs on each chain, and write contracts/figures.json
  bench    measure, and write tests/benches/results.json and docs/benchmarks.md
  fuzz     feed hostile bytes to the decoders for minutes; writes corpora and docs/fuzzing.md

`cargo xtask <COMMAND> --help` says more. Exit codes: 0 done, 1 failed, 2 wrong usage.
Downloads go to the cache: $LIAISE_CACHE, else $XDG_CACHE_HOME/liaise, else ~/.cache/liaise. Builds go to
$CARGO_TARGET_DIR, else to target/ in the cache.";

const SETUP_HELP: &str = "\
cargo xtask setup [--list] [--gpu] [--yes]

Installs what is missing, and nothing that is there. Shows the list with sizes first, and what needs root.
A step that was cut off starts again; finished ones are skipped.

  --list  show the list and stop
  --gpu   fetch the GPU build of ONNX Runtime and its CUDA libraries too
  --yes   where root is needed, use sudo without asking first";

const DEMO_HELP: &str = "\
cargo xtask demo [ARGUMENTS...]

Sets up, builds `liaise` and runs `liaise demo ARGUMENTS`; `cargo xtask demo -- --help` shows the demo's own options.";

const TIDY_HELP: &str = "\
cargo xtask tidy

Compares the tree with its documents and rules: dependency edges, versions, licences, file lengths, unfinished work,
machine paths, links, the README's map and tables, decision records, the status list. Prints every finding.";

const VECTORS_HELP: &str = "\
cargo xtask vectors [--check]

Writes the test vectors in tests/vectors with the crates that own them.

  --check  write nothing; fail if a file differs from what would be written";

const FIGURES_HELP: &str = "\
cargo xtask figures [--check]

Measures what each action costs on each chain, in real transactions on its local chain, and writes contracts/figures.json.

  --check  write nothing; fail if a figure has grown by more than 5 % or is missing";

const BENCH_HELP: &str = "\
cargo xtask bench [NAME...]

Runs the named benchmarks of tests/benches, or all of them, in release builds, and writes their rows into
tests/benches/results.json and docs/benchmarks.md. Rows of others stay as they are. Leave the machine alone meanwhile.";

const FUZZ_HELP: &str = "\
cargo xtask fuzz [--seconds N] [TARGET...]

Runs the named targets of tests/fuzz, or all, ten minutes each, one after the other. Needs no nightly compiler. The corpora
in tests/fuzz/corpus are replaced by what is left of old and new inputs; tests/fuzz/results.json and docs/fuzzing.md say
what was run. An input that breaks a promise is kept, and fails the command.

  --seconds N  run each target for so much processor time";

/// Reads the arguments after the program's name.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Parsed, Failure> {
    let mut arguments = arguments.peekable();
    let Some(name) = arguments.next() else {
        return Err(usage("no command given"));
    };
    let asks_help = arguments.peek().is_some_and(|first| first == "--help" || first == "-h");
    let help = |text: &str| Ok(Parsed::Help(text.to_string()));
    let command = match name.as_str() {
        "--help" | "-h" | "help" => return help(HELP),
        "setup" if asks_help => return help(SETUP_HELP),
        "demo" if asks_help => return help(DEMO_HELP),
        "test" if asks_help => return Ok(Parsed::Help(test::help())),
        "tidy" if asks_help => return help(TIDY_HELP),
        "vectors" if asks_help => return help(VECTORS_HELP),
        "figures" if asks_help => return help(FIGURES_HELP),
        "bench" if asks_help => return help(BENCH_HELP),
        "fuzz" if asks_help => return help(FUZZ_HELP),
        "setup" => {
            let mut setup = Setup::default();
            for argument in arguments {
                match argument.as_str() {
                    "--list" => setup.list = true,
                    "--gpu" => setup.gpu = true,
                    "--yes" | "-y" => setup.yes = true,
                    other => return Err(unknown("setup", other)),
                }
            }
            Command::Setup(setup)
        }
        "demo" => {
            if arguments.peek().is_some_and(|first| first == "--") {
                arguments.next();
            }
            Command::Demo(arguments.collect())
        }
        "test" => {
            let mut test = Test::default();
            while let Some(argument) = arguments.next() {
                match argument.as_str() {
                    "--list" => test.list = true,
                    "--quick" => test.quick = true,
                    "--only" => test.only.push(arguments.next().ok_or_else(|| usage("--only needs a step's name"))?),
                    other => return Err(unknown("test", other)),
                }
            }
            Command::Test(test)
        }
        "tidy" => match arguments.next() {
            Some(other) => return Err(unknown("tidy", &other)),
            None => Command::Tidy,
        },
        "bench" => Command::Bench(arguments.collect()),
        "vectors" => Command::Vectors { check: only_check("vectors", arguments)? },
        "figures" => Command::Figures { check: only_check("figures", arguments)? },
        "fuzz" => {
            let mut fuzz = Fuzz { seconds: 600, targets: vec![] };
            while let Some(argument) = arguments.next() {
                match argument.as_str() {
                    "--seconds" => {
                        let seconds =
                            arguments.next().and_then(|text| text.parse::<u64>().ok()).filter(|seconds| *seconds > 0);
                        fuzz.seconds = seconds.ok_or_else(|| usage("--seconds needs a number above zero"))?;
                    }
                    option if option.starts_with('-') => return Err(unknown("fuzz", option)),
                    _ => fuzz.targets.push(argument),
                }
            }
            Command::Fuzz(fuzz)
        }
        other => return Err(usage(&format!("no command `{other}`"))),
    };
    Ok(Parsed::Run(command))
}

/// Whether `--check` was given, which is all that the command knows.
fn only_check(command: &str, arguments: impl Iterator<Item = String>) -> Result<bool, Failure> {
    let mut check = false;
    for argument in arguments {
        match argument.as_str() {
            "--check" => check = true,
            other => return Err(unknown(command, other)),
        }
    }
    Ok(check)
}

fn usage(what: &str) -> Failure {
    Failure::new(what).remedy("`cargo xtask --help` lists the commands")
}

fn unknown(command: &str, argument: &str) -> Failure {
    Failure::new(format!("`{command}` knows no `{argument}`")).remedy(format!("`cargo xtask {command} --help`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Parsed, Failure> {
        parse(line.split_whitespace().map(str::to_string))
    }

    #[test]
    fn every_subcommand_has_help() {
        for name in SUBCOMMANDS {
            let Ok(Parsed::Help(text)) = parsed(&format!("{name} --help")) else { panic!("{name}") };
            assert!(text.starts_with(&format!("cargo xtask {name}")), "{text}");
            assert!(HELP.contains(&format!("\n  {name}")), "{name} is missing in the overview");
        }
    }

    #[test]
    fn options_are_read() {
        let command = |line| match parsed(line) {
            Ok(Parsed::Run(command)) => command,
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(command("setup --gpu --yes"), Command::Setup(Setup { list: false, gpu: true, yes: true }));
        assert_eq!(
            command("test --only fmt --only tidy"),
            Command::Test(Test { only: vec!["fmt".into(), "tidy".into()], ..Test::default() })
        );
        assert_eq!(command("vectors --check"), Command::Vectors { check: true });
        assert_eq!(command("figures"), Command::Figures { check: false });
        assert_eq!(command("figures --check"), Command::Figures { check: true });
        let arguments = || vec!["--exit".to_string()];
        let fuzz = |seconds, targets: &[&str]| {
            Command::Fuzz(Fuzz { seconds, targets: targets.iter().map(|t| t.to_string()).collect() })
        };
        assert_eq!(command("fuzz"), fuzz(600, &[]));
        assert_eq!(command("fuzz --seconds 5 rpc car"), fuzz(5, &["rpc", "car"]));
        assert_eq!(command("bench tree"), Command::Bench(vec!["tree".into()]));
        assert_eq!(command("demo --exit"), Command::Demo(arguments()));
        assert_eq!(command("demo -- --exit"), Command::Demo(arguments()));
    }

    #[test]
    fn wrong_usage_is_refused() {
        for line in [
            "",
            "fly",
            "setup --all",
            "tidy x",
            "test --only",
            "vectors check",
            "figures x",
            "fuzz --seconds 0",
            "fuzz --all",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
