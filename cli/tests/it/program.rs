//! Runs the `liaise` program.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tokio::sync::{Mutex, MutexGuard};

/// The program under test.
pub const LIAISE: &str = env!("CARGO_BIN_EXE_liaise");

/// Whole networks run one at a time: two would measure each other.
pub async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: OnceLock<Mutex<()>> = OnceLock::new();
    ALONE.get_or_init(Mutex::default).lock().await
}

/// A user's home directory, as commands see it.
pub struct Terminal {
    home: PathBuf,
    passphrase_file: PathBuf,
}

impl Terminal {
    /// A terminal whose commands work in `home`.
    pub fn new(home: &Path, passphrase_file: &Path) -> Terminal {
        Terminal { home: home.to_owned(), passphrase_file: passphrase_file.to_owned() }
    }

    /// A command of the program, ready to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(LIAISE);
        command.args(arguments).env("LIAISE_HOME", &self.home).env("LIAISE_PASSPHRASE_FILE", &self.passphrase_file);
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program was built")
    }

    /// Standard output of a command that succeeds.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "liaise {}: {}", arguments.join(" "), text(&output.stderr));
        text(&output.stdout)
    }

    /// The JSON document of a command that succeeds.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.ok(arguments);
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("liaise {}: {error}", arguments.join(" ")))
    }
}

/// What a program wrote.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
