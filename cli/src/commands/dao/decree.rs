//! `liaise dao decree`: what the DAO decides about the network, as a file that its members sign one after the other.

use super::super::context::{Context, epoch_now, key_path};
use super::shared;
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_chain_api::At;
use liaise_ledger::body::{
    Act, Body, CertifyDecree, DaoSignature, Decree, DecreeValue, DistributorDecree, RowDecree, WithdrawDecree,
};
use liaise_ledger::message::verify_secp256k1;
use liaise_ledger::{Author, Draft, EpochNumber, Hash};
use liaise_node::keys::{self, sign_act};
use liaise_node::{Replica, adapter_hash};
use liaise_oracle::fold::{Shared, decree_refusal};
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum DecreeCommand {
    /// Write the next decree into a file, for the DAO's members to sign; nothing is published.
    New(NewArgs),
    /// Say in plain words what a decree's file changes, and who has signed it.
    Show(ShowArgs),
    /// Sign a decree's file with a key of the DAO's set; the threshold's last signature publishes it.
    Sign(SignArgs),
    /// The decrees in force: deployments, rows of the table of terms, models.
    List(ListArgs),
}

/// See [`DecreeCommand::New`].
#[derive(Debug, Args)]
pub struct NewArgs {
    #[command(subcommand)]
    what: What,
    /// First epoch in which it counts, at least two after its seal; rows and deployments count from their seal.
    #[arg(long, value_name = "EPOCH", global = true, allow_negative_numbers = true)]
    effective: Option<EpochNumber>,
    /// The on-chain proposal that it carries out.
    #[arg(long, value_name = "ID", global = true)]
    proposal: Option<String>,
    /// The new file.
    #[arg(long, value_name = "FILE", global = true, default_value = "decree.toml")]
    out: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The work of a model adapter earns from the effective epoch on.
    Certify {
        /// The adapter's bundle.
        bundle: PathBuf,
    },
    /// The work of a certified adapter earns no more.
    Withdraw {
        /// Its id, in hex.
        adapter: Hash,
        /// Why, for everybody to read.
        #[arg(long)]
        reason: String,
    },
    /// The distributor of this network.toml may be opened: what it is built with is read from its chain.
    Distributor,
    /// A distributor holds the term from an epoch on: the first term, or an emergency.
    Row {
        /// First epoch of the range.
        first: EpochNumber,
        /// The distributor, in hex: `liaise dao status` prints it.
        new: Hash,
        /// The one that it takes the term from; nobody where it is left out: the first term.
        #[arg(long, value_name = "HEX")]
        old: Option<Hash>,
    },
}

/// See [`DecreeCommand::Show`].
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The decree's file.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`DecreeCommand::Sign`].
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The decree's file.
    file: PathBuf,
    /// The key of the DAO's set: a name in keys/.
    #[arg(long, value_name = "NAME")]
    key: String,
    /// Keep the signature in the file, and publish nothing.
    #[arg(long)]
    keep: bool,
    /// Say what would be signed, and sign nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`DecreeCommand::List`].
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(context: &Context, command: DecreeCommand) -> eyre::Result<()> {
    match command {
        DecreeCommand::New(args) => new(context, args).await,
        DecreeCommand::Show(args) => show(context, &args).await,
        DecreeCommand::Sign(args) => sign(context, &args).await,
        DecreeCommand::List(args) => list(context, &args).await,
    }
}

/// A decree on its way between the DAO's members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecreeFile {
    /// Who has signed; ascending by key.
    #[serde(default)]
    signatures: Vec<FileSignature>,
    /// The act's DAG-CBOR in hex: what is signed.
    act: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSignature {
    /// Compressed secp256k1 key, hex.
    key: String,
    /// r, s, hex.
    signature: String,
}

