//! The demo's genesis and keys.

use liaise_compute::Bundle;
use liaise_ledger::beacon::BeaconKey;
use liaise_ledger::genesis::{Adapter, CuratorSet, Fixed, Genesis, GenesisNode, KeySet, Parameters, ThresholdSet};
use liaise_ledger::hash::blob_cid;
use liaise_ledger::{Account, ChainId, Signer};
use liaise_node::client::Wallet;
use liaise_node::keys::{self, Secret};

/// What the demo's policy says.
const POLICY: &str = "The demo follows the ethics policy that its operators publish: transparency, inclusion, responsibility, impartiality, reliability, security and privacy.";

/// What is faster here than on a real network, and printed as such; everything else is at its default.
pub fn local_parameters() -> Parameters {
    Parameters { reveal_ms: 200, patience_s: 5, tie_ms: 2, ramp_weight: 1, ..Parameters::default() }
}

/// An account of the demo.
pub struct Person {
    /// Short name in tables.
    pub name: String,
    /// The wallet.
    pub wallet: Wallet,
    /// The wallet's secret, to be written into its keystore.
    pub wallet_secret: Secret,
    /// The session's key.
    pub session: Secret,
}

impl Person {
    fn new(name: String, chain: &ChainId) -> eyre::Result<Person> {
        let wallet_secret = keys::random_secret();
        let wallet = Wallet::new(&wallet_secret, chain)?;
        Ok(Person { name, wallet, wallet_secret, session: keys::random_secret() })
    }

    /// Its account.
    pub fn account(&self) -> Account {
        self.wallet.account()
    }
}

/// Every key of the network, and the genesis that names them.
pub struct Founding {
    /// The genesis.
    pub genesis: Genesis,
    /// Witness stores, in the genesis's order.
    pub stores: Vec<Secret>,
    /// Oracles, in the genesis's order.
    pub oracles: Vec<Secret>,
    /// The DAO's one signer.
    pub dao: Secret,
    /// The local beacon's seed.
    pub beacon: Secret,
    /// Compute nodes.
    pub nodes: Vec<Person>,
    /// End-users; the first is the curator.
    pub users: Vec<Person>,
}

fn sorted(count: usize, public: impl Fn(&Secret) -> Vec<u8>) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = (0..count).map(|_| keys::random_secret()).collect();
    secrets.sort_by_key(|secret| public(secret));
    secrets
}

/// The public half of a secp256k1 secret that was drawn at random.
pub fn secp256k1_public(secret: &Secret) -> eyre::Result<[u8; 33]> {
    let signer = keys::secp256k1(secret, std::path::Path::new("a fresh key"))?;
    signer.public().try_into().map_err(|_| eyre::eyre!("a secp256k1 key has 33 bytes"))
}

fn ed25519_public(secret: &Secret) -> [u8; 32] {
    let signer: Signer = keys::ed25519(secret);
    signer.public().try_into().expect("an Ed25519 key has 32 bytes")
}

impl Founding {
    /// Draws all keys; accounts are on the first of `chains`, and the network has three in all. Epoch 0 begins at the first midnight (UTC) after `now_s`.
    pub fn new(
        chains: &[ChainId],
        now_s: u64,
        certified: &Bundle,
        counts: (usize, usize, usize, usize),
        parameters: Parameters,
        term_epochs: Option<u32>,
    ) -> eyre::Result<Founding> {
        let (stores, oracles, nodes, users) = counts;
        let chain = chains.first().ok_or_else(|| eyre::eyre!("a network has a chain"))?;
        let adapter = liaise_node::adapter_hash(certified.id());
        let stores = sorted(stores, |secret| ed25519_public(secret).to_vec());
        let oracles = sorted(oracles, |secret| secp256k1_public(secret).map(Vec::from).unwrap_or_default());
        let dao = keys::random_secret();
        let beacon = keys::random_secret();
        let nodes = (1..=nodes).map(|n| Person::new(format!("node-{n}"), chain)).collect::<eyre::Result<Vec<_>>>()?;
        let users = (1..=users).map(|n| Person::new(format!("user-{n}"), chain)).collect::<eyre::Result<Vec<_>>>()?;

        let fixed = Fixed::default();
        let fixed = Fixed { term_epochs: term_epochs.unwrap_or(fixed.term_epochs), ..fixed };
        let epoch_s = u64::from(fixed.epoch_s);
        let genesis_s = (now_s / epoch_s + 1) * epoch_s;
        let mut genesis_nodes: Vec<GenesisNode> = nodes
            .iter()
            .map(|node| GenesisNode { account: node.account(), weight: 10_000, slots: 1, adapters: vec![adapter] })
            .collect();
        genesis_nodes.sort_by(|a, b| a.account.cmp(&b.account));
        let genesis = Genesis {
            version: 1,
            name: "liaise-demo".into(),
            genesis_s,
            policy: blob_cid(POLICY.as_bytes()),
            chains: super::links::chains(chains),
            adapters: vec![Adapter {
                id: adapter,
                kind: certified.manifest().kind.clone(),
                // What judges hold a claim against is what the model's own bundle says.
                units: liaise_node::units_of(certified.manifest()),
            }],
            fixed,
            beacon: BeaconKey::from_seed(&beacon).beacon(now_s, 1),
            stores: KeySet { version: 1, keys: stores.iter().map(ed25519_public).collect() },
            oracles: KeySet { version: 1, keys: oracles.iter().map(secp256k1_public).collect::<Result<_, _>>()? },
            dao: ThresholdSet { version: 1, threshold: 1, keys: vec![secp256k1_public(&dao)?] },
            curators: CuratorSet { version: 1, keys: vec![users[0].account()] },
            nodes: genesis_nodes,
            parameters,
        };
        genesis.check()?;
        Ok(Founding { genesis, stores, oracles, dao, beacon, nodes, users })
    }
}
