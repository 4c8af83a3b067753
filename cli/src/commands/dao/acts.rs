//! `liaise dao propose`, `sign` and `send`: acts whose signatures several hands give, where the DAO is a set of keys.

use super::act_file::{Act, ActFile, Signature, bytes};
use crate::commands::context::Context;
use crate::commands::submit::{FeeArgs, or_chain, send_or_estimate};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{self, say};
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_chain_api::{Action, At, Distributor, DistributorReader, SignedRights, ToSign};
use liaise_node::{Due, chain, next_filing, signatures_for};
use liaise_summary::{CompressedKey, DaoSet, Hash32, Statement};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is proposed.
#[derive(Debug, Subcommand)]
pub enum ProposeCommand {
    /// The opening of the range that the table of terms calls for; the oracles sign the same statement.
    Open(OutArgs),
    /// Stop the pending statement, where the guardian can't or won't.
    Veto(ReasonArgs),
    /// Move the head while nothing is pending, for oracles that split.
    Advance(ReasonArgs),
    /// End the range before an epoch, for good.
    HandOver(HandOverArgs),
    /// The next oracle set.
    Rotate(KeysArgs),
    /// The next guardian.
    Guardian(GuardianArgs),
    /// The next DAO set.
    DaoSet(DaoSetArgs),
}

/// Where a proposal goes.
#[derive(Debug, Args)]
pub struct OutArgs {
    /// The file to write; it must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Digest of the decree that an act carries out, 64 hex digits.
    #[arg(long, value_name = "HEX")]
    decree: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`ProposeCommand`].
#[derive(Debug, Args)]
pub struct ReasonArgs {
    /// Why: its hash stands on the chain for good.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    out: OutArgs,
}

/// See [`ProposeCommand::HandOver`].
#[derive(Debug, Args)]
pub struct HandOverArgs {
    /// The first epoch that is no longer this distributor's: the end of a term, with notice.
    #[arg(long)]
    epoch: u32,
    /// The distributor that is to take it, 64 hex digits.
    #[arg(long, value_name = "HEX")]
    to: String,
    #[command(flatten)]
    out: OutArgs,
}

/// See [`ProposeCommand::Rotate`].
#[derive(Debug, Args)]
pub struct KeysArgs {
    /// Compressed keys, 66 hex digits each, in any order.
    #[arg(long = "key", value_name = "HEX", required = true, num_args = 1..)]
    keys: Vec<String>,
    #[command(flatten)]
    out: OutArgs,
}

/// See [`ProposeCommand::Guardian`].
#[derive(Debug, Args)]
pub struct GuardianArgs {
    /// The compressed key, 66 hex digits.
    #[arg(long = "key", value_name = "HEX")]
    key: String,
    #[command(flatten)]
    out: OutArgs,
}

/// See [`ProposeCommand::DaoSet`].
#[derive(Debug, Args)]
pub struct DaoSetArgs {
    /// How many of them act together.
    #[arg(long)]
    threshold: u32,
    #[command(flatten)]
    keys: KeysArgs,
}

