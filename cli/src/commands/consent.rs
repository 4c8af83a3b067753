//! The privacy warning: in full before the first prompt, one line ever after.

use crate::exit::{Kind, OrExit, fail};
use crate::home::Home;
use crate::output::note;
use liaise_ledger::Hash;
use std::io::{IsTerminal, Write};

/// Shown before the first prompt.
pub const WARNING: &str = "\
EVERYTHING THAT YOU PROMPT IS PUBLIC, FOR GOOD.

  - Anybody can read your prompts, the answers, your feedback, and the account that signed them.
  - The ledger is copied by many and can't be deleted. Only added documents can be removed later, and only their text.
  - The system has neither duty nor means to protect personal data that you publish. Publish none: no names, addresses,
    health, passwords, or anything about others that they have not published themselves.
  - Stores and nodes that you connect to directly see your IP address. It is never written to the ledger.";

/// Stays in sight.
pub const REMINDER: &str = "Public for good: anybody can read this prompt, its answer and your account.";

const FILE: &str = "consent";

/// What a consent is to: a changed warning or another network asks again.
fn subject(network: Hash) -> String {
    Hash::of(&[&network.0, WARNING.as_bytes()]).to_string()
}

/// Makes sure that the user has read the warning for this network, and says so on every later prompt. All of it goes to
/// standard error: standard output is the answer's.
pub fn obtain(home: &Home, network: Hash, accept_public: bool, now_ms: u64) -> eyre::Result<()> {
    let path = home.path(FILE);
    let subject = subject(network);
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    if known.lines().any(|line| line.starts_with(&subject)) {
        note!("{REMINDER}");
        return Ok(());
    }
    note!("{WARNING}\n");
    if !accept_public {
        if !std::io::stdin().is_terminal() {
            return fail(Kind::Usage, "nothing was sent: read the warning, then say --accept-public once");
        }
        write!(std::io::stderr(), "Type \"public\" to agree: ")?;
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).or_exit(Kind::Usage)?;
        if line.trim() != "public" {
            return fail(Kind::Usage, "nothing was sent, because you did not agree");
        }
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).or_exit(Kind::Usage)?;
    writeln!(file, "{subject} {now_ms}").or_exit(Kind::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_is_to_one_warning_on_one_network() {
        assert_ne!(subject(Hash([1; 32])), subject(Hash([2; 32])));
        assert_eq!(subject(Hash([1; 32])).len(), 64);
    }
}
