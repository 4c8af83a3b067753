//! `liaise demo --incidents`: what goes wrong or ends, as steps. Nine blocks are replaced under the network's feet; on a chain
//! beside it, with the same oracles and the same DAO, a distributor hands its range over and is opened again for a later one.

use super::chain::{ChainName, DemoChain, FEE, LocalChain, Rehearsed, schedule};
use super::network::Network;
use super::progress::Stages;
use super::{filing, opening};
use crate::home::NetworkConfig;
use eyre::WrapErr;
use liaise_chain_api::{Action, At, ChainError, Refusal, StatementSignature, Status, Submitter};
use liaise_node::chain;
use liaise_node::client::Wallet;
use liaise_node::keys::{self, Cost};
use liaise_summary::{DistributorId, Epoch, EpochStatement, Hash32, Node, OpenStatement, Schedule};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Blocks that are replaced: one less than make a block final.
const DEPTH: u64 = 9;
/// The rehearsal's terms: two epochs, and a day of notice.
const TERM_EPOCHS: u32 = 2;
const NOTICE_EPOCHS: u32 = 1;
/// The longest that a transaction may wait for its block, on the real clock.
const PATIENCE: Duration = Duration::from_secs(60);

/// Replaces the newest blocks as soon as an epoch is filed in them; what they held is forgotten by the chain, and comes back from
/// the oracles' journals.
pub async fn reorganise(network: &mut Network, stages: &Stages) -> eyre::Result<()> {
    let stage = stages.begin("nine blocks are replaced", 0);
    let filed = loop {
        let before = network.site.reader.distributor(At::Latest).await?;
        eyre::ensure!(filing::beat(network, None).await?, "no epoch is left to be filed");
        let state = network.site.reader.distributor(At::Latest).await?;
        if state.next > before.next {
            break state;
        }
    };
    let LocalChain::Bch(local) = &network.site.chain.local else { eyre::bail!("the steps are Bitcoin Cash's") };
    local.reorg(DEPTH).await?;
    let after = network.site.reader.distributor(At::Latest).await?;
    eyre::ensure!(after.next < filed.next, "the replaced blocks did not hold the statement of epoch {}", after.next);
    network.wait("the statement that the replaced blocks held", async |state| state.head == filed.head).await?;
    stage
        .done(stages, &format!("the statement of epoch {} was in them and is filed again, the same bytes", after.next));
    Ok(())
}

/// A distributor on a chain of its own.
struct Rehearsal<'a> {
    network: &'a Network,
    chain: DemoChain,
    schedule: Schedule,
    submitter: Arc<dyn Submitter>,
    home: PathBuf,
}

/// Hand-over and reopening.
pub async fn rehearse(network: &Network, stages: &Stages) -> eyre::Result<()> {
    let stage = stages.begin("a distributor hands over and comes back", 0);
    let rehearsal = Rehearsal::start(network).await.wrap_err("the rehearsal's chain")?;
    rehearsal.open(Epoch(0), DistributorId::ZERO).await.wrap_err("the first opening")?;
    rehearsal.file(Epoch(0)).await?;

    let heir = hex::encode([0x5a; 32]);
    let act = rehearsal.home.join("hand-over.json");
    let act = act.to_str().ok_or_else(|| eyre::eyre!("{} is no UTF-8", act.display()))?;
    let end = TERM_EPOCHS.to_string();
    let propose = ["dao", "propose", "hand-over", "--epoch", &end, "--to", &heir, "--out", act];
    network.command_in(&rehearsal.home, &propose).await?;
    opening::signed_and_sent(network, &rehearsal.chain.members, &rehearsal.home, act)
        .await
        .wrap_err("the members' hand-over")?;
    // the act spent the controller: what waited there waits anew
    rehearsal.pass().await?;
    rehearsal.file(Epoch(1)).await?;
    match rehearsal.submit(Epoch(2)).await {
        Err(error)
            if matches!(error.downcast_ref(), Some(ChainError::Refused { refusal: Refusal::OutOfRange, .. })) => {}
        other => eyre::bail!("epoch 2 is another distributor's, and filing it gives {other:?}"),
    }

    let again = Epoch(2 * TERM_EPOCHS);
    rehearsal.open(again, DistributorId([0x5a; 32])).await.wrap_err("the reopening")?;
    rehearsal.file(again).await?;
    let range = rehearsal.submitter.distributor(At::Latest).await?.range;
    eyre::ensure!(range.is_some_and(|range| range.first == again && range.end.is_none()), "the range is {range:?}");
    stage.done(
        stages,
        &format!(
            "handed over from epoch {TERM_EPOCHS} on by the DAO's members, epoch {TERM_EPOCHS} refused, opened again from \
             epoch {again} on and filed"
        ),
    );
    Ok(())
}

