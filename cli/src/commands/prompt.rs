//! `liaise prompt` and `liaise feedback`.

use super::consent;
use super::context::{Context, cid};
use super::session;
use crate::exit::{Kind, OrExit, fail};
use crate::home::Home;
use crate::output::{self, note, say};
use crate::secrets::PassphraseArgs;
use clap::Args;
use liaise_ledger::Hash;
use liaise_ledger::genesis::Genesis;
use liaise_node::blocking;
use liaise_node::client::{Answer, Client, ClientError, Confirmation, Stage};
use serde_json::json;
use std::time::Duration;

/// See the module.
#[derive(Debug, Args)]
pub struct PromptArgs {
    /// What you ask. It is public for good.
    text: String,
    /// The key that asks.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// The model adapter; the network's first retrieval model by default.
    #[arg(long, value_name = "ID")]
    adapter: Option<String>,
    /// Agree that prompts are public for good, without being asked.
    #[arg(long)]
    accept_public: bool,
    /// The longest wait for an answer, and then for its confirmation, in seconds.
    #[arg(long, value_name = "S", default_value_t = 180)]
    patience: u64,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print a JSON document for each stage, one a line.
    #[arg(long)]
    json: bool,
}

/// Rate a result.
#[derive(Debug, Args)]
pub struct FeedbackArgs {
    /// The result's message, as `liaise prompt` prints it.
    result: String,
    /// 0 (useless) to 1000 (perfect).
    #[arg(long, value_parser = clap::value_parser!(u16).range(0..=1000))]
    rating: u16,
    /// Your words. They are public for good.
    #[arg(long, default_value = "")]
    text: String,
    /// The key that rates.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Agree that feedback is public for good, without being asked.
    #[arg(long)]
    accept_public: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The exit code of a client's error.
pub fn or_client_exit<T>(result: Result<T, ClientError>) -> eyre::Result<T> {
    result.or_else(|error| {
        let kind = if matches!(error, ClientError::EmptyPrompt) { Kind::Usage } else { Kind::Refused };
        Err(error).or_exit(kind)
    })
}

/// The adapter that was asked for, or the network's first of a kind.
pub fn adapter(genesis: &Genesis, asked: Option<&str>, kind: &str) -> eyre::Result<Hash> {
    match asked {
        Some(id) => id.parse().map_err(|error| eyre::eyre!("--adapter: {error}")).or_exit(Kind::Usage),
        None => match genesis.adapters.iter().find(|adapter| adapter.kind == kind) {
            Some(adapter) => Ok(adapter.id),
            None => fail(Kind::Refused, format!("the network certifies no {kind} model: name one with --adapter")),
        },
    }
}

/// The most units that an adapter's task counts.
pub fn max_units(genesis: &Genesis, adapter: &Hash) -> u64 {
    genesis.adapter(adapter).map_or(10_000, |adapter| adapter.units.max)
}

/// Asks.
pub async fn run(args: PromptArgs, home: &Home) -> eyre::Result<()> {
    if args.text.trim().is_empty() {
        return fail(Kind::Usage, "the prompt is empty: ask something");
    }
    let context = Context::open(home)?;
    let adapter = adapter(&context.genesis, args.adapter.as_deref(), "retrieval")?;
    let replica = context.replica().await?;
    consent::obtain(home, replica.network, args.accept_public, replica.calendar.wall_ms())?;
    replica.catch_up().await.or_exit(Kind::Refused)?;
    let client = session::open(&context, &replica, args.account.as_deref(), &args.passphrase).await?;
    let snapshot = or_client_exit(client.newest_serving(adapter).await)?;
    let ticket =
        or_client_exit(client.take_ticket(adapter, snapshot.epoch, max_units(&context.genesis, &adapter)).await)?;
    let wait_ms = wait_for(&client, &ticket);
    say(&args, &Stage::Ticketed { ticket: ticket.id.to_string(), wait_ms })?;
    let asked = or_client_exit(client.prompt(&ticket, &args.text, snapshot.retrieval).await)?;
    say(&args, &Stage::Prompted { prompt: asked.task.id.to_string() })?;
    let patience = Duration::from_secs(args.patience);
    let first = or_client_exit(client.first_answer(&asked, patience).await)?;
    say(&args, &Stage::Unconfirmed(first))?;
    let confirmed = or_client_exit(client.confirmation(&asked, patience).await)?;
    say(&args, &Stage::Confirmed(confirmed))
}

fn wait_for(client: &Client, ticket: &liaise_ledger::Verified) -> u64 {
    let liaise_ledger::Body::Ticket(terms) = &ticket.message.body else { return 0 };
    let replica = &client.replica;
    replica.genesis.round_time_ms(terms.round).saturating_sub(replica.calendar.wall_ms())
}

fn say(args: &PromptArgs, stage: &Stage) -> eyre::Result<()> {
    if args.json {
        say!("{}", serde_json::to_string(stage)?);
        return Ok(());
    }
    match stage {
        Stage::Ticketed { wait_ms, .. } => {
            note!("ticket taken; its draw comes in {:.1} s", *wait_ms as f64 / 1000.0)
        }
        Stage::Prompted { prompt } => note!("asked: {prompt}"),
        Stage::Unconfirmed(answer) => say!("{}\n  unconfirmed, after {} ms", words(answer), answer.waited_ms),
        Stage::Confirmed(confirmed) => say!("{}", confirmation(confirmed)),
    }
    Ok(())
}

/// An answer in words: quotation, source, score, snapshot, node.
fn words(answer: &Answer) -> String {
    let quote = match &answer.quote {
        Some(quote) => format!("“{}”", super::ledger::escape(quote)),
        None => "No sentence: nothing fitting is among the documents, or it was removed.".into(),
    };
    let mut text = format!("\n{quote}\n");
    if !answer.source.is_empty() {
        text.push_str(&format!("  source    {}\n", super::ledger::escape(&answer.source)));
    }
    text.push_str(&format!("  score     {} of 1000000\n", answer.score_ppm));
    text.push_str(&format!("  snapshot  {}\n", answer.snapshot));
    text.push_str(&format!("  node      {}", answer.node));
    text
}

fn confirmation(confirmed: &Confirmation) -> String {
    let by: Vec<String> = confirmed.by.iter().map(ToString::to_string).collect();
    format!(
        "{}\n  confirmed by {}\n  result    {}\nRate it: liaise feedback {} --rating 0..1000",
        words(&confirmed.answer),
        by.join("\n               "),
        confirmed.result,
        confirmed.result
    )
}

/// Rates a result.
pub async fn feedback(args: FeedbackArgs, home: &Home) -> eyre::Result<()> {
    let id = cid(&args.result)?;
    let context = Context::open(home)?;
    let replica = context.replica().await?;
    consent::obtain(home, replica.network, args.accept_public, replica.calendar.wall_ms())?;
    replica.catch_up().await.or_exit(Kind::Refused)?;
    let store = replica.store.clone();
    let Some(result) = blocking(move || store.load(&id)).await.or_exit(Kind::Integrity)? else {
        return fail(Kind::Refused, format!("result {id} is not here: check the id"));
    };
    let Some(task) = result.message.task.filter(|_| result.message.body.kind() == "result") else {
        return fail(Kind::Usage, format!("{id} is a {}: name the result that you rate", result.message.body.kind()));
    };
    let client = session::open(&context, &replica, args.account.as_deref(), &args.passphrase).await?;
    let said = or_client_exit(client.feedback(task, id, args.rating, args.text).await)?;
    if args.json {
        let (task, result) = (task.to_string(), id.to_string());
        return output::json(&json!({
            "message": said.id.to_string(),
            "task": task,
            "result": result,
            "rating": args.rating,
        }));
    }
    say!("{}", said.id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::Account;

    #[test]
    fn an_answer_names_its_source_score_snapshot_and_node() {
        let answer = Answer {
            quote: Some("In the beginning.".into()),
            source: "KJV Gen 1:1".into(),
            score_ppm: 812_345,
            snapshot: "ab".repeat(32),
            node: Account::evm(1, [1; 20]),
            sources: vec![],
            waited_ms: 5,
        };
        let text = words(&answer);
        for part in ["“In the beginning.”", "KJV Gen 1:1", "812345", &answer.snapshot, "eip155:1:0x01"] {
            assert!(text.contains(part), "{part}");
        }
        assert!(words(&Answer { quote: None, ..answer }).contains("No sentence"));
    }
}
