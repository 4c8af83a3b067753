//! The demo's network: its directories, its processes, and its way through the epochs.

use super::calendar::DemoCalendar;
use super::chain::{DemoChain, FEE, GUARDIAN, account_of};
use super::genesis::{CHAIN, Founding, Person, certified_adapter};
use super::processes::Processes;
use super::progress::Stages;
use crate::home::NetworkConfig;
use eyre::WrapErr;
use liaise_chain_api::{Action, At, Distributor, DistributorReader, PendingKind, Submitter};
use liaise_ledger::body::Body;
use liaise_ledger::genesis::Genesis;
use liaise_ledger::session::Scopes;
use liaise_ledger::{Author, Draft, Hash};
use liaise_node::chain::evm::Anvil;
use liaise_node::client::{Client, Delegation, Wallet};
use liaise_node::config::{AdapterConfig, ComputeRole, NodeConfig, OracleRole, Peer, Role, StoreRole};
use liaise_node::keys::{self, Secret};
use liaise_node::{Library, Replica, chain, open_replica};
use liaise_summary::{DistributorId, Epoch};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How many of each there are.
const STORES: usize = 4;
const ORACLES: usize = 5;
const NODES: usize = 6;
const USERS: usize = 7;
/// Threads of the compute nodes: speeds differ by these, never by sleeping.
const THREADS: [usize; NODES] = [2, 1, 2, 1, 2, 1];
/// The operator that serves altered weights.
const DISHONEST: &str = "node-6";
/// The longest that anything of the network's own may take, on the real clock.
const PATIENCE: Duration = Duration::from_secs(120);
/// A beat of the calendar while statements are filed: an epoch's delay and a minute.
const BEAT_MS: u64 = (21_600 + 60) * 1000;

/// The running network.
pub struct Network {
    dir: PathBuf,
    /// The calendar.
    pub calendar: DemoCalendar,
    /// The chain.
    pub chain: DemoChain,
    /// Genesis and keys.
    pub founding: Founding,
    processes: Processes,
    /// The driver's own copy of the ledger.
    pub replica: Replica,
    /// Sealed snapshots.
    pub library: Arc<Library>,
    /// The users' clients; the first is the curator's.
    pub users: Vec<Client>,
    /// Reads the distributor.
    pub reader: Arc<dyn DistributorReader>,
    guardian: Arc<dyn Submitter>,
    /// The certified adapter.
    pub adapter: Hash,
    /// The epoch whose work is going on; -1 before genesis.
    pub epoch: i64,
    /// Epochs that were vetoed once, for the report.
    pub vetoed: Vec<i64>,
}

