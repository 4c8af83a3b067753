//! `liaise dao`: how the term and the distributor stand, the guardian's veto, and acts that members sign.

mod act_file;
mod acts;
mod decree;

use super::audit::or_audit_exit;
use super::context::{Context, histories};
use super::oracle::describe;
use super::oracle::evidence::Evidence;
use super::submit::{FeeArgs, send_or_estimate};
use crate::exit::{Kind, OrExit, fail};
use crate::home::Home;
use crate::output::{self, say, xlv};
use crate::secrets::PassphraseArgs;
use clap::{Args, Subcommand};
use liaise_chain_api::{Action, At, Distributor};
use liaise_ledger::EpochNumber;
use liaise_node::{Replica, audit_supply, chain, fetch_blobs};
use liaise_oracle::artefact::Blocks;
use liaise_oracle::fold::{Shared, TermRow};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum DaoCommand {
    /// The table of terms, what is pending, and who may do what until when.
    Status(StatusArgs),
    /// What the DAO decides about the network: deployments, terms, models.
    #[command(subcommand)]
    Decree(decree::DecreeCommand),
    /// Stop the pending statement, with the guardian's or the DAO authority's key.
    Veto(VetoArgs),
    /// Write an act into a file for members to sign, where the DAO is a set of keys (Bitcoin Cash).
    #[command(subcommand)]
    Propose(acts::ProposeCommand),
    /// Read what an act would do and add a member's signature, or the guardian's.
    Sign(acts::SignArgs),
    /// Send an act that enough have signed.
    Send(acts::SendArgs),
}

/// See [`DaoCommand::Status`].
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`DaoCommand::Veto`].
#[derive(Debug, Args)]
pub struct VetoArgs {
    /// Why, for everybody to read: it stands on the chain for good.
    #[arg(long)]
    reason: String,
    /// The digest of the statement that is meant; the pending one by default.
    #[arg(long, value_name = "HEX", conflicts_with = "evidence")]
    digest: Option<String>,
    /// What `liaise oracle dispute` wrote: it is checked, and only the statement that it accuses is vetoed.
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// The key that vetoes.
    #[arg(long, value_name = "NAME", default_value = "guardian")]
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

/// Runs the command.
pub async fn run(command: DaoCommand, home: &Home) -> eyre::Result<()> {
    let context = Context::open(home)?;
    match command {
        DaoCommand::Status(args) => status(&context, &args).await,
        DaoCommand::Decree(command) => decree::run(&context, command).await,
        DaoCommand::Veto(args) => veto(&context, &args).await,
        DaoCommand::Propose(command) => acts::propose(&context, &command).await,
        DaoCommand::Sign(args) => acts::sign(&context, &args).await,
        DaoCommand::Send(args) => acts::send(&context, &args).await,
    }
}

async fn status(context: &Context, args: &StatusArgs) -> eyre::Result<()> {
    let replica = context.current().await?;
    let reader = context.reader().await?;
    let at = reader.distributor(At::Latest).await.or_exit(Kind::Chain)?;
    let shared = shared(&replica).await?;
    // What a hand-over decides rests on final blocks, of every chain that network.toml names.
    let rows = match &shared {
        Some((_, shared)) => context.terms().await?.table(shared).await.or_exit(Kind::Integrity)?,
        None => vec![],
    };
    let decree = shared.as_ref().map(|(_, shared)| shared.decree);
    let set = match reader.rights() {
        Some(rights) => Some(acts::present_set(rights, &at).await?),
        None => None,
    };
    let supply = match reader.batches() {
        // the newest tree says nothing of those before it
        Some(_) => {
            let books = or_audit_exit(audit_supply(&replica, reader.as_ref()).await)?.supply;
            let (paid, unclaimed) = (books.paid, books.unclaimed);
            Supply { cap: at.schedule.emission.supply, minted: paid.saturating_add(unclaimed), paid, unclaimed }
        }
        None => Supply::of(&at),
    };
    if args.json {
        let row = |row: &TermRow| json!({"first": row.first, "distributor": row.distributor, "old": row.old, "decreed": row.is_decreed});
        let mut value: Value = describe(&at);
        value["supply"] = json!(supply);
        value["authority"] = json!(at.authority);
        value["authority_is_one_key"] = json!(at.authority.is_one_key());
        if let Some(set) = &set {
            let keys: Vec<String> = set.keys().iter().map(hex::encode).collect();
            value["dao_set"] = json!({"version": set.version(), "threshold": set.threshold(), "keys": keys});
        }
        value["guardian"] = json!(at.guardian);
        value["guarded_until_s"] = json!(at.guarded_until_s);
        value["notice_epochs"] = json!(at.notice_epochs);
        value["epoch_delay_s"] = json!(at.delays.epoch_s);
        value["long_delay_s"] = json!(at.delays.long_s);
        value["table"] = json!(rows.iter().map(row).collect::<Vec<_>>());
        value["decree"] = json!(decree);
        value["dao_threshold"] = json!(replica.genesis.dao.threshold);
        value["dao_keys"] = json!(replica.genesis.dao.keys.iter().map(hex::encode).collect::<Vec<_>>());
        return output::json(&value);
    }
    let mut terms = output::table(&["from epoch", "distributor", "by"]);
    for row in &rows {
        let by = if row.is_decreed { "decree" } else { "hand-over" };
        terms.add_row([row.first.to_string(), row.distributor.to_string(), by.to_owned()]);
    }
    say!("{terms}");
    let newest = decree.map_or("none".into(), |n| format!("number {n}"));
    say!(
        "last decree     {newest}; {} of {} keys of the DAO set sign one",
        replica.genesis.dao.threshold,
        replica.genesis.dao.keys.len()
    );
    say!("distributor     {}", at.id);
    say!("supply          {} minted here of {} that all epochs may issue", xlv(supply.minted), xlv(supply.cap));
    say!("                {} paid out, {} unclaimed", xlv(supply.paid), xlv(supply.unclaimed));
    say!("authority       {} (rotates, hands over, vetoes, approves openings)", at.authority);
    if let Some(set) = &set {
        say!("                set {}, {} of {} sign:", set.version(), set.threshold(), set.keys().len());
        set.keys().iter().for_each(|key| say!("                {}", hex::encode(key)));
    }
    if at.authority.is_one_key() {
        say!("                one key: whoever holds it decides alone, so this is for trials only");
    }
    let share =
        if at.at.time_s < at.guarded_until_s { "shares in rotation and hand-over until" } else { "only vetoes, since" };
    say!("guardian        {} ({share} {} Unix seconds)", at.guardian, at.guarded_until_s);
    say!("oracle set      version {}, {} sign", at.oracle_set.version, replica.genesis.oracle_quorum());
    say!(
        "delays          {} s for an epoch, {} s after a veto and for an opening; notice {} epochs",
        at.delays.epoch_s,
        at.delays.long_s,
        at.notice_epochs
    );
    match &at.pending {
        Some(p) => {
            say!("pending         {:?} of epoch {}, digest {}", p.kind, p.epoch, p.digest);
            let spent = if p.guardian_spent {
                "the guardian's veto is spent, only the authority can"
            } else {
                "guardian or authority can veto it"
            };
            say!("                {spent} until {} (Unix seconds; the chain shows {})", p.payable_s, at.at.time_s);
        }
        None => say!("pending         nothing: there is nothing to veto"),
    }
    Ok(())
}

/// The token on this chain, in base units.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Supply {
    /// What all epochs may issue, on all chains together.
    cap: u64,
    /// What has become payable here: the sum of the newest payable tree.
    minted: u64,
    /// Of that, what was claimed.
    paid: u64,
    /// Of that, what was not.
    unclaimed: u64,
}

