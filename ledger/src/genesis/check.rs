//! The rules that a genesis keeps beyond its form.

use super::{GENESIS_VERSION, Genesis, GenesisError};
use crate::ed25519;
use crate::hash::Hash;
use secp256k1::PublicKey;

type Check = Result<(), GenesisError>;

fn need(good: bool, key: &'static str, why: &str) -> Check {
    if good { Ok(()) } else { Err(GenesisError::field(key, why)) }
}

fn ascending<T: Ord>(items: &[T]) -> bool {
    items.windows(2).all(|pair| pair[0] < pair[1])
}

/// Times stay exact as milliseconds, and for every reader of JSON.
const MAX_SECONDS: u64 = 1 << 40;
const MAX_UNITS: u64 = 1 << 53;

impl Genesis {
    /// Checks every rule of a genesis: what [`Genesis::from_toml`] does after reading, for one that was built in code.
    ///
    /// # Errors
    /// The first rule that it breaks, by its key.
    pub fn check(&self) -> Check {
        need(self.version == GENESIS_VERSION, "version", "not 1: update this program if the network has moved on")?;
        let name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
        need(
            (1..=63).contains(&self.name.len()) && self.name.bytes().all(name),
            "name",
            "not 1 to 63 lower-case letters, digits, '-' and '.'",
        )?;
        self.check_fixed()?;
        need(Hash::from_cid(&self.policy).is_some(), "policy", "not a CIDv1 of SHA-256")?;
        need(!self.chains.is_empty() && ascending(&self.chains), "chains", "none, or not strictly ascending")?;
        self.check_adapters()?;
        self.beacon.check().map_err(|error| GenesisError::field("beacon", error.to_string()))?;
        self.check_sets()?;
        self.check_nodes()?;
        self.parameters.check()
    }

    fn check_fixed(&self) -> Check {
        let fixed = &self.fixed;
        need((1..1 << 63).contains(&fixed.supply), "fixed.supply", "not in 1 to 2^63 - 1")?;
        need(fixed.epochs >= 1, "fixed.epochs", "zero")?;
        need(fixed.epoch_s >= 1, "fixed.epoch_s", "zero")?;
        need(fixed.term_epochs >= 1, "fixed.term_epochs", "zero")?;
        need(fixed.decimals <= 18, "fixed.decimals", "above 18")?;
        need(
            self.genesis_s < MAX_SECONDS && self.genesis_s.is_multiple_of(u64::from(fixed.epoch_s)),
            "genesis_s",
            "not a multiple of fixed.epoch_s, or 2^40 or more",
        )
    }

    fn check_adapters(&self) -> Check {
        need(self.adapters.windows(2).all(|w| w[0].id < w[1].id), "adapters", "not strictly ascending by id")?;
        for adapter in &self.adapters {
            let kind = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            need(
                (1..=63).contains(&adapter.kind.len()) && adapter.kind.bytes().all(kind),
                "adapters.kind",
                "not 1 to 63 lower-case letters, digits and '-'",
            )?;
            let units = adapter.units;
            need(
                (1..MAX_UNITS).contains(&units.max) && units.base <= units.max && units.per_item <= units.max,
                "adapters.units",
                "max is not in 1 to 2^53 - 1, or base or per_item is above it",
            )?;
        }
        Ok(())
    }

    fn check_sets(&self) -> Check {
        let (stores, oracles, dao) = (&self.stores, &self.oracles, &self.dao);
        need((4..=256).contains(&stores.keys.len()), "stores.keys", "not 4 to 256")?;
        need(ascending(&stores.keys), "stores.keys", "not strictly ascending")?;
        need(
            stores.keys.iter().all(|key| ed25519::decode_key(key).is_some()),
            "stores.keys",
            "not all are Ed25519 keys",
        )?;
        let secp = |keys: &[[u8; 33]]| keys.iter().all(|key| PublicKey::from_byte_array_compressed(*key).is_ok());
        need((5..=15).contains(&oracles.keys.len()), "oracles.keys", "not 5 to 15")?;
        need(ascending(&oracles.keys), "oracles.keys", "not strictly ascending")?;
        need(secp(&oracles.keys), "oracles.keys", "not all are compressed secp256k1 keys")?;
        need((1..=15).contains(&dao.keys.len()), "dao.keys", "not 1 to 15")?;
        need(ascending(&dao.keys), "dao.keys", "not strictly ascending")?;
        need(secp(&dao.keys), "dao.keys", "not all are compressed secp256k1 keys")?;
        need(
            (1..=dao.keys.len()).contains(&(dao.threshold as usize)),
            "dao.threshold",
            "zero, or more than there are keys",
        )?;
        need(ascending(&self.curators.keys), "curators.keys", "not strictly ascending")
    }

    fn check_nodes(&self) -> Check {
        need(self.nodes.windows(2).all(|w| w[0].account < w[1].account), "nodes", "not strictly ascending by account")?;
        for node in &self.nodes {
            need(self.chains.contains(&node.account.chain()), "nodes.account", "on a chain that chains does not list")?;
            need(node.slots >= 1, "nodes.slots", "zero")?;
            need(ascending(&node.adapters), "nodes.adapters", "not strictly ascending")?;
            need(
                node.adapters.iter().all(|id| self.adapter(id).is_some()),
                "nodes.adapters",
                "one is not in the table of adapters",
            )?;
        }
        Ok(())
    }
}
