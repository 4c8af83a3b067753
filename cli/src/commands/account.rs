//! `liaise account`: wallets in keystore files, and what they delegate.

use super::context::{Context, key_name, key_names, key_path};
use super::delegation;
use crate::exit::{Kind, OrExit, fail};
use crate::home::Home;
use crate::output::{self, note, say};
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_ledger::Account;
use liaise_node::chain::bch::token_address;
use liaise_node::chain::right_key;
use liaise_node::client::Wallet;
use liaise_node::config::{NodeConfig, Role};
use liaise_node::keys::{self, Cost, Secret};
use serde::Serialize;
use serde_json::json;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Draw a new key and encrypt it into a keystore file.
    New(NameArgs),
    /// Take over a private key that exists, from any of the chains' wallets.
    Import(ImportArgs),
    /// Print the accounts of the keys that are here.
    Show(ShowArgs),
    /// Copy an encrypted key file to another place.
    Backup(BackupArgs),
    /// Let a compute node's hot key work for an account: writes session.toml into the node's directory.
    Delegate(DelegateArgs),
}

/// A key and its passphrase.
#[derive(Debug, Args)]
pub struct NameArgs {
    /// The key's name: its file is keys/NAME.json in the home directory.
    #[arg(default_value = "main")]
    name: String,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`AccountCommand::Import`].
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    key: NameArgs,
    /// File with the private key: 64 hex digits, Solana's keypair.json, Bitcoin Cash's WIF, or seed words; without it the
    /// terminal asks, or standard input is read.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

/// See [`AccountCommand::Show`].
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The key's name; all keys without it.
    name: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`AccountCommand::Backup`].
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The key's name.
    name: String,
    /// Where the copy goes; it must not exist.
    to: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`AccountCommand::Delegate`].
#[derive(Debug, Args)]
pub struct DelegateArgs {
    /// The key's name.
    #[arg(long)]
    name: Option<String>,
    /// The node's directory, with its node.toml and its session's keystore.
    #[arg(long, value_name = "DIR", required_unless_present = "key")]
    node: Option<PathBuf>,
    /// The hot key in hex, where the node is on another machine; session.toml then goes to --out.
    #[arg(long, value_name = "HEX", conflicts_with = "node", requires = "out")]
    key: Option<String>,
    /// Directory for session.toml where --key names the hot key.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(command: AccountCommand, home: &Home) -> eyre::Result<()> {
    match command {
        AccountCommand::New(args) => keep(home, &args, &keys::random_secret()),
        AccountCommand::Import(args) => {
            keep(home, &args.key, &read_secret(args.from.as_deref(), namespace(home).as_deref())?)
        }
        AccountCommand::Show(args) => show(home, &args),
        AccountCommand::Backup(args) => backup(home, &args),
        AccountCommand::Delegate(args) => delegate(home, &args),
    }
}

/// The namespace of the term's chain, where a network is configured.
fn namespace(home: &Home) -> Option<String> {
    Some(home.network().ok()?.chain.chain().ok()?.namespace().to_owned())
}

fn keep(home: &Home, args: &NameArgs, secret: &Secret) -> eyre::Result<()> {
    let path = key_path(home, &args.name)?;
    if path.exists() {
        return fail(
            Kind::Usage,
            format!("{} is there already: keys are never overwritten, choose another name", path.display()),
        );
    }
    // Before anything is written: the bytes may be no key. A key is of no network yet where none is configured.
    let network = home.network().ok();
    let chain = network.map(|config| config.chain.chain().or_exit(Kind::Usage)).transpose()?;
    let account = chain.map(|chain| Wallet::new(secret, &chain).or_exit(Kind::Usage)).transpose()?;
    let account = account.map(|wallet| wallet.account());
    let passphrase = args.passphrase.choose(&args.name)?;
    keys::create(&path, secret, &passphrase, Cost::Standard).or_exit(Kind::Usage)?;
    let advice = format!("Back it up with `liaise account backup {} FILE`: nobody can restore it for you.", args.name);
    if args.json {
        note!("{advice}");
        return output::json(&json!({"name": args.name, "file": path, "account": account}));
    }
    say!("{}", path.display());
    if let Some(account) = account {
        say!("{account}");
    }
    say!("{advice}");
    Ok(())
}

