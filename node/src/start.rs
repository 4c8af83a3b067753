//! From a directory to a running node, and down again.

use crate::chain;
use crate::client::{Client, ClientError, Delegation, Wallet};
use crate::clock::{Calendar, CalendarError};
use crate::compute_role::{self, Served, Uncertified, Worker, adapter_hash, certified_units};
use crate::config::{ComputeRole, ConfigError, NodeConfig, OracleRole, Peer, Role, StoreRole};
use crate::documents::{DocumentsError, Library};
use crate::keys::{self, KeyError, Secret};
use crate::links::Links;
use crate::metrics::{ComputeMetrics, Endpoint, Instruments, Metrics, watch_chain, watch_earnings};
use crate::oracle_role::{Office, Oracle, OracleError};
use crate::replica::{Pace, Replica};
use crate::store_role::{StoreNode, Witness, WitnessError, seal_check};
use liaise_chain_api::ChainError;
use liaise_compute::{Bundle, Cache, Device, Registry, Runtime};
use liaise_ledger::beacon::BeaconKey;
use liaise_ledger::genesis::{Genesis, GenesisError};
use liaise_ledger::session::{Purpose, SessionText};
use liaise_ledger::{Account, Hash, Signer};
use liaise_network::{Config as MeshConfig, Incoming, Limits, Mesh, NetworkError, PeerAddress, peer_id_of};
use liaise_oracle::moving::Standing;
use liaise_oracle::quorum::OracleKey;
use liaise_store::{Options, Store, StoreError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long a node that ends waits for its threads.
const THREAD_END: Duration = Duration::from_secs(2);

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// `node.toml`.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The genesis file.
    #[error("{0}: {1}")]
    Genesis(PathBuf, GenesisError),
    /// A file can't be read.
    #[error("{0} can't be read: {1}")]
    File(PathBuf, std::io::Error),
    /// The calendar's control file.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A value of `node.toml`.
    #[error("node.toml: {0}: {1}")]
    Value(&'static str, String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The mesh.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The agreement on seals.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A model adapter or the runtime.
    #[error(transparent)]
    Compute(#[from] liaise_compute::Error),
    /// A model adapter is not the one that the genesis certifies.
    #[error("bundle {0}: {1}")]
    Uncertified(PathBuf, Uncertified),
    /// Documents.
    #[error(transparent)]
    Documents(#[from] DocumentsError),
    /// The wallet or the session.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The oracle can't go on.
    #[error(transparent)]
    Oracle(Box<OracleError>),
}

impl From<OracleError> for NodeError {
    fn from(error: OracleError) -> NodeError {
        NodeError::Oracle(Box::new(error))
    }
}

/// A running node.
pub struct Node {
    replica: Replica,
    tasks: Vec<JoinHandle<()>>,
    /// A witness's thread; it ends when the tasks have ended.
    agreement: Option<std::thread::JoinHandle<()>>,
    /// Its role's name, and what it counts.
    counts: (&'static str, Arc<dyn Instruments>),
    /// What the node says of itself at its start, a line each.
    pub notes: Vec<String>,
}

/// Reads a genesis file.
///
/// # Errors
/// It can't be read or breaks a rule.
pub fn read_genesis(path: &Path) -> Result<Arc<Genesis>, NodeError> {
    let text = std::fs::read_to_string(path).map_err(|error| NodeError::File(path.to_owned(), error))?;
    Genesis::from_toml(&text).map(Arc::new).map_err(|error| NodeError::Genesis(path.to_owned(), error))
}

fn store_keys(peers: &[Peer]) -> Result<Vec<[u8; 32]>, NodeError> {
    let key = |peer: &Peer| {
        peer.public_key()
            .ok_or_else(|| NodeError::Value("stores.key", format!("{:?} is not 32 bytes of hex", peer.key)))
    };
    peers.iter().map(key).collect()
}

async fn join(
    identity: &Secret,
    listen: &[String],
    peers: &[Peer],
    first: usize,
) -> Result<(Arc<Links>, Incoming), NodeError> {
    let keys = store_keys(peers)?;
    let parse = |text: &String| text.parse().map_err(|error| NodeError::Value("listen", format!("{text:?}: {error}")));
    let listen = listen.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let mut addresses = vec![];
    for (peer, key) in peers.iter().zip(&keys) {
        let address = peer.address.parse();
        let address =
            address.map_err(|error| NodeError::Value("stores.address", format!("{:?}: {error}", peer.address)))?;
        addresses.push(PeerAddress { peer: peer_id_of(key)?, address });
    }
    let limits = Limits { requests_per_s: 2_000, burst: 8_000, ..Limits::default() };
    let config = MeshConfig::new(**identity, listen, addresses, limits);
    let (mesh, incoming) = Mesh::start(config).await?;
    Ok((Arc::new(Links::new(mesh, &keys, first)?), incoming))
}

/// Links to stores, for a program that asks them and keeps nothing: with a throw-away identity on the mesh.
///
/// # Errors
/// The stores' keys or addresses can't be used.
pub async fn open_links(peers: &[Peer]) -> Result<Arc<Links>, NodeError> {
    let (links, _incoming) = join(&keys::random_secret(), &[], peers, 0).await?;
    Ok(links)
}

/// A replica for a client: its own directory, the stores to follow, a throw-away identity on the mesh.
///
/// # Errors
/// The directory, the genesis or the stores' addresses can't be used.
pub async fn open_replica(
    dir: &Path,
    genesis: Arc<Genesis>,
    calendar_file: Option<&Path>,
    peers: &[Peer],
) -> Result<Replica, NodeError> {
    let calendar = Calendar::of(calendar_file)?;
    let identity = keys::random_secret();
    let (links, _incoming) = join(&identity, &[], peers, 0).await?;
    let options = Options::new(genesis.clone()).clock(Arc::new(calendar.clone())).seal_check(seal_check(&genesis));
    let store = Store::open(dir, options)?;
    Ok(Replica::new(store, links, genesis, calendar)?)
}

impl Node {
    /// Starts the node of a directory. The passphrase opens its keys.
    ///
    /// # Errors
    /// Whatever keeps it from starting, with the remedy.
    pub async fn start(dir: &Path, passphrase: &str) -> Result<Node, NodeError> {
        let config = NodeConfig::load(dir)?;
        let genesis = read_genesis(&config.genesis)?;
        let calendar = Calendar::of(config.calendar.as_deref())?;
        // The port is opened first: a node that nobody can watch does not start.
        let endpoint = match &config.metrics {
            Some(metrics) => {
                Some(Endpoint::bind(metrics).await.map_err(|why| NodeError::Value("metrics.listen", why))?)
            }
            None => None,
        };
        let mut node = match config.role.clone() {
            Role::Store(role) => start_store(dir, &config, role, genesis, calendar, passphrase).await,
            Role::Oracle(role) => start_oracle(dir, &config, role, genesis, calendar, passphrase).await,
            Role::Compute(role) => start_compute(dir, &config, role, genesis, calendar, passphrase).await,
        }?;
        if let Some(endpoint) = endpoint {
            node.notes.push(format!("metrics at http://{}/metrics", endpoint.address()));
            let (role, instruments) = node.counts.clone();
            let metrics = Arc::new(Metrics::new(node.replica.clone(), role, instruments));
            node.tasks.push(tokio::spawn(endpoint.serve(metrics)));
        }
        Ok(node)
    }

    /// The node's ledger.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Stops taking requests, lets what is under way end, and closes the store.
    pub async fn shutdown(self) {
        self.replica.links.mesh().shutdown().await;
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks {
            let _ = task.await;
        }
        if let Some(agreement) = self.agreement {
            // It uses the store, which must be closed before the process ends.
            let ended = tokio::task::spawn_blocking(move || agreement.join());
            if tokio::time::timeout(THREAD_END, ended).await.is_err() {
                tracing::warn!("the agreement's thread goes on; it is cut off");
            }
        }
    }
}

async fn mirror(
    dir: &Path,
    config: &NodeConfig,
    genesis: &Arc<Genesis>,
    calendar: &Calendar,
    identity: &Secret,
) -> Result<Replica, NodeError> {
    // Nodes spread over the stores by their identity.
    let first = usize::from(identity[0]) % config.stores.len().max(1);
    let (links, mut incoming) = join(identity, &config.listen, &config.stores, first).await?;
    tokio::spawn(async move { while incoming.next().await.is_some() {} });
    let options = Options::new(genesis.clone()).clock(Arc::new(calendar.clone())).seal_check(seal_check(genesis));
    let store = Store::open(&dir.join("ledger"), options)?;
    Ok(Replica::new(store, links, genesis.clone(), calendar.clone())?)
}

fn following(replica: &Replica, pace: Pace) -> JoinHandle<()> {
    let replica = replica.clone();
    tokio::spawn(async move { replica.follow(pace).await })
}

async fn start_store(
    dir: &Path,
    config: &NodeConfig,
    role: StoreRole,
    genesis: Arc<Genesis>,
    calendar: Calendar,
    passphrase: &str,
) -> Result<Node, NodeError> {
    let secret = keys::open(&role.key, passphrase)?;
    let signer = Arc::new(keys::ed25519(&secret));
    let own = hex::encode(signer.public());
    let peers: Vec<Peer> = config.stores.iter().filter(|peer| peer.key != own).cloned().collect();
    let is_witness = signer.public().try_into().is_ok_and(|key: [u8; 32]| genesis.is_witness(&key));
    let mut options = Options::new(genesis.clone()).clock(Arc::new(calendar.clone())).seal_check(seal_check(&genesis));
    if is_witness {
        options = options.witness(signer);
    }
    // The store is opened before the port: a locked directory must not look like a running node.
    let store = Store::open(&dir.join("ledger"), options)?;
    let (links, incoming) = join(&secret, &config.listen, &peers, 0).await?;
    let replica = Replica::new(store, links, genesis, calendar)?;
    let (witness, agreement) = match is_witness {
        true => Witness::start(replica.clone(), &secret, dir).map(|(witness, thread)| (Some(witness), Some(thread)))?,
        false => (None, None),
    };
    let beacon = match role.beacon_key {
        Some(path) => Some(BeaconKey::from_seed(&*keys::open(&path, passphrase)?)),
        None => None,
    };
    let notes = vec![format!("store {own}{}", if is_witness { ", witness" } else { "" })];
    let node = StoreNode::new(replica.clone(), witness, beacon);
    let counts: (_, Arc<dyn Instruments>) = ("store", node.metrics());
    Ok(Node { replica, tasks: vec![tokio::spawn(node.run(incoming))], agreement, counts, notes })
}

/// An oracle's key as the quorum and as the ledger know it; it must stand in the genesis's set.
pub(crate) fn oracle_keys(
    genesis: &Genesis,
    role: &OracleRole,
    passphrase: &str,
) -> Result<(OracleKey, Arc<Signer>), NodeError> {
    let secret = keys::open(&role.key, passphrase)?;
    let key = OracleKey::from_bytes(*secret).map_err(|_| KeyError::NotAKey(role.key.clone()))?;
    if !genesis.oracles.keys.contains(&key.public()) {
        let found = hex::encode(key.public());
        return Err(NodeError::Value("role.key", format!("{found} is not in the genesis's set of oracles")));
    }
    Ok((key, Arc::new(keys::secp256k1(&secret, &role.key)?)))
}

/// The key that an oracle signs with; it must stand in the genesis's set.
///
/// # Errors
/// The keystore does not open, or its key is no oracle's.
pub fn oracle_key(genesis: &Genesis, role: &OracleRole, passphrase: &str) -> Result<OracleKey, NodeError> {
    oracle_keys(genesis, role, passphrase).map(|(key, _)| key)
}

async fn start_oracle(
    dir: &Path,
    config: &NodeConfig,
    role: OracleRole,
    genesis: Arc<Genesis>,
    calendar: Calendar,
    passphrase: &str,
) -> Result<Node, NodeError> {
    let (key, signer) = oracle_keys(&genesis, &role, passphrase)?;
    let mut offices = vec![];
    for (chain, submitter) in role.offices() {
        let reader = match chain::reader(chain).await {
            Ok(reader) => reader,
            // What was final there is kept; the others are worked on.
            Err(error) if !offices.is_empty() => {
                tracing::error!(chain = %chain.id, %error, "this chain is left out until the node is started again");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let submitter = match submitter {
            Some(path) => {
                let wallet = Wallet::new(&keys::open(path, passphrase)?, &chain.chain()?)?;
                Some(chain::submitter(chain, &wallet).await?)
            }
            None => None,
        };
        offices.push(Office { reader, submitter });
    }
    let replica = mirror(dir, config, &genesis, &calendar, &keys::random_secret()).await?;
    // A node whose journal is elsewhere would only fold: its operator is to know at once.
    Standing::of(&replica.store).and_then(Standing::allow).map_err(OracleError::from)?;
    let chains: Vec<&str> = role.chains().map(|chain| chain.id.as_str()).collect();
    let notes = vec![format!("oracle {} for {}", hex::encode(key.public()), chains.join(", "))];
    let Office { reader, submitter } = offices[0].clone();
    let oracle = Oracle::new(replica.clone(), key, signer, offices, &role);
    let metrics = oracle.metrics();
    let mut tasks = vec![following(&replica, Pace::AtLeisure)];
    if config.metrics.is_some() {
        tasks.push(tokio::spawn(watch_chain(metrics.clone(), replica.clone(), reader, submitter)));
    }
    let work = tokio::spawn(async move {
        if let Err(error) = oracle.run().await {
            tracing::error!(%error, "the oracle has stopped");
        }
    });
    tasks.push(work);
    Ok(Node { tasks, agreement: None, replica, counts: ("oracle", metrics), notes })
}

async fn start_compute(
    dir: &Path,
    config: &NodeConfig,
    role: ComputeRole,
    genesis: Arc<Genesis>,
    calendar: Calendar,
    passphrase: &str,
) -> Result<Node, NodeError> {
    let account: Account =
        role.account.parse().map_err(|error| NodeError::Value("role.account", format!("{error}")))?;
    let secret = keys::open(&role.session_key, passphrase)?;
    let (primitives, mut notes) = open_primitives(&role, &genesis).await?;
    let metrics = Arc::new(ComputeMetrics::new(session_end_s(dir)?));
    for (id, served) in &primitives {
        metrics.serves(id, &served.primitive.device().to_string(), role.threads);
    }
    let replica = mirror(dir, config, &genesis, &calendar, &keys::random_secret()).await?;
    let follow = following(&replica, Pace::AtOnce);
    let library = Arc::new(Library::new(replica.clone())?);
    let signer = Arc::new(keys::ed25519(&secret));
    let client = Client::new(replica.clone(), account.clone(), signer.clone(), library.clone());
    client.open_delegated_session(dir).await?;
    client.declare(primitives.keys().copied().collect(), &role.region).await?;
    notes.push(format!("compute node of {account}"));
    let mut tasks = vec![follow];
    if config.metrics.is_some() {
        let (metrics, library) = (metrics.clone(), library.clone());
        tasks.push(tokio::spawn(watch_earnings(metrics, replica.clone(), library, account.clone())));
    }
    let counted = metrics.clone();
    let worker = Arc::new(Worker { replica: replica.clone(), account, signer, primitives, library, metrics });
    let work = tokio::spawn(async move {
        if let Err(error) = compute_role::run(worker).await {
            tracing::error!(%error, "the compute node has stopped");
        }
    });
    tasks.push(work);
    Ok(Node { replica, tasks, agreement: None, counts: ("compute", counted), notes })
}

/// When the wallet's delegation ends, Unix seconds.
fn session_end_s(dir: &Path) -> Result<u64, NodeError> {
    let text = Delegation::load(dir)?.text;
    let session = SessionText::parse(&text).map_err(|error| NodeError::Value("session.toml", error.to_string()))?;
    match session.purpose {
        Purpose::Grant { expires_s, .. } => Ok(expires_s),
        Purpose::Revoke => Err(NodeError::Value("session.toml", "it ends a key's power and grants none".into())),
    }
}

type Primitives = BTreeMap<Hash, Served>;

/// Opens the node's bundles on its device; says which device it is.
async fn open_primitives(role: &ComputeRole, genesis: &Arc<Genesis>) -> Result<(Primitives, Vec<String>), NodeError> {
    let (role, genesis) = (role.clone(), genesis.clone());
    crate::blocking::blocking(move || {
        let device: Device = role.device.parse().map_err(|why| NodeError::Value("role.device", why))?;
        let library = match role.library.clone() {
            Some(library) => library,
            None => Cache::default().library()?,
        };
        let runtime = Runtime::load(&library)?;
        let (mut primitives, mut notes) = (Primitives::new(), vec![]);
        for adapter in &role.adapters {
            let bundle = Bundle::open(&adapter.bundle)?;
            let id = match &adapter.announce {
                None => adapter_hash(bundle.id()),
                Some(id) => id.parse().map_err(|error| NodeError::Value("adapters.announce", format!("{error}")))?,
            };
            let units = certified_units(genesis.adapter(&id), bundle.manifest())
                .map_err(|why| NodeError::Uncertified(adapter.bundle.clone(), why))?;
            let primitive = Registry::default().open(bundle, &runtime, role.threads, device)?;
            notes.push(format!("adapter {id} on {}, {} threads", primitive.device(), role.threads));
            primitives.insert(id, Served { primitive: Arc::from(primitive), units });
        }
        Ok((primitives, notes))
    })
    .await
}
