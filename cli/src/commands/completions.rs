//! `liaise completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print a shell's completion script.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Prints it.
pub fn run(args: &CompletionsArgs) {
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "liaise", &mut std::io::stdout());
}
