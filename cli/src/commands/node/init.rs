//! `liaise node init`: a compute node's directory from the home's network.toml.

use super::bundle::Served;
use super::session_file;
use crate::commands::context::{Context, key_name};
use crate::commands::delegation;
use crate::exit::{Kind, OrExit, fail};
use crate::home::Home;
use crate::output::{self, note, say};
use crate::secrets::PassphraseArgs;
use clap::Args;
use liaise_compute::{Cache, Device};
use liaise_ledger::Account;
use liaise_node::client::{Delegation, Wallet};
use liaise_node::config::{AdapterConfig, ComputeRole, NodeConfig, Role};
use liaise_node::{blocking, keys};
use serde_json::json;
use std::path::{Path, PathBuf, absolute};

/// The hot key's file in the node's directory.
const SESSION_KEY: &str = "session.json";
/// What the command writes, in this order.
const FILES: [&str; 3] = [SESSION_KEY, "session.toml", "node.toml"];

/// See [`super::NodeCommand::Init`].
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The node's directory; made if it is not there. Nothing in it is overwritten.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The key whose account is paid; your only key by default.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The region that the node declares, as an ISO 3166-1 alpha-2 code; ZZ says none.
    #[arg(long, value_name = "CC", default_value = "ZZ", value_parser = region)]
    region: String,
    /// Threads of one inference; as many as this machine has by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// auto, cpu or cuda.
    #[arg(long, default_value = "auto", value_parser = device)]
    device: String,
    /// The bundle that the node serves; the retrieval model that set-up installed by default.
    #[arg(long, value_name = "PATH")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A region code as messages carry it.
fn region(text: &str) -> Result<String, String> {
    let good = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    if good {
        Ok(text.to_ascii_uppercase())
    } else {
        Err("write two letters (ISO 3166-1 alpha-2), for example CH".into())
    }
}

fn device(text: &str) -> Result<String, String> {
    text.parse::<Device>().map(|_| text.to_owned())
}

/// Makes the directory; everything that can be wrong is found before anything is written.
pub async fn run(args: &InitArgs, home: &Home) -> eyre::Result<()> {
    let context = Context::open(home)?;
    refuse_existing(&args.dir)?;
    let bundle = absolute(args.bundle.clone().unwrap_or_else(|| Cache::default().minilm())).or_exit(Kind::Usage)?;
    let (path, genesis) = (bundle.clone(), context.genesis.clone());
    let served = blocking(move || Served::open(&path, None, &genesis)).await?;
    if !served.certified {
        note!("note: {}", served.words());
    }
    let name = key_name(home, args.account.as_deref())?;
    let wallet = context.wallet(&name, &args.passphrase)?;
    let passphrase = args.passphrase.choose(&args.dir.join(SESSION_KEY).display().to_string())?;
    let secret = keys::random_secret();
    let hot = delegation::public(&secret)?;
    let signed = signed(&context, &wallet, hot)?;
    let config = config(&context, args, &wallet.account(), bundle)?;
    let written =
        keys::create(&args.dir.join(SESSION_KEY), &secret, &passphrase, keys::Cost::Standard).or_exit(Kind::Usage);
    let written = written.and_then(|()| signed.save(&args.dir).or_exit(Kind::Usage));
    let written = written.and_then(|()| config.save(&args.dir).or_exit(Kind::Usage));
    if written.is_err() {
        // They were not there before: half a directory would only stand in the way of the next try.
        FILES.iter().for_each(|file| drop(std::fs::remove_file(args.dir.join(file))));
    }
    written?;
    print(args, &wallet.account(), hot, &signed, &served)
}

fn refuse_existing(dir: &Path) -> eyre::Result<()> {
    match FILES.iter().map(|file| dir.join(file)).find(|path| path.symlink_metadata().is_ok()) {
        Some(path) => fail(
            Kind::Usage,
            format!("{} is there already: nothing is overwritten, name another directory with --dir", path.display()),
        ),
        None => Ok(()),
    }
}

/// The wallet's word for the hot key, held against the network's rules before a node relies on it.
fn signed(context: &Context, wallet: &Wallet, hot: [u8; 32]) -> eyre::Result<Delegation> {
    let signed = delegation::sign(context, wallet, hot)?;
    let now_ms = context.calendar()?.wall_ms();
    session_file::check(&signed, &context.genesis, &wallet.account(), Some(hot), now_ms)
        .map_err(|why| eyre::eyre!("{} can't work on this network: {why}", wallet.account()))
        .or_exit(Kind::Usage)?;
    Ok(signed)
}

fn config(context: &Context, args: &InitArgs, account: &Account, bundle: PathBuf) -> eyre::Result<NodeConfig> {
    let threads = match args.threads {
        Some(threads) => usize::from(threads),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let network = &context.config;
    let role = ComputeRole {
        account: account.to_string(),
        session_key: SESSION_KEY.into(),
        region: args.region.clone(),
        threads,
        device: args.device.clone(),
        library: None,
        adapters: vec![AdapterConfig { bundle, announce: None }],
    };
    Ok(NodeConfig {
        // Relative paths would be read from the node's directory.
        genesis: absolute(&network.genesis).or_exit(Kind::Usage)?,
        calendar: network.calendar.as_ref().map(absolute).transpose().or_exit(Kind::Usage)?,
        listen: vec![],
        stores: network.stores.clone(),
        role: Role::Compute(role),
        metrics: None,
    })
}

fn print(args: &InitArgs, account: &Account, hot: [u8; 32], signed: &Delegation, served: &Served) -> eyre::Result<()> {
    let dir = args.dir.display();
    if args.json {
        return output::json(&json!({
            "dir": args.dir,
            "files": FILES.map(|file| args.dir.join(file)),
            "account": account,
            "session_key": hex::encode(hot),
            "expires": delegation::expiry(signed),
            "region": args.region,
            "device": args.device,
            "adapter": served.id,
            "certified": served.certified,
        }));
    }
    say!("{dir} is a compute node's directory now.\n");
    say!("account     {account}");
    say!("hot key     {} may work for it until {}", hex::encode(hot), delegation::expiry(signed));
    say!("adapter     {}", served.words());
    say!("region      {}, device {}", args.region, args.device);
    say!("\nNext:\n  liaise node check --dir {dir}\n  liaise node run --dir {dir}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_two_letters_and_devices_are_known() {
        assert_eq!(region("ch").unwrap(), "CH");
        for bad in ["", "C", "CHE", "C1", "ÄÖ"] {
            assert!(region(bad).is_err(), "{bad:?}");
        }
        assert_eq!(device("cuda").unwrap(), "cuda");
        assert!(device("gpu").unwrap_err().contains("auto, cpu or cuda"));
    }

    #[test]
    fn each_file_that_is_there_stops_it() {
        let dir = tempfile::tempdir().unwrap();
        assert!(refuse_existing(dir.path()).is_ok());
        for file in FILES {
            let path = dir.path().join(file);
            std::fs::write(&path, "kept").unwrap();
            assert!(refuse_existing(dir.path()).unwrap_err().to_string().contains(file));
            std::fs::remove_file(path).unwrap();
        }
    }
}