impl DecreeFile {
    fn read(path: &Path) -> eyre::Result<(DecreeFile, Act)> {
        let named = |error: &dyn std::fmt::Display| eyre::eyre!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| named(&error)).or_exit(Kind::Usage)?;
        let file: DecreeFile = toml::from_str(&text).map_err(|error| named(&error)).or_exit(Kind::Usage)?;
        let bytes = hex::decode(&file.act).map_err(|error| named(&error)).or_exit(Kind::Usage)?;
        let act: Act = serde_ipld_dagcbor::from_slice(&bytes).map_err(|error| named(&error)).or_exit(Kind::Usage)?;
        if serde_ipld_dagcbor::to_vec(&act)? != bytes {
            return fail(Kind::Usage, format!("{}: the act is not canonical DAG-CBOR", path.display()));
        }
        Ok((file, act))
    }

    fn text(&self) -> eyre::Result<String> {
        Ok(toml::to_string(self)?)
    }

    /// The signatures that hold: others are an error, for nobody could publish them.
    fn signatures(&self, act: &Act) -> eyre::Result<Vec<DaoSignature>> {
        let mut found = vec![];
        for signature in &self.signatures {
            let key: Option<[u8; 33]> = hex::decode(&signature.key).ok().and_then(|bytes| bytes.try_into().ok());
            let rs: Option<[u8; 64]> = hex::decode(&signature.signature).ok().and_then(|bytes| bytes.try_into().ok());
            match (key, rs) {
                (Some(key), Some(rs)) if verify_secp256k1(&key, &act.digest(), &rs).is_ok() => {
                    found.push(DaoSignature { key: ByteArray::new(key), signature: ByteArray::new(rs) });
                }
                _ => return fail(Kind::Proof, format!("the signature of key {} is not over this act", signature.key)),
            }
        }
        found.sort_by_key(|signature| *signature.key);
        Ok(found)
    }
}

/// The state that a decree follows, and the next epoch to be sealed.
async fn standing(context: &Context) -> eyre::Result<(Replica, Option<Shared>, EpochNumber)> {
    let replica = context.current().await?;
    let known = shared(&replica).await?;
    let next = known.as_ref().map_or(-1, |(epoch, _)| epoch + 1).max(epoch_now(&replica));
    Ok((replica, known.map(|(_, shared)| shared), next))
}

async fn new(context: &Context, args: NewArgs) -> eyre::Result<()> {
    let value = value(context, args.what).await?;
    let (_, known, seal) = standing(context).await?;
    let known = known.unwrap_or_else(|| Shared::of_genesis(&context.genesis));
    let act = Act {
        number: known.decree + 1,
        previous: known.decree_digest,
        network: context.genesis.network_id(),
        effective: args.effective.unwrap_or(seal + 2),
        proposal: args.proposal,
        value,
    };
    if let Some(why) = decree_refusal(&known, seal, &act) {
        return fail(Kind::Usage, format!("it could not come into force: {why}"));
    }
    let file = DecreeFile { signatures: vec![], act: hex::encode(serde_ipld_dagcbor::to_vec(&act)?) };
    let text = file.text()?;
    let written =
        std::fs::File::create_new(&args.out).and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(|error| eyre::eyre!("{}: {error}", args.out.display())).or_exit(Kind::Usage)?;
    say!("{}", words(&act));
    say!(
        "{}: {} of the DAO's {} keys sign it with `liaise dao decree sign`.",
        args.out.display(),
        context.genesis.dao.threshold,
        context.genesis.dao.keys.len()
    );
    Ok(())
}

async fn value(context: &Context, what: What) -> eyre::Result<DecreeValue> {
    Ok(match what {
        What::Certify { bundle } => {
            let opened = liaise_compute::Bundle::open(&bundle).or_exit(Kind::Usage)?;
            let manifest = std::fs::read(bundle.join("manifest.json")).or_exit(Kind::Usage)?;
            DecreeValue::Certify(CertifyDecree {
                adapter: adapter_hash(opened.id()),
                manifest: ByteBuf::from(manifest),
            })
        }
        What::Withdraw { adapter, reason } => DecreeValue::Withdraw(WithdrawDecree { adapter, reason }),
        What::Row { first, new, old } => DecreeValue::Row(RowDecree { first, new, old: old.unwrap_or(Hash::ZERO) }),
        What::Distributor => {
            let reader = context.reader().await?;
            let at = reader.distributor(At::Latest).await.or_exit(Kind::Chain)?;
            DecreeValue::Distributor(DistributorDecree {
                chain: reader.chain().clone(),
                distributor: Hash(at.id.0),
                address: context.config.chain.distributor.clone(),
                code: Hash(at.code_hash.0),
                authority: at.authority.to_string(),
                guardian: at.guardian.address().to_owned(),
                epoch_delay_s: at.delays.epoch_s,
                long_delay_s: at.delays.long_s,
                notice_epochs: at.notice_epochs,
                guarded_until_s: at.guarded_until_s,
            })
        }
    })
}

