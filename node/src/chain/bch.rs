//! Distributors on Bitcoin Cash.

use super::{deployment, input, other_wallet};
use crate::client::{Wallet, WalletKey};
use crate::config::ChainConfig;
use crate::keys::Secret;
use liaise_chain_api::{ChainError, ChainId, Delays, DistributorReader, StatementSignature};
use liaise_chain_bch::{BchReader, BchSubmitter};
use liaise_summary::{CompressedKey, DaoSet, DistributorId, Emission, Hash32, NetworkId, OracleSet, Schedule};
use secp256k1::global::SECP256K1;
use secp256k1::{Message, PublicKey, SecretKey};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use liaise_chain_bch::deploy::{Deployed, Plan, deploy};
pub use liaise_chain_bch::local::Devnet;
pub use liaise_chain_bch::{
    BchConfig, BchKeys, Founders, PayoutTerms, Publication, Terms, account_of_key, token_address,
};

/// The deployment's file: what the covenants were built with, and who decided at first. The chain shows their hashes only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The token category in hex, as nodes print it.
    pub category: String,
    /// The network's id in hex.
    pub network: String,
    /// Start of epoch 0, Unix seconds.
    pub genesis_s: u64,
    /// Base units that all epochs emit together.
    pub supply: u64,
    /// How many epochs emit.
    pub epochs: u32,
    /// Seconds of an epoch.
    pub epoch_s: u32,
    /// Epochs of a term.
    pub term_epochs: u32,
    /// Seconds that an epoch's statement waits.
    pub epoch_delay_s: u32,
    /// Seconds that an opening waits.
    pub long_delay_s: u32,
    /// Epochs of notice before a hand-over.
    pub notice_epochs: u32,
    /// Until then the guardian shares in rotation and hand-over, Unix seconds.
    pub guarded_until_s: u64,
    /// The least that the controller holds, satoshis.
    pub floor_sats: u64,
    /// What a payout carries, satoshis.
    pub payout_sats: u64,
    /// Fee of a batch, satoshis.
    pub fee_base_sats: u64,
    /// Fee of a payout, satoshis.
    pub fee_per_sats: u64,
    /// Tenths of a byte of padding for each payout.
    pub pad_tenths: u32,
    /// The most satoshis that a filed epoch gets for its payouts; without it all that they need.
    #[serde(default)]
    pub epoch_sats: Option<u64>,
    /// Compressed key of the first guardian, in hex.
    pub guardian: String,
    /// The first oracle set.
    pub oracles: Keys,
    /// The first DAO set.
    pub dao: Keys,
    /// The token's metadata registry, which whoever files publishes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registry>,
}

/// A published metadata registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// SHA-256 of the file, in hex.
    pub hash: String,
    /// Where it can be had.
    #[serde(default)]
    pub uris: Vec<String>,
}

/// A set of keys at genesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Its version.
    pub version: u32,
    /// How many sign; oracles sign by their quorum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// Compressed keys in hex, ascending.
    pub keys: Vec<String>,
}

impl Deployment {
    /// What was deployed, for its file.
    pub fn new(
        distributor: DistributorId,
        terms: &Terms,
        founders: &Founders,
        epoch_sats: Option<u64>,
        publication: Option<&Publication>,
    ) -> Deployment {
        let hex_of = |keys: &[CompressedKey]| keys.iter().map(hex::encode).collect();
        let (schedule, payout) = (&terms.schedule, &terms.payout);
        let mut category = distributor.0;
        category.reverse();
        Deployment {
            category: hex::encode(category),
            network: hex::encode(schedule.network.0),
            genesis_s: schedule.genesis_s,
            supply: schedule.emission.supply,
            epochs: schedule.emission.epochs,
            epoch_s: schedule.epoch_s,
            term_epochs: schedule.term_epochs,
            epoch_delay_s: terms.delays.epoch_s,
            long_delay_s: terms.delays.long_s,
            notice_epochs: terms.notice_epochs,
            guarded_until_s: terms.guarded_until_s,
            floor_sats: terms.floor_sats,
            payout_sats: payout.payout_sats,
            fee_base_sats: payout.fee_base_sats,
            fee_per_sats: payout.fee_per_sats,
            pad_tenths: payout.pad_tenths,
            epoch_sats,
            guardian: hex::encode(founders.guardian),
            oracles: Keys {
                version: founders.oracle_set.version(),
                threshold: None,
                keys: hex_of(founders.oracle_set.keys()),
            },
            dao: Keys {
                version: founders.dao.version(),
                threshold: Some(founders.dao.threshold()),
                keys: hex_of(founders.dao.keys()),
            },
            registry: publication.map(|publication| Registry {
                hash: hex::encode(publication.hash()),
                uris: publication.uris().to_vec(),
            }),
        }
    }

