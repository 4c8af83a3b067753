//! Passphrases: from the environment, a file, or the terminal; never from an argument.

use crate::exit::{Kind, OrExit};
use clap::Args;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Where a passphrase comes from.
#[derive(Clone, Debug, Default, Args)]
pub struct PassphraseArgs {
    /// File whose first line is the passphrase. Without it LIAISE_PASSPHRASE is read, then the terminal is asked.
    #[arg(long, env = "LIAISE_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase of a key that exists.
    pub fn read(&self, what: &str) -> eyre::Result<Zeroizing<String>> {
        if let Some(known) = self.without_terminal()? {
            return Ok(known);
        }
        let text = rpassword::prompt_password(format!("Passphrase of {what}: "));
        Ok(Zeroizing::new(text.or_exit(Kind::Usage)?))
    }

    /// A passphrase for a new key: asked for twice on a terminal.
    pub fn choose(&self, what: &str) -> eyre::Result<Zeroizing<String>> {
        if let Some(known) = self.without_terminal()? {
            return Ok(known);
        }
        let ask = |prompt: String| rpassword::prompt_password(prompt).map(Zeroizing::new).or_exit(Kind::Usage);
        let first = ask(format!("New passphrase for {what}: "))?;
        let second = ask("The same again: ".into())?;
        if first != second {
            return crate::exit::fail(Kind::Usage, "the two passphrases differ: try again");
        }
        Ok(first)
    }

    fn without_terminal(&self) -> eyre::Result<Option<Zeroizing<String>>> {
        if let Some(file) = &self.passphrase_file {
            let text = std::fs::read_to_string(file).map_err(|error| eyre::eyre!("{}: {error}", file.display()));
            let text = Zeroizing::new(text.or_exit(Kind::Usage)?);
            return Ok(Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())));
        }
        Ok(std::env::var("LIAISE_PASSPHRASE").ok().map(Zeroizing::new))
    }
}
