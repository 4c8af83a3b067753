//! Commands that the demo's people would type.

use super::network::Network;
use std::path::Path;

impl Network {
    /// A command of the program in the second terminal's home; what it printed.
    ///
    /// # Errors
    /// It failed; what it said.
    pub(super) async fn command(&self, arguments: &[&str]) -> eyre::Result<String> {
        self.command_in(&self.dir().join("home"), arguments).await
    }

    /// The same in another home.
    ///
    /// # Errors
    /// It failed; what it said.
    pub(super) async fn command_in(&self, home: &Path, arguments: &[&str]) -> eyre::Result<String> {
        let output = tokio::process::Command::new(&self.program)
            .args(arguments)
            .env("LIAISE_HOME", home)
            .env("LIAISE_PASSPHRASE_FILE", self.dir().join("passphrase"))
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stderr);
        eyre::ensure!(output.status.success(), "liaise {}: {}", arguments.join(" "), said.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
