//! `liaise manual`: the reference of all commands, made of what `--help` says.

use crate::exit::{Kind, OrExit};
use crate::output::say;
use clap::{Args, Command, CommandFactory};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Columns of the text: as wide as a page shows without scrolling.
const WIDTH: usize = 100;

/// Print the reference of all commands as Markdown, or write man pages.
#[derive(Debug, Args)]
pub struct ManualArgs {
    /// Write a man page a command into this directory, which must exist, instead of printing Markdown.
    #[arg(long, value_name = "DIR")]
    man: Option<PathBuf>,
}

/// Prints or writes it.
pub fn run(args: &ManualArgs) -> eyre::Result<()> {
    let command = whole();
    match &args.man {
        Some(dir) => man_pages(&command, dir),
        None => {
            say!("{}", markdown(command).trim_end());
            Ok(())
        }
    }
}

/// The command line with its full names, the same on every machine.
fn whole() -> Command {
    let mut command = bare(crate::Cli::command()).term_width(WIDTH);
    command.build();
    command
}

/// Without what the environment says here, and without the `help` that every level has.
fn bare(command: Command) -> Command {
    let command = command.disable_help_subcommand(true).mut_args(|arg| arg.hide_env_values(true));
    command.mut_subcommands(|sub| bare(sub).term_width(WIDTH))
}

/// What every command has is said once, of the program itself.
const EVERYWHERE: [&str; 3] = ["home", "help", "version"];

fn markdown(command: Command) -> String {
    let mut text = String::from(
        "# Commands\n\n\
         Written by `liaise manual`; a test compares. [Exit codes](exit-codes.md): 0 done, 1 failed, 2 wrong usage, 3 refused,\n\
         4 the chain, 5 a proof, 6 integrity.\n",
    );
    chapter(&command, command.clone(), &mut text);
    text
}

/// A command as it is shown, and those below it.
fn chapter(command: &Command, mut shown: Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let help = shown.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(text, "\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end()).expect("a string takes all");
    for sub in command.get_subcommands() {
        let own = sub.clone().mut_args(|arg| {
            let everywhere = EVERYWHERE.contains(&arg.get_id().as_str());
            if everywhere { arg.hide(true) } else { arg }
        });
        chapter(sub, own, text);
    }
}

fn man_pages(command: &Command, dir: &Path) -> eyre::Result<()> {
    clap_mangen::generate_to(command.clone(), dir)
        .map_err(|error| eyre::eyre!("{}: {error}: name a directory that exists", dir.display()))
        .or_exit(Kind::Usage)?;
    say!("{}: open one with `man {}`", dir.display(), dir.join("liaise.1").display());
    Ok(())
}
