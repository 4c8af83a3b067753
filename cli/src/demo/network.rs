//! The demo's network: its directories, its processes, and its way through the epochs.

use super::calendar::{DemoCalendar, now_s};
use super::chain::{ChainName, DemoChain, LocalChain, first_decrees};
use super::directories::Writer;
use super::genesis::{Founding, Person};
use super::links::link_everybody;
use super::opening;
use super::processes::Processes;
use super::progress::Stages;
use super::site::Site;
use crate::exit::{Kind, OrExit};
use eyre::WrapErr;
use liaise_chain_api::{Action, At, ChainId, Distributor, PendingKind};
use liaise_compute::{Bundle, Cache};
use liaise_ledger::body::Body;
use liaise_ledger::genesis::{Genesis, Parameters};
use liaise_ledger::session::Scopes;
use liaise_ledger::{Author, Draft, Hash};
use liaise_node::client::Client;
use liaise_node::config::Peer;
use liaise_node::keys;
use liaise_node::{Library, Pace, Replica, open_replica};
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
/// The longest that anything of the network's own may take, on the real clock.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a network is started with.
pub struct Plan {
    /// The chain that holds the first term.
    pub chain: ChainName,
    /// The chains that may hold later ones.
    pub others: Vec<ChainName>,
    /// Epochs of a term; the protocol's by default.
    pub term_epochs: Option<u32>,
    /// Users whose accounts are not linked at the start, by place.
    pub unlinked: Vec<usize>,
    /// Whether one key has the DAO's rights.
    pub trial: bool,
    /// The `liaise` program that every node runs.
    pub program: PathBuf,
    /// Its directory; a fresh one in the system's temporary directory by default.
    pub dir: Option<PathBuf>,
    /// The genesis's parameters.
    pub parameters: Parameters,
    /// The retrieval model's bundle, which the genesis certifies; the one that set-up installed by default.
    pub bundle: Option<PathBuf>,
}

impl Plan {
    /// One chain, everybody linked, the DAO's rights with a contract of its own.
    pub fn new(program: PathBuf, parameters: Parameters) -> Plan {
        Plan {
            chain: ChainName::default(),
            others: vec![],
            term_epochs: None,
            unlinked: vec![],
            trial: false,
            program,
            dir: None,
            parameters,
            bundle: None,
        }
    }
}

/// The running network.
pub struct Network {
    dir: PathBuf,
    /// The program that every node and command runs.
    pub(super) program: PathBuf,
    /// The calendar.
    pub calendar: DemoCalendar,
    /// The chain of the first term.
    pub site: Site,
    /// The chains of later ones.
    pub others: Vec<Site>,
    /// Genesis and keys.
    pub founding: Founding,
    processes: Processes,
    /// Where the stores listen.
    pub(super) peers: Vec<Peer>,
    /// The driver's own copy of the ledger.
    pub replica: Replica,
    /// Sealed snapshots.
    pub library: Arc<Library>,
    /// The users' clients; the first is the curator's.
    pub users: Vec<Client>,
    /// The certified adapter.
    pub adapter: Hash,
    /// The epoch whose work is going on; -1 before genesis.
    pub epoch: i64,
}

