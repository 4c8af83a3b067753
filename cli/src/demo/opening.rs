//! The DAO's part of an opening where its members sign: the commands that each of them would type.

use super::network::Network;
use liaise_node::keys::Secret;
use std::path::Path;
use std::time::{Duration, Instant};

/// The longest wait for the oracles' votes, on the real clock.
const PATIENCE: Duration = Duration::from_secs(120);

/// Proposed once, signed by as many members as it takes, sent by whoever pays.
pub async fn by_members(network: &Network) -> eyre::Result<()> {
    let act = network.dir().join("open.json");
    let act = act.to_str().ok_or_else(|| eyre::eyre!("{} is no UTF-8", act.display()))?;
    network.command(&["dao", "propose", "open", "--out", act]).await?;
    signed_and_sent(network, &network.site.chain.members, &network.dir().join("home"), act).await
}

/// Signed by members until enough have, and sent with the guardian's coins; `home` has their keys.
pub async fn signed_and_sent(
    network: &Network,
    members: &[(String, Secret)],
    home: &Path,
    act: &str,
) -> eyre::Result<()> {
    for (member, _) in members {
        let signed = network.command_in(home, &["dao", "sign", act, "--key", member, "--json"]).await?;
        let signed: serde_json::Value = serde_json::from_str(&signed)?;
        if signed["signed"].as_u64() >= signed["threshold"].as_u64() {
            break;
        }
    }
    let began = Instant::now();
    loop {
        match network.command_in(home, &["dao", "send", act, "--key", "guardian"]).await {
            Ok(_) => return Ok(()),
            // the oracles' votes may be on their way
            Err(error) if began.elapsed() > PATIENCE => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}
