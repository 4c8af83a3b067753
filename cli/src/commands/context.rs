//! What most commands start from: the network's configuration, the user's copy of the ledger, keys and accounts.

use crate::exit::{Kind, OrExit, fail};
use crate::home::{Home, NetworkConfig};
use crate::secrets::PassphraseArgs;
use cid::Cid;
use liaise_chain_api::{ChainId, DistributorReader};
use liaise_ledger::genesis::Genesis;
use liaise_ledger::{Account, EpochNumber};
use liaise_node::client::Wallet;
use liaise_node::{Calendar, Histories, Library, NodeError, Replica, Terms, chain, keys, open_replica, seal_check};
use liaise_store::{Options, Store};
use std::path::PathBuf;
use std::sync::Arc;

/// The network as a home directory configures it; nothing is opened yet.
pub struct Context {
    /// The user's directory.
    pub home: Home,
    /// Its `network.toml`.
    pub config: NetworkConfig,
    /// The network's rules.
    pub genesis: Arc<Genesis>,
}

impl Context {
    /// Reads `network.toml` and the genesis.
    pub fn open(home: &Home) -> eyre::Result<Context> {
        let config = home.network()?;
        let genesis = home.genesis(&config)?;
        Ok(Context { home: home.clone(), config, genesis })
    }

    /// The user's copy of the ledger, not brought up to date.
    pub async fn replica(&self) -> eyre::Result<Replica> {
        let calendar = self.config.calendar.as_deref();
        let replica =
            open_replica(&self.home.path("ledger"), self.genesis.clone(), calendar, &self.config.stores).await;
        or_node_exit(replica)
    }

    /// The user's copy of the ledger as it is: it knows no store that it could ask.
    pub async fn offline(&self) -> eyre::Result<Replica> {
        let calendar = self.config.calendar.as_deref();
        or_node_exit(open_replica(&self.home.path("ledger"), self.genesis.clone(), calendar, &[]).await)
    }

    /// The user's copy of the ledger, with everything that a store has by now.
    pub async fn current(&self) -> eyre::Result<Replica> {
        let replica = self.replica().await?;
        replica.catch_up().await.or_exit(Kind::Refused)?;
        Ok(replica)
    }

    /// The user's copy of the ledger as it is on disk, without a network.
    pub fn store(&self) -> eyre::Result<Store> {
        let mut options = Options::new(self.genesis.clone()).seal_check(seal_check(&self.genesis));
        if let Some(file) = &self.config.calendar {
            options = options.clock(Arc::new(Calendar::from_file(file).or_exit(Kind::Usage)?));
        }
        Store::open(&self.home.path("ledger"), options).or_exit(Kind::Refused)
    }

    /// Time as the network has it.
    pub fn calendar(&self) -> eyre::Result<Calendar> {
        Calendar::of(self.config.calendar.as_deref()).or_exit(Kind::Usage)
    }

    /// Reads the distributor of the present term.
    pub async fn reader(&self) -> eyre::Result<Arc<dyn DistributorReader>> {
        chain::reader(&self.config.chain).await.or_exit(Kind::Chain)
    }

    /// Reads every distributor that network.toml names, that of the present term first.
    pub async fn readers(&self) -> eyre::Result<Vec<Arc<dyn DistributorReader>>> {
        let mut readers = vec![];
        for config in std::iter::once(&self.config.chain).chain(&self.config.others) {
            readers.push(chain::reader(config).await.or_exit(Kind::Chain)?);
        }
        Ok(readers)
    }

    /// The table of terms, over every distributor that network.toml names.
    pub async fn terms(&self) -> eyre::Result<Terms> {
        Ok(Terms::new(self.readers().await?))
    }

    /// The term's chain, which wallets' accounts name.
    pub fn chain(&self) -> eyre::Result<ChainId> {
        self.config.chain.chain().or_exit(Kind::Usage)
    }

    /// The keystore of a name.
    pub fn key_path(&self, name: &str) -> eyre::Result<PathBuf> {
        key_path(&self.home, name)
    }

    /// The wallet of a name.
    pub fn wallet(&self, name: &str, passphrase: &PassphraseArgs) -> eyre::Result<Wallet> {
        let path = self.key_path(name)?;
        let passphrase = passphrase.read(&path.display().to_string())?;
        let secret = keys::open(&path, &passphrase).or_exit(Kind::Usage)?;
        Wallet::new(&secret, &self.chain()?).or_exit(Kind::Usage)
    }

    /// An account as people write it: CAIP-10, an address of the term's chain, or the name of one of the own keys.
    pub fn account(&self, text: &str, passphrase: &PassphraseArgs) -> eyre::Result<Account> {
        match named_account(text, &self.chain()?)? {
            Some(account) => Ok(account),
            None => Ok(self.wallet(text, passphrase)?.account()),
        }
    }
}

/// The exit code of what keeps a node, or a step of one, from starting: its files are the caller's to repair.
pub fn or_node_exit<T>(result: Result<T, NodeError>) -> eyre::Result<T> {
    use NodeError as E;
    result.or_else(|error| {
        let kind = match &error {
            E::Config(_) | E::Genesis(..) | E::File(..) | E::Calendar(_) | E::Key(_) | E::Value(..) => Kind::Usage,
            E::Uncertified(..) => Kind::Usage,
            E::Chain(_) => Kind::Chain,
            _ => Kind::Refused,
        };
        Err(error).or_exit(kind)
    })
}