fn free_port() -> eyre::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Network {
    /// Draws keys, deploys the contracts, writes every node's directory and starts them all.
    pub async fn start(plan: Plan, stages: &Stages) -> eyre::Result<Network> {
        let stage = stages.begin("the network starts", STORES + ORACLES + NODES);
        let dir = plan.dir.unwrap_or_else(|| std::env::temp_dir().join(format!("liaise-demo-{}", std::process::id())));
        // Nodes read the paths that are written for them from their own directories.
        let dir = std::path::absolute(&dir).wrap_err_with(|| format!("{} is no path", dir.display()))?;
        std::fs::create_dir_all(&dir).wrap_err_with(|| format!("{} can't be made", dir.display()))?;
        let bundle = plan.bundle.unwrap_or_else(|| Cache::default().minilm());
        // Checked file by file.
        let certified = Bundle::open(&bundle).or_exit(Kind::Usage)?;
        // Its id is in every account.
        let mut locals = vec![];
        for name in std::iter::once(plan.chain).chain(plan.others) {
            locals.push((name, LocalChain::start(name, now_s()).await?));
        }
        let chains: Vec<ChainId> = locals.iter().map(|(_, local)| local.id()).collect();
        let counts = (STORES, ORACLES, NODES, USERS);
        let founding = Founding::new(&chains, now_s(), &certified, counts, plan.parameters, plan.term_epochs)?;
        let genesis = Arc::new(founding.genesis.clone());
        std::fs::write(dir.join("genesis.toml"), genesis.to_toml())?;
        let calendar = DemoCalendar::create(&dir)?;
        let mut sites = vec![];
        for (number, (name, local)) in locals.into_iter().enumerate() {
            // A deployment's file is the chain's own; the first one's home is the second terminal's.
            let place = if number == 0 { dir.clone() } else { dir.join(format!("chain-{number}")) };
            std::fs::create_dir_all(&place)?;
            let chain = DemoChain::found(local, &genesis, &place, plan.trial).await?;
            let home = if number == 0 { dir.join("home") } else { place.join("home") };
            sites.push(Site::new(name, chain, home).await?);
        }

        let passphrase = hex::encode(keys::random_secret().as_slice());
        let passphrase_file = dir.join("passphrase");
        std::fs::write(&passphrase_file, &passphrase)?;
        let program = plan.program;
        let mut processes = Processes::new(&program, &dir, &passphrase_file);
        let peers = peers(&genesis)?;
        let writer = Writer {
            dir: &dir,
            passphrase: &passphrase,
            sites: &sites,
            founding: &founding,
            peers: &peers,
            threads: &THREADS,
            bundle: &std::path::absolute(&bundle)?,
        };
        for name in writer.write_all()? {
            processes.start(&name).await?;
            stage.step();
        }
        let replica = open_replica(&dir.join("driver"), genesis, Some(calendar.file()), &peers).await?;
        tokio::spawn({
            let replica = replica.clone();
            async move { replica.follow(Pace::AtOnce).await }
        });
        let library = Arc::new(Library::new(replica.clone())?);
        let users = clients(&founding.users, &replica, &library).await?;
        let links = link_everybody(&founding, &plan.unlinked, &replica, &library).await?;
        let others = sites.split_off(1);
        let site = sites.remove(0);
        stage.done(
            stages,
            &format!(
                "{STORES} witness stores, {ORACLES} oracles, {NODES} compute nodes, each a process; {}",
                site.chain.deployed.what
            ),
        );
        stages.say(&format!(
            "{links} links: everybody's accounts on the other chains count as one owner's from epoch 1 on"
        ));
        stages.say(
            "the calendar is virtual: wall clock = real clock + an offset that only grows; latencies are measured",
        );
        let Parameters { reveal_ms, patience_s, tie_ms, .. } = founding.genesis.parameters;
        stages.say(&format!(
            "local genesis: beacon every {} s, reveal_ms {reveal_ms}, patience_s {patience_s}, tie_ms {tie_ms}; \
             production delays on chain",
            founding.genesis.beacon.period_s
        ));
        Ok(Network {
            dir,
            program,
            calendar,
            site,
            others,
            founding,
            processes,
            peers,
            replica,
            library,
            users,
            adapter: liaise_node::adapter_hash(certified.id()),
            epoch: -1,
        })
    }

    /// Where everything of the network is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Every chain, that of the first term first.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        std::iter::once(&self.site).chain(&self.others)
    }

    /// One of them.
    ///
    /// # Errors
    /// The network has no such chain.
    pub fn site(&self, name: ChainName) -> eyre::Result<&Site> {
        self.sites().find(|site| site.name == name).ok_or_else(|| eyre::eyre!("no chain {name:?} in this network"))
    }

    fn genesis(&self) -> &Genesis {
        &self.founding.genesis
    }

    /// Decrees the first term, seals epoch -1, and begins to open the range.
    pub async fn open_term(&mut self, stages: &Stages) -> eyre::Result<()> {
        let stage = stages.begin("the DAO decrees the first term", 0);
        for decree in first_decrees(self.sites(), &self.founding)? {
            let signer = Arc::new(keys::secp256k1(&self.founding.dao, Path::new("the DAO's key"))?);
            let key = signer.public().try_into().map_err(|_| eyre::eyre!("the DAO's key has 33 bytes"))?;
            let time_ms = self.calendar.wall_ms();
            let draft =
                Draft { author: Author::Dao(key), parents: vec![], task: None, time_ms, body: Body::Decree(decree) };
            self.replica.say(signer, draft).await?;
        }
        stage.done(stages, &format!("{} decrees, signed by the DAO's set", self.others.len() + 2));
        self.close_epoch(stages).await?;

        let stage = stages.begin("the distributor's range opens", 0);
        let by_members = self.site.reader.rights().is_some();
        if by_members {
            opening::by_members(self).await.wrap_err("the DAO's members sign the opening")?;
        } else {
            let approve = Action::ApproveOpen {
                first: Epoch(0),
                old: DistributorId([0; 32]),
                head: self.site.reader.distributor(At::Latest).await?.head,
            };
            self.send(&approve).await.wrap_err("the guardian stands in for the DAO while nobody can vote")?;
        }
        self.wait("the OPEN statement on chain", async |state| {
            state.pending.is_some_and(|pending| pending.kind == PendingKind::Open)
        })
        .await?;
        let by = if by_members {
            "signed by the DAO's members, each by command,"
        } else {
            "approved by the guardian, signed"
        };
        stage.done(stages, &format!("{by} by the oracles' quorum; it waits 7 days"));
        Ok(())
    }

    /// Just after the close of the epoch that goes on.
    pub(super) fn close_ms(&self) -> u64 {
        self.genesis().close_ms(self.epoch) + 1000
    }

    /// Moves everybody's calendar on, and never back.
    pub async fn advance(&self, wall_ms: u64) -> eyre::Result<()> {
        self.calendar.advance(&self.site.chain.local, wall_ms.max(self.calendar.wall_ms())).await?;
        for site in &self.others {
            self.calendar.follow(&site.chain.local).await?;
        }
        Ok(())
    }

    /// Lets the epoch end: everybody's calendar goes to its close, and the oracles fold it.
    pub async fn close_epoch(&mut self, stages: &Stages) -> eyre::Result<()> {
        let stage = stages.begin(&format!("epoch {} closes", self.epoch), 0);
        self.advance(self.close_ms()).await?;
        let history = self.wait_history(self.epoch).await?;
        stage.done(stages, &format!("sealed by the witnesses, folded by the oracles: history {history}"));
        self.epoch += 1;
        Ok(())
    }

    async fn wait_history(&self, epoch: i64) -> eyre::Result<String> {
        let wait = async {
            loop {
                if let Some(block) = self.library.histories().of(epoch).await? {
                    return Ok::<_, eyre::Report>(crate::output::short(&liaise_node::history_id(&block).to_string()));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.wrap_err_with(|| format!("epoch {epoch} was not folded in time"))?
    }

    pub(super) async fn wait(&self, what: &str, done: impl AsyncFn(Distributor) -> bool) -> eyre::Result<()> {
        let wait = async {
            loop {
                if done(self.site.reader.distributor(At::Latest).await?).await {
                    return Ok::<_, eyre::Report>(());
                }
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.wrap_err_with(|| format!("{what} did not come in time"))?
    }

    /// A node goes away without a word (SIGKILL).
    pub async fn kill(&mut self, name: &str) {
        self.processes.kill(name).await;
    }

    /// A node is told to end (SIGTERM).
    ///
    /// # Errors
    /// It did not end by itself, well and in time.
    pub async fn terminate(&mut self, name: &str) -> eyre::Result<()> {
        self.processes.terminate(name).await
    }

    /// The process of a node that runs.
    pub fn pid(&self, name: &str) -> Option<u32> {
        self.processes.pid(name)
    }

    /// A node comes back in its directory.
    pub async fn restart(&mut self, name: &str) -> eyre::Result<()> {
        self.processes.start(name).await
    }

    /// Waits for the folds of epochs whose close is past.
    pub(super) async fn seal_ended_epochs(&mut self) -> eyre::Result<()> {
        while self.calendar.wall_ms() >= self.genesis().close_ms(self.epoch) {
            self.wait_history(self.epoch).await?;
            self.epoch += 1;
        }
        Ok(())
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
