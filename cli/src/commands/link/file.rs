//! Texts on their way between wallets, as a file, and how they are published.

use super::state::Links;
use super::{Party, SignArgs};
use crate::commands::context::{Context, library};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use liaise_ledger::body::{Body, Link as LinkBody, SignedText};
use liaise_ledger::session::verify_wallet;
use liaise_ledger::{Account, Author, Genesis, Link, LinkAct, LinkClaim, LinkText};
use liaise_node::client::{Client, Wallet};
use liaise_node::{Pace, Replica, keys};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// What the file holds: every text that a link or its end needs, in the order of a `link` message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkFile {
    /// The texts.
    pub texts: Vec<FileText>,
}

/// A text, and what its wallet signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileText {
    /// Whose wallet signs.
    pub account: Account,
    /// Its signature in hex; empty until it has signed.
    pub signature: String,
    /// The exact text to sign: what stands between the quotes, without a line break at the end.
    pub text: String,
}

impl LinkFile {
    /// Texts that nobody has signed.
    pub fn new(texts: &[LinkText]) -> LinkFile {
        let unsigned =
            |text: &LinkText| FileText { account: text.account.clone(), signature: String::new(), text: text.render() };
        LinkFile { texts: texts.iter().map(unsigned).collect() }
    }

    /// Reads a file that may come from anybody: what it lets a wallet sign is a link of this network and nothing else.
    fn read(path: &Path, genesis: &Genesis) -> eyre::Result<(LinkFile, LinkClaim)> {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| eyre::eyre!(named(&error))).or_exit(Kind::Usage)?;
        let file: LinkFile = toml::from_str(&text).map_err(|error| eyre::eyre!(named(&error))).or_exit(Kind::Usage)?;
        let texts = file.texts.iter().map(|text| text.text.as_str());
        let claim = Link::read(texts, genesis).map_err(|error| eyre::eyre!(named(&error))).or_exit(Kind::Usage)?;
        for (text, account) in file.texts.iter().zip(&claim.signers) {
            if *account != text.account {
                return fail(Kind::Usage, named(&format!("a text is of {account}, not of {}", text.account)));
            }
        }
        Ok((file, claim))
    }

    /// The texts as people read them before they sign.
    pub fn shown(&self) -> String {
        let shown = |text: &FileText| format!("{} signs:\n\n{}\n", text.account, text.text);
        self.texts.iter().map(shown).collect::<Vec<_>>().join("\n")
    }

    fn text(&self) -> eyre::Result<String> {
        Ok(toml::to_string(self)?)
    }

    /// Writes a file that must not exist.
    pub fn create(&self, path: &Path) -> eyre::Result<()> {
        let text = self.text()?;
        let opened =
            std::fs::File::create_new(path).and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
        opened.map_err(|error| eyre::eyre!("{}: {error}", path.display())).or_exit(Kind::Usage)
    }

    /// Lets a wallet sign its text.
    ///
    /// # Errors
    /// The file has no text for the wallet's account.
    pub fn sign(&mut self, wallet: &Wallet) -> eyre::Result<()> {
        let text = self.of(&wallet.account())?;
        text.signature = hex::encode(wallet.sign_text(&text.text).or_exit(Kind::Usage)?);
        Ok(())
    }

    /// Takes in what a wallet elsewhere signed.
    fn take(&mut self, account: &Account, signature: &str) -> eyre::Result<()> {
        let text = self.of(account)?;
        let bytes = hex::decode(signature.trim().trim_start_matches("0x")).or_exit(Kind::Usage)?;
        verify_wallet(account, &text.text, &bytes).or_exit(Kind::Usage)?;
        text.signature = hex::encode(bytes);
        Ok(())
    }

    fn of(&mut self, account: &Account) -> eyre::Result<&mut FileText> {
        let known: Vec<String> = self.texts.iter().map(|text| text.account.to_string()).collect();
        match self.texts.iter_mut().find(|text| text.account == *account) {
            Some(text) => Ok(text),
            None => {
                fail(Kind::Usage, format!("there is no text for {account}: the texts are for {}", known.join(" and ")))
            }
        }
    }

    /// Who has not signed.
    pub fn missing(&self) -> Vec<&Account> {
        self.texts.iter().filter(|text| text.signature.is_empty()).map(|text| &text.account).collect()
    }

    fn body(&self) -> eyre::Result<LinkBody> {
        let signed = |text: &FileText| -> eyre::Result<SignedText> {
            let signature = ByteBuf::from(hex::decode(&text.signature).or_exit(Kind::Usage)?);
            Ok(SignedText { text: text.text.clone(), signature })
        };
        Ok(LinkBody { texts: self.texts.iter().map(signed).collect::<eyre::Result<_>>()? })
    }
}