/// What an act changes, in plain words.
fn words(act: &Act) -> String {
    let what = match &act.value {
        DecreeValue::Distributor(d) => format!(
            "distributor {} on {} ({}) may be opened: authority {}, guardian {}, an epoch waits {} s, an opening and what is \
             refiled {} s, notice {} epochs, guarded until {} (Unix seconds), code {}",
            d.distributor,
            d.chain,
            d.address,
            d.authority,
            d.guardian,
            d.epoch_delay_s,
            d.long_delay_s,
            d.notice_epochs,
            d.guarded_until_s,
            d.code
        ),
        DecreeValue::Row(row) if row.old == Hash::ZERO => {
            format!("distributor {} holds the first term, from epoch {} on", row.new, row.first)
        }
        DecreeValue::Row(row) => format!(
            "EMERGENCY: distributor {} takes the term from {} with epoch {}; what the other files for later epochs counts for \
             nothing",
            row.new, row.old, row.first
        ),
        DecreeValue::Certify(certify) => {
            format!("work of model adapter {} earns from epoch {} on", certify.adapter, act.effective)
        }
        DecreeValue::Withdraw(withdraw) => format!(
            "work of model adapter {} earns no more from epoch {} on: {}",
            withdraw.adapter, act.effective, withdraw.reason
        ),
        _ => "something that this program does not know: update it before you sign".into(),
    };
    let proposal = act.proposal.as_ref().map_or(String::new(), |id| format!(" It carries out proposal {id}."));
    format!("Decree {}: {what}.{proposal}", act.number)
}

async fn show(context: &Context, args: &ShowArgs) -> eyre::Result<()> {
    let (file, act) = DecreeFile::read(&args.file)?;
    let signatures = file.signatures(&act)?;
    let dao = &context.genesis.dao;
    let of_the_set = |signature: &&DaoSignature| dao.keys.binary_search(&signature.key).is_ok();
    let signed: Vec<String> = signatures.iter().filter(of_the_set).map(|s| hex::encode(*s.key)).collect();
    if args.json {
        return output::json(&json!({
            "number": act.number, "digest": act.digest(), "effective": act.effective, "proposal": act.proposal,
            "words": words(&act), "signed_by": signed, "threshold": dao.threshold,
        }));
    }
    say!("{}", words(&act));
    say!("digest          {}", act.digest());
    say!("signed          {} of {} that must: {}", signed.len(), dao.threshold, signed.join(", "));
    Ok(())
}

async fn sign(context: &Context, args: &SignArgs) -> eyre::Result<()> {
    let (mut file, act) = DecreeFile::read(&args.file)?;
    let (replica, known, seal) = standing(context).await?;
    let known = known.unwrap_or_else(|| Shared::of_genesis(&context.genesis));
    if act.network != context.genesis.network_id() {
        return fail(Kind::Usage, format!("it is for network {}, not this one", act.network));
    }
    if (act.number, act.previous) != (known.decree + 1, known.decree_digest) {
        let next = known.decree + 1;
        return fail(
            Kind::Refused,
            format!("it has number {} and does not follow what is in force: the next is {next}", act.number),
        );
    }
    if let Some(why) = decree_refusal(&known, seal, &act) {
        return fail(Kind::Refused, format!("it could not come into force: {why}"));
    }
    if !args.json {
        say!("{}", words(&act));
    }
    if args.dry_run {
        if args.json {
            return output::json(&json!({"digest": act.digest(), "words": words(&act), "signed": false}));
        }
        say!("Dry run: nothing was signed.");
        return Ok(());
    }
    let path = key_path(&context.home, &args.key)?;
    let secret = keys::open(&path, &args.passphrase.read(&path.display().to_string())?).or_exit(Kind::Usage)?;
    let signature = sign_act(&secret, &act).or_exit(Kind::Usage)?;
    let dao = &context.genesis.dao;
    if dao.keys.binary_search(&signature.key).is_err() {
        return fail(Kind::Refused, format!("key {} is not in the DAO's set", hex::encode(*signature.key)));
    }
    let own = FileSignature { key: hex::encode(*signature.key), signature: hex::encode(*signature.signature) };
    file.signatures.retain(|known| known.key != own.key);
    file.signatures.push(own);
    file.signatures.sort_by(|a, b| a.key.cmp(&b.key));
    std::fs::write(&args.file, file.text()?).or_exit(Kind::Usage)?;
    let mut signatures = file.signatures(&act)?;
    signatures.retain(|signature| dao.keys.binary_search(&signature.key).is_ok());
    let missing = (dao.threshold as usize).saturating_sub(signatures.len());
    let message = match missing {
        0 if !args.keep => Some(publish(&replica, &secret, &path, Decree { act: act.clone(), signatures }).await?),
        _ => None,
    };
    if args.json {
        return output::json(&json!({"digest": act.digest(), "signed": true, "missing": missing, "message": message}));
    }
    match (message, missing) {
        (Some(message), _) => say!("Published: {message}. It counts once an epoch is sealed with it."),
        (None, 0) => say!("All that must have signed: `liaise dao decree sign` without --keep publishes it."),
        (None, missing) => say!("Signed; {missing} more must sign {}.", args.file.display()),
    }
    Ok(())
}

