//! What wallets sign, by the libraries that they are built with.

use crate::failure::Failure;
use crate::host::Host;
use crate::process;

/// The folder of the fixtures and of what makes them.
pub const FOLDER: &str = "ledger/tests/wallets";

/// Makes the fixtures anew and compares them; then the libraries judge what Rust signed.
pub fn check(host: &Host) -> Result<(), Failure> {
    let mut node = host.command("node");
    node.args(["wallets.mjs", "--check"]).current_dir(host.root.join(FOLDER));
    process::run(&mut node).map_err(|failure| {
        failure.remedy(format!(
            "without {FOLDER}/node_modules: `cargo xtask setup`; if a session text was meant to change, run\n\
             `cargo xtask vectors`, then `node wallets.mjs` in {FOLDER}"
        ))
    })
}
