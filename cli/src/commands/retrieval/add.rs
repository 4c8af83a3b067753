//! `liaise retrieval add`.

use super::passages::{MAX_BYTES, paragraphs};
use super::{AddArgs, added, print};
use crate::commands::consent;
use crate::commands::context::Context;
use crate::commands::prompt::{adapter, max_units, or_client_exit};
use crate::exit::{Kind, OrExit, fail};
use crate::output::{note, say};
use liaise_ledger::body::Chunk;
use liaise_ledger::hash::blob_cid;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

pub async fn run(context: &Context, args: &AddArgs) -> eyre::Result<()> {
    let text = std::fs::read_to_string(&args.file).map_err(|error| eyre::eyre!("{}: {error}", args.file.display()));
    let texts = paragraphs(&text.or_exit(Kind::Usage)?);
    if let Some((n, long)) = texts.iter().enumerate().find(|(_, text)| text.len() > MAX_BYTES) {
        let why = format!(
            "paragraph {}: {} bytes, a document has at most {MAX_BYTES}: part it by an empty line",
            n + 1,
            long.len()
        );
        return fail(Kind::Usage, why);
    }
    let name = args.file.file_stem().map_or("document".into(), |stem| stem.to_string_lossy().into_owned());
    let source = args.source.clone().unwrap_or(name);
    let replica = context.current().await?;
    note!("{}", consent::REMINDER);
    let client = args.curator.client(context, &replica).await?;

    let known: BTreeSet<_> = added(&replica).await?.into_iter().map(|(id, _)| id).collect();
    let mut seen = known.clone();
    let documents: Vec<(String, Chunk)> = texts
        .into_iter()
        .enumerate()
        .map(|(n, text)| (blob_cid(text.as_bytes()), n + 1, text))
        .filter(|(blob, _, _)| seen.insert(*blob))
        .map(|(blob, n, text)| (text, Chunk { blob, source: format!("{source}:{n}") }))
        .collect();
    if documents.is_empty() {
        let value = json!({"documents": 0, "batches": []});
        return print(args.curator.json, &value, &["Nothing new: every paragraph was added before.".into()]);
    }
    let adapter = adapter(&context.genesis, None, "retrieval")?;
    let batches: Vec<_> = documents.chunks(usize::from(args.batch)).collect();
    let mut done = vec![];
    for (n, batch) in batches.iter().enumerate() {
        let blobs = batch.iter().map(|(text, _)| text.as_bytes().to_vec()).collect();
        let (kept, quorum) = (replica.put_blobs(blobs).await, replica.genesis.quorum());
        if kept < quorum {
            return fail(
                Kind::Refused,
                format!(
                    "only {kept} of {quorum} stores took the documents' text: try again later, what is done stays done"
                ),
            );
        }
        let snapshot = or_client_exit(client.newest_serving(adapter).await)?;
        let ticket =
            or_client_exit(client.take_ticket(adapter, snapshot.epoch, max_units(&context.genesis, &adapter)).await)?;
        let chunks = batch.iter().map(|(_, chunk)| chunk.clone()).collect();
        let asked = or_client_exit(client.add_documents(&ticket, chunks).await)?;
        let confirmed = or_client_exit(client.confirmation(&asked, Duration::from_secs(args.patience)).await)?;
        let line = format!(
            "batch {} of {}: {} documents, {} confirmed by {} judges",
            n + 1,
            batches.len(),
            batch.len(),
            asked.task.id,
            confirmed.by.len()
        );
        if args.curator.json {
            note!("{line}")
        } else {
            say!("{line}")
        }
        done.push(json!({
            "task": asked.task.id.to_string(),
            "result": confirmed.result,
            "documents": batch.iter().map(|(_, chunk)| chunk.blob.to_string()).collect::<Vec<_>>(),
            "confirmed_by": confirmed.by,
        }));
    }
    let value = json!({"documents": documents.len(), "batches": done});
    let added = format!("{} documents are added: answers cite them from the next sealed epoch on", documents.len());
    print(args.curator.json, &value, &[added])
}