impl Rehearsal<'_> {
    async fn start(network: &Network) -> eyre::Result<Rehearsal<'_>> {
        let genesis = &network.founding.genesis;
        let schedule = Schedule { term_epochs: TERM_EPOCHS, ..schedule(genesis) };
        let local = LocalChain::start(ChainName::Bch, schedule.genesis_s - 3600).await?;
        let home = network.dir().join("rehearsal");
        std::fs::create_dir_all(&home)?;
        let rehearsed = Rehearsed { schedule, notice_epochs: NOTICE_EPOCHS, guarded_until_s: schedule.genesis_s };
        let chain = DemoChain::rehearse(local, genesis, &home, rehearsed).await?;
        let config = NetworkConfig {
            genesis: "../genesis.toml".into(),
            calendar: Some("../calendar".into()),
            stores: network.peers.clone(),
            chain: chain.config().clone(),
            others: vec![],
        };
        std::fs::write(home.join("network.toml"), toml::to_string(&config)?)?;
        let passphrase = std::fs::read_to_string(network.dir().join("passphrase"))?;
        let guardian = ("guardian".to_owned(), chain.local.secret(super::chain::GUARDIAN));
        for (name, secret) in chain.members.iter().chain([&guardian]) {
            keys::create(&home.join(format!("keys/{name}.json")), secret, &passphrase, Cost::Light)?;
        }
        let payer = chain.local.wallet(super::chain::DEPLOYER)?;
        let submitter = chain::submitter(chain.config(), &payer).await?;
        Ok(Rehearsal { network, chain, schedule, submitter, home })
    }

    /// Opens a range, signed by the quorum and by every member, and waits until it counts.
    async fn open(&self, first: Epoch, old: DistributorId) -> eyre::Result<()> {
        let at = self.submitter.distributor(At::Latest).await?;
        let statement = OpenStatement {
            network: self.schedule.network,
            distributor: at.id,
            first,
            oracle_set: at.oracle_set.version,
            head: at.head,
            old,
            epoch_delay_s: at.delays.epoch_s,
            long_delay_s: at.delays.long_s,
            schedule: self.schedule.id(),
        };
        let mut signatures = self.signed(self.network.founding.oracles.iter(), statement.digest())?;
        let members = self.chain.members.iter().map(|(_, secret)| secret);
        signatures.extend(self.signed(members, statement.digest())?);
        self.send(&Action::Open { statement, signatures }).await?;
        self.pass().await
    }

    /// Files an epoch that pays nothing, and waits until it counts.
    async fn file(&self, epoch: Epoch) -> eyre::Result<()> {
        let end_s = self.schedule.epoch_end_s(epoch).ok_or_else(|| eyre::eyre!("epoch {epoch} never ends"))?;
        let now_s = self.submitter.distributor(At::Latest).await?.at.time_s;
        self.chain.local.advance(end_s.max(now_s)).await?;
        self.submit(epoch).await.wrap_err_with(|| format!("epoch {epoch}"))?;
        self.pass().await
    }

    async fn submit(&self, epoch: Epoch) -> eyre::Result<()> {
        let at = self.submitter.distributor(At::Latest).await?;
        let statement = EpochStatement {
            network: self.schedule.network,
            distributor: at.id,
            epoch,
            oracle_set: at.oracle_set.version,
            head: at.head,
            root_hash: Node::PADDING.hash,
            root_sum: 0,
            owed: 0,
            artefact: Hash32::ZERO,
        };
        let signatures = self.signed(self.network.founding.oracles.iter(), statement.digest())?;
        self.send(&Action::SubmitEpoch { statement, signatures, payouts: 0 }).await
    }

    fn signed<'s>(
        &self,
        secrets: impl Iterator<Item = &'s liaise_node::keys::Secret>,
        digest: Hash32,
    ) -> eyre::Result<Vec<StatementSignature>> {
        let chain = self.chain.local.id();
        secrets.map(|secret| Ok(chain::sign_right(&Wallet::new(secret, &chain)?, digest)?)).collect()
    }

    async fn send(&self, action: &Action) -> eyre::Result<()> {
        let prepared = self.submitter.prepare(action, FEE, &[]).await?;
        self.submitter.broadcast(&prepared).await?;
        let included = async {
            while !matches!(self.submitter.status(&prepared).await?, Status::Included { .. } | Status::Final { .. }) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok::<_, eyre::Report>(())
        };
        tokio::time::timeout(PATIENCE, included).await.wrap_err("it is in no block in time")?
    }

    /// Waits until what is pending counts.
    async fn pass(&self) -> eyre::Result<()> {
        let at = self.submitter.distributor(At::Latest).await?;
        match at.pending {
            Some(pending) => self.chain.local.advance(pending.payable_s).await,
            None => Ok(()),
        }
    }
}
