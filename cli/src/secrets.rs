//! Passphrases: from the environment, a file, or the terminal; never from an argument.

use crate::exit::{Kind, OrExit, fail};
use clap::Args;
use std::collections::BTreeMap;
use std::fmt;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

/// Where a passphrase comes from.
#[derive(Clone, Debug, Default, Args)]
pub struct PassphraseArgs {
    /// File whose first line is the passphrase. Without it LIAISE_PASSPHRASE is read, then the terminal is asked.
    #[arg(long, env = "LIAISE_PASSPHRASE_FILE", value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// What the terminal has answered: a key file's passphrase is asked for once.
    #[arg(skip)]
    typed: Typed,
}

/// Passphrases by what they open.
#[derive(Clone, Default)]
struct Typed(Arc<Mutex<BTreeMap<String, Zeroizing<String>>>>);

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(..)")
    }
}

impl Typed {
    fn get(&self, what: &str) -> Option<Zeroizing<String>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(what).cloned()
    }

    fn keep(&self, what: &str, passphrase: &Zeroizing<String>) {
        let mut known = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.insert(what.to_owned(), passphrase.clone());
    }
}

impl PassphraseArgs {
    /// The passphrase of a key that exists. `what` is the key's file: it is asked for once.
    pub fn read(&self, what: &str) -> eyre::Result<Zeroizing<String>> {
        if let Some(known) = self.without_terminal()? {
            return Ok(known);
        }
        if let Some(typed) = self.typed.get(what) {
            return Ok(typed);
        }
        let passphrase = ask(&format!("Passphrase of {what}: "), what)?;
        self.typed.keep(what, &passphrase);
        Ok(passphrase)
    }

    /// The passphrase of a key that exists, where there is a way to have it: what can be said without is said without.
    pub fn read_if_possible(&self, what: &str) -> eyre::Result<Option<Zeroizing<String>>> {
        if let Some(known) = self.without_terminal()? {
            return Ok(Some(known));
        }
        if std::io::stdin().is_terminal() { self.read(what).map(Some) } else { Ok(None) }
    }

    /// A passphrase for a new key: asked for twice on a terminal.
    pub fn choose(&self, what: &str) -> eyre::Result<Zeroizing<String>> {
        if let Some(known) = self.without_terminal()? {
            return Ok(known);
        }
        let first = ask(&format!("New passphrase for {what}: "), what)?;
        let second = ask("The same again: ", what)?;
        if first != second {
            return fail(Kind::Usage, "the two passphrases differ: try again");
        }
        self.typed.keep(what, &first);
        Ok(first)
    }

    fn without_terminal(&self) -> eyre::Result<Option<Zeroizing<String>>> {
        if let Some(file) = &self.passphrase_file {
            let text = std::fs::read_to_string(file)
                .map_err(|error| eyre::eyre!("the passphrase's file {}: {error}", file.display()));
            let text = Zeroizing::new(text.or_exit(Kind::Usage)?);
            return Ok(Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())));
        }
        Ok(std::env::var("LIAISE_PASSPHRASE").ok().map(Zeroizing::new))
    }
}

/// Asks the terminal, or says how to do without one.
fn ask(prompt: &str, what: &str) -> eyre::Result<Zeroizing<String>> {
    let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
    let remedy = |error: std::io::Error| {
        eyre::eyre!(
            "no terminal to ask for the passphrase of {what} ({error}): name a file that holds it with --passphrase-file \
             or LIAISE_PASSPHRASE_FILE, or set LIAISE_PASSPHRASE"
        )
    };
    typed.map_err(remedy).or_exit(Kind::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_kept_by_file_and_never_shown() {
        let args = PassphraseArgs::default();
        args.typed.keep("keys/me.json", &Zeroizing::new("correct horse".into()));
        assert_eq!(args.clone().typed.get("keys/me.json").unwrap().as_str(), "correct horse");
        assert!(args.typed.get("keys/other.json").is_none());
        assert!(!format!("{args:?}").contains("correct"));
    }
}
