//! `liaise retrieval`: the documents that answers are read from.

mod add;
mod passages;
mod search;

use super::context::{Context, cid};
use super::prompt::or_client_exit;
use super::session;
use crate::exit::{Kind, OrExit, fail};
use crate::home::Home;
use crate::output::{self, say};
use crate::secrets::PassphraseArgs;
use cid::Cid;
use clap::{Args, Subcommand};
use liaise_ledger::Body;
use liaise_node::client::Client;
use liaise_node::{Replica, blocking};
use serde_json::json;
use std::path::PathBuf;

/// See the module.
#[derive(Debug, Subcommand)]
pub enum RetrievalCommand {
    /// Add a text file's paragraphs as documents; needs a curator's account.
    Add(AddArgs),
    /// Find documents by words, with the ids that `remove` takes.
    Search(SearchArgs),
    /// Remove documents for good: no later answer cites them, and stores purge their text. Needs a curator's account.
    Remove(RemoveArgs),
    /// The newest attested snapshot of the documents.
    Snapshot(SnapshotArgs),
}

/// See [`RetrievalCommand::Add`].
#[derive(Debug, Args)]
pub struct AddArgs {
    /// A UTF-8 text: one document a paragraph, paragraphs apart by empty lines.
    file: PathBuf,
    /// Where it comes from, as cited; the file's name by default. The paragraph's number follows.
    #[arg(long)]
    source: Option<String>,
    /// Documents of one task.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=32))]
    batch: u16,
    /// The longest wait for a batch's confirmation, in seconds.
    #[arg(long, value_name = "S", default_value_t = 180)]
    patience: u64,
    #[command(flatten)]
    curator: CuratorArgs,
}

/// Who changes documents.
#[derive(Debug, Args)]
pub struct CuratorArgs {
    /// The curator's key.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`RetrievalCommand::Search`].
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Words that the document should have.
    words: String,
    /// The most documents to print.
    #[arg(long, short = 'k', default_value_t = 5)]
    count: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// See [`RetrievalCommand::Remove`].
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The documents' ids.
    #[arg(required = true)]
    chunks: Vec<String>,
    /// Why, for everybody to read.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    curator: CuratorArgs,
}

/// See [`RetrievalCommand::Snapshot`].
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(command: RetrievalCommand, home: &Home) -> eyre::Result<()> {
    let context = Context::open(home)?;
    match command {
        RetrievalCommand::Add(args) => add::run(&context, &args).await,
        RetrievalCommand::Search(args) => search::run(&context, &args).await,
        RetrievalCommand::Remove(args) => remove(&context, &args).await,
        RetrievalCommand::Snapshot(args) => search::snapshot(&context, &args).await,
    }
}

impl CuratorArgs {
    /// A curator's client: others are told before anything is sent.
    async fn client(&self, context: &Context, replica: &Replica) -> eyre::Result<Client> {
        let client = session::open(context, replica, self.account.as_deref(), &self.passphrase).await?;
        if !replica.genesis.is_curator(&client.account) {
            return fail(
                Kind::Refused,
                format!("{} is no curator of this network: only curators add and remove documents", client.account),
            );
        }
        Ok(client)
    }
}

async fn remove(context: &Context, args: &RemoveArgs) -> eyre::Result<()> {
    let chunks: Vec<Cid> = args.chunks.iter().map(|text| cid(text)).collect::<eyre::Result<_>>()?;
    let replica = context.current().await?;
    let known = added(&replica).await?;
    if let Some(unknown) = chunks.iter().find(|chunk| !known.iter().any(|(id, _)| id == *chunk)) {
        return fail(
            Kind::Usage,
            format!("{unknown} is no document of this ledger: find ids with `liaise retrieval search`"),
        );
    }
    let client = args.curator.client(context, &replica).await?;
    let ids: Vec<String> = chunks.iter().map(ToString::to_string).collect();
    let said = or_client_exit(client.remove_documents(chunks, args.reason.clone()).await)?;
    let value = json!({"message": said.id.to_string(), "documents": ids});
    let gone = format!("{} documents are removed: stores purge their text as the message reaches them", ids.len());
    print(args.curator.json, &value, &[said.id.to_string(), gone])
}

/// Every document that was ever added, with its source, in the order of arrival.
async fn added(replica: &Replica) -> eyre::Result<Vec<(Cid, String)>> {
    let store = replica.store.clone();
    let found = blocking(move || {
        let mut all = vec![];
        for id in store.kind("retrieval-add")? {
            if let Some(Body::RetrievalAdd(add)) = store.load(&id)?.map(|message| message.message.body) {
                all.extend(add.chunks.into_iter().map(|chunk| (chunk.blob, chunk.source)));
            }
        }
        Ok::<_, liaise_store::StoreError>(all)
    });
    found.await.or_exit(Kind::Integrity)
}

/// JSON or lines.
fn print(json: bool, value: &serde_json::Value, lines: &[String]) -> eyre::Result<()> {
    if json {
        return output::json(value);
    }
    lines.iter().for_each(|line| say!("{line}"));
    Ok(())
}