impl Supply {
    fn of(at: &Distributor) -> Supply {
        let minted = at.held.newest.map_or(0, |held| held.root.sum);
        let paid = minted.saturating_sub(at.unclaimed);
        Supply { cap: at.schedule.emission.supply, minted, paid, unclaimed: at.unclaimed }
    }
}

/// What belongs to no account, at the newest attested epoch.
async fn shared(replica: &Replica) -> eyre::Result<Option<(EpochNumber, Shared)>> {
    let now = super::context::epoch_now(replica);
    let Some(block) = histories(replica).newest(now).await.or_exit(Kind::Refused)? else { return Ok(None) };
    let found = fetch_blobs(replica, &[block.shared]).await.or_exit(Kind::Refused)?;
    let mut blocks = Blocks::default();
    for bytes in found.into_values() {
        blocks.insert(bytes);
    }
    let shared: Shared = blocks.read(&block.shared, "shared state").or_exit(Kind::Integrity)?;
    Ok(Some((block.epoch, shared)))
}

async fn veto(context: &Context, args: &VetoArgs) -> eyre::Result<()> {
    if args.reason.trim().is_empty() {
        return fail(Kind::Usage, "--reason is empty: say why, everybody will read it");
    }
    let evidence = args.evidence.as_deref().map(Evidence::read).transpose()?;
    let wallet = context.wallet(&args.key, &args.passphrase)?;
    let submitter = chain::submitter(&context.config.chain, &wallet).await.or_exit(Kind::Chain)?;
    let at = submitter.distributor(At::Latest).await.or_exit(Kind::Chain)?;
    let Some(pending) = at.pending else {
        return fail(Kind::Refused, "nothing is pending on this distributor: there is nothing to veto");
    };
    if let Some(evidence) = &evidence {
        evidence.check(&at, submitter.chain().as_str())?;
    }
    if args.digest.as_ref().is_some_and(|digest| digest.trim_start_matches("0x") != pending.digest.to_string()) {
        return fail(Kind::Refused, format!("--digest: another statement is pending, {}", pending.digest));
    }
    if pending.guardian_spent && *submitter.account() == at.guardian {
        return fail(
            Kind::Refused,
            "the guardian had its veto for this statement: only the DAO authority can veto it now",
        );
    }
    let action = Action::Veto { digest: pending.digest, reason: args.reason.clone().into_bytes() };
    let what = format!("{:?} of epoch {}, digest {}", pending.kind, pending.epoch, pending.digest);
    let store = || context.store();
    let done = send_or_estimate(store, submitter.as_ref(), &action, args.fee, args.dry_run).await?;
    if args.json {
        let mut value = super::oracle::pending(&pending);
        value.as_object_mut().expect("an object").extend(done.json);
        return output::json(&value);
    }
    say!("{what}\n{}", done.words);
    Ok(())
}