/// See [`DaoCommand::Sign`](super::DaoCommand::Sign).
#[derive(Debug, Args)]
pub struct SignArgs {
    /// What `liaise dao propose` wrote, or another member signed.
    file: PathBuf,
    /// The member's key, or the guardian's.
    #[arg(long, value_name = "NAME")]
    key: String,
    /// Where the signed act goes; into the same file without it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`DaoCommand::Send`](super::DaoCommand::Send).
#[derive(Debug, Args)]
pub struct SendArgs {
    /// The act, and copies of it that others signed.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The key that pays the fee; it needs no right.
    #[arg(long, value_name = "NAME")]
    key: String,
    /// Say what would be sent and what it would cost, and send nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    fee: FeeArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn rights(reader: &dyn DistributorReader) -> eyre::Result<&dyn SignedRights> {
    match reader.rights() {
        Some(rights) => Ok(rights),
        None => fail(
            Kind::Usage,
            format!(
                "on {} the DAO acts by transactions of its own account: there is nothing to sign here",
                reader.chain()
            ),
        ),
    }
}

/// The set that decides now.
pub async fn present_set(rights: &dyn SignedRights, at: &Distributor) -> eyre::Result<DaoSet> {
    // any of its acts names it
    let any = Action::Advance { head: at.head, reason: vec![] };
    Ok(or_chain(rights.to_sign(&any).await)?.dao)
}

/// Writes an act over the distributor's present state.
pub async fn propose(context: &Context, command: &ProposeCommand) -> eyre::Result<()> {
    let reader = context.reader().await?;
    let rights = rights(reader.as_ref())?;
    let at = reader.distributor(At::Latest).await.or_exit(Kind::Chain)?;
    let (act, out) = match command {
        ProposeCommand::Open(out) => {
            let replica = context.current().await?;
            let next = next_filing(&replica, reader.as_ref(), &context.terms().await?).await.or_exit(Kind::Refused)?;
            let Some(Due::Open(statement)) = next.due else {
                return fail(
                    Kind::Refused,
                    "no opening is due: the table of terms calls for none, or something is pending",
                );
            };
            (Act::Open { statement: hex::encode(statement.encode()) }, out)
        }
        ProposeCommand::Veto(args) => {
            let Some(pending) = at.pending else {
                return fail(Kind::Refused, "nothing is pending on this distributor: there is nothing to veto");
            };
            (Act::Veto { digest: pending.digest.to_string(), reason: reason(args)? }, &args.out)
        }
        ProposeCommand::Advance(args) => (Act::Advance { head: at.head.to_string(), reason: reason(args)? }, &args.out),
        ProposeCommand::HandOver(args) => {
            let to: [u8; 32] = bytes("--to", &args.to)?;
            (Act::HandOver { epoch: args.epoch, to: hex::encode(to) }, &args.out)
        }
        ProposeCommand::Rotate(args) => {
            let version = at.oracle_set.version.saturating_add(1);
            (Act::Rotate { version, keys: sorted(&args.keys)? }, &args.out)
        }
        ProposeCommand::Guardian(args) => {
            let key: CompressedKey = bytes("--key", &args.key)?;
            (Act::Guardian { key: hex::encode(key) }, &args.out)
        }
        ProposeCommand::DaoSet(args) => {
            let version = present_set(rights, &at).await?.version().saturating_add(1);
            let keys = sorted(&args.keys.keys)?;
            (Act::DaoSet { version, threshold: args.threshold, keys }, &args.keys.out)
        }
    };
    let decree = out.decree.as_deref().map_or(Ok([0; 32]), |decree| bytes("--decree", decree))?;
    if decree != [0; 32] && matches!(act, Act::Open { .. } | Act::Veto { .. }) {
        return fail(Kind::Usage, "--decree: an opening and a veto carry out none");
    }
    let mut file = ActFile::new(reader.chain(), at.id, act, Hash32(decree), &[]);
    let to_sign = or_chain(rights.to_sign(&file.action(reader.chain())?).await)?;
    file.message = hex::encode(&to_sign.message);
    if out.out.exists() {
        return fail(Kind::Usage, format!("{} exists: name another file", out.out.display()));
    }
    file.write(&out.out)?;
    tell(&file, &to_sign, &out.out, out.json)
}

fn reason(args: &ReasonArgs) -> eyre::Result<String> {
    match args.reason.trim() {
        "" => fail(Kind::Usage, "--reason is empty: say why, everybody will read it"),
        _ => Ok(args.reason.clone()),
    }
}

/// Keys in the order in which sets have them.
fn sorted(keys: &[String]) -> eyre::Result<Vec<String>> {
    let mut keys: Vec<CompressedKey> = keys.iter().map(|key| bytes("--key", key)).collect::<eyre::Result<_>>()?;
    keys.sort_unstable();
    Ok(keys.iter().map(hex::encode).collect())
}

/// The act of a file, as the chain has it to be signed now.
async fn current(reader: &dyn DistributorReader, file: &ActFile) -> eyre::Result<ToSign> {
    let rights = rights(reader)?;
    file.check_place(reader.chain(), reader.id())?;
    let to_sign = or_chain(rights.to_sign(&file.action(reader.chain())?).await)?;
    if hex::encode(&to_sign.message) != file.message {
        return fail(
            Kind::Refused,
            "the distributor has moved on since this was proposed, or the file was changed: propose it anew",
        );
    }
    Ok(to_sign)
}

/// Adds a signature.
pub async fn sign(context: &Context, args: &SignArgs) -> eyre::Result<()> {
    let mut file = ActFile::read(&args.file)?;
    let reader = context.reader().await?;
    let to_sign = current(reader.as_ref(), &file).await?;
    let wallet = context.wallet(&args.key, &args.passphrase)?;
    let signature = chain::sign_right(&wallet, to_sign.digest()).or_exit(Kind::Usage)?;
    if !to_sign.counts(&signature.key) {
        return fail(
            Kind::Refused,
            format!(
                "{} is no member of the DAO's set{}",
                args.key,
                if to_sign.guardian.is_some() {
                    " and not the guardian"
                } else {
                    ", and the guardian has no part in this"
                }
            ),
        );
    }
    file.add(Signature::from(&signature));
    let out = args.out.as_deref().unwrap_or(&args.file);
    file.write(out)?;
    tell(&file, &to_sign, out, args.json)
}

/// Sends an act once enough have signed.
pub async fn send(context: &Context, args: &SendArgs) -> eyre::Result<()> {
    let (first, rest) = args.files.split_first().expect("clap asks for one");
    let mut file = ActFile::read(first)?;
    for path in rest {
        file.merge(ActFile::read(path)?)?;
    }
    let reader = context.reader().await?;
    let to_sign = current(reader.as_ref(), &file).await?;
    let mut action = file.action(reader.chain())?;
    if let Some(statement) = file.opening(reader.chain())?
        && let Action::Signed { action: inner, .. } = &mut action
    {
        let replica = context.current().await?;
        let Some(signatures) = signatures_for(&replica, &Statement::Open(statement)).or_exit(Kind::Refused)? else {
            return fail(Kind::Refused, "no quorum of oracles has signed this opening yet: wait for their votes");
        };
        **inner = Action::Open { statement, signatures };
    }
    let wallet = context.wallet(&args.key, &args.passphrase)?;
    let submitter = chain::submitter(&context.config.chain, &wallet).await.or_exit(Kind::Chain)?;
    let done = send_or_estimate(|| context.store(), submitter.as_ref(), &action, args.fee, args.dry_run).await?;
    if args.json {
        let mut value = to_json(&file, &to_sign);
        value.as_object_mut().expect("an object").extend(done.json);
        return output::json(&value);
    }
    say!("{}\n{}", file.describe(), done.words);
    Ok(())
}

fn tell(file: &ActFile, to_sign: &ToSign, path: &Path, as_json: bool) -> eyre::Result<()> {
    if as_json {
        let mut value = to_json(file, to_sign);
        value["file"] = json!(path);
        return output::json(&value);
    }
    let (signed, guardian) = signed(file, to_sign);
    say!("{}", file.describe());
    let consent = match (to_sign.guardian, guardian) {
        (None, _) => "",
        (Some(_), true) => "; the guardian has signed",
        (Some(_), false) => "; the guardian has not signed",
    };
    say!("{}: {signed} of {} that sign have signed{consent}", path.display(), to_sign.dao.threshold());
    Ok(())
}

/// How many members have signed, and whether the guardian has.
fn signed(file: &ActFile, to_sign: &ToSign) -> (usize, bool) {
    let by = |key: &CompressedKey| file.signatures.iter().any(|signature| signature.key == hex::encode(key));
    (to_sign.dao.keys().iter().filter(|key| by(key)).count(), to_sign.guardian.as_ref().is_some_and(by))
}

fn to_json(file: &ActFile, to_sign: &ToSign) -> Value {
    let (signed, guardian) = signed(file, to_sign);
    json!({
        "act": file.act,
        "decree": file.decree,
        "digest": to_sign.digest().to_string(),
        "signed": signed,
        "threshold": to_sign.dao.threshold(),
        "guardian_counts": to_sign.guardian.is_some(),
        "guardian_signed": guardian,
    })
}
