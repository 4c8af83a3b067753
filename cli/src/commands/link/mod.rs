//! `liaise link`: accounts of several chains become one owner's, or cease to be.

mod file;
mod list;
mod make;
mod state;

pub use state::Links;

use super::context::{Context, key_path};
use crate::exit::{Kind, OrExit, fail};
use crate::home::Home;
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_ledger::{Account, ChainId};
use liaise_node::client::Wallet;
use liaise_node::keys;
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum LinkCommand {
    /// Say that two accounts are yours: both wallets sign. From two epochs later on they count as one, and what either earns
    /// is paid to the one that is on the chain of the term.
    Add(AddArgs),
    /// Which accounts are linked, which will be and from when on.
    List(ListArgs),
    /// Put an account out of its cluster; any wallet of the cluster may. What it has earned stays its own.
    Revoke(RevokeArgs),
    /// Show a file of texts, add a wallet's signature to it, and publish them once all are there.
    Sign(SignArgs),
}

/// How a text goes out.
#[derive(Debug, Args)]
pub struct OutArgs {
    /// Write texts and signatures into a new file instead of publishing them: for a wallet on another machine.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show the texts, and neither sign nor send anything.
    #[arg(long, conflicts_with = "out")]
    dry_run: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`LinkCommand::Add`].
#[derive(Debug, Args)]
pub struct AddArgs {
    /// One of your keys with a chain, NAME@CHAIN (CAIP-2; the term's chain where it is left out), or a CAIP-10 account whose
    /// wallet is elsewhere.
    one: String,
    /// The other, on another chain.
    other: String,
    #[command(flatten)]
    out: OutArgs,
}

/// See [`LinkCommand::List`].
#[derive(Debug, Args)]
pub struct ListArgs {
    /// NAME, NAME@CHAIN or CAIP-10 account; all linked accounts of the network where it is left out.
    account: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`LinkCommand::Revoke`].
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Whose wallet signs: NAME, NAME@CHAIN, or a CAIP-10 account whose wallet is elsewhere.
    signer: String,
    /// The account that leaves: CAIP-10; the signer itself where it is left out.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    out: OutArgs,
}

/// See [`LinkCommand::Sign`].
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The file that `link add --out` or `link revoke --out` wrote.
    file: PathBuf,
    /// The key that signs: NAME or NAME@CHAIN.
    #[arg(long, value_name = "NAME", required_unless_present_any = ["signature", "dry_run"])]
    key: Option<String>,
    /// What another wallet signed, in hex (Bitcoin Cash wallets show base64: decode it).
    #[arg(long, value_name = "HEX", conflicts_with = "key", requires = "account")]
    signature: Option<String>,
    /// Whose signature it is: CAIP-10.
    #[arg(long, value_name = "ACCOUNT", requires = "signature")]
    account: Option<String>,
    /// Keep the signature in the file, and publish nothing yet.
    #[arg(long)]
    keep: bool,
    /// Show the texts, and neither sign nor send anything.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(command: LinkCommand, home: &Home) -> eyre::Result<()> {
    let context = Context::open(home)?;
    match command {
        LinkCommand::Add(args) => make::add(&context, &args).await,
        LinkCommand::List(args) => list::run(&context, &args).await,
        LinkCommand::Revoke(args) => make::revoke(&context, &args).await,
        LinkCommand::Sign(args) => file::sign(&context, &args).await,
    }
}

/// Somebody whom a text names: with the wallet where it is here.
enum Party {
    Own(Box<Wallet>),
    Elsewhere(Account),
}

impl Party {
    /// Reads NAME, NAME@CHAIN or a CAIP-10 account.
    fn read(context: &Context, text: &str, passphrase: &PassphraseArgs) -> eyre::Result<Party> {
        match text.parse::<Account>() {
            Ok(account) => Ok(Party::Elsewhere(account)),
            Err(error) if text.contains(':') && !text.contains('@') => Err(error).or_exit(Kind::Usage),
            Err(_) => wallet(context, text, passphrase).map(Box::new).map(Party::Own),
        }
    }

    fn account(&self) -> Account {
        match self {
            Party::Own(wallet) => wallet.account(),
            Party::Elsewhere(account) => account.clone(),
        }
    }

    fn wallet(&self) -> Option<&Wallet> {
        match self {
            Party::Own(wallet) => Some(wallet),
            Party::Elsewhere(_) => None,
        }
    }
}

/// The wallet of NAME or NAME@CHAIN: one key has an account on every chain.
fn wallet(context: &Context, text: &str, passphrase: &PassphraseArgs) -> eyre::Result<Wallet> {
    let (name, chain) = match text.split_once('@') {
        Some((name, chain)) => (name, chain.parse::<ChainId>().or_exit(Kind::Usage)?),
        None => (text, context.chain()?),
    };
    if context.genesis.chains.binary_search(&chain).is_err() {
        let known: Vec<&str> = context.genesis.chains.iter().map(ChainId::as_str).collect();
        return fail(Kind::Usage, format!("{chain} is no chain of this network: it has {}", known.join(", ")));
    }
    let path = key_path(&context.home, name)?;
    let words = passphrase.read(&path.display().to_string())?;
    let secret = keys::open(&path, &words).or_exit(Kind::Usage)?;
    Wallet::new(&secret, &chain).or_exit(Kind::Usage)
}
