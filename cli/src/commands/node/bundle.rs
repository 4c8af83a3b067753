//! A bundle that a node is to serve: whole, and certified by the network.

use crate::exit::{Kind, OrExit};
use liaise_compute::Bundle;
use liaise_ledger::Hash;
use liaise_ledger::genesis::Genesis;
use liaise_node::{adapter_hash, certified_units};
use std::path::Path;

/// A bundle whose every file has the hash that its manifest says.
pub struct Served {
    /// The id that it is announced under.
    pub id: Hash,
    /// The model's name.
    pub name: String,
    /// Whether the genesis certifies that id.
    pub certified: bool,
}

impl Served {
    /// Opens a bundle's directory; `announce` is the id that it goes by where that is not its own.
    pub fn open(dir: &Path, announce: Option<&str>, genesis: &Genesis) -> eyre::Result<Served> {
        let bundle = Bundle::open(dir).or_exit(Kind::Usage)?;
        let id = match announce {
            None => adapter_hash(bundle.id()),
            Some(id) => id.parse().map_err(|error| eyre::eyre!("announce {id:?}: {error}")).or_exit(Kind::Usage)?,
        };
        let certified = genesis.adapter(&id);
        // Of one table with the genesis, or every judge would refuse what it claims.
        certified_units(certified, bundle.manifest())
            .map_err(|why| eyre::eyre!("{}: {why}", dir.display()))
            .or_exit(Kind::Usage)?;
        Ok(Served { id, name: bundle.manifest().name.clone(), certified: certified.is_some() })
    }

    /// In words.
    pub fn words(&self) -> String {
        let standing = if self.certified {
            "certified by the genesis"
        } else {
            "not certified by the genesis: nobody is drawn for it unless a decree certifies it"
        };
        format!("{} {}, {standing}", self.name, self.id)
    }
}