/// Checks the texts as everybody will, publishes them, and says from when on they count.
pub async fn publish(context: &Context, replica: &Replica, file: &LinkFile, as_json: bool) -> eyre::Result<()> {
    let body = file.body()?;
    let Some(first) = file.texts.first() else { return fail(Kind::Usage, "there is no text to publish") };
    let author = Author::Account(first.account.clone());
    let claim = Link::check(&body, &author, &context.genesis).or_exit(Kind::Usage)?;
    let now_ms = replica.calendar.wall_ms();
    if !claim.is_timely(now_ms) {
        return fail(Kind::Usage, "the texts have expired, or are dated after this machine's clock: sign new ones");
    }
    tokio::spawn({
        let replica = replica.clone();
        async move { replica.follow(Pace::AtOnce).await }
    });
    // Any key may publish what wallets signed: this one says nothing else.
    let key = Arc::new(keys::ed25519(&keys::random_secret()));
    let client = Client::new(replica.clone(), first.account.clone(), key, library(replica)?);
    let said = client.say(vec![], None, Body::Link(body)).await.or_exit(Kind::Refused)?;
    let epoch = context.genesis.epoch_of(now_ms).saturating_add_unsigned(context.genesis.parameters.link_epochs);
    let (verb, accounts) = match &claim.act {
        LinkAct::Link => ("link", claim.signers.clone()),
        LinkAct::Unlink(left) => ("unlink", vec![left.clone()]),
    };
    if as_json {
        return output::json(&json!({
            "message": said.id.to_string(), "act": verb, "accounts": accounts, "from_epoch": epoch,
        }));
    }
    say!("{}", said.id);
    let names = accounts.iter().map(Account::to_string).collect::<Vec<_>>().join(" and ");
    match &claim.act {
        LinkAct::Link => say!("{names} count as one from epoch {epoch} on."),
        LinkAct::Unlink(_) => say!("{names} counts alone from epoch {epoch} on."),
    }
    Ok(())
}

/// Shows what a file asks for, signs a text of it, and publishes all of them once every wallet has.
pub async fn sign(context: &Context, args: &SignArgs) -> eyre::Result<()> {
    let (mut file, claim) = LinkFile::read(&args.file, &context.genesis)?;
    if args.dry_run && args.json {
        return output::json(&file);
    }
    if !args.json {
        say!("{}", file.shown());
    }
    if args.dry_run {
        say!("Dry run: nothing was signed or sent.");
        return Ok(());
    }
    match (&args.key, &args.account, &args.signature) {
        (Some(key), ..) => match Party::read(context, key, &args.passphrase)? {
            Party::Own(wallet) => file.sign(&wallet)?,
            Party::Elsewhere(account) => {
                return fail(
                    Kind::Usage,
                    format!("{account} is no key of yours: --account and --signature take its wallet's"),
                );
            }
        },
        (None, Some(account), Some(signature)) => file.take(&account.parse().or_exit(Kind::Usage)?, signature)?,
        _ => return fail(Kind::Usage, "name a key with --key, or give --account and --signature"),
    }
    std::fs::write(&args.file, file.text()?).or_exit(Kind::Usage)?;
    let missing: Vec<String> = file.missing().iter().map(ToString::to_string).collect();
    if missing.is_empty() && !args.keep {
        let (replica, links) = Links::read(context).await?;
        links.check_claim(&claim)?;
        return publish(context, &replica, &file, args.json).await;
    }
    if args.json {
        return output::json(&json!({"file": args.file, "missing": missing}));
    }
    match missing.as_slice() {
        [] => say!("All have signed: `liaise link sign` without --keep publishes {}.", args.file.display()),
        _ => say!("Signed. Still missing: {}.", missing.join(", ")),
    }
    Ok(())
}