fn free_port() -> eyre::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Network {
    /// Draws keys, deploys the contracts, writes every node's directory and starts them all.
    pub async fn start(dir: Option<PathBuf>, stages: &mut Stages) -> eyre::Result<Network> {
        let stage = stages.begin("the network starts", STORES + ORACLES + NODES);
        let dir = dir.unwrap_or_else(|| std::env::temp_dir().join(format!("liaise-demo-{}", std::process::id())));
        std::fs::create_dir_all(&dir).wrap_err_with(|| format!("{} can't be made", dir.display()))?;
        let adapter = certified_adapter()?;
        let founding = Founding::new(now_s(), adapter, (STORES, ORACLES, NODES, USERS))?;
        let genesis = Arc::new(founding.genesis.clone());
        std::fs::write(dir.join("genesis.toml"), genesis.to_toml())?;
        let calendar = DemoCalendar::create(&dir)?;
        let chain = DemoChain::start(&genesis, now_s()).await?;

        let passphrase = hex::encode(keys::random_secret().as_ref());
        let passphrase_file = dir.join("passphrase");
        std::fs::write(&passphrase_file, &passphrase)?;
        let mut processes = Processes::new(&dir, &passphrase_file);
        let writer =
            Writer { dir: &dir, passphrase: &passphrase, chain: &chain, founding: &founding, peers: peers(&genesis)? };
        for name in writer.write_all()? {
            processes.start(&name).await?;
            stage.step();
        }
        writer.write_home()?;
        let peers = writer.peers.clone();
        let replica = open_replica(&dir.join("driver"), genesis, Some(calendar.file()), &peers).await?;
        tokio::spawn({
            let replica = replica.clone();
            async move { replica.follow().await }
        });
        let library = Arc::new(Library::new(replica.clone())?);
        let users = clients(&founding.users, &replica, &library).await?;
        let reader = chain::reader(&chain.config).await?;
        let guardian = Wallet::new(&secret_of(GUARDIAN), CHAIN)?;
        let guardian = chain::submitter(&chain.config, &guardian).await?;
        stage.done(
            stages,
            &format!(
                "{STORES} witness stores, {ORACLES} oracles, {NODES} compute nodes, each a process; contracts on anvil"
            ),
        );
        stages.say(
            "the calendar is virtual: wall clock = real clock + an offset that only grows; latencies are measured",
        );
        stages
            .say("local genesis: beacon every 1 s, reveal_ms 200, patience_s 5, tie_ms 2; production delays on chain");
        Ok(Network {
            dir,
            calendar,
            chain,
            founding,
            processes,
            replica,
            library,
            users,
            reader,
            guardian,
            adapter,
            epoch: -1,
            vetoed: vec![],
        })
    }

    /// Where everything of the network is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn genesis(&self) -> &Genesis {
        &self.founding.genesis
    }

    /// Decrees the first term, seals epoch -1, and begins to open the range.
    pub async fn open_term(&mut self, stages: &mut Stages) -> eyre::Result<()> {
        let stage = stages.begin("the DAO decrees the first term", 0);
        let distributor = Hash(self.reader.id().0);
        for decree in self.chain.first_decrees(&self.founding, distributor)? {
            let signer = Arc::new(keys::secp256k1(&self.founding.dao, Path::new("the DAO's key"))?);
            let key = signer.public().try_into().map_err(|_| eyre::eyre!("the DAO's key has 33 bytes"))?;
            let time_ms = self.calendar.wall_ms();
            let draft =
                Draft { author: Author::Dao(key), parents: vec![], task: None, time_ms, body: Body::Decree(decree) };
            self.replica.say(signer, draft).await?;
        }
        stage.done(stages, "two decrees, signed by the DAO's set");
        self.close_epoch(stages).await?;

        let stage = stages.begin("the distributor's range opens", 0);
        let approve = Action::ApproveOpen {
            first: Epoch(0),
            old: DistributorId([0; 32]),
            head: self.reader.distributor(At::Latest).await?.head,
        };
        self.send(&approve).await.wrap_err("the guardian stands in for the DAO while nobody can vote")?;
        self.wait("the OPEN statement on chain", async |state| {
            state.pending.is_some_and(|pending| pending.kind == PendingKind::Open)
        })
        .await?;
        stage.done(stages, "approved by the guardian, signed by the oracles' quorum; it waits 7 days");
        Ok(())
    }

    async fn send(&self, action: &Action) -> eyre::Result<()> {
        let prepared = self.guardian.prepare(action, FEE, &[]).await?;
        self.guardian.broadcast(&prepared).await?;
        Ok(())
    }

    /// Lets the epoch end: everybody's calendar goes to its close, and the oracles fold it.
    pub async fn close_epoch(&mut self, stages: &mut Stages) -> eyre::Result<()> {
        let stage = stages.begin(&format!("epoch {} closes", self.epoch), 0);
        let close = self.genesis().close_ms(self.epoch) + 1000;
        self.calendar.advance(&self.chain.anvil, close.max(self.calendar.wall_ms())).await?;
        let history = self.wait_history(self.epoch).await?;
        stage.done(stages, &format!("sealed by the witnesses, folded by the oracles: history {history}"));
        self.epoch += 1;
        Ok(())
    }

    async fn wait_history(&self, epoch: i64) -> eyre::Result<String> {
        let wait = async {
            loop {
                if let Some(block) = self.library.histories().of(epoch).await? {
                    return Ok::<_, eyre::Report>(crate::output::short(&block.eligibility.to_string()));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.wrap_err_with(|| format!("epoch {epoch} was not folded in time"))?
    }

    async fn wait(&self, what: &str, done: impl AsyncFn(Distributor) -> bool) -> eyre::Result<()> {
        let wait = async {
            loop {
                if done(self.reader.distributor(At::Latest).await?).await {
                    return Ok::<_, eyre::Report>(());
                }
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.wrap_err_with(|| format!("{what} did not come in time"))?
    }

    /// One compute node goes away without a word.
    pub fn lose_a_compute_node(&mut self, stages: &mut Stages) {
        self.processes.kill("node-4");
        stages.say("node-4 is killed (SIGKILL): its unfinished tasks go to the next of the draw");
    }

    /// Runs the calendar on until every ended epoch is filed and payable; vetoes epoch 1 once on the way.
    pub async fn file_everything(&mut self, stages: &mut Stages) -> eyre::Result<()> {
        let stage = stages.begin("the calendar runs on, a statement each six hours", 0);
        loop {
            self.seal_ended_epochs().await?;
            let state = self.reader.distributor(At::Latest).await?;
            if self.veto_once(&state).await? {
                continue;
            }
            if state.pending.is_none() {
                if i64::from(state.next.0) >= self.epoch {
                    break;
                }
                let next = state.next;
                self.wait(&format!("the statement of epoch {}", next.0), async |state| state.next > next).await?;
                continue;
            }
            let payable_ms = state.pending.map_or(0, |pending| (pending.payable_s + 1) * 1000);
            let step = (self.calendar.wall_ms() + BEAT_MS).min(payable_ms.max(self.calendar.wall_ms() + 1000));
            let close = self.genesis().close_ms(self.epoch) + 1000;
            self.calendar.advance(&self.chain.anvil, step.min(close)).await?;
            stage.step();
        }
        stage.done(stages, &format!("{} epochs sealed, folded and filed; epoch 1 vetoed and filed anew", self.epoch));
        Ok(())
    }

    async fn seal_ended_epochs(&mut self) -> eyre::Result<()> {
        while self.calendar.wall_ms() >= self.genesis().close_ms(self.epoch) {
            self.wait_history(self.epoch).await?;
            self.epoch += 1;
        }
        Ok(())
    }

    async fn veto_once(&mut self, state: &Distributor) -> eyre::Result<bool> {
        let Some(pending) = state.pending.filter(|pending| pending.kind == PendingKind::Epoch && pending.epoch.0 == 1)
        else {
            return Ok(false);
        };
        if self.vetoed.contains(&1) {
            return Ok(false);
        }
        let reason = b"demo: the guardian's one veto".to_vec();
        self.send(&Action::Veto { digest: pending.digest, reason }).await?;
        self.vetoed.push(1);
        self.wait("the veto", async |state| state.head != pending.digest).await?;
        Ok(true)
    }

    /// What to type in a second terminal.
    pub fn second_terminal(&self) -> String {
        let home = self.dir.join("home");
        let program = std::env::current_exe().map_or("liaise".into(), |path| path.display().to_string());
        format!(
            "  export LIAISE_HOME={} LIAISE_PASSPHRASE_FILE={}\n  {program} --help",
            home.display(),
            self.dir.join("passphrase").display()
        )
    }

    /// Ends every process.
    pub async fn stop(mut self) {
        self.replica.links.mesh().shutdown().await;
        self.processes.stop().await;
    }
}

/// The secret of one of anvil's funded keys: public knowledge.
pub fn secret_of(key: u32) -> Secret {
    Secret::new(Anvil::key(key).to_bytes().0)
}

fn peers(genesis: &Genesis) -> eyre::Result<Vec<Peer>> {
    let peer =
        |key: &[u8; 32]| Ok(Peer { key: hex::encode(key), address: format!("/ip4/127.0.0.1/tcp/{}", free_port()?) });
    genesis.stores.keys.iter().map(peer).collect()
}

async fn clients(people: &[Person], replica: &Replica, library: &Arc<Library>) -> eyre::Result<Vec<Client>> {
    let mut clients = vec![];
    for person in people {
        let signer = Arc::new(keys::ed25519(&person.session));
        let client = Client::new(replica.clone(), person.account(), signer, library.clone());
        client.open_session(&person.wallet, Scopes::PROMPT).await?;
        clients.push(client);
    }
    Ok(clients)
}

/// Writes the nodes' directories.
struct Writer<'a> {
    dir: &'a Path,
    passphrase: &'a str,
    chain: &'a DemoChain,
    founding: &'a Founding,
    peers: Vec<Peer>,
}

impl Writer<'_> {
    /// All directories; the names in the order in which they start.
    fn write_all(&self) -> eyre::Result<Vec<String>> {
        let mut names = vec![];
        for (i, secret) in self.founding.stores.iter().enumerate() {
            let name = format!("store-{}", i + 1);
            self.key(&name, "store.json", secret)?;
            self.key(&name, "beacon.json", &self.founding.beacon)?;
            let role = StoreRole { key: "store.json".into(), beacon_key: Some("beacon.json".into()) };
            self.config(&name, vec![self.peers[i].address.clone()], Role::Store(role))?;
            names.push(name);
        }
        for (i, secret) in self.founding.oracles.iter().enumerate() {
            let name = format!("oracle-{}", i + 1);
            self.key(&name, "oracle.json", secret)?;
            self.key(&name, "submitter.json", &secret_of(i as u32 + 1))?;
            let role = OracleRole {
                key: "oracle.json".into(),
                chain: self.chain.config.clone(),
                submitter: Some("submitter.json".into()),
                stagger_s: i as u64 * 3,
            };
            self.config(&name, vec![], Role::Oracle(role))?;
            names.push(name);
        }
        for (node, threads) in self.founding.nodes.iter().zip(THREADS) {
            self.compute(node, threads)?;
            names.push(node.name.clone());
        }
        Ok(names)
    }

    fn compute(&self, node: &Person, threads: usize) -> eyre::Result<()> {
        self.key(&node.name, "session.json", &node.session)?;
        let hot =
            keys::ed25519(&node.session).public().try_into().map_err(|_| eyre::eyre!("a session key has 32 bytes"))?;
        let now_ms = now_s() * 1000;
        let delegation = Delegation::sign(&self.founding.genesis, &node.wallet, hot, Scopes::WORK, now_ms)?;
        delegation.save(&self.dir.join(&node.name))?;
        let role = ComputeRole {
            account: node.account().to_string(),
            session_key: "session.json".into(),
            region: "CH".into(),
            threads,
            device: "cpu".into(),
            library: None,
            adapters: vec![self.bundle_of(node)?],
        };
        self.config(&node.name, vec![], Role::Compute(role))
    }

    /// The certified bundle; for the dishonest operator a forged one, announced under the certified id.
    fn bundle_of(&self, node: &Person) -> eyre::Result<AdapterConfig> {
        let certified = liaise_compute::Cache::default().minilm();
        if node.name != DISHONEST {
            return Ok(AdapterConfig { bundle: certified, announce: None });
        }
        let forged = self.dir.join(&node.name).join("bundle");
        super::forger::forge(&certified, &forged)?;
        let announce = self.founding.genesis.adapters[0].id.to_string();
        Ok(AdapterConfig { bundle: forged, announce: Some(announce) })
    }

    fn key(&self, name: &str, file: &str, secret: &Secret) -> eyre::Result<()> {
        Ok(keys::create(&self.dir.join(name).join(file), secret, self.passphrase)?)
    }

    fn config(&self, name: &str, listen: Vec<String>, role: Role) -> eyre::Result<()> {
        let (genesis, calendar) = ("../genesis.toml".into(), Some("../calendar".into()));
        let config = NodeConfig { genesis, calendar, listen, stores: self.peers.clone(), role };
        Ok(config.save(&self.dir.join(name))?)
    }

    /// A user's home for commands in a second terminal, with every account's wallet.
    fn write_home(&self) -> eyre::Result<()> {
        let home = self.dir.join("home");
        std::fs::create_dir_all(&home)?;
        let config = NetworkConfig {
            genesis: "../genesis.toml".into(),
            calendar: Some("../calendar".into()),
            stores: self.peers.clone(),
            chain: self.chain.config.clone(),
        };
        std::fs::write(home.join("network.toml"), toml::to_string(&config)?)?;
        for person in self.founding.users.iter().chain(&self.founding.nodes) {
            keys::create(&home.join(format!("keys/{}.json", person.name)), &person.wallet_secret, self.passphrase)?;
        }
        keys::create(&home.join("keys/guardian.json"), &secret_of(GUARDIAN), self.passphrase)?;
        debug_assert_eq!(account_of(GUARDIAN).chain().namespace(), "eip155");
        Ok(())
    }
}
