//! The demo's way through the delays of opening and refiling: the calendar runs on until every ended epoch is payable.

use super::chain::FEE;
use super::network::Network;
use super::progress::Stages;
use liaise_chain_api::{Action, At, Distributor, PendingKind};

/// A beat of the calendar while statements are filed: an epoch's delay and a minute.
const BEAT_MS: u64 = (21_600 + 60) * 1000;

/// Files until nothing is left; vetoes one epoch's statement once on the way, if one is named.
pub async fn file_everything(network: &mut Network, veto: Option<i64>, stages: &Stages) -> eyre::Result<()> {
    let first = network.epoch;
    let stage = stages.begin("the calendar runs on, a statement each six hours", 0);
    while beat(network, veto).await? {
        stage.step();
    }
    let ran_on = network.epoch - first;
    let vetoed = veto.map_or(String::new(), |epoch| format!("; epoch {epoch} vetoed and filed anew"));
    stage.done(
        stages,
        &format!(
            "{} epochs sealed, folded and filed, {ran_on} of them empty ones of the delays{vetoed}",
            network.epoch
        ),
    );
    Ok(())
}

/// One look and one beat; false when every ended epoch is filed and payable.
pub async fn beat(network: &mut Network, veto: Option<i64>) -> eyre::Result<bool> {
    network.seal_ended_epochs().await?;
    let state = network.site.reader.distributor(At::Latest).await?;
    if let Some(epoch) = veto
        && veto_once(network, &state, epoch).await?
    {
        return Ok(true);
    }
    let Some(pending) = state.pending else {
        if i64::from(state.next.0) >= network.epoch {
            return Ok(false);
        }
        let next = state.next;
        network.wait(&format!("the statement of epoch {}", next.0), async |state| state.next > next).await?;
        return Ok(true);
    };
    let now_ms = network.calendar.wall_ms();
    let step = (now_ms + BEAT_MS).min(((pending.payable_s + 1) * 1000).max(now_ms + 1000));
    network.advance(step.min(network.close_ms())).await?;
    Ok(true)
}

async fn veto_once(network: &mut Network, state: &Distributor, epoch: i64) -> eyre::Result<bool> {
    let of_epoch = |kind, number: u32| kind == PendingKind::Epoch && i64::from(number) == epoch;
    let Some(pending) = state.pending.filter(|pending| of_epoch(pending.kind, pending.epoch.0)) else {
        return Ok(false);
    };
    if network.site.reader.statements(pending.epoch, At::Latest).await?.iter().any(|accepted| accepted.vetoed) {
        return Ok(false);
    }
    let reason = b"demo: the guardian's one veto".to_vec();
    network.send(&Action::Veto { digest: pending.digest, reason }).await?;
    network.wait("the veto", async |state| state.head != pending.digest).await?;
    Ok(true)
}

impl Network {
    /// Sends something with the guardian's key.
    pub(super) async fn send(&self, action: &Action) -> eyre::Result<()> {
        let prepared = self.site.guardian.prepare(action, FEE, &[]).await?;
        self.site.guardian.broadcast(&prepared).await?;
        Ok(())
    }
}