/// The name that was asked for, or the only key that there is.
pub fn key_name(home: &Home, asked: Option<&str>) -> eyre::Result<String> {
    if let Some(name) = asked {
        return Ok(name.to_owned());
    }
    let names = key_names(home)?;
    match names.as_slice() {
        [only] => Ok(only.clone()),
        [] => fail(Kind::Usage, "there is no key yet: make one with `liaise account new`"),
        many => fail(Kind::Usage, format!("several keys are here, name one of them: {}", many.join(", "))),
    }
}

/// The names of the wallets in a home, sorted.
pub fn key_names(home: &Home) -> eyre::Result<Vec<String>> {
    let Ok(entries) = std::fs::read_dir(home.path("keys")) else { return Ok(vec![]) };
    let mut names = vec![];
    for entry in entries {
        let name = entry?.file_name();
        if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".json")) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The keystore of a name, which must not lead out of the directory.
pub fn key_path(home: &Home, name: &str) -> eyre::Result<PathBuf> {
    let good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if !good {
        return fail(Kind::Usage, format!("key name {name:?}: use letters, digits, - and _ only"));
    }
    Ok(home.path(format!("keys/{name}.json")))
}

/// The account that a text names by its address; none where it is a key's name.
///
/// # Errors
/// It is meant to be an address, and is none.
pub fn named_account(text: &str, chain: &ChainId) -> eyre::Result<Option<Account>> {
    if text.parse::<ChainId>().is_ok() {
        return fail(Kind::Usage, format!("{text:?} is a chain: an account has an address behind it"));
    }
    if let Some(reference) = text.split_once(':').map(|(reference, _)| reference) {
        // Bitcoin Cash writes addresses with a prefix of their own.
        let cash = chain.namespace() == "bch" && reference == chain.reference();
        let whole = if cash { format!("bch:{text}") } else { text.to_owned() };
        return whole.parse().map(Some).or_exit(Kind::Usage);
    }
    match format!("{chain}:{text}").parse::<Account>() {
        Ok(account) => Ok(Some(account)),
        Err(error) if text.starts_with("0x") => Err(error).or_exit(Kind::Usage),
        Err(_) => Ok(None),
    }
}

/// A message's or blob's id.
pub fn cid(text: &str) -> eyre::Result<Cid> {
    text.parse::<Cid>()
        .map_err(|error| eyre::eyre!("id {text:?}: {error}; write a CIDv1 as `ledger show` prints it"))
        .or_exit(Kind::Usage)
}

/// The epoch of now.
pub fn epoch_now(replica: &Replica) -> EpochNumber {
    replica.genesis.epoch_of(replica.calendar.wall_ms())
}

/// Attested histories of a replica.
pub fn histories(replica: &Replica) -> Histories {
    Histories::new(replica.clone())
}

/// Documents of a replica.
pub fn library(replica: &Replica) -> eyre::Result<Arc<Library>> {
    Ok(Arc::new(Library::new(replica.clone()).or_exit(Kind::Refused)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_the_directory() {
        let home = Home::new(Some("/home/of/nobody".into()));
        assert!(key_path(&home, "user-1").is_ok());
        for bad in ["", "../x", "a/b", "a.json", "ä"] {
            assert!(key_path(&home, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn addresses_of_the_terms_chain_need_no_chain_and_names_are_no_addresses() {
        let named = |text: &str, chain: &str| {
            let found = named_account(text, &chain.parse().unwrap());
            found.map(|account| account.map(|account| account.to_string())).map_err(|error| error.to_string())
        };
        let evm = "0xABCDEF0123456789abcdef0123456789ABCDEF01";
        assert_eq!(named(evm, "eip155:1"), Ok(Some(format!("eip155:1:{}", evm.to_lowercase()))));
        assert_eq!(named(&format!("eip155:5:{evm}"), "solana:x"), Ok(Some(format!("eip155:5:{}", evm.to_lowercase()))));
        assert!(named("0x12", "eip155:1").unwrap_err().contains("40 hex digits"));
        assert!(named("eip155:1", "eip155:1").unwrap_err().contains("is a chain"));
        let solana = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
        assert_eq!(named(solana, "solana:x"), Ok(Some(format!("solana:x:{solana}"))));
        let cash = "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a";
        for text in [cash.to_owned(), format!("bitcoincash:{cash}"), format!("bch:bitcoincash:{cash}")] {
            assert_eq!(named(&text, "bch:bitcoincash"), Ok(Some(format!("bch:bitcoincash:{cash}"))));
        }
        assert!(named(&format!("bchtest:{cash}"), "bch:bitcoincash").is_err());
        for (name, chain) in [("main", "eip155:1"), ("main", "solana:x"), ("a-name_1", "bch:bitcoincash")] {
            assert_eq!(named(name, chain), Ok(None));
        }
    }

    #[test]
    fn ids_are_cids() {
        assert!(cid("bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua").is_ok());
        assert!(cid("42").is_err());
    }
}
