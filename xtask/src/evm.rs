//! Where the EVM contracts and their tools are.

use std::path::PathBuf;

use crate::host::Host;

/// The folder of the Foundry project.
pub const FOLDER: &str = "contracts/evm";
/// The Foundry programs that npm brings.
pub const TOOLS: [&str; 3] = ["anvil", "forge", "cast"];

/// Foundry's own binary, not npm's wrapper around it: whoever starts the wrapper and kills it leaves the binary running.
pub fn tool(host: &Host, name: &str) -> PathBuf {
    let platform = match std::env::consts::ARCH {
        "aarch64" => "linux-arm64",
        _ => "linux-amd64",
    };
    host.root.join(FOLDER).join(format!("node_modules/@foundry-rs/{name}-{platform}/bin/{name}"))
}