    fn config(&self, chain: ChainId, rpc: &str) -> Result<BchConfig, ChainError> {
        let mut category: [u8; 32] = bytes("category", &self.category)?;
        category.reverse();
        let mut bch = BchConfig::new(chain, rpc, DistributorId(category), self.terms()?, self.founders()?);
        bch.epoch_sats = self.epoch_sats;
        if let Some(Registry { hash, uris }) = &self.registry {
            bch.publication = Some(Publication::new(bytes("registry.hash", hash)?, uris.clone())?);
        }
        Ok(bch)
    }

    /// What a file says, written again from what was understood.
    #[cfg(feature = "fuzz")]
    pub(crate) fn again(text: &str) -> Option<String> {
        let deployment: Deployment = toml::from_str(text).ok()?;
        let bch = deployment.config("bch:bchreg".parse().ok()?, "http://127.0.0.1:1").ok()?;
        assert!(bch.address().starts_with("bchreg:"), "it has an address");
        let again =
            Self::new(bch.distributor, &bch.terms, &bch.founders, deployment.epoch_sats, bch.publication.as_ref());
        Some(toml::to_string(&again).expect("it is TOML"))
    }

    fn terms(&self) -> Result<Terms, ChainError> {
        Ok(Terms {
            schedule: Schedule {
                network: NetworkId(bytes("network", &self.network)?),
                genesis_s: self.genesis_s,
                emission: Emission { supply: self.supply, epochs: self.epochs },
                epoch_s: self.epoch_s,
                term_epochs: self.term_epochs,
            },
            delays: Delays { epoch_s: self.epoch_delay_s, long_s: self.long_delay_s },
            notice_epochs: self.notice_epochs,
            guarded_until_s: self.guarded_until_s,
            floor_sats: self.floor_sats,
            payout: PayoutTerms {
                payout_sats: self.payout_sats,
                fee_base_sats: self.fee_base_sats,
                fee_per_sats: self.fee_per_sats,
                pad_tenths: self.pad_tenths,
            },
        })
    }

    fn founders(&self) -> Result<Founders, ChainError> {
        let wrong = |field: &str, error: String| input("the deployment's file", format!("{field}: {error}"));
        let oracles = OracleSet::new(self.oracles.version, keys("oracles.keys", &self.oracles.keys)?);
        let threshold = self.dao.threshold.ok_or_else(|| wrong("dao.threshold", "missing".into()))?;
        let dao = DaoSet::new(self.dao.version, threshold, keys("dao.keys", &self.dao.keys)?);
        Ok(Founders {
            oracle_set: oracles.map_err(|error| wrong("oracles", error.to_string()))?,
            dao: dao.map_err(|error| wrong("dao", error.to_string()))?,
            guardian: bytes("guardian", &self.guardian)?,
        })
    }
}

fn keys(field: &str, texts: &[String]) -> Result<Vec<CompressedKey>, ChainError> {
    texts.iter().map(|text| bytes(field, text)).collect()
}

fn bytes<const N: usize>(field: &str, text: &str) -> Result<[u8; N], ChainError> {
    let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| input("the deployment's file", format!("{field}: {text:?} is not {N} bytes of hex")))
}

fn bch(config: &ChainConfig, chain: ChainId) -> Result<BchConfig, ChainError> {
    let deployment: Deployment = deployment::read(config)?;
    let mut bch = deployment.config(chain, &config.rpc)?;
    if let Some(depth) = config.final_depth {
        bch.depth = depth;
    }
    let address = bch.address();
    if address != config.distributor {
        let detail = format!("it is of {address}, and {} is configured", config.distributor);
        return Err(input("the deployment's file", detail));
    }
    Ok(bch)
}

pub(super) async fn reader(config: &ChainConfig, chain: ChainId) -> Result<Arc<dyn DistributorReader>, ChainError> {
    Ok(Arc::new(BchReader::connect(bch(config, chain)?).await?))
}

pub(super) async fn submitter(
    config: &ChainConfig,
    chain: ChainId,
    wallet: &Wallet,
) -> Result<BchSubmitter, ChainError> {
    match wallet.key() {
        // The key of the coins counts as a right too: of the guardian, or of a member of the DAO's set.
        WalletKey::Bch(secret) => BchSubmitter::connect(bch(config, chain)?, BchKeys::new(**secret)?).await,
        _ => Err(other_wallet(&chain, wallet)),
    }
}