fn read_secret(from: Option<&Path>, namespace: Option<&str>) -> eyre::Result<Secret> {
    let text = match from {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| eyre::eyre!("{}: {error}", file.display()));
            Zeroizing::new(text.or_exit(Kind::Usage)?)
        }
        None if std::io::stdin().is_terminal() => {
            let words = rpassword::prompt_password("Private key (hex, keypair.json, WIF or seed words): ");
            Zeroizing::new(words.or_exit(Kind::Usage)?)
        }
        None => {
            let mut text = Zeroizing::new(String::new());
            std::io::stdin().read_line(&mut text).or_exit(Kind::Usage)?;
            text
        }
    };
    keys::import(&text, namespace).or_exit(Kind::Usage)
}

fn show(home: &Home, args: &ShowArgs) -> eyre::Result<()> {
    let context = Context::open(home)?;
    let names = match &args.name {
        Some(name) => vec![name.clone()],
        None => key_names(home)?,
    };
    if names.is_empty() {
        key_name(home, None)?;
    }
    let mut rows = vec![];
    for name in names {
        let wallet = context.wallet(&name, &args.passphrase)?;
        rows.push(Shown {
            name,
            token_address: token_address(&wallet.account()),
            key: right_key(&wallet).map(hex::encode),
            account: wallet.account(),
        });
    }
    if args.json {
        return output::json(&rows);
    }
    let mut table = output::table(&["name", "account"]);
    for row in &rows {
        table.add_row([row.name.clone(), row.account.to_string()]);
    }
    say!("{table}");
    for row in &rows {
        if let (Some(address), Some(key)) = (&row.token_address, &row.key) {
            say!("{} receives tokens at {address}; sets of the DAO name it {key}", row.name);
        }
    }
    Ok(())
}

/// What is shown of a key.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    account: Account,
    /// Where wallets that know tokens send them, on Bitcoin Cash.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_address: Option<String>,
    /// Its compressed key, by which sets of the DAO name it where rights are signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

fn backup(home: &Home, args: &BackupArgs) -> eyre::Result<()> {
    let from = key_path(home, &args.name)?;
    if args.to.exists() {
        return fail(Kind::Usage, format!("{} is there already: name a new file", args.to.display()));
    }
    let copied = std::fs::copy(&from, &args.to)
        .map_err(|error| eyre::eyre!("{} to {}: {error}", from.display(), args.to.display()));
    copied.or_exit(Kind::Usage)?;
    if args.json {
        return output::json(&json!({"name": args.name, "file": from, "copy": args.to}));
    }
    say!("{} is a copy; its passphrase is the same, and nothing opens it without", args.to.display());
    Ok(())
}

fn delegate(home: &Home, args: &DelegateArgs) -> eyre::Result<()> {
    let context = Context::open(home)?;
    let name = key_name(home, args.name.as_deref())?;
    let wallet = context.wallet(&name, &args.passphrase)?;
    let (hot, dir) = match (&args.node, &args.key, &args.out) {
        (Some(node), _, _) => (hot_key(node, &args.passphrase)?, node.clone()),
        (None, Some(key), Some(out)) => (parse_key(key)?, out.clone()),
        _ => {
            return fail(
                Kind::Usage,
                "name the node's directory with --node, or its key with --key and a directory with --out",
            );
        }
    };
    let signed = delegation::sign(&context, &wallet, hot)?;
    signed.save(&dir).or_exit(Kind::Usage)?;
    let file = dir.join("session.toml");
    if args.json {
        return output::json(&json!({
            "account": wallet.account(),
            "session_key": hex::encode(hot),
            "expires": delegation::expiry(&signed),
            "file": file,
            "text": signed.text,
        }));
    }
    say!("{}", signed.text);
    say!("\n{} is written: the node publishes it when it starts", file.display());
    Ok(())
}

fn parse_key(text: &str) -> eyre::Result<[u8; 32]> {
    let key = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| eyre::eyre!("--key: write the hot key's 32 bytes as 64 hex digits")).or_exit(Kind::Usage)
}

fn hot_key(node: &Path, passphrase: &PassphraseArgs) -> eyre::Result<[u8; 32]> {
    let config = NodeConfig::load(node).or_exit(Kind::Usage)?;
    let Role::Compute(role) = config.role else {
        return fail(
            Kind::Usage,
            format!("role.kind in {}: only compute nodes work for an account", node.join("node.toml").display()),
        );
    };
    let passphrase = passphrase.read(&role.session_key.display().to_string())?;
    let secret = keys::open(&role.session_key, &passphrase).or_exit(Kind::Usage)?;
    delegation::public(&secret)
}
