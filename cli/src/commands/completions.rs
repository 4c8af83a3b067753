//! `liaise completions`.

use crate::output::say;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print a shell's completion script.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Prints it.
pub fn run(args: &CompletionsArgs) -> eyre::Result<()> {
    // Into memory first: the generator panics where its reader goes away.
    let mut script = vec![];
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "liaise", &mut script);
    say!("{}", String::from_utf8(script)?.trim_end());
    Ok(())
}