/// The public key of a secret.
pub(super) fn public(secret: &Secret) -> Result<CompressedKey, ChainError> {
    Ok(BchKeys::new(**secret)?.public())
}

/// A key's signature over a digest.
pub(super) fn sign(secret: &Secret, digest: Hash32) -> Result<StatementSignature, ChainError> {
    let key = SecretKey::from_byte_array(**secret)
        .map_err(|_| input("the wallet", "its 32 bytes are no secret key".to_owned()))?;
    let (id, rs) = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &key).serialize_compact();
    let mut rsv = [0; 65];
    rsv[..64].copy_from_slice(&rs);
    // r is never that of a point beyond the order in practice
    rsv[64] = u8::try_from(i32::from(id) & 1).expect("0 or 1");
    Ok(StatementSignature { key: PublicKey::from_secret_key_global(&key).serialize(), rsv })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment() -> (ChainConfig, Deployment, tempfile::TempDir) {
        let key = |n: u8| BchKeys::new([n; 32]).unwrap().public();
        let mut oracles: Vec<_> = (1..=5).map(key).collect();
        oracles.sort_unstable();
        let founders = Founders {
            oracle_set: OracleSet::new(1, oracles).unwrap(),
            dao: DaoSet::new(1, 1, vec![key(6)]).unwrap(),
            guardian: key(7),
        };
        let terms = Terms {
            schedule: Schedule {
                network: NetworkId([9; 32]),
                genesis_s: 1_900_000_800,
                emission: Emission { supply: 1 << 60, epochs: 7_305 },
                epoch_s: 86_400,
                term_epochs: 180,
            },
            delays: Delays { epoch_s: 21_600, long_s: 604_800 },
            notice_epochs: 7,
            guarded_until_s: 1_915_552_800,
            floor_sats: Terms::FLOOR_SATS,
            payout: PayoutTerms::USUAL,
        };
        let id = DistributorId(std::array::from_fn(|i| i as u8));
        let publication = Publication::new([3; 32], vec!["example.org".into()]).unwrap();
        let written = Deployment::new(id, &terms, &founders, Some(20_000), Some(&publication));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("deployment.toml");
        deployment::write(&file, &written).unwrap();
        let chain: ChainId = "bch:bchreg".parse().unwrap();
        let address = BchConfig::new(chain.clone(), "http://127.0.0.1:1", id, terms, founders).address();
        let config = ChainConfig {
            id: chain.to_string(),
            rpc: "http://127.0.0.1:1".into(),
            distributor: address,
            final_depth: Some(3),
            deployment: Some(file),
        };
        (config, written, dir)
    }

    #[test]
    fn a_deployments_file_says_all_that_it_was_written_with() {
        let (config, written, _dir) = deployment();
        let bch = bch(&config, config.chain().unwrap()).unwrap();
        assert_eq!((bch.depth, bch.epoch_sats), (3, Some(20_000)));
        let again = Deployment::new(bch.distributor, &bch.terms, &bch.founders, Some(20_000), bch.publication.as_ref());
        assert_eq!(again, written);
        assert!(written.category.starts_with("1f1e1d"), "nodes print it in reverse");
    }

    #[test]
    fn a_file_of_another_deployment_is_refused() {
        let (mut config, written, dir) = deployment();
        let refused = |config: &ChainConfig| bch(config, config.chain().unwrap()).unwrap_err().to_string();
        let file = dir.path().join("other.toml");
        config.deployment = Some(file.clone());
        assert!(refused(&config).contains("other.toml"));
        deployment::write(&file, &Deployment { notice_epochs: 8, ..written.clone() }).unwrap();
        assert!(refused(&config).contains("is configured"));
        deployment::write(&file, &Deployment { guardian: "02".into(), ..written.clone() }).unwrap();
        assert!(refused(&config).contains("guardian"));
        let long = Registry { hash: "00".repeat(32), uris: vec!["a".repeat(76)] };
        deployment::write(&file, &Deployment { registry: Some(long), ..written.clone() }).unwrap();
        assert!(refused(&config).contains("URIs"));
        let few = Keys { keys: written.oracles.keys[..3].to_vec(), ..written.oracles.clone() };
        deployment::write(&file, &Deployment { oracles: few, ..written }).unwrap();
        assert!(refused(&config).contains("oracles"));
        config.deployment = None;
        assert!(refused(&config).contains("`deployment`"));
    }
}