/// Says a decree with the signing member's own key.
async fn publish(replica: &Replica, secret: &keys::Secret, path: &Path, decree: Decree) -> eyre::Result<String> {
    let signer = Arc::new(keys::secp256k1(secret, path).or_exit(Kind::Usage)?);
    let key = signer.public().try_into().map_err(|_| eyre::eyre!("a secp256k1 key has 33 bytes"))?;
    let time_ms = replica.calendar.wall_ms();
    let draft = Draft { author: Author::Dao(key), parents: vec![], task: None, time_ms, body: Body::Decree(decree) };
    Ok(replica.say(signer, draft).await.or_exit(Kind::Refused)?.id.to_string())
}

async fn list(context: &Context, args: &ListArgs) -> eyre::Result<()> {
    let (_, known, _) = standing(context).await?;
    let known = known.unwrap_or_else(|| Shared::of_genesis(&context.genesis));
    if args.json {
        return output::json(&json!({
            "number": known.decree, "digest": known.decree_digest, "distributors": known.distributors,
            "rows": known.rows, "adapters": known.adapters,
        }));
    }
    say!("last decree     {}", known.decree);
    for decreed in &known.distributors {
        say!(
            "distributor     {} on {}, sealed with epoch {}",
            decreed.value.distributor,
            decreed.value.chain,
            decreed.seal
        );
    }
    for row in &known.rows {
        say!("row             epoch {} on: {}", row.first, row.new);
    }
    for adapter in &known.adapters {
        let until = adapter.until.map_or(String::new(), |until| format!(" until epoch {until}"));
        say!("adapter         {}{until}", adapter.id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(value: DecreeValue) -> Act {
        Act {
            number: 3,
            previous: Some(Hash([1; 32])),
            network: Hash([2; 32]),
            effective: 9,
            proposal: Some("42".into()),
            value,
        }
    }

    #[test]
    fn a_file_holds_the_signed_bytes_and_only_signatures_over_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("decree.toml");
        let act = act(DecreeValue::Withdraw(WithdrawDecree { adapter: Hash([7; 32]), reason: "it is wrong".into() }));
        let secret = keys::random_secret();
        let signed = sign_act(&secret, &act).unwrap();
        let signature = FileSignature { key: hex::encode(*signed.key), signature: hex::encode(*signed.signature) };
        let mut file =
            DecreeFile { signatures: vec![signature], act: hex::encode(serde_ipld_dagcbor::to_vec(&act).unwrap()) };
        std::fs::write(&path, file.text().unwrap()).unwrap();
        let (read, read_act) = DecreeFile::read(&path).unwrap();
        assert_eq!((&read, &read_act), (&file, &act));
        assert_eq!(read.signatures(&act).unwrap(), [signed]);
        let other = Act { number: 4, ..act.clone() };
        assert!(file.signatures(&other).unwrap_err().to_string().contains("not over this act"));
        file.act.push_str("00");
        std::fs::write(&path, file.text().unwrap()).unwrap();
        assert!(DecreeFile::read(&path).is_err());
    }

    #[test]
    fn every_kind_is_said_in_words() {
        let row = |old| act(DecreeValue::Row(RowDecree { first: 180, new: Hash([4; 32]), old }));
        assert!(words(&row(Hash::ZERO)).contains("first term, from epoch 180"));
        assert!(words(&row(Hash([5; 32]))).contains("EMERGENCY"));
        let certify = act(DecreeValue::Certify(CertifyDecree { adapter: Hash([7; 32]), manifest: ByteBuf::new() }));
        assert!(words(&certify).contains("earns from epoch 9 on") && words(&certify).contains("proposal 42"));
    }
}
